"""Taking decisions about a library back: all people are as before, and used ids stay used."""

from __future__ import annotations

import json

import pytest
from library_made import made_film

from castlist.cli import run
from castlist.errors import InputError, WorkspaceError
from castlist.library import Library
from castlist.library.harvest import harvest
from castlist.store import Workspace


def members(lib: Library) -> dict[str, list[tuple[str, str]]]:
    """The members of each id."""
    return {p.id: sorted((m[0].name, m[1]) for m in p.members) for p in lib.people}


@pytest.fixture
def asked(tmp_path) -> Library:
    """A library that asks whether a person of film b is a person of film a."""
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1, 2], [1], [2]], noise=0.1))
    lib.add(made_film(tmp_path, "b", [[1, 3], [1], [3]], noise=0.1, older=0.45))
    assert len(lib.questions()) == 1
    assert len(lib.people) == 4
    return lib


@pytest.mark.parametrize("said", ["same", "different", "unsure"])
def test_an_answer_is_taken_back(asked, said):
    before, (question,) = members(asked), asked.questions()
    number = asked.answer(question.id, said, author="Eva")
    assert asked.questions() == []
    (made,) = asked.history()
    assert (made.number, made.author, made.undone) == (number, "Eva", False)
    assert question.a_name in made.sentence or question.b_name in made.sentence
    assert asked.undo(number).undone
    assert members(asked) == before
    assert asked.questions() == [question]
    asked.rebuild()
    assert members(asked) == before
    assert asked.history()[0].undone


def test_a_merged_id_comes_back_and_leads_on_again(asked):
    first, second, *_ = (p.id for p in asked.people)
    before = members(asked)
    into = asked.merge(first, second)
    gone = ({first, second} - {into}).pop()
    assert asked.person(gone).id == into
    asked.undo()
    assert asked.person(gone).id == gone
    assert members(asked) == before
    asked.merge(first, second)
    assert asked.person(gone).id == into


def test_a_split_is_taken_back_and_its_id_leads_to_the_rest(tmp_path):
    lib = Library(tmp_path / "lib")
    lib.add(*(made_film(tmp_path, name, [[1], [1]], noise=0.1) for name in "ab"))
    (person,) = lib.people
    new = lib.split(person.id, ["b.mp4"])
    assert len(lib.people) == 2
    lib.undo()
    assert [p.id for p in lib.people] == [person.id]
    assert lib.person(new).id == person.id
    lib.rebuild()
    assert lib.person(new).id == person.id


def test_a_name_is_taken_back_in_the_films_too(films):
    lib = Library(films.parent / "lib")
    lib.add(films)
    whom = lib.people[0]

    def named() -> set[str]:
        found = set()
        for film in whom.films:
            with Workspace.open(film.workspace, write=False) as keep:
                found |= {p.name for p in keep.cast() if p.named}
        return found

    lib.name(whom.id, "Ana")
    lib.name(whom.id, "Anna")
    assert named() == {"Anna"}
    lib.undo()
    assert named() == {"Ana"}
    assert lib.person(whom.id).name == "Ana"
    lib.undo()
    assert named() == set()
    assert not lib.person(whom.id).named
    assert lib.check() == []
    lib.update()
    assert not lib.person(whom.id).named
    lib.name(whom.id, "Anna")  # once more after all
    assert named() == {"Anna"}


def test_what_was_decided_after_it_stays(asked):
    a, b, c, _ = (p.id for p in asked.people)
    first = asked.merge(a, b) and asked.history()[0].number
    kept = asked.merge(c, a)
    asked.undo(first)
    assert len(asked.people) == 3
    assert asked.person(c).id == kept or asked.person(a).id == kept


def test_two_decisions_of_one_millisecond_are_two(asked, monkeypatch):
    """Whatever the clock of the computer says, one Undo takes one of them back."""
    monkeypatch.setattr("castlist.library.undo.now", lambda: "2026-12-31T23:59:59.999+00:00")
    first, second, *_ = (p.id for p in asked.people)
    asked.name(first, "Anna")
    asked.name(second, "Bert")
    assert len(asked.history()) == 2
    asked.undo()
    assert (asked.person(first).name, asked.person(second).named) == ("Anna", False)
    asked.undo()
    asked.rebuild()
    assert [made.undone for made in asked.history()] == [True, True]


