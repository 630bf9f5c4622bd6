"""Estimates the speed and the time offset between two copies of a film from the faces in both.

A copy may have another encoding, size or frame rate, may be trimmed at its ends, or may run a little faster.
Faces keep their place in the frame (as fractions of it) and their duration: each pair of tracks with equal
boxes and lengths votes for the time shift between them, and the shift with most votes wins.
[Ballard 1981, the generalised Hough transform, in one dimension]
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist import _former
from castlist.boxes import iou
from castlist.errors import InputError
from castlist.types import Clock, Tracks, Video

__all__ = ["Alignment", "Copy", "align_films"]

# Ratio of durations after conversion between film and PAL (24/25) or between NTSC and film (1000/1001).
SPEEDS = (Fraction(1), Fraction(24, 25), Fraction(25, 24), Fraction(1000, 1001), Fraction(1001, 1000))
LENGTH = 0.25  # seconds by which the two lengths of a track may differ
WINDOW = 0.2  # seconds by which votes for the same shift may differ
MIN_IOU = 0.5  # overlap from which on two boxes are the same face, as in detection benchmarks
LARGEST = 1500  # tracks of each copy that vote: those with most faces
FEWEST = 3  # tracks that must agree on the shift
SHARE = 0.2  # and the share of the tracks of the shorter copy that must agree
AHEAD = 1.5  # and how many times more tracks must agree than on any other shift


@dataclass(frozen=True, eq=False, slots=True)
class Copy:
    """The tracks of one copy of a film."""

    tracks: Tracks
    clock: Clock
    video: Video
    vector: NDArray[np.float32] | None = None  # (t, d) unit vectors; None without embeddings


@dataclass(frozen=True, slots=True)
class Alignment:
    """Time t of the first copy is `speed * t + offset` seconds of the second."""

    speed: Fraction
    offset: Fraction
    agreeing: int  # tracks that agree on it
    tracks: int  # tracks that voted

    def time(self, time: Fraction) -> Fraction:
        """Convert a time of the first copy to a time of the second."""
        return self.speed * time + self.offset


def align_films(old: Copy, new: Copy) -> Alignment:
    """The alignment of an old copy of a film with a new one; equal files need no votes.

    Raises:
        InputError: too few tracks agree on a shift, or too many agree on another one.
    """
    if old.video.digest == new.video.digest:
        return Alignment(Fraction(1), Fraction(0), len(old.tracks), len(old.tracks))
    a, b = _TrackTimes(old), _TrackTimes(new)
    alike = _alike(a, b)
    count, second, shift, speed = max((_vote(a, b, alike, pace) for pace in SPEEDS), key=lambda v: v.agreeing)
    if count < max(FEWEST, SHARE * min(len(a.start), len(b.start)), AHEAD * second):
        raise InputError(
            f"the two films cannot be aligned in time: {count} of {len(a.start)} tracks agree on a shift in "
            f"time, {second} on another one; if they are one film, say by how much with --offset"
        )
    offset = Fraction(round(shift * 1000), 1000)
    return Alignment(speed, offset, count, len(a.start))


class _TrackTimes:
    """Start and end of the largest tracks of a copy in seconds, and their boxes as fractions of the frame."""

    def __init__(self, copy: Copy) -> None:
        t = copy.tracks
        rows = np.sort(np.argsort(-t.size, kind="stable")[:LARGEST])
        times = np.append(copy.clock.seconds(), float(copy.clock.time(len(copy.clock))))
        self.start, self.stop = times[t.first[rows]], times[t.last[rows] + 1]
        size = np.array([copy.video.width, copy.video.height] * 2, np.float64)
        ends = (t.offset[:-1][rows], t.offset[1:][rows] - 1)
        self.first, self.last = (t.box[row].astype(np.float64) / size for row in ends)
        self.vector = None if copy.vector is None else copy.vector[rows]


def _alike(a: _TrackTimes, b: _TrackTimes) -> NDArray[np.float64]:
    """(n, m) weight of each pair's vote: 0 where the boxes differ, else 1 to 3 by similarity of the faces."""
    worth = np.ones((len(a.start), len(b.start)))
    if a.vector is not None and b.vector is not None and a.vector.shape[1] == b.vector.shape[1]:
        worth += 2 * np.clip(a.vector @ b.vector.T, 0, 1)
    same = (iou(a.first[:, None], b.first) >= MIN_IOU) & (iou(a.last[:, None], b.last) >= MIN_IOU)
    return np.where(same, worth, 0.0)


class _Vote(NamedTuple):
    """The shift in time on which most tracks agree at a given speed."""

    agreeing: int  # tracks
    second: int  # tracks that agree on the second best shift
    shift: float  # seconds
    speed: Fraction


def _vote(a: _TrackTimes, b: _TrackTimes, alike: NDArray[np.float64], pace: Fraction) -> _Vote:
    """The best shift at that speed."""
    speed = float(pace)
    length = np.abs((b.stop - b.start)[None] - speed * (a.stop - a.start)[:, None])
    row, column = np.nonzero((alike > 0) & (length <= LENGTH))
    if not len(row):
        return _Vote(0, 0, 0.0, pace)
    shift = b.start[column] - speed * a.start[row]
    order = np.argsort(shift, kind="stable")
    shift, row, column = shift[order], row[order], column[order]
    begin = np.searchsorted(shift, shift - WINDOW / 2)
    end = np.searchsorted(shift, shift + WINDOW / 2, side="right")
    total = np.concatenate([[0.0], np.cumsum(alike[row, column])])
    best = int((total[end] - total[begin]).argmax())
    inside = slice(int(begin[best]), int(end[best]))
    ends = b.stop[column[inside]] - speed * a.stop[row[inside]]
    middle = float(np.median(np.concatenate([shift[inside], ends])))
    far = np.flatnonzero(np.abs(shift - shift[best]) > 2 * WINDOW)
    second = max(
        (len(set(row[begin[i] : end[i]].tolist())) for i in _tops(total, begin, end, far)), default=0
    )
    return _Vote(len(set(row[inside].tolist())), second, middle, pace)


def _tops(
    total: NDArray[np.float64], begin: NDArray[np.int64], end: NDArray[np.int64], among: NDArray[np.int64]
) -> list[int]:
    """The 5 votes of `among` with the largest weight of votes around them."""
    value = (total[end] - total[begin])[among]
    return [int(i) for i in among[np.argsort(-value, kind="stable")[:5]]]


_former.function(__name__, "align_films")
