"""Scaling of features before mining and training."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.errors import one_of

__all__ = ["Scaling", "ScalingKind"]


class ScalingKind(StrEnum):
    """Kinds of scaling."""

    RAW = "raw"  # unchanged
    L2 = "l2"  # length 1
    L2_SQRT_D = "l2-sqrt-d"  # length sqrt(d), so that the mean square of the values is 1 for any d
    STANDARD = "standard"  # mean 0 and variance 1 in each dimension, over the rows it was fitted on


@dataclass(frozen=True, eq=False, slots=True)
class Scaling:
    """A scaling fitted to some rows."""

    way: ScalingKind
    shift: NDArray[np.float32]  # (d,) subtracted from every row
    factor: NDArray[np.float32]  # (d,) multiplied afterwards

    @classmethod
    def fit(cls, x: NDArray[np.float32], way: str) -> Self:
        """The scaling of that name for rows like x (n, d).

        Raises:
            InputError: there is no scaling of that name.
        """
        kind = one_of(ScalingKind, "scaling", way)
        d = x.shape[1]
        shift: NDArray[np.floating] = np.zeros(d)
        factor: NDArray[np.floating] = np.ones(d)
        if kind == ScalingKind.L2_SQRT_D:
            factor *= np.sqrt(d)
        if kind == ScalingKind.STANDARD:
            spread = x.std(0)
            shift, factor = x.mean(0), 1 / np.where(spread > 0, spread, 1)
        return cls(kind, shift.astype(np.float32), factor.astype(np.float32))

    def __call__(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        """(n, d) the rows scaled; a row of zeros stays zeros."""
        if self.way == ScalingKind.RAW:
            return x
        if self.way in (ScalingKind.L2, ScalingKind.L2_SQRT_D):
            x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return (x - self.shift) * self.factor
