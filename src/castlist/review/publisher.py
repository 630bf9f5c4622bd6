"""While one reviews: the stored cast and the report, which others read as files, follow the decisions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from castlist.errors import CastlistError
from castlist.review.session import Session

__all__ = ["published"]

QUIET = 2.0  # seconds without a decision after which it is written,
LATE = 30.0  # and at the latest so many after the first one that is not;
SHARE = 10  # where writing takes long, so many times that long
LOOK = 0.25  # seconds between two looks at the log


@contextmanager
def published(session: Session) -> Iterator[None]:
    """Write the cast and the report soon after every decision, in a thread of its own, until this ends."""
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
    with suppress(CastlistError):  # decisions of a review that was killed
        session.save()
    revision = written = session.view.revision
    changed = first = took = 0.0
    while not ended.wait(LOOK):
        clock, now = time.monotonic(), session.view.revision
        if now != revision:
            first = clock if revision == written else first
            revision, changed = now, clock
        if now == written or (clock < changed + max(QUIET, took) and clock < first + max(LATE, SHARE * took)):
            continue
        with suppress(CastlistError):
            session.save()
        written, took = now, time.monotonic() - clock
