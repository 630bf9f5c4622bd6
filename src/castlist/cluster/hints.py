"""Log odds from cues other than the face, summed over groups of tracks."""

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
    """For each pair of groups, the sum of log odds over their pairs of tracks, and the number of these pairs.

    Groups are compared by the mean over their pairs, not by the sum: clothes that match in one pair of
    tracks of a scene match in all its pairs, so the pairs are not independent evidence.
    """

    total: NDArray[np.float32]  # (g, g)
    count: NDArray[np.float32]  # (g, g) number of pairs of tracks with known log odds

    @classmethod
    def from_odds(cls, odds: NDArray[np.float32], tracks: int, rows: NDArray[np.int64] | None = None) -> Self:
        """The hints of single tracks, from log odds (t, t), NaN where unknown.

        Args:
            rows: (r,) the tracks to take; None for all.

        Raises:
            InputError: the matrix has fewer rows than `tracks`, holds infinite values, or is not symmetric.
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
        """The hints of groups; `label` (t,) is the group of each track, 0, 1, ...."""
        g = int(label.max(initial=-1)) + 1
        total, count = (
            group_sums(group_sums(table, label, g).T, label, g) for table in (self.total, self.count)
        )
        return Hints(total, count)

    def mean(self, a: int) -> NDArray[np.float64]:
        """(g,) mean log odds of group a with each other group; 0 where unknown."""
        return np.asarray(self.total[a] / np.maximum(self.count[a], 1), np.float64)

    def between(
        self, rows: NDArray[np.int64], label: NDArray[np.int64], people: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """(r, p) mean log odds of tracks with people; 0 where unknown.

        Args:
            rows: (r,) tracks.
            label: (t,) person of each track.
            people: (p,) the people, as numbered in `label`.
        """
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
    """Whether a matrix (t, t) is symmetric; compared in blocks, as it is large."""
    return all(
        np.allclose(odds[at : at + BLOCK], odds[:, at : at + BLOCK].T, equal_nan=True, atol=1e-4)
        for at in range(0, len(odds), BLOCK)
    )
