"""The pass over a film, kept segment by segment: columns in the database, vectors as float16 shards.

float16 loses bits, so nobody goes on with the piece that was appended: everything after the scan reads
back what was stored. A run that was never interrupted and one that was see the same numbers.
"""

from __future__ import annotations

import sqlite3
import zlib
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError, WorkspaceError
from castlist.store import columns, files
from castlist.types import Clock, Detections, Scan

__all__ = ["append", "counted", "join"]

_LIMIT = float(np.finfo(np.float16).max)


def append(db: sqlite3.Connection, shards: Path, scan: int, key: str, piece: Scan) -> None:
    """Add a segment to a scan, inside the caller's transaction.

    Raises:
        InputError: the piece does not follow the one before, or its vectors do not fit float16.
    """
    number, last, unit = db.execute(
        "SELECT count(*), max(last_pts), max(unit) FROM segments WHERE scan = ?",
        (scan,),
    ).fetchone()
    pts = piece.clock.pts
    if number and Fraction(unit) != piece.clock.unit:
        raise InputError(f"segment {number} counts time in {piece.clock.unit} s, those before in {unit} s")
    if len(pts) and last is not None and pts[0] <= last:
        raise InputError(f"segment {number} starts at tick {pts[0]}, the one before it ended at {last}")
    shard, crc = None, None
    if len(piece.vector):
        shard = f"{sha256(key.encode()).hexdigest()[:16]}-{number:06d}.npy"
        crc = _write_shard(shards / shard, piece.vector)
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


def join(db: sqlite3.Connection, shards: Path, scan: int) -> Scan | None:
    """All segments of a scan as one, as stored; holds each column once. None where there is no segment.

    Raises:
        WorkspaceError: a shard is missing or damaged.
    """
    rows = db.execute(
        "SELECT frames, faces, embedded, damaged, unit, shard, crc32, block FROM segments"
        " WHERE scan = ? ORDER BY number",
        (scan,),
    ).fetchall()
    if not rows:
        return None
    totals = {"f": sum(r[0] for r in rows), "n": sum(r[1] for r in rows), "k": sum(r[2] for r in rows)}
    whole: dict[str, NDArray[Any]] = {}
    image: list[str] = []
    counted = {"retimed": 0, "unread": 0}
    at = {"f": 0, "n": 0, "k": 0}
    for frames, faces, embedded, _, _, shard, crc, block in rows:
        counts = {"f": frames, "n": faces, "k": embedded}
        piece = columns.read(db, block)
        if shard is not None:
            piece["vector"] = _read_shard(shards / shard, crc, embedded)
        image += piece["image"]
        counted = {name: n + int(piece.get(f"clock.{name}", 0)) for name, n in counted.items()}
        for name, axis in _AXES.items():
            _fill(whole, name, piece.get(name), at[axis], counts[axis], totals[axis], _SHIFT.get(name), at)
        at = {axis: at[axis] + counts[axis] for axis in at}
    for column in whole.values():
        column.flags.writeable = False
    found = Detections(*(whole[f"detections.{name}"] for name in ("frame", "box", "score", "landmarks")))
    return Scan(
        clock=Clock(whole["clock.pts"], Fraction(rows[0][4]), **counted),
        signal=whole.get("signal", np.zeros((totals["f"], 0), np.uint8)),
        detections=found,
        quality=whole["quality"],
        embedded=whole["embedded"],
        vector=whole.get("vector", np.zeros((0, 0), np.float32)),
        image=tuple(image),
        damaged=sum(r[3] for r in rows),
    )


# The columns of a scan, what their rows count (frames, faces, embedded faces), and what moves with it.
_AXES = {
    "clock.pts": "f",
    "signal": "f",
    "detections.frame": "n",
    "detections.box": "n",
    "detections.score": "n",
    "detections.landmarks": "n",
    "quality": "n",
    "embedded": "k",
    "vector": "k",
}
_SHIFT = {"detections.frame": "f", "embedded": "n"}


def _fill(
    whole: dict[str, NDArray[Any]],
    name: str,
    column: NDArray[Any] | None,
    begin: int,
    count: int,
    total: int,
    shift: str | None,
    at: dict[str, int],
) -> None:
    """Copy a segment's rows to their place in the whole film's column, made when its width is known."""
    if column is None or (count == 0 and (total > 0 or name == "vector")):
        return
    if len(column) != count:
        raise WorkspaceError(f"the workspace's cast.db holds {len(column)} rows of {name}, not {count}")
    if name not in whole:
        dtype = np.dtype(np.float32) if name == "vector" else column.dtype
        whole[name] = np.empty((total, *column.shape[1:]), dtype)
    if column.shape[1:] != whole[name].shape[1:]:
        raise WorkspaceError(f"the workspace's segments disagree on the width of {name}")
    whole[name][begin : begin + count] = column + at[shift] if shift else column


def _write_shard(path: Path, vector: NDArray[np.float32]) -> int:
    """Store vectors as float16; their checksum."""
    if not np.isfinite(vector).all() or np.abs(vector).max() > _LIMIT:
        raise InputError(f"vectors must be finite and at most {_LIMIT:.0f}, to be kept as float16")
    half = np.ascontiguousarray(vector, "<f2")
    with files.written(path) as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(half))
        file.write(half.data)  # not NumPy's own write, which hides why a disk refuses
    return zlib.crc32(half.data)


def _read_shard(path: Path, crc: int, rows: int) -> NDArray[np.float16]:
    """The vectors of a segment, mapped into memory."""
    try:
        half = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise _lost(path, "is missing") from None
    except (OSError, ValueError, EOFError) as error:
        raise _lost(path, "is damaged") from error
    fits = half.ndim == 2 and len(half) == rows and half.dtype == np.dtype("<f2") and half.flags.c_contiguous
    if not fits or zlib.crc32(half.data) != crc:
        raise _lost(path, "is damaged")
    return half  # type: ignore[no-any-return]


def _lost(path: Path, what: str) -> WorkspaceError:
    return WorkspaceError(
        f"{path}: {what}; bring back a copy of it, or find the cast anew in another place with --out"
    )


def counted(db: sqlite3.Connection, scan: int) -> tuple[int, int]:
    """Of a scan so far: frames with another time than the film gives them, ticks that could not be read."""
    names = ("clock.retimed", "clock.unread")
    blocks = db.execute("SELECT block FROM segments WHERE scan = ?", (scan,)).fetchall()
    found = [columns.read(db, block, *names) for (block,) in blocks]
    retimed, unread = (sum(int(piece.get(name, 0)) for piece in found) for name in names)
    return retimed, unread
