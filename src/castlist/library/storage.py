"""A library's folder: open, lock, and translate its errors into sentences."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from castlist.errors import CastlistError, InputError, WorkspaceBusy, WorkspaceError
from castlist.library import schema
from castlist.library.log import EventLog
from castlist.outputs import kind_of_folder
from castlist.shell_words import shell_path
from castlist.store import database
from castlist.store.files import FORBIDDEN, forbids, of_machine, of_system, translated_errors, wording
from castlist.store.folder import Folder
from castlist.store.lock import Lock

__all__ = [
    "CATALOGUE",
    "LOG",
    "check_folder",
    "connect",
    "event_log",
    "is_library",
    "locked",
    "make",
    "sentences",
    "understood",
]

CATALOGUE, LOG = "catalogue.db", "log.jsonl"
FILES = (CATALOGUE, *(CATALOGUE + end for end in ("-wal", "-shm", "-journal")), LOG, "lock")
PATIENCE = 120.0  # seconds that a process waits for another one to finish with a library
DAMAGED = (
    f"{{}}: {CATALOGUE} is damaged ({{}}); castlist library rebuild makes it again from the log and the films"
)
DAMAGED_LOG = f"{{}}: {LOG} contains something that castlist does not write ({{}}); bring back a copy of it"
WORK = 100  # times the work of reading each byte once: questions join some tables


def check_folder(path: Path) -> None:
    """Refuse a path that is not a library, before anything is changed.

    Raises:
        WorkspaceError: there is no library, or a file of it is a link, a pipe or a folder.
    """
    if not path.is_dir():
        reason = "is a file, not a library" if path.exists() else "there is no library here"
        raise WorkspaceError(f"{path}: {reason}; castlist library add makes one")
    if kind_of_folder(path) == "workspace":
        raise WorkspaceError(
            f"{path}: is the workspace of one film, not a library; castlist library add my-library "
            f"{shell_path(str(path))} makes a library with this film"
        )
    folder = Folder(path)
    for name in FILES:
        folder.check(name)
    if not (path / LOG).exists():
        raise WorkspaceError(
            f"{path}: has no {LOG}, so it is not a library, or was not copied completely; "
            "castlist library add makes a new one"
        )


def is_library(path: Path) -> bool:
    """Whether a folder is a library of films, rather than the workspace of one."""
    return (path / LOG).exists() and not (path / "cast.db").exists()


def make(path: Path) -> None:
    """Make the folder of a library where it does not exist.

    Raises:
        WorkspaceError: the path is something else, or cannot be written.
    """
    with sentences(path):
        if path.exists() and not path.is_dir():
            raise WorkspaceError(f"{path}: is a file; name a folder for the library")
        path.mkdir(parents=True, exist_ok=True)
        others = [f.name for f in path.iterdir() if f.name not in FILES and not f.name.endswith(".castlist")]
        if others and not (path / LOG).exists() and (path / "cast.db").exists():
            raise WorkspaceError(f"{path}: is the workspace of a film; name another folder for the library")


@contextmanager
def locked(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a library for writing; several processes get it one after the other.

    Raises:
        WorkspaceBusy: another process held it for longer than `patience`.
    """
    with sentences(path):
        until = time.monotonic() + patience
        while True:
            try:
                lock = Lock(Folder(path))
                break
            except WorkspaceBusy:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
    try:
        _sweep(path)
        yield
    finally:
        lock.release()


def _sweep(path: Path) -> None:
    """Remove partly written files of a killed process, also vectors. Only with the lock held."""
    folder = Folder(path)
    for name in folder.names():
        folder.remove(name)


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection to the catalogue; on a read-only medium it is read in place.

    Raises:
        WorkspaceError: it is missing, damaged or changed by another program.
        WorkspaceNewer: a later castlist wrote it.
    """
    folder = Folder(path)
    found = folder.check(CATALOGUE)
    if found is None or not found.st_size:
        raise WorkspaceError(
            f"{path}: has no catalogue; castlist library rebuild makes it from the log and the films"
        )
    db = database.reach(folder, "rw" if write else "ro", CATALOGUE)
    try:
        schema.check(db, path)
        db.allow(WORK * db.size)
        if write:
            db.set_progress_handler(None, 0)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
        else:
            db.execute("PRAGMA query_only = ON")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def understood(path: Path, damaged: str = DAMAGED) -> Iterator[None]:
    """Report a row of the catalogue that cannot be understood, within this context, as damage.

    SQLite takes any value in any column, and a catalogue may come from an unknown source.

    Args:
        damaged: the sentence, with places for the library and for the cause.

    Raises:
        InputError: the text that is searched for cannot be stored.
        WorkspaceError: a value does not fit its column.
    """
    try:
        yield
    except CastlistError:
        raise
    except UnicodeEncodeError as error:  # of the caller's text: stored text was decoded already
        raise InputError(f"{error.object[:40]!r} has characters that no text can have") from None
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
        raise WorkspaceError(damaged.format(path, wording(error))) from error


def event_log(path: Path) -> EventLog:
    """The log of a library."""
    return EventLog(Folder(path), LOG)


def sentences(path: Path) -> AbstractContextManager[None]:
    """Turn the errors of SQLite and the operating system about a library into one clear sentence.

    Raises:
        WorkspaceError: the disk is full, the folder cannot be written, the catalogue is damaged, ...
        WorkspaceBusy: another process kept the catalogue locked for too long.
    """
    return translated_errors(path, _of_sqlite, _of_system)


def _of_system(path: Path, error: OSError) -> WorkspaceError:
    if error.errno in FORBIDDEN:
        return WorkspaceError(f"{path}: cannot be written ({error.strerror}); it can still be searched")
    return of_system(path, error)


def _of_sqlite(path: Path, error: sqlite3.Error) -> WorkspaceError:
    if (found := of_machine(path, error)) is not None:
        return found
    if forbids(error):
        return _of_system(path, OSError(errno.EACCES, wording(error)))
    return WorkspaceError(DAMAGED.format(path, wording(error)))
