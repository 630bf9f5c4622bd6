"""A cast is not replaced by one of another recipe unless that one was asked for."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from castlist import Recipe, find
from castlist.cli import run
from castlist.errors import InputError
from castlist.library.many import tasks_of
from castlist.library.work import perform
from castlist.pipeline.again import other_steps
from castlist.store import Workspace


@pytest.fixture
def film(two_people, tmp_path):
    shutil.copytree(two_people, tmp_path / "here")
    return tmp_path / "here" / "film.mp4"


OTHER = Recipe().with_setting("track.max_gap=0.7")


def runs(film) -> int:
    with Workspace.open(film.with_suffix(".castlist"), write=False) as keep:
        return len(keep.runs())


def test_the_same_recipe_runs_again(film, capsys) -> None:
    find(film)
    assert run(["find", str(film), "-q"]) == 0
    assert "the earlier scan was used" in capsys.readouterr().out
    assert runs(film) == 3


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
    assert runs(film) == 4


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
