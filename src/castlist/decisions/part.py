"""Splits a group of tracks that shows two people: each other track goes to the more similar one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from castlist.types import NOISE
from castlist.vectors import unit

__all__ = ["parted"]

ROUNDS = 3  # of assigning tracks to the nearest mean and taking the means anew [Lloyd 1982]


def parted(
    tracks: NDArray[np.int64], sides: Sequence[NDArray[np.int64]], vector: NDArray[np.float32]
) -> list[NDArray[np.int64]]:
    """The given tracks, parted into as many groups as there are sides; each side's tracks are of its group.

    Args:
        tracks: (n,) of one group.
        sides: two and more disjoint sets of them.
        vector: (t, d) unit vectors of all tracks, by which the others are assigned.
    """
    x = vector[tracks].astype(np.float64)
    choice = np.full(len(tracks), NOISE)
    for k, side in enumerate(sides):
        choice[np.isin(tracks, side)] = k
    free = choice == NOISE
    seed = np.stack([x[choice == k].sum(axis=0) for k in range(len(sides))])
    centre = seed
    for _ in range(ROUNDS if free.any() else 0):
        best = (x[free] @ unit(centre).T).argmax(axis=1)
        centre = seed + np.stack([x[free][best == k].sum(axis=0) for k in range(len(sides))])
        choice[free] = best
    return [tracks[choice == k] for k in range(len(sides))]
