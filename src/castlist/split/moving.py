"""Dissolves while the camera moves: mixtures of two shots that both move on.

The middle frame of such a dissolve is not the mean of its two ends, since both shots move while they are
mixed. So the camera's movement is measured in the frames just before and just after, the two ends are
extrapolated by it, and the frames between must be mixtures of the extrapolated ends. In a pan over one scene
both extrapolated ends show the same picture, and this is no dissolve.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.split.signal import COLUMNS, ROWS, THUMB, correlation
from castlist.split.spans import SPANS, free_spans, kept_apart, variances, with_a_dip

__all__ = ["moving_dissolves"]

# Chosen on films drawn from seeds 0 to 5 (benchmarks/split_clips.py --drawn), and checked on seeds 100 to
# 105.
DIP = 0.8  # most variance half-way, as a share of the ends' mean: a mixture of two unlike pictures has half
FLAT = 0.25  # variance of one end, as a share of the other's, below which this is a fade
NEAR = 6  # frames before and after the ends that show the camera's movement,
FEWEST = 4  # and the least number of them
STEADY = 0.5  # most difference in those frames that no movement explains, as a share of the ends' difference
FARTHEST = (6, 3)  # most movement in those frames, in cells across and down
EFFORT = 0.02  # levels added for each cell of movement, so that a smaller movement is preferred
OVERLAP = 0.35  # least share of the picture that both extrapolated ends cover
ALIKE = 0.7  # correlation from which both extrapolated ends show the same picture
APART = 24  # least number of frames between the middles of two dissolves: each lasts about so long
OFF = 0.3  # most distance of a frame from the mixture, as a share of the difference of the ends
Floats = NDArray[np.float32]
Picture = NDArray[np.float32]


def moving_dissolves(
    signals: NDArray[np.uint8],
    taken: NDArray[np.int64],
    known: NDArray[np.int64],
    *,
    floor: NDArray[np.float32],
) -> NDArray[np.int64]:
    """(d,) the middle frame of each further dissolve, in addition to the known ones.

    Spans that hold a boundary in `taken`, or are close to a middle frame in `known`, are left out. `floor` is
    as in `dissolves`.
    """
    boundaries = np.concatenate([taken, known])
    variance = variances(signals)
    found: list[tuple[float, int, int]] = []
    for span in SPANS:
        starts = with_a_dip(variance, span, dip=DIP, flat=FLAT)
        for start in free_spans(starts, span, boundaries, len(signals)):
            stop = start + span
            least = 255 * max(floor[start], floor[stop])
            if np.abs(_cells(signals, start) - _cells(signals, stop)).mean() > least:
                off = _mixed(signals, start, stop)
                found += [] if off is None else [(off, start + span // 2, span)]
    return kept_apart(found, known, apart=APART)


def _cells(signals: NDArray[np.uint8], frame: int) -> Picture:
    return signals[frame, :THUMB].astype(np.float32).reshape(ROWS, COLUMNS, 3)


def _mixed(signals: NDArray[np.uint8], start: int, stop: int) -> float | None:
    """Mean distance of three frames from mixtures of the extrapolated ends; None: this is no dissolve."""
    near = min(NEAR, start, len(signals) - 1 - stop)
    if near < FEWEST:
        return None
    first, last = _cells(signals, start), _cells(signals, stop)
    whole = float(np.abs(first - last).mean())
    left, into = _movement(_cells(signals, start - near), first)
    right, on = _movement(last, _cells(signals, stop + near))
    if max(left, right) > STEADY * whole:
        return None
    shares, offs = [], []
    for part in (0.25, 0.5, 0.75):
        k = round(start + part * (stop - start))
        before = _carried(first, into * (k - start) / near)
        two = _carried(last, -on * (stop - k) / near)
        mixture = _mixture(_cells(signals, k), before, two)
        if mixture is None:
            return None
        shares.append(mixture[0])
        offs.append(mixture[1])
    rises = shares[0] < shares[1] < shares[2] and shares[0] < 0.5 < shares[2]
    if not rises or not 0.25 < shares[1] < 0.75 or shares[2] - shares[0] < 0.25 or max(offs) > OFF:
        return None
    return float(np.mean(offs))


def _movement(a: Picture, b: Picture) -> tuple[float, NDArray[np.float64]]:
    """The difference of two pictures after the best shift, and this shift (x, y) in cells from a to b.

    All shifts are computed at once: the pictures hold whole numbers, with exact sums in any order.
    """
    windows = np.lib.stride_tricks.sliding_window_view(_edged(b), (ROWS, COLUMNS), (0, 1))  # y, x, colour
    differences = np.abs(windows - a.astype(np.int16).transpose(2, 0, 1)) * _OVERLAPS
    left = differences.sum((2, 3, 4), dtype=np.int32).astype(np.float32) / _COVERED
    costs = left.astype(np.float64) + EFFORT * _EFFORTS
    y, x = np.unravel_index(int(costs.argmin()), costs.shape)
    return float(costs[y, x]), np.array([x - FARTHEST[0], y - FARTHEST[1]], np.float64)


def _edged(picture: Picture) -> NDArray[np.int16]:
    """A picture with margins of zeros for all shifts."""
    (x, y), whole = FARTHEST, picture.astype(np.int16)
    return np.pad(whole, ((y, y), (x, x), (0, 0)))


def _overlaps() -> NDArray[np.int16]:
    """(y, x, 1, rows, columns) 1 where the cells of two pictures overlap for each shift; else 0."""
    inside = _edged(np.ones((ROWS, COLUMNS, 1), np.float32))
    return np.lib.stride_tricks.sliding_window_view(inside, (ROWS, COLUMNS), (0, 1))


_OVERLAPS = _overlaps()
_COVERED = 3 * _OVERLAPS.sum((2, 3, 4), dtype=np.float32)  # number of values compared
_EFFORTS = np.add.outer(*(np.abs(np.arange(-far, far + 1)) for far in FARTHEST[::-1]))  # cells moved


def _carried(picture: Picture, by: NDArray[np.float64]) -> Picture:
    """A picture shifted by (x, y) cells; below 0 where it is unknown."""
    import cv2

    matrix = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float64)
    unknown = (-999.0,) * 3
    shifted = cv2.warpAffine(
        picture, matrix, (COLUMNS, ROWS), borderMode=cv2.BORDER_CONSTANT, borderValue=unknown
    )
    return np.asarray(shifted, np.float32)


def _mixture(picture: Picture, first: Picture, second: Picture) -> tuple[float, float] | None:
    """The share of `second` in a mixture, and the distance of `picture` from it; None: both show the same."""
    known = (first.min(2) >= -1) & (second.min(2) >= -1)
    if known.mean() < OVERLAP:
        return None
    a, b, mixture = first[known].ravel(), second[known].ravel(), picture[known].ravel()
    if min(a.std(), b.std()) < 1e-3 or correlation(a, b) > ALIKE:
        return None
    line = b - a
    share = float((mixture - a) @ line / (line @ line))
    return share, float(np.linalg.norm(mixture - a - share * line) / np.linalg.norm(line))
