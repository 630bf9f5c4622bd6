"""Erasing a person from films that were removed from the library, and from films out of reach."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from library_made import made_film

from castlist.cli import run
from castlist.errors import InputError
from castlist.library import Library
from castlist.store import Workspace

NAME = "Zenobia Quux"


@pytest.fixture
def lib(tmp_path) -> Library:
    """Two people in three films; one of them has a name."""
    found = Library(tmp_path / "lib")
    for name in "abc":
        found.add(made_film(tmp_path, name, [[1, 2], [1], [2]], noise=0.1))
    found.name(found.people[0], NAME)
    return found


def away(tmp_path: Path, name: str) -> Path:
    """Move the workspace of a film."""
    place = tmp_path / "disk"
    place.mkdir(exist_ok=True)
    return Path(shutil.move(tmp_path / f"{name}.castlist", place / f"{name}.castlist"))


def people_in(workspace: Path) -> int:
    with Workspace.open(workspace, write=False) as keep:
        return len(keep.cast().people)


def has_name(workspace: Path) -> bool:
    return any(NAME.encode() in file.read_bytes() for file in workspace.rglob("*") if file.is_file())


@pytest.mark.parametrize("rebuilt", [False, True])
@pytest.mark.parametrize("back", ["new path", "old path", "undo", "same command"])
def test_an_erasure_is_finished_when_the_film_is_there_again(lib, tmp_path, capsys, back, rebuilt):
    whom, other = lib.people[0].id, lib.people[1].id
    lib.remove("b.mp4")
    lib.remove("c.mp4")
    moved = away(tmp_path, "b")
    assert has_name(moved)
    command = ["library", "forget", str(lib.path), whom, "--yes"]
    capsys.readouterr()
    assert run(command) == 2
    said = capsys.readouterr()
    assert "not erased from b.mp4: the workspace of this film is not at" in said.err
    assert "c.mp4" not in said.err
    assert "castlist library add" in said.err
    assert f"{whom} is erased, but not from the films above" in said.out
    assert [people_in(tmp_path / f"{name}.castlist") for name in "ac"] == [1, 1]
    assert people_in(moved) == 2
    if rebuilt:
        lib.rebuild()
    if back != "new path":
        moved = Path(shutil.move(moved, tmp_path / "b.castlist"))
    if back == "undo":
        lib.undo(next(d.number for d in lib.history() if "b.mp4" in d.sentence))
    elif back == "same command":
        assert run(command) == 0
        assert lib.erasure(whom).away == ()
    else:
        (added,) = lib.add(moved)
        assert added.ok
    assert people_in(moved) == 1
    assert not has_name(moved)
    lib.rebuild()
    lib.add(moved, tmp_path / "c.castlist")
    assert [p.id for p in lib.people] == [other]
    assert {film.name for film in lib.people[0].films} == {"a.mp4", "b.mp4", "c.mp4"}
    assert [people_in(space) for space in (moved, tmp_path / "c.castlist")] == [1, 1]


def test_several_people_and_films_wait_for_each_other_in_no_way(lib, tmp_path):
    first, second = (p.id for p in lib.people)
    for name in "bc":
        lib.remove(f"{name}.mp4")
    spaces = [away(tmp_path, name) for name in "bc"]
    for person in (first, second):
        assert lib.forget(person) == []
        assert len(lib.erasure(person).away) == 2
    lib.add(spaces[0])
    assert [people_in(space) for space in spaces] == [0, 2]
    assert [len(lib.erasure(person).away) for person in (first, second)] == [1, 1]
    lib.rebuild()
    lib.add(spaces[1])
    assert people_in(spaces[1]) == 0
    assert lib.people == ()


def test_the_places_of_the_person_are_kept_only_until_then(lib, tmp_path):
    whom = lib.people[0].id
    lib.remove("b.mp4")
    moved = away(tmp_path, "b")
    lib.forget(whom)
    log = (lib.path / "log.jsonl").read_text()
    assert NAME not in log
    lib.add(moved)
    with lib.reading() as db:
        assert not db.execute("SELECT value FROM meta WHERE key LIKE 'departed%'").fetchall()
    for row in map(json.loads, (lib.path / "log.jsonl").read_text().splitlines()):
        for person in row["data"].get("people", ()):
            assert person.get("person") != whom or person["at"] == []


def test_a_film_is_not_added_while_nobody_can_be_erased_there(lib, tmp_path):
    whom = lib.people[0].id
    lib.remove("b.mp4")
    moved = away(tmp_path, "b")
    lib.forget(whom)
    with Workspace.open(moved):
        (added,) = lib.add(moved)
    assert not added.ok
    assert "erased" in added.sentence
    assert {film.name for film in lib.films} == {"a.mp4", "c.mp4"}
    (added,) = lib.add(moved)
    assert added.ok
    assert people_in(moved) == 1


@pytest.mark.parametrize("removed", [True, False])
def test_a_copy_of_the_workspace_does_not_stand_in_for_it(lib, tmp_path, removed):
    """The disk is back, and a copy of the workspace is added: the person is erased from the film's own."""
    whom = lib.people[0].id
    if removed:
        lib.remove("b.mp4")
    copy = Path(shutil.copytree(tmp_path / "b.castlist", tmp_path / "copy" / "b.castlist"))
    moved = away(tmp_path, "b")
    lib.forget(whom)
    back = Path(shutil.move(moved, tmp_path / "b.castlist"))
    (added,) = lib.add(copy)
    assert added.state == ("added" if removed else "copy")
    assert all(added.ok for added in lib.update())
    assert people_in(back) == 1
    assert not has_name(back)
    assert has_name(copy) is not removed


