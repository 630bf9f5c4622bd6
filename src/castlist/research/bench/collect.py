"""Runs every method on every set with every seed; methods that cannot run are reported and left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from castlist.errors import CastlistError
from castlist.metrics import Protocol
from castlist.research.bench.methods import shown_name, table_name
from castlist.research.bench.progress import Progress
from castlist.research.bench.results import Result, Store, set_name, set_names
from castlist.research.bench.run import Bench, Dataset

__all__ = ["collect", "once"]


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
        progress: gets a line for each run.
        report: gets a sentence about each method that is left out everywhere.
        left_out: gets a sentence about each method that did not run on a set, or on any, with the reason.
    """
    datasets = once(datasets, report)
    names = set_names(data.set_name for data in datasets)
    jobs = bench.jobs(datasets)
    for method, why in bench.left_out(datasets).items():
        report(f"left out: {table_name(method)}: {why}")
        left_out(f"{shown_name(method)}: {why}")
    line, results = Progress(progress, len(jobs)), []
    cannot: set[tuple[str, str]] = set()
    for dataset, method, seed in jobs:
        line.begin(f"{names[dataset.set_name]} {table_name(method)} seed {seed}")
        if (dataset.digest, method) in cannot:  # it cannot run with another seed, either
            line.end()
            continue
        try:
            results += list(bench(dataset, method, seed, store, line.watch))
            line.end()
        except (CastlistError, MemoryError) as wrong:  # this method cannot run on this set; others can
            error = "not enough memory" if isinstance(wrong, MemoryError) else wrong
            line.end(f"left out: {error}")
            left_out(f"{shown_name(method)} on {names[dataset.set_name]}: {error}")
            cannot.add((dataset.digest, method))
    line.close()
    place = {table_name(method): i for i, method in enumerate(bench.methods)}
    return sorted(results, key=lambda r: (names[set_name(r)], *_order(r.key.protocol), place[r.key.method]))


def once(datasets: list[Dataset], report: Callable[[str], None]) -> list[Dataset]:
    """Each set and draw once, so that no result counts as two runs; duplicates are reported."""
    kept: dict[tuple[str, str], Dataset] = {}
    for data in datasets:
        first = kept.setdefault((data.features.name, data.digest), data)
        if first is not data and (first.source, first.origin) != (data.source, data.origin):
            other = first.source or "another set"
            report(f"left out: {data.source or data.features.name} holds the same data as {other}")
    return list(kept.values())


def _order(protocol: Protocol) -> tuple[int, str]:
    return protocol.clusters or 0, protocol.unit
