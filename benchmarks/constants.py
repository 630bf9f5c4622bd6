"""The effect of the linkage's constants on films on which they were not chosen: leave one series out.

    python benchmarks/constants.py FILM.castlist ... [--truth FOLDER] [--draws 2]

For each constant, B-cubed F of the linked tracks with other values, everything else unchanged; "chosen
elsewhere" is the mean F if the value for each film is the best one on the films of other series (the first
word of the name). Each film counts with the mean of one run with all faces and `draws` runs with two thirds
of them, since a single run depends on chance.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from evidence import Named
from linkage import CPU, films_parser, labelled, thinned

from castlist.cluster import GroupLinkage, ProbabilityCut
from castlist.refine import Averaged
from castlist.types import Embeddings

# constant (module and name; an option of GroupLinkage; of Averaged): its value, then other values
MODULE: dict[tuple[str, str], tuple[float, ...]] = {
    ("calibrate", "GROUP_ODDS"): (-2.0, -3.0, -2.5, -1.5, -1.0),
    ("calibrate", "SAME_SPREAD"): (0.15, 0.11, 0.13, 0.18),
    ("calibrate", "SCENES_APART"): (2.5, 2.0, 3.0),
    ("group_linkage", "LOOK_ALIKE"): (0.06, 0.03, 0.09),
    ("evidence", "SEED"): (0.6, 0.4, 0.5, 0.7),
}
LINKAGE: dict[str, tuple[float, ...]] = {"low_quality": (0.25, 0.0, 0.15, 0.4), "rounds": (2, 0, 1, 3)}
MIXTURE: dict[str, tuple[float, ...]] = {"most": (0.6, 0.0, 0.3, 0.8), "half": (20, 10, 40)}


class Runs:
    """A film with all its faces, and subsamples of them, for linking."""

    def __init__(self, named: Named, draws: int) -> None:
        self.named, found = named, named.film.found
        base = found.embeddings
        few = [base[thinned(base.track, np.random.default_rng(seed))] for seed in range(draws)]
        links = found.constraints
        mixed = [Averaged(seed=seed + 1)(part, links, machine=CPU) for seed, part in enumerate(few)]
        self.tables: list[Embeddings] = [found.refined, *mixed]

    def f(self, linkage: GroupLinkage, mixture: Averaged) -> float:
        """Mean F over the runs."""
        links, values = self.named.film.found.constraints, []
        for table in self.tables:
            tracks = len(np.unique(table.track))
            share = mixture.most * tracks / (tracks + mixture.half)
            mixed = replace(table, share=share) if table.views else table
            tree = linkage(mixed, links, *self.named.hints)
            values.append(self.named.film.f(ProbabilityCut()(tree, mixed, links)))
        return float(np.mean(values))


def with_module(runs: Sequence[Runs], module: str, name: str, value: float) -> list[float]:
    """F of each film with another value of a module's constant."""
    place = importlib.import_module(f"castlist.cluster.{module}")
    usual = getattr(place, name)
    setattr(place, name, value)
    try:
        return [run.f(GroupLinkage(), Averaged()) for run in runs]
    finally:
        setattr(place, name, usual)


def report(name: str, values: Sequence[float], table: list[list[float]], series: list[str]) -> None:
    """One line: mean F of each value, the default first, and of the values chosen on other series."""
    f = np.array(table)  # (values, films)
    chosen = []
    for film, own in enumerate(series):
        others = [i for i, other in enumerate(series) if other != own]
        chosen.append(f[f[:, others].mean(1).argmax(), film])
    cells = [f"{value:g}: {mean:.3f}" for value, mean in zip(values, f.mean(1), strict=True)]
    print(f"| {name} | {cells[0]} | {', '.join(cells[1:])} | {np.mean(chosen):.3f} |", flush=True)


def main() -> None:
    parser = films_parser(__doc__)
    parser.add_argument("--draws", type=int, default=2)
    given = parser.parse_args()
    runs = [Runs(Named(place.stem, labelled(place, given.truth)), given.draws) for place in given.places]
    series = [run.named.series for run in runs]
    print(
        "| constant | F as it is | other values | chosen elsewhere |\n| --- | --- | --- | --- |", flush=True
    )
    for (module, name), values in MODULE.items():
        report(name, values, [with_module(runs, module, name, value) for value in values], series)
    for name, values in LINKAGE.items():
        steps = [GroupLinkage(**{name: int(v) if name == "rounds" else v}) for v in values]
        report(name, values, [[run.f(step, Averaged()) for run in runs] for step in steps], series)
    for name, values in MIXTURE.items():
        mixtures = [Averaged(**{name: int(v) if name == "half" else v}) for v in values]
        report(name, values, [[run.f(GroupLinkage(), step) for run in runs] for step in mixtures], series)


if __name__ == "__main__":
    main()
