"""Log odds from beside the face, summed over groups of tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.vectors import group_sums, shaped

__all__ = ["Hints"]

BLOCK = 256  # rows that are compared at once


@dataclass(frozen=True, eq=False, slots=True)
class Hints:
    """What else is known of pairs of groups: the sum of log odds over pairs of tracks, and their number.

    Of two groups the mean over their pairs counts, not the sum: clothes that are alike in one pair of a
    scene are alike in all of its pairs, and say the same again.
    """

    total: NDArray[np.float32]  # (g, g)
    count: NDArray[np.float32]  # (g, g) pairs that something is known of

    @classmethod
    def from_odds(cls, odds: NDArray[np.float32], tracks: int, rows: NDArray[np.int64] | None = None) -> Self:
        """The hints of single tracks, from log odds (t, t), NaN where nothing is known.

        Args:
            rows: (r,) the tracks that they are for; None for all.

        Raises:
            InputError: the matrix is of fewer tracks, holds infinite values, or is not symmetric.
        """
        odds = shaped(odds, np.float32, ("t", "t"), "hints", missing=True)
        if odds.shape[0] != odds.shape[1] or len(odds) < tracks:
            raise InputError(f"hints must be of shape ({tracks}, {tracks}), got {odds.shape}")
        if not _symmetric(odds):
            raise InputError("hints must be symmetric: the log odds of (a, b) are those of (b, a)")
        total = np.array(odds if rows is None else odds[np.ix_(rows, rows)], np.float32)
        known = ~np.isnan(total)
        np.fill_diagonal(known, False)
        total[~known] = 0
        return cls(total, known.astype(np.float32))

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


def _symmetric(odds: NDArray[np.float32]) -> bool:
    """Whether log odds (t, t) of two tracks are the same in both orders; in blocks, as the table is large."""
    return all(
        np.allclose(odds[at : at + BLOCK], odds[:, at : at + BLOCK].T, equal_nan=True, atol=1e-4)
        for at in range(0, len(odds), BLOCK)
    )
