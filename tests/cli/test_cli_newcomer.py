"""Mistakes of new users: empty options, moved films, missing folders."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from castlist.cli import run
from castlist.decode import open_again
from castlist.errors import VideoError
from castlist.outputs import check_output
from castlist.shell_words import expand_home, shell_path
from castlist.store import Workspace


@pytest.fixture
def workspace(two_people, tmp_path, monkeypatch) -> str:
    """The workspace of two people, Anna and Person 2, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(two_people / "film.castlist", "film.castlist")
    assert run(["decide", "film.castlist", "name", "p1", "Anna"]) == 0
    return "film.castlist"


@pytest.mark.parametrize(
    "words",
    [
        ["export", "W", "--person", ""],
        ["export", "W", "--person="],
        ["export", "W", "--person", ","],
        ["export", "W", "--person", "  "],
        ["export", "W", "--start-timecode", "", "--format", "edl"],
        ["export", "W", "--rate", ""],
        ["export", "W", "-o", ""],
        ["redact", "W", "--keep", "", "-o", "public.mp4"],
        ["reel", "W", "p1", "--together", "", "-o", "reel.mp4"],
        ["reel", "W", "p1", "--together", ",", "-o", "reel.mp4"],
        ["find", "film.mp4", "--out", ""],
        ["find", "film.mp4", "--recipe", ""],
        ["find", "film.mp4", "--people", ""],
        ["propose", "W", "names.csv", "--only", ""],
        ["search", "lib", "--photo", ""],
        ["bench", "list", "--nothing", ""],
    ],
)
def test_an_empty_option_is_not_taken_as_left_out(words, workspace, capfd):
    capfd.readouterr()
    assert run([workspace if word == "W" else word for word in words]) == 2
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "is empty" in printed.err or "contains no name" in printed.err


def test_an_empty_word_after_the_options_is_left_to_the_command(capfd):
    assert run(["find", "--", ""]) == 2
    assert "name of the film is empty" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["anna", "ANNA", "p1", "Person 1", " Anna "])
def test_a_person_is_known_by_the_same_names_everywhere(name, workspace, capfd):
    capfd.readouterr()
    assert run(["export", workspace, "--format", "appearances", "--person", name]) == 0
    rows = capfd.readouterr().out.splitlines()
    assert len(rows) > 1
    assert all(",Anna," in f",{row}," for row in rows[1:])
    assert run(["sheet", workspace, name, "-o", "anna.html"]) == 0
    assert run(["explain", workspace, name, "p2", "-o", "-"]) == 0


def test_a_person_called_by_a_number_is_never_taken_for_a_track(two_people, tmp_path, capfd):
    place = str(shutil.copytree(two_people / "film.castlist", tmp_path / "film.castlist"))
    assert run(["decide", place, "name", "p1", "1"]) == 0
    for words in (["hide", "1"], ["confirm", "1"], ["not-a-face", "0", "1"], ["restore", "0", "1"]):
        capfd.readouterr()
        assert run(["decide", place, *words]) == 2
        assert "the name of Person 1: write p1 for the person, or t1 for the track" in capfd.readouterr().err
    assert run(["explain", place, "1", "p2", "-o", "-"]) == 2
    assert "write p1 for the person, or t1 for the track" in capfd.readouterr().err
    assert run(["explain", place, "t0", "t1", "-o", "-"]) == 0
    assert "rack 0 " in capfd.readouterr().out
    assert run(["decide", place, "merge", "1", "p2"]) == 0  # takes people alone
    assert run(["decide", place, "undo"]) == 0
    assert run(["decide", place, "same", "0", "t1"]) == 0  # takes tracks alone
    assert run(["export", place, "--format", "appearances", "--person", "1", "--background"]) == 0
    assert ",1," in capfd.readouterr().out


