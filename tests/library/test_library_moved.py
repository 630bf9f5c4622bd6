"""Films of a library that were renamed, moved or kept elsewhere: one workspace each, and names both ways."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from library_made import made_film

import castlist
from castlist.cli import run
from castlist.errors import InputError
from castlist.library import Library, find_all
from castlist.library.films import workspaces_in
from castlist.store import Workspace


def names(workspace: Path) -> set[str]:
    with Workspace.open(workspace, write=False) as opened:
        return {person.name for person in opened.cast() if person.named}


def spaces(folder: Path) -> list[str]:
    return sorted(place.name for place in folder.glob("*.castlist"))


@pytest.fixture
def here(films: Path) -> Path:
    """The season, whose workspaces note that the films lie here and not where they were copied from."""
    for place in films.glob("*.castlist"):
        with Workspace.open(place) as opened:
            video = opened.video()
            assert video is not None
            opened.put_video(replace(video, path=films / video.path.name))
    return films


def test_a_renamed_film_keeps_its_workspace(here: Path, tmp_path: Path) -> None:
    lib = Library(tmp_path / "lib")
    lib.add(here)
    castlist.rename(here / "e01.castlist", "Person 1", "Anna")
    lib.update()
    before = {p.id: p.name for p in lib.people}
    (here / "e01.mp4").rename(here / "S01E01.mp4")
    assert [problem.film for problem in lib.check()] == ["e01.mp4"]
    assert {a.state for a in lib.add(here)} <= {"known", "updated"}
    assert spaces(here) == ["e01.castlist", "e02.castlist", "e03.castlist"]
    assert lib.check() == []
    assert {p.id: p.name for p in lib.people} == before
    assert names(here / "e01.castlist") == {"Anna"}
    assert {a.state for a in lib.add(here / "S01E01.mp4")} == {"known"}


def test_a_copy_of_a_film_is_not_the_film_moved(here: Path, tmp_path: Path) -> None:
    lib = Library(tmp_path / "lib")
    lib.add(here)
    shutil.copy(here / "e01.mp4", tmp_path / "copy.mp4")
    assert [a.state for a in lib.add(tmp_path / "copy.mp4")] == ["copy"]
    with Workspace.open(here / "e01.castlist", write=False) as opened:
        video = opened.video()
    assert video is not None
    assert video.path.name == "e01.mp4"


def test_a_copy_is_known_by_its_content_before_its_cast_is_found(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lib = Library(tmp_path / "lib")
    lib.add(here)
    (tmp_path / "new").mkdir()
    for name in ("e01", "e03"):
        shutil.copy(here / f"{name}.mp4", tmp_path / "new" / f"{name}.mp4")
    shutil.copytree(here / "e03.castlist", tmp_path / "new" / "e03.castlist")
    monkeypatch.setattr("castlist.library.library.find_all", None)  # no cast is looked for
    first, third = lib.add(tmp_path / "new")
    assert (first.state, third.state) == ("copy", "copy")
    assert f"the same content as {here / 'e01.mp4'}, which is in the library already" in first.sentence
    assert "decide" not in first.sentence
    assert f"import {tmp_path / 'new' / 'e03.castlist'}" in third.sentence
    assert spaces(tmp_path / "new") == ["e03.castlist"]


def test_of_two_copies_that_are_given_one_is_added(here: Path, tmp_path: Path) -> None:
    lib = Library(tmp_path / "lib")
    shutil.copy(here / "e01.mp4", here / "e04.mp4")
    (here / "text.mp4").write_bytes(b"no film")
    shutil.copy(here / "text.mp4", here / "text2.mp4")
    states = {Path(added.film).name: added for added in lib.add(here)}
    assert states["e01.mp4"].state == "added"
    assert states["e04.mp4"].state == "copy"
    assert f"the same content as {here / 'e01.mp4'}, which is added too" in states["e04.mp4"].sentence
    assert "e04.castlist" not in spaces(here)
    assert states["text.mp4"].state == "failed"
    assert len(lib.films) == 3


def test_a_film_that_took_the_place_of_a_copy_is_no_copy(here: Path, tmp_path: Path) -> None:
    lib = Library(tmp_path / "lib")
    lib.add(here / "e01.mp4")
    shutil.copytree(here / "e01.castlist", tmp_path / "other.castlist")
    shutil.copy(here / "e02.mp4", tmp_path / "other.mp4")
    (added,) = lib.add(tmp_path / "other.mp4")
    assert added.state == "failed"
    assert "contains the cast of another film" in added.sentence


def test_a_folder_of_workspaces_is_added(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apart = tmp_path / "apart"
    for place in here.glob("*.castlist"):
        shutil.move(place, apart / place.name)
    lib = tmp_path / "lib"
    assert run(["library", "add", str(lib), str(apart), "-q"]) == 0
    assert len(Library(lib).films) == 3
    assert {a.state for a in Library(lib).add(here)} == {
        "known"
    }  # by their films, which were not searched again
    assert spaces(here) == []
    capsys.readouterr()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="contains no film"):
        Library(lib).add(tmp_path / "empty")


def test_workspaces_in_a_folder_with_films_are_not_added_for_them(films: Path) -> None:
    assert workspaces_in(films) == []
    assert workspaces_in(films / "e01.castlist") == [films / "e01.castlist"]
    assert workspaces_in(films / "nowhere") == []


def test_a_name_of_one_film_is_brought_to_the_others(tmp_path: Path) -> None:
    lib = Library(tmp_path / "lib")
    first = made_film(tmp_path, "one", [[1], [30, 31]], noise=0.1)
    second = made_film(tmp_path, "two", [[1], [33, 34]], noise=0.1)
    lib.add(first, second)
    (shared,) = (p for p in lib.people if len(p.films) == 2)
    member = next(key for film, key, *_ in shared.members if film.name == "one.mp4")
    castlist.rename(first, f"Person {member[1:]}", "Anna")
    lib.update()
    assert lib.person(shared.id).name == "Anna"
    assert names(first) == names(second) == {"Anna"}


def test_a_name_given_while_a_film_was_away_is_brought_when_it_is_back(tmp_path: Path) -> None:
    lib = Library(tmp_path / "lib")
    first = made_film(tmp_path, "one", [[1], [30, 31]], noise=0.1)
    second = made_film(tmp_path, "two", [[1], [33, 34]], noise=0.1)
    lib.add(first, second)
    (shared,) = (p for p in lib.people if len(p.films) == 2)
    second.rename(tmp_path / "away")
    lib.name(shared.id, "Zoe")
    (tmp_path / "away").rename(second)
    assert names(second) == set()
    assert [a.state for a in lib.add(second)] == ["known"]
    assert names(second) == {"Zoe"}
    assert [a.state for a in lib.update()] == ["known", "known"]


def test_a_copied_folder_is_done(here: Path, tmp_path: Path) -> None:
    shutil.copytree(here, tmp_path / "backup")
    assert {o.state for o in find_all([tmp_path / "backup"])} == {"kept"}


def test_the_label_or_id_of_somebody_is_no_name(tmp_path: Path) -> None:
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "one", [[1, 2]], noise=0.1))
    one, two = (person.id for person in lib.people)
    for name in (f"Person {two[-6:]}", f"person {two[-6:].lower()}", two, two[-6:], f"Person {one[-6:]}"):
        with pytest.raises(InputError, match="so it cannot be a name"):
            lib.name(one, name)
    assert lib.name(one, "Persona") == one


def test_a_workspace_that_is_away_leads_to_its_new_place(tmp_path: Path) -> None:
    lib = Library(tmp_path / "lib")
    place = made_film(tmp_path, "one", [[1, 2]], noise=0.1)
    lib.add(place)
    (tmp_path / "there").mkdir()
    moved = Path(shutil.move(place, tmp_path / "there" / place.name))
    for problems in (lib.check(), lib.rebuild()):
        (problem,) = problems
        assert "connect the disk again, or, if it was moved, run castlist library add" in problem.what
    assert [a.state for a in lib.add(moved)] == ["updated"]
    assert lib.people[0].screen_time > 0


def test_another_name_in_a_films_review_is_told_and_can_be_given_to_the_person(tmp_path: Path) -> None:
    lib = Library(tmp_path / "lib")
    first = made_film(tmp_path, "one", [[1], [30, 31]], noise=0.1)
    lib.add(first, made_film(tmp_path, "two", [[1], [33, 34]], noise=0.1))
    (shared,) = (p for p in lib.people if len(p.films) == 2)
    lib.name(shared.id, "Joey")
    castlist.rename(first, "Joey", "Matt")
    updated, known = lib.update()
    assert (
        f"Matt of this film is called Joey in the library: castlist library name {lib.path}"
        in updated.sentence
    )
    assert known.sentence == ""
    assert lib.person(shared.id).name == "Joey"  # a name that a user gave stays
    lib.name(shared.id, "Matt")
    assert names(first) == names(tmp_path / "two.castlist") == {"Matt"}
    assert all(not added.sentence for added in lib.update())
