"""Time and memory of Ward's linkage against one pass of products over all pairs, SciPy and fastcluster.

    python benchmarks/ward.py --sizes 2000 5000 10000 --repeat 3 --out ward.json

All run in this process, in turn; a time is the median of the repeats, a ratio the median of the ratios within
each repeat. Faces are drawn as in an episode: people, tracks, frames, 512 dimensions. Rivals that would need
more than --max-matrix bytes for their distance matrix are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.cluster import ward
from castlist.types import Tree


def episode(n: int, d: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """(n, d) unit vectors of faces: six people, a track for each 64 faces, frames that drift within it."""
    tracks = max(1, n // 64)
    people = rng.normal(size=(6, d))
    scene = people[rng.integers(0, 6, tracks)] + 1.2 * rng.normal(size=(tracks, d))
    face = np.repeat(scene, -(-n // tracks), axis=0)[:n] + 0.8 * rng.normal(size=(n, d))
    return np.asarray(face / np.linalg.norm(face, axis=1, keepdims=True), np.float32)


def all_pairs(x: NDArray[np.float32]) -> float:
    """The floor: blocked products over all pairs, nothing done with them."""
    total = 0.0
    for i in range(0, len(x), 1024):
        for j in range(0, len(x), 2048):
            total += float((x[i : i + 1024] @ x[j : j + 2048].T)[0, 0])
    return total


def timed(work: Callable[[], object]) -> tuple[float, float, object]:
    """Seconds, the most bytes held beyond those at the start, and what came out."""
    peak, done = [resident()], threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], resident())

    before = resident()
    watcher = threading.Thread(target=look)
    watcher.start()
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return seconds, float(peak[0] - before), result


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def rivals(n: int, max_matrix: float) -> dict[str, Callable[[NDArray[np.float32]], object]]:
    """Whoever is installed and fits."""
    from scipy.cluster.hierarchy import linkage

    found: dict[str, Callable[[NDArray[np.float32]], object]] = {"all pairs": all_pairs, "castlist": ward}
    if n * (n - 1) / 2 * 8 <= max_matrix:
        found["scipy"] = lambda x: linkage(x.astype(np.float64), "ward")
    try:
        import fastcluster
    except ImportError:
        return found
    if n <= 20000:
        found["fastcluster"] = lambda x: fastcluster.linkage_vector(x.astype(np.float64), "ward")
    return found


def compare(n: int, d: int, repeat: int, max_matrix: float, seed: int) -> dict[str, object]:
    runs: dict[str, list[float]] = {}
    memory: dict[str, float] = {}
    results: dict[str, object] = {}
    for turn in range(repeat):
        x = episode(n, d, np.random.default_rng(seed + turn))
        for name, work in rivals(n, max_matrix).items():
            seconds, held, results[name] = timed(lambda work=work, x=x: work(x))  # type: ignore[misc]
            runs.setdefault(name, []).append(seconds)
            memory[name] = max(memory.get(name, 0.0), held)
    floor = np.array(runs["all pairs"])
    row: dict[str, object] = {
        "n": n,
        "d": d,
        "gflops": 2 * n * n * d / float(np.median(floor)) / 1e9,
        "seconds": {k: float(np.median(v)) for k, v in runs.items()},
        "times_all_pairs": {k: float(np.median(np.array(v) / floor)) for k, v in runs.items()},
        "bytes_over_input": memory,
    }
    tree = results["castlist"]
    assert isinstance(tree, Tree)
    for name in ("scipy", "fastcluster"):
        if name in results:
            theirs = np.asarray(results[name])[:, 2]
            row[f"height_difference_{name}"] = float(np.abs(tree.height / theirs - 1).max())
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[2000, 5000, 10000])
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--max-matrix", type=float, default=4e9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows = []
    for n in given.sizes:
        row = compare(n, given.dimensions, given.repeat, given.max_matrix, given.seed)
        rows.append(row)
        print(json.dumps(row))
    machine = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    if given.out:
        given.out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
