"""Non-rigid motion of a face: movement of eyes, mouth and nose relative to each other between two pictures.

A photograph in a film is flat and does not change, even when it is moved: one homography maps one picture of
it to any other. A living face is not flat, and changes: it blinks, talks, turns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.embed.align import halved
from castlist.types import Tracks
from castlist.vectors import picture, shaped

__all__ = ["face_patch", "nonrigid_motion", "track_motion"]

PATCH = 48  # pixels of each side of the pictures that are compared
FACE = 30.0  # pixels of the longer side of the face's box in such a picture; the rest is around the face
FINE = 2  # factor of the resolution that is cut out and then averaged, so that all box sizes alias alike
# Standard deviations of smoothing, in pixels: the first finds large shifts, the second removes most of the
# noise of encoding.
SMOOTH = (4.0, 1.5)
BLOCK = 8  # pixels of each side of the part in which motion is measured: an eye, half a mouth
STEPS = 8  # most Gauss-Newton steps; most pictures need four
NEAR = 1e-4  # change of all parameters below which the alignment ends
FAR = 0.7  # change of a parameter from which the alignment has failed
MOVES = 0.014  # motion of a part that is certain, in face sizes: twice the most of photographs
ENOUGH = 3  # pictures with such motion, after which no others are compared
LEAST = 4  # least number of pictures of a track in a piece of the film for a comparison

_V, _U = np.meshgrid(
    *[(np.arange(PATCH, dtype=np.float32) - (PATCH - 1) / 2) / (FACE / 2)] * 2, indexing="ij"
)
_INSIDE = _U**2 + (_V / 1.15) ** 2 <= 1  # the ellipse of the face; what is outside moves independently


def face_patch(image: NDArray[np.uint8], box: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(48, 48) grey picture of a face in its box (4,), cut from a BGR picture (h, w, 3).

    Raises:
        InputError: `image` is not a picture, or `box` is not four numbers.
    """
    import cv2

    image, box, side = picture(image, "image"), shaped(box, np.float64, (4,), "box"), FINE * PATCH
    centre = (box[:2] + box[2:]) / 2 - 0.5  # centres of pixels
    scale = FINE * FACE / max(float((box[2:] - box[:2]).max()), 1.0)
    reach, by = side / scale / 2 + 2, scale
    if scale < 0.5:
        image, zoom, shift = halved(image, centre - reach, centre + reach, scale)
        by, centre = scale / zoom, zoom * centre + shift
    middle = (side - 1) / 2
    matrix = np.array([[by, 0, middle - by * centre[0]], [0, by, middle - by * centre[1]]])
    patch = cv2.warpAffine(image, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    patch = cv2.resize(patch, (PATCH, PATCH), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY), np.uint8)


