"""A sheet of paper: soft polygons in head units, drawn large and shrunk."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Pixels = NDArray[np.float32]


class Sheet:
    """A transparent picture of `size` units, its origin at `centre`, `scale` pixels per unit."""

    __slots__ = ("alpha", "centre", "rgb", "scale")

    def __init__(self, size: tuple[float, float], centre: tuple[float, float], scale: float) -> None:
        shape = (round(size[1] * scale), round(size[0] * scale))
        self.rgb: Pixels = np.zeros((*shape, 3), np.float32)
        self.alpha: Pixels = np.zeros(shape, np.float32)
        self.centre = np.asarray(centre, np.float64)
        self.scale = scale

    def mask(
        self, polygons: list[NDArray[np.float64]], blur: float = 0.0
    ) -> tuple[tuple[slice, slice], Pixels]:
        """The part of the sheet that polygons touch, and how much they cover each pixel of it (0 to 1)."""
        pixels = [(p + self.centre) * self.scale for p in polygons]
        every = np.concatenate(pixels)
        pad = 3 + 2.5 * blur * self.scale
        low = np.maximum(np.floor(every.min(0) - pad), 0).astype(int)
        high = np.minimum(np.ceil(every.max(0) + pad), self.alpha.shape[::-1]).astype(int)
        if np.any(high - low < 2):
            return (slice(0, 0), slice(0, 0)), np.zeros((0, 0), np.float32)
        drawn = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        fixed = [np.round((p - low) * 16).astype(np.int32) for p in pixels]
        for polygon in fixed:
            cv2.fillPoly(drawn, [polygon], 255, cv2.LINE_8, 4)
        if blur > 0:
            k = max(1, int(blur * self.scale * 1.7) | 1)
            drawn = cv2.blur(cv2.blur(drawn, (k, k)), (k, k))
        return (slice(low[1], high[1]), slice(low[0], high[0])), drawn.astype(np.float32) / 255

    def paint(
        self,
        polygon: ArrayLike | list[NDArray[np.float64]],
        colour: ArrayLike,
        *,
        alpha: float = 1.0,
        blur: float = 0.0,
        inside: Pixels | None = None,
        solid: bool = True,
    ) -> None:
        """Lay a colour over polygons, within a mask of the whole sheet; not `solid`: only over what is there."""
        polygons = polygon if isinstance(polygon, list) else [np.asarray(polygon, np.float64)]
        at, cover = self.mask(polygons, blur)
        if not cover.size:
            return
        cover = cover * np.float32(alpha)
        if inside is not None:
            cover = cover * inside[at]
        below = self.alpha[at]
        if not solid:
            cover = cover * below
        ink = np.asarray(colour, np.float32)
        self.rgb[at] += cover[..., None] * ((ink if solid else ink * below[..., None]) - self.rgb[at])
        if solid:
            self.alpha[at] = below + cover * (1 - below)

    def shade(self, gain: Pixels, inside: Pixels) -> None:
        """Multiply colours by a gain within a mask."""
        self.rgb *= (1 + (gain - 1) * inside)[..., None]

    def shrink(self, scale: float) -> NDArray[np.uint8]:
        """(h, w, 4) premultiplied red, green, blue and alpha at a smaller scale."""
        h, w = self.alpha.shape
        size = (max(1, round(w * scale / self.scale)), max(1, round(h * scale / self.scale)))
        whole = np.dstack([np.minimum(self.rgb, self.alpha[..., None]), self.alpha])
        small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
        return np.clip(small * 255 + 0.5, 0, 255).astype(np.uint8)


def ellipse(x: float, y: float, a: float, b: float, *, n: int = 48, tilt: float = 0.0) -> NDArray[np.float64]:
    """(n, 2) points on an ellipse."""
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    p = np.stack([a * np.cos(t), b * np.sin(t)], 1)
    c, s = np.cos(tilt), np.sin(tilt)
    return np.asarray(p @ np.array([[c, s], [-s, c]]) + (x, y))


def ribbon(line: NDArray[np.float64], width: ArrayLike) -> NDArray[np.float64]:
    """A polygon about a line of points, `width` wide (one, or one a point)."""
    along = np.gradient(line, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
    half = np.broadcast_to(np.asarray(width, float) / 2, len(line))[:, None] * across
    return np.concatenate([line + half, (line - half)[::-1]])
