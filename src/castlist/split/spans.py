"""Spans of frames that are searched for dissolves, and the choice among overlapping dissolves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from castlist.split.signal import THUMB, blocks

__all__ = ["SPANS", "free_spans", "kept_apart", "variances", "with_a_dip"]

SPANS = (8, 12, 18, 26, 38, 54)  # frames between the two ends of a dissolve, as tried
STEPS = 6  # first frames tried within the length of a span, where candidates are chosen by contrast
LEAST = 36.0  # variance (levels of 255, squared) below which an end shows no picture


def free_spans(starts: NDArray[np.int64], span: int, boundaries: NDArray[np.int64], n: int) -> Iterator[int]:
    """The first frames of the spans that neither hold nor touch a boundary, in a film of `n` frames."""
    count = np.zeros(n + 1, np.int64)  # boundaries before a frame
    np.add.at(count, boundaries.astype(np.int64) + 1, 1)
    count = np.cumsum(count)
    free = count[np.minimum(starts + span + 2, n)] == count[np.maximum(starts - 1, 0)]
    yield from starts[free].tolist()


def with_a_dip(variance: NDArray[np.float32], span: int, *, dip: float, flat: float) -> NDArray[np.int64]:
    """First frames of spans half-way through which the picture has less contrast than at both ends.

    Args:
        variance: (n,) of each frame's cells; see `variances`.
        dip: upper limit of the variance half-way, as a share of the mean variance of the ends.
        flat: lower limit of the variance of one end, as a share of the other's; below it this is a fade.
    """
    start = np.arange(0, max(len(variance) - span, 0), max(1, span // STEPS))
    first, last, middle = variance[start], variance[start + span], variance[start + span // 2]
    low, high = np.minimum(first, last), np.maximum(first, last)
    return start[(middle < dip * (first + last) / 2) & (low > flat * high) & (high > LEAST)]


def variances(signals: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n,) variance of each frame's cells about their mean colour."""
    out = np.empty(len(signals), np.float32)
    for rows in blocks(len(signals)):
        cells = signals[rows, :THUMB].astype(np.float32).reshape(-1, THUMB // 3, 3)
        out[rows] = cells.var(axis=1).mean(axis=1)
    return out


def kept_apart(
    found: list[tuple[float, int, int]],
    known: NDArray[np.int64] | None = None,
    *,
    lasts: int = 0,
    apart: int = 0,
) -> NDArray[np.int64]:
    """(d,) the middle frames, in order, of the best dissolves that share no frames with one another.

    Args:
        found: the cost, the middle frame and the length in frames of each candidate; least cost is best.
        known: (k,) middle frames of known dissolves, which others must not overlap.
        lasts: assumed length of a known dissolve, in frames.
        apart: least number of frames between two middle frames.
    """
    kept = [] if known is None else [(m, lasts) for m in known.tolist()]
    before = len(kept)
    for _, middle, span in sorted(found):
        if all(abs(middle - m) > max((span + s) // 2, apart) for m, s in kept):
            kept.append((middle, span))
    return np.array(sorted(m for m, _ in kept[before:]), np.int64)
