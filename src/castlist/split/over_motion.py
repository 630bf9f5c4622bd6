"""Dissolves over people who move: most cells of the picture change from one shot to the other in step.

A person who walks or waves moves some cells off the line from one shot to the other. The cells around the
person stay on it, and have the same progress at the same time. So the progress of the dissolve is the median
over cells, and a dissolve is recognised by the share of the difference in cells that follow it. Where an
object only passes through the picture, or the camera pans, cells change one after the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.split.camera import moved
from castlist.split.dissolves import ALIKE, BESIDE, FALL, FLAT, MOVED
from castlist.split.signal import THUMB, correlation
from castlist.split.spans import SPANS, free_spans, kept_apart, variances, with_a_dip

__all__ = ["dissolves_over_motion"]

# Chosen on six labelled films with cuts turned into dissolves of 12, 18 and 24 frames, and on the same films
# two and three times as fast; checked with 10, 15, 21 and 30 frames, four times as fast, and with films drawn
# from other seeds (benchmarks/split_clips.py --dissolved, --faster, --drawn --first 100).
DIP = 0.85  # most variance half-way, as a share of the ends' mean: .75 finds 10 fewer of 260
# Least share of the ends' difference in cells that follow the common progress: .65 finds 16 fewer of 260, .55
# finds 8 more, and one more false one.
SHARE = 0.6
OFF = 0.3  # most distance of such a cell from the common progress, as a share of the cell's own difference,
USUALLY = 0.8  # in this share of the frames
CHANGED = 12.0  # least change of a cell that counts, in levels of 255, over all colours
PLATEAU = 0.25  # most progress of frames outside the ends: more in a part of a longer dissolve
OFF_EVEN = 0.2  # most distance of the progress from an even one: .3 finds two more, and one false one
APART = 12  # least number of frames between the middles of two dissolves: shots of a title sequence last 20
KNOWN = 24  # assumed length of a known dissolve, in frames
STEP = 0.4  # most progress from one frame to the next: a cut has all of it
Floats = NDArray[np.float32]


class _Fit(NamedTuple):
    share: float  # of the ends' difference that changes in step
    middle: int  # frame


def dissolves_over_motion(
    signals: NDArray[np.uint8],
    taken: NDArray[np.int64],
    known: NDArray[np.int64],
    *,
    floor: NDArray[np.float32],
) -> NDArray[np.int64]:
    """(d,) the middle frame of each further dissolve, in addition to the known ones.

    Spans that hold a boundary in `taken` or `known` are left out. `floor` is as in `dissolves`.
    """
    boundaries = np.concatenate([taken, known])
    variance = variances(signals)
    found: list[tuple[float, int, int]] = []
    for span in SPANS:
        starts = with_a_dip(variance, span, dip=DIP, flat=FLAT**2)
        for start in free_spans(starts, span, boundaries, len(signals)):
            stop = start + span
            fit = _in_step(signals, start, stop, 255 * max(floor[start], floor[stop]))
            found += [] if fit is None else [(-fit.share, fit.middle, span)]
    return kept_apart(found, known, lasts=KNOWN, apart=APART)


def _in_step(signals: NDArray[np.uint8], start: int, stop: int, floor: float) -> _Fit | None:
    """The share of the picture that changes in step between two frames; None: this is no dissolve."""
    low, high = max(0, start - BESIDE), min(len(signals), stop + BESIDE + 1)
    cells = signals[low:high, :THUMB].astype(np.float32).reshape(high - low, THUMB // 3, 3)
    a, b = cells[start - low], cells[stop - low]
    if np.abs(b - a).mean() <= floor or correlation(a, b) > ALIKE:
        return None
    line = b - a
    change = np.linalg.norm(line, axis=1)
    says = change > CHANGED
    weight, line = change[says], line[says]
    from_a = cells[:, says] - a[says]
    along = (from_a * line).sum(2) / weight**2  # (frames, cells) 0 in the first picture, 1 in the second
    progress = _weighted_median(along, weight)
    inside = slice(start - low, stop - low + 1)
    if not _even(progress, inside):
        return None
    off_line = np.linalg.norm(from_a[inside] - along[inside, :, None] * line, axis=2) / weight
    off = np.hypot(along[inside] - progress[inside, None], off_line)
    share = float(weight[np.quantile(off, USUALLY, axis=0) < OFF].sum() / change.sum())
    if share <= SHARE or moved(_levelled(a), _levelled(b)) < MOVED:
        return None
    return _Fit(share, start + int(np.argmax(progress[inside] >= 0.5)))


def _levelled(picture: Floats) -> Floats:
    """(432,) cells with mean 0 and deviation 1, so that a fade does not hide a pan of the camera."""
    return np.asarray((picture - picture.mean()).ravel() / max(float(picture.std()), 1e-3), np.float32)


def _even(progress: Floats, inside: slice) -> bool:
    """Whether a progress rises evenly from 0 to 1 inside, and is constant before and after."""
    between = progress[inside]
    outside = np.concatenate([progress[: inside.start], 1 - progress[inside.stop :]])
    steps = np.diff(between)
    off_even = np.abs(between - np.linspace(0, 1, len(between))).max()
    return bool(
        np.abs(outside).max(initial=0) < PLATEAU
        and off_even < OFF_EVEN
        and steps.min() > -FALL
        and steps.max() < STEP
    )


def _weighted_median(values: Floats, weight: Floats) -> Floats:
    """(n,) the median of each row of values (n, c), weighted by `weight` (c,)."""
    order = np.argsort(values, axis=1)
    until = np.cumsum(weight[order], axis=1)
    place = (2 * until >= until[:, -1:]).argmax(axis=1)
    row = np.arange(len(values))
    return np.asarray(values[row, order[row, place]], np.float32)
