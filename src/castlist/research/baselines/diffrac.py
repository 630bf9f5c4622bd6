"""DIFFRAC: the partition that ridge regression predicts best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import Floats, k_means, leading, unit64
from castlist.research.baselines._track_set import TrackSet

__all__ = ["Diffrac", "discriminative_cost", "improve", "relax"]


@dataclass(frozen=True, slots=True)
class Diffrac(Method):
    """Labels that a linear classifier predicts with least ridge cost.  [Bach 2007]

    min over partitions of tr(A M), M = Y Y^T, A = P (I - X (X^T P X + n lambda I)^-1 X^T) P / n, P centring:
    the residual of the best ridge regression of Y on the faces X. Must-links (also those within tracks) make
    rows of M equal, so A is summed to one row for each track. Relaxed to M with diag 1, 0 <= M <= 1, M - 11^T
    / K positive semidefinite, M_ij = 0 on cannot-links, and no cluster of more than a share of all faces;
    then rounded by k-means on leading eigenvectors and moves of single tracks that lower the true cost.
    Confirmed in the paper's text and a successor's code: the cost, the collapse, the relaxation and its
    constraints. Ours: ADMM as solver (the paper: a sequence of smaller spectral problems), lambda as a
    multiple of the mean variance, the moves. Cannot-links hold unless no move can correct a violation. Time
    O(n d^2 + iterations * N^3), memory O(N^2), 10 matrices of 8 N^2 bytes.
    """

    name = "diffrac"
    ridge: float = 10.0  # lambda in mean variances of the features
    largest: float = 0.5  # largest share of the faces in one cluster; at least 1.5 / K
    iterations: int = 60
    max_tracks: int = 800

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        k = min(k or 1, int(track_set.groups.max()) + 1)
        cost, share = discriminative_cost(
            unit64(track_set.features), track_set.groups[track_set.track], self.ridge
        )
        pairs = track_set.groups[track_set.constraints.cannot]
        apart = np.zeros(cost.shape, bool)
        apart[pairs[:, 0], pairs[:, 1]] = apart[pairs[:, 1], pairs[:, 0]] = True
        largest = max(self.largest, 1.5 / k, share.max())
        relaxed = relax(cost, share, apart, k, largest, self.iterations)
        label = k_means(unit64(leading(relaxed, k)), k, rng)
        return improve(label, cost, share, apart, k, largest)[0][track_set.groups]


def discriminative_cost(x: Floats, node: Labels, ridge: float) -> tuple[Floats, Floats]:
    """A (g, g) summed over the faces of each node, and (g,) each node's share of the faces."""
    n, count = len(x), int(node.max()) + 1
    size = np.bincount(node, minlength=count).astype(np.float64)
    centred = x - x.mean(0)
    scatter = centred.T @ centred
    spread = max(float(np.trace(scatter)) / n / len(scatter), 1e-12)
    onehot = np.zeros((count, x.shape[1]))
    np.add.at(onehot, node, centred)
    fitted = onehot @ np.linalg.solve(scatter + n * ridge * spread * np.eye(len(scatter)), onehot.T)
    cost = (np.diag(size) - np.outer(size, size) / n - fitted) / n
    return (cost + cost.T) / 2, size / n


def relax(
    cost: Floats, share: Floats, apart: NDArray[np.bool_], k: int, largest: float, iterations: int
) -> Floats:
    """M (g, g) of the convex relaxation, by ADMM with one copy of M for each of three sets of constraints."""
    slope = cost / max(float(np.abs(cost).max()), 1e-12)
    middle = np.eye(len(cost))
    copies = [middle.copy() for _ in range(3)]
    dual = [np.zeros_like(cost) for _ in range(3)]
    for _ in range(iterations):
        copies[0] = _semidefinite(middle - dual[0] - slope, 1 / k)
        copies[1] = np.where(apart, 0, np.clip(middle - dual[1], 0, 1))
        np.fill_diagonal(copies[1], 1)
        row = middle - dual[2]
        copies[2] = row - np.outer(np.maximum(row @ share - largest, 0) / (share @ share), share)
        middle = (np.stack(copies) + np.stack(dual)).mean(0)
        middle = (middle + middle.T) / 2
        dual = [u + c - middle for c, u in zip(copies, dual, strict=True)]
    return middle


def _semidefinite(matrix: Floats, floor: float) -> Floats:
    """The nearest M with M - floor * 11^T positive semidefinite."""
    value, vector = np.linalg.eigh((matrix + matrix.T) / 2 - floor)
    return np.asarray((vector * np.maximum(value, 0)) @ vector.T + floor)


def improve(
    label: Labels, cost: Floats, share: Floats, apart: NDArray[np.bool_], k: int, largest: float
) -> tuple[Labels, list[float]]:
    """Move one node at a time where this resolves cannot-links or lowers tr(Y^T A Y); the labels, and the
    cost after each pass."""
    onehot = np.zeros((len(label), k))
    onehot[np.arange(len(label)), label] = 1
    toll = 10 * float(np.abs(cost).sum())  # cost of a violated cannot-link: more than any move can gain
    total = cost + toll * apart
    trace = [float((onehot * (total @ onehot)).sum())]
    for _ in range(50):
        for i in range(len(label)):
            old = onehot[i].argmax()
            change = total[i] @ onehot
            change = change - change[old] + total[i, i]
            change[(share @ onehot + share[i] > largest)] = np.inf
            change[old] = 0
            if (new := change.argmin()) != old and change[new] < -1e-12 and onehot[:, old].sum() > 1:
                onehot[i, [old, new]] = 0, 1
        trace.append(float((onehot * (total @ onehot)).sum()))
        if trace[-1] >= trace[-2]:
            break
    return onehot.argmax(1), trace
