"""Which faces of a track to embed: its best ones, spread over its time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from castlist.types import Clock, Tracks

__all__ = ["best_faces"]


def best_faces(
    tracks: Tracks, quality: NDArray[np.floating], clock: Clock, *, per_second: float, least: int
) -> NDArray[np.int64]:
    """Rows in Detections, rising: of each track the best face of each of its equal parts of time.

    A track of s seconds is cut into max(least, s * per_second) parts; quality (n,) is of all detections.
    Parts hold neighbours that look alike, so one picture of each says most of what all of them say.
    """
    chosen: list[int] = []
    for t in range(len(tracks)):
        rows = tracks.detection[tracks.rows(t)]
        rows = rows[rows >= 0]
        seconds = float(clock.time(int(tracks.last[t]) + 1) - clock.time(int(tracks.first[t])))
        parts = max(least, math.ceil(seconds * per_second))
        chosen += [int(part[np.argmax(quality[part])]) for part in np.array_split(rows, parts) if len(part)]
    return np.unique(np.asarray(chosen, np.int64))
