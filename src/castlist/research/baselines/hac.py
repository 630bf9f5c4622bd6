"""Hierarchical agglomerative clustering of track means, in four linkages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import hac, track_set_means
from castlist.research.baselines._track_set import TrackSet

__all__ = ["HACAverage", "HACComplete", "HACSingle", "HACWard"]


@dataclass(frozen=True, slots=True)
class HACWard(Method):
    """Merges the two clusters whose union adds the least squared error, until k are left.  [Ward 1963]

    SciPy's linkage on unit track means with Euclidean distance, the baseline of the SSiam paper (confirmed in
    its code). It ignores constraints. Time O(N^2 d), memory O(N^2): 8 N^2 / 2 bytes, 0.9 GB for 15,000
    tracks; of more tracks it clusters a sample.
    """

    name = "hac-ward"
    constrained = False
    randomised = False
    max_tracks: int = 15_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        return hac(track_set_means(track_set), k or 1, self.name.removeprefix("hac-"))


@dataclass(frozen=True, slots=True)
class HACAverage(HACWard):
    """Merges the two clusters of least mean distance; otherwise as `HACWard`.  [Sokal 1958]"""

    name = "hac-average"


@dataclass(frozen=True, slots=True)
class HACComplete(HACWard):
    """Merges the two clusters with the least maximum distance; otherwise as `HACWard`.  [Sørensen 1948]"""

    name = "hac-complete"


@dataclass(frozen=True, slots=True)
class HACSingle(HACWard):
    """Merges the two clusters with the least minimum distance, which chains tracks.  [Sneath 1957]"""

    name = "hac-single"
