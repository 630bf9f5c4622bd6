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

# attempts, and seconds between two: `check_lockable` holds a lock for a shorter time
MOMENTS, MOMENT = 3, 0.01


class Lock:
    """Lock a workspace for one run. Use `release`, or end the process in any way.

    Raises:
        WorkspaceBusy: another process (or another `Lock` of this process) has the lock.
        WorkspaceError: the file system has no locks, or the lock is not a regular file.
    """

    def __init__(self, folder: Folder) -> None:
        self._fd = _locked(folder)
        with suppress(OSError):  # the process number only helps other users
            os.ftruncate(self._fd, 0)
            os.write(self._fd, str(os.getpid()).encode())
        _HELD.add(self)

    def release(self) -> None:
        """Release the lock; may be called again."""
        if self._fd >= 0:
            _let_go(self._fd)  # immediately, even if a forked child still has the file open
            self.forget()

    def forget(self) -> None:
        """Close the file without releasing the lock for other processes that have it open."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def check_lockable(folder: Folder) -> None:
    """Raise an error for a folder that cannot be locked; another process may have the lock now.

    Raises:
        WorkspaceError: the file system has no locks, or the lock cannot be opened or is not a regular file.
    """
    with suppress(WorkspaceBusy):
        fd = _locked(folder, moments=1)
        _let_go(fd)
        os.close(fd)


def _locked(folder: Folder, moments: int = MOMENTS) -> int:
    """The descriptor of the locked file; raises the errors of `Lock`."""
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
    """A sentence about the process that holds the lock, from the process number in the file."""
    if holder == str(os.getpid()):
        return "another thread of this program is writing to it; wait until it ends"
    process = f" (process {holder})" if holder.isdigit() else ""
    return f"another castlist{process} is writing to it; wait until it ends, or stop it"


_PREAD = hasattr(os, "pread")
_HELD: WeakSet[Lock] = WeakSet()


def _forget_in_child() -> None:
    """Ensure that a forked child does not keep its parent's lock after the parent's end."""
    for lock in list(_HELD):
        lock.forget()


if sys.platform == "win32":
    import msvcrt

    def _acquire(fd: int) -> None:
        os.lseek(fd, 1 << 30, os.SEEK_SET)  # far beyond the content, so that readers can still read it
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

    def _let_go(fd: int) -> None:
        """Do nothing: closing the file releases the lock."""
else:
    import fcntl

    def _acquire(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _let_go(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)

    os.register_at_fork(after_in_child=_forget_in_child)
