"""The row of a workspace about its film."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from castlist.store.rows import blob, exact, line, rows, text, whole
from castlist.types import Video

__all__ = ["read", "write"]

LARGEST_SIDE = 1 << 20  # pixels of a film's frame


def read(db: sqlite3.Connection) -> Video | None:
    """The film, None before the first run.

    Raises:
        WorkspaceError: the row is damaged.
    """
    found = rows(
        db,
        "SELECT path, width, height, frame_rate, duration, digest, codec, pixel_format, timecode, hidden"
        " FROM video",
        (_path, _side, _side, exact, exact, line, line, line, line, whole),
    )
    return Video(*found[0]) if found else None


def write(db: sqlite3.Connection, video: Video) -> None:
    """Store the film; a path that is not UTF-8 is stored as bytes."""
    path: str | bytes = str(video.path)
    try:
        str(path).encode()
    except UnicodeEncodeError:
        path = os.fsencode(video.path)
    db.execute(
        "INSERT OR REPLACE INTO video VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            video.digest,
            path,
            video.width,
            video.height,
            str(video.frame_rate),
            str(video.duration),
            video.codec,
            video.pixel_format,
            video.timecode,
            video.hidden,
        ),
    )


def _path(value: object) -> Path:
    """A path, which is stored as bytes if it is not UTF-8."""
    name = os.fsdecode(blob(value) if isinstance(value, bytes) else text(value))
    if not name or "\0" in name:
        raise ValueError("the path of the film is empty or holds a zero character")
    return Path(name)


def _side(value: object) -> int:
    """Width or height of a film, in pixels."""
    if not 0 < whole(value) <= LARGEST_SIDE:
        raise ValueError(f"a film cannot be {value} pixels wide or high")
    return whole(value)
