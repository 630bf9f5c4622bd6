"""Fades: a picture turns to one flat colour, and another picture comes out of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.split.signal import THUMB, blocks

REACH = 24  # frames before and after a flat frame within which there must be a full picture
FLAT = 0.12  # most contrast of a flat frame, as a share of the contrast of that picture
LEAST = 6.0  # contrast (of 255) below which a frame shows no picture


def contrast(signals: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n,) standard deviation of each frame's cells about their mean colour, 0 to 255."""
    out = np.empty(len(signals), np.float32)
    for rows in blocks(len(signals)):
        cells = signals[rows, :THUMB].astype(np.float32).reshape(-1, THUMB // 3, 3)
        out[rows] = np.sqrt(cells.var(axis=1).mean(axis=1))
    return out


def fades(signals: NDArray[np.uint8], hard: NDArray[np.int64]) -> NDArray[np.int64]:
    """(f,) the middle frame of each flat passage between two pictures, unless a hard cut bounds it."""
    n = len(signals)
    if n < 3:
        return np.zeros(0, np.int64)
    level = contrast(signals)
    before, after = _running_maximum(level), _running_maximum(level[::-1])[::-1]
    picture = np.minimum(before, after)
    flat = (picture > LEAST) & (level < FLAT * picture)
    edge = np.flatnonzero(np.diff(flat, prepend=False, append=False)).reshape(-1, 2)
    cut = np.zeros(n + 1, bool)
    cut[hard] = True
    middles = [(start + stop) // 2 for start, stop in edge if not cut[max(0, start - 1) : stop + 2].any()]
    return np.array(middles, np.int64)


def _running_maximum(level: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) the largest contrast in the frames up to REACH before each."""
    padded = np.pad(level, (REACH, 0))
    peak: NDArray[np.float32] = np.lib.stride_tricks.sliding_window_view(padded, REACH + 1).max(1)
    return peak
