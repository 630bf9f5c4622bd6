"""Agglomeration by joining all reciprocal nearest pairs of clusters, in rounds.

Clusters that are each other's nearest may be joined at once, in any order, where the linkage is reducible:
the cost of joining a union with a third cluster is never less than that of the cheaper of its parts; a
cannot-linked part only makes it infinite. For the same reason a list of a cluster's nearest others, with a
lower bound on the cost of clusters outside the list, stays valid while those others merge: only when the best
of the list costs more than the bound must the cluster be compared with all others again.
[Müllner 2011; Sumengen et al. 2021, reciprocal merges in rounds]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.large.nearest import Block, Cosines, Squares, all_nearest, nearest_of

__all__ = [
    "AVERAGE",
    "WARD",
    "Centres",
    "DenseCentres",
    "Forest",
    "MergeCost",
    "Search",
    "exact_search",
    "pairs_of",
    "pieces",
]

WIDTH = 16  # neighbours kept for each cluster
PATIENCE = 0.1  # lists are searched again when a round joins fewer pairs than this share of clusters in doubt
Index = NDArray[np.int64]
Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MergeCost:
    """The cost of joining two clusters, from their centres and weights; it must be reducible."""

    block: Callable[[Floats, Doubles, type], Block]  # centres and weights, for products
    pairs: Callable[[Floats, Floats, Doubles, Doubles], Doubles]  # (n,) costs of row i with row i
    # Lower bound after a join, see `_reduced_squares`.
    reduced: Callable[[Doubles, Doubles, Doubles, Doubles, Doubles, float], Doubles]
    height: Callable[[Doubles], Doubles]  # of a merge, from its cost


def _squares(a: Floats, b: Floats, wa: Doubles, wb: Doubles) -> Doubles:
    gap = a - b
    return np.asarray(np.einsum("nd,nd->n", gap, gap) * (wa * wb / (wa + wb)))


def _cosines(a: Floats, b: Floats, wa: Doubles, wb: Doubles) -> Doubles:
    return np.asarray(np.maximum(1.0 - np.einsum("nd,nd->n", a, b), 0.0))


def _reduced_squares(ra: Doubles, rb: Doubles, cost: Doubles, wa: Doubles, wb: Doubles, w: float) -> Doubles:
    """Lower bound on a union's cost with a cluster of weight w, from lower bounds ra and rb of its parts."""
    return np.asarray(((wa + w) * ra + (wb + w) * rb - w * cost) / (wa + wb + w))


def _reduced_cosines(ra: Doubles, rb: Doubles, cost: Doubles, wa: Doubles, wb: Doubles, w: float) -> Doubles:
    return np.asarray((wa * ra + wb * rb) / (wa + wb))


WARD = MergeCost(Squares.from_means, _squares, _reduced_squares, lambda cost: np.sqrt(2 * cost))
AVERAGE = MergeCost(Cosines.from_means, _cosines, _reduced_cosines, lambda cost: cost)


class Centres(Protocol):
    """The clusters' centres, by slot."""

    @property
    def width(self) -> int:
        """The number of columns, d."""
        ...

    def rows(self, slots: Index) -> Floats:
        """(m, d) centres of the slots."""
        ...

    def join(self, a: Index, b: Index, wa: Doubles, wb: Doubles) -> None:
        """Slots a take the weighted means of a and b; slots b are not used again."""
        ...


class DenseCentres:
    """Centres in one table."""

    def __init__(self, centre: Floats) -> None:
        self.centre = centre

    @property
    def width(self) -> int:
        return int(self.centre.shape[1])

    def rows(self, slots: Index) -> Floats:
        return np.asarray(self.centre[slots])

    def join(self, a: Index, b: Index, wa: Doubles, wb: Doubles) -> None:
        for some in pieces(len(a), self.centre.shape[1]):
            sums = self.centre[a[some]] * wa[some, None] + self.centre[b[some]] * wb[some, None]
            self.centre[a[some]] = sums / (wa + wb)[some, None]


Search = Callable[["Forest", Index], tuple[Index, Doubles]]


