"""Millions of faces on the graph: time, memory, and quality compared with the exact method.

    python benchmarks/graph.py --sizes 1000000                    # a run of castlist.cluster.knn_tree
    python benchmarks/graph.py --sizes 100000 --against-exact     # and the exact tree of the same faces

Faces are drawn to a float16 file (see faces.py), which is read as a memory map. Scores are B-cubed at the
true number of people, and at the best of ten heights. `--exact` is the number of remaining clusters from
which searches are exhaustive; in the comparison with the exact method it is a tenth of the faces, so that the
graph matters.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from faces import draw_faces
from measure import Rows, cost_of, gemm_rate
from numpy.typing import NDArray

from castlist.cluster import knn_tree
from castlist.cluster.large.knn_graph import EXACT
from castlist.cluster.tree import cut_tree
from castlist.metrics import b_cubed
from castlist.types import Tree

HEIGHTS = {"average": np.linspace(0.5, 0.95, 10), "ward": np.linspace(0.8, 1.7, 10)}


def scores(tree: Tree, truth: NDArray[np.int64], linkage: str) -> dict[str, float]:
    """B-cubed F at the true number of people, and at the best of ten heights."""
    at = {
        float(h): b_cubed(truth, cut_tree(tree, int((tree.height <= h).sum())).label).f1
        for h in HEIGHTS[linkage]
    }
    best = max(at, key=lambda h: at[h])
    known = b_cubed(truth, cut_tree(tree, tree.leaves - (int(truth.max()) + 1)).label)
    return {
        "f_at_k": known.f1, "precision_at_k": known.precision, "recall_at_k": known.recall,
        "f_best": at[best], "best_height": best,
    }  # fmt: skip


def run(
    x: NDArray[np.floating], truth: NDArray[np.int64], linkage: str, exact: int, cells: int
) -> dict[str, Any]:
    cost = cost_of(lambda: knn_tree(x, linkage=linkage, exact=exact, cells=cells))
    found = {
        "seconds": cost.seconds, "bytes_over_start": cost.bytes_over_start, "exact": exact, "cells": cells,
    }  # fmt: skip
    print("  " + json.dumps(found), flush=True)
    found |= scores(cost.result, truth, linkage)
    print("  " + json.dumps(found), flush=True)
    return found


def measure(n: int, given: argparse.Namespace) -> dict[str, Any]:
    folder = given.scratch or Path(tempfile.gettempdir()) / "castlist-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    x, truth = draw_faces(
        n, given.dimensions, given.seed, folder / f"faces-{n}-{given.dimensions}-{given.seed}"
    )
    exact = given.exact or (n // 10 if given.against_exact else EXACT)
    row: dict[str, Any] = {
        "n": n, "d": given.dimensions, "people": int(truth.max()) + 1, "linkage": given.linkage,
        "largest": int(np.bincount(truth).max()), "load": os.getloadavg()[0], "gemm_gflops": gemm_rate(),
        "input_bytes": x.nbytes, "graph": run(x, truth, given.linkage, exact, given.cells),
    }  # fmt: skip
    if given.against_exact:
        row["exact"] = run(x, truth, given.linkage, n, given.cells)
        row["f_lost_at_k"] = row["exact"]["f_at_k"] - row["graph"]["f_at_k"]
        row["f_lost_best"] = row["exact"]["f_best"] - row["graph"]["f_best"]
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[20000])
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--linkage", default="average", choices=sorted(HEIGHTS))
    parser.add_argument("--exact", type=int, default=0)
    parser.add_argument("--cells", type=int, default=16)
    parser.add_argument("--against-exact", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scratch", type=Path, help="where faces are drawn to")
    parser.add_argument("--case", help="the row's name in results/graph.json; linkage and size, if not given")
    given = parser.parse_args()
    rows = Rows("graph")
    for n in given.sizes:
        row = measure(n, given)
        rows.put(given.case or f"{given.linkage}-{n}", row)
        print(json.dumps({k: v for k, v in row.items() if k not in ("graph", "exact")}))


if __name__ == "__main__":
    main()
