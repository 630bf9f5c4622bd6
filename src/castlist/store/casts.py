"""The cast in relational tables: what a reader with nothing but sqlite3 sees, and `Cast` again from it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.errors import WorkspaceError
from castlist.store import columns
from castlist.types import FATES, INTERPOLATED, NOISE, TRANSITIONS, Clock, Portraits, Shots, Tracks, Video

__all__ = ["get", "get_portraits", "put"]

_TABLES = ("portraits", "faces", "tracks", "people", "shots", "casts")  # children before parents


def put(db: sqlite3.Connection, cast: Cast, portraits: Portraits, run: int | None, now: str) -> None:
    """Replace the cast by another, inside the caller's transaction."""
    old = db.execute("SELECT clock FROM casts").fetchone()
    for table in _TABLES:
        db.execute(f"DELETE FROM {table}")  # noqa: S608
    if old:
        columns.delete(db, old[0])
    clock = columns.write(db, cast.clock)
    db.execute("INSERT INTO casts VALUES (1, ?, ?, ?, ?)", (run, now, cast.damaged, clock))
    _fill(db, "shots", _shot_rows(cast))
    _fill(db, "people", _people_rows(cast))
    _fill(db, "tracks", _track_rows(cast))
    _fill(db, "faces", _face_rows(cast))
    _fill(db, "portraits", _portrait_rows(portraits))


def get(db: sqlite3.Connection, video: Video) -> Cast | None:
    """The cast that was put last, None before that.

    Raises:
        WorkspaceError: the tables do not fit together.
    """
    head = db.execute("SELECT clock, damaged FROM casts").fetchone()
    if head is None:
        return None
    people = db.execute("SELECT id, name, named FROM people ORDER BY id").fetchall()
    tracks = db.execute("SELECT person, fate, reason FROM tracks ORDER BY id").fetchall()
    try:
        return Cast.of(
            video,
            columns.read_table(db, head[0], Clock),
            _shots(db),
            _tracks(db),
            np.array([NOISE if t[0] is None else t[0] for t in tracks], np.int64),
            fate=np.array([FATES.index(t[1]) for t in tracks], np.int8),
            reason=[t[2] for t in tracks],
            names=[name if named else "" for _, name, named in people],
            portraits=get_portraits(db),
            damaged=head[1],
        )
    except (ValueError, TypeError, IndexError) as error:
        raise WorkspaceError(f"the cast in the workspace's cast.db is damaged ({error})") from error


def get_portraits(db: sqlite3.Connection) -> Portraits:
    """The pictures of all tracks, those set aside too."""
    rows = db.execute(
        "SELECT frame, left, top, right, bottom, track, quality, image FROM portraits ORDER BY id"
    ).fetchall()
    table = _numbers([r[:7] for r in rows], 7)
    return Portraits(
        frame=table[:, 0].astype(np.int64),
        box=table[:, 1:5].astype(np.float32),
        track=table[:, 5].astype(np.int64),
        quality=table[:, 6].astype(np.float32),
        image=tuple(r[7] for r in rows),
    )


def _fill(db: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    marks = {"shots": 6, "people": 8, "tracks": 5, "faces": 9, "portraits": 9}[table]
    db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * marks)})", rows)  # noqa: S608


def _shot_rows(cast: Cast) -> Iterable[tuple[Any, ...]]:
    s, clock = cast.shots, cast.clock
    for i, (start, stop, how) in enumerate(zip(s.start.tolist(), s.stop.tolist(), s.transition, strict=True)):
        yield i, start, stop, TRANSITIONS[how], float(clock.time(start)), float(clock.time(stop))


def _people_rows(cast: Cast) -> Iterable[tuple[Any, ...]]:
    for p in cast.everybody:
        spans = (p.screen_time, float(p.first), float(p.last))
        yield p.id, p.name, p.named, FATES[p.fate], p.face_count, *spans


def _track_rows(cast: Cast) -> Iterable[tuple[Any, ...]]:
    persons = [None if p == NOISE else p for p in cast.person.tolist()]
    fates = [FATES[f] for f in cast.fate]
    return zip(range(len(persons)), cast.tracks.shot.tolist(), persons, fates, cast.reason, strict=True)


def _face_rows(cast: Cast) -> Iterable[tuple[Any, ...]]:
    t = cast.tracks
    seconds = cast.clock.seconds(t.frame).tolist()
    detections = [None if d == INTERPOLATED else d for d in t.detection.tolist()]
    boxes = t.box.astype(np.float64).T.tolist()
    scores = t.score.astype(np.float64).tolist()
    return zip(t.track.tolist(), t.frame.tolist(), seconds, *boxes, scores, detections, strict=True)


def _portrait_rows(p: Portraits) -> Iterable[tuple[Any, ...]]:
    boxes, quality = p.box.astype(np.float64).T.tolist(), p.quality.astype(np.float64).tolist()
    return zip(range(len(p)), p.track.tolist(), p.frame.tolist(), *boxes, quality, p.image, strict=True)


def _shots(db: sqlite3.Connection) -> Shots:
    rows = db.execute("SELECT start, stop, transition FROM shots ORDER BY id").fetchall()
    start, stop, how = zip(*rows, strict=True) if rows else ((), (), ())
    return Shots(np.array(start), np.array(stop), np.array([TRANSITIONS.index(t) for t in how]))


def _tracks(db: sqlite3.Connection) -> Tracks:
    shot = np.array([r[0] for r in db.execute("SELECT shot FROM tracks ORDER BY id")], np.int64)
    cursor = db.execute(
        "SELECT frame, left, top, right, bottom, score, coalesce(detection, -1), track"
        " FROM faces ORDER BY track, frame"
    )
    blocks = []
    while rows := cursor.fetchmany(1 << 16):
        blocks.append(_numbers(rows, 8))
    table = np.concatenate(blocks) if blocks else np.zeros((0, 8))
    size = np.bincount(table[:, 7].astype(np.int64), minlength=len(shot))
    return Tracks(
        frame=table[:, 0].astype(np.int64),
        box=table[:, 1:5].astype(np.float32),
        score=table[:, 5].astype(np.float32),
        detection=table[:, 6].astype(np.int64),
        offset=np.concatenate([[0], np.cumsum(size)]),
        shot=shot,
    )


def _numbers(rows: list[Any], width: int) -> NDArray[np.float64]:
    """Rows as float64, in which integers up to 2^53 are exact and NULL is NaN."""
    return np.array(rows, np.float64).reshape(len(rows), width)
