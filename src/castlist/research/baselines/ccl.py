"""CCL: contrastive learning on FINCH's clusters and the video's constraints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._contrast import ContrastiveMethod, itself, training_pairs
from castlist.research.baselines._head import embed, need_torch, rotation
from castlist.research.baselines._method import Labels
from castlist.research.baselines._shared import (
    Floats,
    group_means,
    hac,
    squared_distances,
    track_set_means,
    unit64,
)
from castlist.research.baselines._track_set import TrackSet
from castlist.research.baselines.finch import finch_levels

__all__ = ["CCL", "cluster_pairs"]


@dataclass(frozen=True, slots=True)
class CCL(ContrastiveMethod):
    """A head trained on pairs from small, pure clusters and from tracks, then Ward.  [Sharma 2020]

    Contrastive loss: d^2 for faces of one track or one cluster of FINCH's first partition, max(margin - d,
    0)^2 for faces of cannot-linked tracks and of two clusters that lie far apart. Confirmed by the abstract:
    labels from a clustering joined with video constraints, a contrastive network. Reconstructed: FINCH and
    its first partition; negatives only from the farther half of the other clusters (near clusters are often
    the same person); the loss on 512 numbers at length 1 instead of a 2-d output; Ward. Cannot-links train
    the head and may be violated. Time O(N^2 d + steps * batch * d r), memory O(n d + N^2).
    """

    name = "ccl"
    after = "Sharma et al., FG 2020"

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        need_torch(self.name)
        means = track_set_means(track_set)
        alike, apart = cluster_pairs(means, finch_levels(means)[0], track_set.constraints.cannot, rng)
        x = unit64(track_set.features).astype(np.float32)
        layer, _ = self.train(track_set, x, rotation(x, self.width), alike, apart, rng)
        return hac(embed(x, layer, track_set), k or 1, "ward")


def cluster_pairs(
    x: Floats, label: Labels, cannot: NDArray[np.int64], rng: np.random.Generator, each: int = 50
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(p, 2) pairs of tracks of one cluster, without cannot-linked ones, and (q, 2) of far clusters.

    Every track is in `each` pairs of both kinds; there are as many cannot-links as other negatives.
    """
    t, count = len(x), int(label.max()) + 1
    distance = squared_distances(group_means(x, label, count))
    far = distance >= np.sort(distance, 1)[:, [count // 2]]
    np.fill_diagonal(far, False)
    pairs = np.stack([np.repeat(np.arange(t), each), rng.integers(0, t, t * each)], 1)
    apart = pairs[far[label[pairs[:, 0]], label[pairs[:, 1]]]]
    order = np.argsort(label, kind="stable")
    size = np.bincount(label)
    start = np.cumsum(size) - size
    first = np.repeat(np.arange(t), each)
    mate = order[start[label[first]] + rng.integers(0, size[label[first]])]
    return training_pairs([itself(t, each), np.stack([first, mate], 1)], apart, cannot, t)
