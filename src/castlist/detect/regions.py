"""Which parts of a picture to search: around known faces, and where it changed since it was searched.

A part is a rectangle of the picture at one of the sizes at which all of it is searched, cut on the network's
own grid: a face in it gets nearly the box that a search of the whole picture gives, for a share of the cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.types import Detections

__all__ = ["Found", "Part", "Reference", "around", "changed_parts", "cost", "elsewhere", "no_surer", "whole"]

GRID = 32  # pixels: the coarsest cells of the detectors' networks, on which parts are cut
REACH = 0.5  # sides of a face by which it may move between looks
CONTEXT = 64  # pixels around a face that a part shows at least: detectors judge by what is around, too
LARGE = 128  # pixels of a face from which on it is searched at the next smaller size: half is still much
CHANGED = (
    6  # of 255, a cell's mean colour: noise and compression change it by 1 to 3, a face that comes by more
)
MARGIN = 1  # cells around changed ones that are searched too
SAME = 0.4  # share of a face that lies on where one was before, from which on it is that one
SURER = 0.05  # by which scores of one face change between looks by themselves
EDGE = 2.0  # pixels from the edge of a part within which a face is taken for cut off


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """Faces of one picture, the scale (n,) at which each was found, and the score (n,) that it may have.

    What is around a face counts: of a fold of cloth alone detectors are surer than of the same one on a coat.
    So a face that is searched for in a part is little surer than when all of the picture was searched.
    """

    faces: Detections
    scale: NDArray[np.float64]
    limit: NDArray[np.float32]

    @classmethod
    def of(cls, faces: Detections, scale: float) -> Found:
        """Faces found at one scale."""
        return cls(faces, np.full(len(faces), scale), faces.score + np.float32(SURER))

    @classmethod
    def nothing(cls) -> Found:
        """No face."""
        return cls.of(Detections.empty(), 1.0)

    @classmethod
    def concatenate(cls, parts: Sequence[Found]) -> Found:
        """One table of several."""
        parts = [part for part in parts if len(part)]
        if not parts:
            return cls.nothing()
        faces = Detections.concatenate([part.faces for part in parts])
        return cls(faces, *(np.concatenate([getattr(p, name) for p in parts]) for name in ("scale", "limit")))

    @property
    def box(self) -> NDArray[np.float32]:
        """(n, 4) left, top, right, bottom in pixels of the picture."""
        return self.faces.box

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Found:
        return Found(self.faces[rows], self.scale[rows], self.limit[rows])


def elsewhere(before: Found | None, now: Found | None) -> Found:
    """The faces that do not lie on where any was at the look before; none where there was no such look."""
    if before is None or now is None or not len(now):
        return Found.nothing()
    return now[_shares(before, now).max(0, initial=0) < SAME]


def no_surer(now: Found, before: Found) -> tuple[Found, bool]:
    """Faces found in parts, none surer than `before` allows, see `Found`; and whether one would be."""
    if not len(now) or not len(before):
        return now, False
    share = _shares(before, now)
    limit = np.where(share.max(0) >= SAME, before.limit[share.argmax(0)], now.limit)
    faces = now.faces
    capped = Detections(faces.frame, faces.box, np.minimum(faces.score, limit), faces.landmarks)
    return Found(capped, now.scale, limit), bool((faces.score > limit).any())


def _shares(before: Found, now: Found) -> NDArray[np.float64]:
    """(b, n) which share of each face now lies on each face before."""
    low = np.maximum(before.box[:, None, :2], now.box[None, :, :2])
    high = np.minimum(before.box[:, None, 2:], now.box[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2, dtype=np.float64)
    return np.asarray(common / np.prod(now.box[:, 2:] - now.box[:, :2], axis=1))


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of a picture at a scale, in pixels of the picture at that scale."""

    left: int
    top: int
    right: int
    bottom: int
    scale: float

    def of(self, scaled: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(h, w, 3) the part of a picture that has its scale, a view."""
        return scaled[self.top : self.bottom, self.left : self.right]

    @property
    def cost(self) -> int:
        """Pixels that a detector sees of it."""
        return _up(self.right - self.left) * _up(self.bottom - self.top)

    def moved(self, faces: Detections) -> Found:
        """Faces found in the part, in pixels of the picture at its own size."""
        if not len(faces):
            return Found.nothing()
        shift, zoom = np.array([self.left, self.top], np.float32), np.float32(1 / self.scale)
        box, landmarks = (faces.box + np.tile(shift, 2)) * zoom, (faces.landmarks + shift) * zoom
        return Found.of(Detections(faces.frame, box, faces.score, landmarks), self.scale)

    def cuts(self, box: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.bool_]:
        """(n,) whether boxes (n, 4) in pixels of the part reach its edge and that is not the picture's own.

        Args:
            size: width and height of the picture at the part's scale.
        """
        wide, high = self.right - self.left, self.bottom - self.top
        at_left, at_top = box[:, 0] <= EDGE, box[:, 1] <= EDGE
        at_right, at_bottom = box[:, 2] >= wide - EDGE, box[:, 3] >= high - EDGE
        cut = at_left & (self.left > 0) | at_top & (self.top > 0)
        return np.asarray(cut | at_right & (self.right < size[0]) | at_bottom & (self.bottom < size[1]))


def _up(pixels: int) -> int:
    """The next whole cells."""
    return pixels + -pixels % GRID


def scaled_size(width: int, height: int, scale: float) -> tuple[int, int]:
    """Width and height of a picture at a scale, as OpenCV rounds them."""
    return max(1, round(width * scale)), max(1, round(height * scale))


def whole(width: int, height: int, scale: float) -> Part:
    """All of a picture."""
    return Part(0, 0, *scaled_size(width, height, scale), scale)


def cost(parts: Sequence[Part]) -> int:
    """Pixels that a detector sees of several parts."""
    return sum(part.cost for part in parts)


def around(found: Found, width: int, height: int, scales: Sequence[float]) -> list[Part]:
    """Parts around known faces, each at the scale at which it was found, or the next smaller of `scales`."""
    parts: dict[float, list[Part]] = {}
    for (left, top, right, bottom), scale in zip(found.box.tolist(), found.scale.tolist(), strict=True):
        side = max(right - left, bottom - top)
        smaller = [s for s in scales if s < scale]
        if smaller and side * scale >= LARGE:
            scale = max(smaller)
        more = max(REACH * side, CONTEXT / scale)
        part = _snapped((left - more, top - more, right + more, bottom + more), width, height, scale)
        parts.setdefault(scale, []).append(part)
    return [part for same in parts.values() for part in _joined(same)]


def _snapped(box: tuple[float, float, float, float], width: int, height: int, scale: float) -> Part:
    """The part of whole cells that holds a box, given in pixels of the picture at its own size."""
    wide, high = scaled_size(width, height, scale)
    left, top, right, bottom = (value * scale / GRID for value in box)
    left, top = max(0, min(int(left), (wide - 1) // GRID)), max(0, min(int(top), (high - 1) // GRID))
    right, bottom = max(left + 1, int(np.ceil(right))), max(top + 1, int(np.ceil(bottom)))
    return Part(GRID * left, GRID * top, min(wide, GRID * right), min(high, GRID * bottom), scale)


class Reference:
    """How a picture looked, cell by cell, when each cell was last searched."""

    def __init__(self) -> None:
        self._cells: NDArray[np.int16] | None = None

    def forget(self) -> None:
        """Nothing has been searched."""
        self._cells = None

    def changed(self, thumb: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
        """(h, w) which cells changed since they were searched; None: nothing has been."""
        cells = _cells(thumb)
        if self._cells is None or self._cells.shape != cells.shape:
            return None
        return np.asarray((np.abs(cells - self._cells) >= CHANGED).any(2))

    def searched(
        self, thumb: NDArray[np.uint8], parts: Sequence[Part] | None, width: int, height: int
    ) -> None:
        """These parts of the picture with this thumbnail have been searched; None: all of it."""
        cells = _cells(thumb)
        if parts is None or self._cells is None or self._cells.shape != cells.shape:
            self._cells = cells
            return
        for part in parts:
            rows, columns = _covered(part, cells.shape[:2], width, height)
            self._cells[rows, columns] = cells[rows, columns]


def _cells(thumb: NDArray[np.uint8]) -> NDArray[np.int16]:
    """(h / 2, w / 2, 3) means of four pixels of a thumbnail (h, w, 3)."""
    high, wide = thumb.shape[0] // 2 * 2, thumb.shape[1] // 2 * 2
    four = thumb[:high, :wide].reshape(high // 2, 2, wide // 2, 2, 3)
    return np.asarray(four.mean((1, 3)), np.int16)


def _covered(part: Part, shape: tuple[int, ...], width: int, height: int) -> tuple[slice, slice]:
    """Rows and columns of the cells that lie in a part."""
    rows, columns = shape[0] / height / part.scale, shape[1] / width / part.scale
    return (
        slice(int(np.ceil(part.top * rows)), round(part.bottom * rows)),
        slice(int(np.ceil(part.left * columns)), round(part.right * columns)),
    )


def changed_parts(
    changed: NDArray[np.bool_], known: Sequence[Part], width: int, height: int, scale: float
) -> list[Part]:
    """Parts that hold all changed cells (h, w) outside of known parts, with a margin."""
    import cv2

    left = changed.astype(np.uint8)
    for part in known:
        left[_covered(part, changed.shape, width, height)] = 0
    if not left.any():
        return []
    grown = cv2.dilate(left, np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    across, down = width / changed.shape[1], height / changed.shape[0]
    boxes = [
        (x * across, y * down, (x + wide) * across, (y + high) * down)
        for x, y, wide, high, _ in stats[1:].tolist()
    ]
    return _joined([_snapped(box, width, height, scale) for box in boxes])


def _joined(parts: list[Part]) -> list[Part]:
    """The same with parts put together wherever that costs no more."""
    parts = list(parts)
    found = True
    while found:
        found = False
        for i in range(len(parts)):
            for j in range(i):
                both = _hull(parts[i], parts[j])
                if both.cost <= parts[i].cost + parts[j].cost:
                    parts = [p for k, p in enumerate(parts) if k not in (i, j)] + [both]
                    found = True
                    break
            if found:
                break
    return parts


def _hull(a: Part, b: Part) -> Part:
    return Part(
        min(a.left, b.left), min(a.top, b.top), max(a.right, b.right), max(a.bottom, b.bottom), a.scale
    )