def test_nothing_is_undone_twice(asked):
    with pytest.raises(InputError, match="there is no decision that could be undone"):
        asked.undo()
    number = asked.answer(asked.questions()[0].id, "same")
    asked.undo()
    for what, why in ((number, "already"), (number + 100, "not exist"), (10**30, "not exist")):
        with pytest.raises(InputError, match=why):
            asked.undo(what)


def test_different_people_are_parted_with_those_who_look_like_them(tmp_path):
    """A member that was linked through the wrong one goes with it."""
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [1]], noise=0.1))
    lib.add(made_film(tmp_path, "b", [[1], [1]], noise=0.1, older=0.5))
    (question,) = lib.questions()
    lib.answer(question.id, "same")
    lib.add(made_film(tmp_path, "c", [[1], [1]], noise=0.1))
    lib.add(made_film(tmp_path, "d", [[1], [1]], noise=0.1, older=0.5, seed=3))
    assert len(lib.people) == 1
    lib.answer(question.id, "different")
    assert sorted(sorted(f.name for f in p.films) for p in lib.people) == [
        ["a.mp4", "c.mp4"],
        ["b.mp4", "d.mp4"],
    ]


def test_the_commands(asked, capsys):
    path, question = str(asked.path), asked.questions()[0].id
    assert run(["library", "decide", path, "same", question]) == 0
    assert run(["library", "history", path]) == 0
    assert "same person" in capsys.readouterr().out
    assert run(["library", "undo", path]) == 0
    assert "undone: " in capsys.readouterr().out
    assert run(["library", "undo", path]) == 2
    assert "there is no decision that could be undone" in capsys.readouterr().err


def in_film(film) -> dict[str, str]:
    """The names that people of a film were given, by their keys."""
    with Workspace.open(film.workspace, write=False) as keep:
        return {p.key: p.name for p in keep.cast().everybody if p.named}


@pytest.fixture
def season(films) -> Library:
    """A library of three films, two of three people in each."""
    lib = Library(films.parent / "lib")
    lib.add(films)
    assert [len(p.films) for p in lib.people] == [2, 2, 2]
    return lib


def test_names_are_taken_back_from_a_person_and_not_by_their_text(season):
    """Two people of one film were called Anna at two times; the name of one is undone."""
    film = season.films[0]
    first, second = (p.id for p in season.people if film in p.films)
    season.name(first, "Anna")
    key = next(iter(in_film(film)))
    season.name(first, "Eva")
    season.name(second, "Anna")
    assert sorted(in_film(film).values()) == ["Anna", "Eva"]
    season.undo()
    assert in_film(film) == {key: "Eva"}
    with Workspace.open(film.workspace, write=False) as keep:
        log = keep.decisions.all()
    assert [d.value for d in log if d.kind == "name"] == ["Anna", "Eva", "Anna"]
    assert [d.undoes for d in log if d.undoes] == [log[2].id]


def test_a_name_that_somebody_gave_in_the_film_is_not_taken_for_the_librarys(season):
    one, other = season.people[0].films
    season.name(season.people[0].id, "Anna")
    (key,) = in_film(one)
    # The film's own decision gives this name, too.
    assert run(["decide", str(one.workspace), "name", key, "Anna"]) == 0
    season.undo()
    assert in_film(one) == {key: "Anna"}
    assert in_film(other) == {}


def test_names_follow_people_who_are_joined_and_parted(season):
    whom = season.people[0]
    a, b = whom.films
    season.name(whom.id, "Anna")
    new = season.split(whom.id, [b.name])
    assert (len(in_film(a)), len(in_film(b))) == (1, 0)
    season.update()
    assert not season.person(new).named
    season.merge(whom.id, new)
    assert list(in_film(b).values()) == ["Anna"]
    season.undo()
    assert (len(in_film(a)), len(in_film(b))) == (1, 0)
    season.update()
    assert [p.name for p in season.people if p.named] == ["Anna"]
    assert season.check() == []


def test_a_name_that_somebody_of_the_film_bears_already_joins_nobody(season):
    """In a film one name is one person: a second Anna of the library keeps her number there."""
    film = season.films[0]
    first, second = (p for p in season.people if film in p.films)
    season.name(first.id, "Anna")
    season.name(second.id, "anna")
    assert list(in_film(film).values()) == ["Anna"]
    assert sorted(name for f in season.films[1:] for name in in_film(f).values()) == ["Anna", "anna"]
    with Workspace.open(film.workspace, write=False) as keep:
        assert len(keep.cast().everybody) == 2


