"""castlist export and castlist info on the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from castlist.cast import Cast
from castlist.cli import run
from castlist.cli.export import FORMATS
from castlist.io.exports import ALIASES, chosen_format
from castlist.io.exports import FORMATS as TABLE
from castlist.store import Workspace
from castlist.types import Clock, Shots, Tracks, Video


@pytest.fixture
def place(tmp_path):
    """A workspace with a cast of one, whose file name contains control characters of terminals."""
    return made(tmp_path)


def made(tmp_path: Path, begin: int = 0, unread: int = 0, seconds: int = 1, hidden: int = 0) -> Path:
    """A workspace with a cast of one in three pictures; the first is shown `begin` 25ths of a second late."""
    video = Video(
        tmp_path / "film \x1b[31m.mp4", 64, 36, Fraction(25), Fraction(seconds), "d1", "h264", hidden=hidden
    )
    tracks = Tracks([0, 1], np.tile([1, 2, 4, 6], (2, 1)), [1, 1], [0, 1], [0, 2], [0])
    clock = Clock(begin + np.arange(3), Fraction(1, 25), unread=unread)
    cast = Cast.of(video, clock, Shots([0], [3], [0]), tracks, np.array([0]))
    with Workspace.open(tmp_path / "film.castlist", create=True) as workspace:
        workspace.put_video(video)
        workspace.put_cast(cast, run=workspace.run_started("", version="1", models={}))
    return tmp_path / "film.castlist"


@pytest.mark.parametrize(("begin", "line"), [(0, ""), (1, ""), (25, "from 0:01.0 to 0:01.1")])
def test_pictures_that_start_late_in_their_file_are_explained(tmp_path, capsys, begin, line):
    assert run(["info", str(made(tmp_path, begin))]) == 0
    printed = capsys.readouterr().out
    assert "1 person, 0 background, 1 shot, 1 track, 2 faces, 0 tracks set aside" in printed
    assert ("The pictures of this file run" in printed) == bool(line)
    assert line in printed


def test_a_film_has_one_length_also_where_pictures_are_missing_and_begin_late(tmp_path, capsys):
    place = made(tmp_path, 25, unread=2, seconds=5)
    assert run(["info", str(place)]) == 0
    printed = capsys.readouterr().out
    assert "6.0 s, h264" in printed
    assert "The film is 6.0 s long; for 0.1 s of it" in printed


def test_a_long_film_is_not_a_number_of_seconds_but_in_json(tmp_path, capsys):
    place = made(tmp_path, unread=2000, seconds=4855)
    assert run(["info", str(place)]) == 0
    printed = capsys.readouterr().out
    assert "1:20:55.0, h264" in printed
    assert "The film is 1:20:55.0 long; for 1:20.0 of it" in printed
    assert "4855" not in printed
    assert run(["info", str(place), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["film"]["seconds"] == 4855


@pytest.mark.parametrize(("hidden", "told"), [(0, False), (24, False), (25, True)])
def test_frames_that_an_edit_list_leaves_out_are_told_from_a_second_on(tmp_path, capsys, hidden, told):
    place = made(tmp_path, hidden=hidden)
    assert run(["info", str(place)]) == 0
    printed = capsys.readouterr().out
    assert (f"The file's edit list leaves out {hidden} of its frames" in printed) == told
    assert ("ffmpeg -ignore_editlist 1 -i FILM -c copy whole.mov" in printed) == told
    assert run(["info", str(place), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["film"]["hidden_frames"] == hidden


def test_info_counts_decisions_and_proposed_names(two_people, tmp_path, capsys):
    place = shutil.copytree(two_people / "film.castlist", tmp_path / "film.castlist")
    assert run(["info", str(place)]) == 0
    assert "decisions      none yet\nproposed names none yet\n" in capsys.readouterr().out
    assert run(["decide", str(place), "name", "Person 1", "Anna"]) == 0
    capsys.readouterr()
    assert run(["info", str(place)]) == 0
    assert "decisions      1 made, 1 in effect\n" in capsys.readouterr().out


def test_every_format_has_its_choice():
    assert set(FORMATS) == {*TABLE, *ALIASES}
    assert [form for form in FORMATS if form in TABLE] == list(TABLE)


@pytest.mark.parametrize("form", FORMATS)
def test_export_to_standard_output_and_to_a_file(place, capfdbinary, form):
    assert run(["export", str(place), "--format", form]) == 0
    printed = capfdbinary.readouterr().out
    assert run(["export", str(place), "--format", form, "-o", str(place.parent / "out")]) == 0
    assert (place.parent / "out").read_bytes() == printed
    with Workspace.open(place, write=False) as workspace:
        assert printed.decode() == chosen_format("-", form).text(workspace.cast())


def test_export_while_a_run_is_on(place, capfdbinary):
    with Workspace.open(place):
        assert run(["export", str(place)]) == 0
    assert capfdbinary.readouterr().out.startswith(b"frame,time,")


def test_a_reader_that_stops_reading_is_no_error(place):
    script = "from castlist.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", script, "export", str(place)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdout.close()
        assert b"Traceback" not in child.stderr.read()


def test_info_in_words_and_in_json(place, capsys):
    assert run(["info", str(place)]) == 0
    words = capsys.readouterr().out
    assert "1 person" in words
    assert "\x1b" not in words
    assert run(["info", str(place), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cast"]["faces"] == 2
    assert found["film"]["width"] == 64
    assert found["decisions"] == {"made": 0, "in_force": 0}


def test_info_before_there_is_anything(tmp_path, capsys):
    Workspace.open(tmp_path / "film.castlist", create=True).close()
    assert run(["info", str(tmp_path / "film.castlist")]) == 0
    assert "none yet" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["info", "export"])
@pytest.mark.parametrize("bad", ["missing", "file", "folder", "damaged"])
def test_what_is_no_workspace_is_one_sentence(tmp_path, capsys, verb, bad):
    place = tmp_path / bad
    if bad == "file":
        place.write_bytes(b"mine")
    elif bad in ("folder", "damaged"):
        place.mkdir()
        if bad == "damaged":
            (place / "cast.db").write_bytes(os.urandom(5000))
    assert run([verb, str(place)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("castlist: ")
    assert said.err.count("\n") == 1


def test_export_without_a_cast(tmp_path, capsys):
    Workspace.open(tmp_path / "film.castlist", create=True).close()
    assert run(["export", str(tmp_path / "film.castlist")]) == 2
    assert "run castlist find first" in capsys.readouterr().err


def test_export_to_where_nothing_can_be_written(place, capsys):
    assert run(["export", str(place), "-o", str(Path("/nowhere/faces.csv"))]) == 2
    assert capsys.readouterr().err.count("\n") == 1
