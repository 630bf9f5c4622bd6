"""No cue other than the face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.types import Cue

__all__ = ["NoCue"]


@dataclass(frozen=True, slots=True)
class NoCue:
    """No cue: faces alone decide, and no picture of other regions is kept."""

    def cut(self, image: NDArray[np.uint8], box: NDArray[np.floating]) -> NDArray[np.uint8]:
        """An empty picture (0, 0, 3)."""
        return np.zeros((0, 0, 3), np.uint8)

    def __call__(self, pictures: Sequence[NDArray[np.uint8]]) -> Cue:
        """Rows without columns, of quality 0."""
        return Cue(np.zeros((len(pictures), 0), np.uint8), np.zeros(len(pictures), np.float32))
