"""HMRF: constrained clustering by a hidden Markov random field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from castlist.research.baselines._field import links, nearest_alike, simulated_field
from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import pca, track_set_means
from castlist.research.baselines._track_set import TrackSet

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["HMRF", "constraint_field"]


@dataclass(frozen=True, slots=True)
class HMRF(Method):
    """Gaussian clusters whose labels form a Markov field with the constraints.  [Wu 2013, CVPR]

    Energy: -log N(x_i; mu, sigma) of every track, plus `must` for every violated must-link and `cannot` for
    every violated cannot-link, plus two kinds of smoothness: near neighbours prefer one label (weight
    learned), and inherit each other's cannot-links (the share `inherit` of the weight). EM with a simulated
    field from several k-means; the run of least energy is kept. Confirmed by the abstract: the field, both
    kinds of smoothness, the simulated field, adjustable weights. Reconstructed from memory of the paper: the
    form of the potentials, diagonal covariances, PCA first, one node for each track instead of every n-th
    frame. Cannot-links are costs and may be violated. Time O(N^2 d) for neighbours and O(restarts * sweeps *
    N K r), memory O(N K + edges).
    """

    name = "hmrf"
    after = "Wu et al., CVPR 2013"
    must: float = 100.0
    cannot: float = 100.0
    inherit: float = 0.05
    dimensions: int = 30
    sweeps: int = 15
    restarts: int = 5
    max_tracks: int = 10_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        x = pca(track_set_means(track_set), self.dimensions)
        smooth = nearest_alike(x)
        alike, apart = constraint_field(track_set, smooth, self.must, self.cannot, self.inherit)
        found = simulated_field(
            x, k or 1, alike, apart, rng, smooth=smooth, sweeps=self.sweeps, restarts=self.restarts
        )
        return found.label


def constraint_field(
    track_set: TrackSet, smooth: csr_matrix, must: float, cannot: float, inherit: float
) -> tuple[csr_matrix, csr_matrix]:
    """Sparse (t, t) weights of must-links and of cannot-links; near neighbours inherit cannot-links."""
    alike = links(track_set.tracks, track_set.constraints.must, must)
    apart = links(track_set.tracks, track_set.constraints.cannot, 1.0)
    passed = apart @ smooth
    passed = (passed + passed.T).minimum(1.0).tocsr()
    passed.setdiag(0)
    return alike, (cannot * apart.maximum(inherit * passed)).tocsr()
