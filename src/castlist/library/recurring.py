"""People of several films side by side, to find a person who is in the library twice.

A person with other hair, a beard or a mask may look so different that castlist asks no question: the person
is two people in the library, and only a comparison of all who recur shows it. This module reads the catalogue
and makes the events of an answer; it writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.library.film_members import Events, FilmMember, film_members, mean_scores, settled, typical
from castlist.library.log import EventKind
from castlist.library.lookup import eldest, shown_person
from castlist.library.member_vectors import means_of
from castlist.library.schema import Db
from castlist.types import Json
from castlist.vectors import unit

__all__ = [
    "SIDE_BY_SIDE",
    "RecurringPerson",
    "compared_events",
    "count_recurring",
    "groups_of",
    "likeness",
    "recurring",
]

SIDE_BY_SIDE = 24  # people who are compared at once: their faces fill a screen
SHOWN = 4  # films of each person, at most
LOOKED_AT = 1000  # people of a large library who are compared, at most: those with most time on screen
# Expected share of the seconds of a person of several films that are under another id as well: in four drawn
# seasons one of 48 people was there twice, each time with about half of the films.
TWICE = 0.01


@dataclass(frozen=True, slots=True)
class RecurringPerson:
    """A person of several films."""

    id: str
    name: str
    members: tuple[FilmMember, ...]  # in at most SHOWN films: the most typical, then the least similar
    films: int
    seconds: float  # on screen, of all films
    asked: bool  # whether to be compared with the others; False for a person that others are compared with

    @property
    def gain(self) -> float:
        """Seconds of screen time expected to be under another id as well."""
        return TWICE * self.seconds if self.asked else 0.0

    def document(self) -> dict[str, Json]:
        """The person as plain values."""
        return {
            "id": self.id, "name": self.name, "films": self.films, "seconds": round(self.seconds, 3),
            "asked": self.asked, "shown": [f"{m.film}:{m.key}" for m in self.members],
        }  # fmt: skip


_RECURRING = """
WITH recurring AS (
    SELECT person, count(DISTINCT film) AS films, sum(seconds) AS seconds,
           max(compared.member IS NOT NULL) AS known
    FROM member LEFT JOIN compared ON compared.member = member.id
    WHERE person IS NOT NULL GROUP BY person HAVING films > 1
)
"""
_PEOPLE = f"""
{_RECURRING} SELECT person.id, name, films, seconds, known FROM recurring JOIN person ON person.id = person
ORDER BY known, seconds DESC, person.id LIMIT ?
"""  # noqa: S608


def count_recurring(db: Db) -> int:
    """The number of people of several films that no user compared with the others."""
    query = f"{_RECURRING} SELECT count(*) FROM recurring WHERE NOT known"  # noqa: S608
    return int(db.execute(query).fetchone()[0])


def recurring(db: Db, limit: int = SIDE_BY_SIDE) -> list[RecurringPerson]:
    """The people of several films that no user compared, and others; similar people follow each other.

    Of more than `limit` people, half of those returned are not compared yet (those with most time on screen),
    the others look most like them. None where all were compared, or only one person recurs.
    """
    rows = db.execute(_PEOPLE, (LOOKED_AT,)).fetchall()
    if len(rows) < 2 or rows[0][4] or limit < 1:
        return []
    alike = likeness(db, [row[0] for row in rows])
    asked, chosen = _chosen([bool(row[4]) for row in rows], alike, limit)
    known = settled(db)
    return [_shown(db, rows[i], i in asked, known) for i in _chain(chosen, alike)]


def _chosen(
    compared: Sequence[bool], alike: NDArray[np.float32], limit: int
) -> tuple[set[int], Sequence[int]]:
    """Rows of the people who are asked about, and of all who are shown."""
    new = [i for i, known in enumerate(compared) if not known]
    if len(compared) <= limit:
        return set(new), range(len(compared))
    first = new[: max(1, limit // 2)]
    most = alike[:, first].max(1)
    most[first] = np.inf
    return set(first), sorted(int(i) for i in np.argsort(-most, kind="stable")[:limit])


def _chain(chosen: Sequence[int], alike: NDArray[np.float32]) -> list[int]:
    """An order in which the most similar of the remaining rows follows each row."""
    order, left = [chosen[0]], [*chosen[1:]]
    while left:
        following = max(left, key=lambda i: (alike[order[-1], i], -i))
        left.remove(following)
        order.append(following)
    return order


def likeness(db: Db, people: Sequence[str]) -> NDArray[np.float32]:
    """(n, n) cosines of people's mean faces; -1 where none is known or the models differ."""
    alike = np.full((len(people), len(people)), -1, np.float32)
    row_of = {person: i for i, person in enumerate(people)}
    owner = {
        member: row_of[person]
        for member, person in db.execute(
            "SELECT id, person FROM member WHERE person IN (SELECT value FROM json_each(?))",
            (json.dumps([*people]),),
        )
    }
    for (model,) in db.execute("SELECT DISTINCT model FROM vectors ORDER BY model").fetchall():
        rows, means = means_of(db, model, [*owner])
        owner_row = np.array([owner[member] for member in rows.tolist()], np.int64)
        total = np.zeros((len(people), means.shape[1]), np.float32)
        np.add.at(total, owner_row, means)
        owners = np.unique(owner_row)
        mean = unit(total[owners])
        alike[np.ix_(owners, owners)] = np.maximum(alike[np.ix_(owners, owners)], mean @ mean.T)
    return alike


def _shown(db: Db, row: tuple[str, str, int, float, int], asked: bool, known: Set[int]) -> RecurringPerson:
    person, name, films, seconds, _ = row
    members = film_members(db, person)
    first, *rest = typical(members, mean_scores(db, members), known)
    shown = (first, *rest[:-SHOWN:-1])
    return RecurringPerson(person, shown_person(person, name), shown, films, seconds, asked)


def compared_events(db: Db, people: Sequence[str], same: Sequence[Sequence[str]]) -> Events:
    """The events to log after a user compared people side by side.

    Args:
        people: ids of the people who were compared.
        same: groups of ids, each one person; the id of a person with a name stays, or else the eldest id.

    Raises:
        InputError: a person is in two groups, a group has one person, or no person was compared.
    """
    every = [person for group in same for person in group]
    if any(len(set(group)) < 2 for group in same):
        raise InputError("name two or more people who are the same person")
    if len(set(every)) < len(every):
        raise InputError("a person is named twice; name all ids of one person together")
    into: dict[str, str] = {}
    for group in same:
        into |= dict.fromkeys(group, eldest(db, group))
    events: Events = [
        (EventKind.MERGE, {"into": stays, "gone": gone}) for gone, stays in into.items() if gone != stays
    ]
    looked_at = [_place(db, person) for person in dict.fromkeys([*people, *every])]
    if not looked_at:
        raise InputError("no people were compared; name two or more")
    return [*events, (EventKind.COMPARED, {"members": looked_at})]


def _place(db: Db, person: str) -> list[str]:
    """The digest and key of the film-person that records that a person was compared: the first one."""
    first = film_members(db, person)[0]
    return [first.digest, first.key]


def groups_of(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Groups of people, joined from pairs that are the same person."""
    group: dict[str, list[str]] = {}
    for a, b in pairs:
        joined = [*dict.fromkeys([*group.get(a, [a]), *group.get(b, [b])])]
        group |= dict.fromkeys(joined, joined)
    return [list(g) for g in {id(g): g for g in group.values()}.values()]
