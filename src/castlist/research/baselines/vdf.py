"""VDF: deep features, pooled over each track, and agglomeration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import group_means, hac, unit64
from castlist.research.baselines._track_set import TrackSet

__all__ = ["VDF"]


@dataclass(frozen=True, slots=True)
class VDF(Method):
    """Faces of a pre-trained network, each at length 1, averaged over the track, then Ward.  [Sharma 2017]

    "A simple and effective technique for face clustering in TV series": mean_f x_f / ||x_f||, min sum of
    squares. Only title and year are confirmed here; pooled deep features and agglomeration are from memory.
    It differs from hac-ward only by normalising before pooling, so that sharp faces do not outweigh blurred
    ones. It ignores constraints. Time O(N^2 d), memory O(N^2): 8 N^2 / 2 bytes.
    """

    name = "vdf"
    after = "Sharma et al., CVPR Workshops 2017"
    constrained = False
    randomised = False
    max_tracks: int = 15_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        return hac(
            unit64(group_means(unit64(track_set.features), track_set.track, track_set.tracks)), k or 1, "ward"
        )
