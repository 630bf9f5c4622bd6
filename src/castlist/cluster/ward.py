"""Ward's linkage of points without their distance matrix: exact, weighted, constrained, in O(n d) memory.

Clusters that are each other's nearest may be joined at once, in any order: Ward's cost of a union with a
third cluster is never less than the smaller of its parts' costs (it is reducible), and a forbidden part only
makes it infinite. For the same reason a list of a cluster's nearest others, with a lower bound on all that
are not in it, stays true while those others merge: only when the best of the list has come to cost more than
the bound must the cluster look at everybody again.
[Müllner 2011; Sumengen et al. 2021, reciprocal merges in rounds]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.cluster.links import check_pairs, must_groups
from castlist.cluster.nearest import Block, all_nearest, nearest_of
from castlist.cluster.tree import assemble, group_merges
from castlist.errors import InputError
from castlist.types import Tree

__all__ = ["ward"]

WIDTH = 16  # neighbours kept of each cluster
PATIENCE = 0.1  # clusters look anew once a round joins fewer pairs than this share of those waiting to
Index = NDArray[np.int64]


def ward(
    points: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    cannot: ArrayLike | None = None,
    must: ArrayLike | None = None,
) -> Tree:
    """Ward's tree of points (n, d): always the allowed pair whose union adds least to the sum of squares.

    A point of weight w counts as w points in one place. Must-linked points are joined first, at height 0.
    Clusters that hold a cannot-linked pair are never joined at a finite height. Heights are SciPy's:
    sqrt(2 w_a w_b / (w_a + w_b)) times the distance of the centroids. Ties are broken as they come.

    Raises:
        InputError: points are not a finite table, weights not positive, a pair names no point, or must-links
            and cannot-links contradict each other.
    """
    x, w = _checked(points, weights)
    n = len(x)
    cannot_pairs, must_pairs = check_pairs(cannot, n, "cannot"), check_pairs(must, n, "must")
    must_groups(n, must_pairs, cannot_pairs)  # contradictions are told of the links as given
    group, apart = must_groups(n, np.concatenate([must_pairs, _twins(x, cannot_pairs)]), cannot_pairs)
    first, node = group_merges(group)
    total = np.bincount(group, w, minlength=len(node)).astype(np.float64)
    if len(first):
        centre = np.zeros((len(node), x.shape[1]))
        np.add.at(centre, group, x * w[:, None])
        x = centre / total[:, None]
    merge, cost = _Forest(x, total, apart).grow()
    name = np.concatenate([node, n + len(first) + np.arange(len(merge))])
    merges = np.concatenate([first, name[merge]])
    return assemble(merges, np.concatenate([np.zeros(len(first)), np.sqrt(2 * cost)]), n)


class _Forest:
    """Clusters on the way: each lives in the slot of one of its points; arrays are over slots."""

    def __init__(self, centre: NDArray[np.float64], weight: NDArray[np.float64], apart: Index) -> None:
        n = len(centre)
        self.centre, self.weight, self.apart = centre, weight, apart
        self.alive = np.arange(n)
        self.node = np.arange(n)
        who, self.bound = all_nearest(Block.of(centre, weight, np.float32), min(WIDTH, max(n - 1, 1)), apart)
        self.who = np.where(who < 0, np.arange(n)[:, None], who)
        self.cost = np.empty(self.who.shape)
        self._price(self.alive, np.ones(self.who.shape, np.bool_))
        self.merges: list[Index] = []
        self.heights: list[NDArray[np.float64]] = []
        self.count = n

    def grow(self) -> tuple[Index, NDArray[np.float64]]:
        """All merges (m, 2) that are allowed, children before parents, and their costs (m,)."""
        while len(self.alive) > 1:
            nearest, cost = self._nearest()
            doubt = cost[self.alive] > self.bound[self.alive]
            a, b = self._pairs(nearest, cost, doubt)
            if len(a) < PATIENCE * doubt.sum() or (not len(a) and doubt.any()):
                self._look_anew(self.alive[doubt])
                continue
            if not len(a):
                best = self.alive[cost[self.alive].argmin()]
                if not np.isfinite(cost[best]):
                    break
                a, b = np.array([best]), nearest[[best]]
            self._join(np.minimum(a, b), np.maximum(a, b), cost[a])
        if not self.merges:
            return np.zeros((0, 2), np.int64), np.zeros(0)
        return np.concatenate(self.merges), np.concatenate(self.heights)

    def _nearest(self) -> tuple[Index, NDArray[np.float64]]:
        """Of every slot: the cheapest of its list, or whoever lists it as theirs for less; and the cost."""
        live = self.alive
        tie = np.where(
            self.cost[live] == self.cost[live].min(axis=1)[:, None], self.who[live] ^ live[:, None], -1
        )
        tie = np.where(tie < 0, np.iinfo(np.int64).max, tie)
        column = tie.argmin(axis=1)
        nearest, cost = np.arange(len(self.weight)), np.full(len(self.weight), np.inf)
        nearest[live], cost[live] = self.who[live, column], self.cost[live, column]
        order = live[np.argsort(-cost[live], kind="stable")]
        caller = np.full(len(cost), -1)
        caller[nearest[order]] = order  # the last, hence cheapest, wins
        called = live[(caller[live] >= 0)]
        called = called[cost[caller[called]] < cost[called]]
        nearest[called], cost[called] = caller[called], cost[caller[called]]
        return nearest, cost

    def _pairs(
        self, nearest: Index, cost: NDArray[np.float64], doubt: NDArray[np.bool_]
    ) -> tuple[Index, Index]:
        sure = self.alive[~doubt & np.isfinite(cost[self.alive])]
        known = np.zeros(len(cost), np.bool_)
        known[sure] = True
        other = nearest[sure]
        mutual = known[other] & (nearest[other] == sure) & (sure < other)
        return sure[mutual], other[mutual]

    def _join(self, a: Index, b: Index, cost: NDArray[np.float64]) -> None:
        """Slots b move into slots a; both lists become one, and its bound follows."""
        wa, wb = self.weight[a], self.weight[b]
        lightest, heaviest = self.weight[self.alive].min(), self.weight[self.alive].max()
        self.bound[a] = np.minimum(
            *(_reduced(self.bound[a], self.bound[b], cost, wa, wb, m) for m in (lightest, heaviest))
        )
        for some in _pieces(len(a), self.centre.shape[1]):
            left, right = a[some], b[some]
            sums = self.centre[left] * wa[some, None] + self.centre[right] * wb[some, None]
            self.centre[left] = sums / (wa + wb)[some, None]
        self.weight[a] = wa + wb
        self.merges.append(np.stack([self.node[a], self.node[b]], axis=1))
        self.heights.append(cost)
        self.node[a] = self.count + np.arange(len(a))
        self.count += len(a)
        home = np.arange(len(self.weight))
        home[b] = a
        changed = np.zeros(len(home), np.bool_)
        changed[a] = True
        self.alive = self.alive[home[self.alive] == self.alive]
        self.apart = np.unique(np.sort(home[self.apart], axis=1), axis=0) if len(self.apart) else self.apart
        both = np.concatenate([home[self.who[a]], home[self.who[b]]], axis=1)
        self.who[self.alive] = home[self.who[self.alive]]
        rest = self.alive[~changed[self.alive]]
        self._price(rest, changed[self.who[rest]])
        self._shorten(a, both)

    def _shorten(self, slots: Index, lists: Index) -> None:
        """Give slots the cheapest WIDTH of longer lists; what is dropped lowers the bound."""
        lists = np.sort(lists, axis=1)
        lists[:, 1:][lists[:, 1:] == lists[:, :-1]] = -1  # named twice
        lists = np.where(lists < 0, slots[:, None], lists)
        cost = self._costs(slots, lists, np.ones(lists.shape, np.bool_), np.empty(lists.shape))
        width = self.who.shape[1]
        order = np.argsort(cost, axis=1, kind="stable")
        self.who[slots] = np.take_along_axis(lists, order[:, :width], axis=1)
        self.cost[slots] = np.take_along_axis(cost, order[:, :width], axis=1)
        if lists.shape[1] > width:
            dropped = np.take_along_axis(cost, order[:, width : width + 1], axis=1)[:, 0]
            self.bound[slots] = np.minimum(self.bound[slots], dropped)

    def _price(self, slots: Index, which: NDArray[np.bool_]) -> None:
        """Compute anew those costs of the slots' lists that `which` marks."""
        self.cost[slots] = self._costs(slots, self.who[slots], which, self.cost[slots])

    def _costs(
        self, slots: Index, lists: Index, which: NDArray[np.bool_], cost: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        row, column = np.nonzero(which)
        a, b = slots[row], lists[row, column]
        value = np.empty(len(a))
        for some in _pieces(len(a), self.centre.shape[1]):
            gap = self.centre[a[some]] - self.centre[b[some]]
            value[some] = np.einsum("nd,nd->n", gap, gap)
        value *= self.weight[a] * self.weight[b] / (self.weight[a] + self.weight[b])
        value[(a == b) | self._forbidden(a, b)] = np.inf
        cost[row, column] = value
        return cost

    def _forbidden(self, a: Index, b: Index) -> NDArray[np.bool_]:
        if not len(self.apart):
            return np.zeros(len(a), np.bool_)
        n = len(self.weight)
        keys = self.apart[:, 0] * n + self.apart[:, 1]  # sorted, as the pairs are
        key = np.minimum(a, b) * n + np.maximum(a, b)
        return np.asarray(keys[np.minimum(np.searchsorted(keys, key), len(keys) - 1)] == key)

    def _look_anew(self, slots: Index) -> None:
        """Compare slots with everybody; in double precision where single cannot tell who is nearest."""
        for dtype in (np.float32, np.float64):
            block = Block.of(self.centre[self.alive], self.weight[self.alive], dtype)
            rows = np.searchsorted(self.alive, slots)
            apart = np.searchsorted(self.alive, self.apart)
            mine = Block(block.part[rows], block.square[rows], block.inverse[rows])
            who, bound = nearest_of(rows, mine, block, self.who.shape[1], apart)
            self.who[slots] = np.where(who < 0, slots[:, None], self.alive[who])
            self.bound[slots] = bound
            self._price(slots, np.ones(who.shape, np.bool_))
            slots = slots[self.cost[slots].min(axis=1) > bound]
            if not len(slots):
                return
        self.bound[slots] = np.inf  # as near as double precision can tell


def _reduced(
    ra: NDArray[np.float64],
    rb: NDArray[np.float64],
    cost: NDArray[np.float64],
    wa: NDArray[np.float64],
    wb: NDArray[np.float64],
    w: float,
) -> NDArray[np.float64]:
    """What a union costs at least with a cluster of weight w that costs its parts ra and rb at least."""
    return np.asarray(((wa + w) * ra + (wb + w) * rb - w * cost) / (wa + wb + w))


def _pieces(rows: int, d: int) -> list[slice]:
    step = max(1, 500_000 // max(d, 1))
    return [slice(i, i + step) for i in range(0, rows, step)]


def _twins(x: NDArray[np.float64], cannot: Index) -> Index:
    """(m, 2) points in the very same place, each with the one before; none under a cannot-link."""
    free = np.ones(len(x), np.bool_)
    free[cannot] = False
    rows = np.flatnonzero(free)
    key = x[rows] @ np.cos(
        np.arange(x.shape[1]) ** 2 + 1.0
    )  # equal points have equal keys, others hardly ever
    rows = rows[np.argsort(key, kind="stable")]
    key = np.sort(key)
    near = np.flatnonzero(key[1:] == key[:-1])
    equal = near[[bool((x[rows[i]] == x[rows[i + 1]]).all()) for i in near]] if len(near) else near
    return np.stack([rows[equal], rows[equal + 1]], axis=1)


def _checked(points: ArrayLike, weights: ArrayLike | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = np.array(points, np.float64)
    if x.ndim != 2 or not len(x):
        raise InputError(f"points must be a table of shape (n, d) with a row at least, got shape {x.shape}")
    if not np.isfinite(x).all():
        raise InputError("points hold NaN or infinite values; remove those rows first")
    w = np.ones(len(x)) if weights is None else np.asarray(weights, np.float64)
    if w.shape != (len(x),) or not (np.isfinite(w).all() and np.all(w > 0)):
        raise InputError(f"weights must be {len(x)} positive numbers, one a point")
    x -= x.mean(0)
    return x, w
