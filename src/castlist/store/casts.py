"""Stores the cast in relational tables, for readers that have only sqlite3, and reads it back as `Cast`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.store import columns
from castlist.store.rows import Parameter, damaged, line, number, numbers, optional, rows, text, whole
from castlist.types import INTERPOLATED, NOISE, Clock, Fate, Portraits, Shots, Tracks, Transition, Video
from castlist.types.film import TURNS

__all__ = ["Changed", "changed", "drop", "ends", "get", "get_portraits", "made_by", "put", "renew"]

_TABLES = ("portraits", "faces", "tracks", "people", "shots", "casts")  # children before parents
_OF_FACES = ("faces", "portraits", "tracks", "shots")
_OF_PEOPLE = (
    "name",
    "named",
    "fate",
    "face_count",
    "screen_seconds",
    "first_seconds",
    "last_seconds",
    "place",
)


def put(
    db: sqlite3.Connection, cast: Cast, portraits: Portraits, run: int | None, now: str, decision: int
) -> None:
    """Replace the stored cast, inside the caller's transaction."""
    drop(db)
    clock = columns.write(db, cast.clock)
    db.execute(
        "INSERT INTO casts VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
        (run, now, cast.damaged, clock, decision, cast.turned, int(cast.negative)),
    )
    _fill(db, "shots", _shot_rows(cast))
    _fill(db, "people", _people_rows(cast))
    _fill(db, "tracks", _track_rows(cast))
    _fill(db, "faces", _face_rows(cast))
    _fill(db, "portraits", _portrait_rows(portraits))


def drop(db: sqlite3.Connection) -> None:
    """Remove the cast, inside the caller's transaction."""
    old = db.execute("SELECT clock FROM casts").fetchone()
    for table in _TABLES:
        db.execute(f"DELETE FROM {table}")  # noqa: S608
    if old:
        columns.delete(db, old[0])


def made_by(db: sqlite3.Connection) -> tuple[int | None, int]:
    """The run of the stored cast, None if unknown, and the latest decision applied to it."""
    last = "(SELECT max(id) FROM runs WHERE finished IS NOT NULL)"
    query = f"SELECT coalesce(run, {last}), decision FROM casts"  # noqa: S608
    stored = rows(db, query, (optional(whole), whole))
    return stored[0] if stored else (None, 0)


class Changed(NamedTuple):
    """Changes of a stored cast after decisions: people, and tracks of people; faces never change."""

    people: list[tuple[Parameter, ...]]  # rows of all people
    gone: list[tuple[int]]  # numbers of people without any track now
    tracks: list[tuple[Parameter, ...]]  # person, fate, reason and number of changed tracks


def changed(db: sqlite3.Connection, cast: Cast, portraits: Portraits, run: int | None) -> Changed | None:
    """The changes to write if the stored cast is of the same run, None if it is of another run.

    The comparison is done before the transaction that writes, so that other deciding processes do not wait
    for it.
    """
    head = db.execute("SELECT run, damaged, turned, negative FROM casts").fetchone()
    if run is None or head != (run, cast.damaged, cast.turned, int(cast.negative)):
        return None
    counts = [db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in _OF_FACES]  # noqa: S608
    if counts != [len(cast.tracks.frame), len(portraits), len(cast.tracks), len(cast.shots)]:
        return None
    people = list(_people_rows(cast))
    gone = {number for (number,) in db.execute("SELECT id FROM people")} - {row[0] for row in people}
    before = db.execute("SELECT id, shot, person, fate, reason FROM tracks ORDER BY id")
    rows_now = zip(_track_rows(cast), before, strict=True)
    tracks = [(*row[2:], row[0]) for row, stored in rows_now if row != stored]
    return Changed(people, [(number,) for number in gone], tracks)


