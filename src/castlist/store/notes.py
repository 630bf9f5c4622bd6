"""Small tables that a workspace keeps among its results: another name, who was erased, joined numbers."""

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
    "is_erased",
    "joined_numbers",
    "last_erased",
    "put_erased",
    "put_joined",
    "put_renamed",
]

# The names of these classes stand in workspaces as the types of what is kept.


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Renamed:
    """That the film got another name."""

    former: str  # name of its file


@dataclass(frozen=True, slots=True)
class _Erased:
    """That somebody was erased."""

    time: str  # of the last time, UTC, ISO 8601
    run: int = 0  # whose cast they were erased from
    marks: tuple[str, ...] = ()  # of that run's, as whoever erased them gave them


@dataclass(frozen=True, eq=False, slots=True)
class _JoinedNumbers:
    """Numbers of people who were merged with others."""

    decision: int  # the latest decision that they go by
    number: NDArray[np.int64]  # (n, 2) of somebody who was, of whom they are now

    def __post_init__(self) -> None:
        freeze(self, number=(np.int64, (None, 2)))


def put_renamed(db: sqlite3.Connection, workspace: Path, former: str) -> None:
    """Note that the film had another name when the workspace was made; "" for a name that was erased."""
    results.put(db, paths.RENAMED, paths.path_text(workspace.name), _Renamed(former))


def put_joined(db: sqlite3.Connection, joined: Mapping[int, int], decision: int) -> None:
    """Keep which numbers of people who were merged lead to whom, after a decision."""
    number = np.array(sorted(joined.items()), np.int64).reshape(-1, 2)
    results.put(db, "joined", "cast", _JoinedNumbers(decision, number))


def joined_numbers(db: sqlite3.Connection, workspace: Path, decision: int) -> dict[int, int]:
    """Numbers of people who were merged, and of whom they are after a decision; none where not stored."""
    try:
        stored = _kept(db, workspace, "joined", _JoinedNumbers)
    except WorkspaceError:  # of another castlist, or damaged: it can be found again
        return {}
    return dict(stored.number.tolist()) if stored is not None and stored.decision == decision else {}


def put_erased(db: sqlite3.Connection, run: int, marks: Collection[str]) -> None:
    """Note that somebody was erased now from the cast of a run, with marks of everybody who was."""
    results.put(db, "erased", "cast", _Erased(now(), run, tuple(sorted(marks))))


def erased_marks(db: sqlite3.Connection, workspace: Path, run: int) -> frozenset[str]:
    """The marks of those who were erased from the cast of a run."""
    try:
        stored = _kept(db, workspace, "erased", _Erased)
    except WorkspaceError:  # damaged
        return frozenset()
    return frozenset(stored.marks) if stored is not None and stored.run == run else frozenset()


def is_erased(db: sqlite3.Connection, workspace: Path) -> bool:
    """Whether somebody was erased."""
    try:
        return _kept(db, workspace, "erased", _Erased) is not None
    except WorkspaceError:  # damaged
        return True


def last_erased(db: sqlite3.Connection) -> str:
    """When somebody was last erased (UTC, ISO 8601), "" where nobody was."""
    erased = rows(db, "SELECT made FROM results WHERE name = 'erased' AND key = 'cast'", (text,))
    return erased[0][0] if erased else ""


def _kept(db: sqlite3.Connection, workspace: Path, name: str, kind: type[T]) -> T | None:
    with files.sentences(workspace):
        return results.get(db, workspace, name, "cast", kind)
