"""Updates the stored cast and the report in the background during a review."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from castlist.errors import CastlistError
from castlist.review.saving import SaveKilled
from castlist.review.session import Session

__all__ = ["published"]

QUIET = 2.0  # seconds without a decision after which it is written,
LATE = 60.0  # and at the latest so many after the first one that is not;
SHARE = 10  # where writing takes long, so many times that long
LOOK = 0.25  # seconds between two looks at the log
# Tracks from which writing has a process of its own. Here it would hold up answers for as long as it takes:
# some .05 s of CPU for each 100 tracks; starting a process takes about 1 s of CPU.
LARGE = 500
KILLED = 2  # processes killed one after another, from which on it is written here


@contextmanager
def published(session: Session) -> Iterator[None]:
    """Write the cast and the report soon after every decision, beside this thread, until this ends."""
    ended = threading.Event()
    thread = threading.Thread(target=_follow, args=(session, ended), name="publisher", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _follow(session: Session, ended: threading.Event) -> None:
    """Look at the log again and again; where writing failed (a full disk, say), again after the next one."""
    killed = _written(session, 0, ended)  # decisions of a review that was killed
    revision = written = session.view.revision
    changed = first = took = 0.0
    while not ended.wait(LOOK):
        clock, now = time.monotonic(), session.view.revision
        if now != revision:
            first = clock if revision == written else first
            revision, changed = now, clock
        due = clock >= min(changed + max(QUIET, took), first + max(LATE, SHARE * took))
        if not due or (now == written and not killed):
            continue
        killed = _written(session, killed, ended)
        written, took = now, time.monotonic() - clock
        changed = clock if killed else changed


def _written(session: Session, killed: int, ended: threading.Event) -> int:
    """Write what was decided; how many processes were killed at it one after another, 0 where none was."""
    try:
        session.save(apart=len(session.base.tracks) >= LARGE and killed < KILLED, ended=ended.is_set)
    except SaveKilled:
        return killed + 1
    except CastlistError:
        return 0
    return 0
