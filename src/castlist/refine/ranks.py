"""Nearest and farthest rows within a random subset of rows (a draw), by Euclidean distance.

The distances do not change while a network trains; only the subset does. `Direct` computes the distances of
each draw again, b * b products of d numbers. `RankLists` computes all distances once, keeps for each row the
nearest and the farthest rows, and answers a draw by the first of these that was drawn: the same pairs, at a
cost that hardly depends on d. `ranks` takes the cheaper of both.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from castlist.refine.device import at_most

__all__ = ["Direct", "Extremes", "RankLists", "Ranks", "ranks"]

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

BLOCK = 1024  # rows of a block of the full product: 4 MB of distances, which fit into a processor's cache
SAMPLE = 2048  # rows from which a list's reach is estimated
WIDTH = 256  # most entries of a list
MEETINGS = 13  # entries of a list that are in a draw, on average
LOOK = 32  # entries of a list that are searched together


class Extremes(NamedTuple):
    """For each drawn row, the nearest and the farthest other drawn row, with squared distances."""

    near: Rows  # (b,) row of the nearest
    near_squared: Floats  # (b,)
    far: Rows  # (b,) row of the farthest
    far_squared: Floats  # (b,)


class Ranks(Protocol):
    """Finds the extremes of a draw, rows (b,) with repeats: a row drawn twice is its own nearest."""

    def __call__(self, drawn: Rows) -> Extremes: ...


def ranks(x: Floats, *, subset: int, draws: int, threads: int = 1) -> Ranks:
    """The cheaper algorithm for `draws` draws of `subset` rows of x (n, d)."""
    return RankLists(x, subset, threads) if draws * subset**2 > 2 * len(x) ** 2 else Direct(x)


class Direct:
    """Compute all distances of each draw, in one product."""

    def __init__(self, x: Floats) -> None:
        self.x: Floats = x - x.mean(0)  # keeps the distances, with smaller rounding errors
        self.square = np.einsum("ij,ij->i", self.x, self.x)

    def __call__(self, drawn: Rows) -> Extremes:
        some = self.x[drawn]
        squared = _squared(some, some, self.square[drawn], self.square[drawn])
        at = np.arange(len(drawn))
        far = squared.argmax(1)
        far_squared = squared[at, far]
        squared[at, at] = np.inf
        near = squared.argmin(1)
        return Extremes(drawn[near], squared[at, near], drawn[far], far_squared)

    def between(self, rows: slice | Rows, others: slice | Rows) -> Floats:
        """(p, q) squared distances of `rows` to `others`."""
        return _squared(self.x[rows], self.x[others], self.square[rows], self.square[others])


def _squared(a: Floats, b: Floats, a_square: Floats, b_square: Floats) -> Floats:
    """Squared distances (p, q); where a is b, symmetric to the last bit."""
    squared: Floats = a @ b.T
    squared *= -2
    squared += a_square[:, None] + b_square
    np.maximum(squared, 0, out=squared)
    return squared


class RankLists:
    """Lists of the nearest and the farthest rows of every row, from one pass over all pairs.

    A list holds every row within its reach, in order, so its first entry that was drawn is the nearest row of
    the draw. It is so long that a draw hardly ever has none of its entries (the probability is
    exp(-MEETINGS), and more only where WIDTH limits the list); for such a row the distances are computed.
    Memory: 16 bytes for each of n * min(MEETINGS n / subset, WIDTH) entries.
    """

    def __init__(self, x: Floats, subset: int, threads: int = 1) -> None:
        self.direct = Direct(x)
        width = min(len(x) - 1, WIDTH, -(-MEETINGS * len(x) // subset))
        with at_most(1), ThreadPoolExecutor(threads) as pool:  # one core for each block
            near, far = _within(self.direct, *_reach(self.direct, width, pool), pool)
            lists = pool.map(
                lambda hits, fall: _List.from_hits(hits, len(x), width, falling=fall),
                (near, far),
                (False, True),
            )
            self.near, self.far = lists

    def __call__(self, drawn: Rows) -> Extremes:
        n = len(self.direct.x)
        times = np.bincount(drawn, minlength=n + 1)  # row n stands for "no more entries" and is never drawn
        near, near_squared = self.near.first(times > 0, drawn)
        far, far_squared = self.far.first(times > 0, drawn)
        twice = times[drawn] > 1
        near[twice], near_squared[twice] = drawn[twice], 0
        missed = np.flatnonzero((near == n) | (far == n))
        if len(missed):
            squared = self.direct.between(drawn[missed], drawn)
            at, last = np.arange(len(missed)), squared.argmax(1)
            far[missed], far_squared[missed] = drawn[last], squared[at, last]
            squared[at, missed] = np.inf
            least = squared.argmin(1)
            near[missed], near_squared[missed] = drawn[least], squared[at, least]
        return Extremes(near, near_squared, far, far_squared)


class _Hits(NamedTuple):
    """Pairs of rows with their squared distance, in no order."""

    row: NDArray[np.int32]
    other: NDArray[np.int32]
    squared: Floats

    @classmethod
    def joined(cls, parts: list[_Hits]) -> _Hits:
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))


class _List(NamedTuple):
    """For each row, some other rows in order of distance; n where there are no more."""

    other: NDArray[np.int32]  # (n, width)
    squared: Floats  # (n, width)

    @classmethod
    def from_hits(cls, hits: _Hits, n: int, width: int, *, falling: bool = False) -> _List:
        bits = hits.squared.view(np.uint32).astype(np.uint64)  # floats from 0 up sort like their bits
        key = hits.row.astype(np.uint64) << np.uint64(32) | (np.uint64(2**32 - 1) - bits if falling else bits)
        order = np.argsort(key)
        row = hits.row[order]
        place = np.arange(len(row)) - np.searchsorted(row, np.arange(n))[row]
        kept = place < width
        lists = cls(np.full((n, width), n, np.int32), np.zeros((n, width), np.float32))
        lists.other[row[kept], place[kept]] = hits.other[order[kept]]
        lists.squared[row[kept], place[kept]] = hits.squared[order[kept]]
        return lists

    def first(self, present: NDArray[np.bool_], drawn: Rows) -> tuple[Rows, Floats]:
        """The first entry of each drawn row's list that is present, with its squared distance; n for none."""
        found = np.full(len(drawn), len(self.other))
        squared = np.zeros(len(drawn), np.float32)
        left = np.arange(len(drawn))
        for start in range(0, self.other.shape[1], LOOK):
            hit = present[self.other[drawn[left], start : start + LOOK]]
            place = hit.argmax(1)
            met = hit[np.arange(len(left)), place]
            row, place = left[met], place[met] + start
            found[row], squared[row] = self.other[drawn[row], place], self.squared[drawn[row], place]
            left = left[~met]
        return found, squared


