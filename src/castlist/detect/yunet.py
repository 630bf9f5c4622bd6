"""Faces by YuNet, at one or more sizes of the picture.

[Wu, Peng, Yu: YuNet, a tiny millisecond-level face detector. Machine Intelligence Research, 2023]
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.models import Network, load
from castlist.types import Detections, Machine

LEAST = 8  # pixels of a picture's side: in less there is no face to be found
STRIDES = (8, 16, 32)  # pixels a cell of each of the network's three output maps


@dataclass(frozen=True, slots=True)
class YuNet:
    """Find faces of about 10 to 300 pixels, each with five landmarks.

    `detector(image)` returns the `Detections` of one picture (h, w, 3) BGR uint8, all with frame 0.
    """

    min_score: float = 0.5  # weaker faces can carry on a track; what begins one is the tracker's choice
    max_overlap: float = 0.3  # IoU above which two boxes are one face

    model = "yunet"

    def __call__(
        self, image: NDArray[np.uint8], *, scale: float = 1.0, machine: Machine = Machine()
    ) -> Detections:
        import cv2

        if image.ndim != 3 or image.shape[2] != 3:
            raise InputError(f"a picture must have shape (height, width, 3), got {image.shape}")
        if min(image.shape[:2]) * scale < LEAST:
            return Detections.empty()
        resized = image if scale == 1 else cv2.resize(image, None, fx=scale, fy=scale)
        rows = _decode(load(self.model, machine), resized, self.min_score)
        kept = cv2.dnn.NMSBoxes(rows[:, :4].tolist(), rows[:, 14].tolist(), self.min_score, self.max_overlap)
        rows = rows[np.sort(np.asarray(kept, np.int64).ravel())]
        rows[:, :14] *= np.float32(1 / scale)
        box = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        landmarks = rows[:, 4:14].reshape(-1, 5, 2)
        return Detections(np.zeros(len(rows), np.int64), box, rows[:, 14], landmarks)


def _decode(network: Network, image: NDArray[np.uint8], min_score: float) -> NDArray[np.float32]:
    """Rows of x, y, w, h, ten landmark coordinates, score: every cell that scores at least min_score."""
    x = _input(image)
    maps = network(x)
    found = []
    for stride in STRIDES:
        cells = x.shape[3] // stride
        score = np.sqrt(maps[f"cls_{stride}"].clip(0, 1) * maps[f"obj_{stride}"].clip(0, 1)).ravel()
        hit = np.flatnonzero(score >= min_score)
        corner = np.stack([hit % cells, hit // cells], 1)
        box, points = maps[f"bbox_{stride}"][0, hit], maps[f"kps_{stride}"][0, hit]
        centre, size = (box[:, :2] + corner) * stride, np.exp(box[:, 2:]) * stride
        points = (points.reshape(-1, 5, 2) + corner[:, None]) * stride
        found.append(np.column_stack([centre - size / 2, size, points.reshape(-1, 10), score[hit]]))
    return np.concatenate(found).astype(np.float32)


class _Memory(threading.local):
    """A thread's inputs of the network by size of picture, filled again and again: new pages cost more."""

    def __init__(self) -> None:
        self.inputs: dict[tuple[int, int], NDArray[np.float32]] = {}


_MEMORY = _Memory()
_SIZES = 8  # of pictures; a film has three


def _input(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(1, 3, h, w) the picture in planes, black up to whole cells; valid until the thread's next call."""
    height, width = image.shape[:2]
    x = _MEMORY.inputs.get((height, width))
    if x is None:
        if len(_MEMORY.inputs) >= _SIZES:
            _MEMORY.inputs.clear()
        x = np.zeros((1, 3, height + -height % STRIDES[-1], width + -width % STRIDES[-1]), np.float32)
        _MEMORY.inputs[height, width] = x
    for plane in range(3):
        x[0, plane, :height, :width] = image[:, :, plane]
    return x
