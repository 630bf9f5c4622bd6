"""A film that is removed and added again has the people it had; the history says so, and takes it back."""

from __future__ import annotations

import json
import pickle
import shutil

import pytest
from library_made import made_film

from castlist.cli import run
from castlist.errors import InputError, WorkspaceError
from castlist.library import Library


def members(lib: Library) -> dict[str, list[str]]:
    """The film-people of each person, by id."""
    return {p.id: sorted(f"{film.name}:{key}" for film, key, *_ in p.members) for p in lib.people}


@pytest.fixture
def lib(tmp_path) -> Library:
    """Two people in both films, a third one in b alone."""
    found = Library(tmp_path / "lib")
    found.add(made_film(tmp_path, "a", [[1, 2], [1], [2]], noise=0.1))
    found.add(made_film(tmp_path, "b", [[1, 2], [1], [2], [3]], noise=0.1))
    assert sorted(len(sides) for sides in members(found).values()) == [1, 2, 2]
    return found


@pytest.mark.parametrize("rebuilt", [False, True])
@pytest.mark.parametrize("back", ["add", "undo", "page"])
def test_ids_come_back_with_the_film(lib, tmp_path, back, rebuilt):
    before = members(lib)
    lib.remove("b.mp4", author="Eva")
    assert len(members(lib)) == 2
    (made,) = lib.history()
    assert (made.sentence, made.author, made.undone) == ("b.mp4 was removed", "Eva", False)
    if rebuilt:
        lib.rebuild()
    if back == "add":
        (added,) = lib.add(tmp_path / "b.castlist")
        assert (added.linked, added.new) == (2, 1)
    else:
        lib.undo(made.number if back == "page" else None)
    assert members(lib) == before
    assert [m.undone for m in lib.history()] == [True]
    with pytest.raises(InputError, match="was undone already"):
        lib.undo(made.number)
    lib.rebuild()
    assert members(lib) == before
    assert [m.undone for m in lib.history()] == [True]


def test_every_film_may_be_removed_and_added_in_another_order(lib, tmp_path):
    before = members(lib)
    for name in ("a.mp4", "b.mp4"):
        lib.remove(name)
    assert members(lib) == {}
    for name in "ba":
        lib.add(tmp_path / f"{name}.castlist")
    assert members(lib) == before


def test_what_was_decided_about_its_people_holds(lib, tmp_path):
    first, second = (p.id for p in lib.people if len(p.members) == 2)
    alone = next(p.id for p in lib.people if len(p.members) == 1)
    part = lib.split(first, ["b.mp4"])
    lib.merge(second, alone)
    before = members(lib)
    assert len(before[part]) == 1
    assert len(before[second]) == 3
    lib.remove("b.mp4")
    lib.add(tmp_path / "b.castlist")
    assert members(lib) == before
    assert lib.person(alone).id == second


def test_a_merge_meanwhile_leads_on(lib, tmp_path):
    first, second = (p.id for p in lib.people if len(p.members) == 2)
    lib.remove("b.mp4")
    into = lib.merge(first, second)
    lib.add(tmp_path / "b.castlist")
    assert len(members(lib)[into]) >= 3
    lib.rebuild()
    assert len(members(lib)[into]) >= 3


def test_whoever_was_erased_meanwhile_gets_no_old_id(lib, tmp_path):
    first = next(p.id for p in lib.people if len(p.members) == 2)
    lib.remove("b.mp4")
    lib.forget(first)
    lib.rebuild()
    lib.add(tmp_path / "b.castlist")
    assert first not in members(lib)
    with pytest.raises(InputError, match="erased"):
        lib.person(first)


def test_people_who_became_one_while_the_film_was_away(lib, tmp_path):
    workspace = tmp_path / "b.castlist"
    alone = next(p.id for p in lib.people if len(p.members) == 1)
    for name in ("a.mp4", "b.mp4"):
        lib.remove(name)
    assert run(["decide", str(workspace), "merge", "p3", "p1"]) == 0
    lib.add(workspace)
    assert len(lib.people) == 2
    assert all(len(p.members) == 1 for p in lib.people)
    assert lib.person(alone).id in members(lib)
    with lib.reading() as db:
        query = "SELECT count(*) FROM member WHERE person NOT IN (SELECT id FROM person)"
        assert db.execute(query).fetchone() == (0,)


@pytest.mark.parametrize(
    "person",
    [3, {}, {"key": "p1", "person": "x", "how": "new", "p": None, "at": []}]
    + [{"key": "p1", "person": "0" * 26, "how": "new", "p": None, "at": [], **odd}
       for odd in ({"how": "odd"}, {"p": "x"}, {"at": 3}, {"at": [["1/0", 0, 0, 1, 1]]}, {"at": [[1]]})],
)  # fmt: skip
def test_a_damaged_removal_in_the_log_is_named_by_its_line(lib, person):
    lib.remove("b.mp4")
    lines = (lib.path / "log.jsonl").read_text().splitlines()
    row = json.loads(lines[-1])
    row["data"]["people"] = [person]
    (lib.path / "log.jsonl").write_text("\n".join([*lines[:-1], json.dumps(row)]) + "\n")
    with pytest.raises(WorkspaceError, match=f"line {len(lines)} of the library's log"):
        lib.rebuild()


def test_a_film_whose_workspace_is_gone_or_another_one_is_not_brought_back(lib, tmp_path):
    lib.remove("b.mp4")
    shutil.move(tmp_path / "b.castlist", tmp_path / "away.castlist")
    with pytest.raises(WorkspaceError, match=r"b\.mp4 cannot be added again"):
        lib.undo()
    shutil.copytree(tmp_path / "a.castlist", tmp_path / "b.castlist")
    with pytest.raises(WorkspaceError, match="contains another film now"):
        lib.undo()
    assert [made.undone for made in lib.history()] == [False]
    lib.add(tmp_path / "away.castlist")
    assert [made.undone for made in lib.history()] == [True]


def test_a_film_of_a_log_without_origins_can_be_removed(lib, tmp_path):
    """Older logs may not say how a person of a film became a person of the library."""
    path = lib.path / "log.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        for person in row["data"].get("people", ()):
            person.pop("how", None)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    lib.rebuild()
    before = members(lib)
    lib.remove("b.mp4")
    lib.undo()
    assert members(lib) == before


def test_a_library_may_go_to_another_process(lib):
    assert members(pickle.loads(pickle.dumps(lib))) == members(lib)  # noqa: S301 - of this test
