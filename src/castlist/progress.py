"""Progress of long steps: the callback, and how several steps share one bar."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Pace", "Watch", "overall", "silent"]

Watch = Callable[[str, int, int], None]  # stage, units done, units in total (0: unknown)


class Pace:
    """Says when the next report is due: some seconds after the last report, or after the beginning."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether a report is due now; if so, the interval begins again."""
        now = time.monotonic()
        if now - self._last <= self._seconds:
            return False
        self._last = now
        return True


def silent(stage: str, done: int, total: int) -> None:
    """Reports nothing."""


SHARES = {"scan": (0.0, 0.93), "people": (0.93, 0.98), "report": (0.98, 1.0)}  # of the time that a film takes


def overall(progress: Callable[[float], None], watch: Watch = silent) -> Watch:
    """A watch that also reports the progress of all stages together, 0 to 1."""
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
