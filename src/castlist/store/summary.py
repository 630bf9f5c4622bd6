"""What a workspace holds, in plain values, for `castlist info`."""

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
    there: bool  # whether the file is where it was
    width: int
    height: int
    seconds: float
    frame_rate: str  # exact, such as 30000/1001
    codec: str
    timecode: str
    hidden_frames: int  # of the file, which its edit list leaves out
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
    """A run and its provenance, as `Run` has it."""

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
    """What a workspace holds, as `castlist info --json` prints it."""

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
    """The film; `ends` is when its last picture does, in seconds, where its pictures were read."""
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
    """A scan's counts: also frames that were given another time, and seconds that could not be read."""
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


_OF_FILM = ("better_turned", "negative")  # of the counts of a cast, those that are about the film


def cast(db: sqlite3.Connection) -> dict[str, int] | None:
    """How many people, tracks, ... the cast has; None where there is none yet.

    `better_turned` is by how many degrees clockwise the film shows more faces when it is turned; `negative`
    is 1 where it is a negative.
    """
    if not db.execute("SELECT count(*) FROM casts").fetchone()[0]:
        return None
    return {
        name: int(db.execute(f"SELECT count(*) FROM {query}").fetchone()[0])  # noqa: S608
        for name, query in _COUNTS.items()
    } | dict(zip(_OF_FILM, rows(db, "SELECT turned, negative FROM casts", (whole, whole))[0], strict=True))


def people(cast: Cast) -> dict[str, int]:
    """Of the counts of `cast` those that decisions change."""
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
