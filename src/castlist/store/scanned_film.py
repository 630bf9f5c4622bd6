"""The part of a workspace that runs write: film, scans, pictures, results of steps, transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from castlist.errors import InputError, WorkspaceError
from castlist.shell_words import shell_path
from castlist.store import (
    casts,
    database,
    files,
    film,
    notes,
    prune,
    results,
    runs,
    scans,
)
from castlist.store.database import Database, transaction, unbounded
from castlist.store.deciding import DecisionConnection
from castlist.store.folder import THUMBS, Folder
from castlist.store.lock import Lock
from castlist.store.pictures import PictureFiles
from castlist.store.rows import rows, text
from castlist.types import Scan, Video

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["ScannedFilm"]

T = TypeVar("T")


class ScannedFilm:
    """The part of a workspace that runs write; `Workspace` adds casts, decisions and erasing."""

    def __init__(self, folder: Folder, db: Database, lock: Lock | None) -> None:
        self.path = folder.path
        self._folder = folder
        self._db = db
        self._lock = lock
        self._thread = RLock()
        self._decider = DecisionConnection(folder)
        self._used: set[str] = set()  # keys of scans read or written since opening
        self._pictures = PictureFiles(folder)

    def __repr__(self) -> str:
        return f"<Workspace {self.path}>"

    @property
    def thumbs(self) -> Path:
        """The folder of small JPEGs; use `image` to read one by name."""
        return self.path / THUMBS

    # The film

    def video(self) -> Video | None:
        """The film, None before the first run; its new path if it moved together with the workspace."""
        with self._reading() as db:
            video = film.read(db)
        if video is None:
            return None
        moved = self.path.parent / video.path.name
        return replace(video, path=moved) if not video.path.exists() and moved.exists() else video

    def put_video(self, video: Video, *, grown: bool = False) -> None:
        """Store the workspace's film; a film that was moved or renamed keeps its workspace.

        Args:
            grown: it is the film that the workspace is about, whose file was not complete before.

        Raises:
            InputError: the workspace is about another film.
        """
        before = self.video()
        if before is not None and before.digest != video.digest and not grown:
            raise InputError(
                f"{self.path}: contains the cast of another film ({before.path.name}, or an earlier version "
                "of this one); castlist find FILM --out FOLDER finds the cast in another folder, and "
                f"castlist decide FOLDER import {shell_path(str(self.path))} copies the decisions to it"
            )
        if before is not None and before.path.name != video.path.name:
            with self._writing() as db:
                notes.put_renamed(db, self.path, before.path.name)
        with self._writing() as db:
            film.write(db, video)
            with suppress(OSError):
                notes.put_film_size(db, os.stat(video.path).st_size)

    def film_size(self) -> int:
        """Bytes of the film's file when its cast was found; 0 if unknown."""
        with self._reading() as db:
            return notes.film_size(db, self.path)

    def is_incomplete(self) -> bool:
        """Whether the film was not searched to its end, or its file lacked a part."""
        with self._reading() as db:
            if not any(run.finished for run in runs.read(db)):
                return True
            number = scans.number_of(db, scans.newest_finished(db, None) or "")
            return number is not None and scans.counted(db, number)[1] > 0

    def drop_found(self) -> None:
        """Remove the cast, scans and runs, so that the workspace can be used for another version of the film.

        Raises:
            WorkspaceError: the workspace has decisions or proposed names, or a person was erased from it.
        """
        with self._writing() as db:
            tables = ("decisions", "proposals")
            counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]  # noqa: S608
            if any(counts) or notes.is_erased(db, self.path):
                raise WorkspaceError(f"{self.path}: holds decisions, which are kept")
            casts.drop(db)
            results.drop(db)
            for (key,) in rows(db, "SELECT key FROM scans", (text,)):
                prune.drop(db, key)
            db.execute("DELETE FROM runs")
            db.execute("DELETE FROM video")
        self._sweep()

    # The scan

    def segments(self, key: str) -> int:
        """Number of stored segments of a scan."""
        return self._of_scan("count(*)", key) or 0

    def frames(self, key: str) -> int:
        """Number of frames in the stored segments of a scan."""
        return self._of_scan("sum(frames)", key) or 0

    def last_pts(self, key: str) -> int | None:
        """The timestamp of the last stored frame of a scan, None if there is none."""
        return self._of_scan("max(last_pts)", key)

    def append(self, key: str, piece: Scan, *, last: bool = False) -> None:
        """Store the next segment of a scan; when this returns, it survives a power cut.

        Continue with `scan(key)`, never with `piece`: stored vectors are float16.

        Args:
            last: the film ends with it. Unreadable parts at the film's end are counted in the last segment,
                stored at the same time: a run killed in between would count them twice.

        Raises:
            InputError: the piece does not continue the one before, or its vectors do not fit float16.
            WorkspaceError: it could not be written, or the scan is complete; nothing was changed.
        """
        if self.is_complete(key):
            raise WorkspaceError(f"{self.path}: this scan is complete; nothing can be added to it")
        with self._writing() as db:
            scan = scans.begin(db, key)
            self._used.add(key)
            scans.append(db, self._folder, scan, key, piece)
            self._pictures.sync()
            if last:
                scans.finish(db, key)

    def complete(self, key: str) -> None:
        """Note that the film has no further segments (it may have none at all)."""
        with self._writing() as db:
            scans.begin(db, key)
            scans.finish(db, key)

    def is_complete(self, key: str) -> bool:
        """Whether a scan reached the film's end."""
        with self._reading() as db:
            return scans.is_finished(db, key)

    def scan(self, key: str) -> Scan | None:
        """All stored segments of a scan as one, None if there are none; needs memory for each column once.

        Raises:
            ScanLost: a shard of vectors is missing or damaged.
        """
        with self._reading() as db:
            self._used.add(key)
            number = scans.number_of(db, key)
            return None if number is None else scans.join(db, self._folder, number)

    def scan_keys(self, before: str) -> list[str]:
        """The keys of scans finished before a time (UTC, ISO 8601), newest first.

        Earlier versions of castlist may have used keys that no recipe has today.
        """
        with self._reading() as db:
            return scans.finished_by(db, before)

    def retimed(self, key: str) -> int:
        """Number of frames in a scan so far with a corrected time."""
        with self._reading() as db:
            return scans.retimed(db, key)

    def forget(self, key: str) -> None:
        """Remove a scan, so that it can be made again; decisions and casts stay."""
        with self._writing() as db:
            prune.drop(db, key)
        self._sweep()

    def prune(self) -> int:
        """Remove old scans; returns the freed bytes of vectors and pictures. Decisions and the cast stay.

        Scans used since the workspace was opened are kept, and the newest other scan. A run does this at its
        end.
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
        """Remove files without a row; free unused pages of the database unless another process is reading."""
        with self._reading() as db:
            freed = prune.sweep(db, self._folder)
        with self._thread, suppress(sqlite3.Error):
            self._db.execute("VACUUM")
        return freed

    def _of_scan(self, column: str, key: str) -> int | None:
        with self._reading() as db:
            return scans.of_segments(db, column, key)

    # Pictures

    def put_image(self, jpeg: bytes) -> str:
        """Store a picture by the hash of its content; returns its name. Equal pictures are stored once.

        It survives a power cut once the next segment is stored.
        """
        with files.sentences(self.path):
            return self._pictures.put(jpeg)

    def has_image(self, name: str) -> bool:
        """Whether there is a complete picture of that name."""
        return self._pictures.has(name)

    def image(self, name: str) -> bytes:
        """A picture by its name from `put_image`.

        Raises:
            InputError: it is not the name of a picture.
            WorkspaceError: the picture is missing or damaged.
        """
        return self._pictures.get(name)

    # Results of whole-film steps

    def put(self, name: str, key: str, table: DataclassInstance) -> None:
        """Store a table by name and key; for each name only the newest few keys are kept.

        Raises:
            InputError: the table has other fields than arrays, numbers, text and tables of these.
        """
        with self._writing() as db:
            results.put(db, name, key, table)

    def get(self, name: str, key: str, kind: type[T]) -> T | None:
        """The table with this name and key, None if there is none.

        Raises:
            WorkspaceError: it is of another type, or damaged.
        """
        with self._reading() as db:
            return results.get(db, self.path, name, key, kind)

    # Transactions

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The current database in a read transaction: later changes by other processes are not visible."""
        with self._thread, files.sentences(self.path):
            if self._db.in_transaction:
                yield self._db
                return
            if self._lock is None and database.is_replaced(self._db, self._folder):
                self._reopen()
            database.refresh(self._db, self._folder)
            self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                self._db.rollback()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that becomes durable as a whole, or not at all."""
        if self._lock is None:
            raise WorkspaceError(f"{self.path}: is open only for reading")
        with self._thread, files.sentences(self.path):
            if database.is_replaced(self._db, self._folder):
                raise WorkspaceError(
                    f"{self.path}: was moved, deleted or replaced while castlist wrote to it, so nothing "
                    "more is written; leave it there while castlist works, and run the same command again"
                )
            with unbounded(self._db), transaction(self._db):
                yield self._db

    def _reopen(self) -> None:
        """Open the database that has the name now; if there is none, keep the open one."""
        if self._folder.status(database.DATABASE) is not None:
            before, self._db = self._db, database.connect(self._folder, write=False)
            before.close()
