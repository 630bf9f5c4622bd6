"""Files that are written whole or not at all, and every failure of a disk as one sentence."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

from castlist.errors import WorkspaceBusy, WorkspaceError

__all__ = ["sentences", "write", "written"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system say about a workspace into one clear sentence.

    Raises:
        WorkspaceError: the disk is full, the folder cannot be written, the database is damaged, ...
        WorkspaceBusy: another process kept the database locked for too long.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _of_sqlite(path, error) from error
    except OSError as error:
        raise WorkspaceError(_of_system(path, error)) from error


def _of_system(path: Path, error: OSError) -> str:
    if error.errno in _FULL:
        return (
            f"{path}: the disk is full; free some space and run the same command again, what was done is kept"
        )
    if error.errno in _FORBIDDEN:
        return f"{path}: cannot be written ({error.strerror}); name another place with --out"
    return f"{path}: {error.strerror or error}"


def _of_sqlite(path: Path, error: sqlite3.Error) -> WorkspaceError:
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return WorkspaceBusy(f"{path}: another castlist is writing to it; try again in a moment")
    if code == "SQLITE_FULL":
        return WorkspaceError(_of_system(path, OSError(errno.ENOSPC, "full")))
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return WorkspaceError(f"{path}: cannot be opened or written ({error}); name another place with --out")
    if code.startswith("SQLITE_IOERR"):
        return WorkspaceError(f"{path}: the disk failed or is full ({error}); what was done before is kept")
    return WorkspaceError(
        f"{path}: cast.db is damaged ({error}); nothing was changed: bring back a copy of it, "
        "or name another place with --out"
    )


@contextmanager
def written(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """A file to write to that takes its name once it is whole; where anything fails, nothing is left.

    Args:
        durable: survive a power cut too, not only the death of the process.

    Raises:
        OSError: the disk is full, the folder cannot be written.
    """
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(part, path)
        if durable:
            _sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def write(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file whole or not at all; see `written`."""
    with written(path, durable=durable) as file:
        file.write(data)


def _sync_folder(folder: Path) -> None:
    """Make a new name last; some systems cannot open a folder, there it lasts by itself."""
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
