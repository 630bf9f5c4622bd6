"""What an engineer passes by mistake: a sentence of castlist's own, and never talk of damaged files."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

import castlist
from castlist.errors import InputError, WorkspaceError
from castlist.io.exports.options import Options
from castlist.library.films import films_of
from castlist.refine import TSiam
from castlist.store import Workspace


@pytest.fixture
def film(two_people, tmp_path):
    """A workspace of the test's own."""
    return shutil.copytree(two_people / "film.castlist", tmp_path / "own" / "film.castlist")


@pytest.fixture
def cast(two_people):
    with Workspace.open(two_people / "film.castlist", write=False) as opened:
        return opened.cast()


def test_names_and_times_of_another_type_are_refused(cast):
    for wrong in (
        lambda: cast.rename(cast[0], None),
        lambda: cast.merge(cast[0].name, 3),
        lambda: cast.share("Nobody"),
        lambda: cast.at(None),
        lambda: cast.at([1, 2]),
    ):
        with pytest.raises(InputError):
            wrong()
    assert cast.share(cast[0].name) == cast.share(cast[0])
    assert cast[np.int64(0)] is cast[0]
    assert cast.at(np.float32(0.1)) == cast.at(0.1)
    assert cast.named(cast[0].name) == [cast[0]]
    assert Options(person="Anna").person == ("Anna",)


def test_one_path_is_no_list_of_letters(two_people):
    assert films_of(str(two_people)) == films_of([two_people]) == [two_people / "film.mp4"]


def test_a_recipe_is_a_recipe(two_people):
    with pytest.raises(InputError, match=r"must be a castlist\.Recipe, got dict"):
        castlist.find(two_people / "film.mp4", recipe={"people": 2})


def test_a_workspace_that_was_closed_is_not_damaged(two_people):
    with Workspace.open(two_people / "film.castlist", write=False) as opened:
        pass
    with pytest.raises(WorkspaceError, match="was closed"):
        opened.cast()


def test_a_library_names_what_is_wrong_with_an_argument(film, tmp_path):
    lib = castlist.Library(tmp_path / "lib")
    lib.add(film)
    person = lib.people[0].id
    for wrong in (lambda: lib.name(person, None), lambda: lib.name(person, 3), lambda: lib.find(None)):
        with pytest.raises(InputError, match="is text, got"):
            wrong()


@pytest.mark.parametrize("query", ['Jim "JJ" Jones', r'"Jim \"JJ\" Jones"', '"Jim JJ Jones"', "jim"])
def test_a_name_with_quotes_is_found(film, tmp_path, query):
    lib = castlist.Library(tmp_path / "lib")
    lib.add(film)
    lib.name(lib.people[0].id, 'Jim "JJ" Jones')
    assert lib.find(query).moments


def test_pictures_are_there_from_another_folder(two_people, monkeypatch):
    monkeypatch.chdir(two_people)
    with Workspace.open("film.castlist", write=False) as opened:
        cast = opened.cast()
    os.chdir("/")
    assert cast[0].images(1)


@pytest.mark.parametrize("pairs", [[0, 1], [[0, 1, 2]], [[0.5, 1]], [["a", "b"]]])
def test_links_are_pairs_of_numbers(pairs):
    x = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    with pytest.raises(InputError, match=r"integers of shape \(q, 2\)"):
        TSiam().fit(x, np.arange(40) // 4, np.array(pairs))


def test_two_scripts_may_name_people_at_the_same_time(film):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: castlist.rename(film, f"p{i % 2 + 1}", f"name {i}"), range(8)))
    with Workspace.open(film, write=False) as opened:
        assert len(opened.decisions.all()) == 8
