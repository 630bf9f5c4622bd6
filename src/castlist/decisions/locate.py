"""Where the face of an anchor is among the tracks of today: by time and box, never by a track's number."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.decision import Anchor
from castlist.types import NOISE, Clock, Tracks, Video

__all__ = ["TOLERANCE", "Finder", "locate"]

MIN_IOU = 0.3  # detectors disagree on where a face ends; below this it is another face
TOLERANCE = Fraction(1, 5)  # seconds by which a face may be seen earlier or later than it was


class Finder:
    """Finds faces among tracks as `locate` does, each once however often it is asked for."""

    def __init__(self, tracks: Tracks, clock: Clock, video: Video, *, offset: Fraction = Fraction(0)) -> None:
        self._of = (tracks, clock, video)
        self._offset = offset
        self._found: dict[tuple[Fraction, tuple[float, ...]], int] = {}

    def __call__(self, anchors: Sequence[Anchor]) -> NDArray[np.int64]:
        """(a,) the track on which each face is seen, NOISE where it is on none."""
        keys = [(a.time, a.box) for a in anchors]
        fresh = {k: a for k, a in zip(keys, anchors, strict=True) if k not in self._found}
        tracks, clock, video = self._of
        there = locate(list(fresh.values()), tracks, clock, video, offset=self._offset)
        self._found.update(zip(fresh, there.tolist(), strict=True))
        return np.array([self._found[k] for k in keys], np.int64)


def locate(
    anchors: Sequence[Anchor],
    tracks: Tracks,
    clock: Clock,
    video: Video,
    *,
    offset: Fraction = Fraction(0),
    min_iou: float = MIN_IOU,
    tolerance: Fraction = TOLERANCE,
) -> NDArray[np.int64]:
    """(a,) the track on which each face is seen, NOISE where it is on none.

    Of the faces that overlap by `min_iou` within `tolerance` seconds, in the shot of the nearest in time,
    the best one counts: its IoU, less up to a half for its distance in time.
    """
    order = np.argsort(tracks.frame, kind="stable")
    frame = tracks.frame[order]
    owner = tracks.track
    size = np.array([video.width, video.height, video.width, video.height], np.float64)
    found = np.full(len(anchors), NOISE, np.int64)
    for i, anchor in enumerate(anchors):
        when = (anchor.time + offset) / clock.unit
        reach = tolerance / clock.unit
        first = np.searchsorted(clock.pts, ceil(when - reach))
        last = np.searchsorted(clock.pts, floor(when + reach), side="right")
        rows = order[np.searchsorted(frame, first) : np.searchsorted(frame, last)]
        if not len(rows):
            continue
        iou = _iou(np.array(anchor.box) * size, tracks.box[rows])
        away = np.abs(clock.pts[tracks.frame[rows]] - float(when)) / float(reach)
        shot = tracks.shot[owner[rows]]
        value = np.where((iou >= min_iou) & (shot == shot[away.argmin()]), iou - away / 2, -np.inf)
        if value.max() > -np.inf:
            found[i] = owner[rows[value.argmax()]]
    return found


def _iou(box: NDArray[np.float64], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) intersection over union of one box with n others."""
    inner = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    common = inner.clip(0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return np.asarray(common / np.maximum((box[2:] - box[:2]).prod() + areas - common, 1e-9))
