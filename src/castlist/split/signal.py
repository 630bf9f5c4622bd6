"""A signal of a few hundred bytes for each frame, and the distance of two signals."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.vectors import shaped

COLUMNS, ROWS = 16, 9  # cells of the thumbnail, so coarse that small motion stays within a cell
SEES = (4 * COLUMNS, 4 * ROWS)  # width and height to which frames may be scaled down for signals
THUMB = COLUMNS * ROWS * 3
BINS = 64  # 4 x 4 x 4 colours
SIZE = THUMB + BINS
HISTOGRAM_WEIGHT = 0.25  # scales the colours' distance (0.3 at a cut) to the thumbnails' distance
LIT = 120  # brightness (of 255) that BRIGHTEST of the cells exceed in a well lit frame
BRIGHTEST = 0.05  # share of a frame's cells
DARKEST = 0.1  # least brightness, as a share of LIT: darker frames have more noise than picture
BLOCK = 4096  # rows at a time, so that the signals of a long film are not copied as a whole


def describe(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(496,) a frame (h, w, 3): the mean colours of 16 x 9 cells, then a histogram of 64 colours.

    The histogram holds square roots of shares, so that its Euclidean distance is the Hellinger distance. Cell
    means are linear in the picture: half-way through a dissolve they are the mean of both shots' cells.

    Raises:
        InputError: the image is empty or is not 8-bit with three channels.
    """
    import cv2

    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise InputError(f"a frame must be (h, w, 3) uint8, got {image.shape} {image.dtype}")
    small = image if image.shape[1::-1] == SEES else cv2.resize(image, SEES, interpolation=cv2.INTER_AREA)
    thumb = cv2.resize(small, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    b, g, r = (small >> 6).reshape(-1, 3).T
    share = np.bincount((b << 4) + (g << 2) + r, minlength=BINS) / b.size
    return np.concatenate([thumb.ravel(), np.rint(255 * np.sqrt(share)).astype(np.uint8)])


def checked(signals: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The signals, unchanged, if they have the form of `describe`.

    Raises:
        InputError: the signals are not (n, 496) uint8.
    """
    if signals.size == 0:
        return np.zeros((0, SIZE), np.uint8)
    if signals.dtype != np.uint8 or signals.ndim != 2 or signals.shape[1] != SIZE:
        raise InputError(f"signals must be (n, {SIZE}) uint8, got {signals.shape} {signals.dtype}")
    return signals


def cells(signals: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, 9, 16) brightness of the thumbnails in signals (n, 496); (n, 0, 0) for signals of another width.

    Raises:
        InputError: signals are not a table of whole numbers from 0 to 255.
    """
    signals = shaped(signals, np.uint8, ("n", "c"), "signals")
    if signals.shape[1] != SIZE:
        return np.zeros((len(signals), 0, 0), np.uint8)
    return np.asarray(signals[:, :THUMB].reshape(-1, ROWS, COLUMNS, 3).mean(3), np.uint8)


def light(signals: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n,) brightness of each frame's bright parts, as a share of that in a well lit frame: 0.1 to 1.

    Differences between dark pictures are smaller by this share.
    """
    out = np.ones(len(signals), np.float32)
    for rows in blocks(len(signals)):
        cells = signals[rows, :THUMB]
        dark = rows.start + np.flatnonzero((cells >= LIT).mean(1) <= BRIGHTEST)
        if len(dark):
            bright = np.percentile(signals[dark, :THUMB], 100 * (1 - BRIGHTEST), axis=1)
            out[dark] = np.clip(bright / LIT, DARKEST, 1)
    return out


def blocks(n: int) -> Iterator[slice]:
    """Slices that cover n rows."""
    return (slice(i, min(i + BLOCK, n)) for i in range(0, n, BLOCK))


def distances(signals: NDArray[np.uint8], a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float32]:
    """(p,) distance of frames a[i] and b[i]: 0 for the same picture, about 0.2 across a cut.

    It is the mean absolute difference of the cells' colours (0 to 1), plus a quarter of the Hellinger
    distance of the colour histograms, which motion hardly changes.
    """
    out = np.empty(len(a), np.float32)
    for rows in blocks(len(a)):
        out[rows] = sum(distance_parts(signals[a[rows]], signals[b[rows]]))
    return out


def distance_parts(
    x: NDArray[np.uint8], y: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(p,) the two parts of the distance of signals x and y (p, 496): of the cells, and of the colours."""
    cells = np.maximum(x[:, :THUMB], y[:, :THUMB]) - np.minimum(x[:, :THUMB], y[:, :THUMB])
    colours = x[:, THUMB:].astype(np.float32) - y[:, THUMB:]
    hellinger = np.sqrt(np.einsum("ij,ij->i", colours, colours) / 2)
    return cells.mean(1, dtype=np.float32) / 255, HISTOGRAM_WEIGHT * hellinger / 255


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The correlation of two pictures of one size, -1 to 1; NaN where all values of one are equal.

    It is that of `numpy.corrcoef`, in a tenth of the time for pictures of so few values.
    """
    x, y = (values.ravel().astype(np.float64) for values in (a, b))
    x -= x.mean()
    y -= y.mean()
    spread = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / spread if spread else math.nan