def renew(db: sqlite3.Connection, change: Changed, now: str, decision: int) -> None:
    """Write the changes, inside the caller's transaction."""
    db.execute("UPDATE casts SET made = ?, decision = ?", (now, decision))
    set_anew = ", ".join(f"{name} = excluded.{name}" for name in _OF_PEOPLE)
    db.executemany(
        f"INSERT INTO people VALUES (?{', ?' * len(_OF_PEOPLE)}) ON CONFLICT (id) DO UPDATE SET {set_anew}",  # noqa: S608
        change.people,
    )
    db.executemany("UPDATE tracks SET person = ?, fate = ?, reason = ? WHERE id = ?", change.tracks)
    db.executemany("DELETE FROM people WHERE id = ?", change.gone)


def get(db: sqlite3.Connection, video: Video) -> Cast | None:
    """The stored cast, None if there is none.

    Raises:
        WorkspaceError: the tables contradict each other.
    """
    head = rows(db, "SELECT clock, damaged, turned, negative FROM casts", (whole, whole, _turn, _yes))
    if not head:
        return None
    people = rows(db, "SELECT id, name, named FROM people ORDER BY place, id", (whole, line, whole))
    of_tracks = rows(db, "SELECT person, fate, reason FROM tracks ORDER BY id", (_person, Fate.of, line))
    clock, shots, tracks = columns.read_table(db, head[0][0], Clock), _shots(db), _tracks(db)
    index = {NOISE: NOISE} | {person: i for i, (person, _, _) in enumerate(people)}
    label = np.array([index.get(person, len(people)) for person, _, _ in of_tracks], np.int64)
    portraits = get_portraits(db)
    try:
        _check(clock, tracks, shots, label, len(people), portraits)
        return Cast.of(
            video,
            clock,
            shots,
            tracks,
            label,
            fate=np.array([fate for _, fate, _ in of_tracks], np.int8),
            reason=[reason for _, _, reason in of_tracks],
            names=[name if named else "" for _, name, named in people],
            numbers=[person for person, _, _ in people],
            portraits=portraits,
            damaged=head[0][1],
            turned=head[0][2],
            negative=head[0][3],
        )
    except (ValueError, TypeError, IndexError) as error:
        raise damaged(error) from error


def ends(db: sqlite3.Connection, video: Video) -> Fraction | None:
    """The end of the film, in seconds from the start of the file; None without a cast.

    Raises:
        WorkspaceError: the tables are damaged.
    """
    head = rows(db, "SELECT clock FROM casts", (whole,))
    if not head:
        return None
    clock = columns.read_table(db, head[0][0], Clock)
    return clock.lasts(video.duration) + (clock.time(0) if len(clock) else 0)


def _quality(value: object) -> float:
    """The quality of a picture, NaN if not measured."""
    return float("nan") if value is None else number(value)


def _turn(value: object) -> int:
    """Degrees by which to turn a film to show more faces."""
    if whole(value) not in TURNS:
        raise ValueError(f"a film is not turned by {value} degrees")
    return whole(value)


def _yes(value: object) -> bool:
    """A flag, 0 or 1."""
    if whole(value) not in (0, 1):
        raise ValueError(f"{value} is neither 0 nor 1")
    return whole(value) == 1


def _person(value: object) -> int:
    """The person of a track, NOISE for none."""
    return NOISE if value is None else whole(value)


def _check(
    clock: Clock, tracks: Tracks, shots: Shots, label: NDArray[np.int64], people: int, portraits: Portraits
) -> None:
    """Raise ValueError where indices point to missing rows: the file may come from a stranger."""
    if clock.unit <= 0 or np.any(np.diff(clock.pts) <= 0):
        raise ValueError("the times of frames do not rise")
    within = {
        "faces lie in frames that are not there": (tracks.frame, len(clock)),
        "tracks lie in shots that are not there": (tracks.shot, len(shots)),
        "tracks belong to people who are not there": (label[label != NOISE], people),
        "pictures belong to tracks that are not there": (portraits.track, len(tracks)),
        "pictures are of frames that are not there": (portraits.frame, len(clock)),
        "shots end after the film": (shots.stop - 1, len(clock)),
    }
    for fault, (index, count) in within.items():
        if np.any((index < 0) | (index >= count)):
            raise ValueError(fault)
    if np.any(shots.start >= shots.stop):
        raise ValueError("shots end before they begin")


