"""Erases a person from a workspace: vectors, pictures and names, without leaving a byte.

Only this changes rows of the log of decisions: names are blanked, nothing else. The person's faces leave the
scan, too, so that later runs on this scan do not find them; a new scan would, since the film still has them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.decisions.base import Base
from castlist.decisions.decision import Decision
from castlist.decisions.erased import base_without
from castlist.errors import WorkspaceBusy
from castlist.outputs import PAGES
from castlist.store import columns, prune, scans
from castlist.store.columns import Stored
from castlist.store.folder import Folder
from castlist.types import Clock, Detections, Portraits, Scan, Tracks

__all__ = ["Kept", "base_of_rest", "blank", "copies", "scrub", "vacuum", "without"]

_COPY = re.compile(
    rf"{'|'.join(map(re.escape, PAGES))}|\.report-[a-z0-9_]{{8}}\.html|cast\.db\.schema\d+(-wal|-shm)?"
)


def scrub(
    db: sqlite3.Connection, folder: Folder, key: str, cast: Cast, tracks: Sequence[int]
) -> NDArray[np.int64]:
    """Remove the faces of some tracks from the scan, and delete all other scans and stored results.

    Faces without a track are removed as well: their person is unknown, and a later run could give the erased
    person's faces to another person.

    Returns:
        (n,) the new row of each detection of the scan, -1 for removed ones.
    """
    for (other,) in db.execute("SELECT key FROM scans WHERE key <> ?", (key,)).fetchall():
        prune.drop(db, other)
    kept = db.execute("SELECT block FROM results").fetchall()
    db.execute("DELETE FROM results")
    for (block,) in kept:
        columns.delete(db, block)
    erased = np.concatenate(
        [np.zeros(0, np.int64), *(cast.tracks.detection[cast.tracks.rows(t)] for t in tracks)]
    )
    held = np.unique(cast.tracks.detection[cast.tracks.detection >= 0])
    rows = db.execute(
        "SELECT segments.scan, number, faces, embedded, damaged, unit, shard, crc32, block FROM segments"
        " JOIN scans ON scans.id = scan WHERE key = ? ORDER BY number",
        (key,),
    ).fetchall()
    moved = np.full(sum(row[2] for row in rows), -1, np.int64)
    gone = np.isin(np.arange(len(moved)), erased) | ~np.isin(np.arange(len(moved)), held)
    moved[~gone] = np.arange(int((~gone).sum()))
    begin = 0
    for scan, number, faces, embedded, damaged, unit, shard, crc, block in rows:
        span = slice(begin, begin + faces)
        piece = columns.read(db, block)
        if shard is not None:
            piece["vector"] = scans.read_shard(folder, shard, crc, embedded)
        _rewrite(db, folder, scan, number, _less(piece, ~gone[span], damaged, unit), block, shard)
        begin += faces
    return moved


def _less(piece: Mapping[str, Stored], kept: NDArray[np.bool_], damaged: int, unit: str) -> Scan:
    """A segment without some of its faces and their vectors."""
    place = np.cumsum(kept) - 1
    embedded = scans.column(piece, "embedded", np.int64)
    chosen = np.flatnonzero(kept[embedded])
    vector = scans.column(piece, "vector", np.float32, np.zeros((0, 0), np.float32))
    image = columns.strings(piece.get("image"))
    return Scan(
        Clock(
            scans.column(piece, "clock.pts", np.int64),
            Fraction(unit),
            **{k: scans.missed(piece.get(f"clock.{k}", 0)) for k in ("retimed", "unread")},
        ),
        scans.column(piece, "signal", np.uint8),
        Detections(
            scans.column(piece, "detections.frame", np.int64)[kept],
            scans.column(piece, "detections.box", np.float32)[kept],
            scans.column(piece, "detections.score", np.float32)[kept],
            scans.column(piece, "detections.landmarks", np.float32)[kept],
        ),
        scans.column(piece, "quality", np.float32)[kept],
        place[embedded[chosen]],
        vector[chosen],
        tuple(image[i] for i in chosen.tolist()),
        damaged,
        scans.beside(piece, len(embedded))[chosen],
        scans.motion(piece, len(kept))[kept],
    )


def _rewrite(
    db: sqlite3.Connection, folder: Folder, scan: int, number: int, piece: Scan, block: int, shard: str | None
) -> None:
    """Replace a stored segment; its old shard is removed later."""
    name, crc = None, None
    if len(piece.vector):
        name = f"{sha256(f'{shard} without'.encode()).hexdigest()[:16]}-{number:06d}.npy"
        crc = scans.write_shard(folder, name, piece.vector)
    new = columns.write(db, piece, skip=("vector",))
    db.execute(
        "UPDATE segments SET faces = ?, embedded = ?, shard = ?, crc32 = ?, block = ? WHERE scan = ? "
        "AND number = ?",
        (len(piece.detections), len(piece.embedded), name, crc, new, scan, number),
    )
    columns.delete(db, block)


def copies(folder: Folder) -> None:
    """Remove copies of the database's content: pages, and database copies made by an upgrade."""
    for name in folder.names():
        if _COPY.fullmatch(name):
            (folder.path / name).unlink()


