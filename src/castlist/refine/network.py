"""The small Siamese network, in -> hidden -> ReLU -> 2, and its gradient.

It uses only operators and methods that NumPy arrays and torch tensors share, so the same code runs on the CPU
with NumPy alone and on a GPU with torch tensors.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

__all__ = ["Array", "FirstLayer", "Network", "first_layer"]

Array: TypeAlias = "NDArray[np.floating] | torch.Tensor"  # only attributes that both have are used


@dataclass(slots=True)
class Network:
    """Two linear layers with a ReLU between; the feature is the hidden layer before the ReLU.

    The same class holds weights, their gradient and their momentum.
    """

    w1: Array  # (d, h) float32
    b1: Array  # (h,)
    w2: Array  # (h, o)
    b2: Array  # (o,)

    @classmethod
    def start(
        cls, x: NDArray[np.float32], *, hidden: int, output: int, first: str, rng: np.random.Generator
    ) -> Network:
        """A network with initial weights for rows like `x` (n, d); `first` is the `way` of `first_layer`."""
        w1 = first_layer(x, hidden, first, rng)
        w2 = _he(hidden, output, rng)
        return cls(w1, np.zeros(hidden, np.float32), w2, np.zeros(output, np.float32))

    @property
    def parts(self) -> list[Array]:
        """The four arrays, w1, b1, w2, b2."""
        return [getattr(self, f.name) for f in fields(self)]

    def hidden(self, x: Array) -> Array:
        """(n, h) the feature of rows x (n, d): first layer, before the ReLU."""
        return x @ self.w1 + self.b1

    def output(self, hidden: Array) -> Array:
        """(n, o) the output for each row, on which the loss is computed."""
        return hidden.clip(min=0) @ self.w2 + self.b2

    def gradient(self, x: Array, hidden: Array, slope: Array) -> Network:
        """The gradient of a loss whose gradient at the output is `slope` (n, o)."""
        below = (slope @ self.w2.T) * (hidden > 0)
        return Network(x.T @ below, below.sum(0), hidden.clip(min=0).T @ slope, slope.sum(0))


class FirstLayer(StrEnum):
    """The initial weights of the first layer; see `first_layer`."""

    HE = "he"
    BASE = "base"


def first_layer(
    x: NDArray[np.float32], hidden: int, way: FirstLayer | str, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The first layer's weights (d, hidden) before training.

    "he": random normal, variance 2 / d (He et al., ICCV 2015), as in the paper's code; the feature then
    starts as a random projection of the base feature. "base": orthonormal, so that the feature starts as the
    rotated base feature: exactly where d <= hidden; where d is larger, along the `hidden` strongest
    directions of x (uncentred SVD), the projection that loses least.
    """
    d = x.shape[1]
    if way == FirstLayer.HE:
        return _he(d, hidden, rng)
    turn = np.linalg.qr(rng.standard_normal((hidden, hidden)))[0].astype(np.float32)
    if d <= hidden:
        return turn[:d]
    axes = np.linalg.eigh((x.T @ x).astype(np.float64))[1][:, -hidden:]
    w: NDArray[np.float32] = axes.astype(np.float32) @ turn
    return w


def _he(inputs: int, outputs: int, rng: np.random.Generator) -> NDArray[np.float32]:
    scale = np.float32(np.sqrt(2 / inputs))
    return rng.standard_normal((inputs, outputs), np.float32) * scale
