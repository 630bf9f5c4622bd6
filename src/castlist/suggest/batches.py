"""A batch of questions on one page: the selection with the largest expected gain for each click.

Each item is shown with its most probable person; one click changes an item, one key confirms all of them. The
selection maximises

    faces expected to be corrected / (1 + items expected to need a click)

which is a fractional programme, solved by taking the items that are worth more than the whole batch.
[Dinkelbach 1967]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAVES", "Batch", "Item", "Lines", "best_of"]

TOO_SURE = 0.02  # probability of a change below which a question is not worth asking
# Probability of another person from which a track is proposed to move: in simulated reviews, of 33 tracks at
# .5 to .6 the other person was right for 42 %, and 21 % stayed; of 23 tracks at .4 to .5, 26 and 39 % (parts
# of track sets, and a film).
LEAVES = 0.5
Labels = NDArray[np.int64]
Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a batch: a track, or the whole person it represents, and its most probable groups."""

    track: int
    whole: bool
    guess: int  # a track of the most probable person, NOISE: a new person
    others: tuple[int, ...]  # a track of each of the next people, likeliest first
    probability: float  # of the guess
    gain: float  # faces expected to be corrected


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions answered together; `gain` is the expected number of corrected faces for each click."""

    items: tuple[Item, ...]
    gain: float
    clicks: float  # expected clicks


class Lines:
    """Candidates for a batch, as columns that grow row by row."""

    def __init__(self, track: Labels, whole: bool) -> None:
        self.track, self.whole = track, whole
        self.shown: list[list[int]] = []  # groups, likeliest first
        self.chance: list[list[float]] = []
        self.stays: list[float] = []  # probability of no change
        self._worth: list[float] = []
        self._gain: list[float] = []
        self._cost: list[float] = []

    def add(self, shown: list[tuple[int, float]], stays: float, worth: float, moves: float) -> None:
        """Add a line.

        Args:
            shown: (group, probability) pairs.
            stays: probability of no change.
            worth: faces.
            moves: probability of a change.
        """
        known = sum(p for _, p in shown)
        self.shown.append([k for k, _ in shown])
        self.chance.append([p for _, p in shown])
        self.stays.append(stays)
        self._worth.append(worth)
        useful = bool(shown) and moves >= TOO_SURE
        self._gain.append(worth * (moves if self.whole else max(0.0, known - stays)) if useful else 0.0)
        best = max(shown[0][1], stays if self.whole else 0.0) if shown else 0.0
        self._cost.append(1 - best)

    def done(self) -> Lines:
        self.gain, self.cost = np.array(self._gain), np.array(self._cost)
        self.current, self.worth = np.array(self.stays), np.array(self._worth)
        return self


def best_of(gain: Table, cost: Table, limit: int) -> Labels:
    """The items with the largest sum of gains divided by one plus the sum of costs.

    Args:
        gain: (n,) expected faces corrected by asking about each item.
        cost: (n,) expected clicks for each item.
        limit: most items of a batch.
    """
    chosen, rate = np.zeros(0, np.int64), 0.0
    for _ in range(20):
        value = gain - rate * cost
        order = np.argsort(-value, kind="stable")[:limit]
        chosen = order[(value[order] > 0) & (gain[order] > 0)]
        better = float(gain[chosen].sum() / (1 + cost[chosen].sum()))
        if better <= rate + 1e-9:
            break
        rate = better
    return np.asarray(chosen, np.int64)
