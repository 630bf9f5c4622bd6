"""Rooms: the backgrounds of a drawn film, without anything that resembles a face."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from castlist.drawn.sheet import ellipse

Image = NDArray[np.uint8]

WALLS = {  # wall above, wall below, floor
    "study": ((196, 178, 148), (166, 140, 112), (110, 78, 56)),
    "kitchen": ((206, 216, 212), (176, 196, 196), (150, 128, 106)),
    "garden": ((176, 208, 232), (206, 222, 214), (104, 140, 78)),
    "street": ((184, 196, 208), (170, 170, 172), (112, 112, 118)),
    "cafe": ((150, 92, 74), (122, 70, 60), (76, 50, 42)),
    "night": ((28, 34, 62), (50, 52, 84), (36, 34, 48)),
    "gallery": ((226, 222, 214), (208, 204, 196), (150, 132, 112)),
    "black": ((10, 10, 12), (10, 10, 12), (10, 10, 12)),
}


def room(kind: str, width: int, height: int, seed: int) -> Image:
    """(height, width, 3) a room, its furniture placed at random by a seed."""
    rng = np.random.default_rng([seed, sorted(WALLS).index(kind)])
    high, low, ground = (np.array(c, float) for c in WALLS[kind])
    y = np.linspace(0, 1, height)[:, None, None]
    image = np.broadcast_to(high + (low - high) * y, (height, width, 3)).copy()
    floor = int(height * 0.80)
    image[floor:] = ground * (0.85 + 0.3 * (y[floor:] - 0.8) / 0.2)
    canvas = np.clip(image, 0, 255).astype(np.uint8)
    if kind != "black":
        FURNITURE[kind](canvas, floor, rng)
    return grain(canvas, rng, 0 if kind == "black" else 9)


def grain(image: Image, rng: np.random.Generator, amount: float) -> Image:
    """Plaster: smooth patches of light and dark, and a little fine grain."""
    h, w = image.shape[:2]
    out = image.astype(np.float32)
    for step, part in ((48, 1.0), (12, 0.5), (2, 0.35)):
        patch = rng.normal(0, amount * part, (h // step + 2, w // step + 2)).astype(np.float32)
        out += cv2.resize(patch, (w, h), interpolation=cv2.INTER_CUBIC)[..., None]
    return np.clip(out, 0, 255).astype(np.uint8)


def block(image: Image, x: float, y: float, w: float, h: float, colour: tuple[float, ...]) -> None:
    cv2.rectangle(image, (round(x), round(y)), (round(x + w), round(y + h)), colour, -1)


def blob(image: Image, x: float, y: float, a: float, b: float, colour: tuple[float, ...]) -> None:
    cv2.fillPoly(image, [np.round(ellipse(x, y, a, b) * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)


def window(image: Image, x: float, y: float, w: float, h: float, glass: tuple[float, ...]) -> None:
    block(image, x - 0.04 * w, y - 0.04 * w, w * 1.08, h + 0.08 * w, (226, 220, 208))
    block(image, x, y, w, h, glass)
    block(image, x, y + 0.55 * h, w, 0.45 * h, tuple(0.82 * c for c in glass))
    block(image, x + 0.48 * w, y, 0.04 * w, h, (226, 220, 208))
    block(image, x, y + 0.46 * h, w, 0.04 * w, (226, 220, 208))


def shelf(image: Image, x: float, y: float, w: float, h: float, rng: np.random.Generator) -> None:
    """Books in three rows."""
    block(image, x, y, w, h, (92, 62, 42))
    for row in range(3):
        top, at = y + h * (row + 0.08) / 3, x + 0.03 * w
        while at < x + 0.93 * w:
            wide = rng.uniform(0.025, 0.06) * w
            tall = h / 3 * rng.uniform(0.6, 0.82)
            colour = tuple(float(c) for c in rng.uniform(50, 190, 3))
            block(image, at, top + h * 0.28 - tall, min(wide, x + 0.96 * w - at), tall, colour)
            at += wide * 1.15


def plant(image: Image, x: float, floor: float, size: float, rng: np.random.Generator) -> None:
    for _ in range(26):
        a = rng.uniform(-2.7, -0.45)
        r = size * rng.uniform(0.3, 1.0)
        green = (40 + 50 * rng.random(), 95 + 70 * rng.random(), 50 + 30 * rng.random())
        tip = ellipse(
            x + 0.6 * r * np.cos(a),
            floor - 0.55 * size + 0.8 * r * np.sin(a),
            0.30 * size,
            0.06 * size,
            tilt=a,
        )
        cv2.fillPoly(image, [np.round(tip * 16).astype(np.int32)], green, cv2.LINE_AA, 4)
    block(image, x - 0.22 * size, floor - 0.55 * size, 0.44 * size, 0.55 * size, (168, 92, 62))


def lamp(image: Image, x: float, floor: float, size: float) -> None:
    block(image, x - 0.02 * size, floor - size, 0.04 * size, size, (60, 52, 48))
    shade = np.array([[-0.14, -1.0], [0.14, -1.0], [0.24, -0.72], [-0.24, -0.72]]) * size + (x, floor)
    cv2.fillPoly(image, [np.round(shade * 16).astype(np.int32)], (244, 222, 164), cv2.LINE_AA, 4)


def _spots(width: int, height: int, rng: np.random.Generator) -> list[float]:
    n = max(2, round(2.2 * width / height))
    return [float((i + rng.uniform(0.25, 0.75)) * width / n) for i in range(n)]


def study(image: Image, floor: int, rng: np.random.Generator) -> None:
    h, w = image.shape[:2]
    for i, x in enumerate(_spots(w, h, rng)):
        if i % 2:
            window(image, x - 0.16 * h, 0.14 * h, 0.34 * h, 0.40 * h, (186, 212, 226))
        else:
            shelf(image, x - 0.22 * h, 0.16 * h, 0.46 * h, 0.64 * h, rng)
    lamp(image, float(rng.uniform(0, w)), floor + 0.06 * h, 0.6 * h)


def kitchen(image: Image, floor: int, rng: np.random.Generator) -> None:
    h, w = image.shape[:2]
    for x in np.arange(0, w, 0.09 * h):
        cv2.line(image, (int(x), 0), (int(x), int(0.62 * h)), (190, 202, 200), 1)
    for y in np.arange(0, 0.62 * h, 0.09 * h):
        cv2.line(image, (0, int(y)), (w, int(y)), (190, 202, 200), 1)
    for x in np.arange(-0.1 * h, w, 0.42 * h):
        block(image, x, 0.02 * h, 0.38 * h, 0.24 * h, (112, 142, 140))
        block(image, x + 0.03 * h, 0.05 * h, 0.32 * h, 0.18 * h, (126, 156, 152))
    block(image, 0, 0.62 * h, w, 0.04 * h, (222, 216, 204))
    block(image, 0, 0.66 * h, w, h, (104, 130, 130))
    for x in _spots(w, h, rng):
        block(image, x, 0.50 * h, 0.05 * h, 0.12 * h, tuple(float(c) for c in rng.uniform(90, 220, 3)))


def garden(image: Image, floor: int, rng: np.random.Generator) -> None:
    h, w = image.shape[:2]
    for _ in range(int(90 * w / h)):
        x, y = rng.uniform(0, w), rng.uniform(0.42, 0.82) * h
        blob(
            image,
            x,
            y,
            rng.uniform(0.04, 0.12) * h,
            rng.uniform(0.03, 0.10) * h,
            (50 + 60 * rng.random(), 105 + 70 * rng.random(), 50 + 40 * rng.random()),
        )
    for x in _spots(w, h, rng):
        block(image, x, 0.3 * h, 0.04 * h, 0.52 * h, (104, 80, 60))
        for _ in range(14):
            blob(
                image,
                x + rng.normal(0, 0.10) * h,
                0.22 * h + rng.normal(0, 0.08) * h,
                0.10 * h,
                0.07 * h,
                (60 + 50 * rng.random(), 120 + 60 * rng.random(), 60),
            )
    for _ in range(40):
        blob(
            image,
            rng.uniform(0, w),
            rng.uniform(0.82, 0.98) * h,
            3,
            3,
            tuple(float(c) for c in rng.uniform(150, 250, 3)),
        )


def street(image: Image, floor: int, rng: np.random.Generator) -> None:
    h, w = image.shape[:2]
    x = -0.1 * h
    while x < w:
        wide, top = rng.uniform(0.4, 0.7) * h, rng.uniform(0.0, 0.25) * h
        block(
            image,
            x,
            top,
            wide,
            h * 0.8 - top,
            tuple(float(c) for c in rng.uniform((120, 96, 86), (200, 166, 146))),
        )
        for wx in np.arange(x + 0.06 * h, x + wide - 0.1 * h, 0.16 * h):
            for wy in np.arange(top + 0.06 * h, 0.66 * h, 0.19 * h):
                block(image, wx, wy, 0.08 * h, 0.11 * h, (92, 108, 124))
        x += wide + 0.02 * h
    block(image, 0, floor, w, 0.02 * h, (150, 148, 146))


def cafe(image: Image, floor: int, rng: np.random.Generator) -> None:
    h, w = image.shape[:2]
    for x in _spots(w, h, rng):
        cv2.line(image, (int(x), 0), (int(x), int(0.14 * h)), (40, 32, 30), 2)
        blob(image, x, 0.17 * h, 0.07 * h, 0.04 * h, (250, 224, 160))
        block(image, x + 0.12 * h, 0.30 * h, 0.22 * h, 0.30 * h, (64, 52, 50))
        for k in range(4):
            block(
                image,
                x + 0.14 * h,
                (0.34 + 0.06 * k) * h,
                rng.uniform(0.08, 0.16) * h,
                0.012 * h,
                (210, 200, 186),
            )
    block(image, 0, 0.66 * h, w, 0.03 * h, (96, 60, 44))


def night(image: Image, floor: int, rng: np.random.Generator) -> None:
    h, w = image.shape[:2]
    x = -0.1 * h
    while x < w:
        wide, top = rng.uniform(0.25, 0.5) * h, rng.uniform(0.15, 0.5) * h
        block(image, x, top, wide, h, (22, 22, 40))
        for wx in np.arange(x + 0.03 * h, x + wide - 0.05 * h, 0.07 * h):
            for wy in np.arange(top + 0.04 * h, 0.76 * h, 0.09 * h):
                if rng.random() < 0.35:
                    block(image, wx, wy, 0.03 * h, 0.04 * h, (226, 190, 110))
        x += wide
    block(image, 0, floor, w, h, (30, 28, 40))


def gallery(image: Image, floor: int, rng: np.random.Generator) -> None:
    h, w = image.shape[:2]
    block(image, 0, floor - 0.03 * h, w, 0.03 * h, (186, 178, 168))
    plant(image, float(rng.uniform(0.03, 0.1) * w), floor + 0.05 * h, 0.34 * h, rng)
    plant(image, float(rng.uniform(0.9, 0.97) * w), floor + 0.05 * h, 0.34 * h, rng)


FURNITURE = {
    "study": study,
    "kitchen": kitchen,
    "garden": garden,
    "street": street,
    "cafe": cafe,
    "night": night,
    "gallery": gallery,
}