def test_somebody_unknown_is_refused(workspace, capfd):
    assert run(["export", workspace, "--format", "appearances", "--person", "Ana"]) == 2
    assert "did you mean Anna?" in capfd.readouterr().err


def test_printed_commands_can_be_copied(two_people, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    shutil.copy(two_people / "film.mp4", "-a film.mp4")
    assert run(["find", "-q", "--", "-a film.mp4"]) == 0
    lines = [line for line in capfd.readouterr().out.splitlines() if " castlist export " in line]
    words = shlex.split(lines[0])[1:4]
    assert words[:2] == ["export", "./-a film.castlist"] or words == ["export", "./-a film.castlist", "-o"]
    assert run(["info", "./-a film.castlist"]) == 0
    assert "castlist review './-a film.castlist'" in capfd.readouterr().out


def test_words_for_a_shell():
    assert shell_path("film.castlist") == "film.castlist"
    assert shell_path("-x y") == "'./-x y'"


def test_a_quoted_home_is_not_a_folder_called_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ["find", "~/a.mp4", "--out", "~/b", "--out=~/c", "~", "a~/d", "--set", "x=~/e"]
    home = str(tmp_path)
    assert expand_home(words) == [
        "find", f"{home}/a.mp4", "--out", f"{home}/b", f"--out={home}/c", "~", "a~/d", "--set", "x=~/e",
    ]  # fmt: skip


def test_what_to_do_about_a_moved_film(two_people, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    shutil.copy(two_people / "film.mp4", "old.mp4")
    assert run(["find", "old.mp4", "-q"]) == 0
    assert run(["decide", "old.castlist", "name", "p1", "Anna"]) == 0
    Path("old.mp4").rename("new.mp4")
    for words in (
        ["reel", "old.castlist", "Anna", "-o", "reel.mp4"],
        ["redact", "old.castlist", "--keep", "Anna", "-o", "public.mp4"],
        ["sheet", "old.castlist", "--posters", "posters"],
        ["export", "old.castlist", "--format", "stills", "-o", "stills"],
    ):
        capfd.readouterr()
        assert run(words) == 2
        assert "run castlist find with its new path and --out" in capfd.readouterr().err
    assert run(["find", "new.mp4", "--out", "old.castlist", "-q"]) == 0
    assert "Anna" in capfd.readouterr().out
    with Workspace.open(Path("old.castlist"), write=False) as opened:
        assert open_again(opened.cast().video).path.name == "new.mp4"
    assert run(["reel", "old.castlist", "Anna", "-o", "reel.mp4"]) == 0
    shutil.copy("reel.mp4", "new.mp4")
    with (
        Workspace.open(Path("old.castlist"), write=False) as opened,
        pytest.raises(VideoError, match=r"is another film .* bring the former film back to this path"),
    ):
        open_again(opened.cast().video)


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ("person,in,out\nZed,5,2\n", [], "line 2: Zed ends at 2 s, before it begins at 5 s"),
        ("person,in,out\nZed,0,1\n", ["--at", "0.5"], "--at is for pictures"),
    ],
)
def test_names_with_times_that_cannot_be_meant(table, options, message, workspace, capfd):
    Path("names.csv").write_text(table)
    assert run(["propose", workspace, "names.csv", *options]) == 2
    assert message in capfd.readouterr().err


def test_a_name_that_fits_nobody_is_one_clear_line(workspace, capfd):
    Path("names.csv").write_text("person,in,out\nGhost,100,102\n")
    capfd.readouterr()
    assert run(["propose", workspace, "names.csv"]) == 0
    line = capfd.readouterr().out.splitlines()[0]
    assert line == "Ghost: proposed for no person, since no person is seen there"