def exact_search(dtype: type) -> Search:
    """A search for the nearest of some slots among all living clusters, by products in precision `dtype`."""

    def search(forest: Forest, slots: Index) -> tuple[Index, Doubles]:
        alive = forest.alive
        block = forest.linkage.block(forest.centres.rows(alive), forest.weight[alive], dtype)
        rows, apart = np.searchsorted(alive, slots), np.searchsorted(alive, forest.apart)
        if 2 * len(rows) > len(alive):  # each pair is computed once, for both clusters
            neighbour, bound = all_nearest(block, forest.width, apart)
            neighbour, bound = neighbour[rows], bound[rows]
        else:
            forbidden = pairs_of(rows, np.concatenate([apart, apart[:, ::-1]]), len(alive))
            neighbour, bound = nearest_of(block.some(rows), [(0, block)], forest.width, forbidden)
        return np.where(neighbour < 0, slots[:, None], alive[neighbour]), bound

    return search


def pairs_of(rows: Index, directed: Index, n: int) -> Index:
    """(q, 2) places in `rows`, and the clusters that this row may not join: itself, and cannot-linked ones.

    Args:
        rows: (r,) clusters.
        directed: (p, 2) cannot-links, in both directions.
    """
    place = np.full(n, -1)
    place[rows] = np.arange(len(rows))
    named = np.stack([place[directed[:, 0]], directed[:, 1]], axis=1)
    return np.concatenate([named[named[:, 0] >= 0], np.stack([np.arange(len(rows)), rows], axis=1)])


