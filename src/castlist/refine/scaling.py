"""How features are scaled before mining and training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError

__all__ = ["SCALINGS", "Scaling"]

SCALINGS = {
    "raw": "as they are",
    "l2": "length 1",
    "l2-sqrt-d": "length sqrt(d), so that a value is about 1 in the mean square, whatever d",
    "standard": "mean 0 and variance 1 in each dimension, over the rows it was fitted on",
}


@dataclass(frozen=True, eq=False, slots=True)
class Scaling:
    """A scaling fitted to some rows: `SCALINGS` says which there are."""

    way: str
    shift: NDArray[np.float32]  # (d,) taken away from every row
    factor: NDArray[np.float32]  # (d,) multiplied after that

    @classmethod
    def fit(cls, x: NDArray[np.float32], way: str) -> Self:
        """The scaling of that name for rows like x (n, d).

        Raises:
            InputError: there is no scaling of that name.
        """
        if way not in SCALINGS:
            raise InputError(f"unknown scaling '{way}'; choose from {', '.join(SCALINGS)}")
        d = x.shape[1]
        shift: NDArray[np.floating] = np.zeros(d)
        factor: NDArray[np.floating] = np.ones(d)
        if way == "l2-sqrt-d":
            factor *= np.sqrt(d)
        if way == "standard":
            spread = x.std(0)
            shift, factor = x.mean(0), 1 / np.where(spread > 0, spread, 1)
        return cls(way, shift.astype(np.float32), factor.astype(np.float32))

    def __call__(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        """(n, d) the rows scaled; a row of zeros stays zeros."""
        if self.way == "raw":
            return x
        if self.way.startswith("l2"):
            x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return (x - self.shift) * self.factor
