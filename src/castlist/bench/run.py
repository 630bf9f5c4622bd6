"""The slides' experiments: each method, each seed, scored under each protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.bench.measure import Measured, measured
from castlist.bench.methods import Options, baseline, check_options, known, refined, refiner
from castlist.bench.results import Key, Result, Store
from castlist.bench.subsets import main_cast, subset_of
from castlist.cluster import ward
from castlist.cluster.tree import cut_tree
from castlist.errors import InputError
from castlist.io.features import FeatureSet
from castlist.metrics import Protocol, Scores, person_scores, verification_auc, violated_cannot_links
from castlist.types import Embeddings, Machine, Tree

__all__ = ["Bench", "Dataset", "track_means"]

TRACK, FRAME, WEIGHTED = "track", "frame", "track weighted by frames"
Watch = Callable[[str, int, int], None]  # (what is being done, done, in all)


@dataclass(frozen=True, eq=False, slots=True)
class Dataset:
    """A track set as it is scored: the persons that count, and nobody else."""

    features: FeatureSet
    cast: tuple[str, ...]
    excluded: str
    digest: str

    @classmethod
    def of(cls, features: FeatureSet, *, cast: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> Dataset:
        """The scored part of a set, as `main_cast` chooses it.

        Raises:
            InputError: no labels, or fewer than two persons are left.
        """
        kept, persons, excluded = main_cast(features, cast=cast, drop=drop)
        if len(persons) < 2:
            raise InputError(f"{features.name} has {len(persons)} persons to score; at least two are needed")
        stored = len(kept.embeddings)
        if stored < kept.faces:
            excluded += f", and the faces not stored: {kept.faces - stored} of {kept.faces}"
        return cls(kept, persons, excluded, _digest(kept))

    @property
    def label(self) -> NDArray[np.str_]:
        assert self.features.label is not None  # noqa: S101 - `of` made sure
        return self.features.label

    @property
    def subset(self) -> str:
        found = subset_of(self.features.name)
        return found.name if found else ""

    @property
    def whole(self) -> bool:
        """Whether every face is stored, so that frames can be clustered as frames."""
        return len(self.features.embeddings) == self.features.faces


@dataclass(frozen=True, slots=True)
class Bench:
    """What to run: a call yields every result, from the store where it was computed before."""

    methods: tuple[str, ...]
    seeds: int = 5
    units: tuple[str, ...] = (TRACK, WEIGHTED, FRAME)
    clusters: tuple[int, ...] = ()  # numbers of clusters given; empty: those of the published tables
    recipe: str = "castlist"  # or "paper"
    options: Options = field(default_factory=dict)
    machine: Machine = Machine()

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise InputError(f"seeds must be 1 or more, got {self.seeds}")
        for method in self.methods:
            check_options(method, self.recipe, self.options)

    def protocols(self, data: Dataset, method: str) -> list[Protocol]:
        """How a method is scored on a set."""
        subset = subset_of(data.features.name)
        counts = self.clusters or (subset.clusters if subset else (len(data.cast),))
        units = [u for u in self.units if u != FRAME or (data.whole and known()[method] == "refinement")]
        return [
            Protocol(unit, data.cast, data.excluded, k)  # type: ignore[arg-type]
            for k in counts
            for unit in units
        ]

    def jobs(self, datasets: list[Dataset]) -> list[tuple[Dataset, str, int]]:
        """Every (set, method, seed), a seed at a time; what has no randomness is run once."""
        return [
            (data, method, seed)
            for seed in range(self.seeds)
            for data in datasets
            for method in self.methods
            if seed == 0 or method != "base"
        ]

    def __call__(self, data: Dataset, method: str, seed: int, store: Store, watch: Watch) -> Iterator[Result]:
        """The results of one method with one seed, one for each protocol.

        Raises:
            InputError: the method cannot run on this set; the message says why.
        """
        keys = [self._key(data, method, seed, p) for p in self.protocols(data, method)]
        stored = {key.file: store.get(key) for key in keys}
        missing = [key for key in keys if stored[key.file] is None]
        if missing:
            solve = self._refined if known()[method] == "refinement" else self._baseline
            for result in solve(data, method, seed, missing, watch):
                store.put(result)
                stored[result.key.file] = result
        yield from (r for r in stored.values() if r is not None)

    def _key(self, data: Dataset, method: str, seed: int, protocol: Protocol) -> Key:
        options: dict[str, Any] = {k: dict(v) for k, v in self.options.items() if k in ("*", method)}
        if known()[method] == "refinement":
            options = _fields(refiner(method, seed, self.recipe, self.options))
        return Key(data.features.name, data.digest, method, options, seed, protocol)

    def _refined(
        self, data: Dataset, method: str, seed: int, keys: list[Key], watch: Watch
    ) -> Iterator[Result]:
        step = refiner(method, seed, self.recipe, self.options)
        with measured() as refining:
            better = refined(step, data.features, self.machine, lambda a, b: watch("training", a, b))
        means = track_means(better, len(data.features))
        auc = verification_auc(means, data.label)
        trees: dict[str, Tree] = {}
        for key in keys:
            k = key.protocol.clusters or 0
            with measured() as clustering:
                unit = FRAME if key.protocol.unit == FRAME else TRACK
                if unit not in trees:
                    trees[unit] = _frame_tree(better, watch) if unit == FRAME else ward(means)
                label = np.asarray(cut_tree(trees[unit], len(trees[unit].merge) + 1 - _fits(k, data)).label)
            yield _result(data, key, label, auc, refining, clustering)

    def _baseline(
        self, data: Dataset, method: str, seed: int, keys: list[Key], watch: Watch
    ) -> Iterator[Result]:
        for k in sorted({key.protocol.clusters or 0 for key in keys}):
            watch(f"{k} clusters", 0, 1)
            with measured() as clustering:
                label = baseline(method, data.features, _fits(k, data), seed, self.options).label
            for key in keys:
                if key.protocol.clusters == k:
                    yield _result(data, key, label, None, Measured(), clustering)


def track_means(embeddings: Embeddings, tracks: int) -> NDArray[np.float64]:
    """(t, d) the mean of each track's vectors as they are, at length 1: the slides' track level.

    `castlist.cluster.track_means` gives every face the same length first; the paper does not.
    """
    total = np.zeros((tracks, embeddings.vector.shape[1]))
    np.add.at(total, embeddings.track, embeddings.vector)
    return _unit(total)


def _frame_tree(embeddings: Embeddings, watch: Watch) -> Tree:
    watch("clustering the frames", 0, 1)
    return ward(_unit(embeddings.vector).astype(np.float32))


def _unit(x: NDArray[Any]) -> NDArray[Any]:
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(x / np.where(length > 0, length, 1))


def _fits(clusters: int, data: Dataset) -> int:
    if clusters > len(data.features):
        raise InputError(f"cannot make {clusters} clusters of {len(data.features)} tracks")
    return clusters


def _result(
    data: Dataset,
    key: Key,
    label: NDArray[Any],
    auc: float | None,
    refining: Measured,
    clustering: Measured,
) -> Result:
    frames = key.protocol.unit == FRAME
    truth = data.label[data.features.embeddings.track] if frames else data.label
    weight = data.features.size if key.protocol.unit == WEIGHTED else None
    cannot = data.features.constraints().cannot
    persons = person_scores(truth, label, weight=weight)
    columns = (persons.precision, persons.recall, persons.f1)
    peaks = [p for p in (refining.peak_mb, clustering.peak_mb) if p is not None]
    return Result(
        key=key,
        facts={
            "subset": data.subset,
            "tracks": len(data.features),
            "faces": data.features.faces,
            "dim": data.features.dim,
        },
        scores=Scores.of(key.protocol, truth, label, weight=weight).values(),
        auc=auc,
        violated=None if frames or not len(cannot) else violated_cannot_links(label, cannot),
        persons={str(n): [float(v) for v in row] for n, *row in zip(persons.person, *columns, strict=True)},
        seconds=refining.seconds + clustering.seconds,
        peak_mb=max(peaks, default=None),
        about={"refine_seconds": refining.seconds, "cluster_seconds": clustering.seconds},
    )


def _fields(step: Any) -> dict[str, Any]:
    """A step's options, those that it leaves to its recipe included."""
    given = asdict(step)
    left = [name for name, value in given.items() if value is None and hasattr(step, "option")]
    return {"step": type(step).__name__} | given | {name: step.option(name) for name in left}


def _digest(features: FeatureSet) -> str:
    """Of everything that a score depends on."""
    state = hashlib.sha256()
    columns = (features.embeddings.vector, features.embeddings.track, features.first, features.last)
    for array in (*columns, features.size, features.label):
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()[:16]
