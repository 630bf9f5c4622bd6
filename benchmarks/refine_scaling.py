"""The effect of input scaling, first layer, margin and learning rate on SSiam and TSiam.

    python benchmarks/refine_scaling.py FEATURES.npz ... --seeds 5

Each set of labelled features is used unchanged, projected at random to 128 dimensions, and lifted to 2048
rectified dimensions (a random layer and a ReLU, like features after a pooling layer). At most --frames faces
of each track are used, so that a set takes minutes. Scores are at track level: weighted cluster purity and
B-cubed F of Ward's clusters at the known number of people, and the verification AUC of all track pairs, which
does not jump as purity does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from castlist.errors import InputError
from castlist.metrics import b_cubed, verification_auc, weighted_cluster_purity
from castlist.refine import SSiam, TSiam
from castlist.refine.scaling import Scaling
from castlist.research import features
from castlist.types import Machine

GRID: dict[str, dict[str, Any]] = {
    "paper": {"recipe": "paper"},
    "castlist": {"recipe": "castlist"},
    "paper, first layer base": {"recipe": "paper", "first_layer": "base"},
    "paper, length 1": {"recipe": "paper", "scaling": "l2"},
    "paper, length sqrt(d)": {"recipe": "paper", "scaling": "l2-sqrt-d"},
    "paper, standardised": {"recipe": "paper", "scaling": "standard"},
}
for _scaling in ("l2", "l2-sqrt-d", "standard"):
    for _rate in (1e-3, 1e-2, 1e-1, 1.0):
        GRID[f"base, {_scaling}, rate {_rate:g}"] = {
            "scaling": _scaling, "first_layer": "base", "learning_rate": _rate, "margin": 1.0,
        }  # fmt: skip
for _margin in (0.3, 3.0):
    for _scaling, _rate in (("l2", 1e-1), ("l2-sqrt-d", 1e-3)):
        GRID[f"base, {_scaling}, rate {_rate:g}, margin {_margin:g}"] = {
            "scaling": _scaling, "first_layer": "base", "learning_rate": _rate, "margin": _margin,
        }  # fmt: skip
GRID["he, l2, rate 0.1"] = {"scaling": "l2", "first_layer": "he", "learning_rate": 0.1, "margin": 1.0}


def thinned(track: np.ndarray, frames: int) -> np.ndarray:
    """At most `frames` evenly spaced faces of every track (n,), as rows, track after track."""
    order = np.argsort(track, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(track[order])) + 1)
    places = [np.linspace(0, len(p) - 1, min(frames, len(p))).round().astype(int) for p in parts]
    return np.concatenate([p[at] for p, at in zip(parts, places, strict=True)])


def variants(x: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    rng = np.random.default_rng(99)
    yield f"{x.shape[1]}", x
    yield "128 projected", x @ rng.standard_normal((x.shape[1], 128), np.float32) / np.float32(np.sqrt(128))
    lift = rng.standard_normal((x.shape[1], 2048), np.float32) / np.float32(np.sqrt(x.shape[1]))
    yield "2048 rectified", np.maximum(x @ lift, 0)


def scores(vector: np.ndarray, track: np.ndarray, person: np.ndarray) -> dict[str, float]:
    from scipy.cluster.hierarchy import fcluster, linkage

    mean = np.add.reduceat(vector, np.searchsorted(track, np.arange(len(person))))
    mean = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    label = fcluster(linkage(mean, "ward"), len(np.unique(person)), "maxclust")
    return {
        "wcp": weighted_cluster_purity(person, label),
        "b3f": b_cubed(person, label).f1,
        "auc": verification_auc(mean, person),
    }


def tried(
    x: np.ndarray, track: np.ndarray, cannot: np.ndarray, person: np.ndarray, step: Any
) -> dict[str, float]:
    start = perf_counter()
    try:
        refined = step.fit(x, track, cannot, machine=Machine(device="cpu"))
    except InputError:  # diverged to infinity
        return {"wcp": np.nan, "b3f": np.nan, "auc": np.nan, "seconds": perf_counter() - start}
    return scores(refined.transform(x), track, person) | {"seconds": perf_counter() - start}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=8, help="faces a track")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--variants", default="", help="only those whose name holds this")
    parser.add_argument("--settings", default="", help="only these, separated by semicolons")
    parser.add_argument("--methods", default="tsiam,ssiam")
    parser.add_argument("--out", type=Path, help="JSON lines, one a run")
    given = parser.parse_args()
    names = [s.strip() for s in given.settings.split(";") if s.strip()] or list(GRID)
    out = given.out.open("a") if given.out else None
    print("set | features | method | setting | WCP mean (min to max) | B-cubed F | AUC | seconds")
    for path in given.files:
        table = features.read(path)
        rows = thinned(table.embeddings.track, given.frames)
        track, cannot = table.embeddings.track[rows], table.constraints().cannot
        for variant, x in variants(table.embeddings.vector[rows]):
            if given.variants not in variant:
                continue
            for way in ("raw", "l2"):
                report(
                    out,
                    path.stem,
                    variant,
                    f"base, {way}",
                    "",
                    [scores(Scaling.fit(x, way)(x), track, table.label)],
                )
            for method in given.methods.split(","):
                for name in names:
                    steps = [
                        {"tsiam": TSiam, "ssiam": SSiam}[method](seed=s, epochs=given.epochs, **GRID[name])
                        for s in range(given.seeds)
                    ]
                    found = [tried(x, track, cannot, table.label, step) for step in steps]
                    report(out, path.stem, variant, method, name, found)


def report(out: Any, *row: Any) -> None:
    *where, found = row
    for seed, one in enumerate(found):
        if out:
            print(json.dumps([*where, seed, one]), file=out, flush=True)
    wcp = [f["wcp"] for f in found]
    mean = {key: float(np.mean([f[key] for f in found])) for key in found[0]}
    print(
        *where,
        f"{mean['wcp']:.3f} ({min(wcp):.3f} to {max(wcp):.3f})",
        f"{mean['b3f']:.3f}",
        f"{mean['auc']:.3f}",
        f"{mean.get('seconds', 0):.1f}",
        sep=" | ",
        flush=True,
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
