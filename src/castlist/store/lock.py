"""A lock for one run at a time; the operating system releases it when the process ends."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from weakref import WeakSet

from castlist.errors import WorkspaceBusy, WorkspaceError
from castlist.store.folder import Folder

__all__ = ["Lock"]


class Lock:
    """Hold a workspace for one run. Use `release`, or end the process in any way.

    Raises:
        WorkspaceBusy: another process (or another `Lock` here) holds it.
        WorkspaceError: the file system knows no locks, or the lock is no plain file.
    """

    def __init__(self, folder: Folder) -> None:
        self._fd = folder.open("lock", os.O_RDWR | os.O_CREAT, one_name=True)
        try:
            _acquire(self._fd)
        except OSError as error:
            holder = os.pread(self._fd, 20, 0).decode("ascii", "replace").strip() if _PREAD else ""
            os.close(self._fd)
            self._fd = -1
            if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                raise WorkspaceError(
                    f"{folder.path}: its file system cannot lock files ({error.strerror}), so two "
                    "programs could write to it at once; move the folder to a disk of this computer, then "
                    "run the same command again"
                ) from error
            process = f" (process {holder})" if holder.isdigit() else ""
            raise WorkspaceBusy(
                f"{folder.path}: another castlist{process} is writing to it; wait until it ends, or stop it"
            ) from None
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
