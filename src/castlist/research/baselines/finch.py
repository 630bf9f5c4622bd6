"""FINCH: clusters from first neighbours alone."""

from __future__ import annotations

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

__all__ = ["FINCH", "finch_levels", "merge_closest"]


@dataclass(frozen=True, slots=True)
class FINCH(Method):
    """Joins everything to its first neighbour, then the means of what came of it, and so on.  [Sarfraz 2019]

    Level by level: A(i, j) = 1 where j = nn(i), i = nn(j) or nn(i) = nn(j), by cosine; the connected
    components of A are the next partition. From the second level on, no link may be longer than the longest
    of the first; the levels end where nothing merges. With k, the finest partition of at least k clusters is
    taken and its closest clusters are merged one pair at a time. Without, the coarsest partition of two or
    more clusters is the answer. Rules confirmed against the authors' code, the code here written from the
    paper; it looks at no constraint. Time O(N^2 d), memory O(N d) (neighbours are found in blocks); merging m
    clusters to k takes O(m^3) at worst.
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
            return next(level for level in reversed(levels) if level.max() > 0 or level is levels[0])
        finest = [np.arange(len(x)), *levels]
        return merge_closest(next(level for level in reversed(finest) if level.max() + 1 >= k), x, k)


def finch_levels(x: Floats) -> list[Labels]:
    """The partitions of the rows from finest to coarsest, each a union of clusters of the one before."""
    label, levels, longest = np.arange(len(x)), [], np.inf
    while (count := int(label.max()) + 1) > 1:
        mean = unit64(group_means(x, label, count))
        nearest = neighbours(mean, 1)[:, 0]
        length = 1 - (mean * mean[nearest]).sum(1)
        kept = np.flatnonzero(length <= longest)
        joined = components(count, kept, nearest[kept])
        if joined.max() + 1 == count:
            break
        longest = min(longest, length.max() + 1e-9)
        label = joined[label]
        levels.append(label)
    return levels or [label]


def merge_closest(label: Labels, x: Floats, k: int, forbidden: NDArray[np.bool_] | None = None) -> Labels:
    """(t,) the clusters merged one closest pair of means at a time until k are left.

    Pairs of clusters marked in foes (c, c) are merged only once no other pair is left.
    """
    label = np.unique(label, return_inverse=True)[1]
    size = np.bincount(label).astype(np.float64)
    mean = group_means(x, label, len(size))
    forbidden = np.zeros((len(size), len(size)), bool) if forbidden is None else forbidden.copy()
    into, alive = np.arange(len(size)), np.ones(len(size), bool)
    distance = squared_distances(mean)
    np.fill_diagonal(distance, np.inf)
    for _ in range(len(size) - k):
        allowed = np.where(forbidden, np.inf, distance)
        a, b = np.unravel_index(
            np.argmin(allowed if np.isfinite(allowed).any() else distance), distance.shape
        )
        mean[a] = (size[a] * mean[a] + size[b] * mean[b]) / (size[a] + size[b])
        size[a] += size[b]
        into[into == b], alive[b] = a, False
        forbidden[a] |= forbidden[b]
        forbidden[:, a] |= forbidden[:, b]
        distance[b] = distance[:, b] = np.inf
        row = np.where(alive, squared_distances(mean[a : a + 1], mean)[0], np.inf)
        row[a] = np.inf
        distance[a] = distance[:, a] = row
    return np.asarray(into[label], np.int64)
