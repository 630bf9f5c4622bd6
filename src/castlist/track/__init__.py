"""Shots and detections in, tracks out: each face followed through its shot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from castlist import _former
from castlist.track.filter import (
    NOT_A_FACE,
    PICTURE,
    TOO_BLURRED,
    TOO_FEW,
    TOO_SMALL,
    Surroundings,
    TrackFilter,
    kept,
    mean_length,
    recognised,
    tells_nothing,
)
from castlist.track.motion import MotionTracker
from castlist.track.split import LikenessSplit
from castlist.types import Clock, Detections, Shots, Tracks

__all__ = [
    "FILTERS",
    "NOT_A_FACE",
    "PICTURE",
    "TOO_BLURRED",
    "TOO_FEW",
    "TOO_SMALL",
    "TRACKERS",
    "TRACK_SPLITS",
    "LikenessSplit",
    "MotionTracker",
    "Surroundings",
    "TrackFilter",
    "Tracker",
    "kept",
    "mean_length",
    "recognised",
    "tells_nothing",
]


class Tracker(Protocol):
    """Follows faces; must satisfy the laws in `tests/track`."""

    def __call__(self, shots: Shots, detections: Detections, clock: Clock, /) -> Tracks: ...


TRACKERS = {"motion": MotionTracker}
TRACK_SPLITS = {"likeness": LikenessSplit}
FILTERS = {"score": TrackFilter}

if not TYPE_CHECKING:
    __getattr__ = _former.names(
        __name__,
        DIVIDERS="TRACK_SPLITS",
        SIFTERS="FILTERS",
        LikenessDivider="LikenessSplit",
        Sift="TrackFilter",
    )
