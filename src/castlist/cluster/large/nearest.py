"""The nearest few centres of each centre by blocked matrix products, and a lower bound on all other costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "Cosines", "NeighbourLists", "Squares", "all_nearest", "forbid", "hits", "nearest_of"]

ROWS, COLUMNS = 1024, 2048  # of a tile of costs, which fits into the processor's cache
# Bound on the error of a product of floats, in units of the last place; squares are of the order of one.
ROUNDING = 16.0
Index = NDArray[np.int64]
Floats = NDArray[np.floating]


class Block(Protocol):
    """Weighted centres (n, d), prepared for products of many rows with many columns at once."""

    def __len__(self) -> int: ...

    def some(self, rows: Index) -> Block:
        """Those rows only."""
        ...

    def costs(self, rows: slice, columns: slice, other: Self) -> Floats:
        """(r, c) the cost of joining rows of this block with columns of another."""
        ...

    def margin(self, other: Self) -> NDArray[np.float64]:
        """(n,) bound on the rounding error of a computed cost."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Squares:
    """Ward's cost |a - b|^2 / (1/w_a + 1/w_b): `part` (n, d), its squared length and inverse weight (n,)."""

    part: Floats
    square: Floats
    inverse: Floats

    @classmethod
    def from_means(cls, centre: Floats, weight: NDArray[np.float64], dtype: type) -> Squares:
        square = np.einsum("nd,nd->n", centre, centre)
        return cls(centre.astype(dtype, copy=False), square.astype(dtype), (1 / weight).astype(dtype))

    def __len__(self) -> int:
        return len(self.part)

    def some(self, rows: Index) -> Squares:
        return Squares(self.part[rows], self.square[rows], self.inverse[rows])

    def costs(self, rows: slice, columns: slice, other: Self) -> Floats:
        tile = self.part[rows] @ other.part[columns].T
        tile *= -2
        tile += other.square[columns]
        tile += self.square[rows, None]
        tile /= np.add.outer(self.inverse[rows], other.inverse[columns])
        return np.asarray(tile)

    def margin(self, other: Self) -> NDArray[np.float64]:
        unit = ROUNDING * np.finfo(self.part.dtype).eps
        largest = float(other.square.max(initial=0.0))
        return np.asarray(unit * (self.square + largest) / (self.inverse + other.inverse.min(initial=1.0)))


@dataclass(frozen=True, eq=False, slots=True)
class Cosines:
    """The cost 1 - a.b of means of unit vectors: the mean cosine distance of all pairs across."""

    part: Floats  # (n, d)

    @classmethod
    def from_means(cls, centre: Floats, weight: NDArray[np.float64], dtype: type) -> Cosines:
        return cls(centre.astype(dtype, copy=False))

    def __len__(self) -> int:
        return len(self.part)

    def some(self, rows: Index) -> Cosines:
        return Cosines(self.part[rows])

    def costs(self, rows: slice, columns: slice, other: Self) -> Floats:
        tile = self.part[rows] @ other.part[columns].T
        np.subtract(1, tile, out=tile)
        return np.asarray(np.maximum(tile, 0, out=tile))

    def margin(self, other: Self) -> NDArray[np.float64]:
        return np.full(len(self.part), ROUNDING * float(np.finfo(self.part.dtype).eps))


class NeighbourLists:
    """The `width` smallest costs found for each row, and the neighbours that have these costs."""

    def __init__(self, rows: int, width: int) -> None:
        self.cost = np.full((rows, width), np.inf)
        self.neighbour = np.full((rows, width), -1, np.int64)

    def worst(self, rows: Index | slice) -> NDArray[np.float64]:
        """The largest cost of each row's list; a new neighbour must cost less."""
        return np.asarray(self.cost[rows].max(axis=1))

    def add(self, row: Index, neighbour: Index, cost: Floats) -> None:
        """Add neighbours and their costs, in any order."""
        if not len(row):
            return
        width = self.cost.shape[1]
        order = np.lexsort((cost, row))
        row, neighbour, cost = row[order], neighbour[order], cost[order]
        start = np.flatnonzero(np.diff(row, prepend=-1))
        rank = np.arange(len(row)) - np.repeat(start, np.diff(np.append(start, len(row))))
        first = rank < width
        touched = row[start]
        place = np.searchsorted(touched, row[first])
        costs = np.concatenate([self.cost[touched], np.full((len(touched), width), np.inf)], axis=1)
        names = np.concatenate([self.neighbour[touched], np.full((len(touched), width), -1)], axis=1)
        costs[place, width + rank[first]] = cost[first]
        names[place, width + rank[first]] = neighbour[first]
        best = np.argpartition(costs, width - 1, axis=1)[:, :width]
        self.cost[touched] = np.take_along_axis(costs, best, axis=1)
        self.neighbour[touched] = np.take_along_axis(names, best, axis=1)


