"""The tree of millions of points: a graph of near neighbours, contracted in rounds.

Each point keeps a short list of its nearest others. Clusters that are each other's nearest are joined and
their lists become one (`Forest`); a cluster whose list no longer shows its nearest gets a new list. Up to
`exact` clusters, a search compares a cluster with all others, and the tree is that of the exact method.
Beyond, it compares only with cells around the cluster, so that a merge may miss a neighbour in another cell.
As clusters get fewer, every tree ends in the exact search: its top does not depend on the graph.
[Monath et al. 2021, SCC; Sumengen et al. 2021, RAC]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.argument_types import typed_arguments
from castlist.cluster.dense import Update
from castlist.cluster.duplicates import duplicate_pairs
from castlist.cluster.large.ivf import cell_search
from castlist.cluster.large.reciprocal import AVERAGE, WARD, Centres, Forest, Search, exact_search, pieces
from castlist.cluster.links import check_pairs, must_groups
from castlist.cluster.means import how_many_tracks, track_means
from castlist.cluster.tree import among, assemble, group_merges, present_tracks, unjoined
from castlist.errors import InputError
from castlist.option_values import check_options
from castlist.types import Constraints, Embeddings, Tree
from castlist.vectors import converted, real_array

__all__ = ["KnnGraph", "knn_tree"]

LINKAGES = {Update.AVERAGE: AVERAGE, Update.WARD: WARD}
EXACT = 200_000  # clusters up to which neighbours are found exactly
Index = NDArray[np.int64]
Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class KnnGraph:
    """The tree of very many tracks, by average or Ward's linkage of their unit means; see `knn_tree`.

    For a library of films. Otherwise as `Ward` and `Average`.
    """

    linkage: Update | str = Update.AVERAGE
    exact: int = EXACT  # most clusters whose neighbours are found by an exact search
    cells: int = 16  # number of cells whose members each cluster is compared with, for more clusters

    def __post_init__(self) -> None:
        check_options(self)
        _check_options(self.linkage, self.exact, self.cells)

    def __call__(self, embeddings: Embeddings, constraints: Constraints) -> Tree:
        mean, faces = track_means(embeddings, how_many_tracks(embeddings, constraints))
        present, must, cannot = present_tracks(faces, constraints)
        if not len(present):
            return unjoined(len(faces))
        tree = knn_tree(
            mean if len(present) == len(mean) else mean[present],
            linkage=self.linkage,
            cannot=cannot,
            must=must,
            exact=self.exact,
            cells=self.cells,
        )
        return among(tree, present, len(faces))


@typed_arguments
def knn_tree(
    points: ArrayLike,
    *,
    linkage: Update | str = Update.AVERAGE,
    weights: ArrayLike | None = None,
    cannot: ArrayLike | None = None,
    must: ArrayLike | None = None,
    exact: int = EXACT,
    cells: int = 16,
    seed: int = 0,
) -> Tree:
    """The tree of points (n, d), also of millions, without a distance matrix or a copy of the points.

    `points` may be a `np.memmap` of float16, float32 or float64; it is read in pieces and never written.
    Memory beyond it: single-precision centres of at most n / 2 clusters, and about 1.5 kB a point.

    linkage: "average": rows are scaled to unit length; a height is the mean cosine distance (0 to 2) of pairs
        across the two sides. "ward": heights as those of `ward`.
    weights: (n,) a point of weight w counts as w points in one place.
    must, cannot: (q, 2) pairs. Must-linked points, and copies, are joined first, at height 0. Clusters that
        hold a cannot-linked pair are never joined at a finite height.
    exact, cells: up to `exact` points the tree is that of the exact method, to single precision. Beyond, a
        cluster's neighbours are searched among the members of `cells` cells (of about √n / 2 points each),
        until `exact` clusters are left: more cells, fewer mistakes.
    seed: for the random sample that places the cells.

    The tree can be cut at any height or number of clusters (`cut_tree`) that the constraints allow.

    Raises:
        InputError: points are not a finite table, or have no rows; weights, pairs or options are invalid;
            must-links and cannot-links contradict each other.
        MissingExtra: there are more than `exact` points, and faiss is not installed.
    """
    _check_options(linkage, exact, cells)
    x, w = _checked(points, weights)
    n = len(x)
    cannot_pairs, must_pairs = check_pairs(cannot, n, "cannot"), check_pairs(must, n, "must")
    must_groups(n, must_pairs, cannot_pairs)  # alone first, so that an error names the links as given
    group, apart = must_groups(
        n, np.concatenate([must_pairs, duplicate_pairs(x, cannot_pairs)]), cannot_pairs
    )
    first, node = group_merges(group)
    total = np.bincount(group, w, minlength=len(node)).astype(np.float64)
    centres = Lean(x, unit=linkage == Update.AVERAGE, group=group, weight=w)
    search = exact_or_cells(exact, cell_search(cells, by_angle=linkage == Update.AVERAGE, seed=seed))
    merge, height = Forest(centres, total, apart, LINKAGES[Update(linkage)], (search,)).grow()
    name = np.concatenate([node, n + len(first) + np.arange(len(merge))])
    merges = np.concatenate([first, name[merge]])
    return assemble(merges, np.concatenate([np.zeros(len(first)), height]), n)


def exact_or_cells(limit: int, cells: Search) -> Search:
    """The exact search where at most `limit` clusters are left, the search in cells before."""
    exact = exact_search(np.float32)

    def search(forest: Forest, slots: Index) -> tuple[Index, NDArray[np.float64]]:
        return (exact if len(forest.alive) <= limit else cells)(forest, slots)

    return search


class Lean(Centres):
    """Centres of clusters in single precision; those of single points stay in the caller's table.

    The table of merged clusters takes memory only as it is written, and rows of joined clusters are reused.
    """

    def __init__(self, points: Floats, *, unit: bool, group: Index, weight: NDArray[np.float64]) -> None:
        self.points, self.unit = points, unit
        self.point = np.unique(group, return_index=True)[1]  # first point of each slot
        self.shift = np.zeros(points.shape[1], np.float32) if unit else _mean(points)
        self.place = np.full(len(self.point), -1, np.int64)  # in the table of merged clusters
        self.merged = np.empty((len(points) // 2 + 1, points.shape[1]), np.float32)
        self.free = np.arange(len(self.merged))[::-1].copy()
        self.left = len(self.free)
        self._start(group, weight)

    def _start(self, group: Index, weight: NDArray[np.float64]) -> None:
        """Write the means of the slots that begin with several points."""
        size = np.bincount(group)
        several = np.flatnonzero(size > 1)
        self.place[several] = self._take(len(several))
        self.merged[self.place[several]] = 0
        total = np.bincount(group, weight)
        members = np.flatnonzero(size[group] > 1)
        for some in pieces(len(members), self.width):
            rows = members[some]
            part = (weight[rows] / total[group[rows]]).astype(np.float32)
            np.add.at(self.merged, self.place[group[rows]], self._read(rows) * part[:, None])

    @property
    def width(self) -> int:
        return int(self.points.shape[1])

    def rows(self, slots: Index) -> NDArray[np.float32]:
        place = self.place[slots]
        single = place < 0
        if single.all():
            return self._read(self.point[slots])
        table = self.merged[place]
        table[single] = self._read(self.point[slots[single]])
        return table

    def join(self, a: Index, b: Index, wa: NDArray[np.float64], wb: NDArray[np.float64]) -> None:
        for some in pieces(len(a), self.width):
            left, right = a[some], b[some]
            share = (wa[some] / (wa[some] + wb[some])).astype(np.float32)[:, None]
            centre = self.rows(left) * share + self.rows(right) * (1 - share)
            new = np.flatnonzero(self.place[left] < 0)
            inherit = new[self.place[right[new]] >= 0]
            self.place[left[inherit]], self.place[right[inherit]] = self.place[right[inherit]], -1
            fresh = new[self.place[left[new]] < 0]
            self.place[left[fresh]] = self._take(len(fresh))
            self._release(self.place[right[self.place[right] >= 0]])
            self.merged[self.place[left]] = centre

    def _read(self, points: Index) -> NDArray[np.float32]:
        return _prepared(self.points[points], self.shift, self.unit)

    def _take(self, count: int) -> Index:
        self.left -= count
        return self.free[self.left : self.left + count]

    def _release(self, places: Index) -> None:
        self.free[self.left : self.left + len(places)] = places
        self.left += len(places)


def _prepared(rows: Floats, shift: NDArray[np.float32], unit: bool) -> NDArray[np.float32]:
    """The rows in single precision, scaled to unit length or shifted."""
    table = _single(rows) if rows.dtype == np.float16 else rows.astype(np.float32)
    if not unit:
        table -= shift
        return table
    length = np.sqrt(np.einsum("nd,nd->n", table, table))
    table /= np.maximum(length, np.finfo(np.float32).tiny)[:, None]
    return table


def _single(half: NDArray[np.float16]) -> NDArray[np.float32]:
    """Finite half precision as single, seven times as fast as in NumPy: moved bits, and a larger exponent."""
    bits = np.asarray(half).view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= np.int32(-0x70002000)  # clears the copies of the sign bit
    table = bits.view(np.float32)
    table *= np.float32(2.0**112)
    return table


def _mean(points: Floats) -> NDArray[np.float32]:
    total = np.zeros(points.shape[1])
    for some in pieces(len(points), points.shape[1]):
        total += points[some].sum(axis=0, dtype=np.float64)
    return (total / len(points)).astype(np.float32)


def _checked(points: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, NDArray[np.float64]]:
    x: Floats = real_array(points, "points")  # type: ignore[assignment]  # its kind is checked below
    if x.dtype.kind in "iub":
        x = x.astype(np.float32)
    if x.ndim != 2 or not len(x) or x.dtype.kind != "f":
        raise InputError(
            f"points must be a table of numbers of shape (n, d) with a row at least, got shape {x.shape} "
            f"of {x.dtype}"
        )
    limit = float(np.finfo(np.float32).max)
    for some in pieces(len(x), x.shape[1]):
        ends = [float(x[some].min(initial=0)), float(x[some].max(initial=0))]  # NaN where a value is NaN
        if not all(-limit <= end <= limit for end in ends):
            raise InputError(
                "points hold NaN, infinite values or values too large for single precision; remove those "
                "rows first"
            )
    w = np.ones(len(x)) if weights is None else converted(weights, np.float64, "weights")
    if w.shape != (len(x),) or not (np.isfinite(w).all() and np.all(w > 0)):
        raise InputError(f"weights must be {len(x)} positive numbers, one a point")
    return x, w


def _check_options(linkage: Update | str, exact: int, cells: int) -> None:
    if linkage not in LINKAGES:
        raise InputError(f"KnnGraph.linkage is {linkage!r}; choose from {', '.join(sorted(LINKAGES))}")
    if exact < 1:
        raise InputError(f"KnnGraph.exact must be at least 1, got {exact}")
    if cells < 1:
        raise InputError(f"KnnGraph.cells must be at least 1, got {cells}")
