"""CMVFC: constrained sparse subspace clustering in several views."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import (
    Floats,
    k_means,
    leading,
    normalised,
    pca,
    track_set_means,
    unit64,
)
from castlist.research.baselines._sparse import affinity_of, self_expression
from castlist.research.baselines._track_set import TrackSet
from castlist.research.baselines.mcafc import forbidden_pairs

__all__ = ["CMVFC", "co_regularise", "constrained_laplacian"]


@dataclass(frozen=True, slots=True)
class CMVFC(Method):
    """Sparse self-expression in each view with constraints, and a joint spectral clustering.  [Cao 2015]

    Per view v: min_C 1/2 ||X - XC||^2 + sparse ||C||_1, C_ij = 0 on cannot-links; W = |C| + |C|^T, L its
    normalised Laplacian; L_cst = L + must L_ml + cannot Lbar_cl. Then min_{U_v} sum_v tr(U_v^T L_cst,v U_v) +
    agree / 2 sum_{v, w} ||U_v U_v^T - U_w U_w^T||_F^2 by solving for one view at a time, and k-means on all U
    concatenated. Confirmed in the paper's text: constraints in both steps, the formula of L_cst,
    co-regularisation. Reconstructed: Lbar_cl as the signless Laplacian (so that sum ||u_i + u_j||^2 is small
    on cannot-links), the measure of disagreement, all weights. Views are the features and `TrackSet.views`,
    pooled over each track. It needs a second view; without one, `subspaces` cuts the dimensions of the
    features into so many random parts (random subspaces [Ho 1998], not in the paper: they agree more than
    descriptors of different kinds would). Time O(views * (iterations * N^2 p + rounds * N^3)), memory O(views
    * N^2), 8 matrices of 8 N^2 bytes.
    """

    name = "cmvfc"
    needs = frozenset({"a second view"})
    sparse: float = 0.1
    must: float = 1.0
    cannot: float = 0.1
    agree: float = 0.1
    dimensions: int = 100
    iterations: int = 150
    rounds: int = 5
    subspaces: int | None = None  # number of views made of the features if the track set has no second view
    max_tracks: int = 2_000

    def lacks(self, track_set: TrackSet) -> list[str]:
        return [] if (self.subspaces or 0) > 1 else Method.lacks(self, track_set)

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        apart = forbidden_pairs(track_set)
        linked = track_set.groups[:, None] == track_set.groups
        np.fill_diagonal(linked, False)
        laplacians = []
        for view in self._views(track_set, rng):
            x = unit64(pca(track_set_means(track_set, view), self.dimensions))
            c, _ = self_expression(x, apart, self.sparse, iterations=self.iterations)
            laplacians.append(constrained_laplacian(affinity_of(c), linked, apart, self.must, self.cannot))
        vectors, _ = co_regularise(laplacians, k or 1, self.agree, self.rounds)
        return k_means(unit64(np.concatenate(vectors, 1)), k or 1, rng)

    def _views(self, track_set: TrackSet, rng: np.random.Generator) -> list[NDArray[np.float32]]:
        if track_set.views:
            return [track_set.features, *track_set.views]
        order = rng.permutation(track_set.features.shape[1])
        return [
            track_set.features[:, part] for part in np.array_split(order, self.subspaces or 1) if len(part)
        ]


def constrained_laplacian(
    affinity: Floats, linked: NDArray[np.bool_], apart: NDArray[np.bool_], must: float, cannot: float
) -> Floats:
    """L + must * L_ml + cannot * Lbar_cl, small where neighbours agree and cannot-linked tracks differ."""
    together = np.diag(linked.sum(1).astype(np.float64)) - linked
    opposed = np.diag(apart.sum(1).astype(np.float64)) + apart
    return np.asarray(np.eye(len(affinity)) - normalised(affinity) + must * together + cannot * opposed)


def co_regularise(
    laplacians: list[Floats], k: int, agree: float, rounds: int
) -> tuple[list[Floats], list[float]]:
    """U_v (t, k) of every view with orthonormal columns, and the objective after each round."""
    vectors = [leading(-laplacian, k) for laplacian in laplacians]
    trace = [_disagreement(laplacians, vectors, agree)]
    for _ in range(rounds):
        for v, laplacian in enumerate(laplacians):
            others = [u for w, u in enumerate(vectors) if w != v]
            vectors[v] = leading(sum((2 * agree * u @ u.T for u in others), -laplacian), k)
        trace.append(_disagreement(laplacians, vectors, agree))
    return vectors, trace


def _disagreement(laplacians: list[Floats], vectors: list[Floats], agree: float) -> float:
    cost = sum(float((u * (lap @ u)).sum()) for lap, u in zip(laplacians, vectors, strict=True))
    shared = sum(float(((u.T @ w) ** 2).sum()) for i, u in enumerate(vectors) for w in vectors[:i])
    pairs = len(vectors) * (len(vectors) - 1) / 2
    return float(cost + agree * 2 * (pairs * vectors[0].shape[1] - shared))
