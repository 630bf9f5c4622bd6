"""Writes files atomically, and translates errors of the disk and of SQLite into sentences."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from castlist.errors import CastlistError, WorkspaceBusy, WorkspaceError
from castlist.outputs import FULL, check_output, remove_unfinished, unwritten
from castlist.store.folder import Folder

__all__ = ["forbids", "of_machine", "of_system", "sentences", "translated_errors", "wording", "write"]

FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_SAID = 100  # characters of SQLite's message, which may quote text of a damaged schema


def write(path: Path, data: bytes) -> None:
    """Write a file of the user, whole or not at all; it survives a power cut.

    Raises:
        InputError: the path is a film, a database, a folder, or a file of a workspace or library.
        CastlistError: the disk is full, or the folder cannot be written; an existing file is unchanged.
    """
    check_output(path)
    try:
        remove_unfinished(path)
        with Folder(path.parent).written(path.name) as file:
            file.write(data)
    except OSError as error:
        raise CastlistError(unwritten(path, error)) from error


def sentences(path: Path) -> AbstractContextManager[None]:
    """Turn errors of SQLite and of the operating system about a workspace into one clear sentence.

    Raises:
        WorkspaceError: the disk is full, the folder cannot be written, the database is damaged, ...
        WorkspaceBusy: another process kept the database locked for too long.
    """
    return translated_errors(path, _of_sqlite, of_system)


@contextmanager
def translated_errors(
    path: Path,
    of_sqlite: Callable[[Path, sqlite3.Error], WorkspaceError],
    of_system: Callable[[Path, OSError], WorkspaceError],
) -> Iterator[None]:
    """Replace errors of SQLite and of the operating system by the results of two functions."""
    try:
        yield
    except sqlite3.Error as error:
        raise of_sqlite(path, error) from error
    except UnicodeDecodeError as error:  # SQLite's message quotes a damaged schema
        raise of_sqlite(path, sqlite3.DatabaseError("text that is not UTF-8")) from error
    except OSError as error:
        raise of_system(path, error) from error


def of_system(path: Path, error: OSError) -> WorkspaceError:
    """An error of the operating system about a workspace or a library, as a sentence."""
    if error.errno in FULL:
        return WorkspaceError(
            f"{path}: the disk is full; free some space and run the same command again, what was done "
            "before is saved"
        )
    if error.errno in FORBIDDEN:
        return WorkspaceError(f"{path}: cannot be written ({error.strerror}); {_PERMIT}", elsewhere=True)
    if error.errno == errno.ENOMEM:
        return WorkspaceError(f"{path}: {_NO_MEMORY}")
    if error.errno == errno.ENOENT:
        return WorkspaceError(
            f"{path}: the folder or a file in it is not there ({error.strerror}); if it was moved or "
            "deleted, bring it back, then run the same command again"
        )
    return WorkspaceError(f"{path}: {error.strerror or error}")


_PERMIT = "make sure that the folder is there and that you may write to it, then try again"
_NO_MEMORY = "there is not enough memory to read it; close other programs and run the same command again"


def wording(error: Exception) -> str:
    """The message of SQLite or Python about an error, as part of one short line."""
    if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":  # stopped by `Database.allow`
        return "it holds more rows than its file has room for"
    return " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())[:_SAID]


def forbids(error: sqlite3.Error) -> bool:
    """Whether SQLite may not open or write a database."""
    return _code(error).startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"))


def of_machine(path: Path, error: sqlite3.Error) -> WorkspaceError | None:
    """A sentence for an error of SQLite caused by the machine or another castlist process; else None."""
    code = _code(error)
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return WorkspaceBusy(f"{path}: another castlist is writing to it; try again in a moment")
    if code == "SQLITE_FULL":
        return of_system(path, OSError(errno.ENOSPC, "full"))
    if code.startswith(("SQLITE_NOMEM", "SQLITE_IOERR_NOMEM", "SQLITE_IOERR_SHMMAP")):
        return WorkspaceError(f"{path}: {_NO_MEMORY}")
    if code.startswith("SQLITE_IOERR"):
        return WorkspaceError(
            f"{path}: the disk failed or is full ({wording(error)}); free some space, or copy the folder to "
            "another disk, and run the same command again, what was done before is saved"
        )
    return None


def _code(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "") or ""


def _of_sqlite(path: Path, error: sqlite3.Error) -> WorkspaceError:
    if (found := of_machine(path, error)) is not None:
        return found
    words = wording(error)
    if forbids(error):
        return WorkspaceError(f"{path}: cannot be opened or written ({words}); {_PERMIT}", elsewhere=True)
    if "closed database" in words:
        return WorkspaceError(f"{path}: this workspace was closed; open it again (Workspace.open)")
    return WorkspaceError(
        f"{path}: cast.db is damaged ({words}); nothing was changed: bring back a copy of it", elsewhere=True
    )
