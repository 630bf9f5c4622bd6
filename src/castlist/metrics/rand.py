"""The Rand index, corrected for chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.metrics.contingency import Contingency, Ratio, contingency

__all__ = ["adjusted_rand", "adjusted_rand_ratio"]


def adjusted_rand(truth: ArrayLike, label: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """Agreement of two labelings over pairs of items: 1 the same, near 0 by chance, may be negative.

    Hubert and Arabie (1985). A weight of 3 is the item written three times.

    Args:
        truth: (n,) the true person of each item.
        label: (n,) the cluster of each item.
        weight: (n,) weight of each item.
    """
    return adjusted_rand_ratio(contingency(truth, label, weight=weight)).value


def adjusted_rand_ratio(table: Contingency) -> Ratio:
    """Pairs joined in both labelings beyond chance, of the most possible."""
    pairs = _pairs(table.weight)
    person, cluster = _pairs(table.of_person), _pairs(table.of_cluster)
    every = _pairs(np.array([table.total]))
    chance = person * cluster / every if every > 0 else 0.0
    return Ratio(pairs - chance, (person + cluster) / 2 - chance)


def _pairs(count: NDArray[np.float64]) -> float:
    return float((count * (count - 1) / 2).sum())
