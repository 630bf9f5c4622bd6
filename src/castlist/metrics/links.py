"""How many known cannot-links a clustering breaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from castlist.errors import InputError
from castlist.metrics.contingency import Ratio
from castlist.types import NOISE

__all__ = ["violated_cannot_links", "violated_ratio"]


def violated_cannot_links(label: ArrayLike, cannot: ArrayLike) -> float:
    """The share of cannot-linked pairs that lie in one cluster, 0 to 1; 0 where there are no pairs.

    Args:
        label: (t,) integers, the cluster of each track; two NOISE tracks are not together.
        cannot: (q, 2) pairs of tracks, as `Constraints.cannot` gives them.
    """
    ratio = violated_ratio(label, cannot)
    return ratio.value if ratio.whole else 0.0


def violated_ratio(label: ArrayLike, cannot: ArrayLike) -> Ratio:
    """Broken pairs, of all cannot-linked pairs."""
    labels, pairs = np.asarray(label), np.asarray(cannot, np.int64).reshape(-1, 2)
    if labels.ndim != 1:
        raise InputError(f"label must have shape (t,), got {labels.shape}")
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= len(labels)):
        raise InputError(f"cannot-links name tracks outside the {len(labels)} that have a label")
    a, b = labels[pairs[:, 0]], labels[pairs[:, 1]]
    return Ratio(float(np.sum((a == b) & (a != NOISE))), float(len(pairs)))
