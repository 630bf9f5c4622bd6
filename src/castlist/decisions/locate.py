"""Finds the tracks of today that have the faces of a decision: by time and box, never by track number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from castlist.boxes import iou
from castlist.decisions.decision import Anchor
from castlist.decisions.groups import Groups
from castlist.decisions.recorded import Located
from castlist.types import NOISE, Clock, Tracks, Video

__all__ = ["TOLERANCE", "Finder", "locate", "located"]

MIN_IOU = 0.3  # detectors disagree on where a face ends; below this overlap it is another face
TOLERANCE = Fraction(1, 5)  # seconds between a recorded face and a face of today's tracks
CELLS = 1 << 20  # faces compared at once
Sides = dict[int, NDArray[np.int64]]


class Finder:
    """Finds faces among tracks like `locate`, with a cache."""

    def __init__(
        self,
        tracks: Tracks,
        clock: Clock,
        video: Video,
        *,
        offset: Fraction = Fraction(0),
        digest: str = "",
    ) -> None:
        self._of = (tracks, clock, video)
        self._offset = offset
        self._digest = digest
        self._order = np.argsort(tracks.frame, kind="stable")
        self._found: dict[tuple[Fraction, tuple[float, ...]], int] = {}
        self._groups: dict[int, tuple[Groups, Sides, int]] = {}

    def __call__(self, anchors: Sequence[Anchor]) -> NDArray[np.int64]:
        """(a,) the track with each face, NOISE for none."""
        keys = [(a.time, a.box) for a in anchors]
        fresh = {k: a for k, a in zip(keys, anchors, strict=True) if k not in self._found}
        if fresh:
            rows = _locate(list(fresh.values()), *self._of, offset=self._offset, order=self._order)
            self._found.update(zip(fresh, rows.tolist(), strict=True))
        return np.array([self._found[k] for k in keys], np.int64)

    def exact(self, groups: Groups) -> bool:
        """Whether the groups were recorded on the same track table."""
        return bool(groups.digest) and groups.digest == self._digest and not self._offset

    def sides(self, groups: Groups) -> tuple[Sides, int]:
        """The tracks of today on each side of a decision, and how many of its tracks are not found."""
        known = self._groups.get(id(groups))
        if known is None:
            known = self._groups[id(groups)] = (groups, *self._search(groups))
        return known[1], known[2]

    def located(self, groups: Groups) -> Located:
        """The recorded tracks of the groups, among the tracks of today."""
        if self.exact(groups) and groups.number.max(initial=-1) < len(self._of[0]):
            whole = np.arange(len(groups))
            return Located(
                whole, groups.number.astype(np.int64), np.bincount(groups.track, minlength=len(groups))
            )
        found = self._faces(groups)
        hit = found != NOISE
        pair, count = np.unique(np.stack([groups.track[hit], found[hit]]), axis=1, return_counts=True)
        return Located(pair[0].astype(np.int64), pair[1].astype(np.int64), count.astype(np.int64))

    def _faces(self, groups: Groups) -> NDArray[np.int64]:
        """(n,) the track of today with each recorded face, NOISE for none."""
        tracks, clock, video = self._of
        ratio, offset = float(groups.unit / clock.unit), float(self._offset / clock.unit)
        seconds = groups.time.astype(np.float64) * ratio + offset
        return located(seconds, groups.box, tracks, clock, video)

    def _search(self, groups: Groups) -> tuple[Sides, int]:
        if self.exact(groups) and groups.number.max(initial=-1) < len(self._of[0]):
            track, side = groups.number.astype(np.int64), groups.side.astype(np.int64)
            return _by_side(track, side), 0
        found = self._faces(groups)
        lost = len(groups) - len(np.unique(groups.track[found != NOISE]))
        hit = found != NOISE
        old = groups.number[groups.track[hit]]  # a track may be on several sides
        pair, count = np.unique(np.stack([found[hit], old]), axis=1, return_counts=True)
        order = np.lexsort((pair[1], -count, pair[0]))  # of two recorded tracks on one: that with more faces
        first = order[np.concatenate([[True], np.diff(pair[0][order]) > 0])] if len(order) else order
        track_of = dict(zip(pair[0][first].tolist(), pair[1][first].tolist(), strict=True))
        good = np.array(
            [track_of[t] == n for t, n in zip(found[hit].tolist(), old.tolist(), strict=True)], np.bool_
        )
        side = groups.side[groups.track[hit]].astype(np.int64)
        return _by_side(found[hit][good], side[good]), lost


def _by_side(track: NDArray[np.int64], side: NDArray[np.int64]) -> Sides:
    return {int(k): np.unique(track[side == k]) for k in np.unique(side)}


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
    """(a,) the track with each face, NOISE for none.

    Candidates overlap by `min_iou` within `tolerance` seconds, and are in the shot of the candidate nearest
    in time. The best has the highest IoU minus a penalty of up to a half for the distance in time.
    """
    return _locate(anchors, tracks, clock, video, offset=offset, min_iou=min_iou, tolerance=tolerance)


def _locate(
    anchors: Sequence[Anchor],
    tracks: Tracks,
    clock: Clock,
    video: Video,
    *,
    offset: Fraction,
    min_iou: float = MIN_IOU,
    tolerance: Fraction = TOLERANCE,
    order: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    seconds = np.array([float((a.time + offset) / clock.unit) for a in anchors])
    box = np.array([a.box for a in anchors]).reshape(-1, 4)
    return located(seconds, box, tracks, clock, video, min_iou=min_iou, tolerance=tolerance, order=order)


def located(
    seconds: NDArray[np.float64],
    box: NDArray[np.floating],
    tracks: Tracks,
    clock: Clock,
    video: Video,
    *,
    min_iou: float = MIN_IOU,
    tolerance: Fraction = TOLERANCE,
    order: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Like `locate`, for times in ticks of the clock and boxes as fractions of the frame."""
    found = np.full(len(seconds), NOISE, np.int64)
    order = np.argsort(tracks.frame, kind="stable") if order is None else order
    frame, owner = tracks.frame[order], tracks.track
    reach = float(tolerance / clock.unit)
    first = np.searchsorted(clock.pts, seconds - reach - 1e-6)
    last = np.searchsorted(clock.pts, seconds + reach + 1e-6, side="right")
    begin, end = np.searchsorted(frame, first), np.searchsorted(frame, last)
    pixels = box.astype(np.float64) * np.array([video.width, video.height] * 2)
    for part in _parts(end - begin):
        line, step = _ragged((end - begin)[part])
        rows = order[begin[part][line] + step]
        overlap = iou(pixels[part][line], tracks.box[rows])
        away = np.abs(clock.pts[tracks.frame[rows]] - seconds[part][line]) / reach
        shot = tracks.shot[owner[rows]]
        near = _first_best(-away, line)
        shot_there = np.full(len(part), NOISE)
        shot_there[line[near]] = shot[near]
        value = np.where((overlap >= min_iou) & (shot == shot_there[line]), overlap - away / 2, -np.inf)
        best = _first_best(value, line)
        best = best[value[best] > -np.inf]
        found[part[line[best]]] = owner[rows[best]]
    return found


def _parts(size: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Indices of the lines that are not empty, in blocks of limited size."""
    lines = np.flatnonzero(size)
    block = np.cumsum(size[lines]) // CELLS
    for k in np.unique(block):
        yield lines[block == k]


def _ragged(size: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For lines of these sizes: the line of each item, and the item's index within the line."""
    line = np.repeat(np.arange(len(size)), size)
    return line, np.arange(len(line)) - np.repeat(np.cumsum(size) - size, size)


def _first_best(value: NDArray[np.float64], line: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first item of each line with the line's largest value."""
    start = np.flatnonzero(np.diff(line, prepend=-1))
    top = np.flatnonzero(value == np.maximum.reduceat(value, start)[line])
    return top[np.unique(line[top], return_index=True)[1]]
