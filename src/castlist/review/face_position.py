"""The position of a portrait's face in its picture, for pictures with more than one face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.boxes import AROUND, iou, pairs_in_frame, portrait_square
from castlist.types import Portraits, Tracks

__all__ = ["face_positions"]

# Share of another face's box within the picture from which the two faces may be confused.
SEEN = 1 / 3
SAME = 0.4  # intersection over union from which two boxes are the same face
# Margins of the picture beyond left, top, right and bottom, in sides of a face.
HAIR = np.array([-0.1, -0.25, 0.1, 0.1])


def face_positions(portraits: Portraits, tracks: Tracks, width: int, height: int) -> dict[int, str]:
    """Positions of portraits' faces in their pictures, by row; only for pictures that show another face, too.

    Args:
        width: of the film, in pixels; `height` likewise.

    Returns:
        "left top right bottom" in percent of the picture's sides.
    """
    if not len(portraits):
        return {}
    centre, side = portrait_square(portraits.box, np.array([width, height]))
    corner = centre - side[:, None] / 2
    rows = np.flatnonzero(_beside_others(portraits, tracks, corner, side))
    head = portraits.box[rows].astype(np.float64) + HAIR * side[rows, None] / AROUND
    place = (head.reshape(-1, 2, 2) - corner[rows, None]) / side[rows, None, None]
    percent = np.rint(100 * np.clip(place, 0, 1)).astype(np.int64).reshape(-1, 4)
    return {row: " ".join(map(str, four)) for row, four in zip(rows.tolist(), percent.tolist(), strict=True)}


def _beside_others(
    portraits: Portraits, tracks: Tracks, corner: NDArray[np.float64], side: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """(n,) whether the picture shows another face."""
    a, b = pairs_in_frame(portraits.frame, tracks.frame)
    other = tracks.track[b] != portraits.track[a]
    a, face = a[other], tracks.box[b[other]].astype(np.float64)
    square = np.concatenate([corner, corner + side[:, None]], 1)[a]
    common = np.minimum(face[:, 2:], square[:, 2:]) - np.maximum(face[:, :2], square[:, :2])
    share = np.clip(common, 0, None).prod(1) / np.maximum((face[:, 2:] - face[:, :2]).prod(1), 1e-9)
    found = np.zeros(len(portraits), np.bool_)
    found[a[(share >= SEEN) & (iou(face, portraits.box[a]) < SAME)]] = True
    return found
