"""Removes scans that nothing needs any more, with their vectors and pictures; never decisions."""

from __future__ import annotations

import re
import sqlite3
import time

from castlist.store import columns
from castlist.store.folder import EMBEDDINGS, THUMBS, Folder
from castlist.store.rows import optional, rows, text, whole

__all__ = ["drop", "old", "sweep"]

ABANDONED = 3600.0  # seconds after which a page that was being written is nobody's any more
_PAGE = re.compile(r"\.report-.*")
KEPT = 2  # scans kept: the one in use, and the newest other one, for whoever goes back and forth


def old(db: sqlite3.Connection, used: set[str]) -> list[str]:
    """Keys of the scans beyond the newest few, those in use apart."""
    keys = [key for (key,) in rows(db, "SELECT key FROM scans ORDER BY id DESC", (text,))]
    others = [key for key in keys if key not in used]
    return others[max(0, KEPT - len(keys) + len(others)) :]


def drop(db: sqlite3.Connection, key: str) -> None:
    """Remove a scan's rows, inside the caller's transaction; its shards are swept up later."""
    query = "SELECT block FROM segments JOIN scans ON scans.id = scan WHERE key = ?"
    blocks = rows(db, query, (whole,), (key,))
    db.execute("DELETE FROM scans WHERE key = ?", (key,))
    for (block,) in blocks:
        columns.delete(db, block)


def sweep(db: sqlite3.Connection, folder: Folder) -> int:
    """Remove shards and pictures that no row names, and what was being written when a run was killed.

    How many bytes they had. Only for who holds the lock. `Folder.remove` refuses any name that is not ours.
    """
    shards = {f"{EMBEDDINGS}/{name}" for name in _named(db, "SELECT shard FROM segments")}
    pictures = {f"{THUMBS}/{name[:2]}/{name}.jpg" for name in _pictures(db)}
    inside = [name for part in (EMBEDDINGS, THUMBS) for name in folder.names(part)]
    gone = [name for name in inside if name not in shards and name not in pictures]
    return sum(folder.remove(name) for name in gone + _abandoned(folder))


def _abandoned(folder: Folder) -> list[str]:
    """Files that were being written when a process was killed. A page may be another one's work of now."""
    names = [name for name in folder.names() if folder.removable(name)]
    old = time.time() - ABANDONED
    return [name for name in names if not _PAGE.match(name) or _changed(folder, name) < old]


def _changed(folder: Folder, name: str) -> float:
    found = folder.status(name)
    return found.st_mtime if found is not None else 0.0


def _named(db: sqlite3.Connection, query: str) -> set[str]:
    return {name for (name,) in rows(db, query, (optional(text),)) if name}


def _pictures(db: sqlite3.Connection) -> set[str]:
    """The names of all pictures that any table knows of."""
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
