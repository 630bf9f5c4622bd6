"""WBSLRR: weighted block-sparse low-rank representation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import Floats, chunk_means, group_means, pca, spectral, unit64
from castlist.research.baselines._track_set import TrackSet
from castlist.research.baselines.mcafc import forbidden_pairs

__all__ = ["WBSLRR", "block_shrink", "low_rank_representation", "shrink_rank"]


@dataclass(frozen=True, slots=True)
class WBSLRR(Method):
    """Faces as low-rank sums of other faces, between few pairs of tracks, then spectral clustering.
    [Xiao 2014]

    min_{Z, E} ||Z||_* + blocks sum_{tracks a, b} w_ab ||Z_ab||_F + noise ||E||_{2,1}, X = XZ + E; Z_ab are
    the rows of track a and the columns of track b; w is `own` within a track, `apart` for cannot-linked
    tracks, 1 otherwise. By ADMM: singular values, blocks and columns are shrunk in turn. |Z| + |Z|^T, summed
    over the faces of each track, is cut into K. Reconstructed from memory of the paper; only its name and its
    results are confirmed here. The items are the means of `parts` successive parts of each track, instead of
    its faces. Cannot-links are costs and may be violated. Time O(iterations * M^3) for M = parts * N items,
    memory O(M^2), 10 matrices of 8 M^2 bytes.
    """

    name = "wbslrr"
    after = "Xiao et al., ECCV 2014"
    blocks: float = 0.02
    noise: float = 0.1
    own: float = 0.1
    apart: float = 10.0
    parts: int = 2
    dimensions: int = 100
    iterations: int = 40
    max_tracks: int = 700

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        x, track = chunk_means(track_set, self.parts)
        weight = np.where(forbidden_pairs(track_set), self.apart, 1.0)
        np.fill_diagonal(weight, self.own)
        z, _ = low_rank_representation(
            unit64(pca(x, self.dimensions)), track, self.blocks * weight, self.noise, self.iterations
        )
        affinity = np.abs(z) + np.abs(z.T)
        affinity = group_means(group_means(affinity, track, track_set.tracks).T, track, track_set.tracks)
        return spectral(affinity, k or 1, rng)


def low_rank_representation(
    x: Floats, block: Labels, weight: Floats, noise: float, iterations: int
) -> tuple[Floats, list[float]]:
    """Z (m, m) for items x (m, d) in blocks with weights (t, t), and the residuals of X = XZ + E, Z = J, Z =
    B."""
    a = x.T
    inverse = np.linalg.inv(a.T @ a + 2 * np.eye(len(x)))
    e, y = np.zeros_like(a), np.zeros_like(a)
    z, u, v = (np.zeros((len(x), len(x))) for _ in range(3))
    mu, trace = 0.1, []
    for _ in range(iterations):
        j = shrink_rank(z + u / mu, 1 / mu)
        b = block_shrink(z + v / mu, block, weight / mu)
        z = inverse @ (a.T @ (a - e + y / mu) + j + b - (u + v) / mu)
        left = a - a @ z
        e = _shrink_columns(left + y / mu, noise / mu)
        y, u, v = y + mu * (left - e), u + mu * (z - j), v + mu * (z - b)
        trace.append(float(max(np.abs(left - e).max(), np.abs(z - j).max(), np.abs(z - b).max())))
        mu = min(mu * 1.2, 1e4)
    return b, trace


def shrink_rank(matrix: Floats, by: float) -> Floats:
    """argmin_J by ||J||_* + 1/2 ||J - matrix||_F^2: singular values lowered by `by`, none below 0."""
    value, vector = np.linalg.eigh(matrix.T @ matrix)
    kept = value > by**2
    vector = vector[:, kept]
    return np.asarray((matrix @ vector) * (1 - by / np.sqrt(value[kept])) @ vector.T)


def block_shrink(matrix: Floats, block: Labels, by: Floats) -> Floats:
    """argmin_B sum_ab by_ab ||B_ab||_F + 1/2 ||B - matrix||_F^2: the norm of every block lowered by its
    weight."""
    onehot = (block[:, None] == np.arange(int(block.max()) + 1)).astype(np.float64)
    norm = np.sqrt(np.maximum(onehot.T @ (matrix**2) @ onehot, 1e-300))
    factor = np.maximum(1 - by / norm, 0)
    return np.asarray(matrix * factor[np.ix_(block, block)])


def _shrink_columns(matrix: NDArray[np.float64], by: float) -> Floats:
    norm = np.linalg.norm(matrix, axis=0)
    return np.asarray(matrix * np.maximum(1 - by / np.maximum(norm, 1e-300), 0))
