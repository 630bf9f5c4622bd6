"""Spans of frames in which a dissolve is looked for, and which of those found are kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from castlist.split.signal import THUMB, blocks

__all__ = ["SPANS", "free_spans", "kept_apart", "variances", "with_a_dip"]

SPANS = (8, 12, 18, 26, 38, 54)  # frames between the two ends of a dissolve that are tried
STEPS = 6  # places a span that are tried where the contrast tells where to look
LEAST = 36.0  # variance (levels of 255, squared) below which an end shows nothing


def free_spans(starts: NDArray[np.int64], span: int, boundaries: NDArray[np.int64], n: int) -> Iterator[int]:
    """The first frames of those spans of a film of `n` frames that hold no boundary, nor touch one."""
    count = np.zeros(n + 1, np.int64)  # boundaries before a frame
    np.add.at(count, boundaries.astype(np.int64) + 1, 1)
    count = np.cumsum(count)
    free = count[np.minimum(starts + span + 2, n)] == count[np.maximum(starts - 1, 0)]
    yield from starts[free].tolist()


def with_a_dip(variance: NDArray[np.float32], span: int, *, dip: float, flat: float) -> NDArray[np.int64]:
    """First frames of spans half-way through which the picture has less contrast than at both ends.

    Args:
        variance: (n,) of each frame's cells; see `variances`.
        dip: the variance half-way over the mean of the ends' must be lower.
        flat: the variance of one end over the other's must be higher: else this is a fade.
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
    """(d,) the frames, in order, of the best dissolves of which no two share frames.

    Args:
        found: how far each is off a dissolve, the frame in its middle, and its span in frames.
        known: (k,) middles of dissolves that are known, which none may come close to.
        lasts: frames that a known one may last.
        apart: frames between the middles of two, at least.
    """
    kept = [] if known is None else [(m, lasts) for m in known.tolist()]
    before = len(kept)
    for _, middle, span in sorted(found):
        if all(abs(middle - m) > max((span + s) // 2, apart) for m, s in kept):
            kept.append((middle, span))
    return np.array(sorted(m for m, _ in kept[before:]), np.int64)
