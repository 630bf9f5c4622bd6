"""Log odds from beside the face, summed over groups of tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.vectors import group_sums

__all__ = ["Hints"]


@dataclass(frozen=True, eq=False, slots=True)
class Hints:
    """What else is known of pairs of groups: the sum of log odds over pairs of tracks, and their number.

    Of two groups the mean over their pairs counts, not the sum: clothes that are alike in one pair of a
    scene are alike in all of its pairs, and say the same again.
    """

    total: NDArray[np.float32]  # (g, g)
    count: NDArray[np.float32]  # (g, g) pairs that something is known of

    @classmethod
    def from_odds(cls, odds: NDArray[np.float32], tracks: int) -> Self:
        """The hints of single tracks, from log odds (t, t), NaN where nothing is known.

        Raises:
            InputError: the matrix is not of so many tracks, at least, or is not symmetric.
        """
        if odds.ndim != 2 or odds.shape[0] != odds.shape[1] or len(odds) < tracks:
            raise InputError(f"hints must be of shape ({tracks}, {tracks}), got {odds.shape}")
        if not np.allclose(odds, odds.T, equal_nan=True, atol=1e-4):
            raise InputError("hints must be symmetric: the log odds of (a, b) are those of (b, a)")
        known = ~np.isnan(odds)
        np.fill_diagonal(known, False)
        return cls(np.where(known, odds, 0).astype(np.float32), known.astype(np.float32))

    def __getitem__(self, rows: NDArray[np.int64]) -> Hints:
        place = np.ix_(rows, rows)
        return Hints(self.total[place], self.count[place])

    def grouped(self, label: NDArray[np.int64]) -> Hints:
        """The hints of groups, `label` (t,) being 0, 1, ...; nothing within a group counts."""
        g = int(label.max(initial=-1)) + 1
        total, count = (
            group_sums(group_sums(table, label, g).T, label, g) for table in (self.total, self.count)
        )
        return Hints(total, count)

    def mean(self, a: int) -> NDArray[np.float64]:
        """(g,) log odds of group a with each other one; 0 where nothing is known."""
        return np.asarray(self.total[a] / np.maximum(self.count[a], 1), np.float64)

    def between(
        self, rows: NDArray[np.int64], label: NDArray[np.int64], people: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """(r, p) log odds of some tracks with people, `label` (t,) naming those; 0 where nothing is known."""
        member = (label[:, None] == people[None, :]).astype(np.float32)
        known = self.count[np.ix_(rows, np.arange(len(label)))] @ member
        total = self.total[np.ix_(rows, np.arange(len(label)))] @ member
        return np.asarray(total / np.maximum(known, 1), np.float64)

    def join(self, a: int, b: int) -> None:
        """Group b becomes part of group a."""
        for table in (self.total, self.count):
            table[a] += table[b]
            table[:, a] += table[:, b]
            table[b], table[:, b] = 0.0, 0.0
