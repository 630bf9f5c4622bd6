"""What a decision about people lets be asked at once, and what an answer says of films that came along."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from library_made import made_film

from castlist.library import Library, partition, scope
from castlist.library.open_pairs import ALIKE, at_most_one

Asked = list[tuple[str, float, str]]


@pytest.fixture
def lib(tmp_path) -> Library:
    """A person in five films, and two others in two."""
    made = Library(tmp_path / "lib")
    for name in "abcde":
        made.add(made_film(tmp_path, name, [[1], [1]], noise=0.1))
    for name in "fg":
        made.add(made_film(tmp_path, name, [[2, 3], [2], [3]], noise=0.1))
    assert sorted(len(person.members) for person in made.people) == [2, 2, 5]
    return made


def asked(lib: Library) -> Asked:
    return sorted((q.id, q.probability, q.why) for q in lib.questions())


def questions_kept(lib: Library) -> list[tuple[object, ...]]:
    """The questions with the sides as they were asked."""
    with lib.reading() as db:
        return db.execute("SELECT * FROM question ORDER BY id").fetchall()


def decide_something(lib: Library, rng: np.random.Generator) -> int:
    """Part a person or join two, as chance has it; the decision's number."""
    people = lib.people
    several = [p for p in people if len(p.members) > 1]
    if several and (rng.random() < 0.6 or len(people) < 2):
        person = several[rng.integers(len(several))]
        films = [m[0].name for m in person.members]
        lib.split(person.id, rng.permutation(films)[: rng.integers(1, len(films))].tolist())
    else:
        lib.merge(*rng.permutation([p.id for p in people])[:2].tolist())
    return lib.history(1)[0].number


def person_in(lib: Library, film: str) -> str:
    (found,) = [p.id for p in lib.people if film in {m[0].name for m in p.members}]
    return found


@pytest.mark.parametrize("whole", [True, False])
def test_films_that_are_taken_out_are_asked_about_at_once(lib, monkeypatch, whole):
    if not whole:
        monkeypatch.setattr(scope, "WHOLE", 2)
    first = lib.split(person_in(lib, "a.mp4"), ["b.mp4"])
    assert asked(lib) == []  # they resemble no other person
    second = lib.split(person_in(lib, "a.mp4"), ["c.mp4"])
    (question,) = lib.questions()
    assert {question.a, question.b} == {first, second}
    assert question.why == ALIKE
    assert question.probability > 0.99
    before = asked(lib)
    lib.rebuild()
    assert asked(lib) == before


def test_taking_a_decision_back_takes_its_questions_back(lib):
    lib.split(person_in(lib, "a.mp4"), ["b.mp4"])
    lib.split(person_in(lib, "a.mp4"), ["c.mp4"])
    assert len(asked(lib)) == 1
    lib.undo()
    assert asked(lib) == []
    lib.rebuild()
    assert asked(lib) == []


def test_films_marked_on_a_page_of_links_are_asked_about_at_once(lib):
    lib.split(person_in(lib, "a.mp4"), ["b.mp4"])
    person = person_in(lib, "a.mp4")
    link, *others = [link for link in lib.links() if link.person == person]
    lib.confirm(
        [f"{o.member.film}:{o.member.key}" for o in others], [f"{link.member.film}:{link.member.key}"]
    )
    (question,) = lib.questions()
    assert {question.a, question.b} == {person_in(lib, "b.mp4"), person_in(lib, link.member.film)}


def test_an_answer_confirms_whom_it_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(partition, "SURE", 1 - 1e-7)  # so that a likely pair is asked about
    lib = Library(tmp_path / "lib")
    for name in "ab":
        lib.add(made_film(tmp_path, name, [[1], [1]], noise=0.1))
    for name in "cd":
        lib.add(made_film(tmp_path, name, [[2], [2]], noise=0.1, looks={2: 1}, older=0.36, age=50))
    assert sorted(len(person.members) for person in lib.people) == [2, 2]
    (question,) = lib.questions()
    lib.answer(question.id, "same")
    (person,) = lib.people
    with lib.reading() as db:
        compared = {
            film
            for (film,) in db.execute(
                "SELECT film.name FROM question JOIN member ON member.id IN (a, b) "
                "JOIN film ON film.id = film WHERE question.id = ?",
                (question.id,),
            )
        }
        came_along = {film for (film,) in db.execute("SELECT film FROM film_people WHERE how = 'answered'")}
    assert len(came_along) == 2
    assert {link.member.film for link in lib.links()} == {f"{n}.mp4" for n in "abcd"} - compared
    lib.add(made_film(tmp_path, "e", [[1], [1]], noise=0.1))  # all people are weighed again
    now = {m[0].name for m in lib.person(person.id).members}
    assert {f"{n}.mp4" for n in "abcd"} <= now


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_decided_its_undo_gives_the_questions_of_before(lib, seed):
    rng = np.random.default_rng(seed)
    for _ in range(6):
        before, people = asked(lib), lib.people
        several = [p for p in people if len(p.members) > 1]
        if several and (rng.random() < 0.6 or len(people) < 2):
            person = several[rng.integers(len(several))]
            films = [m[0].name for m in person.members]
            lib.split(person.id, rng.permutation(films)[: rng.integers(1, len(films))].tolist())
        elif before and rng.random() < 0.5:
            lib.answer(before[rng.integers(len(before))][0], str(rng.choice(["same", "different", "unsure"])))
        else:
            lib.merge(*rng.permutation([p.id for p in people])[:2].tolist())
        if rng.random() < 0.4:
            lib.undo()
            assert asked(lib) == before
    after = asked(lib)
    lib.rebuild()
    assert asked(lib) == after


@pytest.mark.parametrize("seed", [0, 1, 5])
def test_decisions_that_are_taken_back_in_any_order_leave_the_questions_of_before(tmp_path, seed):
    lib, rng = Library(tmp_path / "lib"), np.random.default_rng([seed, 2])
    for name in "abcde":  # some look unlike the others, so that a question's probability changes
        lib.add(
            made_film(
                tmp_path, name, [[1], [1]], noise=0.1, older=UNLIKE.get(name, 1.0), age=1000 + ord(name)
            )
        )
    for name in "fg":
        lib.add(made_film(tmp_path, name, [[2, 3], [2], [3]], noise=0.1))
    before = questions_kept(lib)
    for number in rng.permutation([decide_something(lib, rng) for _ in range(4)]).tolist():
        lib.undo(number)
    assert questions_kept(lib) == before
    lib.rebuild()
    assert questions_kept(lib) == before


UNLIKE = {"b": 0.6, "c": 0.6, "d": 0.5}


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.02, 1), st.integers(0, 4), st.integers(5, 9)), unique_by=lambda p: p[1:])
)
def test_those_who_may_be_one_person_share_one_probability(pairs):
    shares = at_most_one(pairs)
    for person in {side for pair in pairs for side in pair[1:]}:
        assert sum(s for s, pair in zip(shares, pairs, strict=True) if person in pair[1:]) < 1 + 1e-9
    for (own, g, h), share in zip(pairs, shares, strict=True):
        others = [p for p in pairs if {g, h} & set(p[1:])]
        assert share < own + 1e-9
        assert len(others) > 1 or share == pytest.approx(own, abs=1e-8)


def test_two_who_both_look_like_somebody_for_sure_are_even():
    assert at_most_one([(1.0, 0, 1), (1.0, 0, 2)]) == pytest.approx([0.5, 0.5])
