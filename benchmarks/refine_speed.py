"""SSiam's 15 epochs against two rivals in the same run: brute-force mining, and the bare network.

    python benchmarks/refine_speed.py                    # 41,220 random features of 2048 dimensions
    python benchmarks/refine_speed.py --rows 5000 --dimensions 512

The floor is the products of the network alone: 128 pairs forward and backward through its first layer, for
the same number of steps. Brute force computes every distance of each draw again, which is the publication's
mining, and then does castlist's step; it picks nearest and farthest without sorting, which favours it. Both
are measured on some steps, in turn, and extrapolated. castlist is measured completely. Wall time is given,
and processor time, which other work on the machine affects less: compare that with --threads 1.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np

from castlist.refine import SSiam
from castlist.refine.device import at_most
from castlist.refine.losses import Contrastive
from castlist.refine.miners import SSiamMiner
from castlist.refine.network import Network
from castlist.refine.ranks import Direct
from castlist.refine.train import SGD, train
from castlist.types import Machine


def seconds(work: Callable[[], object]) -> np.ndarray:
    """Wall and processor seconds."""
    wall, processor = perf_counter(), process_time()
    work()
    return np.array([perf_counter() - wall, process_time() - processor])


def floor_step(x: np.ndarray, network: Network, rng: np.random.Generator) -> None:
    rows = x[rng.integers(len(x), size=256)]
    hidden = rows @ network.w1
    rows.T @ hidden


def measure(rows: int, dimensions: int, epochs: int, slice_steps: int, threads: int) -> dict[str, object]:
    x = np.random.default_rng(0).standard_normal((rows, dimensions), np.float32)
    draws = np.random.default_rng(1)
    step = SSiam(recipe="paper", epochs=epochs)
    network = Network.start(x, hidden=512, output=2, first="he", rng=draws)
    brute_miner = SSiamMiner(Direct(x), rows, epochs=epochs)
    steps = len(brute_miner)
    brute = train(network, x, brute_miner(draws), loss=Contrastive(), optimiser=SGD())
    next(brute), floor_step(x, network, draws)  # first calls, not measured
    floors, brutes = [], []
    for _ in range(slice_steps):
        floors += [seconds(lambda: floor_step(x, network, draws)) for _ in range(10)]
        brutes.append(seconds(lambda: next(brute)))
    ours = seconds(lambda: step.fit(x, machine=Machine("cpu", threads)))
    floors += [seconds(lambda: floor_step(x, network, draws)) for _ in range(10 * slice_steps)]
    floor, rival = steps * np.median(floors, axis=0), steps * np.median(brutes, axis=0)
    return {
        "rows": rows,
        "dimensions": dimensions,
        "steps": steps,
        "threads": threads or os.cpu_count(),
        "columns": ["wall", "processor"],
        "floor_seconds_from_steps": floor.tolist(),
        "floor_steps_measured": len(floors),
        "brute_seconds_from_steps": rival.tolist(),
        "brute_steps_measured": len(brutes),
        "ours_seconds": ours.tolist(),
        "ours_over_floor": (ours / floor).tolist(),
        "brute_over_ours": (rival / ours).tolist(),
        "cores": os.cpu_count(),
        "machine": platform.processor() or platform.machine(),
        "numpy": np.__version__,
        "load": os.getloadavg()[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=41_220)
    parser.add_argument("--dimensions", type=int, default=2048)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--slice", type=int, default=15, help="brute-force steps to measure")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as there are cores")
    given = parser.parse_args()
    with at_most(given.threads):
        found = measure(given.rows, given.dimensions, given.epochs, given.slice, given.threads)
    json.dump(found, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
