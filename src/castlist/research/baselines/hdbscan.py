"""HDBSCAN on track means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.extras import needed
from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import track_set_means
from castlist.research.baselines._track_set import TrackSet

__all__ = ["HDBSCAN"]


@dataclass(frozen=True, slots=True)
class HDBSCAN(Method):
    """The most stable clusters of the tree of DBSCAN's results over all eps.  [Campello 2013]

    scikit-learn's, on unit track means, excess of mass. Tracks outside all clusters are NOISE; where k is
    given they join the nearest cluster, and clusters are merged or split to k, which HDBSCAN itself does not
    do. scikit-learn's result depends on the order of the tracks, which the random state shuffles here. It
    ignores constraints. Time O(N^2 d), memory O(N^2): 8 N^2 bytes a few times, about 2 GB for 10,000 tracks.
    """

    name = "hdbscan"
    estimates_k = True
    constrained = False
    min_cluster_size: int = 3
    max_tracks: int = 8_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        with needed("HDBSCAN", "features"):
            from sklearn.cluster import HDBSCAN as SklearnHDBSCAN

        if track_set.tracks < self.min_cluster_size:
            return np.full(track_set.tracks, -1)
        model = SklearnHDBSCAN(min_cluster_size=self.min_cluster_size, copy=True)
        order = rng.permutation(track_set.tracks)
        label = np.empty(track_set.tracks, np.int64)
        label[order] = model.fit_predict(track_set_means(track_set)[order])
        return label
