"""The training loop: pairs in, a trained network out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.refine.network import Array, Network
from castlist.refine.pairs import Pairs

__all__ = ["SGD", "Loss", "train"]

CACHED = 1 << 16  # weights of a block: 768 kB with gradient and momentum, for a processor's cache

Loss = Callable[[Array, Array, Array], tuple[Array, Array]]  # outputs a, b; same -> loss, slope at a


@dataclass(frozen=True, slots=True)
class SGD:
    """Stochastic gradient descent with momentum: v <- momentum v - (g + decay w); w <- w + rate v."""

    rate: float = 1e-3
    momentum: float = 0.9
    decay: float = 5e-4  # of weights and biases, as in MatConvNet

    def step(self, network: Network, gradient: Network, speed: Network) -> None:
        """Update the weights and their momentum in place; the gradient is overwritten."""
        for w, g, v in zip(network.parts, gradient.parts, speed.parts, strict=True):
            for rows in _blocks(w):
                self._move(w[rows], g[rows], v[rows])

    def _move(self, w: Array, g: Array, v: Array) -> None:
        g += self.decay * w
        v *= self.momentum
        v -= g
        w += self.rate * v


def _blocks(w: Array) -> Iterator[slice]:
    """Blocks of rows of w that fit into a processor's cache with gradient and momentum; one on a GPU."""
    step = max(1, CACHED // w[0].size) if isinstance(w, np.ndarray) else len(w)
    return (slice(start, start + step) for start in range(0, len(w), step))


def train(
    network: Network,
    x: Array,
    batches: Iterable[Pairs],
    *,
    loss: Loss,
    optimiser: SGD,
    place: Callable[[NDArray[np.generic]], Array] = np.asarray,
) -> Iterator[float]:
    """Train in place on rows of x (n, d), yielding the loss of each batch as it is done.

    `place` moves a NumPy array to the device of x and the network. The caller drives the loop, and may stop
    early.
    """
    speed = Network(*(0 * w for w in network.parts))
    for pairs in batches:
        different, a, b = _sides(pairs)  # each row passes the network once, even if several pairs have it
        rows, a, b = x[place(different)], place(a), place(b)
        hidden = network.hidden(rows)
        output = network.output(hidden)
        value, slope = loss(a @ output, b @ output, place(pairs.same.astype(np.float32)))
        optimiser.step(network, network.gradient(rows, hidden, (a - b).T @ slope), speed)
        yield float(value)


class _Sides(NamedTuple):
    """The r different rows of p pairs, and the row that each pair has on either side."""

    rows: NDArray[np.int64]  # (r,)
    a: NDArray[np.float32]  # (p, r) 0 or 1
    b: NDArray[np.float32]  # (p, r) 0 or 1


def _sides(pairs: Pairs) -> _Sides:
    """The different rows of the pairs, with the sides of each pair."""
    rows, place = np.unique(np.concatenate([pairs.a, pairs.b]), return_inverse=True)
    chosen = (place[:, None] == np.arange(len(rows))).astype(np.float32)
    return _Sides(rows, chosen[: len(pairs)], chosen[len(pairs) :])
