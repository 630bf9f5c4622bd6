"""FINCH: clusters from first neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import (
    Floats,
    components,
    group_means,
    neighbours,
    squared_distances,
    track_set_means,
    unit64,
)
from castlist.research.baselines._track_set import TrackSet

__all__ = ["FINCH", "cosine_distances", "finch_levels", "merge_closest"]


@dataclass(frozen=True, slots=True)
class FINCH(Method):
    """Joins each track with its first neighbour, then the means of these clusters, and so on.  [Sarfraz 2019]

    Level by level: A(i, j) = 1 where j = nn(i), i = nn(j) or nn(i) = nn(j), by cosine; the connected
    components of A are the next partition. The levels end before a level with a single cluster (the first
    level always counts). Without k, the result is the last level. With k, it is the level of k clusters, if
    there is one; else, starting from the coarsest level of more clusters, the two clusters whose means have
    the largest cosine are merged until k are left. These are the rules of the authors' package (finch-clust
    0.2.3), and the partitions are the same; the code was written from the paper. The package's bound on the
    length of links (`ensure_early_exit`) is left out: it changes no partition there. Where k is larger than
    the number of clusters of the first level, the package returns that level; here single tracks are merged
    instead, to k clusters. It ignores constraints. Time O(N^2 d), memory O(N d) (neighbours are found in
    blocks); merging m clusters to k takes O(m^3) at worst.
    """

    name = "finch"
    estimates_k = True
    constrained = False
    randomised = False
    max_tracks: int = 50_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        x = track_set_means(track_set)
        levels = finch_levels(x)
        if k is None:
            return levels[-1]
        finest = [np.arange(len(x)), *levels]
        level = next(level for level in reversed(finest) if level.max() + 1 >= k)
        return merge_closest(level, x, k, distance=cosine_distances)


def finch_levels(x: Floats) -> list[Labels]:
    """The partitions of the rows from finest to coarsest, each a union of clusters of the level before."""
    levels = [_joined(x, np.arange(len(x)))]
    while (level := _joined(x, levels[-1])).max() > 0:
        levels.append(level)
    return levels


def _joined(x: Floats, label: Labels) -> Labels:
    """The next level: every cluster joined with the cluster of the nearest mean by cosine."""
    count = int(label.max()) + 1
    if count == 1:
        return label
    nearest = neighbours(unit64(group_means(x, label, count)), 1)[:, 0]
    return components(count, np.arange(count), nearest)[label]


def cosine_distances(a: Floats, b: Floats | None = None) -> Floats:
    """(p, q) 1 - cosine of each row of a (p, d) with each row of b (q, d); b is a by default."""
    left = unit64(a)
    return np.asarray(1 - left @ (left if b is None else unit64(b)).T, np.float64)


def merge_closest(
    label: Labels,
    x: Floats,
    k: int,
    forbidden: NDArray[np.bool_] | None = None,
    *,
    distance: Callable[..., Floats] = squared_distances,
) -> Labels:
    """(t,) k clusters, by merging the pair with the closest means, again and again.

    Pairs of clusters marked in `forbidden` (c, c) are merged only when no other pair is left. `distance`
    computes the distances between the rows of one array, or of two.
    """
    label = np.unique(label, return_inverse=True)[1]
    size = np.bincount(label).astype(np.float64)
    mean = group_means(x, label, len(size))
    forbidden = np.zeros((len(size), len(size)), bool) if forbidden is None else forbidden.copy()
    into, alive = np.arange(len(size)), np.ones(len(size), bool)
    apart = distance(mean)
    np.fill_diagonal(apart, np.inf)
    for _ in range(len(size) - k):
        allowed = np.where(forbidden, np.inf, apart)
        a, b = np.unravel_index(np.argmin(allowed if np.isfinite(allowed).any() else apart), apart.shape)
        mean[a] = (size[a] * mean[a] + size[b] * mean[b]) / (size[a] + size[b])
        size[a] += size[b]
        into[into == b], alive[b] = a, False
        forbidden[a] |= forbidden[b]
        forbidden[:, a] |= forbidden[:, b]
        apart[b] = apart[:, b] = np.inf
        row = np.where(alive, distance(mean[a : a + 1], mean)[0], np.inf)
        row[a] = np.inf
        apart[a] = apart[:, a] = row
    return np.asarray(into[label], np.int64)
