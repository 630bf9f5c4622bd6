"""Cues other than the face on whether two tracks show one person: clothes, so far.

A cue is a step: `cut` makes a small picture of the region of the cue while the frame is in memory, and a call
turns such pictures into vectors with a quality. `Weights` learns from the film's own pairs of tracks the log
odds for a likeness of two such vectors, which are added to the log odds of the faces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from castlist.cues.clothes import Clothes, Colour, palette
from castlist.cues.no_cue import NoCue
from castlist.cues.tracks import by_track
from castlist.cues.weights import Span, Weighed, Weights
from castlist.types import Cue

__all__ = [
    "CUES",
    "WEIGHTS",
    "Clothes",
    "Colour",
    "CueStep",
    "NoCue",
    "Span",
    "Weighed",
    "Weights",
    "by_track",
    "palette",
]


class CueStep(Protocol):
    """A cue from the surroundings of a face."""

    def cut(self, image: NDArray[np.uint8], box: NDArray[np.floating], /) -> NDArray[np.uint8]:
        """A small picture of the cue's region, from a BGR frame and the box (4,) of a face."""
        ...

    def __call__(self, pictures: Sequence[NDArray[np.uint8]], /) -> Cue:
        """One row for each picture."""
        ...


CUES: dict[str, Callable[..., CueStep]] = {"clothes": Clothes, "none": NoCue}
WEIGHTS: dict[str, Callable[..., Weights]] = {"odds": Weights}
