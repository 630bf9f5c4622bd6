"""Who is unsure, and what a review is expected to take: for page, terminal and report alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.suggest.batches import Lines

__all__ = ["Doubt", "Outlook", "clicks_until_the_end", "doubts_of"]

# What a review takes until nothing is asked any more: least squares over every sheet of 37 simulated reviews
# (six labelled films, the same made small, drawn ones); benchmarks/review_clicks.py says how far it is off.
ONCE = 1.2  # clicks, and for
MISS = 1.4  # each proposal on a sheet that is expected to be wrong; more come with the next sheets,
EACH = 0.35  # each person who is not confirmed,
BACK = 0.3  # each track set aside that is shown beside them, as far as people are not confirmed
UNSURE = 0.2  # probability of being somebody else here, or share of faces expected to be, from which one is


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why somebody is unsure."""

    person: int  # number
    whole: bool  # the person may be somebody who is there already; False: some of the tracks may be
    other: int  # number of whom most likely, 0 for nobody in particular
    probability: float  # of that; of tracks the share of faces that are expected to be

    def sentence(self, called: str) -> str:
        """In words; `called` is what the other person is called."""
        if not self.whole:
            return "some tracks may be somebody else"
        return f"may be {called}" if self.other else "may be somebody who is there already"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is left to be done for a cast."""

    doubts: tuple[Doubt, ...]
    clicks: int  # expected until nothing is asked any more; 0 where nothing is

    def of(self, person: int) -> Doubt | None:
        return next((d for d in self.doubts if d.person == person), None)


def clicks_until_the_end(misses: float, unconfirmed: int, asides: int, people: int) -> int:
    """How many clicks a review is expected to take until nothing is asked any more.

    Args:
        misses: proposals of today's sheets that are expected to be wrong.
        unconfirmed: people who are not confirmed.
        asides: tracks set aside that are shown beside them.
        people: all there are.
    """
    back = BACK * asides * unconfirmed / max(people, 1)
    return round(ONCE + MISS * misses + EACH * unconfirmed + back)


def doubts_of(
    loose: Lines,
    wholes: Lines,
    label: NDArray[np.int64],
    number: NDArray[np.int64],
    worth: NDArray[np.float64],
) -> tuple[Doubt, ...]:
    """Who may be somebody else, and of whom many tracks may be.

    Args:
        loose: single tracks that may be asked about.
        wholes: people that may be.
        label: (t,) the group of each track.
        number: (g,) of the person that each group is.
        worth: (g,) faces of each group.
    """
    found: dict[int, Doubt] = {}
    for track, shown, chance, stays in zip(
        wholes.track.tolist(), wholes.shown, wholes.chance, wholes.stays, strict=True
    ):
        if shown and 1 - stays >= UNSURE:
            person = int(number[label[track]])
            best = int(np.argmax(chance))
            other = int(number[shown[best]]) if chance[best] >= UNSURE else 0
            found[person] = Doubt(person, True, other, 1 - stays)
    wrong = np.zeros(len(number))
    np.add.at(wrong, label[loose.track], loose.worth * (1 - loose.own))
    for k in np.flatnonzero(wrong >= UNSURE * np.maximum(worth, 1e-9)).tolist():
        person = int(number[k])
        found.setdefault(person, Doubt(person, False, 0, float(wrong[k] / worth[k])))
    return tuple(found.values())
