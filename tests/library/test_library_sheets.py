"""Questions about one person are answered together, as one decision."""

from __future__ import annotations

import pytest
from library_made import made_film

from castlist.cli import run
from castlist.errors import InputError
from castlist.library import Library
from castlist.library.open_pairs import TOGETHER


def members(lib: Library) -> dict[str, list[str]]:
    """Which films each id means."""
    return {p.id: sorted(f"{m[0].name}:{m[1]}" for m in p.members) for p in lib.people}


@pytest.fixture
def asked(tmp_path) -> Library:
    """A person of film b and one of film d may each be the first person of films a and c."""
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1, 2], [1], [2], [30, 31, 32]], noise=0.1))
    lib.add(made_film(tmp_path, "c", [[1], [1], [33, 34, 35]], noise=0.1))
    lib.add(made_film(tmp_path, "b", [[1, 5], [1], [5], [36, 37]], noise=0.1, older=0.38))
    lib.add(made_film(tmp_path, "d", [[1, 6], [1], [6], [38, 39]], noise=0.1, older=0.38, age=2000))
    assert len(lib.people) == 16
    return lib


def test_one_sheet_has_all_questions_about_one_person(asked):
    (sheet,) = asked.sheets()
    assert len(sheet.questions) == 2
    assert {q.b for q in sheet.questions} == {sheet.person}
    assert sorted(m.film for m in sheet.members) == ["a.mp4", "c.mp4"]
    assert sheet.gain == sum(q.gain for q in asked.questions())


def test_a_sheet_is_one_decision_and_is_taken_back(asked):
    before, questions, (sheet,) = members(asked), asked.questions(), asked.sheets()
    first, second = (q.id for q in sheet.questions)
    number = asked.answer_sheet(sheet.person, {first: "same", second: "different"}, author="Eva")
    assert asked.questions() == []
    assert sorted(len(films) for films in members(asked).values()) == [*[1] * 14, 3]
    (made,) = asked.history()
    assert (made.number, made.author) == (number, "Eva")
    assert "are the same person; " in made.sentence
    assert made.sentence.endswith("are different people")
    after = members(asked)
    asked.rebuild()
    assert members(asked) == after
    asked.undo()
    assert members(asked) == before
    assert asked.questions() == questions


def test_films_that_show_somebody_else_become_one_person_if_they_look_alike(tmp_path):
    lib = Library(tmp_path / "lib")
    for name, who in (("a", 1), ("b", 2), ("c", 2), ("d", 3)):
        lib.add(made_film(tmp_path, name, [[who], [who]], noise=0.1))
    first, second, third = (p.id for p in sorted(lib.people, key=lambda p: p.films[0].name))
    lib.merge(first, second)
    lib.merge(first, third)
    number = lib.answer_sheet(first, {}, ["b.mp4", "c.mp4", "d.mp4"])
    assert sorted(members(lib).values()) == [["a.mp4:p1"], ["b.mp4:p1", "c.mp4:p1"], ["d.mp4:p1"]]
    assert lib.history()[0].sentence.count("split off as a person of their own") == 2
    lib.undo(number)
    assert len(lib.people) == 1


def test_a_question_about_a_film_that_is_taken_out_is_about_the_rest(asked):
    (sheet,) = asked.sheets()
    question = sheet.questions[0]
    asked.answer_sheet(sheet.person, {question.id: "same"}, [question.b_film])
    kept = ({"a.mp4", "c.mp4"} - {question.b_film}).pop()
    (whole,) = (films for films in members(asked).values() if len(films) == 2)
    assert {film.split(":")[0] for film in whole} == {kept, question.a_film}


WRONG = [
    ({}, [], "answer a question"),
    ({"x": "same"}, [], "no question 'x'"),
    ({"first": "perhaps"}, [], "answer same, different, unsure"),
    ({}, ["a.mp4", "c.mp4"], "name some of these films, not all"),
    ({}, ["z.mp4"], "name some of these films, not all"),
    ({}, ["a.mp4", "z.mp4"], "name some of these films, not all"),
]


@pytest.mark.parametrize(("replies", "wrong", "sentence"), WRONG)
def test_a_wrong_answer_is_one_sentence_and_changes_nothing(asked, replies, wrong, sentence):
    (sheet,), before = asked.sheets(), members(asked)
    given = {sheet.questions[0].id if q == "first" else q: said for q, said in replies.items()}
    with pytest.raises(InputError, match=sentence):
        asked.answer_sheet(sheet.person, given, wrong)
    assert members(asked) == before
    assert asked.history() == []


def test_a_question_about_somebody_else_is_refused(asked):
    (sheet,) = asked.sheets()
    other = next(p.id for p in asked.people if p.id not in {sheet.person, *(q.a for q in sheet.questions)})
    with pytest.raises(InputError, match="is not about this person"):
        asked.answer_sheet(other, {sheet.questions[0].id: "same"})


def test_somebody_who_is_seen_twice_at_once_is_asked_about(tmp_path):
    lib = Library(tmp_path / "lib")
    for name in ("a", "b"):
        lib.add(made_film(tmp_path, name, [[1], [1]], noise=0.1))
    lib.add(made_film(tmp_path, "c", [[1, 2], [1]], noise=0.1, looks={2: 1}))  # a mirror
    assert len(lib.people) == 2
    (question,) = lib.questions()
    assert question.why == TOGETHER
    lib.answer(question.id, "same")
    assert len(lib.people) == 1
    lib.add(made_film(tmp_path, "d", [[1], [1]], noise=0.1))
    assert len(lib.people) == 1
    assert lib.questions() == []


def test_the_command_answers_the_others_too(asked, capsys):
    path, (sheet,) = str(asked.path), asked.sheets()
    first, second = (q.id for q in sheet.questions)
    assert run(["library", "decide", path, "same", first, "--others", "different"]) == 0
    assert sorted(capsys.readouterr().out.split()) == sorted([f"{first}:", "same", f"{second}:", "different"])
    assert len(asked.history()) == 1
    assert run(["library", "decide", path, "same", "x", "--others", "different"]) == 2
