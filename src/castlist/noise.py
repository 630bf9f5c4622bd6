"""Smooths noisy pictures (film grain, tape noise) before they are given to a network.

The networks were trained on clean photographs: in noise they find fewer faces, and different faces look
alike. Measured on labelled films with grain and noise (`benchmarks/noisy.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["noise_level", "smoothed"]

BLOCKS = 8  # along each side of a picture
SIDE = 16  # pixels of a block
EVEN = 25  # percentile of the blocks' roughness: the smoothest blocks contain only noise
FEWEST = 10  # blocks that an estimate needs
BLACK, WHITE = 16, 235  # of 255: in blocks of a mean beyond, noise is clipped
# Standard deviation of the noise, of 255, from which a picture is smoothed: twelve labelled films have up to
# 0.9, five of them with visible grain 2.2 and more.
NOISY = 2.0
# Standard deviation of the Gaussian smoothing, in pixels. Recall of faces times B-cubed F, in three labelled
# films with four kinds of noise: .736 for 0, .787 for 0.8, .764 for 1, .754 for 1.2, .759 for 1.6.
SMOOTHING = 0.8


def noise_level(image: NDArray[np.uint8]) -> float:
    """The standard deviation of the noise in a picture (h, w, 3) BGR, of 255; 0 if too few blocks fit.

    It is the mean absolute second difference, which flat and sloping parts do not change, in the smoothest of
    small blocks.  [Immerkær, "Fast noise variance estimation", CVIU 64(2), 1996]
    """
    high, wide = (np.linspace(0, n - SIDE - 2, BLOCKS).astype(int) for n in image.shape[:2])
    if high[-1] <= 0 or wide[-1] <= 0:
        return 0.0
    reach = np.arange(SIDE + 2)
    rows, columns = high[:, None, None, None] + reach[:, None], wide[:, None, None] + reach
    block = image[rows, columns, 1].astype(np.int16)
    light = block.mean(axis=(2, 3))
    lit = (light > BLACK) & (light < WHITE)
    if np.count_nonzero(lit) < FEWEST:
        return 0.0
    down = block[:, :, :-2] - 2 * block[:, :, 1:-1] + block[:, :, 2:]
    rough = np.abs(down[..., :-2] - 2 * down[..., 1:-1] + down[..., 2:]).mean(axis=(2, 3))
    return float(np.percentile(rough[lit], EVEN) * np.sqrt(np.pi / 2) / 6)


def smoothed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (h, w, 3) BGR, smoothed if it is noisy; else unchanged."""
    import cv2

    if noise_level(image) < NOISY:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), SMOOTHING), np.uint8)
