"""The gain of clothes over faces alone, on finished workspaces; and their cost in the scan of a film.

    python benchmarks/cues.py FILM.castlist ... [--truth FOLDER]
    python benchmarks/cues.py --cost FILM.mp4 [--times 3]

FILM.truth.csv is in FOLDER, or beside the workspace. For each film: the area under ROC of pairs of tracks by
faces (with the film's own networks), by clothes, and by their weighted sum; the share of pairs with clothes;
B-cubed F of the linked tracks without and with clothes, each at castlist's cut and at the best cut of its
tree; and the learned slopes, by distance in time.

--cost runs `castlist find` on a film with and without clothes in turn, in new folders, and prints the
processor time of the process with its children, and its peak memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from linkage import Film, films_parser, labelled
from numpy.typing import NDArray

from castlist.cluster import Calibration, GroupLinkage, HeightCut, ProbabilityCut
from castlist.cluster.likeness import Likeness
from castlist.refine.validate import separation

Floats = NDArray[np.float64]


def auc(film: Film) -> tuple[float, float, float, float]:
    """Area under ROC of faces, of clothes and of both, and the share of pairs with clothes."""
    found, rows = film.found, film.rows
    a, b = np.triu_indices(len(rows), 1)
    pairs = np.stack([rows[a], rows[b]], 1)
    same = film.who[pairs[:, 0]] == film.who[pairs[:, 1]]
    likeness = Likeness.from_embeddings(found.refined, len(film.who))[0].pairs(pairs)
    faces = Calibration.fit(found.refined, found.constraints).log_odds(likeness)
    if found.beside is None:
        return area(faces, same), float("nan"), area(faces, same), 0.0
    odds = found.beside.odds[pairs[:, 0], pairs[:, 1]].astype(np.float64)
    seen = ~np.isnan(odds)
    vector = found.beside.vector
    clothes = np.einsum("qc,qc->q", vector[pairs[:, 0]], vector[pairs[:, 1]]).astype(np.float64)
    both = faces + np.nan_to_num(odds)
    return area(faces, same), area(clothes[seen], same[seen]), area(both, same), float(seen.mean())


def area(value: Floats, same: NDArray[np.bool_]) -> float:
    return separation(value[same], value[~same]) if same.any() and not same.all() else float("nan")


def linked(film: Film, *, clothes: bool) -> tuple[float, float]:
    """F at castlist's cut and at the best cut of its tree."""
    found = film.found
    beside = found.beside if clothes else None
    hints = (beside.odds,) if beside is not None and beside.speaks else ()
    tree = GroupLinkage()(found.refined, found.constraints, *hints)
    heights = np.unique(tree.height[np.isfinite(tree.height)])
    at = (film.f(HeightCut(float(h))(tree, found.refined, found.constraints)) for h in heights)
    usual = film.f(ProbabilityCut()(tree, found.refined, found.constraints))
    return usual, max(at, default=usual)


def cost(film: Path, use: str) -> tuple[float, float]:
    """Processor seconds and MiB (of the largest process) of one run."""
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "castlist", "find", str(film), "--out", f"{place}/a.castlist",
                   "--quiet", "--set", f"cue.use={use}"]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"castlist find failed on {film}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def costs(film: Path, times: int) -> None:
    print(f"{'':10}{'CPU s':>10}{'MiB':>10}")
    rows: dict[str, list[tuple[float, float]]] = {"none": [], "clothes": []}
    for _ in range(times):
        for use, done in rows.items():
            done.append(cost(film, use))
            print(f"{use:10}{done[-1][0]:10.1f}{done[-1][1]:10.0f}", flush=True)
    ratio = np.median([b[0] / a[0] for a, b in zip(rows["none"], rows["clothes"], strict=True)])
    print(f"with clothes / without, processor time, median of {times} pairs: {ratio:.3f}")


def main() -> None:
    parser = films_parser(__doc__, fewest="*")
    parser.add_argument("--cost", type=Path, metavar="FILM")
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    if given.cost:
        costs(given.cost, given.times)
    heads = ("faces", "clothes", "both", "seen", "F", "best", "F with", "best")
    if given.places:
        print(f"{'film':26}" + "".join(f"{head:>9}" for head in heads) + "  slopes")
    rows = []
    for place in given.places:
        film = labelled(place, given.truth)
        rows.append([*auc(film), *linked(film, clothes=False), *linked(film, clothes=True)])
        spans = film.found.beside.spans if film.found.beside else ()
        slopes = " ".join(f"{span.slope:.1f}" for span in spans)
        print(f"{place.stem:26}" + "".join(f"{v:9.3f}" for v in rows[-1]) + f"  {slopes}", flush=True)
    if rows:
        print(f"{'mean':26}" + "".join(f"{v:9.3f}" for v in np.nanmean(rows, axis=0)))


if __name__ == "__main__":
    main()