def test_what_was_refused_for_one_person_is_brought_to_another(season):
    film = season.films[0]
    first, second = (p.id for p in season.people if film in p.films)
    season.name(first, "Anna")
    (key,) = in_film(film)
    assert run(["decide", str(film.workspace), "undo"]) == 0
    season.update()
    assert in_film(film) == {}  # refused: not brought again
    season.name(first, "Eva")
    season.name(second, "Anna")
    assert {name: where == key for where, name in in_film(film).items()} == {"Eva": True, "Anna": False}


def test_a_split_is_taken_back_after_the_rest_is_removed(tmp_path):
    """The person whose other film is gone is in the library again, and later films may be theirs."""
    lib = Library(tmp_path / "lib")
    lib.add(*(made_film(tmp_path, name, [[1], [1]], noise=0.1) for name in "ab"))
    (person,) = lib.people
    new = lib.split(person.id, ["b.mp4"])
    (split,) = lib.history()
    lib.remove("a.mp4")
    lib.undo(split.number)
    assert members(lib) == {person.id: [("b.mp4", "p1")]}
    assert lib.person(new).id == person.id
    lib.rebuild()
    assert members(lib) == {person.id: [("b.mp4", "p1")]}


@pytest.mark.parametrize("decided", ["merge", "another answer"])
def test_a_question_is_open_again_when_what_settled_it_is_taken_back_after_further_films(
    asked, tmp_path, decided
):
    (question,) = asked.questions()
    if decided == "merge":
        asked.merge(question.a, question.b)
    else:
        asked.answer(question.id, "different")
    asked.add(made_film(tmp_path, "c", [[9], [9]], noise=0.1))
    assert asked.questions() == []
    asked.rebuild()
    asked.undo()
    assert [q.id for q in asked.questions()] == [question.id]


def test_what_was_confirmed_about_people_who_are_two_again_hides_no_question(tmp_path):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [1]], noise=0.1))
    lib.add(made_film(tmp_path, "b", [[1], [1]], noise=0.1, older=0.45))
    lib.add(made_film(tmp_path, "c", [[1], [1]], noise=0.1))
    (question,) = lib.questions()
    lib.merge(question.a, question.b)
    merged = lib.history()[0].number
    lib.confirm([f"{link.member.film}:{link.member.key}" for link in lib.links()])
    lib.undo(merged)
    assert [q.id for q in lib.questions()] == [question.id]


def test_a_long_decision_is_a_short_sentence(tmp_path):
    lib = Library(tmp_path / "lib")
    for name in "abcdefgh":
        lib.add(made_film(tmp_path, name, [[1]], noise=0.1))
    lib.confirm([f"{link.member.film}:{link.member.key}" for link in lib.links()])
    assert lib.history()[0].sentence.count("are the same person") == 6
    assert lib.history()[0].sentence.endswith("; and 1 more")


def test_names_are_taken_back_in_any_order(asked):
    whom = asked.people[0].id
    for name in ("Ana", "Anna"):
        asked.name(whom, name)
    second, first = (d.number for d in asked.history())
    asked.undo(first)
    assert asked.person(whom).name == "Anna"
    asked.rebuild()
    asked.undo(second)
    assert not asked.person(whom).named


def test_several_people_become_one_by_one_decision(asked):
    before = members(asked)
    first, second, third, fourth = before
    asked.name(third, "Anna")
    assert asked.merge(first, second, "Anna") == third
    assert set(members(asked)) == {third, fourth}
    made = asked.history()[0]
    assert made.sentence.count("are the same person") == 2
    asked.rebuild()
    assert asked.history()[0] == made
    for given in ((first, fourth, first), (first, second)):
        with pytest.raises(InputError, match="the same person already"):
            asked.merge(*given)
    assert set(members(asked)) == {third, fourth}
    asked.undo()
    assert members(asked) == before


def add_to_log(lib: Library, *events: tuple[str, object]) -> None:
    """Add what some other program may have written, as decisions of Eva."""
    number = lib.revision()
    with open(lib.path / "log.jsonl", "a") as log:
        for kind, data in events:
            number += 1
            row = {"n": number, "v": 1, "at": "2026", "by": "Eva", "kind": kind, "data": data}
            log.write(json.dumps(row) + "\n")


