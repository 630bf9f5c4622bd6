"""Log odds that two tracks show one person, from a cue other than the face, as learned from the film."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.types import CuePairs

__all__ = ["bounded", "cue_odds", "seconds_apart"]

Floats = NDArray[np.float64]


def cue_odds(pairs: CuePairs, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n, m) log odds that tracks `a` (n,) and `b` (m,) show one person.

    They are 0 where either track lacks the cue, and for a track with itself.
    """
    slope, middle = pairs.spans[:, 1], pairs.spans[:, 2]
    span = np.searchsorted(pairs.spans[:, 0], seconds_apart(pairs.times[a][:, None], pairs.times[b][None]))
    odds = bounded(slope[span] * (pairs.vector[a] @ pairs.vector[b].T - middle[span]), pairs.bounds)
    visible: NDArray[np.bool_] = np.asarray(pairs.vector.any(axis=1), np.bool_)
    odds[~visible[a]] = 0
    odds[:, ~visible[b]] = 0
    odds[a[:, None] == b] = 0
    return odds.astype(np.float32)


def bounded(odds: Floats, bounds: Floats) -> Floats:
    """Log odds limited smoothly to -`bounds[0]` to `bounds[1]`, as a cue misleads now and then."""
    ratio = np.exp(np.clip(odds, -30, 30))
    missing, shared = np.exp(-bounds)
    return np.asarray(np.log(((1 - missing) * ratio + missing) / (shared * ratio + 1 - shared)))


def seconds_apart(a: Floats, b: Floats) -> Floats:
    """Seconds between two spans of time (..., 2), 0 where they overlap."""
    return np.asarray(np.maximum(np.maximum(b[..., 0] - a[..., 1], a[..., 0] - b[..., 1]), 0.0))
