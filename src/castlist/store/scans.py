"""Stored scans: columns in the database, segment by segment, and vectors as float16 shards.

float16 loses bits, so later steps always read the stored vectors, never the appended piece: an interrupted
run and an uninterrupted one use the same numbers.
"""

from __future__ import annotations

import io
import re
import sqlite3
import zlib
from collections.abc import Mapping
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError, WorkspaceError
from castlist.store import columns
from castlist.store.database import now
from castlist.store.folder import EMBEDDINGS, Folder
from castlist.store.rows import damaged, exact, optional, rows, text, whole
from castlist.types import Clock, Cue, Detections, Scan

__all__ = [
    "ScanLost",
    "append",
    "begin",
    "beside",
    "column",
    "counted",
    "finish",
    "finished_by",
    "is_finished",
    "join",
    "missed",
    "motion",
    "newest_finished",
    "number_of",
    "of_segments",
    "read_shard",
    "retimed",
    "write_shard",
]


class ScanLost(WorkspaceError):
    """Vectors of a scan are missing or damaged; `castlist find` computes them again from the film."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; bring back a copy of it, or run castlist find again")


Scalar = TypeVar("Scalar", bound=np.generic)

_LIMIT = float(np.finfo(np.float16).max)
_SHARD = re.compile(r"[0-9a-f]{16}-[0-9]{6}\.npy")
_WIDEST = 1 << 14  # numbers in a vector: models give 128 to 2,048
_LARGEST = 1 << 24  # rows in one segment, which has some hundred frames
_HEADER = 1 << 10  # bytes before the numbers in a shard


def begin(db: sqlite3.Connection, key: str) -> int:
    """The number of the scan with this key, which is made if missing."""
    db.execute("INSERT OR IGNORE INTO scans (key, started) VALUES (?, ?)", (key, now()))
    return int(db.execute("SELECT id FROM scans WHERE key = ?", (key,)).fetchone()[0])


def number_of(db: sqlite3.Connection, key: str) -> int | None:
    """The number of the scan with this key, None if there is none."""
    row = db.execute("SELECT id FROM scans WHERE key = ?", (key,)).fetchone()
    return None if row is None else int(row[0])


def of_segments(db: sqlite3.Connection, column: str, key: str) -> int | None:
    """The value of an expression over the segments of a scan, None for no value."""
    query = f"SELECT {column} FROM segments JOIN scans ON scans.id = scan WHERE key = ?"  # noqa: S608
    return rows(db, query, (optional(whole),), (key,))[0][0]


def newest_finished(db: sqlite3.Connection, key: str | None) -> str | None:
    """The key of the newest finished scan, or `key` if its scan is finished; None for none."""
    query = "SELECT key FROM scans WHERE finished IS NOT NULL AND (? IS NULL OR key = ?) ORDER BY id DESC"
    row = db.execute(query, (key, key)).fetchone()
    return None if row is None else str(row[0])


def retimed(db: sqlite3.Connection, key: str) -> int:
    """Number of frames in a scan so far with a corrected time."""
    number = number_of(db, key)
    return 0 if number is None else counted(db, number)[0]


def finish(db: sqlite3.Connection, key: str) -> None:
    """Note that a scan reached the film's end."""
    db.execute("UPDATE scans SET finished = ? WHERE key = ? AND finished IS NULL", (now(), key))


def is_finished(db: sqlite3.Connection, key: str) -> bool:
    """Whether a scan reached the film's end."""
    row = db.execute("SELECT finished FROM scans WHERE key = ?", (key,)).fetchone()
    return row is not None and row[0] is not None


def finished_by(db: sqlite3.Connection, before: str) -> list[str]:
    """The keys of scans finished before a time (UTC, ISO 8601), newest first."""
    query = "SELECT key FROM scans WHERE finished IS NOT NULL AND finished <= ? ORDER BY id DESC"
    return [key for (key,) in rows(db, query, (text,), (before,))]


def append(db: sqlite3.Connection, folder: Folder, scan: int, key: str, piece: Scan) -> None:
    """Add a segment to a scan, inside the caller's transaction.

    Raises:
        InputError: the piece does not continue the one before, or its vectors do not fit float16.
    """
    number, last, unit = rows(
        db,
        "SELECT count(*), max(last_pts), max(unit) FROM segments WHERE scan = ?",
        (whole, optional(whole), optional(exact)),
        (scan,),
    )[0]
    pts = piece.clock.pts
    if number and unit != piece.clock.unit:
        raise InputError(f"segment {number} counts time in {piece.clock.unit} s, those before in {unit} s")
    if len(pts) and last is not None and pts[0] <= last:
        raise InputError(f"segment {number} starts at tick {pts[0]}, the one before it ended at {last}")
    shard, crc = None, None
    if len(piece.vector):
        shard = f"{sha256(key.encode()).hexdigest()[:16]}-{number:06d}.npy"
        crc = write_shard(folder, shard, piece.vector)
    block = columns.write(db, piece, skip=("vector",))
    db.execute(
        "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            scan,
            number,
            len(piece),
            len(piece.detections),
            len(piece.embedded),
            piece.damaged,
            int(pts[-1]) if len(pts) else None,
            str(piece.clock.unit),
            shard,
            crc,
            block,
        ),
    )


