"""Faces by SCRFD; weights for non-commercial research only.

[Guo, Deng, Lattas, Zafeiriou: Sample and computation redistribution for efficient face detection.
ICLR 2022]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.low_light import brightened
from castlist.models import OnnxNetwork, load
from castlist.option_values import check_options
from castlist.types import Detections, Machine

STRIDES = (8, 16, 32)  # pixels of a cell in each of the network's three output maps
ANCHORS = 2  # candidates for each cell


@dataclass(frozen=True, slots=True)
class SCRFD:
    """Finds faces with the 500-megaflop SCRFD, each with five landmarks.

    `detector(image)` returns the `Detections` of one picture (h, w, 3) BGR uint8, all with frame 0.
    """

    min_score: float = 0.5  # weak faces can continue a track; the tracker decides which begin one
    max_overlap: float = 0.4  # IoU above which two boxes are one face

    def __post_init__(self) -> None:
        check_options(self)

    model = "scrfd-500m"

    def __call__(
        self, image: NDArray[np.uint8], *, scale: float = 1.0, machine: Machine = Machine()
    ) -> Detections:
        import cv2

        if image.ndim != 3 or image.shape[2] != 3:
            raise InputError(f"a picture must have shape (height, width, 3), got {image.shape}")
        resized = image if scale == 1 else np.asarray(cv2.resize(image, None, fx=scale, fy=scale), np.uint8)
        box, landmarks, score = _decode(load(self.model, machine), brightened(resized), self.min_score)
        sizes = np.column_stack([box[:, :2], box[:, 2:] - box[:, :2]])
        kept = cv2.dnn.NMSBoxes(sizes.tolist(), score.tolist(), self.min_score, self.max_overlap)
        rows = np.sort(np.asarray(kept, np.int64).ravel())
        shrink = np.float32(1 / scale)
        return Detections(
            np.zeros(len(rows), np.int64), box[rows] * shrink, score[rows], landmarks[rows] * shrink
        )


class _Guesses(NamedTuple):
    """The network's candidates for faces, n in all."""

    box: NDArray[np.float32]  # (n, 4)
    landmarks: NDArray[np.float32]  # (n, 5, 2)
    score: NDArray[np.float32]  # (n,)


def _decode(network: OnnxNetwork, image: NDArray[np.uint8], min_score: float) -> _Guesses:
    """All candidates with a score of at least min_score."""
    import cv2

    height, width = image.shape[:2]
    below, right = -height % 32, -width % 32  # the network's coarsest cells are 32 pixels
    padded = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    maps = network(cv2.dnn.blobFromImage(padded, 1 / 128, mean=(127.5, 127.5, 127.5), swapRB=True))
    boxes, points, scores = [], [], []
    for stride in STRIDES:
        score = maps[f"score_{stride}"].ravel()
        hit = np.flatnonzero(score >= min_score)
        cell, cells = hit // ANCHORS, padded.shape[1] // stride
        corner = np.stack([cell % cells, cell // cells], 1).astype(np.float32) * stride
        reach = maps[f"bbox_{stride}"][0, hit] * stride
        boxes.append(np.concatenate([corner - reach[:, :2], corner + reach[:, 2:]], axis=1))
        points.append(maps[f"kps_{stride}"][0, hit].reshape(-1, 5, 2) * stride + corner[:, None])
        scores.append(score[hit])
    return _Guesses(np.concatenate(boxes), np.concatenate(points), np.concatenate(scores))
