"""The content of a workspace in plain values, for `castlist info`."""

from __future__ import annotations

import sqlite3
from fractions import Fraction
from typing import NamedTuple, TypedDict

from castlist.cast import Cast
from castlist.store.database import DATABASE
from castlist.store.folder import EMBEDDINGS, THUMBS, Folder
from castlist.store.paths import path_text
from castlist.store.rows import exact, rows, whole
from castlist.store.scans import counted
from castlist.types import Video

__all__ = ["cast", "film", "people", "scans", "sizes"]

_COUNTS = {
    "people": "people WHERE fate = 'person'",
    "background": "people WHERE fate = 'background'",
    "shots": "shots",
    "tracks": "tracks",
    "faces": "faces",
    "tracks_set_aside": "tracks WHERE person IS NULL",
}


class FilmSummary(TypedDict):
    """The film of a workspace."""

    path: str
    there: bool  # whether the file is at its path
    width: int
    height: int
    seconds: float
    frame_rate: str  # exact, such as 30000/1001
    codec: str
    timecode: str
    hidden_frames: int  # frames in the file that its edit list leaves out
    digest: str


class ScanCounts(TypedDict):
    """One pass over the film."""

    complete: bool
    segments: int
    frames: int
    faces: int
    embedded: int
    damaged_frames: int
    retimed_frames: int
    unread_seconds: float


class LastRun(TypedDict):
    """A run and its provenance, with the fields of `Run`."""

    id: int
    started: str
    finished: str | None
    version: str
    seed: int | None
    recipe: str
    models: dict[str, str]
    machine: dict[str, str | float | None]
    timings: dict[str, float]
    counts: dict[str, int]


class Summary(TypedDict):
    """The content of a workspace, as printed by `castlist info --json`."""

    workspace: str
    schema: int
    film: FilmSummary | None
    scans: list[ScanCounts]
    cast: dict[str, int] | None
    decisions: dict[str, int]
    proposed_names: dict[str, int]
    runs: int
    last_run: LastRun | None
    bytes: dict[str, int]


def film(video: Video, ends: Fraction | None = None) -> FilmSummary:
    """The film; `ends` is the end of its last picture in seconds, if pictures were read."""
    return {
        "path": path_text(video.path),
        "there": video.path.is_file(),
        "width": video.width,
        "height": video.height,
        "seconds": round(float(video.duration if ends is None else ends), 3),
        "frame_rate": str(video.frame_rate),
        "codec": video.codec,
        "timecode": video.timecode,
        "hidden_frames": video.hidden,
        "digest": video.digest,
    }


def scans(db: sqlite3.Connection) -> list[ScanCounts]:
    found = rows(
        db,
        "SELECT scans.id, finished IS NOT NULL, count(number), coalesce(sum(frames), 0),"
        " coalesce(sum(faces), 0), coalesce(sum(embedded), 0), coalesce(sum(damaged), 0)"
        " FROM scans LEFT JOIN segments ON scan = scans.id GROUP BY scans.id ORDER BY scans.id",
        (whole, whole, whole, whole, whole, whole, whole),
    )
    return [_scan(db, _ScanRow(*row)) for row in found]


class _ScanRow(NamedTuple):
    """A scan as the database counts it."""

    scan: int
    complete: int
    segments: int
    frames: int
    faces: int
    embedded: int
    damaged: int


def _scan(db: sqlite3.Connection, row: _ScanRow) -> ScanCounts:
    """A scan's counts, with frames with a corrected time and seconds that could not be read."""
    units = rows(db, "SELECT unit FROM segments WHERE scan = ? LIMIT 1", (exact,), (row.scan,))
    retimed, unread = counted(db, row.scan)
    return {
        "complete": bool(row.complete),
        "segments": row.segments,
        "frames": row.frames,
        "faces": row.faces,
        "embedded": row.embedded,
        "damaged_frames": row.damaged,
        "retimed_frames": retimed,
        "unread_seconds": round(float(unread * units[0][0]), 3) if units else 0.0,
    }


_OF_FILM = ("better_turned", "negative")  # counts of a cast that are about the film


def cast(db: sqlite3.Connection) -> dict[str, int] | None:
    """Numbers of people, tracks, ... of the cast; None without a cast.

    `better_turned` is the turn in degrees clockwise that shows more faces; `negative` is 1 for a negative.
    """
    if not db.execute("SELECT count(*) FROM casts").fetchone()[0]:
        return None
    return {
        name: int(db.execute(f"SELECT count(*) FROM {query}").fetchone()[0])  # noqa: S608
        for name, query in _COUNTS.items()
    } | dict(zip(_OF_FILM, rows(db, "SELECT turned, negative FROM casts", (whole, whole))[0], strict=True))


def people(cast: Cast) -> dict[str, int]:
    """The counts of `cast` that decisions change."""
    return {
        "people": len(cast.people),
        "background": len(cast.background),
        "tracks_set_aside": int((cast.person < 0).sum()),
    }


def sizes(folder: Folder) -> dict[str, int]:
    """Bytes on disk."""
    parts = {"database": [DATABASE], "embeddings": folder.names(EMBEDDINGS), "thumbs": folder.names(THUMBS)}
    found = {part: [folder.status(name) for name in names] for part, names in parts.items()}
    return {part: sum(f.st_size for f in all_of if f is not None) for part, all_of in found.items()}
