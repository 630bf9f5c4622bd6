"""The slides' experiments: each method, each seed, scored under each protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError, one_of
from castlist.metrics import (
    Protocol,
    Scores,
    Unit,
    has_both_pairs,
    person_scores,
    verification_auc,
    violated_cannot_links,
)
from castlist.refine.learner import known_quality
from castlist.research.bench.isolated import isolated
from castlist.research.bench.methods import (
    MethodKind,
    MethodOptions,
    capped,
    check_options,
    finds_number,
    kind,
    options_of,
    refiner,
    varies,
)
from castlist.research.bench.own import is_own, own_method, table_name
from castlist.research.bench.results import Key, Result, SetFacts, SetName, Store
from castlist.research.bench.solve import FRAME, TRACK, Answer, MethodTask, Solve, Watch
from castlist.research.bench.subsets import Subset, main_cast, thinned
from castlist.research.features import FeatureSet
from castlist.types import NOISE, Json, Machine

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["FRAME", "TRACK", "UNITS", "WEIGHTED", "Bench", "Dataset"]

WEIGHTED = Unit.WEIGHTED
UNITS = {"track": TRACK, "weighted": WEIGHTED, "frame": FRAME}  # by short name
SMALL = 0.01  # least share of the faces of a cluster that counts as a person, here and in the docs


@dataclass(frozen=True, eq=False, slots=True)
class Dataset:
    """A track set with only the persons that are scored."""

    features: FeatureSet
    cast: tuple[str, ...]
    excluded: str
    digest: str
    origin: str  # the digest of the whole set, before people were chosen and faces drawn
    source: str = ""  # the file it was read from
    published: Subset | None = None  # the equal published set; None where other people are scored

    @classmethod
    def of(
        cls,
        features: FeatureSet,
        *,
        cast: tuple[str, ...] = (),
        drop: tuple[str, ...] = (),
        faces: int = 0,
        draw: int = 0,
        source: str | Path = "",
    ) -> Dataset:
        """The scored part of a set (see `main_cast`), with all faces or a draw of some faces of each track.

        `source` is the file of the set; it distinguishes sets of one name in tables.

        Raises:
            InputError: there are no labels, or fewer than two persons are left.
        """
        kept, persons, excluded, published = main_cast(features, cast=cast, drop=drop)
        kept = thinned(kept, faces, draw) if faces else kept
        if len(persons) < 2:
            raise InputError(
                f"{features.name} has too few people to score ({len(persons)}); at least two are needed"
            )
        stored = len(kept.embeddings)
        if stored < kept.faces:
            excluded += f", and the faces not stored: {kept.faces - stored} of {kept.faces}"
        return cls(kept, persons, excluded, _digest(kept), _digest(features), str(source), published)

    @property
    def label(self) -> NDArray[np.str_]:
        assert self.features.label is not None  # noqa: S101 - `of` made sure
        return self.features.label

    @property
    def subset(self) -> str:
        """The name of the equal published set, "" for none."""
        return self.published.name if self.published else ""

    @property
    def set_name(self) -> SetName:
        """The identity of the set."""
        return SetName(self.features.name, self.source, self.origin)

    @property
    def whole(self) -> bool:
        """Whether all faces are stored, so that frames can be clustered one by one."""
        return len(self.features.embeddings) == self.features.faces


class BenchJob(NamedTuple):
    """A method to run on a set with a seed."""

    data: Dataset
    method: str
    seed: int


@dataclass(frozen=True, slots=True)
class Bench:
    """The methods, seeds and protocols to run; a call yields the results, from the store if possible."""

    methods: tuple[str, ...]
    seeds: int = 5
    units: tuple[Unit, ...] = (TRACK, WEIGHTED, FRAME)
    clusters: tuple[int | None, ...] = ()  # numbers; 0: the true one, None: find it; empty: as published
    recipe: str = "castlist"  # or "paper"
    options: MethodOptions = field(default_factory=dict)
    machine: Machine = Machine()
    solve: Solve = isolated  # `here` starts no process for each method, but cannot measure its memory alone

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise InputError(f"seeds must be 1 or more, got {self.seeds}")
        units = tuple(one_of(Unit, "unit", UNITS.get(unit, unit)) for unit in self.units)
        object.__setattr__(self, "units", units)  # text is accepted, too
        check_options(self.methods, self.recipe, self.options)

    def protocols(self, data: Dataset, method: str) -> list[Protocol]:
        """The protocols of a method on a set; none where it needs a number of clusters that is not given."""
        counts = self.clusters or (data.published.clusters if data.published else (len(data.cast),))
        units = [
            u for u in self.units if u != FRAME or (data.whole and kind(method) == MethodKind.REFINEMENT)
        ]
        return [
            Protocol(unit, data.cast, data.excluded, len(data.cast) if k == 0 else k)
            for k in counts
            for unit in units
            if k is not None or (finds_number(method) and unit != FRAME)
        ]

    def left_out(self, datasets: list[Dataset]) -> dict[str, str]:
        """The methods that are scored on no set, with the reasons."""
        found = {}
        for method in self.methods:
            if any(self.protocols(data, method) for data in datasets):
                continue
            if self.units == (FRAME,) and kind(method) != MethodKind.REFINEMENT:
                found[method] = "clusters tracks, not frames; use --units track or weighted"
            elif self.units == (FRAME,):
                found[method] = "not every face is stored, so that frames cannot be clustered as frames"
            else:
                found[method] = "must be told the number of people; give --clusters"
        return found

    def jobs(self, datasets: list[Dataset]) -> list[BenchJob]:
        """All jobs (set, method, seed), seed by seed; methods without randomness run once."""
        return [
            BenchJob(data, method, seed)
            for seed in range(self.seeds)
            for data in datasets
            for method in self.methods
            if self.protocols(data, method)
            and (seed == 0 or varies(method, len(data.features), self.options))
        ]

    def __call__(self, data: Dataset, method: str, seed: int, store: Store, watch: Watch) -> Iterator[Result]:
        """The results of one method with one seed, one for each protocol.

        Raises:
            InputError: the method cannot run on this set; the message says why.
            CastlistError: the method failed, or there was too little memory.
        """
        keys = [self._key(data, method, seed, p) for p in self.protocols(data, method)]
        stored = {key.file: store.get(key) for key in keys}
        missing = [key for key in keys if stored[key.file] is None]
        for key, answer in self._solved(data, method, seed, missing, watch):
            result = _result(data, key, answer)
            store.put(result)
            stored[key.file] = result
        yield from (replace(r, facts=_set_facts(data)) for r in stored.values() if r is not None)

    def _key(self, data: Dataset, method: str, seed: int, protocol: Protocol) -> Key:
        options = options_of(method, self.options)
        if is_own(method):
            options["code"] = own_method(method).code
        elif kind(method) == MethodKind.REFINEMENT:
            options = _fields(capped(refiner(method, seed, self.recipe, self.options), data.features))
        return Key(data.features.name, data.digest, table_name(method), options, seed, protocol)

    def _solved(
        self, data: Dataset, method: str, seed: int, keys: list[Key], watch: Watch
    ) -> Iterator[tuple[Key, Answer]]:
        """The answer for each key; keys that differ only in the weights of tracks share one answer."""
        wanted = [(FRAME if k.protocol.unit == FRAME else TRACK, k.protocol.clusters) for k in keys]
        for _, k in wanted:
            if k is not None and k > len(data.features):
                raise InputError(f"cannot make {k} clusters of {len(data.features)} tracks")
        if not keys:
            return
        once = tuple(dict.fromkeys(wanted))
        task = MethodTask(data.features, method, seed, once, self.recipe, self.options, self.machine)
        found = {(answer.unit, answer.clusters): answer for answer in self.solve(task, watch)}
        yield from ((key, found[want]) for key, want in zip(keys, wanted, strict=True))


def _result(data: Dataset, key: Key, answer: Answer) -> Result:
    frames = key.protocol.unit == FRAME
    truth = data.label[data.features.embeddings.track] if frames else data.label
    weight = data.features.size if key.protocol.unit == WEIGHTED else None
    cannot = data.features.constraints().cannot
    persons = person_scores(truth, answer.label, weight=weight)
    columns = (persons.precision, persons.recall, persons.f1)
    return Result(
        key=key,
        facts=_set_facts(data),
        scores=Scores.of(key.protocol, truth, answer.label, weight=weight).values()
        | {"found": float(_found(answer.label, data.features, frames))},
        auc=_auc(answer, data.label),
        violated=None if frames or not len(cannot) else violated_cannot_links(answer.label, cannot),
        persons={str(n): [float(v) for v in row] for n, *row in zip(persons.person, *columns, strict=True)},
        seconds=answer.refine_seconds + answer.cluster_seconds,
        peak_mb=answer.peak_mb,
        about={
            "refine_seconds": answer.refine_seconds,
            "cluster_seconds": answer.cluster_seconds,
            "notes": list(answer.notes),
        },
    )


def _set_facts(data: Dataset) -> SetFacts:
    return {
        "source": data.source,
        "origin": data.origin,
        "subset": data.subset,
        "tracks": len(data.features),
        "faces": data.features.faces,
        "dim": data.features.dim,
        "persons": len(data.cast),
    }


def _auc(answer: Answer, label: NDArray[np.str_]) -> float | None:
    """The verification AUC; None where a method changes no features, or no person has two tracks."""
    if answer.means is None or not has_both_pairs(label):
        return None
    return verification_auc(answer.means, label)


def _found(label: NDArray[np.int32], features: FeatureSet, frames: bool) -> int:
    """Number of clusters with at least SMALL of the faces; smaller ones are not people of a cast."""
    labelled = label != NOISE
    weight = np.ones(len(label)) if frames else features.size.astype(np.float64)
    faces = np.bincount(label[labelled], weight[labelled])
    return int((faces >= SMALL * weight.sum()).sum()) if labelled.any() else 0


def _fields(step: DataclassInstance) -> dict[str, Json]:
    """A step's options, with the values of its recipe for those not given."""
    given = asdict(step)
    decided = dict(getattr(step, "decided", {}))
    left = {name: decided.get(name) for name, value in given.items() if value is None and decided}
    return {"step": type(step).__name__, **given, **left}


def _digest(features: FeatureSet) -> str:
    """The digest of all data that a score depends on."""
    state = hashlib.sha256()
    columns = (features.embeddings.vector, features.embeddings.track, features.first, features.last)
    links = features.constraints()
    optional = (
        *(links.a, links.b, links.same),
        features.frame,
        features.box,
        known_quality(features.embeddings),
        *features.views,
    )
    for array in (*columns, features.size, features.label, *(a for a in optional if a is not None)):
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()[:16]
