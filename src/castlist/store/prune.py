"""Scans that nothing needs any more, with their vectors and pictures; decisions are never touched."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import suppress
from pathlib import Path

from castlist.store import columns

__all__ = ["drop", "old", "sweep"]

KEPT = 2  # scans kept: the one in use, and the newest other one, for whoever goes back and forth


def old(db: sqlite3.Connection, used: set[str]) -> list[str]:
    """Keys of the scans beyond the newest few, those in use apart."""
    keys = [row[0] for row in db.execute("SELECT key FROM scans ORDER BY id DESC")]
    others = [key for key in keys if key not in used]
    return others[max(0, KEPT - len(keys) + len(others)) :]


def drop(db: sqlite3.Connection, key: str) -> None:
    """Remove a scan's rows, inside the caller's transaction; its shards are swept up later."""
    blocks = db.execute(
        "SELECT block FROM segments JOIN scans ON scans.id = scan WHERE key = ?", (key,)
    ).fetchall()
    db.execute("DELETE FROM scans WHERE key = ?", (key,))
    for (block,) in blocks:
        columns.delete(db, block)


def sweep(db: sqlite3.Connection, path: Path) -> int:
    """Remove shards and pictures that no row names; how many bytes they had. Only for who holds the lock."""
    shards = {row[0] for row in db.execute("SELECT shard FROM segments WHERE shard IS NOT NULL")}
    freed = sum(_remove(file) for file in (path / "embeddings").glob("*.npy") if file.name not in shards)
    named = _pictures(db)
    return freed + sum(_remove(file) for file in (path / "thumbs").rglob("*.jpg") if file.stem not in named)


def _pictures(db: sqlite3.Connection) -> set[str]:
    """The names of all pictures that any table knows of."""
    found = {row[0] for row in db.execute("SELECT image FROM portraits")}
    rows = db.execute(
        "SELECT block, name, data FROM block_columns WHERE name = 'image' OR name LIKE '%.image'"
        " ORDER BY block, name, part"
    )
    texts: dict[tuple[int, str], bytes] = {}
    for block, name, data in rows:
        texts[block, name] = texts.get((block, name), b"") + zlib.decompress(data)
    return found.union(*(json.loads(text) for text in texts.values()))


def _remove(file: Path) -> int:
    with suppress(OSError):
        size = file.stat().st_size
        file.unlink()
        return size
    return 0
