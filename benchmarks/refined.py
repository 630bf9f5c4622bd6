"""castlist's clustering of track sets, with refinement where its validation finds a gain, over seeds.

    python benchmarks/refined.py SET.npz ... [--seeds 5] [--faces 8]

Each seed trains and validates both candidates as castlist find does (by held-out hard pairs of the set
itself; tracks seen together stand for a shot), uses the better one or the base features, and clusters with
the number of people unknown and given. As in a film, a few evenly spaced faces of each track are used. The
baseline is Ward on means of all base features, with the number given.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from people import score, tracks
from refine_scaling import thinned

from castlist.cluster import CountCut, GroupLinkage, ProbabilityCut, Ward
from castlist.cluster.links import must_groups
from castlist.pipeline.identify import refine_where_better
from castlist.refine.validate import Best
from castlist.types import Clustering, Constraints, Machine

MEASURES = ("f", "purity", "people")


def spread(rows: list[dict[str, float]], measure: str) -> str:
    values = [row[measure] for row in rows]
    if measure == "people":
        return f"{min(values)}" if min(values) == max(values) else f"{min(values)} to {max(values)}"
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def run(path: Path, seeds: int, faces: int) -> None:
    table, constraints, who, size = tracks(path)
    k, nothing = int(who.max()) + 1, Constraints.empty()
    few = table[thinned(table.track, faces)]
    print(f"{path.stem}: {len(who)} tracks, {k} people, {len(few)} faces looked at")

    def scored(clustering: Clustering) -> dict[str, float]:
        return score(who, clustering, size)

    def say(name: str, rows: list[dict[str, float]]) -> None:
        told = ", ".join(f"{m} {spread(rows, m)}" for m in MEASURES)
        print(f"  {name:34} {told} of {rows[0]['people_true']}", flush=True)

    say("base cut: Ward, number given", [scored(CountCut(k)(Ward()(table, nothing), table, nothing))])
    tree = GroupLinkage()(few, constraints)
    say("base features", [scored(ProbabilityCut()(tree, few, constraints))])
    say("base features, number given", [scored(CountCut(k)(tree, few, constraints))])
    # Tracks seen together, in chains.
    shot = must_groups(len(who), constraints.cannot, constraints.cannot[:0])[0]
    unknown, known = [], []
    for seed in range(seeds):
        verdict, chosen = refine_where_better(Best(seed=seed), few, constraints, shot, Machine(threads=1))
        tree = GroupLinkage()(chosen, constraints)
        unknown.append(scored(ProbabilityCut()(tree, chosen, constraints)))
        known.append(scored(CountCut(k)(tree, chosen, constraints)))
        print(f"  seed {seed}: F {unknown[-1]['f']:.3f}. {verdict.sentence}", flush=True)
    say("as judged", unknown)
    say("as judged, number given", known)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--faces", type=int, default=8, help="of each track, at most")
    given = parser.parse_args()
    for path in given.paths:
        run(path, given.seeds, given.faces)


if __name__ == "__main__":
    main()
