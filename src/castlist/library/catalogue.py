"""The catalogue of a library: opening it, updating it from the log, rebuilding it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Protocol

from castlist.errors import CastlistError, WorkspaceError
from castlist.library import apply, lookup, schema, storage, undo, views
from castlist.library.check import Problem, applied, names_complete, note_names_complete, workspace_away
from castlist.library.grow import Growth
from castlist.library.harvest import FilmFacts, harvest
from castlist.library.log import Data, Event, EventKind, now
from castlist.library.names import bring_all_names
from castlist.library.questions import questions_after
from castlist.library.ulid import new_ulid
from castlist.library.views import LibraryFilm

__all__ = ["Catalogue", "RecordEvents"]

Fills = Sequence[tuple[FilmFacts, Growth]]  # films whose workspaces were read

_MAKING_ASIDE = Lock()  # held while a catalogue is made in a temporary folder


class RecordEvents(Protocol):
    """Adds events to the catalogue and the log, all of them or none."""

    def __call__(
        self,
        events: Sequence[tuple[EventKind, Data]],
        author: str = "",
        fills: Fills = (),
        ask: bool = False,
    ) -> int:
        """Record events; returns the number of the first one.

        Args:
            events: kinds and data, in order.
            author: who decided the events; "" for castlist itself.
            fills: films whose people, faces and times are read into the tables.
            ask: whether to add the questions about people that the events join or part.
        """
        ...


class Catalogue:
    """The tables of a library, made from its log and the workspaces of its films.

    Args:
        path: the folder of the library.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._aside: Path | None = None  # a catalogue made in a temporary folder

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to one state of the catalogue, for read-only queries.

        Raises:
            WorkspaceError: there is no library, or it is damaged.
        """
        with storage.sentences(self.path):
            storage.check_folder(self.path)
            with closing(self._connected(write=False)) as db:
                db.execute("BEGIN")
                with storage.understood(self.path):
                    yield db

    def _connected(self, *, write: bool, locked: bool = False) -> sqlite3.Connection:
        """A connection to the catalogue, after a rebuild if an earlier castlist made it."""
        try:
            return storage.connect(self.path, write=write)
        except schema.OlderCatalogue:
            if not os.access(self.path, os.W_OK):
                if write:
                    raise
                return self._connected_aside()
            self.rebuild(locked=locked)
            return storage.connect(self.path, write=write)

    def _connected_aside(self) -> sqlite3.Connection:
        """A catalogue in a temporary folder, made anew for a library that cannot be written.

        It is made once, and again when the log has grown; it is removed when the program ends.
        """
        with _MAKING_ASIDE:
            if self._aside is not None:
                db = storage.connect(self._aside, write=False)
                if applied(db) == storage.event_log(self.path).count():
                    return db
                db.close()
            aside = Path(mkdtemp(prefix="castlist-"))
            weakref.finalize(self, shutil.rmtree, aside, ignore_errors=True)
            self._made_anew(aside / storage.CATALOGUE)
            self._aside = aside
            return storage.connect(aside, write=False)

    @contextmanager
    def writing(self) -> Iterator[tuple[sqlite3.Connection, RecordEvents]]:
        """The catalogue, up to date with the log, and a function that adds events to both, all or none.

        With `ask`, the function also adds the questions about people that the events join or part.
        """
        storage.check_folder(self.path)
        with storage.locked(self.path), storage.sentences(self.path):
            connected = closing(self._connected(write=True, locked=True))
            with connected as db, storage.understood(self.path):
                self._catch_up(db)
                if not names_complete(db):
                    bring_all_names(db, self.path)
                    note_names_complete(db)

                def record(
                    events: Sequence[tuple[EventKind, Data]], author: str = "", fills: Fills = (),
                    ask: bool = False,
                ) -> int:  # fmt: skip
                    return self._record(db, events, author, fills, ask=ask)

                yield db, record
                if not names_complete(db):
                    note_names_complete(db)
            with suppress(sqlite3.Error), closing(storage.connect(self.path, write=True)) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def finish(self) -> None:
        """Finish the work of a killed command; `writing` does the same, but films may be read before it."""
        with self.writing():
            pass

    def _record(
        self,
        db: sqlite3.Connection,
        events: Sequence[tuple[EventKind, Data]],
        author: str,
        fills: Fills = (),
        *,
        ask: bool = False,
    ) -> int:
        """Add events to the tables and the log; returns the number of the first one.

        The log decides: a catalogue that is behind it catches up. If the catalogue cannot take the events
        (the disk is full), the log has none of them either.
        """
        size: int | None = None
        log, first = storage.event_log(self.path), applied(db)
        time = undo.own_time(db, first, author)
        made: list[Event] = []

        def happen(events: Sequence[tuple[EventKind, Data]]) -> None:
            for kind, data in events:
                made.append(Event(kind, data, author, time, first + len(made) + 1))
                apply.apply_event(db, made[-1])

        db.execute("BEGIN IMMEDIATE")
        try:
            happen(events)
            if ask and (people := undo.joined_or_parted(db, first + 1)):
                happen(questions_after(db, people))
            for facts, growth in fills:
                film = lookup.find_film(db, facts.video.digest)
                if film is not None:
                    apply.fill(db, film, facts, growth.keys)
            size = log.extend(made)
            db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            with suppress(sqlite3.Error, OSError):
                if size is not None and applied(db) == first:
                    log.cut(size)
            raise
        return first + 1

    def _catch_up(self, db: sqlite3.Connection) -> None:
        """Apply events of the log that the catalogue lacks: a castlist was killed between writing the two."""
        log, held = storage.event_log(self.path), applied(db)
        if log.count() < held:
            raise WorkspaceError(
                f"{self.path}: its log is older than its catalogue, so the folder was not copied "
                f"completely; bring back its {storage.LOG}, or run castlist library rebuild"
            )
        behind = list(log.read(held))
        if behind:
            db.execute("BEGIN IMMEDIATE")
            for event in behind:
                apply.apply_event(db, event)
            self._fill_all(db, {e.data["digest"] for e in behind if e.kind == EventKind.FILM})
            db.execute("COMMIT")

    def _fill_all(self, db: sqlite3.Connection, digests: set[str] | None = None) -> list[Problem]:
        """Read the workspaces that can be reached into the tables again."""
        problems = []
        for film in views.films(db, self.path):
            if digests is None or film.digest in digests:
                try:
                    facts = _harvested(film)
                except CastlistError as error:
                    problems.append(Problem(film.name, str(error)))
                    continue
                before = lookup.anchors_by_key(db, film.id)
                apply.fill(db, film.id, facts, apply.match(before, facts)[0])
        return problems

    def make(self) -> None:
        """Make a new library: its folder, its log with its id, an empty catalogue."""
        storage.make(self.path)
        with storage.locked(self.path), storage.sentences(self.path):
            log = storage.event_log(self.path)
            if not log.count():
                log.extend([Event(EventKind.BEGIN, {"library": new_ulid()}, "", now(), 1)])
            if not (self.path / storage.CATALOGUE).exists():
                self.rebuild(locked=True)

    def rebuild(self, *, locked: bool = False) -> list[Problem]:
        """Make the catalogue anew from the log and the film workspaces; returns what could not be read.

        Args:
            locked: whether the caller holds the lock of the library.
        """
        if not locked:
            storage.check_folder(self.path)
            with storage.locked(self.path), storage.sentences(self.path):
                return self.rebuild(locked=True)
        new = self.path / f"{storage.CATALOGUE}.new"
        new.unlink(missing_ok=True)
        problems = self._made_anew(new)
        with closing(sqlite3.connect(new, isolation_level=None)) as db:
            bring_all_names(db, self.path)
            note_names_complete(db)
        for name in ("-wal", "-shm", "-journal"):
            (self.path / f"{storage.CATALOGUE}{name}").unlink(missing_ok=True)
        os.replace(new, self.path / storage.CATALOGUE)
        return problems

    def _made_anew(self, new: Path) -> list[Problem]:
        """Write a new catalogue from the log and the film workspaces."""
        with closing(sqlite3.connect(new, isolation_level=None)) as db:
            db.execute("PRAGMA foreign_keys = ON")
            schema.create(db)
            db.execute("BEGIN")
            with storage.understood(self.path, storage.DAMAGED_LOG):
                for event in storage.event_log(self.path).read():
                    apply.apply_event(db, event)
            problems = self._fill_all(db)
            problems += _lost(self.path, db)
            db.execute("COMMIT")
        return problems


def _lost(library: Path, new: sqlite3.Connection) -> list[Problem]:
    """Events and films of the former catalogue, if it can be read, that the one made from the log lacks."""
    try:
        with closing(storage.connect(library, write=False)) as old:
            events, films = applied(old), old.execute("SELECT digest, name FROM film ORDER BY id").fetchall()
    except (CastlistError, sqlite3.Error):
        return []
    if events <= applied(new):
        return []
    lost = [name for digest, name in films if lookup.find_film(new, digest) is None]
    problem = (
        f"the log was not copied completely: {events - applied(new)} of its lines are missing, and what was "
        "decided in them is lost; bring back the whole log and rebuild again"
    )
    return [Problem("", problem), *(Problem(n, "is not in the log; add the film again") for n in lost)]


def _harvested(film: LibraryFilm) -> FilmFacts:
    if away := workspace_away(film):
        raise WorkspaceError(f"{away}; until then the times of its people are not known")
    facts = harvest(film.workspace)
    if facts.video.digest != film.digest:
        raise WorkspaceError(
            f"{film.workspace}: contains another film than the one that was added; bring the old "
            f"workspace back, or run castlist library remove {film.name}"
        )
    return facts
