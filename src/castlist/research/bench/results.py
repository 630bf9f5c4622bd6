"""One small file for each result, so that an interrupted bench continues."""

from __future__ import annotations

import hashlib
import json
import math
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import NamedTuple, TypedDict

from castlist._version import __version__
from castlist.errors import InputError
from castlist.metrics import Protocol
from castlist.outputs import check_output_folder, part_file
from castlist.plain import read_plain
from castlist.research.bench.methods import shown_name
from castlist.types import Json

__all__ = ["Cell", "Key", "Result", "SetName", "Spread", "Store", "cells", "set_name", "set_names"]

FORMAT = "castlist bench 3"
LARGEST = 16 << 20  # bytes of a result, which has about 2,000


@dataclass(frozen=True, slots=True)
class Key:
    """All that a result depends on: two runs with one key have the same scores."""

    dataset: str
    digest: str  # of the vectors, tracks and labels that were scored
    method: str
    options: dict[str, Json]  # all fields of a refinement, with seed and recipe; else the given options
    seed: int
    protocol: Protocol
    version: str = __version__

    @property
    def file(self) -> str:
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        tag = hashlib.sha256(text.encode()).hexdigest()[:16]
        unit = self.protocol.unit.replace(" ", "-")
        clusters = self.protocol.clusters or "unknown"
        name = f"{self.dataset}-{self.method}-{unit}-{clusters}-seed{self.seed}"
        return f"{''.join(c if c.isalnum() or c in '-_' else '_' for c in name)}-{tag}.json"


class SetFacts(TypedDict):
    """The set that was scored."""

    source: str  # the file it was read from, "" if unknown
    origin: str  # digest of its content before people were chosen and faces drawn
    subset: str
    tracks: int
    faces: int
    dim: int
    persons: int


class About(TypedDict, total=False):
    """The parts of seconds and peak_mb, and the method's warnings."""

    refine_seconds: float
    cluster_seconds: float
    resident_mb: float | None
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Result:
    """The scores of one method with one seed under one protocol."""

    key: Key
    facts: SetFacts
    scores: dict[str, float]
    auc: float | None  # verification AUC of track pairs; None where the method changes no features
    violated: float | None  # share of violated cannot-links; None without any, or if items are frames
    persons: dict[str, list[float]]  # precision, recall, F1 of each person
    seconds: float  # refining and clustering
    peak_mb: float | None  # in addition to data and libraries
    about: About = field(default_factory=About)


@dataclass(frozen=True, slots=True)
class Store:
    """A directory of results, each written completely or not at all."""

    directory: Path

    def get(self, key: Key) -> Result | None:
        """The stored result of a key; None if it is missing or its file is damaged."""
        path = self.directory / key.file
        try:
            found = json.loads(read_plain(path, LARGEST, "a result"))
            assert found.pop("format") == FORMAT  # noqa: S101 - caught below
            found.pop("shown_name", None)
            protocol = found["key"]["protocol"]
            protocol["cast"] = tuple(protocol["cast"])
            return Result(**found | {"key": Key(**found["key"] | {"protocol": Protocol(**protocol)})})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AssertionError):
            return None

    def put(self, result: Result) -> None:
        """Write a result; after a crash there is the old file or the new one."""
        path = self.directory / result.key.file
        check_output_folder(self.directory)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            text = {"format": FORMAT, "shown_name": shown_name(result.key.method)} | asdict(result)
            with part_file(path) as part:
                part.write_text(json.dumps(text, indent=1), "utf-8")
                part.replace(path)
        except OSError as error:
            raise InputError(f"cannot write results to {self.directory}: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class Spread:
    """A score over seeds."""

    mean: float
    std: float | None  # sample standard deviation; None for fewer than two runs
    runs: int
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread | None:
        known = [v for v in values if v is not None and math.isfinite(v)]
        if not known:
            return None
        std = statistics.stdev(known) if len(known) > 1 else None
        return cls(statistics.fmean(known), std, len(known), min(known), max(known))


@dataclass(frozen=True, slots=True)
class Cell:
    """The results of one dataset, protocol and method, one for each seed and draw of faces."""

    dataset: str  # its name, with a distinction where several sets have this name
    subset: str
    protocol: Protocol
    method: str
    results: tuple[Result, ...]

    def score(self, name: str) -> Spread | None:
        """A score by its name; also auc, violated, seconds, peak_mb, off (found - persons), noise."""
        if name in ("auc", "violated", "seconds", "peak_mb"):
            return Spread.of(getattr(r, name) for r in self.results)
        if name == "off":
            return Spread.of(r.scores["found"] - r.facts["persons"] for r in self.results)
        if name == "noise":  # share of the items that are in no cluster; None for 0
            return Spread.of(1 - r.scores["coverage"] for r in self.results if r.scores["coverage"] < 1)
        return Spread.of(r.scores.get(name) for r in self.results)


class SetName(NamedTuple):
    """The identity of a data set: several sets may have one name."""

    name: str  # in its file
    source: str  # the file
    origin: str  # digest of its content


def set_names(sets: Iterable[SetName]) -> dict[SetName, str]:
    """The shown name of each data set: its name and, where several sets have it, the ends of their paths.

    Sets of one name without a file, or with equal paths, are distinguished by their digest.
    """
    alike: dict[str, list[SetName]] = {}
    for one_set in dict.fromkeys(sets):
        alike.setdefault(one_set.name, []).append(one_set)
    shown: dict[SetName, str] = {}
    for name, same in alike.items():
        ends = _different_ends([one_set.source for one_set in same])
        for one_set, end in zip(same, ends, strict=True):
            shown[one_set] = name if len(same) == 1 else f"{name} ({end or one_set.origin[:6]})"
    return shown


def _different_ends(paths: list[str]) -> list[str]:
    """The shortest ends of paths that all differ, as "arcface/ep1.npz"; "" for a path that occurs twice."""
    parts = [PurePath(path).parts for path in paths]
    for length in range(1, max(map(len, parts), default=0) + 1):
        ends = ["/".join(part[-length:]) for part in parts]
        if len(set(ends)) == len(ends):
            return ends
    return [path if paths.count(path) == 1 else "" for path in paths]


def cells(results: Iterable[Result]) -> list[Cell]:
    """Results grouped over seeds and draws, in order of appearance.

    Only results on the same data are grouped: different data sets of one name have different cells.
    """
    groups: dict[tuple[SetName, str, Protocol, str], list[Result]] = {}
    for r in results:
        key = (set_name(r), r.facts["subset"], r.key.protocol, r.key.method)
        groups.setdefault(key, []).append(r)
    names = set_names(one_set for one_set, *_ in groups)
    return [
        Cell(names[one_set], subset, protocol, method, tuple(found))
        for (one_set, subset, protocol, method), found in groups.items()
    ]


def set_name(result: Result) -> SetName:
    """The data set of a result."""
    return SetName(result.key.dataset, result.facts["source"], result.facts["origin"])
