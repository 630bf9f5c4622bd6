"""What a child process of castlist does for itself: it ends when its parent ends, and limits its memory.

It imports the standard library only, since a child that decodes films has to start fast.
"""

from __future__ import annotations

import os
import sys

__all__ = ["end_when_parent_ends", "end_when_stdin_closes", "limit_memory"]


def end_when_parent_ends(life: int) -> None:
    """Make this process end when its parent ends, even while a codec hangs.

    The parent holds the other end of the pipe `life`, on which nothing is sent. When that end is closed, the
    kernel sends SIGIO, whose default is to end the process. Systems without O_ASYNC do nothing here.

    Args:
        life: descriptor of this process's end of the pipe.
    """
    if hasattr(os, "O_ASYNC"):
        import fcntl

        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
        os.set_blocking(life, False)
        try:
            # The parent may have ended before this process asked for the signal.
            gone = os.read(life, 1) == b""
        except BlockingIOError:
            gone = False
        if gone:
            os._exit(0)


def end_when_stdin_closes() -> None:
    """Wait until the parent closes standard input, then end this process; the parent must send nothing more.

    It does not return, so give it a thread of its own.
    """
    os.read(0, 1)
    os._exit(1)


def limit_memory(limit: int) -> None:
    """Limit the address space of this process (on Linux); a limit above the system's own has no effect.

    Args:
        limit: bytes; 0 for no limit.
    """
    if limit and sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or limit <= hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