def test_questions_without_a_decision_are_no_decision(asked):
    sides = [[film.digest, "p1"] for film in asked.films]
    question = [*sides[0], *sides[1], 0.5, ""]
    add_to_log(
        asked, ("weighed", {"moves": [], "asked": [question]}), ("weighed", {"moves": [], "asked": []})
    )
    asked.rebuild()
    assert asked.history() == []
    (open_one,) = asked.questions()
    assert open_one.probability == 0.5


@pytest.mark.parametrize("member", [3, [], ["a"], [None, None], [3, 4], [[], {}], ["a", "b", "c"], {"a": 1}])
def test_a_log_with_something_else_than_people_of_films_is_a_sentence_about_the_log(asked, member):
    text = (asked.path / "log.jsonl").read_text()
    side = [asked.films[0].digest, "p1"]
    ask = [*side, *member, 0.5, ""] if isinstance(member, list) else member
    for kind, data in (
        ("compared", {"members": [member]}),
        ("weighed", {"moves": [], "asked": [ask]}),
        ("weighed", {"moves": [], "asked": [[*side, *side, [1], ""]]}),
        ("merge", {"into": [], "gone": {}}),
    ):
        (asked.path / "log.jsonl").write_text(text)
        add_to_log(asked, (kind, data))
        with pytest.raises(WorkspaceError, match="line 5 of the library's log does not fit"):
            asked.rebuild()
    (asked.path / "log.jsonl").write_text(text)
    assert asked.rebuild() == []


def test_a_name_that_the_library_brought_to_a_film_is_no_evidence_there(season):
    whom = season.people[0]
    one, other = whom.films

    def brought() -> dict[str, list[int]]:
        with season.reading() as db:
            rows = db.execute("SELECT film.name, brought FROM member JOIN film ON film.id = film"
                              " WHERE member.name = 'Anna' ORDER BY member.id").fetchall()  # fmt: skip
        return {film: [mark for name, mark in rows if name == film] for film in (one.name, other.name)}

    season.name(whom.id, "Anna")
    assert brought() == {one.name: [1], other.name: [1]}
    found = harvest(one.workspace)
    assert [m.brought for m in found.members if m.name] == [True]
    assert not found.decided
    assert season.check() == []
    season.rebuild()
    assert brought() == {one.name: [1], other.name: [1]}
    (there,) = in_film(other)
    assert (
        run(["decide", str(other.workspace), "name", there, "Anna"]) == 0
    )  # the film's own decision gives this name, too
    season.update()
    assert brought() == {one.name: [1], other.name: [0]}
    assert harvest(other.workspace).decided


def test_the_history_names_the_two_who_were_joined(asked):
    (question,) = asked.questions()
    asked.answer(question.id, "same")
    sentence = asked.history()[0].sentence
    assert question.a_name in sentence
    assert question.b_name in sentence
    asked.rebuild()
    assert asked.history()[0].sentence == sentence
    asked.name(asked.people[0].id, "Anna")
    assert "Anna in " in asked.history()[1].sentence


def test_the_command_tells_of_names_that_are_shared_or_lost_and_of_people_seen_together(tmp_path, capsys):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1, 2], [1], [2]], noise=0.1))
    first, second = (p.id for p in lib.people)
    assert run(["library", "name", str(lib.path), first, "Anna"]) == 0
    assert capsys.readouterr().err == ""
    assert run(["library", "name", str(lib.path), second, "anna"]) == 0
    assert f"castlist library merge {lib.path} {first[-6:]} {second[-6:]}" in capsys.readouterr().err
    assert run(["library", "name", str(lib.path), second, "Bea"]) == 0
    assert capsys.readouterr().err == ""
    assert lib.together(first, second) == 1
    assert run(["library", "merge", str(lib.path), first, second]) == 0
    told = capsys.readouterr()
    (stays,) = lib.people
    assert told.out == f"one person now: {stays.id}, {stays.name}\n"
    lost = ({"Anna", "Bea"} - {stays.name}).pop()
    assert f"the name {lost} is not used for this person any more" in told.err
    assert "The two are seen in the same frames" in told.err
