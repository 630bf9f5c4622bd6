"""Ward's linkage against one pass of products over all pairs, SciPy and fastcluster: time and memory.

    python benchmarks/ward.py --sizes 2000 5000 10000 --repeat 3
    python benchmarks/ward.py --sizes 41220 --repeat 3 --rivals none
    python benchmarks/ward.py --sizes 41220 --repeat 1 --rivals scipy fastcluster

All run in this process, in turn; a time is the median of the repeats, a ratio the median of the ratios within
each repeat. Faces are drawn as in an episode: six people, tracks, frames, 512 dimensions. SciPy is left out
if its distance matrix and its copy of that would not fit into memory.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from measure import Rows, cost_of, gemm_rate, installed
from numpy.typing import NDArray

from castlist.cluster import ward

Faces = NDArray[np.float32]


def episode(n: int, d: int, rng: np.random.Generator) -> Faces:
    """(n, d) unit vectors of faces: six people, a track for each 64 faces, frames that drift within it."""
    tracks = max(1, n // 64)
    people = rng.normal(size=(6, d)).astype(np.float32)
    scene = people[rng.integers(0, 6, tracks)] + 1.2 * rng.normal(size=(tracks, d)).astype(np.float32)
    face = np.repeat(scene, -(-n // tracks), axis=0)[:n]
    for start in range(0, n, 16384):
        rows = face[start : start + 16384]
        rows += 0.8 * rng.normal(size=rows.shape).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return face


def all_pairs(x: Faces) -> float:
    """The floor: blocked products over all pairs, with their results dropped."""
    total = 0.0
    for i in range(0, len(x), 1024):
        for j in range(0, len(x), 2048):
            total += float((x[i : i + 1024] @ x[j : j + 2048].T)[0, 0])
    return total


def _scipy(x: Faces) -> NDArray[np.float64]:
    from scipy.cluster.hierarchy import linkage

    return np.asarray(linkage(x.astype(np.float64), "ward"))


def _fastcluster(x: Faces) -> NDArray[np.float64]:
    import fastcluster

    return np.asarray(fastcluster.linkage_vector(x.astype(np.float64), "ward"))


RIVALS: dict[str, Callable[[Faces], NDArray[np.float64]]] = {"scipy": _scipy, "fastcluster": _fastcluster}


def fitting(n: int, names: list[str]) -> list[str]:
    """The rivals that are installed and fit into memory."""
    ram = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    fits = [name for name in names if name != "scipy" or 2.4 * n * (n - 1) / 2 * 8 < ram]
    return [name for name in fits if installed(name)]


def compare(n: int, d: int, repeat: int, rivals: list[str], seed: int) -> dict[str, Any]:
    work: dict[str, Callable[[Faces], Any]] = {"all pairs": all_pairs, "castlist": ward}
    work |= {name: RIVALS[name] for name in fitting(n, rivals)}
    load, rate = os.getloadavg()[0], gemm_rate()
    runs: dict[str, list[float]] = {name: [] for name in work}
    held: dict[str, list[float]] = {name: [] for name in work}
    heights: dict[str, NDArray[np.float64]] = {}
    for turn in range(repeat):
        x = episode(n, d, np.random.default_rng(seed + turn))
        for name, do in work.items():
            cost = cost_of(lambda do=do, x=x: do(x))  # type: ignore[misc]
            runs[name].append(cost.seconds)
            held[name].append(cost.bytes_over_start)
            if name != "all pairs":
                heights[name] = cost.result.height if name == "castlist" else cost.result[:, 2]
            print(f"  {n} {name}: {cost.seconds:.2f} s, {cost.bytes_over_start / 1e9:.2f} GB", flush=True)
    floor = np.array(runs["all pairs"])
    return {
        "n": n,
        "d": d,
        "repeat": repeat,
        "load": load,
        "gemm_gflops": rate,
        "all_pairs_gflops": 2 * n * n * d / float(np.median(floor)) / 1e9,
        "seconds": {k: float(np.median(v)) for k, v in runs.items()},
        "all_seconds": runs,
        "times_all_pairs": {k: float(np.median(np.array(v) / floor)) for k, v in runs.items()},
        "bytes_over_input": {k: max(v) for k, v in held.items()},
        "height_difference": {
            name: float(np.abs(heights["castlist"] / theirs - 1).max())
            for name, theirs in heights.items()
            if name != "castlist"
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[2000, 5000, 10000])
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rivals", nargs="+", default=list(RIVALS), choices=[*RIVALS, "none"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", help="the row's name in results/ward.json; the size, if not given")
    given = parser.parse_args()
    rows = Rows("ward")
    for n in given.sizes:
        rivals = [name for name in given.rivals if name != "none"]
        row = compare(n, given.dimensions, given.repeat, rivals, given.seed)
        rows.put(given.case or str(n), row)
        print(json.dumps({k: row[k] for k in ("n", "gemm_gflops", "times_all_pairs", "bytes_over_input")}))


if __name__ == "__main__":
    main()