@pytest.mark.parametrize("given", ["id", "end", "name"])
@pytest.mark.parametrize("there", [True, False])
def test_somebody_who_is_in_removed_films_alone(lib, tmp_path, capsys, given, there):
    whom = lib.people[0].id
    for name in "abc":
        lib.remove(f"{name}.mp4")
    moved = tmp_path / "b.castlist" if there else away(tmp_path, "b")
    called = {"id": whom, "end": whom[-6:], "name": NAME}[given]
    capsys.readouterr()
    assert run(["library", "forget", str(lib.path), called, "--yes"]) == (0 if there else 2)
    assert ("b.mp4" in capsys.readouterr().err) is not there
    assert people_in(tmp_path / "a.castlist") == 1
    lib.rebuild()
    lib.add(moved)
    assert people_in(moved) == 1
    assert not has_name(moved)
    assert len(lib.people) == 1
    assert lib.people[0].id != whom


def test_a_name_of_two_of_whom_one_is_in_a_removed_film_is_ambiguous(lib, tmp_path):
    lib.add(made_film(tmp_path, "d", [[5], [5]], noise=0.1))
    new = next(p for p in lib.people if len(p.films) == 1)
    lib.name(new, NAME)
    lib.remove("d.mp4")
    with pytest.raises(InputError, match="2 people are called"):
        lib.forget(NAME)
    with pytest.raises(InputError, match="nobody in the library is called"):
        lib.forget("Somebody")
    assert lib.forget(new.id) == []
    assert people_in(tmp_path / "d.castlist") == 0


