"""DBSCAN, as in photo managers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.extras import needed
from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import squared_distances, track_set_means
from castlist.research.baselines._track_set import TrackSet

__all__ = ["DBSCAN", "calibrated_distance"]


@dataclass(frozen=True, slots=True)
class DBSCAN(Method):
    """Clusters are tracks connected through cores, which have `min_samples` within eps.  [Ester 1996]

    scikit-learn's, on unit track means. Photo managers fix eps to a number for their own network (PhotoPrism:
    0.64 and a core of 4 faces), which does not transfer to others. Our rule: eps is the distance at which the
    share `false_matches` of the video's cannot-linked track pairs would be taken for one person; with fewer
    than 20 such pairs, half the median distance of evenly sampled tracks. Tracks outside all clusters are
    NOISE; where k is given they join the nearest cluster, and clusters are merged or split to k, which DBSCAN
    itself does not do. Time O(N^2 d), memory O(N) plus the neighbours found, at worst O(N^2).
    """

    name = "dbscan"
    estimates_k = True
    constrained = False
    randomised = False
    eps: float | None = None  # Euclidean distance of unit vectors, 0 to 2; None: by the rule
    min_samples: int = 3
    false_matches: float = 0.001
    max_tracks: int = 20_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        with needed("DBSCAN", "features"):
            from sklearn.cluster import DBSCAN as SklearnDBSCAN

        eps = calibrated_distance(track_set, self.false_matches) if self.eps is None else self.eps
        model = SklearnDBSCAN(eps=max(eps, 1e-9), min_samples=self.min_samples, algorithm="brute")
        return np.asarray(model.fit_predict(track_set_means(track_set)), np.int64)


def calibrated_distance(track_set: TrackSet, false_matches: float) -> float:
    """The Euclidean distance of unit track means below which two tracks are taken for one person."""
    x = track_set_means(track_set)
    pairs = track_set.constraints.cannot
    if len(pairs) >= 20:
        apart = np.linalg.norm(x[pairs[:, 0]] - x[pairs[:, 1]], axis=1)
        return float(np.quantile(apart, false_matches))
    sample = x[:: -(-len(x) // 1000)]
    apart = np.sqrt(squared_distances(sample)[np.triu_indices(len(sample), 1)])
    return float(np.median(apart)) / 2
