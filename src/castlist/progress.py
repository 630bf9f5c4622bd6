"""Progress of long steps: the callback, and how several steps share one bar."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Pace", "Watch", "overall", "silent"]

Watch = Callable[[str, int, int], None]  # stage, how far it is, how far it goes (0: not known)


class Pace:
    """Says when the next word is due: later than so many seconds after the one before, or the beginning."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether a word is due now; the next one is due that much later."""
        now = time.monotonic()
        if now - self._last <= self._seconds:
            return False
        self._last = now
        return True


def silent(stage: str, done: int, total: int) -> None:
    """Reports nothing."""


SHARES = {"scan": (0.0, 0.93), "people": (0.93, 0.98), "report": (0.98, 1.0)}  # of the time that a film takes


def overall(progress: Callable[[float], None], watch: Watch = silent) -> Watch:
    """A watch that also tells how much of everything is done, 0 to 1."""
    reached = 0.0

    def combined(stage: str, done: int, total: int) -> None:
        nonlocal reached
        watch(stage, done, total)
        low, high = SHARES.get(stage, (reached, reached))
        now = low + (high - low) * min(1.0, done / total) if total else low
        if now > reached:
            reached = now
            progress(now)

    return combined
