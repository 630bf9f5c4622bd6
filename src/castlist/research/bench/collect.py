"""Every method on every set with every seed, one after another; what cannot run is said and left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from castlist.errors import CastlistError
from castlist.metrics import Protocol
from castlist.research.bench.methods import shown_name
from castlist.research.bench.progress import Progress
from castlist.research.bench.results import Result, Store
from castlist.research.bench.run import Bench, Dataset

__all__ = ["collect"]


def collect(
    bench: Bench,
    datasets: list[Dataset],
    store: Store,
    progress: TextIO,
    report: Callable[[str], None],
    left_out: Callable[[str], None] = lambda sentence: None,
) -> list[Result]:
    """The results in the order of the tables: by set, protocol and method.

    Args:
        progress: gets a line a run.
        report: takes a sentence about a method that is left out everywhere.
        left_out: takes a sentence about each method that did not run on a set, or on none, with the reason.
    """
    jobs = bench.jobs(datasets)
    for method, why in bench.left_out(datasets).items():
        report(f"left out: {method}: {why}")
        left_out(f"{shown_name(method)}: {why}")
    line, results = Progress(progress, len(jobs)), []
    cannot: set[tuple[str, str]] = set()
    for dataset, method, seed in jobs:
        line.begin(f"{dataset.features.name} {method} seed {seed}")
        if (dataset.digest, method) in cannot:  # nor with another seed
            line.end()
            continue
        try:
            results += list(bench(dataset, method, seed, store, line.watch))
            line.end()
        except CastlistError as error:  # one method cannot run on this set; the others can
            line.end(f"left out: {error}")
            left_out(f"{shown_name(method)} on {dataset.features.name}: {error}")
            cannot.add((dataset.digest, method))
    line.close()
    place = {method: i for i, method in enumerate(bench.methods)}
    return sorted(results, key=lambda r: (r.key.dataset, *_order(r.key.protocol), place[r.key.method]))


def _order(protocol: Protocol) -> tuple[int, str]:
    return protocol.clusters or 0, protocol.unit
