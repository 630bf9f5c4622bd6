"""People of several films are compared side by side: is anybody there twice?"""

from __future__ import annotations

import json

import numpy as np
import pytest
from library_made import made_film

from castlist.cli import run
from castlist.errors import InputError
from castlist.library import Library
from castlist.library import recurring as rooms


@pytest.fixture
def lib(tmp_path) -> Library:
    """Four people in two films each, and two in one film each."""
    made = Library(tmp_path / "lib")
    for name in "ab":
        made.add(made_film(tmp_path, name, [[1, 2], [1], [2]], noise=0.1))
    for name in "cd":
        made.add(made_film(tmp_path, name, [[3, 4], [3], [4]], noise=0.1))
    made.add(made_film(tmp_path, "e", [[5], [6]], noise=0.1))
    assert sorted(len(person.films) for person in made.people) == [1, 1, 2, 2, 2, 2]
    return made


def films(lib: Library, person: str) -> list[str]:
    return sorted(f.name for f in lib.person(person).films)


def test_the_people_of_several_films_are_shown_until_they_are_compared(lib):
    found = lib.recurring()
    assert [person.films for person in found] == [2, 2, 2, 2]
    assert all(person.asked and person.gain > 0 for person in found)
    assert all(len(person.members) == 2 for person in found)
    number = lib.compare([person.id for person in found], author="Eva")
    assert lib.recurring() == []
    (decision,) = lib.history()
    assert (decision.number, decision.author) == (number, "Eva")
    assert decision.sentence == "4 people were compared, and no person is there twice"
    lib.rebuild()
    assert lib.recurring() == []
    lib.undo()
    assert [person.id for person in lib.recurring()] == [person.id for person in found]


def test_those_who_are_one_become_one_person_by_one_decision(lib):
    found = {tuple(films(lib, person.id)): person.id for person in lib.recurring()}
    first, *_ = [p.id for p in lib.recurring() if films(lib, p.id) == ["a.mp4", "b.mp4"]]
    second, *_ = [p.id for p in lib.recurring() if films(lib, p.id) == ["c.mp4", "d.mp4"]]
    assert set(found) == {("a.mp4", "b.mp4"), ("c.mp4", "d.mp4")}
    lib.name(second, "Anna")
    before = lib.people
    lib.compare([p.id for p in lib.recurring()], [(first, "Anna")])
    assert films(lib, "Anna") == ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]
    assert lib.person(first).id == second
    assert "are the same person" in lib.history()[0].sentence
    assert lib.recurring() == []
    lib.undo()
    assert lib.people == before
    assert len(lib.recurring()) == 4


def test_a_new_person_of_several_films_is_shown_beside_those_who_were_compared(lib, tmp_path):
    lib.compare([person.id for person in lib.recurring()])
    lib.add(made_film(tmp_path, "f", [[5], [7]], noise=0.1))
    found = lib.recurring()
    assert [films(lib, p.id) for p in found if p.asked] == [["e.mp4", "f.mp4"]]
    assert len(found) == 5
    assert [p.gain > 0 for p in found] == [p.asked for p in found]


def test_a_part_that_is_split_off_is_compared_again(lib, tmp_path):
    for name in "fg":
        lib.add(made_film(tmp_path, name, [[1], [1]], noise=0.1))
    lib.compare([person.id for person in lib.recurring()])
    (person,) = [p.id for p in lib.people if len(p.films) == 4]
    part = lib.split(person, ["f.mp4", "g.mp4"])
    assert [p.id for p in lib.recurring() if p.asked] == [part]


def test_of_many_people_half_are_compared_with_their_look_alikes():
    angle = np.linspace(0, np.pi, 20)
    alike = np.cos(angle[:, None] - angle[None]).astype(np.float32)
    compared = [i >= 12 for i in range(20)]  # those who are not come first
    asked, shown = rooms._chosen(compared, alike, 8)
    assert asked == {0, 1, 2, 3}
    assert shown == [0, 1, 2, 3, 4, 5, 6, 7]
    order = rooms._chain(shown, alike)
    assert order == shown


@pytest.mark.parametrize(
    ("people", "same", "sentence"),
    [
        ([], [], "no people were compared"),
        (["nobody"], [], "nobody"),
        ([0], [(0, 0)], "the same person already"),
    ],
)
def test_a_wrong_comparison_is_one_sentence_and_changes_nothing(lib, people, same, sentence):
    found, before = lib.recurring(), lib.revision()
    given = [found[p].id if isinstance(p, int) else p for p in people]
    with pytest.raises(InputError, match=sentence):
        lib.compare(given, [(found[a].id, found[b].id) for a, b in same])
    assert lib.revision() == before


def test_nobody_is_compared_with_nobody(lib, capsys):
    first, second = (person.id for person in lib.recurring()[:2])
    before = lib.revision()
    for people in ([first], [first, first], [first, first[-6:]]):
        assert run(["library", "compare", str(lib.path), *people]) == 2
        assert "two or more people" in capsys.readouterr().err
    assert lib.revision() == before
    assert run(["library", "compare", str(lib.path), first, second]) == 0


def test_pairs_of_one_person_are_one_group(lib):
    a, b, c, d = (p.id for p in lib.recurring())
    lib.compare([], [(a, b), (c, d), (b, c)])
    assert len({lib.person(p).id for p in (a, b, c, d)}) == 1
    lib.undo()
    assert len({lib.person(p).id for p in (a, b, c, d)}) == 4


def test_who_is_forgotten_leaves_the_comparison(lib):
    found = [p.id for p in lib.recurring()]
    lib.compare(found)
    lib.forget(found[0])
    lib.rebuild()
    assert lib.recurring() == []
    lib.undo()
    assert {p.id for p in lib.recurring()} == set(found[1:])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_who_was_compared_twice_is_compared_anew_when_both_are_taken_back(lib, order):
    found = [p.id for p in lib.recurring()]
    decisions = [lib.compare(found), lib.compare(found[:1])]
    lib.undo(decisions[order[0]])
    left = [p.id for p in lib.recurring() if p.asked]
    assert sorted(left) == sorted(found[1:] if order[0] == 0 else [])
    lib.undo(decisions[order[1]])
    assert [p.id for p in lib.recurring() if p.asked] == found
    lib.rebuild()
    assert [p.id for p in lib.recurring() if p.asked] == found


def test_no_more_are_shown_than_asked_for(lib):
    assert [len(lib.recurring(limit)) for limit in (0, 1, 3, 9)] == [0, 1, 3, 4]


def test_the_commands(lib, capsys):
    assert run(["library", "recurring", str(lib.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["people"]
    assert [row["films"] for row in found] == [2, 2, 2, 2]
    assert run(["library", "recurring", str(lib.path)]) == 0
    assert found[0]["id"] in capsys.readouterr().out
    ids = [row["id"] for row in found]
    assert run(["library", "compare", str(lib.path), *ids, "--same", ids[0], ids[1]]) == 0
    assert len(lib.people) == 5
    assert run(["library", "recurring", str(lib.path)]) == 0
    assert "No people to compare" in capsys.readouterr().out
    assert run(["library", "compare", str(lib.path), ids[0], "--same", ids[0], ids[1]]) == 2
    assert "the same person already" in capsys.readouterr().err


def test_a_comparison_one_of_whose_people_is_erased_says_so(lib):
    a, b, *_ = (p.id for p in lib.recurring())
    lib.compare([], [(a, b)])
    lib.forget(a)
    assert [made.sentence for made in lib.history()] == ["2 people were compared; some of them were erased"]
    lib.rebuild()
    assert [made.sentence for made in lib.history()] == ["2 people were compared; some of them were erased"]
