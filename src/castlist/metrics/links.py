"""The share of known cannot-links that a clustering violates."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from castlist.metrics.checked import cluster_numbers, track_pairs
from castlist.metrics.contingency import Ratio
from castlist.types import NOISE

__all__ = ["violated_cannot_links", "violated_ratio"]


def violated_cannot_links(label: ArrayLike, cannot: ArrayLike) -> float:
    """The share of cannot-linked pairs that lie in one cluster, 0 to 1; 0 where there are no pairs.

    Args:
        label: (t,) integers, the cluster of each track; two NOISE tracks are not in one cluster.
        cannot: (q, 2) pairs of tracks, as in `Constraints.cannot`.

    Raises:
        InputError: labels are not whole numbers, or pairs have another shape or name unknown tracks.
    """
    ratio = violated_ratio(label, cannot)
    return ratio.value if ratio.whole else 0.0


def violated_ratio(label: ArrayLike, cannot: ArrayLike) -> Ratio:
    """Violated pairs, of all cannot-linked pairs."""
    labels = cluster_numbers(label)
    pairs = track_pairs(cannot, len(labels), "cannot-links")
    a, b = labels[pairs[:, 0]], labels[pairs[:, 1]]
    return Ratio(float(np.sum((a == b) & (a != NOISE))), float(len(pairs)))
