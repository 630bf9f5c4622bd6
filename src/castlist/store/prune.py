"""Removes unused scans, with their vectors and pictures; never decisions."""

from __future__ import annotations

import re
import sqlite3
import time

from castlist.store import columns
from castlist.store.folder import EMBEDDINGS, THUMBS, Folder
from castlist.store.rows import optional, rows, text, whole

__all__ = ["drop", "old", "sweep"]

ABANDONED = 3600.0  # seconds without a change after which an incomplete page counts as abandoned
_PAGE = re.compile(r"\.report-.*")
KEPT = 2  # scans to keep: the one in use and the newest other one, for users who switch between two recipes


def old(db: sqlite3.Connection, used: set[str]) -> list[str]:
    """Keys of scans beyond the newest few, without those in use."""
    keys = [key for (key,) in rows(db, "SELECT key FROM scans ORDER BY id DESC", (text,))]
    others = [key for key in keys if key not in used]
    return others[max(0, KEPT - len(keys) + len(others)) :]


def drop(db: sqlite3.Connection, key: str) -> None:
    """Remove a scan's rows, inside the caller's transaction; its shards are removed later."""
    query = "SELECT block FROM segments JOIN scans ON scans.id = scan WHERE key = ?"
    blocks = rows(db, query, (whole,), (key,))
    db.execute("DELETE FROM scans WHERE key = ?", (key,))
    for (block,) in blocks:
        columns.delete(db, block)


def sweep(db: sqlite3.Connection, folder: Folder) -> int:
    """Remove shards and pictures without a row, and incomplete files; returns their size in bytes.

    Only for the process with the lock. `Folder.remove` refuses names that castlist does not make.
    """
    shards = {f"{EMBEDDINGS}/{name}" for name in _named(db, "SELECT shard FROM segments")}
    pictures = {f"{THUMBS}/{name[:2]}/{name}.jpg" for name in _pictures(db)}
    inside = [name for part in (EMBEDDINGS, THUMBS) for name in folder.names(part)]
    gone = [name for name in inside if name not in shards and name not in pictures]
    return sum(folder.remove(name) for name in gone + _abandoned(folder))


def _abandoned(folder: Folder) -> list[str]:
    """Incomplete files of a killed process; another process may be writing a page now."""
    names = [name for name in folder.names() if folder.removable(name)]
    old = time.time() - ABANDONED
    return [name for name in names if not _PAGE.match(name) or _changed(folder, name) < old]


def _changed(folder: Folder, name: str) -> float:
    found = folder.status(name)
    return found.st_mtime if found is not None else 0.0


def _named(db: sqlite3.Connection, query: str) -> set[str]:
    return {name for (name,) in rows(db, query, (optional(text),)) if name}


def _pictures(db: sqlite3.Connection) -> set[str]:
    """The names of all pictures in any table."""
    found = _named(db, "SELECT image FROM portraits")
    blocks = rows(
        db,
        "SELECT DISTINCT block, name FROM block_columns WHERE name = 'image' OR name LIKE '%.image'",
        (whole, text),
    )
    for block, name in blocks:
        names = columns.read(db, block, name)[name]
        if isinstance(names, tuple):
            found.update(n for n in names if isinstance(n, str))
    return found
