"""Must-links and cannot-links for a tree: checked, closed transitively, mapped to groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError
from castlist.vectors import real_array

__all__ = ["cannot_table", "check_pairs", "must_groups"]


def check_pairs(pairs: ArrayLike | None, n: int, name: str) -> NDArray[np.int64]:
    """(q, 2) pairs of different points among n.

    Raises:
        InputError: a pair names a point outside 0 to n - 1, or one point twice; the message has the argument.
    """
    table = real_array(() if pairs is None else pairs, name)
    table = table.reshape(-1, 2) if table.size == 0 else table
    if table.ndim != 2 or table.shape[1] != 2 or (table.size and table.dtype.kind not in "iu"):
        raise InputError(f"{name} must be pairs of indices of shape (q, 2), got shape {table.shape}")
    found: NDArray[np.int64] = table.astype(np.int64)
    if len(found) and not (found.min() >= 0 and found.max() < n):
        raise InputError(f"{name} names a point outside 0 to {n - 1}; check its indices")
    if np.any(found[:, 0] == found[:, 1]):
        raise InputError(f"{name} pairs a point with itself; remove such pairs")
    return found


def must_groups(
    n: int, must: NDArray[np.int64], cannot: NDArray[np.int64], *, of: str = "points"
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n,) the group of each point under must-links and their chains, and (q, 2) cannot-linked groups.

    Groups are numbered by first appearance; the pairs are ordered (smaller first) and without repeats.

    Args:
        of: the noun for the points in an error message, as "tracks".

    Raises:
        InputError: two points are must-linked (by a chain, too) and cannot-linked; the message names both.
    """
    group = np.arange(n)
    if len(must):
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        graph = coo_matrix((np.ones(len(must)), (must[:, 0], must[:, 1])), shape=(n, n))
        part = connected_components(graph, directed=False)[1]
        _, first, inverse = np.unique(part, return_index=True, return_inverse=True)
        group = np.argsort(np.argsort(first))[inverse]
    pairs = group[cannot]
    clash = np.flatnonzero(pairs[:, 0] == pairs[:, 1])
    if len(clash):
        a, b = cannot[clash[0]]
        raise InputError(f"{of} {a} and {b} are must-linked and cannot-linked at once; undo one of the links")
    return group, np.unique(np.sort(pairs, axis=1), axis=0) if len(pairs) else pairs


def cannot_table(
    cannot: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """(r, c) whether a track of a row is cannot-linked with a track of a column.

    Args:
        cannot: (q, 2) tracks.
        row: (t,) the row of each track, less than 0 for none; `column` likewise.
        shape: (r, c).
    """
    table = np.zeros(shape, np.bool_)
    directed = np.concatenate([cannot, cannot[:, ::-1]])
    r, c = row[directed[:, 0]], column[directed[:, 1]]
    known = (r >= 0) & (c >= 0)
    table[r[known], c[known]] = True
    return table
