"""Faces by YuNet, at one or more sizes of the picture.

[Wu, Peng, Yu: YuNet, a tiny millisecond-level face detector. Machine Intelligence Research, 2023]
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.low_light import brightened
from castlist.models import load
from castlist.option_values import check_options
from castlist.types import Detections, Machine

LEAST = 8  # pixels of a picture's shorter side below which it is not searched
STRIDES = (8, 16, 32)  # pixels of a cell in each of the network's three output maps
CELL = STRIDES[-1]  # pixels: the network takes pictures of whole cells
BATCH = 16  # pictures in one run: larger batches are no faster on a CPU and cost memory


@dataclass(frozen=True, slots=True)
class YuNet:
    """Finds faces of about 10 to 300 pixels, each with five landmarks.

    `detector(image)` returns the `Detections` of one picture (h, w, 3) BGR uint8, all with frame 0.
    """

    min_score: float = 0.5  # weak faces can continue a track; the tracker decides which begin one
    max_overlap: float = 0.3  # IoU above which two boxes are one face

    def __post_init__(self) -> None:
        check_options(self)

    model = "yunet"

    def __call__(
        self, image: NDArray[np.uint8], *, scale: float = 1.0, machine: Machine = Machine()
    ) -> Detections:
        return self.many([image], [scale], machine=machine)[0]

    def many(
        self, images: Sequence[NDArray[np.uint8]], scales: Sequence[float], *, machine: Machine = Machine()
    ) -> list[Detections]:
        """The faces of several pictures, each searched at a scale; those of one size in one run.

        Raises:
            InputError: a picture has another shape than (h, w, 3).
        """
        found = [Detections.empty() for _ in images]
        batches: dict[tuple[int, int], list[int]] = defaultdict(list)
        for i, (image, scale) in enumerate(zip(images, scales, strict=True)):
            if min(_checked(image).shape[:2]) * scale >= LEAST:
                high, wide = _size(image, scale)
                batches[high + -high % CELL, wide + -wide % CELL].append(i)
        for size, batch in batches.items():
            for start in range(0, len(batch), BATCH):
                part = batch[start : start + BATCH]
                x = _input([images[i] for i in part], [scales[i] for i in part], size)
                for i, rows in zip(
                    part, _decode(load(self.model, machine)(x), x, self.min_score), strict=True
                ):
                    found[i] = self._faces(rows, scales[i])
        return found

    def _faces(self, rows: NDArray[np.float32], scale: float) -> Detections:
        """Faces from rows of `_decode`, without overlapping boxes, in pixels of the original picture."""
        import cv2

        if not len(rows):
            return Detections.empty()
        if len(rows) > 1:
            kept = cv2.dnn.NMSBoxes(
                rows[:, :4].tolist(), rows[:, 14].tolist(), self.min_score, self.max_overlap
            )
            rows = rows[np.sort(np.asarray(kept, np.int64).ravel())]
        rows[:, :14] *= np.float32(1 / scale)
        box = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        return Detections(np.zeros(len(rows), np.int64), box, rows[:, 14], rows[:, 4:14].reshape(-1, 5, 2))


def _checked(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if image.ndim != 3 or image.shape[2] != 3:
        raise InputError(f"a picture must have shape (height, width, 3), got {image.shape}")
    return image


def _size(image: NDArray[np.uint8], scale: float) -> tuple[int, int]:
    """Height and width of a picture at a scale."""
    height, width = image.shape[:2]
    return round(scale * height), round(scale * width)


def _decode(
    maps: dict[str, NDArray[np.float32]], x: NDArray[np.float32], min_score: float
) -> list[NDArray[np.float32]]:
    """For each picture in x (n, 3, h, w), rows of x, y, w, h, ten landmark coordinates, score.

    There is one row for each cell with a score of at least min_score, of the network's three maps in turn.
    """
    n, wide = len(x), x.shape[3]
    parts = [part for stride in STRIDES if (part := _guesses(maps, n, wide, stride, min_score)) is not None]
    if not parts:
        return [np.zeros((0, 15), np.float32)] * n
    rows, owner = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    return [rows[owner == i] for i in range(n)]


def _guesses(
    maps: dict[str, NDArray[np.float32]], n: int, wide: int, stride: int, min_score: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
    """Rows of the cells of one map of n pictures, `wide` pixels wide, and their pictures; None for none."""
    # the network's output has the cells of all pictures one after the other
    cls, obj = (maps[f"{name}_{stride}"].ravel() for name in ("cls", "obj"))
    likely = np.flatnonzero(cls * obj >= 0.99 * min_score**2)  # drops most cells before the root
    score = np.sqrt(cls[likely].clip(0, 1) * obj[likely].clip(0, 1))
    sure = score >= min_score
    at, score = likely[sure], score[sure]
    if not len(at):
        return None
    box, points = maps[f"bbox_{stride}"].reshape(-1, 4)[at], maps[f"kps_{stride}"].reshape(-1, 10)[at]
    picture, hit = np.divmod(at, len(cls) // n)
    cells = wide // stride
    corner = np.stack([hit % cells, hit // cells], 1)
    centre, size = (box[:, :2] + corner) * stride, np.exp(box[:, 2:]) * stride
    points = (points.reshape(-1, 5, 2) + corner[:, None]) * stride
    rows = np.column_stack([centre - size / 2, size, points.reshape(-1, 10), score])
    return rows.astype(np.float32), picture


class _Memory(threading.local):
    """Arrays of a thread by use and shape, reused, since new memory costs more time than filling it."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, tuple[int, ...]], NDArray[np.generic]] = {}

    def array(self, use: str, shape: tuple[int, ...], kind: type[N]) -> NDArray[N]:
        """An array of this shape, with its former content."""
        array = self._arrays.get((use, shape))
        if array is None:
            if len(self._arrays) >= _ARRAYS:
                self._arrays.clear()
            array = self._arrays[use, shape] = np.empty(shape, kind)
        return cast("NDArray[N]", array)


N = TypeVar("N", np.uint8, np.float32)
_MEMORY = _Memory()
_ARRAYS = 48  # most arrays kept: three for each of 16 sizes of batches


def _input(
    images: Sequence[NDArray[np.uint8]], scales: Sequence[float], size: tuple[int, int]
) -> NDArray[np.float32]:
    """(n, 3, *size) scaled pictures in planes, padded with black; valid until the next call."""
    x = _MEMORY.array("input", (len(images), 3, *size), np.float32)
    for row, image, scale in zip(x, images, scales, strict=True):
        small = brightened(_resized(image, scale))
        height, width = small.shape[:2]
        row[:, height:], row[:, :height, width:] = 0, 0
        for plane, values in zip(row, _planes(small), strict=True):
            plane[:height, :width] = values
    return x


def _resized(image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """A picture at a scale; valid until the thread's next call."""
    import cv2

    if scale == 1:
        return image
    small = _MEMORY.array("picture", (*_size(image, scale), 3), np.uint8)
    return np.asarray(cv2.resize(image, None, small, fx=scale, fy=scale), np.uint8)


def _planes(image: NDArray[np.uint8]) -> Sequence[NDArray[np.uint8]]:
    """The three planes (h, w) of a picture (h, w, 3); valid until the thread's next call."""
    import cv2

    planes = _MEMORY.array("planes", (3, *image.shape[:2]), np.uint8)
    return cast("Sequence[NDArray[np.uint8]]", cv2.split(image, list(planes)))
