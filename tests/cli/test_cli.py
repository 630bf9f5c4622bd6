"""The command line: what it prints, how it exits, and that no traceback reaches a user."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from castlist import __version__
from castlist.cli import VERBS, cli


def castlist(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "castlist", *map(str, arguments)], capture_output=True, text=True, **options
    )


def test_version_and_help():
    assert castlist("--version").stdout == f"castlist {__version__}\n"
    text = castlist("--help").stdout
    assert "Examples:" in text
    assert all(verb in text for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples(verb):
    result = CliRunner().invoke(cli, [verb, "--help"])
    assert result.exit_code == 0, result.output
    assert "castlist " + verb in result.output
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
    assert "Watching the film" in result.stderr


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
    import os

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
        (["nothing"], "No such command"),
    ],
)
def test_mistakes_are_one_sentence_and_status_2(arguments, message, tmp_path):
    result = castlist(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []
