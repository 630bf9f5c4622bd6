"""Shots and detections in, tracks out: each face followed through its shot."""

from __future__ import annotations

from typing import Protocol

from castlist.track.divide import LikenessDivider
from castlist.track.motion import MotionTracker
from castlist.types import Clock, Detections, Shots, Tracks

__all__ = ["DIVIDERS", "TRACKERS", "LikenessDivider", "MotionTracker", "Tracker"]


class Tracker(Protocol):
    """What follows faces; must keep the laws that `tests/track` states."""

    def __call__(self, shots: Shots, detections: Detections, clock: Clock) -> Tracks: ...


TRACKERS = {"motion": MotionTracker}
DIVIDERS = {"likeness": LikenessDivider}
