"""Look -> a drawn body: neck, shoulders, arms, legs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.drawn.look import Look, key
from castlist.drawn.sheet import Sheet, ellipse, ribbon, tone

SIZE = (4.6, 8.2)  # of the sheet, in half head heights
CENTRE = (2.3, 0.0)  # of the head on the sheet: the body lies below it


def draw(look: Look, light: float, scale: float, *, over: int = 2) -> NDArray[np.uint8]:
    """(h, w, 4) premultiplied red, green, blue and alpha, `scale` pixels per unit."""
    sheet = Sheet(SIZE, CENTRE, scale * over)
    b, shirt = look.build, look.shirt
    trousers = tone((0.25, 0.27, 0.34), 0.8 + 0.4 * (key(look) % 7) / 7)
    legs = np.array(
        [[-0.85, 4.4], [0.85, 4.4], [0.75, 8.1], [0.12, 8.1], [0.0, 5.4], [-0.12, 8.1], [-0.75, 8.1]]
    )
    sheet.paint(legs * (b, 1), trousers)
    t = np.linspace(0, 1, 24)
    x = b * (0.34 + 1.12 * np.clip(t * 4, 0, 1) ** 1.1 - 0.42 * np.clip((t - 0.3) / 0.7, 0, 1))
    y = 1.16 + 0.62 * np.clip(t * 4, 0, 1) ** 2.2 + 3.0 * np.clip((t - 0.25) / 0.75, 0, 1)
    torso = np.concatenate([np.column_stack([x, y]), np.column_stack([-x, y])[::-1]])
    sheet.paint(torso, shirt)
    inside = sheet.mask([torso])
    dark, pale = tone(shirt, 0.55), np.minimum(tone(shirt, 1.25), 1)
    far = -np.sign(light or 1.0)
    sheet.paint(ellipse(far * 1.25 * b, 2.9, 0.45, 1.9), dark, alpha=0.6, blur=0.25, inside=inside)
    sheet.paint(ellipse(-far * 0.8 * b, 2.0, 0.4, 0.7), pale, alpha=0.35, blur=0.25, inside=inside)
    for side in (-1, 1):
        arm = np.column_stack([side * b * (0.98 - 0.1 * t), 2.1 + 2.3 * t])
        sheet.paint(ribbon(arm, 0.03), dark, alpha=0.6, blur=0.02, inside=inside)
    neck = np.array([[-0.36, 0.3], [0.36, 0.3], [0.40, 1.25], [0.0, 1.62], [-0.40, 1.25]])
    sheet.paint(neck * (0.7 + 0.42 * look.width, 1), tone(look.skin, 0.88, 0.08))
    sheet.paint(ellipse(0, 0.95, 0.5, 0.28), tone(look.skin, 0.5, 0.15), alpha=0.6, blur=0.10, solid=False)
    for side in (-1, 1):
        collar = np.array([[side * 0.42, 1.10], [side * 0.60, 1.22], [side * 0.22, 1.72], [0.0, 1.60]])
        sheet.paint(collar, pale if key(look) % 2 else tone(shirt, 0.8))
    return sheet.shrink(scale)
