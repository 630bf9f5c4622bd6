"""What a workspace holds, in plain values, for `castlist info`."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

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
        "SELECT finished IS NOT NULL, count(number), coalesce(sum(frames), 0), coalesce(sum(faces), 0),"
        " coalesce(sum(embedded), 0), coalesce(sum(damaged), 0)"
        " FROM scans LEFT JOIN segments ON scan = scans.id GROUP BY scans.id ORDER BY scans.id"
    )
    return [{"complete": bool(r[0]), **dict(zip(_SCANNED, r[1:], strict=True))} for r in rows]


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
