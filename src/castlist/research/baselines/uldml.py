"""ULDML: a metric learned from the video's own tracks and links, then agglomeration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import Floats, group_means, hac_of_distances, pca, unit64
from castlist.research.baselines._track_set import TrackSet

__all__ = ["ULDML", "face_pairs", "logistic_metric"]


@dataclass(frozen=True, slots=True)
class ULDML(Method):
    """A metric learned from faces of one track (one person) and of co-occurring tracks (two).  [Cinbis 2011]

    p_ij = sigmoid(b - ||L (x_i - x_j)||^2) is the probability of one person; L (low rank) and b maximise the
    mean log-likelihood of face pairs, within tracks and across cannot-linked tracks, with equal weights of
    both kinds. Tracks are then merged by complete linkage on the mean squared distance of their faces.
    Confirmed by the abstract: the source of the pairs, and a cast-specific metric without labels; the loss is
    that of LDML. Reconstructed from memory: PCA first, the rank, mean face-pair distance, complete linkage.
    Without cannot-links the metric stays Euclidean. Cannot-links only train the metric and may be violated.
    Time O(pairs * p * r) for each step, O(n d^2) for PCA, memory O(n p + N^2): n faces, N tracks.
    """

    name = "uldml"
    after = "Cinbis et al., ICCV 2011"
    dimensions: int = 100
    rank: int = 32
    pairs: int = 10_000  # of each kind
    steps: int = 100
    max_tracks: int = 10_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        x = pca(unit64(track_set.features), self.dimensions)
        same, other = face_pairs(track_set, self.pairs, rng)
        if len(same) and len(other):
            metric, _ = logistic_metric(
                x[same[:, 0]] - x[same[:, 1]], x[other[:, 0]] - x[other[:, 1]], self.rank, self.steps
            )
            x = x @ metric.T
        return hac_of_distances(
            mean_pair_distances(x, track_set.track, track_set.tracks), track_set.tracks, k or 1, "complete"
        )


def face_pairs(
    track_set: TrackSet, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(p, 2) random pairs of faces of one track, (q, 2) of two cannot-linked tracks, at most `count` each."""
    long = np.flatnonzero(np.bincount(track_set.track, minlength=track_set.tracks) > 1)
    same_track = long[rng.integers(0, len(long), count)] if len(long) else long
    same = np.stack([_a_face(track_set, same_track, rng), _a_face(track_set, same_track, rng)], 1)
    cannot = track_set.constraints.cannot
    pairs = cannot[rng.integers(0, len(cannot), count)] if len(cannot) else cannot
    other = np.stack([_a_face(track_set, pairs[:, 0], rng), _a_face(track_set, pairs[:, 1], rng)], 1)
    return np.unique(same[same[:, 0] != same[:, 1]], axis=0), np.unique(other, axis=0)


def _a_face(track_set: TrackSet, tracks: Labels, rng: np.random.Generator) -> Labels:
    """A random face of each of the tracks."""
    order = np.argsort(track_set.track, kind="stable")
    size = np.bincount(track_set.track, minlength=track_set.tracks)
    return np.asarray(order[(np.cumsum(size) - size)[tracks] + rng.integers(0, size[tracks])])


def logistic_metric(same: Floats, other: Floats, rank: int, steps: int) -> tuple[Floats, list[float]]:
    """L (rank, p) from differences (m, p) of pairs of one person and of two, and the loss after each step."""
    from scipy.optimize import minimize

    p = same.shape[1]
    rank = min(rank, p)
    difference = np.concatenate([same, other])
    sign = np.concatenate([np.full(len(same), -1.0), np.ones(len(other))])
    weight = np.concatenate([np.full(len(same), 0.5 / len(same)), np.full(len(other), 0.5 / len(other))])

    def loss(flat: Floats) -> tuple[float, Floats]:
        metric, bias = flat[:-1].reshape(rank, p), flat[-1]
        z = difference @ metric.T
        score = sign * (bias - (z**2).sum(1))  # above 0 where the pair is classified wrong
        slope = weight * sign / (1 + np.exp(-np.clip(score, -500, 500)))
        gradient = -2 * (z * slope[:, None]).T @ difference
        return float(weight @ np.logaddexp(0, score)), np.append(gradient.ravel(), slope.sum())

    middle = float(np.sqrt((same**2).sum(1).mean() * (other**2).sum(1).mean())) or 1.0
    start = np.append((np.eye(rank, p) / np.sqrt(middle)).ravel(), 1.0)
    trace = [loss(start)[0]]
    found = minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps},
        callback=lambda at: trace.append(loss(at)[0]),
    )
    return found.x[:-1].reshape(rank, p), trace


def mean_pair_distances(x: Floats, track: Labels, count: int) -> Floats:
    """Condensed (t (t - 1) / 2,) mean squared distance of the faces of two tracks."""
    from scipy.spatial.distance import pdist

    mean = group_means(x, track, count)
    spread = group_means(((x - mean[track]) ** 2).sum(1)[:, None], track, count)[:, 0]
    i, j = np.triu_indices(count, 1)
    return np.asarray(pdist(mean, "sqeuclidean") + spread[i] + spread[j])
