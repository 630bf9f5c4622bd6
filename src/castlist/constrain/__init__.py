"""Tracks -> Constraints: must-links and cannot-links that follow from the film itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from castlist.constrain.cooccurrence import CoOccurrence
from castlist.constrain.reflection import Reflections
from castlist.types import Constraints, Tracks

__all__ = [
    "CONSTRAINERS",
    "REFLECTIONS",
    "CoOccurrence",
    "Constrainer",
    "Reflections",
]


class Constrainer(Protocol):
    """Finds pairs of tracks that must be one person, or cannot be."""

    def __call__(self, tracks: Tracks, /) -> Constraints: ...


CONSTRAINERS: dict[str, Callable[..., Constrainer]] = {"co-occurrence": CoOccurrence}
REFLECTIONS: dict[str, Callable[..., Reflections]] = {"turns": Reflections}