class Forest:
    """Clusters on the way to a tree, each in the slot of one of its points; arrays are over slots."""

    def __init__(
        self,
        centres: Centres,
        weight: Doubles,
        apart: Index,
        linkage: MergeCost,
        searches: tuple[Search, ...],
    ) -> None:
        n = len(weight)
        self.centres, self.weight, self.apart, self.linkage = centres, weight, apart, linkage
        self.searches = searches  # each is used where the search before could not decide
        self.width = min(WIDTH, max(n - 1, 1))
        self.alive, self.node, self.count = np.arange(n), np.arange(n), n
        self.neighbour = np.repeat(np.arange(n), self.width).reshape(n, self.width)
        self.cost, self.bound = np.full(self.neighbour.shape, np.inf), np.full(n, np.inf)
        self.merges: list[Index] = []
        self.costs: list[Doubles] = []
        self._ask(searches[0], self.alive)

    def grow(self) -> tuple[Index, Doubles]:
        """All merges (m, 2) that are allowed, children before parents, and their heights (m,)."""
        while len(self.alive) > 1:
            nearest, cost = self._nearest()
            doubt = cost[self.alive] > self.bound[self.alive]
            a, b = self._pairs(nearest, cost, doubt)
            if len(a) < PATIENCE * doubt.sum() or (not len(a) and doubt.any()):
                self._search_again(self.alive[doubt])
                continue
            if not len(a):
                best = self.alive[cost[self.alive].argmin()]
                if not np.isfinite(cost[best]):
                    break
                a, b = np.array([best]), nearest[[best]]
            self._join(np.minimum(a, b), np.maximum(a, b), cost[a])
        if not self.merges:
            return np.zeros((0, 2), np.int64), np.zeros(0)
        return np.concatenate(self.merges), self.linkage.height(np.concatenate(self.costs))

    def _nearest(self) -> tuple[Index, Doubles]:
        """(n,) each slot's nearest, the cheapest of its list or a slot that lists it for less; (n,) costs."""
        live = self.alive
        tie = np.where(
            self.cost[live] == self.cost[live].min(axis=1)[:, None], self.neighbour[live] ^ live[:, None], -1
        )
        tie = np.where(tie < 0, np.iinfo(np.int64).max, tie)
        column = tie.argmin(axis=1)
        nearest, cost = np.arange(len(self.weight)), np.full(len(self.weight), np.inf)
        nearest[live], cost[live] = self.neighbour[live, column], self.cost[live, column]
        order = live[np.argsort(-cost[live], kind="stable")]
        caller = np.full(len(cost), -1)
        caller[nearest[order]] = order  # the last, hence cheapest, wins
        called = live[(caller[live] >= 0)]
        called = called[cost[caller[called]] < cost[called]]
        nearest[called], cost[called] = caller[called], cost[caller[called]]
        return nearest, cost

    def _pairs(self, nearest: Index, cost: Doubles, doubt: NDArray[np.bool_]) -> tuple[Index, Index]:
        sure = self.alive[~doubt & np.isfinite(cost[self.alive])]
        known = np.zeros(len(cost), np.bool_)
        known[sure] = True
        other = nearest[sure]
        mutual = known[other] & (nearest[other] == sure) & (sure < other)
        return sure[mutual], other[mutual]

    def _join(self, a: Index, b: Index, cost: Doubles) -> None:
        """Slots b become part of slots a; both lists become one, with a new bound."""
        wa, wb = self.weight[a], self.weight[b]
        lightest, heaviest = self.weight[self.alive].min(), self.weight[self.alive].max()
        self.bound[a] = np.minimum(
            *(
                self.linkage.reduced(self.bound[a], self.bound[b], cost, wa, wb, w)
                for w in (lightest, heaviest)
            )
        )
        self.centres.join(a, b, wa, wb)
        self.weight[a] = wa + wb
        self.merges.append(np.stack([self.node[a], self.node[b]], axis=1))
        self.costs.append(cost)
        self.node[a] = self.count + np.arange(len(a))
        self.count += len(a)
        home = np.arange(len(self.weight))
        home[b] = a
        changed = np.zeros(len(home), np.bool_)
        changed[a] = True
        self.alive = self.alive[home[self.alive] == self.alive]
        self.apart = np.unique(np.sort(home[self.apart], axis=1), axis=0) if len(self.apart) else self.apart
        merged = np.concatenate([home[self.neighbour[a]], home[self.neighbour[b]]], axis=1)
        self.neighbour[self.alive] = home[self.neighbour[self.alive]]
        rest = self.alive[~changed[self.alive]]
        self._price(rest, changed[self.neighbour[rest]])
        self._shorten(a, merged)

    def _shorten(self, slots: Index, lists: Index) -> None:
        """Give slots the cheapest of longer lists; a dropped neighbour lowers the bound."""
        lists = np.sort(lists, axis=1)
        lists[:, 1:][lists[:, 1:] == lists[:, :-1]] = -1  # duplicates
        lists = np.where(lists < 0, slots[:, None], lists)
        cost = self._costs(slots, lists, np.ones(lists.shape, np.bool_), np.empty(lists.shape))
        order = np.argsort(cost, axis=1, kind="stable")
        self.neighbour[slots] = np.take_along_axis(lists, order[:, : self.width], axis=1)
        self.cost[slots] = np.take_along_axis(cost, order[:, : self.width], axis=1)
        if lists.shape[1] > self.width:
            dropped = np.take_along_axis(cost, order[:, self.width : self.width + 1], axis=1)[:, 0]
            self.bound[slots] = np.minimum(self.bound[slots], dropped)

    def _price(self, slots: Index, marked: NDArray[np.bool_]) -> None:
        """Compute the `marked` costs of the slots' lists again."""
        self.cost[slots] = self._costs(slots, self.neighbour[slots], marked, self.cost[slots])

    def _costs(self, slots: Index, lists: Index, marked: NDArray[np.bool_], cost: Doubles) -> Doubles:
        row, column = np.nonzero(marked)
        a, b = slots[row], lists[row, column]
        value = np.full(len(a), np.inf)
        asked = np.flatnonzero((a != b) & ~self._forbidden(a, b))
        for some in pieces(len(asked), self.centres.width):
            x, y = a[asked[some]], b[asked[some]]
            start = np.diff(x, prepend=-1) != 0  # a row is read once for all its comparisons
            left = self.centres.rows(x[start])[np.cumsum(start) - 1]
            right = self.centres.rows(y)
            value[asked[some]] = self.linkage.pairs(left, right, self.weight[x], self.weight[y])
        cost[row, column] = value
        return cost

    def _forbidden(self, a: Index, b: Index) -> NDArray[np.bool_]:
        if not len(self.apart):
            return np.zeros(len(a), np.bool_)
        n = len(self.weight)
        keys = self.apart[:, 0] * n + self.apart[:, 1]  # sorted, as the pairs are
        key = np.minimum(a, b) * n + np.maximum(a, b)
        return np.asarray(keys[np.minimum(np.searchsorted(keys, key), len(keys) - 1)] == key)

    def _search_again(self, slots: Index) -> None:
        """Search the neighbours of slots again, by the next search where one cannot decide."""
        for search in self.searches:
            self._ask(search, slots)
            slots = slots[self.cost[slots].min(axis=1) > self.bound[slots]]
            if not len(slots):
                return
        self.bound[slots] = np.inf  # no search can decide: the best of the list is taken

    def _ask(self, search: Search, slots: Index) -> None:
        self.neighbour[slots], self.bound[slots] = search(self, slots)
        self._price(slots, np.ones((len(slots), self.width), np.bool_))


def pieces(rows: int, d: int, most: int = 500_000) -> list[slice]:
    """Slices over rows of d numbers, each of about `most` numbers."""
    step = max(1, most // max(d, 1))
    return [slice(i, i + step) for i in range(0, rows, step)]
