"""Duplicates: points with equal vectors, possibly thousands, which a tree joins first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["duplicate_pairs"]

PIECE = 500_000  # numbers compared at a time
Index = NDArray[np.int64]


def duplicate_pairs(points: NDArray[np.floating], cannot: Index) -> Index:
    """(m, 2) pairs of points that are equal bit for bit; points with a cannot-link (q, 2) are left out.

    Rows are sorted by a hash of their bits, and neighbours of equal hash are compared.
    """
    free = np.ones(len(points), np.bool_)
    free[cannot] = False
    rows = np.flatnonzero(free)
    key = _keys(points)[rows]
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    near = np.flatnonzero(key[1:] == key[:-1])
    equal = np.zeros(len(near), np.bool_)
    step = max(1, PIECE // max(points.shape[1], 1))
    for start in range(0, len(near), step):
        some = near[start : start + step]
        equal[start : start + step] = (points[rows[some]] == points[rows[some + 1]]).all(axis=1)
    return np.stack([rows[near[equal]], rows[near[equal] + 1]], axis=1)


def _keys(points: NDArray[np.floating]) -> NDArray[np.uint64]:
    """(n,) hash of each row's bits."""
    width = points.dtype.itemsize
    factor = np.random.default_rng(0).integers(1, 2**63, points.shape[1], np.uint64) | np.uint64(1)
    key = np.zeros(len(points), np.uint64)
    step = max(1, PIECE // max(points.shape[1], 1))
    for start in range(0, len(points), step):
        bits = np.ascontiguousarray(points[start : start + step]).view(f"u{width}").astype(np.uint64)
        bits ^= bits >> np.uint64(29)
        bits *= factor
        key[start : start + step] = bits.sum(axis=1, dtype=np.uint64)
    return key
