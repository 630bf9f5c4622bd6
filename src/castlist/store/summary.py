"""What a workspace holds, in plain values, for `castlist info`."""

from __future__ import annotations

import os
import sqlite3
from fractions import Fraction
from pathlib import Path
from typing import Any

from castlist.store.scans import counted
from castlist.types import Video

__all__ = ["cast", "film", "scans", "shown", "sizes"]

_SCANNED = ("segments", "frames", "faces", "embedded", "damaged_frames")
_COUNTS = {
    "people": "people WHERE fate = 'person'",
    "background": "people WHERE fate = 'background'",
    "shots": "shots",
    "tracks": "tracks",
    "faces": "faces",
    "tracks_set_aside": "tracks WHERE person IS NULL",
}


def film(video: Video) -> dict[str, Any]:
    return {
        "path": shown(video.path),
        "width": video.width,
        "height": video.height,
        "seconds": round(float(video.duration), 3),
        "frame_rate": str(video.frame_rate),
        "codec": video.codec,
        "timecode": video.timecode,
        "digest": video.digest,
    }


def scans(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT scans.id, finished IS NOT NULL, count(number), coalesce(sum(frames), 0),"
        " coalesce(sum(faces), 0), coalesce(sum(embedded), 0), coalesce(sum(damaged), 0)"
        " FROM scans LEFT JOIN segments ON scan = scans.id GROUP BY scans.id ORDER BY scans.id"
    )
    return [
        {"complete": bool(r[1]), **dict(zip(_SCANNED, r[2:], strict=True)), **_times(db, r[0])}
        for r in rows.fetchall()
    ]


def _times(db: sqlite3.Connection, scan: int) -> dict[str, int | float]:
    """Frames of a scan that were given another time, and seconds of the film that could not be read."""
    row = db.execute("SELECT unit FROM segments WHERE scan = ? LIMIT 1", (scan,)).fetchone()
    retimed, unread = counted(db, scan)
    return {
        "retimed_frames": retimed,
        "unread_seconds": round(float(unread * Fraction(row[0])), 3) if row else 0.0,
    }


def cast(db: sqlite3.Connection) -> dict[str, int] | None:
    """How many people, tracks, ... the cast has; None where there is none yet."""
    if not db.execute("SELECT count(*) FROM casts").fetchone()[0]:
        return None
    return {
        name: int(db.execute(f"SELECT count(*) FROM {what}").fetchone()[0])  # noqa: S608
        for name, what in _COUNTS.items()
    }


def sizes(path: Path) -> dict[str, int]:
    """Bytes on disk."""
    parts = {"database": "cast.db", "embeddings": "embeddings", "thumbs": "thumbs"}
    return {name: _bytes(path / part) for name, part in parts.items()}


def shown(path: Path) -> str:
    """A path as text that every stream can write."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _bytes(path: Path) -> int:
    inside = path.rglob("*") if path.is_dir() else [path]
    return sum(f.stat().st_size for f in inside if f.is_file())