def join(db: sqlite3.Connection, folder: Folder, scan: int) -> Scan | None:
    """All stored segments of a scan as one, None without segments; needs memory for each column once.

    Raises:
        ScanLost: a shard is missing or damaged.
    """
    found = rows(
        db,
        "SELECT frames, faces, embedded, damaged, unit, shard, crc32, block FROM segments"
        " WHERE scan = ? ORDER BY number",
        (_count, _count, _count, _count, exact, optional(_shard), optional(whole), whole),
        (scan,),
    )
    if not found:
        return None
    totals = {"f": sum(r[0] for r in found), "n": sum(r[1] for r in found), "k": sum(r[2] for r in found)}
    table: dict[str, NDArray[np.generic]] = {}
    image: list[str] = []
    counted = {"retimed": 0, "unread": 0}
    at = {"f": 0, "n": 0, "k": 0}
    for frames, faces, embedded, _, _, shard, crc, block in found:
        counts = {"f": frames, "n": faces, "k": embedded}
        piece = columns.read(db, block)
        if shard is not None:
            piece["vector"] = read_shard(folder, shard, crc, embedded)
        image += columns.strings(piece.get("image"))
        counted = {name: n + missed(piece.get(f"clock.{name}", 0)) for name, n in counted.items()}
        for name, axis in _AXES.items():
            _fill(
                table, name, piece.get(name), begin=at[axis], count=counts[axis], total=totals[axis],
                shift=_SHIFT.get(name), at=at,
            )  # fmt: skip
        at = {axis: at[axis] + counts[axis] for axis in at}
    for filled in table.values():
        filled.flags.writeable = False
    try:
        scan_ = _built(table, found[0][4], tuple(image), sum(row[3] for row in found), counted)
        _check(scan_)
    except (KeyError, ValueError, TypeError) as error:
        raise damaged(error) from None
    return scan_


def _built(
    table: dict[str, NDArray[np.generic]],
    unit: Fraction,
    image: tuple[str, ...],
    damaged_frames: int,
    counted: dict[str, int],
) -> Scan:
    return Scan(
        clock=Clock(column(table, "clock.pts", np.int64), unit, **counted),
        signal=column(table, "signal", np.uint8, np.zeros((len(table["clock.pts"]), 0), np.uint8)),
        detections=Detections(
            column(table, "detections.frame", np.int64),
            column(table, "detections.box", np.float32),
            column(table, "detections.score", np.float32),
            column(table, "detections.landmarks", np.float32),
        ),
        quality=column(table, "quality", np.float32),
        embedded=column(table, "embedded", np.int64),
        vector=column(table, "vector", np.float32, np.zeros((0, 0), np.float32)),
        image=image,
        damaged=damaged_frames,
        cue=beside(table, len(table["embedded"])),
        motion=motion(table, len(table["detections.score"])),
    )


def column(
    table: Mapping[str, object],
    name: str,
    kind: type[Scalar],
    instead: NDArray[Scalar] | None = None,
) -> NDArray[Scalar]:
    """A column with the given type, or `instead` if it is missing; KeyError if `instead` is None."""
    return instead if instead is not None and name not in table else np.asarray(table[name], kind)


def beside(table: Mapping[str, object], rows: int) -> Cue:
    """The cue beside the faces (clothes); an empty one in a scan without cues."""
    if "cue.vector" not in table or "cue.quality" not in table:
        return Cue.empty(rows)
    return Cue(column(table, "cue.vector", np.uint8), column(table, "cue.quality", np.float32))


def motion(table: Mapping[str, object], rows: int) -> NDArray[np.float32]:
    """Non-rigid motion of the faces; NaN in a scan of an earlier version without motion."""
    return column(table, "motion", np.float32, np.full(rows, np.nan, np.float32))


def _check(scan: Scan) -> None:
    """Raise ValueError where indices point to missing rows: the scan may come from a stranger."""
    d = scan.detections
    if scan.clock.unit <= 0 or np.any(np.diff(scan.clock.pts) <= 0):
        raise ValueError("the times of frames do not rise")
    if np.any((d.frame < 0) | (d.frame >= len(scan.clock))) or np.any(np.diff(d.frame) < 0):
        raise ValueError("faces lie in frames that are not there")
    if np.any((scan.embedded < 0) | (scan.embedded >= len(d))):
        raise ValueError("vectors belong to faces that are not there")
    for column in (d.box, d.score, d.landmarks, scan.quality, scan.vector, scan.cue.quality):
        if not np.isfinite(column).all():
            raise ValueError("a number of a face is not finite")
    if np.isinf(scan.motion).any() or np.any(scan.motion < 0):
        raise ValueError("a face cannot move so far")


