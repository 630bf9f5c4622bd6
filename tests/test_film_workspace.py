"""A film and its workspace: the film gets another name, or another film takes its name."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

import castlist
from castlist.cli import run
from castlist.errors import InputError
from castlist.film_workspace import check_film, workspace_of
from castlist.library.films import places_of


@pytest.fixture
def folder(two_people, tmp_path) -> Path:
    """A separate folder with film.mp4, and its workspace with a named person."""
    there = tmp_path / "own"
    there.mkdir()
    shutil.copy(two_people / "film.mp4", there)
    shutil.copytree(two_people / "film.castlist", there / "film.castlist")
    castlist.find(there / "film.mp4", replace=True)  # records the film's new path
    castlist.rename(there / "film.castlist", "p1", "Anna")
    return there


@pytest.fixture
def other(folder) -> Path:
    """Another film."""
    path = folder.parent / "other.mp4"
    path.write_bytes((folder / "film.mp4").read_bytes()[:-8] + b"\0" * 8)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_film_that_was_renamed_keeps_its_workspace(folder, monkeypatch, capsys) -> None:
    monkeypatch.chdir(folder)
    Path("film.mp4").rename("scene.mp4")
    assert workspace_of(Path("scene.mp4")) == Path("film.castlist")
    assert castlist.find("scene.mp4").named("Anna")
    assert run(["find", "scene.mp4"]) == run(["info", "scene.mp4"]) == 0
    assert run(["export", "scene.mp4", "-o", "scene.csv"]) == 0
    assert "Anna" in capsys.readouterr().out + Path("scene.csv").read_text("utf-8")
    assert places_of([folder / "scene.mp4"]) == [folder / "film.castlist"]
    assert names(folder) == ["film.castlist", "scene.csv", "scene.mp4"]
    assert (
        workspace_of(folder / "scene.mp4") == folder / "film.castlist"
    )  # the workspace has recorded the film's present path
    Path("film.castlist").rename("backup.castlist")  # put away
    assert workspace_of(folder / "scene.mp4") == folder / "scene.castlist"


def test_another_folder_of_the_same_film_is_not_its_workspace(folder) -> None:
    (folder / "film.castlist").rename(folder / "trial.castlist")  # as with --out
    assert workspace_of(folder / "film.mp4") == folder / "film.castlist"
    (folder / "film.mp4").rename(folder / "scene.mp4")
    assert workspace_of(folder / "scene.mp4") == folder / "trial.castlist"
    shutil.copytree(folder / "trial.castlist", folder / "film.castlist")
    shutil.copytree(folder / "trial.castlist", folder / "a.castlist")
    assert workspace_of(folder / "scene.mp4") == folder / "film.castlist"  # the usual name comes first


def test_a_path_that_was_noted_from_another_folder_is_looked_for_beside_the_workspace(
    folder, monkeypatch, tmp_path
) -> None:
    monkeypatch.chdir(folder)
    castlist.find("film.mp4", replace=True)
    (folder / "film.mp4").rename(folder / "scene.mp4")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "film.mp4").write_bytes(b"another one")
    monkeypatch.chdir(elsewhere)
    assert workspace_of(folder / "scene.mp4") == folder / "film.castlist"


def test_a_copy_beside_the_film_has_a_workspace_of_its_own(folder) -> None:
    shutil.copy(folder / "film.mp4", folder / "copy.mp4")
    assert workspace_of(folder / "copy.mp4") == folder / "copy.castlist"


def test_another_film_in_the_place_of_one_is_not_taken_for_it(folder, other, capsys) -> None:
    shutil.copy(other, folder / "film.mp4")
    for command in (
        ["export", str(folder / "film.mp4"), "-o", str(folder / "x.edl")],
        ["info", str(folder / "film.mp4")],
        ["decide", str(folder / "film.mp4"), "list"],
        ["report", str(folder / "film.mp4")],
    ):
        assert run(command) == 2
        assert "is another film than the one whose cast is in film.castlist" in capsys.readouterr().err
    assert names(folder) == ["film.castlist", "film.mp4"]
    assert run(["export", str(folder / "film.castlist"), "-o", str(folder / "x.csv")]) == 0
    with pytest.raises(InputError):
        check_film(folder / "film.mp4", folder / "film.castlist")


def test_a_renamed_film_and_another_one_that_took_its_name(folder, other) -> None:
    (folder / "film.mp4").rename(folder / "scene.mp4")
    shutil.copy(other, folder / "film.mp4")
    # No record says that the film moved.
    assert workspace_of(folder / "scene.mp4") == folder / "scene.castlist"


def test_what_is_no_workspace_beside_a_film_is_passed_over(folder, tmp_path) -> None:
    (folder / "film.mp4").rename(folder / "scene.mp4")
    broken = folder / "broken.castlist"
    broken.mkdir()
    (broken / "cast.db").write_bytes(b"no database")
    (folder / "loop.castlist").symlink_to(folder / "loop.castlist")
    assert workspace_of(folder / "scene.mp4") == folder / "film.castlist"
    assert workspace_of(tmp_path / "gone.mp4") == tmp_path / "gone.castlist"


def test_a_film_that_cannot_be_read_is_not_another_film(folder, monkeypatch) -> None:
    def pread(fd: int, size: int, place: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", pread)
    with pytest.raises(InputError, match=r"drive reports an error .* name film\.castlist itself"):
        check_film(folder / "film.mp4", folder / "film.castlist")