def all_nearest(block: Block, width: int, apart: Index) -> tuple[Index, NDArray[np.float64]]:
    """(n, width) the cheapest centres for each centre to join (-1: none), and (n,) a bound on other costs.

    Every pair is computed once, for both centres. Pairs `apart` (q, 2) are left out.
    """
    n = len(block)
    lists = NeighbourLists(n, width)
    forbidden = np.concatenate([apart, apart[:, ::-1]])
    spans = [slice(i, min(i + ROWS, n)) for i in range(0, n, ROWS)]
    for step in range(len(spans)):  # the diagonal first: it gives every row a limit
        for i in range(len(spans) - step):
            rows, columns = spans[i], spans[i + step]
            tile = block.costs(rows, columns, block)
            forbid(tile, rows.start, columns.start, forbidden)
            if step == 0:
                np.fill_diagonal(tile, np.inf)
            else:
                hit_column, hit_row = hits(tile.T, lists.worst(columns))
                lists.add(hit_column + columns.start, hit_row + rows.start, tile[hit_row, hit_column])
            hit_row, hit_column = hits(tile, lists.worst(rows))
            lists.add(hit_row + rows.start, hit_column + columns.start, tile[hit_row, hit_column])
    return lists.neighbour, _bound(lists, block.margin(block))


def nearest_of(
    rows: Block, parts: Iterable[tuple[int, Block]], width: int, forbidden: Index
) -> tuple[Index, NDArray[np.float64]]:
    """As `all_nearest`, for `rows` among other centres given in parts, with the number of each part's first.

    `forbidden` (q, 2) holds a row and a centre that it may not join, such as the row's own.
    """
    lists = NeighbourLists(len(rows), width)
    margin = np.zeros(len(rows))
    for start, block in parts:
        for top in range(0, len(rows), ROWS):
            some = slice(top, min(top + ROWS, len(rows)))
            for left in range(0, len(block), COLUMNS):
                columns = slice(left, min(left + COLUMNS, len(block)))
                tile = rows.costs(some, columns, block)
                forbid(tile, some.start, start + columns.start, forbidden)
                hit_row, hit_column = hits(tile, lists.worst(some))
                neighbour = hit_column + start + columns.start
                lists.add(hit_row + some.start, neighbour, tile[hit_row, hit_column])
        margin = np.maximum(margin, rows.margin(block))
    return lists.neighbour, _bound(lists, margin)


def _bound(lists: NeighbourLists, margin: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(lists.worst(slice(None)) - margin, 0.0))


def hits(tile: Floats, limit: NDArray[np.float64]) -> tuple[Index, Index]:
    """Rows and columns of a tile's entries below each row's limit; without a limit, the 32 smallest."""
    limit = limit.astype(tile.dtype)
    width = min(32, tile.shape[1])
    new = np.flatnonzero(np.isinf(limit))
    if len(new):
        limit[new] = np.nextafter(np.partition(tile[new], width - 1, axis=1)[:, width - 1], np.inf)
    row, column = np.nonzero(tile < limit[:, None])
    return row.astype(np.int64), column.astype(np.int64)


def forbid(tile: Floats, top: int, left: int, pairs: Index) -> None:
    """Set the cost of pairs (q, 2) to infinity in the tile that begins at row top and column left."""
    row, column = pairs[:, 0] - top, pairs[:, 1] - left
    inside = (row >= 0) & (row < tile.shape[0]) & (column >= 0) & (column < tile.shape[1])
    tile[row[inside], column[inside]] = np.inf
