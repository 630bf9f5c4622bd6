"""HMRF2: clustering and tracklet linking in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._field import links, nearest_alike, simulated_field
from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import allowed, pca, track_set_means
from castlist.research.baselines._track_set import TrackSet
from castlist.research.baselines.hmrf import constraint_field

__all__ = ["HMRF2", "assign", "motion_cost"]


@dataclass(frozen=True, slots=True)
class HMRF2(Method):
    """HMRF clustering, alternating with the linking of tracklets over gaps.  [Wu 2013, ICCV]

    In turn: (i) the random field of `HMRF`, in which joined tracklets are soft must-links; (ii) joining: each
    tracklet has at most one successor within `max_gap` frames, by the assignment of least sum of motion
    (shift in box sizes, which may grow with the gap, and change of size), appearance (1 - cosine) and a cost
    where labels differ; pairs with a cost above `unlinked` are not joined. The joint posterior and the
    alternation are known here only from secondary sources and memory; the costs are our reconstruction. A
    track set does not hold the ends of shots, so tracks may be joined over a cut where position, size and
    appearance all agree. It needs boxes and times. Time O(N^2 d) and at worst O(N^3) in each round for the
    assignment, memory O(N^2).
    """

    name = "hmrf2"
    after = "Wu et al., ICCV 2013"
    needs = frozenset({"boxes", "times"})
    must: float = 100.0
    cannot: float = 100.0
    joined: float = 20.0  # weight of a join as a must-link
    inherit: float = 0.05
    max_gap: int = 50
    unlinked: float = 1.0
    disagree: float = 0.5
    dimensions: int = 30
    rounds: int = 3
    max_tracks: int = 5_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        means = track_set_means(track_set)
        x = pca(means, self.dimensions)
        smooth = nearest_alike(x)
        must, apart = constraint_field(track_set, smooth, self.must, self.cannot, self.inherit)
        pairs, motion = motion_cost(track_set, self.max_gap)
        distance = 1 - (means[pairs[:, 0]] * means[pairs[:, 1]]).sum(1)
        alike = must
        for _ in range(self.rounds):
            label = simulated_field(x, k or 1, alike, apart, rng, smooth=smooth, restarts=3).label
            differ = self.disagree * (label[pairs[:, 0]] != label[pairs[:, 1]])
            chosen = assign(track_set.tracks, pairs, motion + distance + differ, self.unlinked)
            alike = must.maximum(links(track_set.tracks, pairs[chosen], self.joined))
        return label


def motion_cost(track_set: TrackSet, max_gap: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(p, 2) pairs where the second track starts within max_gap frames of the first's end, and (p,) costs."""
    assert track_set.frame is not None and track_set.box is not None  # noqa: S101, PT018 (checked before)
    order = np.lexsort((track_set.frame, track_set.track))
    size = np.bincount(track_set.track, minlength=track_set.tracks)
    head, tail = order[np.cumsum(size) - size], order[np.cumsum(size) - 1]
    gap = track_set.frame[head][None, :] - track_set.frame[tail][:, None]
    pairs = np.argwhere((gap > 0) & (gap <= max_gap))
    pairs = allowed(pairs, track_set.constraints.cannot, track_set.tracks)
    box = track_set.box.astype(np.float64)
    before, after = box[tail[pairs[:, 0]]], box[head[pairs[:, 1]]]
    width = [np.sqrt(np.maximum((b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]), 1.0)) for b in (before, after)]
    shift = np.linalg.norm(before[:, :2] + before[:, 2:] - after[:, :2] - after[:, 2:], axis=1) / 2
    shift = shift / np.sqrt(width[0] * width[1]) / np.sqrt(1 + gap[pairs[:, 0], pairs[:, 1]] / 10)
    return pairs, shift**2 + np.log(width[0] / width[1]) ** 2


def assign(count: int, pairs: NDArray[np.int64], cost: NDArray[np.float64], unlinked: float) -> Labels:
    """Rows of the chosen pairs: each track has at most one successor and one predecessor, and the sum of cost
    - unlinked is least."""
    from scipy.optimize import linear_sum_assignment

    gain = np.zeros((count, count))
    gain[pairs[:, 0], pairs[:, 1]] = np.minimum(cost - unlinked, 0)
    first, second = linear_sum_assignment(gain)
    successor = np.full(count, -1)
    successor[first] = np.where(gain[first, second] < 0, second, -1)
    return np.flatnonzero(successor[pairs[:, 0]] == pairs[:, 1])
