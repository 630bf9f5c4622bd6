"""The nearest few centres of each centre, searched in cells of the space (an inverted file).

Each centre is a member of the nearest of about 8√n cells, and is compared with the members of the few cells
nearest to it. The search takes one cell at a time: one product of matrices compares its members with all
centres that search it (its visitors). Each cost is used for both centres. Many small cells miss fewer
neighbours for the same work than few large cells.  [Jégou, Douze, Schmid 2011]
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.large.nearest import ROWS, Block, NeighbourLists, forbid, hits, nearest_of
from castlist.cluster.large.reciprocal import Forest, Search, pieces
from castlist.extras import needed

__all__ = ["cell_search"]

FACTOR = 8  # the number of cells is FACTOR √n
SAMPLE = 16  # centres drawn for each cell, to place the cells by k-means
ROUNDS = 3  # of k-means
LARGEST = 8192  # most members of a cell that are compared; of a larger cell, a random sample
Index = NDArray[np.int64]
Doubles = NDArray[np.float64]


def cell_search(cells: int, *, by_angle: bool, seed: int) -> Search:
    """A search in the `cells` cells nearest to each centre; among all centres where these cells have none.

    With `by_angle` no cell is near to all centres, as a cell in the middle is by distance.
    """

    def search(forest: Forest, slots: Index) -> tuple[Index, Doubles]:
        lists = _Cells(forest, slots, cells, by_angle, np.random.default_rng(seed)).lists
        neighbour = np.where(lists.neighbour < 0, slots[:, None], forest.alive[lists.neighbour])
        bound = lists.worst(slice(None))
        lonely = np.flatnonzero((neighbour == slots[:, None]).all(axis=1))
        if len(lonely):
            neighbour[lonely], bound[lonely] = _nearest_anywhere(forest, slots[lonely])
        return neighbour, bound

    return search


class _Cells:
    """One search; clusters are numbered by their place in `forest.alive`."""

    def __init__(
        self, forest: Forest, slots: Index, cells: int, by_angle: bool, rng: np.random.Generator
    ) -> None:
        self.forest, self.rng, self.apart = forest, rng, _Directed(forest.apart)
        self.near = _nearest_cells(forest, cells, by_angle, rng)
        asked = np.searchsorted(forest.alive, slots)
        self.row = np.full(len(forest.alive), -1)
        self.row[asked] = np.arange(len(asked))
        self.lists = NeighbourLists(len(slots), forest.width)
        count = int(self.near.max()) + 1
        residents, visits = _grouped(self.near[:, 0], count), _grouped(self.near[asked].ravel(), count)
        for cell in range(count):
            self._compare(cell, asked[visits[cell] // self.near.shape[1]], residents[cell])

    def _compare(self, cell: int, visitors: Index, residents: Index) -> None:
        """Compare the visitors of a cell with its members, and add near members to the visitors' lists."""
        if not len(visitors) or not len(residents):
            return
        if len(residents) > LARGEST:
            residents = np.sort(self.rng.choice(residents, LARGEST, replace=False))
        rows, columns = _block(self.forest, visitors), _block(self.forest, residents)
        forbidden = self.apart.among(self.forest.alive[visitors], self.forest.alive[residents])
        whole = slice(0, len(residents))
        for top in range(0, len(visitors), ROWS):
            some = slice(top, min(top + ROWS, len(visitors)))
            tile = rows.costs(some, whole, columns)
            forbid(tile, top, 0, forbidden)
            row, column = hits(tile, self.lists.worst(self.row[visitors[some]]))
            self.lists.add(self.row[visitors[some]][row], residents[column], tile[row, column])
            self._add_visitors(cell, visitors[some], residents, tile)

    def _add_visitors(self, cell: int, visitors: Index, residents: Index, tile: NDArray[np.floating]) -> None:
        """Add the visitors to the lists of those members that do not search the visitor's own cell."""
        members = np.flatnonzero(self.row[residents] >= 0)
        guests = np.flatnonzero(self.near[visitors, 0] != cell)
        if not len(members) or not len(guests):
            return
        column, row = hits(tile[np.ix_(guests, members)].T, self.lists.worst(self.row[residents[members]]))
        b, a = residents[members[column]], visitors[guests[row]]
        new = (self.near[b] != self.near[a, :1]).all(axis=1)
        cost = tile[guests[row[new]], members[column[new]]]
        new = new.nonzero()[0]
        self.lists.add(self.row[b[new]], a[new], cost)


def _grouped(cell: NDArray[np.int32], count: int) -> list[Index]:
    """For each of `count` cells, the places where `cell` names it."""
    order = np.argsort(cell, kind="stable")
    return np.split(order, np.searchsorted(cell[order], np.arange(1, count)))


def _nearest_cells(forest: Forest, cells: int, by_angle: bool, rng: np.random.Generator) -> NDArray[np.int32]:
    """(m, cells) the cells nearest to each living cluster, nearest first."""
    faiss = _faiss()
    alive, d = forest.alive, forest.centres.width
    count = max(1, min(int(FACTOR * np.sqrt(len(alive))), len(alive) // SAMPLE))
    sample = np.sort(rng.choice(len(alive), SAMPLE * count if count > 1 else len(alive), replace=False))
    options = {"niter": ROUNDS, "seed": int(rng.integers(2**31)), "min_points_per_centroid": 1}
    kmeans = faiss.Kmeans(d, count, spherical=by_angle, **options)
    kmeans.train(forest.centres.rows(alive[sample]))
    near = np.zeros((len(alive), min(cells, count)), np.int32)
    for some in pieces(len(alive), d, 4_000_000):
        near[some] = kmeans.index.search(forest.centres.rows(alive[some]), near.shape[1])[1]
    return near


def _nearest_anywhere(forest: Forest, slots: Index) -> tuple[Index, Doubles]:
    """(m, width) the living clusters nearest to each slot, and (m,) a lower bound on the cost of others."""
    alive = forest.alive
    places = np.searchsorted(alive, slots)
    parts = (
        (i, _block(forest, np.arange(i, min(i + LARGEST, len(alive))))) for i in range(0, len(alive), LARGEST)
    )
    forbidden = _Directed(forest.apart).among(slots, alive)
    neighbour, bound = nearest_of(_block(forest, places), parts, forest.width, forbidden)
    return np.where(neighbour < 0, slots[:, None], alive[neighbour]), bound


def _block(forest: Forest, places: Index) -> Block:
    slots = forest.alive[places]
    return forest.linkage.block(forest.centres.rows(slots), forest.weight[slots], np.float32)


class _Directed:
    """Cannot-linked pairs of slots in both directions, sorted by the first slot."""

    def __init__(self, pairs: Index) -> None:
        directed = np.concatenate([pairs, pairs[:, ::-1]])
        directed = directed[np.argsort(directed[:, 0], kind="stable")]
        self.first, self.second = directed[:, 0], directed[:, 1]

    def among(self, slots: Index, others: Index) -> Index:
        """(q, 2) places in `slots` and `others` (sorted) of pairs that may not join, or are the same slot."""
        start, stop = np.searchsorted(self.first, slots), np.searchsorted(self.first, slots, side="right")
        count = stop - start
        row = np.repeat(np.arange(len(slots)), count)
        entry = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(start, count)
        row = np.concatenate([np.arange(len(slots)), row])
        other = np.concatenate([slots, self.second[entry]])
        place = np.minimum(np.searchsorted(others, other), len(others) - 1)
        held = others[place] == other
        return np.stack([row[held], place[held]], axis=1)


def _faiss() -> ModuleType:
    with needed("the tree of so many points", "faiss"):
        import faiss
    return faiss
