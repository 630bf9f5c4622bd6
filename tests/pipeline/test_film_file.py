"""A film that was still being copied or recorded when it was searched, and is complete later."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

import castlist
from castlist.cli import run
from castlist.decode.files import digest_of, has_grown
from castlist.decode.reader import open_video
from castlist.errors import InputError
from castlist.film_workspace import check_film
from castlist.pipeline.film_file import put_film
from castlist.store import Workspace
from castlist.types import Video


@pytest.fixture
def cut(matroska_film: Path, tmp_path: Path) -> Path:
    """The first half of a film's file."""
    path = tmp_path / "film.mkv"
    path.write_bytes(matroska_film.read_bytes()[: matroska_film.stat().st_size // 2])
    return path


def cast_in(place: Path) -> castlist.Cast:
    with Workspace.open(place, write=False) as opened:
        return opened.cast()


def test_a_film_that_was_being_copied_is_searched_again_and_keeps_its_decisions(cut, matroska_film, capsys):
    place = cut.with_suffix(".castlist")
    assert run(["find", str(cut), "-q"]) == 0
    assert "if it was still being copied or recorded, run castlist find again" in capsys.readouterr().out
    half = cast_in(place)
    castlist.rename(place, "p1", "Anna")
    cut.write_bytes(matroska_film.read_bytes())
    with pytest.raises(InputError, match=r"has grown since its cast was found, .*; run castlist find"):
        check_film(cut, place)
    assert run(["find", str(cut), "-q"]) == 0
    printed = capsys.readouterr()
    assert "still being copied" not in printed.out
    assert printed.err == ""
    cast = cast_in(place)
    assert len(cast.clock) > 1.5 * len(half.clock)
    assert cast.named("Anna")
    assert cast.video.digest == digest_of(cut)


def other(video: Video) -> Video:
    return dataclasses.replace(video, digest="another")


@pytest.fixture
def searched(cut: Path) -> Path:
    """The workspace of the cut film, found."""
    place = cut.with_suffix(".castlist")
    castlist.find(cut)
    cut.write_bytes(
        b"\0" + cut.read_bytes()[1:]
    )  # as where a file is made at its full length and then filled
    return place


def test_what_was_found_of_a_cut_film_gives_way_to_another_file_at_its_place(searched):
    with Workspace.open(searched) as workspace:
        video = workspace.video()
        put_film(workspace, other(video))
        assert workspace.video() == other(video)
        assert (workspace.runs(), workspace.summary()["scans"]) == ([], [])
        with pytest.raises(castlist.errors.WorkspaceError, match="no cast has been found yet"):
            workspace.cast()
    assert not list((searched / "thumbs").rglob("*.jpg"))


def test_decisions_on_a_cut_film_are_kept_and_can_be_copied(searched):
    castlist.rename(searched, "p1", "Anna")
    with Workspace.open(searched) as workspace:
        video = workspace.video()
        with pytest.raises(
            InputError, match=r"castlist decide FOLDER import .*film\.castlist copies the dec"
        ):
            put_film(workspace, other(video))
        assert workspace.video() == video
    assert cast_in(searched).named("Anna")


def test_a_search_that_did_not_end_gives_way(cut, tmp_path):
    with Workspace.open(tmp_path / "film.castlist", create=True) as workspace:
        put_film(workspace, open_video(cut))
        workspace.run_started("", version="0", models={})
        put_film(workspace, other(open_video(cut)))
        assert workspace.video().digest == "another"


def test_a_whole_film_does_not_give_way_to_another_of_its_name(found_film, tmp_path):
    place = tmp_path / "small.castlist"
    shutil.copytree(found_film[1], place)
    with Workspace.open(place) as workspace, pytest.raises(InputError, match="another film"):
        put_film(workspace, other(workspace.video()))


@pytest.mark.parametrize("size", [1, (8 << 20) + 3, (64 << 20) + 1, 100 << 20])
def test_a_file_has_grown_where_it_begins_with_what_was_there(tmp_path, size):
    path = tmp_path / "film.ts"
    with open(path, "wb") as file:
        file.write(b"begin")
        file.truncate(size)
        file.seek(size - 1)
        file.write(b"e")
    before = digest_of(path)
    assert not has_grown(path, size, before)
    with open(path, "ab") as file:
        file.write(b"more")
    assert has_grown(path, size, before)
    assert not has_grown(path, size - 1, before)
    with open(path, "r+b") as file:
        file.write(b"B")
    assert not has_grown(path, size, before)
