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

QUIET = 2.0  # seconds without a decision before the cast is written,
LATE = 60.0  # but at most so many seconds after the first unwritten decision,
SHARE = 10  # or so many times the duration of the last writing, if that is longer
LOOK = 0.25  # seconds between two checks of the log
# Tracks from which a separate process writes. Writing in the server would block answers while it lasts: some
# .05 s of CPU for each 100 tracks; starting a process takes about 1 s of CPU.
LARGE = 500
KILLED = 2  # processes killed one after another, after which the server writes


@contextmanager
def published(session: Session) -> Iterator[None]:
    """Write the cast and the report soon after each decision, in another thread, until the context ends."""
    ended = threading.Event()
    thread = threading.Thread(target=_follow, args=(session, ended), name="publisher", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _follow(session: Session, ended: threading.Event) -> None:
    """Check the log regularly; if writing failed (e.g. on a full disk), retry after the next decision."""
    killed = _written(session, 0, ended)  # decisions of an earlier review that was killed
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
    """Write the cast and the report; returns how many processes were killed in a row, 0 for none."""
    try:
        session.save(apart=len(session.base.tracks) >= LARGE and killed < KILLED, ended=ended.is_set)
    except SaveKilled:
        return killed + 1
    except CastlistError:
        return 0
    return 0
