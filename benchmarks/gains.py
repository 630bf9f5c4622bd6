"""The gain of one refinement over another, run by run, over groups of films or sets.

    python benchmarks/methods.py films/*.npz bbt0101.npz --faces 3 --draws 5 --seeds 5 --out rows.json
    python benchmarks/gains.py rows.json --method tsiam-second-order --over tsiam --group films=cosby,meeting

A run is a pair of draw and seed; its score is the mean over the films or sets of the group, and its gain the
difference of the two methods. Only runs of all films or sets of the group are counted. Without --group, each
set is a group, and all sets are one more.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path

SCORES = {"AUC": "AUC", "F at K": "F at K", "F own linkage": "F, castlist's linkage"}
HEADS = ("over", "score", "runs", "{over}", "{method}", "gain", "runs ahead", "sd within a set", "sets ahead")

Run = tuple[str, str]  # draw, seed
Scores = dict[str, dict[str, dict[Run, float]]]  # by set, then method


def scores(rows: dict[str, dict[str, float]], column: str) -> Scores:
    """One score of every run, without undefined ones."""
    found: Scores = defaultdict(lambda: defaultdict(dict))
    for key, row in rows.items():
        path, method, _, _, draw, seed, _ = key.split("|")
        if row and row[column] == row[column]:
            found[Path(path).stem][method][draw, seed] = row[column]
    return found


def gain(found: Scores, sets: list[str], method: str, over: str) -> list[str]:
    """The cells of a group from the number of runs on; empty if there are fewer than two."""
    # A set in which no person has two tracks has no AUC.
    have = [s for s in sets if found[s][method] and found[s][over]]
    common = [set(found[s][m]) for s in have for m in (method, over)]
    ordered = sorted(set.intersection(*common)) if common else []
    if len(ordered) < 2:
        return []
    mean = {m: [statistics.fmean(found[s][m][r] for s in have) for r in ordered] for m in (method, over)}
    gains = [a - b for a, b in zip(mean[method], mean[over], strict=True)]
    within = {m: [[found[s][m][r] for r in ordered] for s in have] for m in (method, over)}
    sd = [f"{statistics.fmean(map(statistics.stdev, within[m])):.3f}" for m in (over, method)]
    ahead = [
        statistics.fmean(a) > statistics.fmean(b) for a, b in zip(within[method], within[over], strict=True)
    ]
    return [
        str(len(ordered)), spread(mean[over]), spread(mean[method]), spread(gains),
        f"{sum(g > 0 for g in gains)} of {len(gains)}", " / ".join(sd), f"{sum(ahead)} of {len(ahead)}",
    ]  # fmt: skip


def spread(values: list[float]) -> str:
    return f"{statistics.fmean(values):.4f} ± {statistics.stdev(values):.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="+", type=Path, help="files that methods.py --out wrote")
    parser.add_argument("--method", default="tsiam-second-order")
    parser.add_argument("--over", default="tsiam")
    parser.add_argument("--group", action="append", default=[], help="NAME=SET,SET,...")
    given = parser.parse_args()
    rows = {key: row for path in given.rows for key, row in json.loads(path.read_text()).items()}
    every = sorted({Path(key.split("|")[0]).stem for key in rows})
    named = [group.partition("=") for group in given.group]
    groups = {name: sets.split(",") for name, _, sets in named}
    groups = groups or {**{name: [name] for name in every}, "all": every}
    heads = [head.format(over=given.over, method=given.method) for head in HEADS]
    print(f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), sep="\n")
    for name, sets in groups.items():
        for column, shown in SCORES.items():
            cells = gain(scores(rows, column), sets, given.method, given.over)
            if cells:
                print(f"| {' | '.join([name, shown, *cells])} |")


if __name__ == "__main__":
    main()
