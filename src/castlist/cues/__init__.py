"""What is seen beside a face, and what it says of two tracks being one person: clothes, so far.

A cue is a small step of one form: `cut` keeps a small picture of what it looks at while the frame is at
hand, and calling it turns such pictures into vectors with a quality. `Weights` learns from the film's own
pairs of tracks what the likeness of two such vectors means there: log odds to be added to those of the faces.
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
    """Looks at what is around a face."""

    def cut(self, image: NDArray[np.uint8], box: NDArray[np.floating], /) -> NDArray[np.uint8]:
        """A small picture of what the cue looks at, from a BGR frame and the box (4,) of a face."""
        ...

    def __call__(self, pictures: Sequence[NDArray[np.uint8]], /) -> Cue:
        """One row a picture."""
        ...


CUES: dict[str, Callable[..., CueStep]] = {"clothes": Clothes, "none": NoCue}
WEIGHTS: dict[str, Callable[..., Weights]] = {"odds": Weights}
