"""Pairs of people who may be one person, page by page.

The first pairs are open questions, those first whose answers are expected to correct most. The next pairs are
each a person of a single film, without a decision, and the most similar person of several films: a person who
was left out of one film is among these, however different the face looks there. This module reads the
catalogue and makes the events of an answer; it writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.library import views
from castlist.library.film_members import (
    Events,
    FilmMember,
    film_members,
    mean_scores,
    named_member,
    settled,
    typical,
)
from castlist.library.log import MERGED_BY_ANSWER, EventKind, PairAnswer
from castlist.library.lookup import eldest, shown_person
from castlist.library.recurring import groups_of, likeness
from castlist.library.schema import Db
from castlist.library.scope import decided_films
from castlist.types import Json

__all__ = ["PersonPair", "judged_events", "pairs"]

SHOWN = 3  # films of the person with more films, at most
LOOKED_AT = 1000  # people of one film, and of several, compared at most: those with most time on screen
# Of the people of one film without a question, the share who are the most similar person of several films: 2
# of 139 in four drawn seasons.
LEFT_OUT = 0.01


@dataclass(frozen=True, slots=True)
class PersonPair:
    """Two people of a library who may be the same person."""

    person: str  # id of the person with more films
    name: str
    members: tuple[FilmMember, ...]  # that person in at most SHOWN films, the compared one first
    other: str  # id
    other_name: str
    member: FilmMember  # the other person, in the compared film
    probability: float | None  # that the two are one person; None where castlist asks no question
    gain: float  # seconds of screen time that the answer is expected to correct

    def document(self) -> dict[str, Json]:
        """The pair as plain values."""
        return {
            "person": self.person, "name": self.name,
            "compared": [f"{m.film}:{m.key}" for m in (self.members[0], self.member)],
            "other": self.other, "other_name": self.other_name,
            "probability": None if self.probability is None else round(self.probability, 4),
            "gain": round(self.gain, 3),
        }  # fmt: skip


class _Pair(NamedTuple):
    """A pair before its films are looked up."""

    person: str
    name: str
    compared: int | None  # row of the film-person; None for the most typical one
    other: str
    other_name: str
    member: int  # row
    probability: float | None
    gain: float


def pairs(db: Db, library: Path, limit: int | None) -> tuple[int, list[PersonPair]]:
    """The number of pairs to check, and the first ones; those of one person follow each other.

    Args:
        limit: pairs to return, at most; None for all.
    """
    asked = [
        _Pair(q.b, q.b_name, q.b_member, q.a, q.a_name, q.a_member, q.probability, q.gain)
        for q in views.questions(db, library)
    ]
    found = [*asked, *_left_out(db, {frozenset((p.person, p.other)) for p in asked})]
    chosen = found[:limit]
    first: dict[str, _Pair] = {}  # the first pair of each person
    for pair in chosen:
        first.setdefault(pair.person, pair)
    order, known = [*first], settled(db)
    shown = {person: _films(db, person, pair.compared, known) for person, pair in first.items()}
    chosen.sort(key=lambda pair: order.index(pair.person))
    return len(found), [
        PersonPair(
            pair.person, pair.name, shown[pair.person], pair.other, pair.other_name,
            next(m for m in film_members(db, pair.other) if m.id == pair.member), pair.probability, pair.gain,
        )
        for pair in chosen
    ]  # fmt: skip


def _films(db: Db, person: str, compared: int | None, known: Set[int]) -> tuple[FilmMember, ...]:
    """A person in at most SHOWN films: the compared one, then the most typical ones."""
    members = film_members(db, person)
    order = typical(members, mean_scores(db, members), known)
    return tuple(sorted(order, key=lambda m: m.id != compared)[:SHOWN])


class _Person(NamedTuple):
    """A person of the library."""

    person: str
    name: str
    films: int
    seconds: float
    member: int  # row of the first film-person
    film: int  # row of its film


_PEOPLE = """
SELECT person.id, person.name, count(DISTINCT film) AS films, sum(seconds) AS total, min(member.id), min(film)
FROM member JOIN person ON person.id = person GROUP BY person.id HAVING (films > 1) = ?
ORDER BY total DESC, person.id LIMIT ?
"""


def _left_out(db: Db, asked: set[frozenset[str]]) -> list[_Pair]:
    """People of one film, each with the most similar person of several films, the most similar first.

    Without pairs that a user compared, and without pairs of open questions.
    """
    alone, several = ([_Person(*row) for row in db.execute(_PEOPLE, (n, LOOKED_AT))] for n in (0, 1))
    if not alone or not several:
        return []
    alike = likeness(db, [p.person for p in several + alone])[len(several) :, : len(several)]
    alike[_two(db, alone, several)] = -1
    known = asked | _people_pairs(db, _COMPARED, alone)
    best = alike.argmax(1).tolist()
    most = alike.max(1)
    found = []
    for i in np.argsort(-most, kind="stable").tolist():
        single, other = alone[i], several[best[i]]
        if most[i] > -1 and frozenset((single.person, other.person)) not in known:
            gain = LEFT_OUT * views.joined_seconds(single.seconds, other.seconds)
            names = [shown_person(p.person, p.name) for p in (other, single)]
            found.append(
                _Pair(other.person, names[0], None, single.person, names[1], single.member, None, gain)
            )
    return found


def _two(db: Db, alone: Sequence[_Person], several: Sequence[_Person]) -> NDArray[np.bool_]:
    """(n, m) whether two people certainly differ: by names, co-occurrence, or a reviewed film of both."""
    first, second = (np.array([p.name.casefold() for p in people]) for people in (alone, several))
    two: NDArray[np.bool_] = (first[:, None] != "") & (second != "") & (first[:, None] != second)
    row, column = ({p.person: i for i, p in enumerate(people)} for people in (alone, several))
    for a, b in _people_pairs(db, _BESIDE, alone):
        for person, other in ((a, b), (b, a)):
            if person in row and other in column:
                two[row[person], column[other]] = True
    film = np.array([p.film for p in alone])
    reviewed = json.dumps(sorted(decided_films(db, set(film.tolist()))))
    for person, shown in db.execute(_REVIEWED, (json.dumps([*column]), reviewed)):
        two[film == shown, column[person]] = True
    return two


def _people_pairs(db: Db, query: str, people: Sequence[_Person]) -> set[frozenset[str]]:
    """Pairs of people, the first of each pair among the given ones."""
    return set(map(frozenset, db.execute(query, (json.dumps([p.person for p in people]),))))


_COMPARED = """
SELECT x.person, y.person
FROM (SELECT a, b FROM answer UNION SELECT b, a FROM answer) AS pair
JOIN member AS x ON x.id = pair.a JOIN member AS y ON y.id = pair.b
WHERE x.person IN (SELECT value FROM json_each(?)) AND y.person <> x.person
"""
_BESIDE = _COMPARED.replace("answer", "together")
_REVIEWED = """
SELECT person, film FROM member
WHERE person IN (SELECT value FROM json_each(?)) AND film IN (SELECT value FROM json_each(?))
"""


def judged_events(db: Db, same: Sequence[tuple[str, str]], different: Sequence[tuple[str, str]]) -> Events:
    """The events to log for pairs of film-people that are one person, or two.

    A pair that is given as different, while other pairs make it one person, is left out: marked faces count,
    not those that a user passed over.

    Args:
        same: pairs of film-people as `named_member` takes them.
        different: the same form as `same`.

    Raises:
        InputError: no film-person fits, or several do, a different pair is one person now, or there are no
            pairs.
    """
    found = {words: named_member(db, words) for pair in (*same, *different) for words in pair}
    groups = groups_of([(found[a][0], found[b][0]) for a, b in same if found[a][0] != found[b][0]])
    into = {person: eldest(db, group) for group in groups for person in group}
    events: Events = []
    for reply, given in ((PairAnswer.SAME, same), (PairAnswer.DIFFERENT, different)):
        for a, b in given:
            (first, own), (second, other) = found[a], found[b]
            if first == second and (own == other or reply == PairAnswer.DIFFERENT):
                raise InputError(f"{a} and {b} are one person now; look at the pairs again")
            if reply == PairAnswer.SAME or into.get(first, first) != into.get(second, second):
                sides = [[m.digest, m.key] for m in (own, other)]
                events.append((EventKind.ANSWER, {"a": sides[0], "b": sides[1], "said": reply}))
    if not events:
        raise InputError("name pairs who are the same person, or different people")
    for gone, stays in into.items():
        if gone != stays:
            events.append((EventKind.MERGE, {"into": stays, "gone": gone, "by": MERGED_BY_ANSWER}))
    return events
