"""Selects the faces of a track to embed: the best ones, spread over its time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from castlist import _former
from castlist.argument_types import typed_arguments
from castlist.errors import InputError
from castlist.types import Clock, Detections, Tracks
from castlist.vectors import shaped

__all__ = ["best_faces", "doubtful"]

WEAK = 0.75  # best score below which a track needs a clear picture to be a face: `filter.best_score`
USUAL, SURE = 0.7, 0.85  # median and best score below both of which it needs one, too
CLEAR = 0.25  # least quality of such a picture, as in track/filter.py
LEAST = 0.55  # median score below which a track is no face even then, as in track/filter.py
SMALLEST = 10.0  # pixels of the shorter side below which a track is set aside: `filter.smallest`
GOES_ON = 0.5  # seconds from an end of a piece of the film, where a track may continue: `track.max_gap`


@typed_arguments
def doubtful(
    tracks: Tracks, detections: Detections, quality: NDArray[np.floating], clock: Clock
) -> NDArray[np.bool_]:
    """(t,) whether a track will be set aside whatever its vectors; one picture is enough for such a track.

    False for tracks that may continue in the piece of the film before or after this one. `quality` (n,) is
    that of all detections, 0 to 1.

    Raises:
        InputError: there is not one quality for each detection.
    """
    quality = shaped(quality, np.float64, (len(detections),), "quality")
    begin, end = float(clock.time(0)) if len(clock) else 0.0, float(clock.time(len(clock)))
    found = np.zeros(len(tracks), np.bool_)
    for t in range(len(tracks)):
        box, rows = tracks.box[tracks.rows(t)], tracks.detection[tracks.rows(t)]
        rows = rows[rows >= 0]
        first, last = float(clock.time(int(tracks.first[t]))), float(clock.time(int(tracks.last[t])))
        within = first - begin > GOES_ON and end - last > GOES_ON
        small = float(np.median((box[:, 2:] - box[:, :2]).min(1))) < SMALLEST
        found[t] = within and (small or _unsure(detections.score[rows], float(quality[rows].max())))
    return found


def _unsure(score: NDArray[np.floating], best_quality: float) -> bool:
    """Whether a track is no face by its scores (n,), and has no picture clear enough to overrule this."""
    usual, best = float(np.median(score)), float(score.max())
    weak = best < WEAK or (usual < USUAL and best < SURE)
    return weak and (best_quality < CLEAR or usual < LEAST)


@_former.keyword("one", "single")
@typed_arguments
def best_faces(
    tracks: Tracks,
    quality: NDArray[np.floating],
    clock: Clock,
    *,
    per_second: float,
    least: int,
    single: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Rows in Detections, in rising order: the best face in each of equal parts of every track.

    A track of s seconds has max(least, s * per_second) parts, or one part where `single` (t,) is set; quality
    (n,) is that of all detections. The faces of a part are neighbours that look alike, so one picture has
    most of their information.

    Raises:
        InputError: `quality` or `single` have another shape or type.
    """
    quality = shaped(quality, np.float64, ("n",), "quality")
    last = int(tracks.detection.max(initial=-1))
    if len(quality) <= last:
        raise InputError(f"quality has {len(quality)} rows, and the tracks name detection {last}")
    if single is not None:
        single = shaped(single, np.bool_, (len(tracks),), "single")
    chosen: list[int] = []
    for t in range(len(tracks)):
        rows = tracks.detection[tracks.rows(t)]
        rows = rows[rows >= 0]
        seconds = float(clock.time(int(tracks.last[t]) + 1) - clock.time(int(tracks.first[t])))
        parts = 1 if single is not None and single[t] else max(least, math.ceil(seconds * per_second))
        chosen += [int(part[np.argmax(quality[part])]) for part in np.array_split(rows, parts) if len(part)]
    return np.unique(np.asarray(chosen, np.int64))
