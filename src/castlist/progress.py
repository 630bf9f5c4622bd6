"""How a step that takes long reports its progress."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Watch", "overall", "silent"]

Watch = Callable[[str, int, int], None]  # stage, how far it is, how far it goes (0: not known)


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
