"""The cost of face detection in frames, and the largest saving if most detections were cheaper.

    python benchmarks/looks.py FILM... [--cheaper 0.25] [--runs 1]

For each film: the number of pictures of each size that the detector gets for a second of film, how many of
these were not needed in the end (frames examined ahead, see detect/ahead.py; their number depends on the
machine's load), the cost of a picture of each size and of the vector of a face, and the processor seconds of
a whole `castlist find`. The bounds: all detections at the default size except one a second and two in each
shot cost only `--cheaper` of their time; and, as the limit of any change, all detections cost nothing. Times
are processor seconds of one thread, so that other programs on the machine have little influence.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measure import cost_of_command
from numpy.typing import NDArray

from castlist.decode import open_video
from castlist.detect.sampling import FaceFinder
from castlist.embed import CHIP
from castlist.recipe import Recipe
from castlist.types import Detections, Machine, Video

SCAN: Any = importlib.import_module("castlist.pipeline.scan")  # the module, not its function
ONE = Machine(threads=1)


class Counted:
    """A detector that counts its input pictures by their long side in pixels."""

    def __init__(self, detector: FaceFinder) -> None:
        self.detector, self.sides = detector, Counter[int]()
        self.pictures: dict[int, tuple[NDArray[np.uint8], float]] = {}  # one of each size, with its scale

    def __call__(self, image: NDArray[np.uint8], *, scale: float, machine: Machine) -> Detections:
        side = round(max(image.shape[:2]) * scale)
        self.sides[side] += 1
        self.pictures.setdefault(side, (image, scale))
        return self.detector(image, scale=scale, machine=machine)


class NoEmbedder:
    """Chooses faces as the default embedder does, and makes no vectors of them."""

    def __init__(self, embed: Any) -> None:
        self.per_second, self.least, self.model = embed.per_second, embed.least, embed.model

    def __call__(self, chips: NDArray[np.uint8], *, machine: Machine) -> NDArray[np.float32]:
        return np.zeros((len(chips), 1), np.float32)


def scanned(video: Video, machine: Machine) -> tuple[Counted, int, int]:
    """The detector after a scan, and the numbers of shots and of faces to embed."""
    recipe = Recipe()
    counted = Counted(recipe.detect)
    recipe = dataclasses.replace(recipe, detect=counted, embed=NoEmbedder(recipe.embed))
    pieces = list(SCAN.scan(video, recipe, machine, keep_image=lambda image: ""))
    shots = recipe.split(np.concatenate([piece.signal for piece in pieces]))
    counted.sides.pop(64, None)  # the picture with which the network is loaded
    return counted, len(shots), sum(len(piece.embedded) for piece in pieces)


def least(work: Callable[[], object], times: int = 15) -> float:
    """Processor seconds of the fastest of several runs."""
    taken = []
    for _ in range(times):
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return min(taken)


def whole(film: str, runs: int) -> float:
    """Processor seconds of `castlist find`, the median of several runs."""
    taken = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as scratch:
            out = str(Path(scratch) / "w.castlist")
            command = [sys.executable, "-m", "castlist", "find", film, "--out", out, "--quiet"]
            taken.append(cost_of_command(command).cpu)
    return statistics.median(taken)


def measure(film: str, cheaper: float, runs: int) -> str:
    """The figures of one film, as text."""
    video, recipe = open_video(film), Recipe()
    seconds = float(video.duration)
    needed, shots, faces = scanned(video, ONE)
    begun, _, _ = scanned(video, Machine())
    cost = {
        side: least(lambda image=image, scale=scale: recipe.detect(image, scale=scale, machine=ONE))
        for side, (image, scale) in sorted(needed.pictures.items())
        if side in needed.sides
    }
    face = least(lambda: recipe.embed(np.zeros((2, CHIP, CHIP, 3), np.uint8), machine=ONE)) / 2
    looks = {side: needed.sides[side] * cost[side] for side in cost}
    extra = sum((begun.sides[side] - needed.sides[side]) * cost[side] for side in cost)
    usual = needed.sides.most_common(1)[0][0]
    rare = min(needed.sides[usual], round(seconds) + 2 * shots)
    saved = (1 - cheaper) * (needed.sides[usual] - rare) * cost[usual]
    total, found = whole(film, runs), sum(looks.values())
    sizes = ", ".join(
        f"{side}: {needed.sides[side] / seconds:.1f} of {cost[side] * 1000:.1f} ms" for side in cost
    )
    return (
        f"{Path(film).stem}, {seconds:.0f} s, {shots} shots: {total:.1f} s of processors\n"
        f"  pictures a second of film by long side: {sizes}\n"
        f"  looks {found:.2f} s ({found / total:.0%}), begun in vain {extra:.2f} s; "
        f"embedding {faces} faces of {face * 1000:.1f} ms {faces * face:.2f} s ({faces * face / total:.0%})\n"
        f"  bound: {needed.sides[usual] - rare} of {needed.sides[usual]} looks at {usual} pixels for "
        f"{cheaper:.0%} of their cost: {1 - saved / total:.2f} times the processor time; "
        f"without any look: {1 - found / total:.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("films", nargs="+")
    parser.add_argument("--cheaper", type=float, default=0.25, help="share of its cost that a look keeps")
    parser.add_argument("--runs", type=int, default=1, help="of castlist find; the median counts")
    given = parser.parse_args()
    for film in given.films:
        print(measure(film, given.cheaper, given.runs), flush=True)


if __name__ == "__main__":
    main()
