"""Boxes (n, 4): left, top, right, bottom, in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["AROUND", "iou", "pairs_in_frame", "part_of", "portrait_square"]

AROUND = 1.6  # side of a portrait / side of the face: includes hair and chin
WITHIN, LARGER = 0.6, 4.0  # share of the smaller box inside the other, and ratio of areas: see `part_of`


def iou(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """(...) the intersection over union of boxes `a` (..., 4) and `b` (..., 4), broadcast.

    >>> float(iou(np.array([0, 0, 2, 1]), np.array([1, 0, 3, 1])).round(3))
    0.333
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    common = np.clip(high - low, 0, None).prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - common
    return np.asarray(common / np.maximum(union, 1e-9))


def part_of(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(n,) whether one of the boxes in each row lies mostly in the other and is not much smaller.

    A detector gives such boxes of one face: one of half the face, or of a face that is partly hidden.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    areas = [(x[:, 2:] - x[:, :2]).prod(1) for x in (a, b)]
    small, large = np.minimum(*areas), np.maximum(*areas)
    common = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(1)
    return np.asarray((common >= WITHIN * small) & (large <= LARGER * small))


def pairs_in_frame(a: NDArray[np.int64], b: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs (row of `a`, row of `b`) of equal frame numbers; a (n,), b (m,) in any order.

    >>> pairs_in_frame(np.array([3, 5]), np.array([5, 3, 5]))
    (array([0, 1, 1]), array([1, 0, 2]))
    """
    order = np.argsort(b, kind="stable")
    first, last = (np.searchsorted(b[order], a, side) for side in ("left", "right"))
    count = last - first
    left = np.repeat(np.arange(len(a)), count)
    within = np.arange(len(left)) - np.repeat(np.cumsum(count) - count, count)
    return left, order[np.repeat(first, count) + within]


def portrait_square(
    box: NDArray[np.float32], size: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The square of a picture that is shown as a face: centre (n, 2) and side (n,), in pixels.

    Args:
        box: (n, 4) of the faces; the square of a face at the picture's edge is moved into the picture.
        size: (2,) width and height of the picture.
    """
    centre, side = (box[:, :2] + box[:, 2:]) / 2, AROUND * (box[:, 2:] - box[:, :2]).max(1).astype(np.float64)
    half = side[:, None] / 2
    inside = np.clip(centre, half, np.maximum(size - half, half))
    return np.where(side[:, None] <= size, inside, size / 2), side
