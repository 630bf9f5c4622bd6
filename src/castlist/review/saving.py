"""Saves a review in a separate process, so that the server can answer meanwhile.

The process opens the workspace as any castlist process does and applies the decisions on disk. It computes
only while the machine is idle, and writes the tables, which responses wait for, at the server's priority. It
stays in the server's session, since Linux compares priorities only within a session (sched(7), "The autogroup
feature"): in a session of its own it took turns with the server, and responses that waited for the disk or
for a thread could wait some 3 ms longer.

It ends with the server, even a killed one: its standard input is then closed. The workspace stays as it was
or is complete, since each table and file is written whole or not at all.
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

# The thread imports the modules, too: for a short film that is a third of the work.
_START = """
import importlib, sys
sys.path[:] = sys.argv[3:]
from castlist.background_thread import background_thread
thread = background_thread(idle=sys.argv[2] == "idle")
saving = thread.submit(importlib.import_module, "castlist.review.saving").result()
saving.main(sys.argv[1], thread)
"""
_IDLE = hasattr(os, "SCHED_IDLE")  # whether a process can run only while the machine is idle
_PATIENT = 120.0  # seconds for a process that runs only while the machine is idle; 100,000 tracks take 30
_LONGEST = 600.0  # seconds for a process at normal priority, where the machine is never idle
_LOOK = 0.1  # seconds between two checks whether to hurry
_BUSY, _REFUSED = 3, 4  # exit statuses: a run is at work, the workspace cannot be written


class SaveKilled(CastlistError):
    """The saving process was killed, or could not be started; its work can be repeated."""


class NotUpdated(WorkspaceError):
    """Decisions are stored and used by all commands, but the cast and the report could not be written."""

    def __init__(self, place: Path, why: WorkspaceError) -> None:
        # its advice would repeat the decision
        reason = str(why).removeprefix(f"{place}: ").partition("; ")[0]
        super().__init__(
            f"{place}: the decisions are stored, do not make them again; the report could not be updated "
            f"({reason}): correct this, then run castlist decide {shell_path(str(place))} list"
        )


@contextmanager
def updating(place: Path) -> Iterator[None]:
    """Write the cast and the report of stored decisions.

    Raises:
        NotUpdated: they cannot be written.
        WorkspaceBusy: another castlist process is at work in the workspace.
    """
    try:
        yield
    except WorkspaceBusy:
        raise
    except WorkspaceError as error:
        raise NotUpdated(place, error) from error


def save_apart(place: Path, hurried: Callable[[], bool] = lambda: False) -> bool:
    """Write the cast and the report of a workspace after its decisions; False if a run is at work there.

    Args:
        hurried: called repeatedly; when it returns True the process is ended, and False is returned: a caller
            that cannot wait for a process of low priority saves without one.

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
    """The exit status of a saving process; None if it took too long, or the caller is in a hurry.

    Args:
        way: "idle" to run only while the machine is idle, "in turn" for normal priority.
        seconds: time limit.
    """
    command = [sys.executable, "-I", "-S", "-c", _START, str(place), way, *PATHS]
    quiet = subprocess.DEVNULL
    try:
        child = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet,
            process_group=0,  # Ctrl-C and a closed terminal reach only the server
        )  # fmt: skip
    except OSError as error:
        raise SaveKilled(f"{place}: no process could be started to save it ({error.strerror})") from None
    with child:  # open standard input tells the process that the server lives
        until = time.monotonic() + seconds
        while time.monotonic() < until and not hurried():
            with suppress(subprocess.TimeoutExpired):
                return child.wait(_LOOK)
        child.kill()
    return None


def main(place: str, thread: Executor) -> None:
    """Main function of the process: publish the decisions, and exit with a status for the result.

    Args:
        thread: for computation; the caller's thread does the work that responses wait for.
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
    """The data to store; None for a workspace without a cast."""
    base, video = workspace.machine(), workspace.video()
    return None if base is None or video is None else prepared(workspace, base, video)
