"""results/*.json -> results/growth.png (time and memory against N) and the exponents of growth.

python benchmarks/plot.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from measure import RESULTS, slope

Line = list[tuple[float, float, float]]  # N, seconds, bytes


def lines(folder: Path) -> dict[str, Line]:
    """The measurements of at least two sizes."""
    found: dict[str, dict[int, tuple[float, float]]] = {}

    def put(name: str, n: int, seconds: float, held: float) -> None:
        found.setdefault(name, {})[n] = (seconds, held)

    # The most reliable one last.
    for row in sorted(_rows(folder, "ward").values(), key=lambda row: row["repeat"]):
        for name, seconds in row["seconds"].items():
            label = {"castlist": "castlist ward", "scipy": "SciPy ward", "fastcluster": "fastcluster ward"}
            put(label.get(name, name), row["n"], seconds, row["bytes_over_input"][name])
    for row in _rows(folder, "graph").values():
        if row["linkage"] == "average" and "exact" not in row:
            name = f"castlist knn_tree, cells above {row['graph']['exact']:,}"
            put(name, row["n"], row["graph"]["seconds"], row["graph"]["bytes_over_start"])
    taken = {"castlist ward", "castlist knn_tree", "scipy ward", "fastcluster", "castlist knn_tree, cells"}
    for row in _rows(folder, "rivals").values():
        for name, one in row["runs"].items():
            if name not in taken and "seconds" in one:
                put(name, row["n"], one["seconds"], one["bytes_over_input"])
    return {
        name: [(n, *cost) for n, cost in sorted(sizes.items())]
        for name, sizes in found.items()
        if len(sizes) > 1
    }


def _rows(folder: Path, name: str) -> dict[str, Any]:
    path = folder / f"{name}.json"
    return json.loads(path.read_text())["rows"] if path.exists() else {}


def growth(line: Line) -> tuple[float | None, float | None]:
    """Exponents of time and of memory; of memory only from 20 MB on."""
    large = [row for row in line if row[2] > 20e6]
    return (
        slope((r[0] for r in line), (r[1] for r in line)),
        slope((r[0] for r in large), (r[2] for r in large)),
    )


def draw(found: dict[str, Line], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(13, 7), layout="constrained")
    colours = plt.get_cmap("tab20")(np.linspace(0, 1, max(2, len(found))))
    for colour, (name, line) in zip(colours, found.items(), strict=True):
        n, seconds, held = np.array(line).T
        ours = name.startswith("castlist")
        style = {"color": colour, "marker": "o", "lw": 2.6 if ours else 1.2, "ms": 5 if ours else 3}
        time, memory = growth(line)
        grows = f"time N^{time:.2f}" + ("" if memory is None else f", memory N^{memory:.2f}")
        axes[0].plot(n, seconds, label=f"{name}: {grows}", **style)
        if (held > 20e6).sum() > 1:
            axes[1].plot(n[held > 20e6], held[held > 20e6] / 1e9, **style)
    for axis, what in zip(axes, ("seconds", "GB held over the input"), strict=True):
        axis.set(xscale="log", yscale="log", xlabel="points of 512 dimensions", ylabel=what)
        axis.grid(True, which="major", alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    figure.savefig(path, dpi=110)


def main() -> None:
    found = lines(RESULTS)
    for name, line in found.items():
        time, memory = growth(line)
        sizes = f"{int(line[0][0])} to {int(line[-1][0])}"
        print(
            f"{name:32} time N^{time:.2f}  memory {'-' if memory is None else f'N^{memory:.2f}'}  ({sizes})"
        )
    if found:
        draw(found, RESULTS / "growth.png")


if __name__ == "__main__":
    main()
