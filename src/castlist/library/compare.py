"""How the people of a library are compared while a film is added: by all their films, not by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from castlist.library.score import CommonPart, ScoreOdds, pair_score, posterior
from castlist.library.shelf import members_of, vectors_of

__all__ = ["Comparison"]

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """How sets of prototypes are compared in a library while one film is added."""

    db: sqlite3.Connection
    model: str
    film: int | None  # the row of the film that is added, where it was there before: left out
    common: CommonPart
    likeness: ScoreOdds
    people: int  # of the library
    _films: dict[str, list[Vectors]] = field(default_factory=dict, repr=False)

    def films(self, person: str) -> list[Vectors]:
        """A person's prototypes in each of a number of films of the library, without the common part."""
        if person not in self._films:
            found = members_of(self.db, self.model, person, self.film)
            self._films[person] = [self.common.without(v) for v in found]
        return self._films[person]

    def member(self, member: int) -> Vectors:
        """The prototypes of a member of the library, without the common part."""
        return self.common.without(vectors_of(self.db, member))

    def scores(self, a: Sequence[Vectors], b: Sequence[Vectors]) -> NDArray[np.float64]:
        """(m, n) scores of two people's films with each other."""
        return np.array([[pair_score(x, y) for y in b] for x in a], np.float64).reshape(len(a), len(b))

    def log_odds(self, a: Sequence[Vectors], b: Sequence[Vectors]) -> float:
        """Evidence that two people are one, by all their films, natural; 0 where there is none."""
        a, b = [v for v in a if len(v)], [v for v in b if len(v)]
        return self.likeness.log_odds_of(self.scores(a, b)) if a and b else 0.0

    def probability(self, log_odds: float) -> float:
        """The probability that goes with evidence, among all people of the library."""
        return float(posterior(log_odds, self.people))
