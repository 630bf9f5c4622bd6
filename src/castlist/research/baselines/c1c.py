"""C1C: first-neighbour clustering that keeps cannot-links."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import (
    Floats,
    components,
    group_means,
    squared_distances,
    track_set_means,
)
from castlist.research.baselines._track_set import TrackSet
from castlist.research.baselines.finch import merge_closest

__all__ = ["C1C", "c1c_levels", "split_by_min_cut"]


@dataclass(frozen=True, slots=True)
class C1C(Method):
    """FINCH in which no first neighbour is a cannot-linked one.  [Kalogeiton 2020]

    Must-linked tracks start as one cluster. At every level the distance of cannot-linked clusters is
    infinite, each cluster joins its first neighbour, and a component that still holds a cannot-linked pair is
    split by the minimum cut between the two tracks, where the capacity of an edge is 1.01 * longest - length.
    Of several such pairs, the pair farthest apart is split first; this is our choice, and makes the result
    independent of the order of the tracks. Clusters inherit the cannot-links of their tracks. With k, the
    closest allowed pairs are merged until k clusters are left; cannot-links are violated only where no
    allowed pair is left. Without k, the result is the coarsest partition of two or more clusters. All is
    confirmed in the text of the paper's description except FINCH's bound on the length of links, which we
    keep. Euclidean distance. Time O(N^2 d) for each level, memory O(N^2): the distances, 8 N^2 bytes.
    """

    name = "c1c"
    estimates_k = True
    randomised = False
    max_tracks: int = 6_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        x = track_set_means(track_set)
        levels = c1c_levels(x, track_set.groups, track_set.constraints.cannot)
        if k is None:
            return next(level for level in reversed(levels) if level.max() > 0 or level is levels[0])
        finest = next(level for level in reversed(levels) if level.max() + 1 >= k or level is levels[0])
        return merge_closest(finest, x, k, _forbidden(finest, track_set.constraints.cannot))


def c1c_levels(x: Floats, start: Labels, cannot: NDArray[np.int64]) -> list[Labels]:
    """The partitions from finest (at least that of `start`) to coarsest; none violates a cannot-link."""
    label, levels, longest = start, [start], np.inf
    while (count := int(label.max()) + 1) > 1:
        distance = np.sqrt(squared_distances(group_means(x, label, count)))
        forbidden = _forbidden(label, cannot)
        apart = np.where(forbidden, distance, -1)
        distance[forbidden] = np.inf
        np.fill_diagonal(distance, np.inf)
        nearest = distance.argmin(1)
        length = distance[np.arange(count), nearest]
        kept = np.flatnonzero(np.isfinite(length) & (length <= longest))
        joined = _legal(components(count, kept, nearest[kept]), distance, nearest, apart)
        if joined.max() + 1 == count:
            break
        longest = min(longest, length[kept].max() + 1e-9)
        label = joined[label]
        levels.append(label)
    return levels


def _forbidden(label: Labels, cannot: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(c, c) whether two clusters hold tracks that are cannot-linked with each other."""
    count = int(label.max()) + 1
    forbidden = np.zeros((count, count), bool)
    forbidden[label[cannot[:, 0]], label[cannot[:, 1]]] = True
    return forbidden | forbidden.T


def _legal(joined: Labels, distance: Floats, nearest: Labels, apart: Floats) -> Labels:
    """The components, split until no cannot-linked pair is in one; `apart` has pairs' distances, else -1."""
    label = joined.copy()
    waiting = list(np.unique(joined))
    while waiting:
        part = waiting.pop()
        members = np.flatnonzero(label == part)
        within = apart[np.ix_(members, members)]
        if within.max() >= 0:
            a, b = divmod(int(within.argmax()), len(members))
            near = nearest[members]
            edge = (members[:, None] == near) | (near[:, None] == members) | (near[:, None] == near)
            side = split_by_min_cut(distance[np.ix_(members, members)], edge, a, b)
            label[members[side]] = label.max() + 1
            waiting += [part, label.max()]
    return np.unique(label, return_inverse=True)[1]


def split_by_min_cut(distance: Floats, edge: NDArray[np.bool_], source: int, sink: int) -> NDArray[np.bool_]:
    """(m,) the nodes on the sink's side of the minimum cut; capacities 1.01 * longest edge - length."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    edge = edge & np.isfinite(distance)
    longest = distance[edge].max(initial=0.0)
    capacity = np.where(edge, 1.01 * longest - np.where(edge, distance, 0), 0)
    whole = np.rint(1e6 * capacity / max(capacity.max(), 1e-12)).astype(np.int32)
    whole[edge & (whole == 0)] = 1
    graph = csr_matrix(whole)
    residual = csr_matrix(graph - maximum_flow(graph, source, sink).flow)
    residual.eliminate_zeros()
    side = np.ones(len(edge), bool)
    side[breadth_first_order(residual, source, return_predecessors=False)] = False
    return side
