"""Splits a group of tracks that shows several people: each other track goes to the most similar person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from castlist.types import NOISE
from castlist.vectors import unit

__all__ = ["parted"]

ROUNDS = 3  # of assigning tracks to the nearest mean and computing the means again [Lloyd 1982]


def parted(
    tracks: NDArray[np.int64], sides: Sequence[NDArray[np.int64]], vector: NDArray[np.float32]
) -> list[NDArray[np.int64]]:
    """The given tracks, split into one group for each side; each side's tracks are in its own group.

    Args:
        tracks: (n,) tracks of one group.
        sides: two or more disjoint sets of these tracks.
        vector: (t, d) unit vectors of all tracks, by which the other tracks are assigned.
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
