"""A hidden Markov random field of labels over Gaussian clusters, found by EM with a simulated field.

Energy of labels y: sum_i -log N(x_i; mu_{y_i}, sigma_{y_i}) - sum_{i<j} alike_ij [y_i = y_j] + sum_{i<j}
apart_ij [y_i = y_j]. Clusters are Gaussians of diagonal covariance, drawn towards the variance of all
clusters together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._shared import Floats, Labels, k_means, neighbours

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["Field", "links", "nearest_alike", "settle", "simulated_field"]


@dataclass(slots=True)
class Field:
    """A labelling, the posterior of each label, and the energy after each pass of the last, greedy phase."""

    label: Labels
    posterior: Floats  # (n, k)
    energy: list[float] = field(default_factory=list)


def links(count: int, pairs: NDArray[np.int64], weight: float | NDArray[np.generic]) -> csr_matrix:
    """A symmetric sparse (n, n) matrix with a weight at each pair."""
    from scipy.sparse import csr_matrix

    w = np.broadcast_to(np.asarray(weight, np.float64), len(pairs))
    half = csr_matrix((w, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return half.maximum(half.T).tocsr()


def nearest_alike(x: Floats, count: int = 5) -> csr_matrix:
    """(n, n) sparse exp(-d^2 / mean d^2) between mutual nearest neighbours."""
    near = neighbours(x, count)
    pairs = np.stack([np.repeat(np.arange(len(x)), near.shape[1]), near.ravel()], 1)
    key = pairs @ np.array([len(x), 1])
    pairs = pairs[np.isin(key, pairs[:, ::-1] @ np.array([len(x), 1])) & (pairs[:, 0] < pairs[:, 1])]
    d = ((x[pairs[:, 0]] - x[pairs[:, 1]]) ** 2).sum(1)
    return links(len(x), pairs, np.exp(-d / max(float(d.mean()) if len(d) else 1.0, 1e-12)))


def simulated_field(
    x: Floats,
    k: int,
    alike: csr_matrix,
    apart: csr_matrix,
    rng: np.random.Generator,
    *,
    smooth: csr_matrix | None = None,
    sweeps: int = 15,
    restarts: int = 5,
) -> Field:
    """The labelling of least energy among several runs of EM, each from its own k-means.

    Each sweep gives every item, in random order, a label drawn from its posterior given the labels of the
    others (the simulated field), then fits the Gaussians and, by its pseudo-likelihood, the weight of
    `smooth`. A greedy phase follows, whose energy only falls.
    """
    runs = []
    for _ in range(restarts):
        label, beta = k_means(x, k, rng, 1), 1.0
        for _ in range(sweeps):
            whole = alike if smooth is None else alike + beta * smooth
            label, posterior = _sweep(_unary(x, label, k), label, whole, apart, rng)
            beta = beta if smooth is None else _fit_weight(beta, smooth, label, posterior)
        whole = alike if smooth is None else alike + beta * smooth
        runs.append(settle(x, label, k, whole, apart, rng))
    return min(runs, key=lambda run: run.energy[-1])


def settle(
    x: Floats, label: Labels, k: int, alike: csr_matrix, apart: csr_matrix, rng: np.random.Generator
) -> Field:
    """Greedy passes with the Gaussians held fixed (iterated conditional modes) until no label changes."""
    unary = _unary(x, label, k)
    found = Field(label, np.zeros((len(x), k)), [_energy(unary, label, alike, apart)])
    for _ in range(50):
        label, found.posterior = _sweep(unary, found.label, alike, apart, None)
        still = np.array_equal(label, found.label)
        found.label = label
        found.energy.append(_energy(unary, label, alike, apart))
        if still:
            break
    return found


def _unary(x: Floats, label: Labels, k: int) -> Floats:
    """(n, k) -log N(x_i; mu_k, sigma_k); an empty cluster has the mean of all rows, the common variance."""
    size = np.bincount(label, minlength=k).astype(np.float64)
    onehot = np.zeros((len(x), k))
    onehot[np.arange(len(x)), label] = 1
    mean = np.where(size[:, None] > 0, onehot.T @ x / np.maximum(size, 1)[:, None], x.mean(0))
    apart = (x - mean[label]) ** 2
    common = apart.mean(0) + 1e-6 * max(float(x.var(0).mean()), 1e-12)
    variance = (onehot.T @ apart + 10 * common) / (size + 10)[:, None]
    cost = 0.5 * np.log(variance).sum(1) + 0.5 * (
        (x**2) @ (1 / variance).T - 2 * x @ (mean / variance).T + (mean**2 / variance).sum(1)
    )
    return np.asarray(cost)


def _sweep(
    unary: Floats, label: Labels, alike: csr_matrix, apart: csr_matrix, rng: np.random.Generator | None
) -> tuple[Labels, Floats]:
    """One pass over all items: labels drawn from the posterior with rng, the most probable labels without."""
    label = label.copy()
    onehot = np.zeros(unary.shape)
    onehot[np.arange(len(label)), label] = 1
    pull = (alike - apart).tocsr()
    cost = unary - pull @ onehot
    posterior = np.empty_like(unary)
    order = np.arange(len(label)) if rng is None else rng.permutation(len(label))
    draw = np.zeros(len(label)) if rng is None else rng.random(len(label))
    for i in order:
        p = np.exp(cost[i].min() - cost[i])
        posterior[i] = p / p.sum()
        new = int(cost[i].argmin()) if rng is None else int(np.searchsorted(posterior[i].cumsum(), draw[i]))
        new = min(new, len(p) - 1)
        if new != label[i]:
            row = slice(pull.indptr[i], pull.indptr[i + 1])
            near, weight = pull.indices[row], pull.data[row]
            cost[near, label[i]] += weight
            cost[near, new] -= weight
            label[i] = new
    return label, posterior


def _energy(unary: Floats, label: Labels, alike: csr_matrix, apart: csr_matrix) -> float:
    pull = (alike - apart).tocoo()
    together = label[pull.row] == label[pull.col]
    return float(unary[np.arange(len(label)), label].sum() - pull.data[together].sum() / 2)


def _fit_weight(beta: float, smooth: csr_matrix, label: Labels, posterior: Floats) -> float:
    """A step up the pseudo-likelihood of the smoothness weight: neighbours' observed less expected votes."""
    onehot = np.zeros(posterior.shape)
    onehot[np.arange(len(label)), label] = 1
    votes = smooth @ onehot
    slope = (votes * (onehot - posterior)).sum() / max(votes.sum(), 1e-12)
    return float(np.clip(beta + slope, 0.0, 10.0))
