"""Who is of the cast and who is in the background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.types import BACKGROUND, NOISE, PERSON, SET_ASIDE, Tracks

__all__ = ["Billing"]


@dataclass(frozen=True, slots=True)
class Billing:
    """The cast is whoever is seen for long enough; the others are kept, grouped, in the background.

    Nobody is left out of the cast for being on screen for less than others if they hold at least
    `share` of all faces.
    """

    share: float = 0.005  # of all faces of the film

    def __call__(self, label: NDArray[np.integer], tracks: Tracks) -> NDArray[np.int8]:
        """(t,) PERSON, BACKGROUND or SET_ASIDE, for the person's number of each track, or NOISE."""
        known = label != NOISE
        faces = np.bincount(label[known], weights=tracks.size[known])
        billed = faces >= self.share * faces.sum()
        fate = np.full(len(tracks), SET_ASIDE, np.int8)
        fate[known] = np.where(billed[label[known]], PERSON, BACKGROUND)
        return fate