def track_motion(patches: NDArray[np.uint8], tracks: Tracks, whole: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(n,) non-rigid motion of each of n detected faces in a piece of a film; NaN: not measured.

    Args:
        patches: (n, 48, 48) pictures of the faces.
        tracks: the tracks of the faces.
        whole: (n,) whether a face lies within the frame; faces at the edge are not compared.

    Raises:
        InputError: `patches` or `whole` have another shape or type, or differ in length.
    """
    patches = shaped(patches, np.uint8, ("n", PATCH, PATCH), "patches")
    whole = shaped(whole, np.bool_, (len(patches),), "whole")
    motion = np.full(len(patches), np.nan, np.float32)
    for t in range(len(tracks)):
        rows = tracks.detection[tracks.rows(t)]
        rows = rows[rows >= 0]
        rows = rows[whole[rows]]
        if len(rows) >= LEAST:
            motion[rows] = nonrigid_motion(patches[rows])
    return motion


def nonrigid_motion(patches: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(k,) motion of the part of a face that moves most relative to the rest, in face sizes.

    Each of the pictures (k, 48, 48) of one face is compared with the middle one, which itself has NaN. They
    are compared in an order that spreads over time; after ENOUGH pictures with motion MOVES, the others are
    not compared and have NaN.

    A picture is aligned by a homography and a change of light; the rest of the difference in brightness,
    divided by the slope of the brightness, is a displacement.  [Baker, Matthews: Lucas-Kanade 20 years on: a
    unifying framework. IJCV 56(3), 2004: inverse compositional alignment]
    """
    motion = np.full(len(patches), np.nan, np.float32)
    middle = len(patches) // 2
    reference = _Reference.of(patches[middle])
    spread = np.argsort(np.arange(len(patches)) * 0.6180339887 % 1.0)  # golden section
    for i in spread[spread != middle].tolist():
        motion[i] = reference.motion(patches[i])
        if (motion >= MOVES).sum() >= ENOUGH:
            break
    return motion


Map = tuple[NDArray[np.float64], float, float]  # (3, 3) homography in face sizes; gain and offset of light


@dataclass(frozen=True, eq=False, slots=True)
class _Level:
    """The picture that others of a track are aligned with, smoothed by `smooth`."""

    smooth: float  # pixels
    image: NDArray[np.float32]  # (48, 48)
    step: NDArray[np.float32]  # (10, p) from differences of brightness inside the face to parameters

    @classmethod
    def of(cls, patch: NDArray[np.uint8], smooth: float) -> _Level:
        image = _smoothed(patch, smooth)
        x, y = _slopes(image)
        # derivatives by the eight parameters of a homography near the identity, by gain and by offset
        along = -(x * _U + y * _V)
        change = [x * _U, x * _V, x, y * _U, y * _V, y, along * _U, along * _V, image, np.ones_like(image)]
        jacobian = np.stack([c[_INSIDE] for c in change], 1).astype(np.float64)
        return cls(smooth, image, np.linalg.pinv(jacobian, rcond=1e-6).astype(np.float32))

    def aligned(self, patch: NDArray[np.uint8], start: Map) -> Map:
        """The alignment of a picture with this one: the best of all steps from `start`."""
        image = _smoothed(patch, self.smooth)
        best, least = start, np.inf
        to, gain, offset = start
        for _ in range(STEPS):
            difference = (gain * _warped(image, to) + offset - self.image)[_INSIDE]
            error = float(difference @ difference)
            if error < least:
                best, least = (to, gain, offset), error
            *change, brighter, lighter = (self.step @ difference).tolist()
            largest = max(map(abs, change))
            if not largest < FAR or abs(brighter) > 0.5:
                break
            to = to @ _undone(*change)
            to /= to[2, 2]
            light = 1 / (1 + brighter)
            gain, offset = gain * light, (offset - lighter) * light
            if largest < NEAR:
                break
        return best


def _undone(
    a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float
) -> NDArray[np.float64]:
    """(3, 3) the inverse, but for a factor, of the homography I + [[a, b, c], [d, e, f], [g, h, 0]].

    That is the adjugate. `numpy.linalg.inv` takes ten times as long for so small a matrix.
    """
    a, e = 1 + a, 1 + e
    return np.array(
        [
            [e - f * h, c * h - b, b * f - c * e],
            [f * g - d, a - c * g, c * d - a * f],
            [d * h - e * g, b * g - a * h, a * e - b * d],
        ]
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Reference:
    """The picture that others of a track are compared with."""

    levels: tuple[_Level, ...]  # levels of smoothing; the last level is compared
    # (48, 48) mean square slope of the brightness around each pixel, per face size.
    slope: NDArray[np.float32]

    @classmethod
    def of(cls, patch: NDArray[np.uint8]) -> _Reference:
        levels = tuple(_Level.of(patch, smooth) for smooth in SMOOTH)
        x, y = _slopes(levels[-1].image)
        square = (2 * x) ** 2 + (2 * y) ** 2  # x and y are per half a face
        usual = float(square[_INSIDE].mean())
        slope = np.maximum(_around(square * _INSIDE), usual * _around(_INSIDE)) + 1e-6
        return cls(levels, np.asarray(slope, np.float32))

    def motion(self, patch: NDArray[np.uint8]) -> float:
        """Displacement of the part that moves most, in face sizes."""
        found: Map = (np.eye(3), 1.0, 0.0)
        for level in self.levels:
            found = level.aligned(patch, found)
        to, gain, offset = found
        aligned = gain * _smoothed(_warped(patch.astype(np.float32), to), SMOOTH[-1]) + offset
        left = _around((aligned - self.levels[-1].image) ** 2 * _INSIDE) / self.slope
        return float(np.sqrt(left[_PARTS].max()))


def _slopes(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(48, 48) slopes of the brightness to the right and downwards, for half a face size."""
    import cv2

    x, y = (cv2.Sobel(image, cv2.CV_32F, *way, scale=FACE / 16) for way in ((1, 0), (0, 1)))
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def _warped(image: NDArray[np.float32], to: NDArray[np.float64]) -> NDArray[np.float32]:
    """A picture (48, 48) mapped by a homography in face sizes."""
    import cv2

    matrix = _TO_PIXELS @ to @ _FROM_PIXELS
    warped = cv2.warpPerspective(image, matrix, (PATCH, PATCH), flags=_FLAGS, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.float32)


def _smoothed(patch: NDArray[np.generic], by: float) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.GaussianBlur(patch.astype(np.float32), (0, 0), by), np.float32)


def _around(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """(48, 48) mean of values (48, 48) over the block around each pixel, zeros beyond the edge."""
    import cv2

    mean = cv2.boxFilter(values.astype(np.float32), -1, (BLOCK, BLOCK), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(mean, np.float32)


def _parts() -> NDArray[np.bool_]:
    """(48, 48) whether the block around each pixel lies mostly in the face."""
    padded = np.pad(_INSIDE, BLOCK // 2).astype(np.float64)
    sums = np.pad(padded.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    blocks = sums[BLOCK:, BLOCK:] - sums[:-BLOCK, BLOCK:] - sums[BLOCK:, :-BLOCK] + sums[:-BLOCK, :-BLOCK]
    return np.asarray(blocks[:PATCH, :PATCH] > 0.6 * BLOCK**2)


_PARTS = _parts()
_TO_PIXELS = np.array([[FACE / 2, 0, (PATCH - 1) / 2], [0, FACE / 2, (PATCH - 1) / 2], [0, 0, 1]])
_FROM_PIXELS = np.linalg.inv(_TO_PIXELS)
_FLAGS = 1 | 16  # cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
