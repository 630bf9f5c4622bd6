"""A sheet for painting: smooth polygons in head units, painted large and shrunk."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]
Image = NDArray[np.uint8]
Area = tuple[slice, slice]


class Sheet:
    """A transparent picture of `size` units with its origin at `centre`, `scale` pixels per unit."""

    __slots__ = ("centre", "ink", "scale")

    def __init__(self, size: tuple[float, float], centre: tuple[float, float], scale: float) -> None:
        self.ink: Image = np.zeros((round(size[1] * scale), round(size[0] * scale), 4), np.uint8)
        self.centre = np.asarray(centre, np.float64)
        self.scale = scale

    def copy(self) -> Sheet:
        """A copy of the sheet."""
        other = Sheet((1, 1), (0, 0), 1)
        other.ink, other.centre, other.scale = self.ink.copy(), self.centre, self.scale
        return other

    def cover(self, polygons: list[Points], blur: float = 0.0) -> tuple[Area, Image]:
        """The part of the sheet that polygons touch, and their coverage of each pixel of it (0 to 255)."""
        pixels = [(p + self.centre) * self.scale for p in polygons]
        pad = 2 + 2.5 * blur * self.scale
        low = np.maximum(np.floor(np.min([p.min(0) for p in pixels], 0) - pad), 0).astype(int)
        high = np.max([p.max(0) for p in pixels], 0) + pad
        high = np.minimum(np.ceil(high), self.ink.shape[1::-1]).astype(int)
        if np.any(high - low < 2):
            return (slice(0, 0), slice(0, 0)), np.zeros((0, 0), np.uint8)
        drawn: Image = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        for p in pixels:
            cv2.fillPoly(drawn, [np.round((p - low) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        k = int(blur * self.scale * 1.7) | 1
        if k > 1:
            drawn = np.asarray(cv2.blur(cv2.blur(drawn, (k, k)), (k, k)), np.uint8)
        return (slice(low[1], high[1]), slice(low[0], high[0])), drawn

    def mask(self, polygons: list[Points], inside: Image | None = None) -> Image:
        """The coverage of each pixel of the whole sheet by polygons, within another mask."""
        whole: Image = np.zeros(self.ink.shape[:2], np.uint8)
        at, cover = self.cover(polygons)
        whole[at] = cover if inside is None or not cover.size else times(cover, inside[at])
        return whole

    def paint(
        self,
        polygon: ArrayLike | list[Points],
        colour: ArrayLike,
        *,
        alpha: float = 1.0,
        blur: float = 0.0,
        inside: Image | None = None,
        solid: bool = True,
    ) -> None:
        """Paint polygons in a colour, within a mask; if not `solid`, only over painted pixels."""
        polygons = polygon if isinstance(polygon, list) else [np.asarray(polygon, np.float64)]
        at, cover = (
            self.cover(polygons, blur) if polygons else ((slice(0), slice(0)), np.zeros((0, 0), np.uint8))
        )
        if not cover.size:
            return
        if alpha != 1.0:
            cover = np.asarray(cv2.convertScaleAbs(cover, alpha=alpha), np.uint8)
        if inside is not None:
            cover = times(cover, inside[at])
        below = self.ink[at]
        laid = cover if solid else times(cover, np.ascontiguousarray(below[..., 3]))
        stain = np.round(np.arange(256)[:, None] * np.append(np.asarray(colour, float), 1.0)).astype(np.uint8)
        clear = cv2.bitwise_not(cover)
        kept = cv2.multiply(below, cv2.merge([clear, clear, clear, clear]), scale=1 / 255)
        self.ink[at] = cv2.add(kept, stain[laid])

    def shade(self, at: Area, gain: NDArray[np.float32]) -> None:
        """Multiply the colours of a part of the sheet by a gain."""
        colours = cv2.multiply(
            np.ascontiguousarray(self.ink[at][..., :3]), cv2.merge([gain, gain, gain]), dtype=cv2.CV_8U
        )
        self.ink[at][..., :3] = np.minimum(colours, self.ink[at][..., 3:])

    def shrink(self, scale: float) -> Image:
        """(h, w, 4) premultiplied red, green, blue and alpha at a smaller scale."""
        if scale == self.scale:
            return self.ink
        h, w = self.ink.shape[:2]
        size = (max(1, round(w * scale / self.scale)), max(1, round(h * scale / self.scale)))
        return np.asarray(cv2.resize(self.ink, size, interpolation=cv2.INTER_AREA), np.uint8)


def times(a: Image, b: Image) -> Image:
    """The product of two masks."""
    return np.asarray(cv2.multiply(a, b, scale=1 / 255), np.uint8)


def ellipse(x: float, y: float, a: float, b: float, *, n: int = 48, tilt: float = 0.0) -> Points:
    """(n, 2) points on an ellipse."""
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    p = np.stack([a * np.cos(t), b * np.sin(t)], 1)
    c, s = np.cos(tilt), np.sin(tilt)
    return np.asarray(p @ np.array([[c, s], [-s, c]]) + (x, y))


def ribbon(line: Points, width: ArrayLike) -> Points:
    """A polygon around a line of points; `width` is one number, or one for each point."""
    along = np.empty_like(line)
    along[1:-1], along[0], along[-1] = line[2:] - line[:-2], line[1] - line[0], line[-1] - line[-2]
    across = np.stack([-along[:, 1], along[:, 0]], 1) / (np.hypot(along[:, 0], along[:, 1])[:, None] + 1e-9)
    half = np.broadcast_to(np.asarray(width, float) / 2, len(line))[:, None] * across
    return np.concatenate([line + half, (line - half)[::-1]])


def tone(colour: ArrayLike, gain: float, warm: float = 0.0) -> NDArray[np.float64]:
    """A colour made lighter or darker, and warmer or cooler."""
    return np.clip(np.asarray(colour, float) * gain * (1 + warm * np.array([0.5, -0.15, -0.35])), 0, 1)