@pytest.mark.parametrize(
    "words",
    [
        ["reel", "W", "p1", "-o", "none/reel.mp4"],
        ["reel", "W", "p1", "-o", "reel.mp4", "--list", "none/cuts.csv"],
        ["redact", "W", "--keep", "p1", "-o", "none/public.mp4"],
        ["report", "W", "-o", "none/page.html"],
        ["sheet", "W", "-o", "none/page.html"],
    ],
)
def test_a_missing_folder_is_named_before_anything_is_done(words, workspace, capfd):
    assert run([workspace if word == "W" else word for word in words]) == 2
    assert "the folder none does not exist; make it" in capfd.readouterr().err
    assert not Path("reel.mp4").exists()


def test_a_file_in_the_present_folder_needs_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_output("page.html", folder=True)


def test_a_library_is_called_a_library(workspace, two_people, capfd):
    assert run(["library", "add", "lib", str(two_people / "film.castlist")]) == 0
    for words in (["info", "lib"], ["export", "lib"], ["report", "lib"], ["sheet", "lib"]):
        capfd.readouterr()
        assert run(words) == 2
        assert "lib: is a library, not the workspace of one film" in capfd.readouterr().err


def test_another_number_of_people_is_explained_in_words_of_the_command_line(
    two_people, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    film = two_people / "film.mp4"
    assert run(["find", str(film), "--out", "a.castlist", "--people", "2", "-q"]) == 0
    capfd.readouterr()
    assert run(["find", str(film), "--out", "a.castlist", "-q"]) == 2
    text = capfd.readouterr().err
    assert "add --replace" in text
    assert "replace=True" not in text
    assert run(["find", str(film), "--out", "a.castlist", "--replace", "-q"]) == 0
    assert "was replaced" in capfd.readouterr().err


def test_a_marker_that_runs_backwards_is_refused(workspace, capfd):
    otio = pytest.importorskip("opentimelineio")
    span = otio.opentime.TimeRange(otio.opentime.RationalTime(1, 1), otio.opentime.RationalTime(-1, 1))
    timeline = otio.schema.Timeline("film")
    timeline.tracks.markers.append(otio.schema.Marker(name="Zed", marked_range=span))
    otio.adapters.write_to_file(timeline, "names.otio")
    assert run(["propose", workspace, "names.otio"]) == 2
    assert "marker: Zed ends at 0 s, before it begins at 1 s" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reel", "Anna", "W", "-o", "a.mp4"], "write the workspace first, as in: castlist reel W Anna"),
        (["export", "film.edl", "W"], "write the workspace first, as in: castlist export W -o film.edl"),
        (["propose", "names.csv", "W"], "write the workspace first, as in: castlist propose W names.csv"),
        (["export", "W", "film.edl"], "write it as in: castlist export WORKSPACE [-o FILE]"),
        (["reel", "W"], "Missing argument 'PERSON'; write it as in: castlist reel WORKSPACE PERSON -o"),
        (["library", "add", "W"], "write it as in: castlist library add LIB FILM..."),
        (["find", "W"], "it is the workspace of a film: give the film"),
        (["search", "W", "Anna"], "is the workspace of one film, not a library; castlist library add"),
        (
            ["refine", "W", "-o", "x.npz"],
            "write the features of its faces by castlist features W -o film.npz",
        ),
        (["bench", "run", "--data", "W"], "write the features of its faces by castlist features W"),
        (
            ["refine", "film.mp4", "-o", "x.npz"],
            "is a film, not a feature file; find its cast by castlist find",
        ),
        (["export", "W", "--format", "premiere", "-o", "x.xml"], "did you mean fcp7?"),
    ],
)
def test_words_in_the_wrong_place_are_told_from_what_is_missing(words, message, workspace, small_film, capfd):
    shutil.copy(small_film[0], "film.mp4")
    Path("names.csv").write_text("person,in,out\nBob,0,1\n")
    before = sorted(os.listdir())
    capfd.readouterr()
    assert run([workspace if word == "W" else word for word in words]) == 2
    assert re.sub(r"\bW\b", workspace, message) in capfd.readouterr().err
    assert sorted(os.listdir()) == before
