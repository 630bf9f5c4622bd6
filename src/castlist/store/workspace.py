"""The workspace `film.castlist/`: all data about a film, safe against interruptions.

with Workspace.open(Workspace.beside(Path("film.mp4")), create=True) as workspace:
    workspace.put_video(video)
    workspace.append(key, piece)  # durable when it returns
    scan = workspace.scan(key)  # always the stored data, never the data in memory
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from castlist.cast import Cast
from castlist.decisions.apply import apply
from castlist.decisions.base import Base
from castlist.decisions.decision import Decision, active
from castlist.decisions.people import cast_of
from castlist.errors import WorkspaceError
from castlist.store import (
    casts,
    database,
    erase,
    files,
    film,
    notes,
    paths,
    results,
    runs,
    scans,
    schema,
    summary,
)
from castlist.store import proposals as proposed
from castlist.store.database import now
from castlist.store.folder import EMBEDDINGS, THUMBS, Folder
from castlist.store.lock import Lock
from castlist.store.log import Log
from castlist.store.rows import rows, whole
from castlist.store.runs import Run
from castlist.store.scanned_film import ScannedFilm
from castlist.types import Portraits

__all__ = ["KeptPictures", "Workspace"]


@dataclass(frozen=True, slots=True)
class KeptPictures:
    """The pictures of a workspace by name, for a cast that is used after the workspace was closed."""

    place: Path  # absolute, since a program may change its folder

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", self.place.absolute())

    def __call__(self, name: str) -> bytes:
        """The bytes of a JPEG; raises the errors of `Workspace.image`."""
        with Workspace.open(self.place, write=False) as opened:
            return opened.image(name)


class Workspace(ScannedFilm):
    """One film's results and decisions. Made by `Workspace.open`; use it in a `with` statement."""

    # Opening and closing

    @staticmethod
    def beside(video: Path) -> Path:
        """The workspace's path for a film: film.castlist beside film.mp4; see `store.paths.beside`."""
        return paths.beside(Path(video))

    @classmethod
    def open(cls, path: Path | str, *, create: bool = False, write: bool = True) -> Self:
        """Open a workspace.

        Args:
            create: make the workspace if it is missing.
            write: open it for a run; only one run is possible at a time. Readers can work during a run.

        Raises:
            WorkspaceError: there is none, it is damaged, or it cannot be written.
            WorkspaceBusy: another run is using it.
            WorkspaceNewer: a later version of castlist wrote it.
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
        """Close the database and release the lock."""
        self._decider.close()
        try:
            if self._lock:  # so that a copy of cast.db alone, or a read-only medium, is complete
                with suppress(sqlite3.Error):
                    self._db.rollback()  # after an earlier failure
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

    # Erasing

    def erase(
        self,
        tracks: Sequence[int],
        names: Sequence[str] = (),
        scan: str | None = None,
        *,
        marks: Sequence[str] = (),
    ) -> tuple[Cast, Portraits]:
        """Erase tracks of the cast: their vectors, pictures and rows; and names, in the decisions, too.

        No byte of these stays in the workspace. Other scans than that of the cast, stored results of steps,
        and faces without a track are removed as well.

        Args:
            scan: the key of the cast's scan; by default the newest scan.
            marks: later returned by `erased_before`.

        Returns:
            The cast without the tracks, and its pictures; both are stored.

        Raises:
            WorkspaceError: the scan of the cast is missing, or writing failed.
            WorkspaceBusy: another castlist process is reading the workspace.
        """
        noted = paths.film_noted(self.path)
        self._db.execute("PRAGMA secure_delete = ON")
        with self._writing() as db:  # one transaction: no decision and no crash in between
            less, pictures = self._erase(db, tracks, names, scan, marks)
            if noted is not None and noted.renamed:
                notes.put_renamed(db, self.path, "")
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
        """The changes of `erase` in the database; the machine's result for other people stays."""
        cast, portraits, log = self.cast(), self.portraits(), self.decisions.all()
        (run, _), base, before = self.cast_run(), self.machine(), self.erased_before()
        found = scans.newest_finished(db, scan)
        if found is None:
            raise WorkspaceError(f"{self.path}: its scan is gone; run castlist find on the film again")
        kept = erase.Kept.of(cast, tracks, erase.scrub(db, self._folder, found, cast, tracks))
        less, pictures = erase.without(cast, portraits, kept)
        rest = erase.base_of_rest(base, cast, log, kept)
        erase.blank(db, names)
        proposed.erase(db, cast, tracks, names)
        last, left = self.decisions.last(), {person.id for person in less.everybody}
        casts.put(db, less, pictures, None if rest is None else run, now(), last)
        joined = {old: new for old, new in cast.joined.items() if new in left}
        notes.put_joined(db, joined, last)
        notes.put_erased(db, run or 0, {*before, *marks})
        if rest is not None:
            results.put(db, "machine", f"run {run}", rest)
        return less, pictures

    def erased_before(self) -> frozenset[str]:
        """The marks of the people erased from the run of the stored cast."""
        with self._reading() as db:
            return notes.erased_marks(db, self.path, self.cast_run()[0] or 0)

    @property
    def erased(self) -> bool:
        """Whether any person was erased: pictures of the film may still show that person."""
        with self._reading() as db:
            return notes.is_erased(db, self.path)

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
        """Store the start of a run with its provenance; returns the run's number."""
        with self._writing() as db:
            return runs.begin(db, recipe, version, models, seed, machine or {})

    def run_finished(self, run: int, timings: Mapping[str, float], counts: Mapping[str, int]) -> None:
        """Store the end of a run, and remove old scans."""
        with self._writing() as db:
            runs.finish(db, run, timings, counts)
        self.prune()

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        with self._reading() as db:
            return runs.read(db)

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
            portraits: pictures of all tracks, including set-aside ones.
            run: the result of `run_started`.
            decision: the latest decision applied to this cast.
        """
        pictures = Portraits.empty() if portraits is None else portraits
        if cast.joined or self._joined(decision):
            with self._writing() as db:
                notes.put_joined(db, cast.joined, decision)
        with self._reading() as db:
            change = casts.changed(db, cast, pictures, run)
        with self._writing() as db:
            if change is None:
                casts.put(db, cast, pictures, run, now(), decision)
            else:
                casts.renew(db, change, now(), decision)

    def cast(self) -> Cast:
        """The cast of the last finished run, after all decisions, including the latest.

        Raises:
            WorkspaceError: there is no cast, or the tables are damaged.
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
        """The whole log, if it has decisions not yet applied to the stored cast."""
        stored = rows(db, "SELECT decision FROM casts", (whole,))
        return self.decisions.all() if stored and stored[0][0] < self.decisions.last() else []

    def _joined(self, decision: int) -> dict[int, int]:
        with self._reading() as db:
            return notes.joined_numbers(db, self.path, decision)

    def cast_run(self) -> tuple[int | None, int]:
        """The run of the stored cast, None if unknown, and the latest decision applied to it."""
        with self._reading() as db:
            return casts.made_by(db)

    def scan_state(self) -> str:
        """A text that changes with the film, the run of the stored cast, and the last erasure.

        Decisions rely on these. It also changes if another workspace is moved to this path.
        """
        with self._reading() as db:
            return _scan_state(db)

    def machine(self) -> Base | None:
        """The machine's result in the run of the stored cast; None if it is not stored."""
        run, _ = self.cast_run()
        try:
            return self.get("machine", f"run {run}", Base) if run is not None else None
        except WorkspaceError:  # of another version, or damaged: it can be computed again
            return None

    def portraits(self) -> Portraits:
        """The pictures stored with the cast, including those of set-aside tracks."""
        with self._reading() as db:
            return casts.get_portraits(db)

    def summary(self) -> summary.Summary:
        """The content of the workspace as plain values: film, scans, cast, decisions, runs, bytes."""
        video, runs, decisions = self.video(), self.runs(), self.decisions.all()
        with self._reading() as db:
            scanned, cast, names = summary.scans(db), summary.cast(db), proposed.counts(db)
            if cast is not None and self._newer_decisions(db):
                cast |= summary.people(self.cast())
            ends = casts.ends(db, video) if video is not None else None
        return {
            "workspace": paths.path_text(self.path),
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
        """The log of decisions; a workspace opened for reading takes decisions, too."""
        return Log(self._reading, self._deciding, _scan_state)

    @property
    def proposals(self) -> proposed.Proposals:
        """Proposed names from files of other programs; written like decisions."""
        return proposed.Proposals(self._reading, self._deciding)

    @contextmanager
    def _deciding(self) -> Iterator[sqlite3.Connection]:
        """A transaction of a separate connection, which does not wait for runs."""
        if self._db.earlier:
            self._upgrade()
        if self._db.copied:
            raise WorkspaceError(self._db.copied)
        with files.sentences(self.path), self._decider.deciding() as db:
            yield db

    def _upgrade(self) -> None:
        """Upgrade a workspace of an earlier version, opened for reading, to the current schema.

        Raises:
            WorkspaceBusy: a run is using it.
            WorkspaceError: it cannot be written.
        """
        Workspace.open(self.path).close()
        with self._thread, files.sentences(self.path):
            self._reopen()


def _scan_state(db: sqlite3.Connection) -> str:
    """See `Workspace.scan_state`."""
    found, run = film.read(db), casts.made_by(db)[0]
    started = "" if run is None else runs.started(db, run)
    return " ".join(("" if found is None else found.digest, str(run or 0), started, notes.last_erased(db)))
