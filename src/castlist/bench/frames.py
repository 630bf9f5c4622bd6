"""Ward's clusters of very many points, exact, without the matrix of their distances."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.cluster import ward
from castlist.cluster.tree import cut_tree
from castlist.errors import InputError

__all__ = ["ward_clusters"]

Watch = Callable[[int, int], None]  # (clusters left, clusters wanted)
Floats = NDArray[np.float32]

DENSE = 2000  # so few clusters are finished over a full matrix
BLOCK = 1024  # rows compared at a time: BLOCK x n distances are all that is ever held


def ward_clusters(
    points: ArrayLike, clusters: int, *, dense: int = DENSE, watch: Watch | None = None
) -> NDArray[np.int64]:
    """(n,) the labels of Ward's tree of points (n, d), cut at so many clusters.

    Ward's linkage is reducible: joining two clusters brings neither nearer to a third. So all pairs
    that are each other's nearest may be joined at once, round after round, and the partitions met on
    the way are those of the tree [Murtagh 1983; Müllner 2011]. A cluster's neighbour is looked for anew
    only where the cluster or that neighbour was joined. Distances are float32.

    Raises:
        InputError: points are no finite table, or there are fewer of them than clusters.
    """
    centre, weight, label = _start(points, clusters)
    floor = max(dense, 2 * clusters)
    nearest = np.full(len(centre), -1)
    stale = np.arange(len(centre))
    gap = np.full(len(centre), np.inf, np.float32)
    while len(centre) > floor:
        if watch:
            watch(len(centre), clusters)
        nearest[stale], gap[stale] = _nearest(centre, weight, stale)
        pairs = _mutual(nearest, gap, len(centre) - floor)
        name, centre, weight = _join(pairs, centre, weight)
        label = name[label]
        nearest, gap, stale = _follow(pairs, name, nearest, gap, len(centre))
    tree = ward(centre, weights=weight)
    return np.asarray(cut_tree(tree, len(centre) - clusters).label[label], np.int64)


def _start(points: ArrayLike, clusters: int) -> tuple[Floats, NDArray[np.float64], NDArray[np.int64]]:
    x = np.array(points, np.float32)
    if x.ndim != 2 or not np.isfinite(x).all():
        raise InputError(f"points must be a finite table of shape (n, d), got shape {x.shape}")
    if not 1 <= clusters <= len(x):
        raise InputError(f"cannot make {clusters} clusters of {len(x)} points")
    x -= x.mean(axis=0)
    return x, np.ones(len(x)), np.arange(len(x))


def _nearest(
    centre: Floats, weight: NDArray[np.float64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats]:
    """The cluster whose union with each of `rows` adds least to the sum of squares, and how much."""
    nearest, gap = np.empty(len(rows), np.int64), np.empty(len(rows), np.float32)
    square = np.einsum("nd,nd->n", centre, centre)
    w = weight.astype(np.float32)
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        cost = centre[block] @ centre.T
        cost *= -2
        cost += square
        cost += square[block, None]
        np.maximum(cost, 0, out=cost)
        if w.max() > 1:
            cost *= w / (w + w[block, None]) * w[block, None]
        cost[np.arange(len(block)), block] = np.inf
        nearest[start : start + BLOCK] = cost.argmin(axis=1)
        gap[start : start + BLOCK] = cost.min(axis=1)
    return nearest, gap


def _mutual(nearest: NDArray[np.int64], gap: Floats, most: int) -> NDArray[np.int64]:
    """(m, 2) pairs that are each other's nearest, at most so many, the closest ones."""
    a = np.arange(len(nearest))
    pairs = np.stack([a, nearest], axis=1)[(nearest[nearest] == a) & (a < nearest)]
    if not len(pairs):  # rounding made a ring of ties; its closest pair is as good as any
        a = np.array([gap.argmin()])
        pairs = np.sort(np.stack([a, nearest[a]], axis=1), axis=1)
    return np.asarray(pairs[np.argsort(gap[pairs[:, 0]], kind="stable")[:most]])


def _join(
    pairs: NDArray[np.int64], centre: Floats, weight: NDArray[np.float64]
) -> tuple[NDArray[np.int64], Floats, NDArray[np.float64]]:
    """The new place of each old cluster, and the centres and weights in those places."""
    a, b = pairs.T
    share = (weight[b] / (weight[a] + weight[b])).astype(np.float32)[:, None]
    centre[a] += share * (centre[b] - centre[a])
    weight[a] += weight[b]
    kept = np.ones(len(centre), bool)
    kept[b] = False
    name = np.cumsum(kept) - 1
    name[b] = name[a]
    return name, centre[kept], weight[kept]


def _follow(
    pairs: NDArray[np.int64], name: NDArray[np.int64], nearest: NDArray[np.int64], gap: Floats, count: int
) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """Neighbours in the new numbering, and the clusters that must look for theirs anew."""
    joined = np.zeros(len(name), bool)
    joined[pairs.ravel()] = True
    still = np.flatnonzero(~joined & ~joined[nearest])
    new, new_gap = np.full(count, -1), np.full(count, np.inf, np.float32)
    new[name[still]], new_gap[name[still]] = name[nearest[still]], gap[still]
    return new, new_gap, np.flatnonzero(new < 0)
