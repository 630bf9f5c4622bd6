"""How a step that takes long reports its progress."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Watch", "silent"]

Watch = Callable[[str, int, int], None]  # stage, how far it is, how far it goes (0: not known)


def silent(stage: str, done: int, total: int) -> None:
    """Reports nothing."""
