"""The part of the difference of two pictures that a movement of the camera does not explain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.split.signal import COLUMNS, ROWS

ZOOMS = (0.85, 0.7)  # factors by which the camera may be closer or farther


def moved(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The share of the difference of two thumbnails (432,) that is left after the best shift or zoom.

    0: the camera moved, and nothing else changed; 1: a movement of the camera explains nothing.
    """
    first, second = (x.reshape(ROWS, COLUMNS, 3) for x in (a, b))
    whole = float(np.abs(first - second).mean())
    left = [_shifted(first, second, COLUMNS // 2 - 1, ROWS // 2)]
    left += [_shifted(_closer(x, z), y, 2, 2) for z in ZOOMS for x, y in ((first, second), (second, first))]
    return min(left) / whole if whole else 0.0


def _shifted(a: NDArray[np.float32], b: NDArray[np.float32], x: int, y: int) -> float:
    """The least mean absolute difference of two pictures where they overlap, up to x and y cells apart."""
    h, w = a.shape[:2]
    least = np.inf
    for dy in range(-y, y + 1):
        for dx in range(-x, x + 1):
            p = a[max(0, dy) : h + min(0, dy), max(0, dx) : w + min(0, dx)]
            q = b[max(0, -dy) : h + min(0, -dy), max(0, -dx) : w + min(0, -dx)]
            least = min(least, float(np.abs(p - q).mean()))
    return least


def _closer(picture: NDArray[np.float32], zoom: float) -> NDArray[np.float32]:
    """The middle of a picture, enlarged to the whole."""
    import cv2

    edge = (1 / zoom - 1) / 2
    matrix = np.array([[1 / zoom, 0, -edge * COLUMNS], [0, 1 / zoom, -edge * ROWS]])
    return np.asarray(cv2.warpAffine(picture, matrix, (COLUMNS, ROWS), borderMode=cv2.BORDER_REPLICATE))