@dataclass(frozen=True, eq=False, slots=True)
class Kept:
    """The remaining tracks of a cast, and the remaining detections of its scan."""

    track: NDArray[np.int64]  # (k,) remaining tracks, rising
    place: NDArray[np.int64]  # (t,) the new number of each track, -1 for removed ones
    moved: NDArray[np.int64]  # (n,) the new row of each detection, -1 for removed ones

    @classmethod
    def of(cls, cast: Cast, tracks: Sequence[int], moved: NDArray[np.int64]) -> Self:
        """The remaining tracks without `tracks`; `moved` is the result of `scrub`."""
        kept = np.setdiff1d(np.arange(len(cast.tracks)), np.asarray(tracks, np.int64))
        place = np.full(len(cast.tracks), -1, np.int64)
        place[kept] = np.arange(len(kept))
        return cls(kept, place, moved)

    def pictures(self, portraits: Portraits) -> Portraits:
        """The pictures of the remaining tracks."""
        shown = np.flatnonzero(self.place[portraits.track] >= 0)
        return Portraits(
            portraits.frame[shown], portraits.box[shown], self.place[portraits.track[shown]],
            portraits.quality[shown], tuple(portraits.image[i] for i in shown.tolist()),
        )  # fmt: skip

    def tracks(self, tracks: Tracks) -> Tracks:
        """The remaining tracks, with new detection numbers."""
        every = np.arange(len(tracks.frame))
        rows = np.concatenate([np.zeros(0, np.int64), *(every[tracks.rows(t)] for t in self.track)])
        detection = tracks.detection[rows]
        found = detection >= 0
        detection[found] = self.moved[detection[found]]
        offset = np.concatenate([[0], np.cumsum(tracks.size[self.track])])
        return Tracks(
            tracks.frame[rows], tracks.box[rows], tracks.score[rows], detection, offset,
            tracks.shot[self.track],
        )  # fmt: skip


def without(cast: Cast, portraits: Portraits, kept: Kept) -> tuple[Cast, Portraits]:
    """The cast and the pictures of the remaining tracks."""
    pictures = kept.pictures(portraits)
    less = Cast.of(
        cast.video, cast.clock, cast.shots, kept.tracks(cast.tracks), cast.person[kept.track],
        fate=cast.fate[kept.track], reason=[cast.reason[t] for t in kept.track.tolist()],
        names=[person.name if person.named else "" for person in cast.everybody],
        numbers=[person.id for person in cast.everybody],
        portraits=pictures, damaged=cast.damaged, turned=cast.turned,
        negative=cast.negative,
    )  # fmt: skip
    return less, pictures


def base_of_rest(base: Base | None, cast: Cast, log: Sequence[Decision], kept: Kept) -> Base | None:
    """The machine's result for the remaining tracks; None if it is of other tracks than the cast's."""
    if base is None or not _same_tracks(base.tracks, cast.tracks):
        return None
    tracks, pictures = kept.tracks(base.tracks), kept.pictures(base.portraits)
    return base_without(base, cast.video, log, kept.track, tracks, pictures)


def _same_tracks(a: Tracks, b: Tracks) -> bool:
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in ("offset", "frame", "detection"))


def blank(db: sqlite3.Connection, names: Sequence[str]) -> int:
    """Blank names in the log of decisions, past the trigger that protects it; returns the number of rows."""
    guard = db.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'decisions_are_final'"
    ).fetchone()
    if guard is None or not names:
        return 0
    folded = {name.casefold() for name in names}
    rows = [row for row, value in db.execute("SELECT id, value FROM decisions") if value.casefold() in folded]
    db.execute("DROP TRIGGER decisions_are_final")
    db.executemany("UPDATE decisions SET value = '' WHERE id = ?", [(row,) for row in rows])
    db.execute(str(guard[0]))
    return len(rows)


def vacuum(db: sqlite3.Connection, path: Path) -> None:
    """Rewrite the database without free pages, and empty its write-ahead log.

    Raises:
        WorkspaceBusy: another process reads it, so old pages cannot be removed.
    """
    db.execute("VACUUM")
    busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise WorkspaceBusy(
            f"{path}: another castlist is reading it; close it and run the same command again"
        )
