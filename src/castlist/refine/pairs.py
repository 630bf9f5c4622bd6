"""Pairs of rows labelled as one person or two: the output of a miner and the input of a loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.types import Rows, freeze

__all__ = ["Pairs"]


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """Pairs of rows of one feature matrix, each labelled as one person or two."""

    a: NDArray[np.int64]  # (p,) a row
    b: NDArray[np.int64]  # (p,) another
    same: NDArray[np.bool_]  # (p,) one person (positive) or two (negative)

    def __post_init__(self) -> None:
        freeze(self, a=(np.int64, (None,)), b=(np.int64, (None,)), same=(np.bool_, (None,)))

    @classmethod
    def from_pairs(cls, positive: NDArray[np.int64], negative: NDArray[np.int64]) -> Pairs:
        """Positive (p, 2) and negative (q, 2) pairs as one table, positives first."""
        pairs = np.concatenate([positive, negative])
        return cls(pairs[:, 0], pairs[:, 1], np.arange(len(pairs)) < len(positive))

    def __len__(self) -> int:
        return len(self.a)

    def __getitem__(self, rows: Rows) -> Pairs:
        return Pairs(self.a[rows], self.b[rows], self.same[rows])
