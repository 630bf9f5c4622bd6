"""The colours of the clothes below a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.embed import halved
from castlist.types import Cue
from castlist.vectors import shaped

__all__ = ["Clothes", "Colour", "palette"]

# The region below the face, in widths and heights of the face's box, from the middle of the box's upper edge.
# It is narrow, so that it holds the chest and little background: of four regions tried on six labelled films
# this one separated people best; the largest was twice as wide and twice as high.
LEFT, RIGHT = -0.75, 0.75
TOP, BOTTOM = 1.25, 2.2
WIDE, HIGH = 24, 16  # pixels of the region's picture

# Centres of the histogram's cells, in OpenCV's 8-bit Lab (a and b are 128 for grey); closer where colours of
# clothes are common.
LIGHT = np.array([20.0, 60.0, 100.0, 140.0, 180.0, 220.0])
GREEN_RED = np.array([98.0, 112.0, 120.0, 128.0, 136.0, 144.0, 158.0, 178.0])
BLUE_YELLOW = np.array([88.0, 106.0, 118.0, 128.0, 138.0, 150.0, 168.0])
CELLS = (len(LIGHT), len(GREEN_RED), len(BLUE_YELLOW))
Colour = tuple[tuple[int, int, int], float]  # red, green, blue, 0 to 255, and its share
LEAST = 4  # pixels of each side of the region's picture that must lie in the frame


@dataclass(frozen=True, slots=True)
class Clothes:
    """A histogram of the Lab colours of the chest, as square roots of shares, 0 to 255: 336 numbers.

    The cosine of two such vectors is the Bhattacharyya coefficient of the colours. The quality is the share
    of the region that lies in the frame. A pixel between two cells counts for both in proportion, so that a
    small change of light changes the histogram little.  [Bhattacharyya 1943; Everingham, Sivic, Zisserman,
    "Hello! My name is... Buffy", BMVC 2006, for clothes as a cue]
    """

    width: ClassVar[int] = int(np.prod(CELLS))  # numbers of a vector

    def cut(self, image: NDArray[np.uint8], box: NDArray[np.floating]) -> NDArray[np.uint8]:
        """(h, w, 3) the region below the face, 16 by 24 pixels, without what lies outside of the frame."""
        import cv2

        low, high = _region(np.asarray(box, np.float64))
        scale = np.array([WIDE, HIGH]) / (high - low)
        source, zoom, shift = image, 1.0, np.zeros(2)
        if scale.min() < 0.5:
            source, zoom, shift = halved(image, low, high, float(scale.min()))
        by = scale / zoom
        matrix = np.column_stack([np.diag(by), -by * (zoom * low + shift)])
        picture = cv2.warpAffine(
            source, matrix, (WIDE, HIGH), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        size = np.array(image.shape[1::-1], np.float64)
        first = np.ceil(np.clip(-low * scale, 0, (WIDE, HIGH))).astype(int)
        last = np.floor(np.clip((size - low) * scale, 0, (WIDE, HIGH))).astype(int)
        return np.asarray(picture[first[1] : last[1], first[0] : last[0]], np.uint8)

    def __call__(self, pictures: Sequence[NDArray[np.uint8]]) -> Cue:
        """One row for each picture (h, w, 3) BGR; zeros, of quality 0, where too little is visible."""
        vector = np.zeros((len(pictures), self.width), np.uint8)
        quality = np.zeros(len(pictures), np.float32)
        for i, picture in enumerate(pictures):
            if min(picture.shape[:2]) >= LEAST:
                vector[i] = np.rint(255 * np.sqrt(_shares(picture)))
                quality[i] = picture.shape[0] * picture.shape[1] / (WIDE * HIGH)
        return Cue(vector, quality)


@typed_arguments
def palette(vector: NDArray[np.floating], most: int = 5) -> list[Colour]:
    """The commonest colours (red, green, blue) in a row (c,) that `Clothes` made, with their shares.

    Colours are 0 to 255, shares 0 to 1; the commonest comes first, and there are `most` at most.

    Raises:
        InputError: the row has another length, or is not finite numbers.
    """
    import cv2

    share = shaped(vector, np.float64, (Clothes.width,), "vector") ** 2
    share = share / max(share.sum(), 1e-9)
    best = np.argsort(-share, kind="stable")[:most]
    best = best[share[best] > 0]
    light, green_red, blue_yellow = np.unravel_index(best, CELLS)
    lab = np.stack([LIGHT[light], GREEN_RED[green_red], BLUE_YELLOW[blue_yellow]], 1).astype(np.uint8)
    rgb = cv2.cvtColor(lab[:, None], cv2.COLOR_LAB2RGB)[:, 0] if len(best) else np.zeros((0, 3), np.uint8)
    return [((int(r), int(g), int(b)), float(s)) for (r, g, b), s in zip(rgb, share[best], strict=True)]


def _region(box: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(2,) corners of the region below a face's box."""
    wide, high = np.maximum(box[2:] - box[:2], 1.0)
    middle = (box[0] + box[2]) / 2
    low = np.array([middle + LEFT * wide, box[1] + TOP * high])
    return low, np.array([middle + RIGHT * wide, box[1] + BOTTOM * high])


def _shares(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(336,) the share of a BGR picture's pixels in each cell of Lab colours."""
    import cv2

    lab = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB).reshape(-1, 3).astype(np.float64)
    below, part = zip(*(_between(lab[:, i], axis) for i, axis in enumerate((LIGHT, GREEN_RED, BLUE_YELLOW))),
                      strict=True)  # fmt: skip
    total = np.zeros(Clothes.width)
    for corner in np.ndindex(2, 2, 2):
        place = np.ravel_multi_index([b + c for b, c in zip(below, corner, strict=True)], CELLS)
        weight = np.prod([p if c else 1 - p for p, c in zip(part, corner, strict=True)], axis=0)
        total += np.bincount(place, weight, minlength=len(total))
    return np.asarray(total / len(lab))


def _between(
    values: NDArray[np.float64], axis: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The centre below each value, and the value's position on the way to the next centre, 0 to 1."""
    place = np.interp(values, axis, np.arange(len(axis)))
    below = np.minimum(place.astype(np.int64), len(axis) - 2)
    return below, place - below
