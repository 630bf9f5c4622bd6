"""The provenance of runs: machine, recipe, models, timings."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from castlist.store import summary
from castlist.store.database import now
from castlist.store.rows import line, mapping, number, optional, rows, text, whole

__all__ = ["Run", "begin", "finish", "read", "started"]


@dataclass(frozen=True, slots=True)
class Run:
    """Provenance of one run."""

    id: int
    started: str  # UTC, ISO 8601
    finished: str | None  # None: interrupted, or still running
    version: str
    seed: int | None
    recipe: str  # TOML
    models: dict[str, str]  # name -> SHA-256
    machine: dict[str, str | float | None]
    timings: dict[str, float]  # step -> seconds
    counts: dict[str, int]

    def plain(self) -> summary.LastRun:
        """The same as plain values."""
        return {
            "id": self.id,
            "started": self.started,
            "finished": self.finished,
            "version": self.version,
            "seed": self.seed,
            "recipe": self.recipe,
            "models": self.models,
            "machine": self.machine,
            "timings": self.timings,
            "counts": self.counts,
        }


def begin(
    db: sqlite3.Connection,
    recipe: str,
    version: str,
    models: Mapping[str, str],
    seed: int | None,
    machine: Mapping[str, str | float | None],
) -> int:
    """Store the start of a run; returns its number."""
    row = (now(), version, seed, recipe, json.dumps(dict(models)), json.dumps(dict(machine)))
    cursor = db.execute(
        "INSERT INTO runs (started, version, seed, recipe, models, machine) VALUES (?, ?, ?, ?, ?, ?)", row
    )
    return int(cursor.lastrowid or 0)


def finish(db: sqlite3.Connection, run: int, timings: Mapping[str, float], counts: Mapping[str, int]) -> None:
    """Store the end of a run."""
    row = (now(), json.dumps(dict(timings)), json.dumps(dict(counts)), run)
    db.execute("UPDATE runs SET finished = ?, timings = ?, counts = ? WHERE id = ?", row)


def read(db: sqlite3.Connection) -> list[Run]:
    """All runs, oldest first.

    Raises:
        WorkspaceError: a row is damaged.
    """
    found = rows(
        db,
        "SELECT id, started, finished, version, seed, recipe, models, machine, timings, counts"
        " FROM runs ORDER BY id",
        (whole, line, optional(line), line, optional(whole), text, *_PROVENANCE),
    )
    return [Run(*row) for row in found]


def _plain(value: object) -> str | float | None:
    """A value in a run's description of its machine."""
    return value if value is None or isinstance(value, str) else number(value)


_PROVENANCE = (mapping(text), mapping(_plain), mapping(number), mapping(whole))


def started(db: sqlite3.Connection, run: int) -> str:
    """Start of a run (UTC, ISO 8601), "" if there is no such run."""
    found = rows(db, "SELECT started FROM runs WHERE id = ?", (text,), (run,))
    return found[0][0] if found else ""
