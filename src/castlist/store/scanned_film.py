"""What a run stores in a workspace, and how: the film, scans, pictures, results of steps, transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from castlist.errors import InputError, WorkspaceError
from castlist.store import (
    database,
    files,
    film,
    notes,
    prune,
    results,
    scans,
)
from castlist.store.database import Database, transaction, unbounded
from castlist.store.deciding import DecisionConnection
from castlist.store.folder import THUMBS, Folder
from castlist.store.lock import Lock
from castlist.store.pictures import PictureFiles
from castlist.types import Scan, Video

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["ScannedFilm"]

T = TypeVar("T")


class ScannedFilm:
    """The part of a workspace that a run fills; `Workspace` adds casts, decisions and erasing."""

    def __init__(self, folder: Folder, db: Database, lock: Lock | None) -> None:
        self.path = folder.path
        self._folder = folder
        self._db = db
        self._lock = lock
        self._thread = RLock()
        self._decider = DecisionConnection(folder)
        self._used: set[str] = set()  # keys of scans that were read or written
        self._pictures = PictureFiles(folder)

    def __repr__(self) -> str:
        return f"<Workspace {self.path}>"

    @property
    def thumbs(self) -> Path:
        """The folder of small JPEGs; use `image` to read one by name."""
        return self.path / THUMBS

    # The film

    def video(self) -> Video | None:
        """The film, None where no run has begun. Where it moved along with the workspace, its new path."""
        with self._reading() as db:
            video = film.read(db)
        if video is None:
            return None
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
            with self._writing() as db:
                notes.put_renamed(db, self.path, before.path.name)
        with self._writing() as db:
            film.write(db, video)

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
            scan = scans.begin(db, key)
            self._used.add(key)
            scans.append(db, self._folder, scan, key, piece)
            self._pictures.sync()
            if last:
                scans.finish(db, key)

    def complete(self, key: str) -> None:
        """Note that the film has no further segments (it may have had none at all)."""
        with self._writing() as db:
            scans.begin(db, key)
            scans.finish(db, key)

    def is_complete(self, key: str) -> bool:
        """Whether a scan reached the film's end."""
        with self._reading() as db:
            return scans.is_finished(db, key)

    def scan(self, key: str) -> Scan | None:
        """All stored segments of a scan as one, None where there is none; holds each column once.

        Raises:
            ScanLost: a shard of vectors is missing or damaged.
        """
        with self._reading() as db:
            self._used.add(key)
            number = scans.number_of(db, key)
            return None if number is None else scans.join(db, self._folder, number)

    def scan_keys(self, before: str) -> list[str]:
        """The keys of the scans that were finished by a moment (UTC, ISO 8601), the newest first.

        An earlier castlist may have made them under keys that no recipe has today.
        """
        with self._reading() as db:
            return scans.finished_by(db, before)

    def retimed(self, key: str) -> int:
        """How many frames of a scan so far have another time than the film gives them."""
        with self._reading() as db:
            return scans.retimed(db, key)

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
            return scans.of_segments(db, column, key)

    # Pictures

    def put_image(self, jpeg: bytes) -> str:
        """Keep a picture under the hash of its content; its name. Equal pictures are kept once.

        It survives a power cut once the segment that follows it is stored.
        """
        with files.sentences(self.path):
            return self._pictures.put(jpeg)

    def has_image(self, name: str) -> bool:
        """Whether a picture of that name is there, whole."""
        return self._pictures.has(name)

    def image(self, name: str) -> bytes:
        """A picture by the name that `put_image` gave.

        Raises:
            InputError: that is no such name.
            WorkspaceError: the picture is missing or damaged.
        """
        return self._pictures.get(name)

    # Results of whole-film steps

    def put(self, name: str, key: str, table: DataclassInstance) -> None:
        """Keep a table under a name and a key; of each name the newest few keys are kept.

        Raises:
            InputError: the table holds something else than arrays, numbers, text and tables of those.
        """
        with self._writing() as db:
            results.put(db, name, key, table)

    def get(self, name: str, key: str, kind: type[T]) -> T | None:
        """The table of that name and key, None where there is none.

        Raises:
            WorkspaceError: what is stored there is of another type, or damaged.
        """
        with self._reading() as db:
            return results.get(db, self.path, name, key, kind)

    # Transactions

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The database as it stands now: what others write meanwhile is not seen."""
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
        """A transaction that happens as a whole, durably, or not at all."""
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
        """Read the database that has the name now; where there is none, what was read before stays."""
        if self._folder.status(database.DATABASE) is not None:
            before, self._db = self._db, database.connect(self._folder, write=False)
            before.close()
