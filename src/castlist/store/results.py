"""Results of whole-film steps: tables stored by name and key."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from castlist.errors import WorkspaceError
from castlist.store import columns
from castlist.store.database import now
from castlist.store.rows import rows, text, whole

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["drop", "get", "put"]

T = TypeVar("T")
KEPT = 4  # results kept for each name, newest first


def put(db: sqlite3.Connection, name: str, key: str, table: DataclassInstance) -> None:
    """Store a table in the current transaction; for each name only the newest few keys are kept.

    Raises:
        InputError: the table has other fields than arrays, numbers, text and tables of these.
    """
    block = columns.write(db, table)
    old = db.execute("SELECT block FROM results WHERE name = ? AND key = ?", (name, key)).fetchall()
    db.execute("DELETE FROM results WHERE name = ? AND key = ?", (name, key))
    row = (name, key, type(table).__name__, now(), block)
    db.execute("INSERT INTO results (name, key, type, made, block) VALUES (?, ?, ?, ?, ?)", row)
    stale = db.execute(
        "SELECT id, block FROM results WHERE name = ? ORDER BY id DESC LIMIT -1 OFFSET ?", (name, KEPT)
    ).fetchall()
    db.executemany("DELETE FROM results WHERE id = ?", [(i,) for i, _ in stale])
    for (gone,) in [*old, *((b,) for _, b in stale)]:
        columns.delete(db, gone)


def drop(db: sqlite3.Connection) -> None:
    """Remove all tables, inside the caller's transaction."""
    blocks = db.execute("SELECT block FROM results").fetchall()
    db.execute("DELETE FROM results")
    for (block,) in blocks:
        columns.delete(db, block)


def get(db: sqlite3.Connection, workspace: Path, name: str, key: str, kind: type[T]) -> T | None:
    """The table with this name and key, None if there is none.

    Raises:
        WorkspaceError: it is of another type, or damaged.
    """
    query = "SELECT block, type FROM results WHERE name = ? AND key = ?"
    found = rows(db, query, (whole, text), (name, key))
    if not found:
        return None
    block, stored = found[0]
    if stored != kind.__name__:
        raise WorkspaceError(f"{workspace}: {name} is kept as {stored[:40]}, not as {kind.__name__}")
    return columns.read_table(db, block, kind)
