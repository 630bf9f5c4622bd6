"""Two people of a library who may be one, as a further film of one of them shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from castlist.library.compare import Comparison
from castlist.library.harvest import decisions_in
from castlist.library.link import ASK, ASKED, SURE, TOGETHER, Ask, Candidate, Placement, TwoPeople
from castlist.library.log import PairAnswer
from castlist.library.lookup import elder

__all__ = ["FilmSide", "Halves", "Merged"]

Vectors = NDArray[np.float32]
MARGIN = float(np.log(99.0))  # log odds by which one of two look-alikes must be likelier to be linked
BOTH = "looks like two people of the library"
LIKELIEST = 5  # look-alikes who are compared by all films even where this film speaks against them


@dataclass(frozen=True, eq=False, slots=True)
class FilmSide:
    """What the film that is added says of its people."""

    vectors: Mapping[int, Vectors]  # prototypes, without the common part
    sufficient: frozenset[int]  # people who can begin a new person of the library
    person: Mapping[int, str]  # id in the library of those who were linked, or known before
    apart: Mapping[int, frozenset[int]]  # who was seen together with whom, or held apart
    decided: bool  # whether somebody decided anything in this film


@dataclass(frozen=True, slots=True)
class Merged:
    """Two people of the library who are one."""

    into: str  # ids
    gone: str
    probability: float


@dataclass(eq=False, slots=True)
class Halves:
    """People of a library who are one, or may be, by the people of a film who were linked to them."""

    compare: Comparison
    film: FilmSide
    merged: list[Merged] = field(default_factory=list)
    questions: list[Ask] = field(default_factory=list)
    unlinked: list[int] = field(default_factory=list)  # of the film: as alike to one as to another

    def find(self, found: Placement, candidates: Sequence[Candidate]) -> None:
        """Look for them.

        Args:
            found: who was linked to whom.
            candidates: who each person of the film may be.
        """
        for pair in found.halves:
            self._look_alike(pair)
        for number, (linked, _) in found.linked.items():
            if number not in self.unlinked:
                others = [c for c in candidates if c.number == number and c.member != linked.member]
                self._compare_again(str(linked.person), others, self.film.vectors[number])

    def _look_alike(self, pair: TwoPeople) -> None:
        """Two people who both are surely somebody of this film: two halves of one, or look-alikes.

        Where they are like each other as well, they become one; else somebody is asked, and who looks nearly
        as much like the one as like the other is linked to neither.
        """
        first, second = (self._now(person) for person in pair.people)
        if first == second:
            return
        films = [self.compare.member(member) for member in pair.members]
        direct = self.compare.log_odds(films[:1], films[1:])
        excluded = self._together(first, second) or self._held_apart(first, second)
        if direct > 0 and not excluded and self._films_agree(first, second):
            self._merge(first, second, float(1 / (1 + np.exp(-direct))))
            return
        number, vectors = pair.number, self.film.vectors[pair.number]
        odds = [self.compare.log_odds([vectors], [film]) for film in films]
        close = odds[0] - odds[1] < MARGIN and number in self.film.sufficient
        if close and number not in self.unlinked:
            self.unlinked.append(number)
            self.questions.append(Ask(number, pair.members[0], SURE, BOTH))
        self.questions.append(Ask(number, pair.members[1], SURE, BOTH))

    def _compare_again(self, person: str, others: Sequence[Candidate], vectors: Vectors) -> None:
        """Somebody of whom there is a further film now, with those who look alike."""
        films, asked = [*self.compare.films(person), vectors], 0
        for rank, other in enumerate(sorted(others, key=lambda c: (-c.best, c.member))):
            if other.person is None or self._now(other.person) == self._now(person):
                continue
            if rank >= LIKELIEST and float(self.compare.likeness.log_odds(other.best)) <= 0:
                break
            chance = self.compare.probability(self.compare.log_odds(films, self.compare.films(other.person)))
            together = self._together(person, other.person)
            if chance < (SURE if together else ASK) or self._held_apart(person, other.person):
                continue
            if together and self._decided(person, other.person):
                continue
            if chance >= SURE and not together and self._films_agree(person, other.person):
                self._merge(person, other.person, chance)
                films += self.compare.films(other.person)
            elif asked < ASKED:
                self.questions.append(Ask(other.number, other.member, chance, TOGETHER if together else ""))
                asked += 1

    def _merge(self, a: str, b: str, probability: float) -> None:
        into, gone = elder(self.compare.db, self._now(a), self._now(b))
        self.merged.append(Merged(into, gone, probability))

    def _now(self, person: str) -> str:
        """The id under which a person is known after the merges."""
        for merge in self.merged:
            person = merge.into if person == merge.gone else person
        return person

    def _ids(self, person: str) -> list[str]:
        """All ids that lead to a person, those of the merges among them."""
        ids = {person, *(m.gone for m in self.merged), *(m.into for m in self.merged)}
        return sorted(p for p in ids if self._now(p) == self._now(person))

    def _together(self, a: str, b: str) -> bool:
        """Whether a scene shows two people at once, or this film held them apart before."""
        first, second = self._ids(a), self._ids(b)
        apart = self.film.apart
        return any(y in apart.get(x, frozenset()) for x, y in self._pairs_in_film(first, second)) or any(
            _joined(self.compare.db, "together", x, y) for x, y in product(first, second)
        )

    def _decided(self, a: str, b: str) -> bool:
        """Whether somebody decided anything in a film that has both."""
        first, second = self._ids(a), self._ids(b)
        before = (row[2] for row in self._shared_films(first, second))
        return (self.film.decided and any(self._pairs_in_film(first, second))) or any(
            map(decisions_in, before)
        )

    def _shared_films(self, first: list[str], second: list[str]) -> Iterator[tuple[int, int, str]]:
        """Members of two people in the same film of the library, and what the film's workspace held."""
        for pair in product(first, second):
            yield from self.compare.db.execute(_SHARED_FILMS, pair)

    def _held_apart(self, a: str, b: str) -> bool:
        """Whether an answer or two names say that two people are not one."""
        db = self.compare.db
        return any(
            _two_names(db, x, y) or _joined(db, "answer", x, y, f"said <> '{PairAnswer.SAME}'")
            for x, y in product(self._ids(a), self._ids(b))
        )

    def _films_agree(self, a: str, b: str) -> bool:
        """Whether films that show both as two people allow that they are one.

        They do where the two look alike there and, in the films of before, nobody decided anything.
        """
        first, second = self._ids(a), self._ids(b)
        vectors, compare = self.film.vectors, self.compare
        pairs = [
            ([vectors[x]], [vectors[y]])
            for x, y in self._pairs_in_film(first, second)
            if x in vectors and y in vectors
        ]
        for x, y, stamp in self._shared_films(first, second):
            if not stamp or decisions_in(stamp):
                return False
            pairs.append(([compare.member(x)], [compare.member(y)]))
        return all(compare.log_odds(x, y) > 0 for x, y in pairs)

    def _pairs_in_film(self, first: list[str], second: list[str]) -> Iterator[tuple[int, int]]:
        """Of the film that is added, who are one person of the library and who the other."""
        left, right = ([n for n, p in self.film.person.items() if p in ids] for ids in (first, second))
        return product(left, right)


def _two_names(db: sqlite3.Connection, a: str, b: str) -> bool:
    """Whether two people have two names."""
    names = db.execute("SELECT name FROM person WHERE id IN (?, ?) AND name <> ''", (a, b)).fetchall()
    return len({str(name).casefold() for (name,) in names}) > 1


def _joined(db: sqlite3.Connection, table: str, a: str, b: str, extra: str = "1") -> bool:
    """Whether a table of pairs of members has a row about two people."""
    query = (
        f"SELECT 1 FROM {table} JOIN member AS x ON x.id = a JOIN member AS y ON y.id = b"  # noqa: S608
        f" WHERE ((x.person = ? AND y.person = ?) OR (y.person = ? AND x.person = ?)) AND {extra} LIMIT 1"
    )
    return db.execute(query, (a, b, a, b)).fetchone() is not None


_SHARED_FILMS = """
SELECT x.id, y.id, film.stamp FROM member AS x JOIN member AS y ON y.film = x.film
JOIN film ON film.id = x.film WHERE x.person = ? AND y.person = ?
"""