# The columns of a scan, what their rows count (frames, faces, embedded faces), and what their values count.
_AXES = {
    "clock.pts": "f",
    "signal": "f",
    "detections.frame": "n",
    "detections.box": "n",
    "detections.score": "n",
    "detections.landmarks": "n",
    "quality": "n",
    "motion": "n",
    "embedded": "k",
    "vector": "k",
    "cue.vector": "k",
    "cue.quality": "k",
}
_SHIFT = {"detections.frame": "f", "embedded": "n"}


def _fill(
    whole: dict[str, NDArray[np.generic]],
    name: str,
    given: object,
    *,
    begin: int,
    count: int,
    total: int,
    shift: str | None,
    at: dict[str, int],
) -> None:
    """Copy a segment's rows into the whole film's column, which is made when its width is known."""
    if given is None or (count == 0 and (total > 0 or name == "vector")):
        return
    if not isinstance(given, np.ndarray) or len(given) != count:
        raise WorkspaceError(f"the workspace's cast.db does not hold {count} rows of {name}")
    if name not in whole:
        dtype = np.dtype(np.float32) if name == "vector" else given.dtype
        whole[name] = np.full((total, *given.shape[1:]), np.nan if name == "motion" else 0, dtype)
    if given.shape[1:] != whole[name].shape[1:]:
        raise WorkspaceError(f"the workspace's segments disagree on the width of {name}")
    whole[name][begin : begin + count] = given + at[shift] if shift else given


def write_shard(folder: Folder, shard: str, vector: NDArray[np.float32]) -> int:
    """Store vectors (k, d) as float16; returns the CRC-32 of the file.

    Raises:
        InputError: a vector is not finite, or does not fit float16.
    """
    if not np.isfinite(vector).all() or np.abs(vector).max() > _LIMIT:
        raise InputError(f"vectors must be finite and at most {_LIMIT:.0f}, to be kept as float16")
    half = np.ascontiguousarray(vector, "<f2")
    with folder.written(f"{EMBEDDINGS}/{shard}") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(half))
        file.write(half.data)  # NumPy's own write hides why a disk refuses
    return zlib.crc32(half.data)


def read_shard(folder: Folder, shard: str, crc: int | None, rows: int) -> NDArray[np.float16]:
    """The vectors of a segment.

    Raises:
        ScanLost: they are missing or were changed.
    """
    place = folder.path / EMBEDDINGS / shard
    try:
        data = folder.read(f"{EMBEDDINGS}/{shard}", _HEADER + 2 * _WIDEST * rows)
    except FileNotFoundError:
        raise ScanLost(place, "is missing") from None
    half = _half(data, rows)
    if half is None or zlib.crc32(half.data) != crc:
        raise ScanLost(place, "is damaged")
    return half


def _half(data: bytes, rows: int) -> NDArray[np.float16] | None:
    """The array of a .npy file with float16 vectors and this number of rows; None for other content."""
    file = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            return None
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=_HEADER)
        if fortran or dtype != np.dtype("<f2") or len(shape) != 2 or shape[0] != rows:
            return None
        return np.frombuffer(data, np.dtype("<f2"), offset=file.tell()).reshape(shape)
    except (ValueError, EOFError, TypeError, SyntaxError, RecursionError, MemoryError, OverflowError):
        return None


def _count(value: object) -> int:
    """Number of rows in a segment."""
    if not 0 <= whole(value) <= _LARGEST:
        raise ValueError(f"a segment cannot have {value} rows")
    return whole(value)


def missed(value: object) -> int:
    """Number of frames or ticks counted in a segment."""
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise damaged("a segment counts what cannot be counted")
    return value


def _shard(value: object) -> str:
    """The name of a shard; never a path."""
    name = text(value)
    if not _SHARD.fullmatch(name):
        raise ValueError("a segment names no file of vectors")
    return name


def counted(db: sqlite3.Connection, scan: int) -> tuple[int, int]:
    """Counts of a scan so far: frames with a corrected time, ticks that could not be read."""
    names = ("clock.retimed", "clock.unread")
    blocks = rows(db, "SELECT block FROM segments WHERE scan = ?", (whole,), (scan,))
    found = [columns.read(db, block, *names) for (block,) in blocks]
    retimed, unread = (sum(missed(piece.get(name, 0)) for piece in found) for name in names)
    return retimed, unread
