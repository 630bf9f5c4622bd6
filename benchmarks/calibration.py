"""What a film's calibration costs, and what counting its pairs in steps saves and changes.

    python benchmarks/calibration.py [--tracks 250 1000 2000] [--runs 3]

Tracks of eight people, four made-up vectors each. `Calibration.fit` is run in turns with pairs counted in
steps of their cosine, as it does it, and with every pair by itself: processor seconds, and by how much the
means and deviations differ.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from castlist.cluster import Calibration, calibrate
from castlist.types import CO_OCCURRENCE, Constraints, Embeddings

PEOPLE, FACES, WIDTH = 8, 4, 128


def film(tracks: int, seed: int = 0) -> tuple[Embeddings, Constraints]:
    """Tracks in a random order, every third of them seen together with the next."""
    rng = np.random.default_rng(seed)
    track = np.repeat(np.arange(tracks), FACES)
    person = rng.integers(0, PEOPLE, tracks)[track]
    vector = rng.normal(size=(PEOPLE, WIDTH))[person] + 1.2 * rng.normal(size=(len(track), WIDTH))
    together = np.arange(0, tracks - 1, 3)
    origin = np.full(len(together), CO_OCCURRENCE, np.int8)
    seen = Constraints(together, together + 1, np.zeros(len(together), np.bool_), origin)
    quality = np.ones(len(track), np.float32)
    return Embeddings(vector.astype(np.float32), track, np.arange(len(track)), quality, "sface"), seen


def fitted(embeddings: Embeddings, constraints: Constraints, steps: int) -> tuple[float, np.ndarray]:
    """Processor seconds of a fit, and what it finds."""
    calibrate.STEPS = steps
    start = time.process_time()
    found = Calibration.fit(embeddings, constraints)
    spent = time.process_time() - start
    return spent, np.array([found.same_mean, found.same_std, found.other_mean, found.other_std])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tracks", type=int, nargs="+", default=[250, 1000, 2000])
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    usual = calibrate.STEPS
    for tracks in given.tracks:
        table = film(tracks)
        counted, every = [], []
        for _ in range(given.runs):
            counted.append(fitted(*table, usual))
            every.append(fitted(*table, tracks**2))
        differ = float(np.abs(counted[0][1] - every[0][1]).max())
        ratio = statistics.median(b[0] / a[0] for a, b in zip(counted, every, strict=True))
        print(
            f"{tracks} tracks: {statistics.median(run[0] for run in counted):.3f} s counted, "
            f"{statistics.median(run[0] for run in every):.3f} s each pair ({ratio:.1f} times), "
            f"they differ by {differ:.0e}",
            flush=True,
        )


if __name__ == "__main__":
    main()
