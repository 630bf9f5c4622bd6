"""SSiam's training time on a set, and two bounds measured in the same process.

The floor is the time of the network's matrix products; brute force computes all distances of each draw, as
published, and then makes the same training step. Both are measured on some steps and multiplied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from castlist.refine import SSiam
from castlist.refine.device import at_most
from castlist.refine.losses import Contrastive
from castlist.refine.miners import SSiamMiner
from castlist.refine.network import Network
from castlist.refine.ranks import Direct
from castlist.refine.train import SGD, train
from castlist.types import Machine

__all__ = ["TrainingTime", "training_time"]

FLOOR_STEPS, BRUTE_STEPS = 60, 4  # steps measured; a brute-force step takes about 100 ms


@dataclass(frozen=True, slots=True)
class TrainingTime:
    """Seconds of wall time for all epochs; floor and brute force are extrapolated from some steps."""

    steps: int
    seconds: float
    floor: float
    brute_force: float


def training_time(x: NDArray[np.float32], machine: Machine = Machine("cpu")) -> TrainingTime:
    """SSiam's training by the paper's recipe on features x (n, d)."""
    step = SSiam(recipe="paper")
    rng = np.random.default_rng(0)
    subset = min(step.subset, len(x))
    miner = SSiamMiner(Direct(x), len(x), subset, min(step.batch, subset), step.epochs)
    with at_most(machine.threads):
        network = Network.start(x, hidden=step.hidden, output=step.output, first="he", rng=rng)
        brute = train(network, x, miner(rng), loss=Contrastive(), optimiser=SGD())
        brute_step = _median(lambda: next(brute), BRUTE_STEPS)
        floor_step = _median(lambda: _products(x, network, rng), FLOOR_STEPS)
        started = perf_counter()
        step.fit(x, machine=machine)
        seconds = perf_counter() - started
    return TrainingTime(len(miner), seconds, len(miner) * floor_step, len(miner) * brute_step)


def _products(x: NDArray[np.float32], network: Network, rng: np.random.Generator) -> None:
    """The products of one step: 128 pairs forward and backward through the first layer."""
    rows = x[rng.integers(len(x), size=256)]
    hidden = rows @ network.w1
    rows.T @ hidden


def _median(work: Callable[[], object], times: int) -> float:
    """The median time of a call in seconds, without the first call."""
    work()
    return float(np.median(list(_seconds(work, times))))


def _seconds(work: Callable[[], object], times: int) -> Iterator[float]:
    for _ in range(times):
        started = perf_counter()
        work()
        yield perf_counter() - started
