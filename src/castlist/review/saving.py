"""Saves a review in a separate process, so that the server can answer meanwhile.

The process opens the workspace as any other castlist does and applies the decisions that are on disk by
then. It computes while the machine has nothing else to do, and writes the tables, for which answers wait,
at the priority of the server. It stays in the server's session, since Linux compares priorities within a
session only (sched(7), "The autogroup feature"): from a session of its own it took turns with the server,
and whenever an answer waited for the disk or for a thread it could wait some 3 ms more.

It ends when the server does, however that ends: where standard input is closed nobody waits any more, and
the workspace is left as it was or as it is to be, since every table and file is written whole or not at
all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from pathlib import Path

from castlist.child_process import end_when_stdin_closes
from castlist.errors import CastlistError, WorkspaceBusy, WorkspaceError
from castlist.own_process import PATHS
from castlist.pipeline.publish import Publication, prepared
from castlist.shell_words import shell_path
from castlist.store import Workspace

__all__ = ["NotUpdated", "SaveKilled", "main", "save_apart", "updating"]

# The thread imports, too: that is a third of the work where a film is short.
_START = """
import importlib, sys
sys.path[:] = sys.argv[3:]
from castlist.background_thread import background_thread
thread = background_thread(idle=sys.argv[2] == "idle")
saving = thread.submit(importlib.import_module, "castlist.review.saving").result()
saving.main(sys.argv[1], thread)
"""
_IDLE = hasattr(os, "SCHED_IDLE")  # whether a process can wait while anything else works
_PATIENT = 120.0  # seconds given to a process that waits while anything else works; 100,000 tracks take 30
_LONGEST = 600.0  # seconds given to one that takes its turn, where the machine always works on something else
_LOOK = 0.1  # seconds between two looks at whether somebody is in a hurry
_BUSY, _REFUSED = 3, 4  # exit statuses: a run is at work there, the workspace cannot be written


class SaveKilled(CastlistError):
    """The process that saved was killed, or could not be started: what it did not save can be saved again."""


class NotUpdated(WorkspaceError):
    """Decisions are stored, and every command goes by them; the cast and the report could not be written."""

    def __init__(self, place: Path, why: WorkspaceError) -> None:
        reason = str(why).removeprefix(f"{place}: ").partition("; ")[0]  # its advice would decide again
        super().__init__(
            f"{place}: the decisions are stored, do not make them again; the report could not be updated "
            f"({reason}): correct this, then run castlist decide {shell_path(str(place))} list"
        )


@contextmanager
def updating(place: Path) -> Iterator[None]:
    """Write the cast and the report of decisions that are stored.

    Raises:
        NotUpdated: they cannot be written.
        WorkspaceBusy: another castlist is at work there.
    """
    try:
        yield
    except WorkspaceBusy:
        raise
    except WorkspaceError as error:
        raise NotUpdated(place, error) from error


def save_apart(place: Path, hurried: Callable[[], bool] = lambda: False) -> bool:
    """Write the cast and the report of a workspace after its decisions; False where a run is at work there.

    Args:
        hurried: asked again and again; once it is true the process is ended, and False returned: whoever
            cannot wait for a process of low priority saves without it.

    Raises:
        SaveKilled: the process was killed, hung, or could not be started.
        CastlistError: the workspace cannot be written.
    """
    status = _status(place, hurried, "idle", _PATIENT) if _IDLE else None
    if status is None and not hurried():
        status = _status(place, hurried, "in turn", _LONGEST)
    if hurried() and status != 0:
        return False
    if status == _REFUSED:
        raise CastlistError(f"{place}: cannot be written")
    if status not in (0, _BUSY):
        raise SaveKilled(f"{place}: the process that saved it was killed (status {status})")
    return status == 0


def _status(place: Path, hurried: Callable[[], bool], way: str, seconds: float) -> int | None:
    """The exit status of a process that saves; None where it took too long, or somebody is in a hurry.

    Args:
        way: "idle" to work while nothing else does, "in turn" to share the processors.
        seconds: how long it may take.
    """
    command = [sys.executable, "-I", "-S", "-c", _START, str(place), way, *PATHS]
    quiet = subprocess.DEVNULL
    try:
        child = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet,
            process_group=0,  # Ctrl-C and a closed terminal reach the server only
        )  # fmt: skip
    except OSError as error:
        raise SaveKilled(f"{place}: no process could be started to save it ({error.strerror})") from None
    with child:  # standard input stays open, which tells the process that somebody waits
        until = time.monotonic() + seconds
        while time.monotonic() < until and not hurried():
            with suppress(subprocess.TimeoutExpired):
                return child.wait(_LOOK)
        child.kill()
    return None


def main(place: str, thread: Executor) -> None:
    """What the process does: publish what was decided, and say by its exit status how that went.

    Args:
        thread: computes; what others wait for is done by the caller's thread.
    """
    threading.Thread(target=end_when_stdin_closes, daemon=True).start()
    try:
        with thread.submit(Workspace.open, place).result() as workspace:
            publication = thread.submit(_prepared, workspace).result()
            if publication is None:
                sys.exit(_REFUSED)
            publication.store(workspace)
    except WorkspaceBusy:
        sys.exit(_BUSY)
    except CastlistError:
        sys.exit(_REFUSED)


def _prepared(workspace: Workspace) -> Publication | None:
    """What is to be stored; None where a workspace has no cast."""
    base, video = workspace.machine(), workspace.video()
    return None if base is None or video is None else prepared(workspace, base, video)
