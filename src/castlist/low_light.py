"""Brightens dark pictures before they are given to a network.

Measured on faces of films and of LFW whose pictures were made dark (`benchmarks/dark.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["brightened"]

SHARE = 0.99  # quantile of the green values: the level of the bright parts of a picture
LEAST = 120  # of 255: darker bright parts are brightened to this; 120 to 230 find as many faces
BLACK = 4  # of 255: a picture with darker bright parts holds two bits of noise, and stays black


def brightened(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (h, w, 3) BGR whose bright parts are dark, with all values multiplied by one factor.

    The level of the bright parts is the 99th percentile of the green values; the factor takes it to 120 of
    255. A picture of a higher level, as in most films, is returned as it is, and so is a black one.
    """
    import cv2

    if not image.size:
        return image
    below = np.cumsum(cv2.calcHist([image], [1], None, [256], [0, 256]).ravel())
    bright = int(np.searchsorted(below, SHARE * below[-1]))
    if not BLACK <= bright < LEAST:
        return image
    curve = np.minimum(np.arange(256) * (LEAST / bright), 255).round().astype(np.uint8)
    return np.asarray(cv2.LUT(image, curve), np.uint8)