def get_portraits(db: sqlite3.Connection) -> Portraits:
    """The pictures of all tracks, including set-aside ones."""
    found = rows(
        db,
        "SELECT frame, track, left, top, right, bottom, quality, image FROM portraits ORDER BY id",
        (whole, whole, *(number,) * 4, _quality, text),
    )
    frame, track, *box, quality, image = zip(*found, strict=True) if found else ((),) * 8
    return Portraits(
        frame=np.array(frame, np.int64),
        box=np.array(box, np.float32).T,
        track=np.array(track, np.int64),
        quality=np.array(quality, np.float32),
        image=tuple(image),
    )


def _fill(db: sqlite3.Connection, table: str, rows: Iterable[tuple[Parameter, ...]]) -> None:
    marks = {"shots": 6, "people": 9, "tracks": 5, "faces": 9, "portraits": 9}[table]
    db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * marks)})", rows)  # noqa: S608


def _shot_rows(cast: Cast) -> Iterable[tuple[Parameter, ...]]:
    s, clock = cast.shots, cast.clock
    for i, (start, stop, kind) in enumerate(
        zip(s.start.tolist(), s.stop.tolist(), s.transition, strict=True)
    ):
        yield i, start, stop, Transition(kind).word, float(clock.time(start)), float(clock.time(stop))


def _people_rows(cast: Cast) -> Iterable[tuple[Parameter, ...]]:
    for place, p in enumerate(cast.everybody):
        spans = (p.screen_time, float(p.first), float(p.last))
        yield p.id, p.name, p.named, Fate(p.fate).word, p.face_count, *spans, place


def _track_rows(cast: Cast) -> Iterable[tuple[Parameter, ...]]:
    numbers = [p.id for p in cast.everybody]
    persons = [None if p == NOISE else numbers[p] for p in cast.person.tolist()]
    fates = [Fate(f).word for f in cast.fate]
    return zip(range(len(persons)), cast.tracks.shot.tolist(), persons, fates, cast.reason, strict=True)


def _face_rows(cast: Cast) -> Iterable[tuple[Parameter, ...]]:
    t = cast.tracks
    seconds = cast.clock.seconds(t.frame).tolist()
    detections = [None if d == INTERPOLATED else d for d in t.detection.tolist()]
    boxes = t.box.astype(np.float64).T.tolist()
    scores = t.score.astype(np.float64).tolist()
    return zip(t.track.tolist(), t.frame.tolist(), seconds, *boxes, scores, detections, strict=True)


def _portrait_rows(p: Portraits) -> Iterable[tuple[Parameter, ...]]:
    boxes, quality = p.box.astype(np.float64).T.tolist(), p.quality.astype(np.float64).tolist()
    return zip(range(len(p)), p.track.tolist(), p.frame.tolist(), *boxes, quality, p.image, strict=True)


def _shots(db: sqlite3.Connection) -> Shots:
    found = rows(db, "SELECT start, stop, transition FROM shots ORDER BY id", (whole, whole, Transition.of))
    start, stop, kind = zip(*found, strict=True) if found else ((), (), ())
    return Shots(np.array(start), np.array(stop), np.array(kind))


def _tracks(db: sqlite3.Connection) -> Tracks:
    shot = np.array([s for (s,) in rows(db, "SELECT shot FROM tracks ORDER BY id", (whole,))], np.int64)
    table = numbers(
        db,
        "SELECT frame, left, top, right, bottom, score, coalesce(detection, -1), track"
        " FROM faces ORDER BY track, frame",
        8,
        may_lack=[5],
    )
    track = table[:, 7].astype(np.int64)
    if np.any((track < 0) | (track >= len(shot))):
        raise damaged("faces belong to tracks that are not there")
    size = np.bincount(track, minlength=len(shot))
    try:
        return Tracks(
            frame=table[:, 0].astype(np.int64),
            box=table[:, 1:5].astype(np.float32),
            score=table[:, 5].astype(np.float32),
            detection=table[:, 6].astype(np.int64),
            offset=np.concatenate([[0], np.cumsum(size)]),
            shot=shot,
        )
    except ValueError as error:
        raise damaged(error) from None