def _reach(direct: Direct, width: int, pool: Executor) -> tuple[Floats, Floats]:
    """Two squared distances (n,) of each row: about 1.7 `width` rows are nearer, and as many are farther."""
    n = len(direct.x)
    sample = np.random.default_rng(0).choice(n, min(n, SAMPLE), replace=False)
    rank = min(len(sample) - 1, 1 + -(-17 * width * len(sample) // (10 * n)))

    def block(rows: slice) -> tuple[Floats, Floats]:
        squared = direct.between(rows, sample)
        squared.partition([rank, len(sample) - 1 - rank], axis=1)
        return squared[:, rank].copy(), squared[:, -1 - rank].copy()

    within, beyond = zip(*pool.map(block, _slices(n)), strict=True)
    return np.concatenate(within), np.concatenate(beyond)


def _within(direct: Direct, within: Floats, beyond: Floats, pool: Executor) -> tuple[_Hits, _Hits]:
    """The pairs of rows nearer than the first row's `within`, and the pairs farther than its `beyond`."""
    half, close, wide = direct.square / 2, within / -2, beyond / -2

    def block(rows: slice, others: slice) -> tuple[list[_Hits], list[_Hits]]:
        table = direct.x[rows] @ direct.x[others].T
        table -= half[rows, None]
        table -= half[others]  # minus half the squared distance
        if rows is others:
            table[np.tril_indices(len(table))] = np.nan  # each pair once
        near = _picked(table, table >= close[rows, None], rows, others)
        far = _picked(table, table <= wide[rows, None], rows, others)
        near_too = _picked(table, table >= close[others], rows, others)
        far_too = _picked(table, table <= wide[others], rows, others)
        return [near, _swapped(near_too)], [far, _swapped(far_too)]

    blocks = _slices(len(direct.x))
    pairs = [(rows, others) for i, rows in enumerate(blocks) for others in blocks[i:]]
    near, far = zip(*pool.map(lambda pair: block(*pair), pairs), strict=True)
    return _Hits.joined(list(chain(*near))), _Hits.joined(list(chain(*far)))


def _picked(table: Floats, mask: NDArray[np.bool_], rows: slice, others: slice) -> _Hits:
    place = np.flatnonzero(mask)
    i, j = np.divmod(place, table.shape[1])
    squared = np.maximum(-2 * table.ravel()[place], 0) + np.float32(0)  # no -0.0: it would sort last
    return _Hits((i + rows.start).astype(np.int32), (j + others.start).astype(np.int32), squared)


def _swapped(hits: _Hits) -> _Hits:
    return _Hits(hits.other, hits.row, hits.squared)


def _slices(n: int) -> list[slice]:
    return [slice(start, min(n, start + BLOCK)) for start in range(0, n, BLOCK)]
