"""Save a review in a process of its own, so that the page's server answers meanwhile.

The process opens the workspace as any other castlist does, at low priority, and applies the decisions that
are on disk by then. It ends when the server does, however that ends: where standard input is closed nobody
waits any more, and the workspace is left as it was or as it is to be, since every table and file is written
whole or not at all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from castlist.errors import CastlistError, WorkspaceBusy
from castlist.pipeline.publish import publish
from castlist.store import Workspace

__all__ = ["SaveKilled", "main", "save_apart"]

_START = "import sys; sys.path[:] = sys.argv[2:]; from castlist.review.saving import main; main(sys.argv[1])"
_PATHS = [*(os.path.abspath(p) for p in sys.path), str(Path(__file__).resolve().parents[2])]
_NICE = 10  # of 19: whoever looks at the page goes first
_LONGEST = 600.0  # seconds; 100,000 tracks take about 60 on two busy cores
_BUSY, _REFUSED = 3, 4  # exit statuses: a run is at work there, the workspace cannot be written


class SaveKilled(CastlistError):
    """The process that saved was killed, or could not be started: what it did not save can be saved again."""


def save_apart(place: Path) -> bool:
    """Write the cast and the report of a workspace after its decisions; False where a run is at work there.

    Raises:
        SaveKilled: the process was killed, hung, or could not be started.
        CastlistError: the workspace cannot be written.
    """
    command = [sys.executable, "-I", "-S", "-c", _START, str(place), *_PATHS]
    quiet = subprocess.DEVNULL
    try:
        child = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet,
            start_new_session=True,  # Ctrl-C and a closed terminal reach the server only
        )  # fmt: skip
    except OSError as error:
        raise SaveKilled(f"{place}: no process could be started to save it ({error.strerror})") from None
    with child:
        status = _waited(child)
    if status == _REFUSED:
        raise CastlistError(f"{place}: cannot be written")
    if status not in (0, _BUSY):
        raise SaveKilled(f"{place}: the process that saved it was killed (status {status})")
    return status == 0


def _waited(child: subprocess.Popen[bytes]) -> int:
    """The exit status of a process; standard input stays open, which tells it that somebody waits."""
    try:
        return child.wait(_LONGEST)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _end_with_the_server() -> None:
    """End this process when the other side of standard input is gone."""
    os.read(0, 1)  # nothing is ever sent
    os._exit(1)


def main(place: str) -> None:
    """What the process does: publish what was decided, and say by its exit status how that went."""
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    with suppress(AttributeError, OSError):
        os.nice(_NICE)
    try:
        with Workspace.open(place) as workspace:
            base, video = workspace.machine(), workspace.video()
            if base is None or video is None:
                sys.exit(_REFUSED)
            publish(workspace, base, video)
    except WorkspaceBusy:
        sys.exit(_BUSY)
    except CastlistError:
        sys.exit(_REFUSED)
