"""Links between films without a confirmation: pages of those with the least similar faces.

A wrong link is hard to notice: no question is asked about it. On such a page a user checks many links at
once, marks the wrong ones, and confirms the others. This module reads the catalogue and makes the events of
an answer; it writes nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from math import isfinite

from castlist.library.film_members import (
    Events,
    FilmMember,
    confirmed,
    film_members,
    mean_scores,
    named_member,
    parted_off,
    settled,
    typical,
)
from castlist.library.lookup import shown_person
from castlist.library.schema import Db
from castlist.types import Json

__all__ = ["PAGE", "FilmLink", "confirm_events", "count_links", "links"]

PAGE = 24  # links that are checked together: their faces fill a screen
# Expected share of wrong links. 12 of 372 are wrong (halves of twelve clips, five drawn seasons), most among
# the 24 least alike: with .03, later pages come before useful questions.
WRONG = 0.01
REFERENCES = 3  # other films of the same person that are shown beside a link, at most
WEIGHED = 1000  # people whose links are compared, at most: those linked with least certainty


@dataclass(frozen=True, slots=True)
class FilmLink:
    """A film-person that castlist linked to a person of a library, without a user's confirmation."""

    person: str  # id
    name: str
    member: FilmMember
    others: tuple[FilmMember, ...]  # the person in at most REFERENCES other films, the most typical first
    likeness: float  # mean cosine of its mean face with those in other films, -1 to 1; inf if unknown

    @property
    def gain(self) -> float:
        """Seconds of screen time expected to be wrong."""
        return WRONG * self.member.seconds

    def document(self) -> dict[str, Json]:
        """The link as plain values."""
        return {
            "person": self.person, "name": self.name, "film": self.member.film, "path": self.member.path,
            "key": self.member.key,
            "likeness": round(self.likeness, 4) if isfinite(self.likeness) else None,
            "gain": round(self.gain, 3),
            "others": [f"{m.film}:{m.key}" for m in self.others],
        }  # fmt: skip


def links(db: Db, limit: int | None) -> tuple[int, list[FilmLink]]:
    """The number of open links, and the least similar ones; those of one person follow each other.

    For a person without any confirmed film, the most typical film is no open link: the others are compared
    with it.

    Args:
        limit: links to return, at most; None for all links of WEIGHED people.
    """
    known = settled(db)
    found: list[FilmLink] = []
    for person, name in db.execute(_PEOPLE, (json.dumps([*known]), WEIGHED)).fetchall():
        found += _links_of(db, person, shown_person(person, name), known)
    found.sort(key=lambda link: (link.likeness, link.person, link.member.id))
    chosen = found if limit is None else found[:limit]
    first = {link.person: i for i, link in reversed([*enumerate(chosen)])}
    return _count(db, known), sorted(chosen, key=lambda link: first[link.person])


# People with open links: their number, and the lowest probability of a link when it was made.
_OPEN = """
WITH open AS (
    SELECT person, min(coalesce(probability, 1)) AS least,
           count(*) - max(1, sum(id IN (SELECT value FROM json_each(?)))) AS links
    FROM member WHERE person IS NOT NULL GROUP BY person HAVING links > 0
)
"""
_PEOPLE = f"""
{_OPEN} SELECT open.person, name FROM open JOIN person ON person.id = open.person
ORDER BY least, open.person LIMIT ?
"""  # noqa: S608


def _links_of(db: Db, person: str, name: str, known: Set[int]) -> list[FilmLink]:
    """The open links of a person."""
    members = film_members(db, person)
    mean = mean_scores(db, members)
    order = typical(members, mean, known)
    likeness = dict(zip((m.id for m in members), mean.tolist(), strict=True))
    open_ones = [m for m in members if m.id not in known and m != order[0]]
    return [FilmLink(person, name, m, _others(order, m), likeness[m.id]) for m in open_ones]


def _others(order: Sequence[FilmMember], member: FilmMember) -> tuple[FilmMember, ...]:
    return tuple(other for other in order[: REFERENCES + 1] if other.id != member.id)[:REFERENCES]


def count_links(db: Db) -> int:
    """The number of open links."""
    return _count(db, settled(db))


def _count(db: Db, known: Set[int]) -> int:
    query = f"{_OPEN} SELECT coalesce(sum(links), 0) FROM open"  # noqa: S608
    return int(db.execute(query, (json.dumps([*known]),)).fetchone()[0])


def confirm_events(db: Db, right: Sequence[str], wrong: Sequence[str]) -> Events:
    """The events to log for links that a user found right or wrong.

    Args:
        right: film-people, each as `film:key`, who are the same as the rest of their person; a film by its
            name, the end of its path, or its digest.
        wrong: film-people who are another person. If all film-people of a person are wrong, the one with most
            time on screen keeps the id.

    Raises:
        InputError: no film-person fits, or several do, one is right and wrong, or has no person.
    """
    stay, go, known = _by_person(db, right), _by_person(db, wrong), settled(db)
    taken_out: Events = []
    agreed: Events = []
    for person in dict.fromkeys([*go, *stay]):
        members, parted = film_members(db, person), go.get(person, [])
        if len(parted) == len(members):
            parted.remove(max(members, key=lambda m: (m.seconds, -m.id)))
        taken_out += parted_off(db, person, members, parted)
        agreed += confirmed(db, members, parted, stay.get(person, []), known)
    return taken_out + agreed


def _by_person(db: Db, given: Sequence[str]) -> dict[str, list[FilmMember]]:
    """The film-people that a user names, by the id of their person."""
    found: dict[str, list[FilmMember]] = defaultdict(list)
    for words in dict.fromkeys(given):
        person, member = named_member(db, words)
        if member not in found[person]:
            found[person].append(member)
    return found
