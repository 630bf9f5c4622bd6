"""Small tables among a workspace's results: another name of the film, erased people, merged numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from castlist.errors import WorkspaceError
from castlist.store import files, paths, results
from castlist.store.database import now
from castlist.store.rows import rows, text
from castlist.types import freeze

__all__ = [
    "erased_marks",
    "film_size",
    "is_erased",
    "joined_numbers",
    "last_erased",
    "put_erased",
    "put_film_size",
    "put_joined",
    "put_renamed",
]

# Workspaces store the names of these classes as types of the tables.


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Renamed:
    """The film got another name."""

    former: str  # name of the film's file at that time


@dataclass(frozen=True, slots=True)
class _FilmFile:
    """The film's file as it was when its cast was found."""

    size: int  # bytes


@dataclass(frozen=True, slots=True)
class _Erased:
    """A person was erased."""

    time: str  # of the last erasure, UTC, ISO 8601
    run: int = 0  # of the cast that people were erased from
    marks: tuple[str, ...] = ()  # of the people erased from this run, as given by the caller


@dataclass(frozen=True, eq=False, slots=True)
class _JoinedNumbers:
    """Numbers of people who were merged with others."""

    decision: int  # the latest decision included
    number: NDArray[np.int64]  # (n, 2) former number, number of the person they were merged into

    def __post_init__(self) -> None:
        freeze(self, number=(np.int64, (None, 2)))


def put_renamed(db: sqlite3.Connection, workspace: Path, former: str) -> None:
    """Note that the film had another name when the workspace was made; "" for an erased name."""
    results.put(db, paths.RENAMED, paths.path_text(workspace.name), _Renamed(former))


def put_film_size(db: sqlite3.Connection, size: int) -> None:
    """Store the size of the film's file in bytes."""
    results.put(db, "film file", "video", _FilmFile(size))


def film_size(db: sqlite3.Connection, workspace: Path) -> int:
    """Bytes of the film's file when its cast was found; 0 if unknown."""
    try:
        with files.sentences(workspace):
            stored = results.get(db, workspace, "film file", "video", _FilmFile)
    except WorkspaceError:  # damaged
        return 0
    return stored.size if stored is not None and isinstance(stored.size, int) else 0


def put_joined(db: sqlite3.Connection, joined: Mapping[int, int], decision: int) -> None:
    """Store the numbers of merged people after a decision."""
    number = np.array(sorted(joined.items()), np.int64).reshape(-1, 2)
    results.put(db, "joined", "cast", _JoinedNumbers(decision, number))


def joined_numbers(db: sqlite3.Connection, workspace: Path, decision: int) -> dict[int, int]:
    """Former numbers of merged people -> number of the merged person, after a decision; {} if not stored."""
    try:
        stored = _kept(db, workspace, "joined", _JoinedNumbers)
    except WorkspaceError:  # of another version, or damaged: it can be computed again
        return {}
    return dict(stored.number.tolist()) if stored is not None and stored.decision == decision else {}


def put_erased(db: sqlite3.Connection, run: int, marks: Collection[str]) -> None:
    """Note an erasure from the cast of a run, now, with the marks of all erased people."""
    results.put(db, "erased", "cast", _Erased(now(), run, tuple(sorted(marks))))


def erased_marks(db: sqlite3.Connection, workspace: Path, run: int) -> frozenset[str]:
    """The marks of the people erased from the cast of a run."""
    try:
        stored = _kept(db, workspace, "erased", _Erased)
    except WorkspaceError:  # damaged
        return frozenset()
    return frozenset(stored.marks) if stored is not None and stored.run == run else frozenset()


def is_erased(db: sqlite3.Connection, workspace: Path) -> bool:
    """Whether any person was erased."""
    try:
        return _kept(db, workspace, "erased", _Erased) is not None
    except WorkspaceError:  # damaged
        return True


def last_erased(db: sqlite3.Connection) -> str:
    """Time of the last erasure (UTC, ISO 8601), "" for none."""
    erased = rows(db, "SELECT made FROM results WHERE name = 'erased' AND key = 'cast'", (text,))
    return erased[0][0] if erased else ""


def _kept(db: sqlite3.Connection, workspace: Path, name: str, kind: type[T]) -> T | None:
    with files.sentences(workspace):
        return results.get(db, workspace, name, "cast", kind)
