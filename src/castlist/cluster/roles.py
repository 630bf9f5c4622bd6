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
    `share` of all faces. Whoever is never found with a score of `clear` in the whole film is set aside: of
    people the detector is sure at some time, of sleeves and flowers never.
    """

    share: float = 0.005  # of all faces of the film
    clear: float = 0.82  # the best score of a person's faces, at least

    def __call__(self, label: NDArray[np.integer], tracks: Tracks) -> NDArray[np.int8]:
        """(t,) PERSON, BACKGROUND or SET_ASIDE, for the person's number of each track, or NOISE."""
        known = label != NOISE
        faces = np.bincount(label[known], weights=tracks.size[known])
        billed = faces >= self.share * faces.sum()
        best = np.zeros(len(billed), np.float32)
        np.maximum.at(best, label[known], np.maximum.reduceat(tracks.score, tracks.offset[:-1])[known])
        fate = np.where(billed, PERSON, BACKGROUND)
        fate[best < self.clear] = SET_ASIDE
        each = np.full(len(tracks), SET_ASIDE, np.int8)
        each[known] = fate[label[known]]
        return each
