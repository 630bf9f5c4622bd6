"""k-means on track means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import k_means, track_set_means
from castlist.research.baselines._track_set import TrackSet

__all__ = ["KMeans"]


@dataclass(frozen=True, slots=True)
class KMeans(Method):
    """Clusters of least squared distance to their means: min sum_i ||x_i - mu_{y_i}||^2.  [Lloyd 1982]

    scikit-learn's, on unit track means, with 10 restarts as in the SSiam code (confirmed in that code). It
    ignores constraints. Time O(N K d) for each pass, memory O(N d).
    """

    name = "k-means"
    constrained = False
    restarts: int = 10
    max_tracks: int = 1_000_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        return k_means(track_set_means(track_set), k or 1, rng, self.restarts)
