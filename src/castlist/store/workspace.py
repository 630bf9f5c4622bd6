"""The workspace `film.castlist/`: everything known about a film, safe against interruptions.

with Workspace.open(Workspace.beside(Path("film.mp4")), create=True) as workspace:
    workspace.put_video(video)
    workspace.append(key, piece)  # durable when it returns
    scan = workspace.scan(key)  # always what was stored, never what was in memory
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock as ThreadLock
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.decisions.apply import apply
from castlist.decisions.base import Base
from castlist.decisions.decision import Decision, active
from castlist.decisions.people import cast_of
from castlist.errors import InputError, WorkspaceError
from castlist.store import casts, columns, database, erase, files, paths, prune, scans, schema, summary
from castlist.store import proposals as proposed
from castlist.store.database import Database
from castlist.store.folder import EMBEDDINGS, THUMBS, Folder
from castlist.store.lock import Lock
from castlist.store.log import Log
from castlist.store.rows import blob, exact, line, mapping, number, optional, rows, text, whole
from castlist.types import Portraits, Scan, Video, freeze

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["KeptPictures", "Run", "Workspace", "picture_name"]

T = TypeVar("T")
KEPT = 4  # results kept of one name, newest first
LARGEST_PICTURE = 4 << 20  # bytes: pictures of 128 pixels take some 10,000
LARGEST_SIDE = 1 << 20  # pixels of a film's frame


@dataclass(frozen=True, slots=True)
class Run:
    """Provenance of one run."""

    id: int
    started: str  # UTC, ISO 8601
    finished: str | None  # None: interrupted, or still at work
    version: str
    seed: int | None
    recipe: str  # TOML
    models: dict[str, str]  # name -> SHA-256
    machine: dict[str, str | float | None]
    timings: dict[str, float]  # step -> seconds
    counts: dict[str, int]

    def plain(self) -> summary.LastRun:
        """The same as plain values."""
        return {
            "id": self.id,
            "started": self.started,
            "finished": self.finished,
            "version": self.version,
            "seed": self.seed,
            "recipe": self.recipe,
            "models": self.models,
            "machine": self.machine,
            "timings": self.timings,
            "counts": self.counts,
        }


class _ForDecisions(NamedTuple):
    """A connection by which decisions are written."""

    db: Database
    file: os.stat_result  # the database it was opened on: a copy that was brought back is another file


@dataclass(frozen=True, slots=True)
class KeptPictures:
    """The pictures of a workspace by name, for a cast that is looked at after the workspace was closed."""

    place: Path  # made absolute: a program may go to another folder

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", self.place.absolute())

    def __call__(self, name: str) -> bytes:
        """The bytes of a JPEG; raises as `Workspace.image` does."""
        with Workspace.open(self.place, write=False) as opened:
            return opened.image(name)


@dataclass(frozen=True, slots=True)
class _Renamed:
    """That the film got another name."""

    former: str  # name of its file


@dataclass(frozen=True, slots=True)
class _Erased:
    """That somebody was erased."""

    time: str  # of the last time, UTC, ISO 8601
    run: int = 0  # whose cast they were erased from
    marks: tuple[str, ...] = ()  # of that run's, as whoever erased them gave them


@dataclass(frozen=True, eq=False, slots=True)
class _JoinedNumbers:
    """Numbers of people who were merged with others."""

    decision: int  # the latest decision that they go by
    number: NDArray[np.int64]  # (n, 2) of somebody who was, of whom they are now

    def __post_init__(self) -> None:
        freeze(self, number=(np.int64, (None, 2)))

    @classmethod
    def of(cls, joined: Mapping[int, int], decision: int) -> Self:
        return cls(decision, np.array(sorted(joined.items()), np.int64).reshape(-1, 2))


class Workspace:
    """One film's results and decisions. Made by `Workspace.open`; use it in a `with` statement."""

    def __init__(self, folder: Folder, db: Database, lock: Lock | None) -> None:
        self.path = folder.path
        self._folder = folder
        self._db = db
        self._lock = lock
        self._thread = RLock()
        self._one_decides = ThreadLock()
        self._for_decisions: _ForDecisions | None = None
        self._used: set[str] = set()  # keys of scans that were read or written
        self._fresh: deque[str] = deque()  # pictures that a power cut could still take; of several threads

    # Opening and closing

    @staticmethod
    def beside(video: Path) -> Path:
        """The workspace's place for a film: film.mp4 -> film.castlist in the same folder.

        Where that one belongs to another film which is still there (film.mkv beside film.mp4), it is
        film.mkv.castlist; where the name would grow beyond 255 bytes, it is cut and told apart by a hash.
        """
        return paths.beside(Path(video))

    @classmethod
    def open(cls, path: Path | str, *, create: bool = False, write: bool = True) -> Self:
        """Open a workspace.

        Args:
            create: make it where there is none.
            write: open it for a run, of which there is one at a time. Readers work beside a run.

        Raises:
            WorkspaceError: there is none, it is damaged, or it cannot be written.
            WorkspaceBusy: another run is at work on it.
            WorkspaceNewer: a later castlist wrote it.
        """
        path = paths.written(path)
        folder = Folder(path)
        with files.sentences(path):
            paths.check(folder, create)
            if create:
                path.mkdir(parents=True, exist_ok=True)
            if create or write:
                folder.make(EMBEDDINGS)
                folder.make(THUMBS)
            lock = Lock(folder) if write else None
            try:
                if create and folder.status(database.DATABASE) is None:
                    database.create(folder)
                return cls(folder, database.connect(folder, write), lock)
            except BaseException:
                if lock:
                    lock.release()
                raise

    def close(self) -> None:
        """Close the database and let the next run in."""
        with self._one_decides:
            self._close_decisions()
        try:
            if self._lock:  # so that a copy of cast.db alone, or a medium that is only read, has everything
                with suppress(sqlite3.Error):
                    self._db.rollback()  # where that failed before
                    self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            with suppress(sqlite3.Error):
                self._db.close()
            if self._lock:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def thumbs(self) -> Path:
        """The folder of small JPEGs; use `image` to read one by name."""
        return self.path / THUMBS

    # The film

    def video(self) -> Video | None:
        """The film, None where no run has begun. Where it moved along with the workspace, its new path."""
        with self._reading() as db:
            found = rows(
                db,
                "SELECT path, width, height, frame_rate, duration, digest, codec, pixel_format, timecode "
                "FROM video",
                (_path, _side, _side, exact, exact, line, line, line, line),
            )
        if not found:
            return None
        video = Video(*found[0])
        moved = self.path.parent / video.path.name
        return replace(video, path=moved) if not video.path.exists() and moved.exists() else video

    def put_video(self, video: Video) -> None:
        """Say which film this workspace is about; a film that was moved or renamed keeps its workspace.

        Raises:
            InputError: it is about another film.
        """
        before = self.video()
        if before is not None and before.digest != video.digest:
            raise InputError(
                f"{self.path}: contains the cast of another film ({before.path.name}, or an earlier version "
                "of this one); castlist find FILM --out FOLDER finds the cast in another folder; castlist "
                "decide ... import copies decisions to it"
            )
        if before is not None and before.path.name != video.path.name:
            self.put(paths.RENAMED, self.path.name, _Renamed(before.path.name))
        path: str | bytes = str(video.path)
        try:
            str(path).encode()
        except UnicodeEncodeError:
            path = os.fsencode(video.path)
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO video VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                ),
            )

    # The scan

    def segments(self, key: str) -> int:
        """How many segments of a scan are stored."""
        return self._of_scan("count(*)", key) or 0

    def frames(self, key: str) -> int:
        """How many frames the stored segments of a scan have."""
        return self._of_scan("sum(frames)", key) or 0

    def last_pts(self, key: str) -> int | None:
        """The timestamp of the last stored frame of a scan, None where there is none."""
        return self._of_scan("max(last_pts)", key)

    def append(self, key: str, piece: Scan, *, last: bool = False) -> None:
        """Store the next segment of a scan; when this returns, it survives a power cut.

        Go on with `scan(key)`, never with the piece: what is stored has float16 vectors.

        Args:
            last: the film ends with it. What could not be read at the film's end is counted in the last
                segment, so that both are stored at once: a run killed in between would count it again.

        Raises:
            InputError: the piece does not follow the one before, or its vectors do not fit float16.
            WorkspaceError: it could not be written, or the scan is complete; nothing changed.
        """
        if self.is_complete(key):
            raise WorkspaceError(f"{self.path}: this scan is complete; nothing can be added to it")
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO scans (key, started) VALUES (?, ?)", (key, _now()))
            (scan,) = db.execute("SELECT id FROM scans WHERE key = ?", (key,)).fetchone()
            self._used.add(key)
            scans.append(db, self._folder, scan, key, piece)
            self._sync_pictures()
            if last:
                _finish(db, key)

    def complete(self, key: str) -> None:
        """Note that the film has no further segments (it may have had none at all)."""
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO scans (key, started) VALUES (?, ?)", (key, _now()))
            _finish(db, key)

    def is_complete(self, key: str) -> bool:
        """Whether a scan reached the film's end."""
        with self._reading() as db:
            row = db.execute("SELECT finished FROM scans WHERE key = ?", (key,)).fetchone()
        return row is not None and row[0] is not None

    def scan(self, key: str) -> Scan | None:
        """All stored segments of a scan as one, None where there is none; holds each column once.

        Raises:
            WorkspaceError: a shard of vectors is missing or damaged.
        """
        with self._reading() as db:
            row = db.execute("SELECT id FROM scans WHERE key = ?", (key,)).fetchone()
            self._used.add(key)
            return scans.join(db, self._folder, row[0]) if row else None

    def scan_keys(self, before: str) -> list[str]:
        """The keys of the scans that were finished by a moment (UTC, ISO 8601), the newest first.

        An earlier castlist may have made them under keys that no recipe has today.
        """
        query = "SELECT key FROM scans WHERE finished IS NOT NULL AND finished <= ? ORDER BY id DESC"
        with self._reading() as db:
            return [key for (key,) in rows(db, query, (text,), (before,))]

    def retimed(self, key: str) -> int:
        """How many frames of a scan so far have another time than the film gives them."""
        with self._reading() as db:
            row = db.execute("SELECT id FROM scans WHERE key = ?", (key,)).fetchone()
            return scans.counted(db, row[0])[0] if row else 0

    def forget(self, key: str) -> None:
        """Drop a scan, so that it can be made anew; decisions and casts stay."""
        with self._writing() as db:
            prune.drop(db, key)
        self._sweep()

    def prune(self) -> int:
        """Drop old scans; how many bytes of vectors and pictures that freed. Decisions and the cast stay.

        What was read of this workspace since it was opened is kept, and the newest other scan. A run that
        finishes does this by itself.
        """
        with self._reading() as db:
            keys = prune.old(db, self._used)
        if not keys:
            return 0
        with self._writing() as db:
            for key in keys:
                prune.drop(db, key)
        return self._sweep()

    def _sweep(self) -> int:
        """Remove files that no row names; give free pages of the database back where nobody is reading."""
        with self._reading() as db:
            freed = prune.sweep(db, self._folder)
        with self._thread, suppress(sqlite3.Error):
            self._db.execute("VACUUM")
        return freed

    def _of_scan(self, column: str, key: str) -> int | None:
        with self._reading() as db:
            query = f"SELECT {column} FROM segments JOIN scans ON scans.id = scan WHERE key = ?"  # noqa: S608
            return rows(db, query, (optional(whole),), (key,))[0][0]

    # Erasing

    def erase(
        self,
        tracks: Sequence[int],
        names: Sequence[str] = (),
        scan: str | None = None,
        *,
        marks: Sequence[str] = (),
    ) -> tuple[Cast, Portraits]:
        """Erase some tracks of the cast: their vectors, pictures and rows; and names, in the decisions too.

        No byte of it stays in the workspace. Other scans than that of the cast, kept results of steps, and
        faces that no track holds are dropped as well.

        Args:
            scan: the key of the scan that the cast was found in; the newest one by default.
            marks: what `erased_before` gives from then on.

        Returns:
            The cast without them, and its pictures; both are stored already.

        Raises:
            WorkspaceError: the scan of the cast is not there, or something could not be written.
            WorkspaceBusy: another castlist reads the workspace.
        """
        noted = paths.film_noted(self.path)
        self._db.execute("PRAGMA secure_delete = ON")
        with self._writing() as db:  # in one transaction, so that nobody decides or dies in between
            less, pictures = self._erase(db, tracks, names, scan, marks)
            if noted is not None and noted.renamed:
                _put(db, paths.RENAMED, self.path.name, _Renamed(""))
        with files.sentences(self.path):
            erase.copies(self._folder)
        self._sweep()
        with files.sentences(self.path):
            erase.vacuum(self._db, self.path)
        return less, pictures

    def _erase(
        self,
        db: sqlite3.Connection,
        tracks: Sequence[int],
        names: Sequence[str],
        scan: str | None,
        marks: Sequence[str],
    ) -> tuple[Cast, Portraits]:
        """What `erase` changes in the database; what the machine found of everybody else stays."""
        cast, portraits, log = self.cast(), self.portraits(), self.decisions.all()
        (run, _), base, before = self.cast_run(), self.machine(), self.erased_before()
        query = "SELECT key FROM scans WHERE finished IS NOT NULL AND (? IS NULL OR key = ?) ORDER BY id DESC"
        row = db.execute(query, (scan, scan)).fetchone()
        if row is None:
            raise WorkspaceError(f"{self.path}: its scan is gone; run castlist find on the film again")
        kept = erase.Kept.of(cast, tracks, erase.scrub(db, self._folder, str(row[0]), cast, tracks))
        less, pictures = erase.without(cast, portraits, kept)
        rest = erase.base_of_rest(base, cast, log, kept)
        erase.blank(db, names)
        proposed.erase(db, cast, tracks, names)
        last, left = self.decisions.last(), {person.id for person in less.everybody}
        casts.put(db, less, pictures, None if rest is None else run, _now(), last)
        joined = {old: new for old, new in cast.joined.items() if new in left}
        _put(db, "joined", "cast", _JoinedNumbers.of(joined, last))
        _put(db, "erased", "cast", _Erased(_now(), run or 0, tuple(sorted({*before, *marks}))))
        if rest is not None:
            _put(db, "machine", f"run {run}", rest)
        return less, pictures

    def erased_before(self) -> frozenset[str]:
        """The marks of those who were erased from the run whose cast is stored."""
        try:
            stored = self.get("erased", "cast", _Erased)
        except WorkspaceError:  # damaged
            return frozenset()
        current = stored is not None and stored.run == (self.cast_run()[0] or 0)
        return frozenset(stored.marks) if stored is not None and current else frozenset()

    @property
    def erased(self) -> bool:
        """Whether somebody was erased: pictures of the film may show that person, whom nothing here knows."""
        try:
            return self.get("erased", "cast", _Erased) is not None
        except WorkspaceError:  # damaged
            return True

    # Pictures

    def put_image(self, jpeg: bytes) -> str:
        """Keep a picture under the hash of its content; its name. Equal pictures are kept once.

        It survives a power cut once the segment that follows it is stored.
        """
        name = picture_name(jpeg)
        with files.sentences(self.path):
            if not self.has_image(name):
                with self._folder.written(_picture(name), durable=False) as file:
                    file.write(jpeg)
                self._fresh.append(_picture(name))
        return name

    def _sync_pictures(self) -> None:
        """Make the pictures kept so far survive a power cut, all at once."""
        names = [self._fresh.popleft() for _ in range(len(self._fresh))]
        try:
            self._folder.sync(names)
        except BaseException:
            self._fresh.extend(names)  # the next segment tries again
            raise

    def has_image(self, name: str) -> bool:
        """Whether a picture of that name is there, whole."""
        try:
            self.image(name)
        except (InputError, WorkspaceError):
            return False
        return True

    def image(self, name: str) -> bytes:
        """A picture by the name that `put_image` gave.

        Raises:
            InputError: that is no such name.
            WorkspaceError: the picture is missing or damaged.
        """
        if len(name) != 32 or not set(name) <= set("0123456789abcdef"):
            raise InputError(f"{name!r} is not the name of a picture")
        try:
            data = self._folder.read(_picture(name), LARGEST_PICTURE)
        except OSError as error:
            raise WorkspaceError(f"{self.path}: the picture {name} is missing ({error.strerror})") from error
        if picture_name(data) != name:
            raise WorkspaceError(f"{self.path}: the picture {name} is damaged")
        return data

    # Results of whole-film steps

    def put(self, name: str, key: str, table: DataclassInstance) -> None:
        """Keep a table under a name and a key; of each name the newest few keys are kept.

        Raises:
            InputError: the table holds something else than arrays, numbers, text and tables of those.
        """
        with self._writing() as db:
            _put(db, name, key, table)

    def get(self, name: str, key: str, kind: type[T]) -> T | None:
        """The table of that name and key, None where there is none.

        Raises:
            WorkspaceError: what is stored there is of another type, or damaged.
        """
        with self._reading() as db:
            query = "SELECT block, type FROM results WHERE name = ? AND key = ?"
            found = rows(db, query, (whole, text), (name, key))
            if not found:
                return None
            block, stored = found[0]
            if stored != kind.__name__:
                raise WorkspaceError(f"{self.path}: {name} is kept as {stored[:40]}, not as {kind.__name__}")
            return columns.read_table(db, block, kind)

    # Runs

    def run_started(
        self,
        recipe: str,
        *,
        version: str,
        models: Mapping[str, str],
        seed: int | None = None,
        machine: Mapping[str, str | float | None] | None = None,
    ) -> int:
        """Note that a run begins, with its whole provenance; the run's number."""
        row = (_now(), version, seed, recipe, json.dumps(dict(models)), json.dumps(dict(machine or {})))
        with self._writing() as db:
            cursor = db.execute(
                "INSERT INTO runs (started, version, seed, recipe, models, machine)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
            return int(cursor.lastrowid or 0)

    def run_finished(self, run: int, timings: Mapping[str, float], counts: Mapping[str, int]) -> None:
        """Note that a run reached its end, and drop old scans."""
        row = (_now(), json.dumps(dict(timings)), json.dumps(dict(counts)), run)
        with self._writing() as db:
            db.execute("UPDATE runs SET finished = ?, timings = ?, counts = ? WHERE id = ?", row)
        self.prune()

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        with self._reading() as db:
            found = rows(
                db,
                "SELECT id, started, finished, version, seed, recipe, models, machine, timings, counts"
                " FROM runs ORDER BY id",
                (whole, line, optional(line), line, optional(whole), text, *_PROVENANCE),
            )
        return [Run(*row) for row in found]

    # The cast

    def put_cast(
        self,
        cast: Cast,
        portraits: Portraits | None = None,
        *,
        run: int | None = None,
        decision: int = 0,
    ) -> None:
        """Replace the cast, in one transaction: a reader sees the old one or the new one.

        Args:
            portraits: pictures of all tracks, those set aside too.
            run: what `run_started` gave.
            decision: the latest decision that this cast goes by.
        """
        pictures = Portraits.empty() if portraits is None else portraits
        if cast.joined or self._joined(decision):
            self.put("joined", "cast", _JoinedNumbers.of(cast.joined, decision))
        with self._reading() as db:
            change = casts.changed(db, cast, pictures, run)
        with self._writing() as db:
            if change is None:
                casts.put(db, cast, pictures, run, _now(), decision)
            else:
                casts.renew(db, change, _now(), decision)

    def cast(self) -> Cast:
        """The cast of the last finished run, after every decision, the latest too.

        Raises:
            WorkspaceError: there is none yet, or the tables are damaged.
        """
        with self._reading() as db:
            video = self.video()
            decisions = self._newer_decisions(db)
            base = self.machine() if decisions else None
            cast: Cast | None
            if video and base is not None:
                cast = cast_of(base, video, apply(base, video, decisions))
            else:
                cast = casts.get(db, video) if video else None
        if cast is None:
            raise WorkspaceError(f"{self.path}: no cast has been found yet; run castlist find first")
        if not decisions:
            cast = replace(cast, joined=self._joined(self.cast_run()[1]))
        return cast.with_pictures(KeptPictures(self.path))

    def _newer_decisions(self, db: sqlite3.Connection) -> list[Decision]:
        """The whole log, where it has decisions that the stored cast does not go by yet."""
        stored = rows(db, "SELECT decision FROM casts", (whole,))
        return self.decisions.all() if stored and stored[0][0] < self.decisions.last() else []

    def _joined(self, decision: int) -> dict[int, int]:
        """Numbers of people who were merged, and of whom they are after a decision; none where not stored."""
        try:
            stored = self.get("joined", "cast", _JoinedNumbers)
        except WorkspaceError:  # of another castlist, or damaged: it can be found again
            return {}
        return dict(stored.number.tolist()) if stored is not None and stored.decision == decision else {}

    def cast_run(self) -> tuple[int | None, int]:
        """The run whose cast is stored, None where it is not known, and the latest decision it goes by."""
        with self._reading() as db:
            last = "(SELECT max(id) FROM runs WHERE finished IS NOT NULL)"
            query = f"SELECT coalesce(run, {last}), decision FROM casts"  # noqa: S608
            stored = rows(db, query, (optional(whole), whole))
        return stored[0] if stored else (None, 0)

    def ground(self) -> tuple[int | None, str]:
        """What decisions rest on: the run whose cast is stored, and when somebody was last erased from it."""
        with self._reading() as db:
            query = "SELECT made FROM results WHERE name = 'erased' AND key = 'cast'"
            erased = rows(db, query, (text,))
            return self.cast_run()[0], erased[0][0] if erased else ""

    def machine(self) -> Base | None:
        """What the machine alone found in the run whose cast is stored; None where it is not stored."""
        run, _ = self.cast_run()
        try:
            return self.get("machine", f"run {run}", Base) if run is not None else None
        except WorkspaceError:  # of another castlist, or damaged: it can be found again
            return None

    def portraits(self) -> Portraits:
        """The pictures kept with the cast, those of tracks set aside too."""
        with self._reading() as db:
            return casts.get_portraits(db)

    def summary(self) -> summary.Summary:
        """What the workspace holds, as plain values: film, scans, cast, decisions, runs, bytes."""
        video, runs, decisions = self.video(), self.runs(), self.decisions.all()
        with self._reading() as db:
            scanned, cast, names = summary.scans(db), summary.cast(db), proposed.counts(db)
            if cast is not None and self._newer_decisions(db):
                cast |= summary.people(self.cast())
            ends = casts.ends(db, video) if video is not None else None
        return {
            "workspace": summary.shown(self.path),
            "schema": schema.SCHEMA,
            "film": None if video is None else summary.film(video, ends),
            "scans": scanned,
            "cast": cast,
            "decisions": {"made": len(decisions), "in_force": len(active(decisions))},
            "proposed_names": names,
            "runs": len(runs),
            "last_run": runs[-1].plain() if runs else None,
            "bytes": summary.sizes(self._folder),
        }

    # Decisions

    @property
    def decisions(self) -> Log:
        """What people decided. Also a workspace open for reading takes decisions."""
        return Log(self._reading, self._deciding)

    @property
    def proposals(self) -> proposed.Proposals:
        """Names that were proposed by files of other programs; written as decisions are."""
        return proposed.Proposals(self._reading, self._deciding)

    @contextmanager
    def _deciding(self) -> Iterator[sqlite3.Connection]:
        """A transaction of its own connection: a decision waits for no run."""
        if self._db.earlier:
            self._upgrade()
        if self._db.copied:
            raise WorkspaceError(self._db.copied)
        with self._one_decides, files.sentences(self.path):
            db = self._decisions_connection()
            try:
                with transaction(db):
                    yield db
            except BaseException:
                self._close_decisions()  # whatever is wrong with it, the next decision gets another one
                raise

    def _decisions_connection(self) -> Database:
        """The connection for decisions, kept for the next one.

        To open one takes nearly as long as to decide, and SQLite flushes the folder, too, after the first
        transaction of each.
        """
        file = self._folder.check(database.DATABASE, one_name=True)
        kept = self._for_decisions
        if kept is not None and file is not None and os.path.samestat(file, kept.file):
            database.refresh(kept.db, self._folder)
            return kept.db
        self._close_decisions()
        db = database.reach(self._folder, "rw")
        try:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            self._for_decisions = _ForDecisions(db, os.stat(self.path / database.DATABASE))
        except BaseException:
            db.close()
            raise
        return db

    def _close_decisions(self) -> None:
        """Close the connection for decisions."""
        kept, self._for_decisions = self._for_decisions, None
        if kept is not None:
            with suppress(sqlite3.Error):
                kept.db.close()

    def _upgrade(self) -> None:
        """Bring the workspace of an earlier castlist, open for reading, to today's schema.

        Raises:
            WorkspaceBusy: a run is at work on it.
            WorkspaceError: it cannot be written.
        """
        Workspace.open(self.path).close()
        with self._thread, files.sentences(self.path):
            before, self._db = self._db, database.connect(self._folder, write=False)
            before.close()

    # Transactions

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The database as it stands now: what others write meanwhile is not seen."""
        with self._thread, files.sentences(self.path):
            if self._db.in_transaction:
                yield self._db
                return
            database.refresh(self._db, self._folder)
            self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                self._db.rollback()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that happens as a whole, durably, or not at all."""
        if self._lock is None:
            raise WorkspaceError(f"{self.path}: is open only for reading")
        with self._thread, files.sentences(self.path), _unbounded(self._db), transaction(self._db):
            yield self._db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All statements within, durably, or none."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            db.rollback()
        raise


def _put(db: sqlite3.Connection, name: str, key: str, table: DataclassInstance) -> None:
    """Keep a table, as `Workspace.put` does, in a transaction that has begun."""
    block = columns.write(db, table)
    old = db.execute("SELECT block FROM results WHERE name = ? AND key = ?", (name, key)).fetchall()
    db.execute("DELETE FROM results WHERE name = ? AND key = ?", (name, key))
    row = (name, key, type(table).__name__, _now(), block)
    db.execute("INSERT INTO results (name, key, type, made, block) VALUES (?, ?, ?, ?, ?)", row)
    stale = db.execute(
        "SELECT id, block FROM results WHERE name = ? ORDER BY id DESC LIMIT -1 OFFSET ?", (name, KEPT)
    ).fetchall()
    db.executemany("DELETE FROM results WHERE id = ?", [(i,) for i, _ in stale])
    for (gone,) in [*old, *((b,) for _, b in stale)]:
        columns.delete(db, gone)


def _finish(db: sqlite3.Connection, key: str) -> None:
    """Note that a scan reached the film's end."""
    db.execute("UPDATE scans SET finished = ? WHERE key = ? AND finished IS NULL", (_now(), key))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def picture_name(jpeg: bytes) -> str:
    """The name of a picture: the hash of its content."""
    return sha256(jpeg).hexdigest()[:32]


def _picture(name: str) -> str:
    """Where the picture of a name lies in the workspace."""
    return f"{THUMBS}/{name[:2]}/{name}.jpg"


def _path(value: object) -> Path:
    """A path, kept as bytes where it is not UTF-8."""
    name = os.fsdecode(blob(value) if isinstance(value, bytes) else text(value))
    if not name or "\0" in name:
        raise ValueError("the path of the film is empty or holds a zero character")
    return Path(name)


def _side(value: object) -> int:
    """Width or height of a film, in pixels."""
    if not 0 < whole(value) <= LARGEST_SIDE:
        raise ValueError(f"a film cannot be {value} pixels wide or high")
    return whole(value)


def _plain(value: object) -> str | float | None:
    """What a run says of its machine."""
    return value if value is None or isinstance(value, str) else number(value)


_PROVENANCE = (mapping(text), mapping(_plain), mapping(number), mapping(whole))


@contextmanager
def _unbounded(db: Database) -> Iterator[None]:
    """Writing may take what it needs: a database that is written to was looked through when it was opened."""
    db.set_progress_handler(None, 0)
    try:
        yield
    finally:
        db.set_progress_handler(db.spend, database.STEP)
