"""Who is nearest and who is farthest in a random subset of rows, by plain Euclidean distance."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Direct", "Extremes", "Ranks"]

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


class Extremes(NamedTuple):
    """For each drawn row, its nearest other draw and its farthest one, with squared distances."""

    near: Rows  # (b,) row of the nearest
    near_squared: Floats  # (b,)
    far: Rows  # (b,) row of the farthest
    far_squared: Floats  # (b,)


class Ranks(Protocol):
    """Finds the extremes of a draw, rows (b,) with repeats: a row drawn twice is its own nearest."""

    def __call__(self, drawn: Rows) -> Extremes: ...


class Direct:
    """Compute every distance of the draw anew, in one product: best for few draws."""

    def __init__(self, x: Floats) -> None:
        self.x: Floats = x - x.mean(0)  # distances stay the same and float32 rounds them less
        self.square = np.einsum("ij,ij->i", self.x, self.x)

    def __call__(self, drawn: Rows) -> Extremes:
        some, square = self.x[drawn], self.square[drawn]
        squared = some @ some.T  # symmetric to the last bit, as the sum of the squares is
        squared *= -2
        squared += square[:, None] + square
        np.maximum(squared, 0, out=squared)
        at = np.arange(len(drawn))
        far = squared.argmax(1)
        far_squared = squared[at, far]
        squared[at, at] = np.inf
        near = squared.argmin(1)
        return Extremes(drawn[near], squared[at, near], drawn[far], far_squared)
