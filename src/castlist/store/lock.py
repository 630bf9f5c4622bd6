"""A lock for one run at a time; the operating system releases it when the process ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import suppress
from weakref import WeakSet

from castlist.errors import WorkspaceBusy, WorkspaceError
from castlist.store.folder import Folder

__all__ = ["Lock", "check_lockable"]

MOMENTS, MOMENT = 3, 0.01  # tries, and seconds between two: `check_lockable` holds a lock for less than that


class Lock:
    """Hold a workspace for one run. Use `release`, or end the process in any way.

    Raises:
        WorkspaceBusy: another process (or another `Lock` here) holds it.
        WorkspaceError: the file system knows no locks, or the lock is no plain file.
    """

    def __init__(self, folder: Folder) -> None:
        self._fd = _locked(folder)
        with suppress(OSError):  # who holds it is a courtesy
            os.ftruncate(self._fd, 0)
            os.write(self._fd, str(os.getpid()).encode())
        _HELD.add(self)

    def release(self) -> None:
        """Let go; more than once does no harm."""
        if self._fd >= 0:
            _let_go(self._fd)  # at once, even where a child just forked still has the file open
            self.forget()

    def forget(self) -> None:
        """Close the file without letting go for others who have it open."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def check_lockable(folder: Folder) -> None:
    """Refuse a folder that nobody could hold for a run; that somebody else holds it now is no reason.

    Raises:
        WorkspaceError: the file system knows no locks, or the lock cannot be opened or is no plain file.
    """
    with suppress(WorkspaceBusy):
        fd = _locked(folder, moments=1)
        _let_go(fd)
        os.close(fd)


def _locked(folder: Folder, moments: int = MOMENTS) -> int:
    """The descriptor of the lock's file, held; the raises are those of `Lock`."""
    fd = folder.open("lock", os.O_RDWR | os.O_CREAT, one_name=True)
    for left in reversed(range(moments)):
        try:
            _acquire(fd)
            return fd
        except OSError as error:
            busy = error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
            if busy and left:
                time.sleep(MOMENT)
                continue
            holder = os.pread(fd, 20, 0).decode("ascii", "replace").strip() if _PREAD else ""
            os.close(fd)
            if not busy:
                raise WorkspaceError(
                    f"{folder.path}: its file system cannot lock files ({error.strerror}), so two "
                    "programs could write to it at once; move the folder to a disk of this computer, then "
                    "run the same command again"
                ) from error
            raise WorkspaceBusy(f"{folder.path}: {_who_writes(holder)}") from None
    return fd


def _who_writes(holder: str) -> str:
    """Who holds the lock, and what to do, from the number of a process that its file holds."""
    if holder == str(os.getpid()):
        return "another thread of this program is writing to it; wait until it ends"
    process = f" (process {holder})" if holder.isdigit() else ""
    return f"another castlist{process} is writing to it; wait until it ends, or stop it"


_PREAD = hasattr(os, "pread")
_HELD: WeakSet[Lock] = WeakSet()


def _forget_in_child() -> None:
    """A forked child must not keep its parent's lock alive after the parent's death."""
    for lock in list(_HELD):
        lock.forget()


if sys.platform == "win32":
    import msvcrt

    def _acquire(fd: int) -> None:
        os.lseek(fd, 1 << 30, os.SEEK_SET)  # far beyond what is written: readers may still read it
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

    def _let_go(fd: int) -> None:
        """Closing the file is enough here."""
else:
    import fcntl

    def _acquire(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _let_go(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)

    os.register_at_fork(after_in_child=_forget_in_child)
