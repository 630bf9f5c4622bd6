"""Runs one method on one track set, without the true labels: the result, and its cost."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from castlist import vectors
from castlist.cluster import ward
from castlist.cluster.tree import cut_tree
from castlist.metrics import Unit
from castlist.research.bench.measure import measured, resident
from castlist.research.bench.methods import (
    OURS,
    MethodKind,
    MethodOptions,
    baseline,
    kind,
    linkage,
    ours,
    refined,
    refiner,
    trained,
)
from castlist.research.bench.own import is_own, own_method
from castlist.research.features import FeatureSet
from castlist.types import Clustering, Embeddings, Machine, Tree

__all__ = [
    "FRAME",
    "TRACK",
    "Answer",
    "MethodTask",
    "Solve",
    "Watch",
    "here",
    "load_libraries",
    "raw_track_means",
]

TRACK, FRAME = Unit.TRACK, Unit.FRAME
LIBRARIES = (  # loaded before measurements
    *("scipy.linalg", "scipy.optimize", "scipy.sparse.csgraph", "scipy.spatial.distance"),
    *("scipy.cluster.hierarchy", "sklearn.cluster"),
)
Watch = Callable[[str, int, int], None]  # (stage, steps done, steps in all)


@dataclass(frozen=True, eq=False, slots=True)
class MethodTask:
    """A method to run on a track set."""

    features: FeatureSet
    method: str
    seed: int
    wanted: tuple[tuple[Unit, int | None], ...]  # TRACK or FRAME, and the number of clusters given
    recipe: str = "castlist"
    options: MethodOptions = field(default_factory=dict)
    machine: Machine = Machine()

    @property
    def blind(self) -> MethodTask:
        """The task without the labels, so that the method cannot read them."""
        return replace(self, features=replace(self.features, label=None))


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """One labelling and its cost, without the loading of data and libraries."""

    unit: str
    clusters: int | None  # requested number of clusters
    label: NDArray[np.int32]  # (t,) or (k,) by unit
    refine_seconds: float
    cluster_seconds: float
    peak_mb: float | None  # in addition to data and libraries
    means: NDArray[np.float64] | None = None  # (t, d) of the refined features, where the method refines
    notes: tuple[str, ...] = ()  # the method's warnings


Solve = Callable[[MethodTask, Watch], list[Answer]]


def here(task: MethodTask, watch: Watch) -> list[Answer]:
    """The answers, computed in this process; earlier use of memory affects the measurements."""
    return list(_answers(task.blind, watch))


def load_libraries(method: str) -> None:
    """Import the libraries of a method, so that this time is not counted as its work."""
    if is_own(method):
        own_method(method)
    for name in (*LIBRARIES, *(("torch",) if trained(method) else ())):
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # the method reports it


def _answers(task: MethodTask, watch: Watch) -> Iterator[Answer]:
    solve = _refined if kind(task.method) == MethodKind.REFINEMENT else _clustered
    from castlist.research.baselines import ScaleWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for answer in solve(task, watch, resident()):
            notes = (str(w.message) for w in caught if issubclass(w.category, ScaleWarning))
            yield replace(answer, notes=tuple(dict.fromkeys(notes)))


def _refined(task: MethodTask, watch: Watch, before: float | None) -> Iterator[Answer]:
    step = refiner(task.method, task.seed, task.recipe, task.options)
    with measured(before) as refining:
        better = refined(step, task.features, task.machine, lambda a, b: watch("training", a, b))
    means = raw_track_means(better, len(task.features))
    trees: dict[str, Tree] = {}
    for unit, k in task.wanted:
        with measured(before) as clustering:
            label = _cut(task, better, k, unit=unit, means=means, trees=trees, watch=watch)
        peaks = [p for p in (refining.peak_mb, clustering.peak_mb) if p is not None]
        yield Answer(unit, k, label, refining.seconds, clustering.seconds, max(peaks, default=None), means)


def _cut(
    task: MethodTask,
    better: Embeddings,
    k: int | None,
    *,
    unit: str,
    means: NDArray[np.float64],
    trees: dict[str, Tree],
    watch: Watch,
) -> NDArray[np.int32]:
    """Labels of refined features: Ward's tree at k clusters; without k, castlist's own linkage and cut."""
    if k is None:
        return ours(replace(task.features, embeddings=better), None).label
    if unit not in trees:
        trees[unit] = _frame_tree(better, watch) if unit == FRAME else ward(means)
    return cut_tree(trees[unit], len(trees[unit].merge) + 1 - k).label


def _clustered(task: MethodTask, watch: Watch, before: float | None) -> Iterator[Answer]:
    for unit, k in task.wanted:
        watch("finding the clusters" if k is None else f"{k} clusters", 0, 1)
        with measured(before) as clustering:
            label = _labelled(task, k).label
        yield Answer(unit, k, label, 0.0, clustering.seconds, clustering.peak_mb)


def _labelled(task: MethodTask, k: int | None) -> Clustering:
    if kind(task.method) == MethodKind.OURS:
        seed = task.seed if task.method == OURS else None
        link = linkage(task.method, task.options)
        return ours(task.features, k, link, seed=seed, machine=task.machine)
    return baseline(task.method, task.features, k, task.seed, task.options)


def raw_track_means(embeddings: Embeddings, tracks: int) -> NDArray[np.float64]:
    """(t, d) the mean of each track's raw vectors, at length 1: the slides' track level.

    `castlist.cluster.track_means` scales every face to length 1 first; the paper does not.
    """
    total = np.zeros((tracks, embeddings.vector.shape[1]))
    np.add.at(total, embeddings.track, embeddings.vector)
    return vectors.unit(total)


def _frame_tree(embeddings: Embeddings, watch: Watch) -> Tree:
    watch("clustering the frames", 0, 1)
    return ward(vectors.unit(embeddings.vector).astype(np.float32))
