"""Pairs of people who may be one, a page of them: those castlist asks about, and people of one film."""

from __future__ import annotations

import json
import shlex

import pytest
from library_made import made_film

from castlist.cli import run
from castlist.errors import InputError
from castlist.library import Library
from castlist.library.pairs import PersonPair, pairs


@pytest.fixture
def lib(tmp_path) -> Library:
    """Two people in two films; one of them looks different in a third film, which has a guest."""
    made = Library(tmp_path / "lib")
    for name in "ab":
        made.add(made_film(tmp_path, name, [[1, 2], [1], [2]], noise=0.1))
    made.add(made_film(tmp_path, "c", [[2, 7], [2], [7]], noise=0.1, older=0.3))
    assert sorted(len(person.films) for person in made.people) == [1, 1, 2, 2]
    assert made.questions() == []
    return made


def sides(pair: PersonPair) -> tuple[str, str]:
    return tuple(f"{m.film}:{m.key}" for m in (pair.members[0], pair.member))


def everybody(lib: Library) -> list[tuple[str, ...]]:
    return sorted(tuple(f"{f.name}:{key}" for f, key, *_ in person.members) for person in lib.people)


def test_who_is_in_one_film_stands_beside_whoever_of_several_looks_most_like_them(lib):
    found = lib.pairs()
    assert [pair.probability for pair in found] == [None, None]
    assert {pair.member.film for pair in found} == {"c.mp4"}
    assert sides(found[0]) == ("a.mp4:p2", "c.mp4:p1")
    assert all({m.film for m in pair.members} == {"a.mp4", "b.mp4"} for pair in found)
    assert all(pair.gain > 0 for pair in found)
    assert [len(lib.pairs(limit)) for limit in (0, 1, None)] == [0, 1, 2]
    with lib.reading() as db:
        assert pairs(db, lib.path, 1)[0] == 2


def test_one_decision_joins_and_parts_and_is_taken_back(lib):
    before = everybody(lib)
    first, second = map(sides, lib.pairs())
    number = lib.judge([first], [second], author="Eva")
    assert lib.pairs() == []
    assert len(lib.people) == 3
    (decision,) = lib.history()
    assert (decision.number, decision.author) == (number, "Eva")
    assert "are the same person" in decision.sentence
    assert "are different people" in decision.sentence
    now = everybody(lib)
    lib.rebuild()
    assert (everybody(lib), lib.pairs()) == (now, [])
    lib.undo()
    assert everybody(lib) == before
    assert [*map(sides, lib.pairs())] == [first, second]


def test_questions_come_first_and_are_answered(tmp_path):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1, 2], [1], [2]], noise=0.1))
    lib.add(made_film(tmp_path, "b", [[1, 2], [1], [2], [3]], noise=0.1, older=0.42))
    assert len(lib.questions()) == 2
    found = lib.pairs()
    assert [pair.probability for pair in found] == [q.probability for q in lib.questions()]
    lib.judge([sides(found[0])], [sides(pair) for pair in found[1:]])
    assert lib.questions() == []
    assert len(lib.people) == 4


def test_who_was_compared_seen_beside_reviewed_or_named_apart_is_not_shown(lib, tmp_path):
    guest = lib.pairs()[1]
    lib.judge([], [sides(guest)])
    assert [sides(pair) for pair in lib.pairs()] == [sides(lib.pairs()[0])] != [sides(guest)]
    left = lib.pairs()[0]
    lib.name(left.person, "Anna")
    lib.name(left.other, "Berta")
    assert left.person not in {pair.person for pair in lib.pairs()}
    # A person seen together with all people of several films is none of these.
    other = Library(tmp_path / "other")
    for name in "xy":
        other.add(made_film(tmp_path, name, [[1, 2], [1], [2]], noise=0.1))
    other.add(made_film(tmp_path, "z", [[1, 2, 9], [1], [2], [9]], noise=0.1))
    assert sorted(len(person.films) for person in other.people) == [1, 3, 3]
    assert other.pairs() == []


def test_what_others_make_one_is_not_different(lib):
    lib.judge([("a.mp4:p2", "c.mp4:p1"), ("b.mp4:p1", "c.mp4:p1")], [("a.mp4:p2", "b.mp4:p1")])
    assert len(lib.people) == 2
    assert not any("different" in decision.sentence for decision in lib.history())
    lib.undo()
    with pytest.raises(InputError, match="one person now"):
        lib.judge([], [("a.mp4:p1", "b.mp4:p1")])


@pytest.mark.parametrize(
    ("same", "sentence"),
    [
        ([], "name pairs who are"),
        ([("a.mp4:p1", "z.mp4:p1")], "no such person now"),
        ([("a.mp4:p1", "a.mp4:p1")], "one person now"),
    ],
)
def test_a_wrong_answer_is_one_sentence_and_changes_nothing(lib, same, sentence):
    before = lib.revision()
    with pytest.raises(InputError, match=sentence):
        lib.judge(same)
    assert lib.revision() == before


def test_who_is_taken_out_together_is_a_link_that_nobody_confirmed(tmp_path):
    """Three of five films show another person; that these three show one person is castlist's own link."""
    lib = Library(tmp_path / "lib")
    for name in "ab":
        lib.add(made_film(tmp_path, name, [[1], [1]], noise=0.1))
    for name in "cde":
        lib.add(made_film(tmp_path, name, [[2], [2]], noise=0.1))
    lib.merge(*(person.id for person in lib.people))
    (person,) = lib.people
    lib.answer_sheet(person.id, {}, wrong=["c.mp4", "d.mp4", "e.mp4"])

    def open_links() -> int:
        return sum(link.member.film in ("c.mp4", "d.mp4", "e.mp4") for link in lib.links())

    assert open_links() == 2  # the most typical film is no link
    shown = everybody(lib)
    lib.rebuild()
    assert (everybody(lib), open_links()) == (shown, 2)
    lib.undo()
    assert len(lib.people) == 1


def test_the_commands(lib, capsys):
    assert run(["library", "pairs", str(lib.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["pairs"]
    assert [row["probability"] for row in found] == [None, None]
    assert run(["library", "pairs", str(lib.path)]) == 0
    assert found[0]["compared"][1] in capsys.readouterr().out
    given = ["--same", *found[0]["compared"], "--different", *found[1]["compared"]]
    assert run(["library", "judge", str(lib.path), *given]) == 0
    assert "The same: 1, different: 1" in capsys.readouterr().out
    assert run(["library", "pairs", str(lib.path)]) == 0
    assert "No pairs to look at" in capsys.readouterr().out
    assert run(["library", "judge", str(lib.path)]) == 2
    assert "name pairs who are" in capsys.readouterr().err


def test_the_printed_command_takes_a_folder_of_any_name(lib, capsys, monkeypatch):
    lib.path.rename(lib.path.with_name("-my season"))
    monkeypatch.chdir(lib.path.parent)
    assert run(["library", "pairs", "--", "-my season"]) == 0
    *_, printed = capsys.readouterr().out.splitlines()
    words = shlex.split(printed.removeprefix("Answer: castlist ").split(" [")[0])
    assert words == ["library", "judge", "./-my season"]
