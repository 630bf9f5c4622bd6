"""Sparse self-expression: every item as a weighted sum of few other items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._shared import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["affinity_of", "objective", "self_expression"]


def self_expression(
    x: Floats,
    forbidden: NDArray[np.bool_],
    sparse: float,
    *,
    edges: csr_matrix | None = None,
    fused: float = 0.0,
    iterations: int = 150,
    smoothing: float = 0.01,
) -> tuple[NDArray[np.float32], list[float]]:
    """C (n, n) minimising 1/2 ||X - XC||_F^2 + sparse ||C||_1 + fused sum_{(i, j) in edges} ||c_i - c_j||_1.

    X has the unit rows of x as columns. C is 0 on its diagonal and where `forbidden` is set. `edges` is an
    (e, n) matrix with a 1 and a -1 in each row. The solver is accelerated proximal gradient, with the fused
    term smoothed after Nesterov (a Huber loss of width `smoothing`); it also returns the smoothed objective
    after every tenth step.
    """
    x = np.ascontiguousarray(x, np.float32)
    n = len(x)
    allowed = ~forbidden
    np.fill_diagonal(allowed, False)
    step = _lipschitz(x) + (
        fused * 2 * float(abs(edges).sum(0).max()) / smoothing if edges is not None and fused else 0
    )
    c = np.zeros((n, n), np.float32)
    ahead, momentum, trace = c, 1.0, []
    for i in range(iterations):
        slope = x @ (x.T @ ahead - x.T)
        if edges is not None and fused:
            slope += fused * np.asarray(np.clip((ahead @ edges.T) / smoothing, -1, 1) @ edges)
        new = ahead - slope / step
        new = np.sign(new) * np.maximum(np.abs(new) - sparse / step, 0) * allowed
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = (new + np.float32((momentum - 1) / following) * (new - c)).astype(np.float32)
        c, momentum = new.astype(np.float32), following
        if i % 10 == 0 or i == iterations - 1:
            trace.append(objective(x, c, sparse, edges, fused, smoothing))
    return c, trace


def objective(
    x: NDArray[np.floating],
    c: NDArray[np.floating],
    sparse: float,
    edges: csr_matrix | None = None,
    fused: float = 0.0,
    smoothing: float = 0.01,
) -> float:
    """The objective of `self_expression`, with the smoothed fused term."""
    cost = 0.5 * float(((x.T - x.T @ c) ** 2).sum()) + sparse * float(np.abs(c).sum())
    if edges is not None and fused:
        gap = np.abs(c @ edges.T)
        cost += fused * float(np.where(gap < smoothing, gap**2 / (2 * smoothing), gap - smoothing / 2).sum())
    return cost


def affinity_of(c: NDArray[np.floating]) -> Floats:
    """|C| + |C|^T with every column of C first scaled to a largest entry of 1."""
    size = np.abs(c).astype(np.float64)
    size /= np.maximum(size.max(0), 1e-12)
    return np.asarray(size + size.T)


def _lipschitz(x: NDArray[np.floating]) -> float:
    gram = x.T @ x if x.shape[1] < len(x) else x @ x.T
    return float(np.linalg.eigvalsh(gram.astype(np.float64))[-1]) * 1.001 + 1e-9
