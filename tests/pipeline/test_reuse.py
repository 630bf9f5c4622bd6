"""A cast is not replaced by one of another recipe unless that one was asked for."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

import castlist
from castlist import Recipe, find
from castlist.cli import run
from castlist.errors import InputError
from castlist.library.find_many import tasks_of
from castlist.library.work import perform
from castlist.pipeline.reuse import other_steps
from castlist.store import Workspace


@pytest.fixture
def film(two_people, tmp_path):
    shutil.copytree(two_people, tmp_path / "here")
    return tmp_path / "here" / "film.mp4"


OTHER = Recipe().with_setting("track.max_gap=0.7")


def runs(film) -> int:
    with Workspace.open(film.with_suffix(".castlist"), write=False) as keep:
        return len(keep.runs())


def test_what_was_found_is_not_found_again(film, capsys) -> None:
    find(film)  # a copy of the film of another folder
    place = film.with_suffix(".castlist")
    castlist.rename(place, "Person 1", "Anna")
    with Workspace.open(place):  # as a run or a page elsewhere that is at work on it
        assert run(["find", str(film), "-q"]) == 0
        assert "The cast was found before" in capsys.readouterr().out
        assert [p.name for p in find(film) if p.named] == ["Anna"]
    assert runs(film) == 1


def no_report(place) -> None:
    (place / "report.html").unlink()


def no_picture(place) -> None:
    next(place.glob("thumbs/*/*.jpg")).unlink()


def no_base(place) -> None:
    with closing(sqlite3.connect(place / "cast.db")) as db, db:
        assert db.execute("DELETE FROM results WHERE name = 'machine'").rowcount


def other_version(place) -> None:
    with closing(sqlite3.connect(place / "cast.db")) as db, db:
        db.execute("UPDATE runs SET version = '0.1'")


def unfinished(place) -> None:
    with closing(sqlite3.connect(place / "cast.db")) as db, db:
        db.execute("UPDATE runs SET finished = NULL WHERE id = (SELECT max(id) FROM runs)")


@pytest.mark.parametrize("harm", [no_report, no_picture, no_base, other_version, unfinished])
def test_what_is_missing_is_found_again(film, harm) -> None:
    find(film)
    place = film.with_suffix(".castlist")
    before = sorted(p.relative_to(place) for p in place.glob("thumbs/*/*.jpg"))
    harm(place)
    find(film)
    assert runs(film) == 2
    assert (place / "report.html").is_file()
    assert sorted(p.relative_to(place) for p in place.glob("thumbs/*/*.jpg")) == before
    find(film)
    assert runs(film) == 2


def test_a_film_that_moved_is_noted_where_it_is(film, tmp_path) -> None:
    place = film.with_suffix(".castlist")
    (tmp_path / "there").mkdir()
    moved = film.rename(tmp_path / "there" / "other.mp4")
    find(moved, workspace=place)
    with Workspace.open(place, write=False) as keep:
        assert keep.video().path == moved
    find(moved, workspace=place)
    assert runs(film) == 2


def test_another_film_at_the_path_is_refused(film, small_film) -> None:
    find(film)
    shutil.copy(small_film[0], film)
    with pytest.raises(InputError, match="contains the cast of another film"):
        find(film)


def test_another_recipe_is_refused_and_the_sentence_says_what_differs(film, capsys) -> None:
    with pytest.raises(InputError, match=r"other options \(different steps: track\); add --replace"):
        find(film, recipe=OTHER)
    assert runs(film) == 1
    assert run(["find", str(film), "--set", "track.max_gap=0.7", "-q"]) == 0  # asked for by name
    assert "was replaced (different: track)" in capsys.readouterr().err
    with pytest.raises(InputError, match="different steps: track"):
        find(film)  # the default would replace what was wished for, too
    assert run(["find", str(film), "-q"]) == 2
    assert "--replace" in capsys.readouterr().err
    assert run(["find", str(film), "--replace", "-q"]) == 0
    assert run(["find", str(film), "-q"]) == 0
    assert runs(film) == 3


def test_the_default_runs_again_after_an_upgrade_that_changed_it(film) -> None:
    place = film.with_suffix(".castlist")
    db = sqlite3.connect(place / "cast.db")
    db.execute("UPDATE runs SET recipe = ?", (OTHER.toml(),))  # as an earlier castlist had it by default
    db.commit()
    db.close()
    find(film)
    with pytest.raises(InputError, match="different steps: track"):
        find(film, recipe=OTHER)


def test_a_recipe_stored_under_former_names_of_options_is_the_same_recipe(film) -> None:
    find(film, recipe=OTHER, replace=True)
    place = film.with_suffix(".castlist")
    stored = OTHER.toml().replace("\nmin_visible = ", "\nseen = ").replace("\nlow_quality = ", "\npoor = ")
    assert "\nseen = 0.15\n" in stored
    assert "\npoor = 0.25\n" in stored
    with closing(sqlite3.connect(place / "cast.db")) as db, db:
        db.execute("UPDATE runs SET recipe = ?", (stored,))
    with Workspace.open(place, write=False) as opened:
        assert other_steps(opened, OTHER) == []
    (task,) = tasks_of([film], recipe=OTHER)
    assert perform(task).state == "kept"
    find(film, recipe=OTHER)  # not refused
    with pytest.raises(InputError, match="different steps: track"):
        find(film)


def test_progress_rises_from_nothing_to_everything(film) -> None:
    told: list[float] = []
    find(film, recipe=OTHER, replace=True, progress=told.append)
    assert told == sorted(set(told))
    assert told[0] < 0.2
    assert told[-1] == 1


def test_replace_groups_again_and_a_recipe_alone_does_not(film, capsys) -> None:
    people = ["--people", "2", "-q"]
    assert run(["find", str(film), *people]) == 0
    done = runs(film)
    assert run(["find", str(film), *people]) == 0
    assert "The cast was found before" in capsys.readouterr().out
    assert run(["find", str(film.parent), *people]) == 0  # a folder
    assert "found before" in capsys.readouterr().out
    assert runs(film) == done
    assert run(["find", str(film), *people, "--replace"]) == 0
    assert run(["find", str(film.parent), *people, "--replace"]) == 0
    assert runs(film) == done + 2