def test_the_question_names_the_films_that_cannot_be_reached(lib, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("click.confirm", lambda text, **_: print(text))
    lib.remove("b.mp4")
    away(tmp_path, "b")
    run(["library", "forget", str(lib.path), lib.people[0].id])
    said = capsys.readouterr()
    assert "not from b.mp4: the workspace of this film is not at" in said.err
    assert "from a.mp4, c.mp4?" in said.out


# Films that are still in the library


@pytest.mark.parametrize("rebuilt", [False, True])
@pytest.mark.parametrize("back", ["update", "new path", "same command", "removed meanwhile"])
def test_a_film_of_the_library_that_is_away_is_erased_when_it_is_back(lib, tmp_path, capsys, back, rebuilt):
    whom, other = lib.people[0].id, lib.people[1].id
    moved = away(tmp_path, "b")
    command = ["library", "forget", str(lib.path), whom, "--yes"]
    capsys.readouterr()
    assert run(command) == 2
    said = capsys.readouterr()
    assert "not erased from b.mp4: the workspace of this film is not at" in said.err
    assert [people_in(tmp_path / f"{name}.castlist") for name in "ac"] == [1, 1]
    assert [p.id for p in lib.people] == [other]
    assert NAME not in (lib.path / "log.jsonl").read_text()
    if rebuilt:
        lib.rebuild()
    (left,) = (p.what for p in lib.check() if f"{whom} is erased from the library, but not" in p.what)
    assert f"connect the disk and run castlist library update {lib.path}. If it was moved" in left
    assert run(["library", "update", str(lib.path)]) == 2  # b.mp4 is still away
    if back == "removed meanwhile":
        lib.remove("b.mp4")
    if back != "new path":
        moved = Path(shutil.move(moved, tmp_path / "b.castlist"))
    assert any(f"{whom} is erased from the library, but not" in p.what for p in lib.check())
    capsys.readouterr()
    if back == "new path":
        assert all(added.ok for added in lib.add(moved))
    elif back == "same command":
        assert run(command) == 0
    else:
        assert run(["library", "update", str(lib.path)]) == 0
    assert people_in(moved) == 1
    assert not has_name(moved)
    assert not any("erased" in p.what for p in lib.check())
    assert lib.erasure(whom).away == ()
    for again in (False, True):
        if again:
            lib.rebuild()
        assert [p.id for p in lib.people] == [other]
        with lib.reading() as db:
            assert not db.execute("SELECT value FROM meta WHERE value LIKE ?", (f"%{whom}%",)).fetchall()


@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize("given", ["name", "workspace"])
@pytest.mark.parametrize("later", [False, True])
def test_a_workspace_that_is_gone_for_good(lib, tmp_path, capsys, removed, given, later):
    whom, place = lib.people[0].id, tmp_path / "b.castlist"
    if removed:
        lib.remove("b.mp4")
    shutil.rmtree(place)
    command = ["library", "forget", str(lib.path), whom, "--yes"]
    gone = ["--deleted", "b.mp4" if given == "name" else str(place)]
    if later:
        assert run(command) == 2
        said = capsys.readouterr().err
        assert "--deleted b.mp4" in said
    assert run([*command, *gone]) == 0
    assert "not erased" not in capsys.readouterr().err
    for rebuilt in (False, True):
        if rebuilt:
            lib.rebuild()
        assert lib.erasure(whom).away == ()
        assert not any("erased" in p.what for p in lib.check())
        assert run(command) == 0
    rows = map(json.loads, (lib.path / "log.jsonl").read_text().splitlines())
    people = [p for row in rows for p in row["data"].get("people", ()) if p.get("person") == whom]
    assert people
    assert all(p["at"] == [] for p in people)


@pytest.mark.parametrize("given", ["c.mp4", "nothing.mp4"])
def test_what_is_there_cannot_be_called_deleted(lib, tmp_path, capsys, given):
    away(tmp_path, "b")
    before = people_in(tmp_path / "a.castlist")
    assert run(["library", "forget", str(lib.path), lib.people[0].id, "--yes", "--deleted", given]) == 2
    assert "--deleted takes one of these: b.mp4" in capsys.readouterr().err
    assert people_in(tmp_path / "a.castlist") == before
    assert len(lib.people) == 2


def test_an_erasure_of_two_in_a_film_that_is_away(lib, tmp_path):
    first, second = (p.id for p in lib.people)
    away_here = away(tmp_path, "a")
    for person in (first, second):
        assert lib.forget(person) == []
        assert [sentence[:5] for sentence in lib.erasure(person).away] == ["a.mp4"]
    lib.rebuild()
    shutil.move(away_here, tmp_path / "a.castlist")
    assert all(added.ok for added in lib.update())
    assert people_in(tmp_path / "a.castlist") == 0
    assert lib.people == ()


def test_a_workspace_whose_name_is_no_utf8_is_found_again(lib, tmp_path, capsys):
    odd = (tmp_path / "b.castlist").rename(Path(os.fsdecode(b"%b/\xff b.castlist" % os.fsencode(tmp_path))))
    (added,) = lib.add(odd)
    assert added.ok
    lib.rebuild()
    assert {film.workspace for film in lib.films} >= {odd}
    assert run(["library", "forget", str(lib.path), lib.people[0].id, "--yes"]) == 0
    assert people_in(odd) == 1
    assert not has_name(odd)
