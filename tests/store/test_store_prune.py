"""Old scans go, with their vectors and pictures; what is in use, and every decision, stays."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from test_store_faults import FACE, piece

from castlist.decisions import Decision
from castlist.store import Workspace, prune
from castlist.types import Video


def scanned(workspace: Workspace, key: str, number: int) -> list[str]:
    """A scan of two segments whose pictures are its own; their names."""
    names = []
    for i in range(2):
        name = workspace.put_image(f"{key} {i}".encode())
        names.append(name)
        workspace.append(key, replace(piece(i), image=(name,) * 20))
    workspace.complete(key)
    return names


def finish(workspace: Workspace) -> None:
    workspace.run_finished(workspace.run_started("", version="0", models={}), {}, {})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "film.castlist"
    with Workspace.open(place, create=True) as workspace:
        workspace.put_video(Video(tmp_path / "film.mp4", 10, 10, Fraction(25), Fraction(1), "d1"))
        workspace.decisions.append(Decision("hide", (FACE,)))
    return place


def names(folder: Path, pattern: str) -> set[str]:
    return {f.stem for f in folder.rglob(pattern)}


def test_the_scan_in_use_and_the_newest_other_one_are_kept(place: Path) -> None:
    pictures = {}
    for number, key in enumerate("abcd"):
        with Workspace.open(place) as workspace:
            pictures[key] = scanned(workspace, key, number)
            finish(workspace)
            kept = [k for k in "abcd" if workspace.segments(k)]
            assert kept == list("abcd"[max(0, number - 1) : number + 1])
    with Workspace.open(place) as workspace:
        assert workspace.scan("c") is not None  # another run goes back to it
        scanned(workspace, "e", 4)
        finish(workspace)
        assert [k for k in "abcde" if workspace.segments(k)] == ["c", "e"]
        assert len(workspace.scan("c")) == len(workspace.scan("e")) == 16
        assert len(workspace.decisions.all()) == 1
        for name in pictures["c"]:
            workspace.image(name)
    assert names(place / "thumbs", "*.jpg") >= set(pictures["c"])
    assert not names(place / "thumbs", "*.jpg") & {n for k in "abd" for n in pictures[k]}
    assert len(names(place / "embeddings", "*.npy")) == 4


def test_a_picture_that_two_scans_share_stays(place: Path) -> None:
    with Workspace.open(place) as workspace:
        shared = workspace.put_image(b"shared")
        for key in "abc":
            workspace.append(key, replace(piece(0), image=(shared,) * 20))
            workspace.complete(key)
        workspace.forget("a")
        assert workspace.image(shared) == b"shared"
        workspace.forget("b")
        workspace.forget("c")
    assert names(place / "thumbs", "*.jpg") == set()
    assert names(place / "embeddings", "*.npy") == set()


def test_what_a_kill_left_behind_is_swept_up(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the rows went and before the files did: the next sweep takes them."""
    with Workspace.open(place) as workspace:
        for number, key in enumerate("abc"):
            scanned(workspace, key, number)
        monkeypatch.setattr(prune, "sweep", lambda db, path: 0)
        workspace._used.clear()
        workspace.prune()
        assert len(names(place / "embeddings", "*.npy")) == 6
        monkeypatch.undo()
        workspace.forget("b")
        assert [k for k in "abc" if workspace.segments(k)] == ["c"]
        assert len(workspace.scan("c")) == 16
    assert len(names(place / "embeddings", "*.npy")) == 2


def test_the_database_gives_its_room_back(place: Path) -> None:
    with Workspace.open(place) as workspace:
        for i in range(12):
            workspace.append("a", replace(piece(i, faces=400), image=("",) * 400))
        workspace.complete("a")
    large = (place / "cast.db").stat().st_size
    with Workspace.open(place) as workspace:
        workspace.forget("a")
    assert (place / "cast.db").stat().st_size < large / 2


def test_nothing_to_prune(place: Path) -> None:
    with Workspace.open(place) as workspace:
        assert workspace.prune() == 0
        assert np.all([len(workspace.decisions.all()) == 1])
