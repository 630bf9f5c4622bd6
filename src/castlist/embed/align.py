"""Aligned chips: a face rotated and scaled so that its five landmarks lie where the models expect these."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist import _former
from castlist.argument_types import typed_arguments
from castlist.errors import InputError
from castlist.vectors import picture, shaped

__all__ = ["CHIP", "TEMPLATE", "align_faces", "halved", "similarity"]

CHIP = 112  # pixels of each side of the models' input

# Where the landmarks of a frontal face lie in a chip, in pixels: the convention shared by ArcFace and
# SFace. Order as in Detections: right eye, left eye, nose, right and left corner of the mouth.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


def similarity(points: NDArray[np.floating], target: NDArray[np.floating] = TEMPLATE) -> NDArray[np.float64]:
    """The (2, 3) rotation, scale and shift that moves points (n, 2) nearest to target, by least squares.

    [Umeyama: Least-squares estimation of transformation parameters between two point patterns. IEEE PAMI
    13(4), 1991], in the plane, where the singular values of its equation 34 are not needed: rotating and
    scaling is one product of complex numbers. Points that all coincide give a scale of zero.
    """
    points, target = np.asarray(points, np.float64), np.asarray(target, np.float64)
    centre, aim = points.mean(0), target.mean(0)
    a, b = points - centre, target - aim
    spread = float((a * a).sum())
    along, across = float((a * b).sum()), float(a[:, 0] @ b[:, 1] - a[:, 1] @ b[:, 0])
    turn = np.array([[along, -across], [across, along]]) / spread if spread > 0 else np.zeros((2, 2))
    return np.column_stack([turn, aim - turn @ centre])


def align_faces(image: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The chip (112, 112, 3) of a face, cut from a picture (h, w, 3) by its landmarks (5, 2).

    Large faces are halved first, to avoid aliasing.

    Raises:
        InputError: `image` is not a picture, or `landmarks` are not five points.
    """
    import cv2

    image, landmarks = picture(image, "image"), shaped(landmarks, np.float64, (5, 2), "landmarks")
    matrix = similarity(landmarks)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if 0 < scale < 0.5:
        centre, reach = landmarks.mean(0), 1.5 * CHIP / scale / 2
        image, zoom, shift = halved(image, centre - reach, centre + reach, scale)
        matrix = similarity(zoom * landmarks + shift)
    chip = cv2.warpAffine(image, matrix, (CHIP, CHIP), flags=cv2.INTER_LINEAR)
    return np.asarray(chip, np.uint8)


class Window(NamedTuple):
    """A part of a picture; a point of the picture has the position zoom * point + shift in it."""

    image: NDArray[np.uint8]
    zoom: float
    shift: NDArray[np.float64]  # (2,)


@typed_arguments
def halved(
    image: NDArray[np.uint8], low: NDArray[np.floating], high: NDArray[np.floating], scale: float
) -> Window:
    """A window of a picture, halved as often as a following scaling by `scale` allows.

    Each pixel of a half is the mean of four, so there is no aliasing, and halving takes a tenth of the time
    of shrinking by areas to any other size.

    Args:
        low, high: (2,) corners of the window, x and y in pixels; parts outside of the picture are left out.
        scale: wanted pixels for each pixel of the picture, above 0; from 1 on the window is not halved.

    Raises:
        InputError: `image` is not a picture, corners are not two numbers each, or `scale` is not above 0.
    """
    import cv2

    image = picture(image, "image")
    low, high = shaped(low, np.float64, (2,), "low"), shaped(high, np.float64, (2,), "high")
    if not scale > 0:
        raise InputError(f"scale must be above 0, got {scale}")
    size = image.shape[1::-1]
    times = max(0, int(np.floor(-np.log2(scale))))
    left, top = np.clip(np.floor(low), 0, size).astype(int)
    right, bottom = np.maximum(np.clip(np.ceil(high), 0, size).astype(int), (left + 1, top + 1))
    window = image[top:bottom, left:right]
    if 0 in window.shape:
        return Window(image, 1.0, np.zeros(2))
    short = [-side % (1 << times) for side in window.shape[:2]]
    if any(short):
        window = cv2.copyMakeBorder(window, 0, short[0], 0, short[1], cv2.BORDER_REPLICATE)
    zoom, shift = 1.0, -np.array([left, top], np.float64)
    for _ in range(times):
        window = cv2.resize(
            window, (window.shape[1] // 2, window.shape[0] // 2), interpolation=cv2.INTER_AREA
        )
        zoom, shift = zoom / 2, (shift + 0.5) / 2 - 0.5  # coordinates are those of pixels' centres
    return Window(np.asarray(window, np.uint8), zoom, shift)


_former.function(__name__, "align_faces")
