"""The covers of hidden faces: rectangles drawn over the planes of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.types import freeze

__all__ = [
    "BLACK",
    "BODY",
    "CORE",
    "HEAD",
    "HOLE",
    "MARGIN",
    "OPEN",
    "STYLES",
    "WHOLE",
    "CoverStyle",
    "Covers",
    "cover",
]

# Covers.kind, in drawing order within a frame.
MARGIN = 0  # cover: the surroundings of a face, its hair, ears and neck
HEAD = 1  # opening: the head of a visible person
BODY = 2  # cover: a face, or its estimated place before or after
HOLE = 3  # opening: the face of a visible person
CORE = 4  # cover, also over openings: a detected face
WHOLE = 5  # cover of the whole picture
BLACK = 6  # black cover in every style: a face that was found again under a cover

OPEN = (HEAD, HOLE)  # kinds that are openings

# Cells along the long side of a blurred or pixelated cover: a head, two faces wide, has four, and a face two.
# In 42 pictures (21 frames, both styles) a detector was sure of 26 faces of five cells, and of one of two.
CELLS = {MARGIN: 4, BODY: 2, CORE: 2, WHOLE: 5}
Plane = NDArray[np.generic]


class CoverStyle(StrEnum):
    """How covers hide the picture."""

    SOLID = "solid"  # hides most
    BLUR = "blur"
    PIXELS = "pixels"


@dataclass(frozen=True, eq=False, slots=True)
class Covers:
    """Rectangles that are covers or openings, one a row, ordered by frame and then by kind."""

    frame: NDArray[np.int64]  # (n,)
    kind: NDArray[np.int8]  # (n,) MARGIN, HEAD, BODY, HOLE, CORE, WHOLE, BLACK
    box: NDArray[np.float32]  # (n, 4) left, top, right, bottom in pixels of the frame as shown

    def __post_init__(self) -> None:
        freeze(self, frame=(np.int64, (None,)), kind=(np.int8, (None,)), box=(np.float32, (None, 4)))

    def __len__(self) -> int:
        return len(self.frame)

    @classmethod
    def of(cls, parts: Sequence[tuple[ArrayLike, int, ArrayLike]]) -> Self:
        """Covers from parts (frames, kind, boxes)."""
        frame = np.concatenate([np.zeros(0, np.int64), *(np.asarray(f, np.int64) for f, _, _ in parts)])
        kind = np.concatenate([np.zeros(0), *(np.full(np.size(f), k) for f, k, _ in parts)])
        box = np.concatenate([np.zeros((0, 4)), *(np.reshape(b, (-1, 4)) for _, _, b in parts)])
        order = np.lexsort((kind, frame))
        return cls(frame[order], kind[order], box[order])

    def at(self, frame: int) -> slice:
        """The rows of one frame."""
        first, last = np.searchsorted(self.frame, [frame, frame + 1])
        return slice(int(first), int(last))

    def save(self, file: IO[bytes]) -> None:
        """Write the columns as .npz."""
        np.savez(file, frame=self.frame, kind=self.kind, box=self.box)

    @classmethod
    def load(cls, file: IO[bytes]) -> Self:
        """The covers that `save` wrote."""
        with np.load(file, allow_pickle=False) as columns:
            return cls(columns["frame"], columns["kind"], columns["box"])

    def share(self, frame: int, box: Sequence[float]) -> float:
        """The covered share of a box's area in a frame, 0 to 1."""
        left, top, right, bottom = (float(v) for v in box)
        mask = np.zeros((64, 64), bool)
        size = np.array([right - left, bottom - top] * 2)
        for row in range(*self.at(frame).indices(len(self))):
            if self.kind[row] == WHOLE:
                return 1.0
            cells = (self.box[row] - np.array([left, top] * 2)) / size * 64
            low, high = np.clip(np.round(cells[:2]), 0, 64), np.clip(np.round(cells[2:]), 0, 64)
            mask[int(low[1]) : int(high[1]), int(low[0]) : int(high[0])] = self.kind[row] not in OPEN
        return float(mask.mean())


def cover(
    planes: Sequence[Plane],
    fill: Sequence[int],
    kinds: NDArray[np.int8],
    boxes: NDArray[np.floating],
    style: str,
) -> None:
    """Draw the covers of one frame over its planes, in place.

    Args:
        planes: (h, w) or (h / 2, w / 2) and so on; each shows the whole picture.
        fill: the value of black in each plane.
        kinds, boxes: (n,) and (n, 4) in pixels of the first plane.
        style: a CoverStyle.
    """
    if not len(kinds):
        return
    size = planes[0].shape
    box = np.array(boxes, np.float64)
    box[kinds == WHOLE] = (0, 0, size[1], size[0])
    for plane, black in zip(planes, fill, strict=True):
        scale = np.array([plane.shape[1] / size[1], plane.shape[0] / size[0]] * 2)
        _cover_plane(plane, black, kinds, box * scale, STYLES[CoverStyle(style)])


def _cover_plane(
    plane: Plane, black: int, kinds: NDArray[np.int8], boxes: NDArray[np.float64], style: Style
) -> None:
    before = plane.copy()
    real = (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    kinds, boxes = kinds[real], boxes[real]
    limit = np.array([plane.shape[1], plane.shape[0]] * 2)
    outward = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], axis=1)
    for kind, box in zip(kinds.tolist(), np.clip(outward, 0, limit).astype(int).tolist(), strict=True):
        left, top, right, bottom = box
        if left < right and top < bottom:
            window = before[top:bottom, left:right]
            plane[top:bottom, left:right] = _drawn(window, black, kind, style)


def _drawn(window: Plane, black: int, kind: int, style: Style) -> Plane | int:
    """The pixels that replace a window."""
    if kind in OPEN:
        return window
    return black if kind == BLACK else style(window, black, CELLS[kind])


def _solid(window: Plane, black: int, cells: int) -> Plane | int:
    return black


def _cells(window: Plane, cells: int) -> tuple[Plane, tuple[int, int]]:
    """A window in so few pixels that no person can be recognised, and its size (width, height)."""
    import cv2

    height, width = window.shape
    step = max(height, width) / cells
    few = (max(1, round(width / step)), max(1, round(height / step)))
    return cv2.resize(np.ascontiguousarray(window), few, interpolation=cv2.INTER_AREA), (width, height)


def _pixels(window: Plane, black: int, cells: int) -> Plane:
    import cv2

    few, size = _cells(window, cells)
    return np.asarray(cv2.resize(few, size, interpolation=cv2.INTER_NEAREST))


def _blur(window: Plane, black: int, cells: int) -> Plane:
    import cv2

    few, size = _cells(window, cells)
    return np.asarray(cv2.resize(few, size, interpolation=cv2.INTER_LINEAR))


Style = Callable[[Plane, int, int], "Plane | int"]  # a window, black, cells
STYLES: dict[CoverStyle, Style] = {
    CoverStyle.SOLID: _solid,
    CoverStyle.BLUR: _blur,
    CoverStyle.PIXELS: _pixels,
}
