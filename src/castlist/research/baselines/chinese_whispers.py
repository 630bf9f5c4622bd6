"""Chinese Whispers on the graph of alike tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import track_set_means
from castlist.research.baselines._track_set import TrackSet
from castlist.research.baselines.dbscan import calibrated_distance

__all__ = ["ChineseWhispers", "whisper"]


@dataclass(frozen=True, slots=True)
class ChineseWhispers(Method):
    """Every track takes the label of most weight among its neighbours, again and again.  [Biemann 2006]

    y_i <- argmax_c sum_{j ~ i, y_j = c} w_ij, nodes in random order, at most `rounds` times. Two tracks are
    neighbours where their distance is below a threshold (dlib: 0.6 for its own network); ours is the rule of
    `DBSCAN`, and w_ij is the cosine. A track without neighbours is a cluster of its own. Where k is given
    clusters are merged or split to k. Cannot-links only set the threshold. Time O(N^2 d + rounds * edges),
    memory O(edges), at worst O(N^2).
    """

    name = "chinese-whispers"
    estimates_k = True
    constrained = False
    distance: float | None = None  # of unit vectors, 0 to 2; None: by the rule
    false_matches: float = 0.001
    rounds: int = 100
    max_tracks: int = 20_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        x = track_set_means(track_set)
        limit = self.distance
        if limit is None:
            limit = calibrated_distance(track_set, self.false_matches)
        near, weight = [], []
        for i in range(len(x)):
            cosine = x @ x[i]
            cosine[i] = -1
            found = np.flatnonzero(cosine > 1 - limit**2 / 2)
            near.append(found)
            weight.append(np.maximum(cosine[found], 1e-6))
        return whisper(near, weight, self.rounds, rng)


def whisper(near: list[Labels], weight: list[np.ndarray], rounds: int, rng: np.random.Generator) -> Labels:
    """(n,) labels of a graph, from each node's neighbours and the weights of these edges."""
    label = np.arange(len(near))
    for _ in range(rounds):
        before = label.copy()
        for i in rng.permutation(len(near)):
            if len(near[i]):
                votes = np.bincount(label[near[i]], weight[i])
                label[i] = votes.argmax()
        if np.array_equal(before, label):
            break
    return label
