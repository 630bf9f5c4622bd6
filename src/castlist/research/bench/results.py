"""One small file a result, so that an interrupted bench goes on where it was."""

from __future__ import annotations

import hashlib
import json
import math
import os
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypedDict

from castlist._version import __version__
from castlist.errors import InputError
from castlist.metrics import Protocol
from castlist.outputs import check_output_folder
from castlist.plain import read_plain
from castlist.research.bench.methods import shown_name
from castlist.types import Json

__all__ = ["Cell", "Key", "Result", "Spread", "Store", "cells"]

FORMAT = "castlist bench 3"
LARGEST = 16 << 20  # bytes of a result: one has some 2,000


@dataclass(frozen=True, slots=True)
class Key:
    """What a result depends on, and nothing else: two runs with one key would give the same scores."""

    dataset: str
    digest: str  # of the vectors, tracks and labels that were scored
    method: str
    options: dict[str, Json]  # of a refinement every field, seed and recipe among them; else those given
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

    subset: str
    tracks: int
    faces: int
    dim: int
    persons: int


class About(TypedDict, total=False):
    """The parts of seconds and peak_mb, and what the method warned of."""

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
    violated: float | None  # share of cannot-links broken; None where there are none or items are frames
    persons: dict[str, list[float]]  # precision, recall, F1 of each
    seconds: float  # refining and clustering
    peak_mb: float | None  # beyond the data and the libraries
    about: About = field(default_factory=About)


@dataclass(frozen=True, slots=True)
class Store:
    """A directory of results, each written whole or not at all."""

    directory: Path

    def get(self, key: Key) -> Result | None:
        """The result of a key, if it was computed before; a file that is damaged counts as missing."""
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
        """Write a result; a reader or a crash meets the old file or the new one."""
        path = self.directory / result.key.file
        check_output_folder(self.directory)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(f".{os.getpid()}.part")
            text = {"format": FORMAT, "shown_name": shown_name(result.key.method)} | asdict(result)
            half.write_text(json.dumps(text, indent=1), "utf-8")
            half.replace(path)
        except OSError as error:
            raise InputError(f"cannot write results to {self.directory}: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class Spread:
    """A score over seeds."""

    mean: float
    std: float | None  # sample standard deviation; None of fewer than two runs
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
    """The results of one dataset, protocol and method, one a seed."""

    dataset: str
    subset: str
    protocol: Protocol
    method: str
    results: tuple[Result, ...]

    def score(self, name: str) -> Spread | None:
        """A score by its name; also auc, violated, seconds, peak_mb, off (found less persons), noise."""
        if name in ("auc", "violated", "seconds", "peak_mb"):
            return Spread.of(getattr(r, name) for r in self.results)
        if name == "off":
            return Spread.of(r.scores["found"] - r.facts["persons"] for r in self.results)
        if name == "noise":  # share of the items that are in no cluster; None where there are none
            return Spread.of(1 - r.scores["coverage"] for r in self.results if r.scores["coverage"] < 1)
        return Spread.of(r.scores.get(name) for r in self.results)


def cells(results: Iterable[Result]) -> list[Cell]:
    """Results grouped over their seeds, in the order in which they come."""
    groups: dict[tuple[str, str, Protocol, str], list[Result]] = {}
    for r in results:
        groups.setdefault((r.key.dataset, r.facts["subset"], r.key.protocol, r.key.method), []).append(r)
    return [Cell(*group, tuple(found)) for group, found in groups.items()]
