"""Aligned chips: a face turned and scaled so that its five landmarks lie where the models expect them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHIP", "TEMPLATE", "align", "similarity"]

CHIP = 112  # pixels a side of the picture that the models take

# Where the landmarks of a frontal face lie in a chip, in pixels: the convention shared by ArcFace and
# SFace. Order as in Detections: right eye, left eye, nose, right and left corner of the mouth.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


def similarity(points: NDArray[np.floating], target: NDArray[np.floating] = TEMPLATE) -> NDArray[np.float64]:
    """The (2, 3) rotation, scale and shift that carries points (n, 2) nearest to target, least squares.

    [Umeyama: Least-squares estimation of transformation parameters between two point patterns.
    IEEE PAMI 13(4), 1991]. Points that all coincide give a scale of zero.
    """
    points, target = np.asarray(points, np.float64), np.asarray(target, np.float64)
    centre, aim = points.mean(0), target.mean(0)
    a, b = points - centre, target - aim
    u, singular, vt = np.linalg.svd(b.T @ a / len(a))
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    rotation = u @ np.diag(sign) @ vt
    spread = (a**2).sum() / len(a)
    scale = (singular * sign).sum() / spread if spread > 0 else 0.0
    return np.column_stack([scale * rotation, aim - scale * rotation @ centre])


def align(image: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The chip (112, 112, 3) of a face, cut from a picture (h, w, 3) by its landmarks (5, 2).

    Large faces are shrunk by areas first: sampled at single points they would alias.
    """
    import cv2

    matrix = similarity(landmarks)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if 0 < scale < 0.5:
        image, matrix = _shrunk(image, np.asarray(landmarks, np.float64), scale)
    chip = cv2.warpAffine(image, matrix, (CHIP, CHIP), flags=cv2.INTER_LINEAR)
    return np.asarray(chip, np.uint8)


def _shrunk(
    image: NDArray[np.uint8], landmarks: NDArray[np.float64], scale: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The surroundings of a large face at about twice the chip's scale, and the way from it to the chip."""
    import cv2

    reach = 1.5 * CHIP / scale / 2
    centre = landmarks.mean(0)
    left, top = np.maximum(np.floor(centre - reach).astype(int), 0)
    right, bottom = np.ceil(centre + reach).astype(int)
    window = image[top:bottom, left:right]
    if 0 in window.shape:
        return image, similarity(landmarks)
    factor = 2 * scale
    small = cv2.resize(window, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    # pixel centres, not corners, are what resize keeps in place
    moved = (landmarks - (left, top) + 0.5) * factor - 0.5
    return np.asarray(small, np.uint8), similarity(moved)
