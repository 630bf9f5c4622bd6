"""The parts of a drawn head except its hair: skin, ears, eyes, brows, nose, mouth, glasses."""

from __future__ import annotations

import numpy as np

from castlist.drawn.head_surface import Pose, Shape
from castlist.drawn.look import Glasses, key
from castlist.drawn.sheet import Image, Points, Sheet, ellipse, ribbon, tone


def skin(sheet: Sheet, shape: Shape, pose: Pose) -> Image:
    """Paint the skin, shaded by the light, and return its mask."""
    edge = shape.outline()
    sheet.paint(edge, shape.look.skin)
    at, _ = sheet.cover([edge])
    low, high = edge.min(0), edge.max(0)
    middle, half = (low + high) / 2, (high - low) / 2
    x = (np.arange(at[1].start, at[1].stop) / sheet.scale - sheet.centre[0] - middle[0]) / half[0]
    y = (np.arange(at[0].start, at[0].stop) / sheet.scale - sheet.centre[1] - middle[1]) / half[1]
    x = 0.92 * np.clip(x, -1, 1)[None].astype(np.float32)
    y = 0.75 * np.clip(y, -1, 1)[:, None].astype(np.float32)
    light = np.array([0.75 * pose.light, -0.45, 0.75], np.float32)
    light /= np.linalg.norm(light)
    lit = x * light[0] + y * light[1] + np.sqrt(np.maximum(1 - x * x - y * y, 0.02)) * light[2]
    sheet.shade(at, 0.60 + 0.48 * np.clip(lit, 0, 1))
    return sheet.mask([edge])


def ears(sheet: Sheet, shape: Shape, *, near: bool) -> None:
    """The ears in front of the skull (`near`), or those behind its edge."""
    look = shape.look
    for side in (-1, 1):
        place = np.array([[side * look.width * 0.98, 0.10, -0.08]])
        if shape.near(place)[0] < -0.45 or near != (-side * shape.sin > 0.12):
            continue
        x, y = shape.see(place)[0]
        wide = look.ear * (0.42 + 0.45 * max(0.0, -side * shape.sin))
        sheet.paint(
            ellipse(x + side * 0.03 * shape.cos, y, wide, look.ear * 1.25), tone(look.skin, 0.84, 0.12)
        )
        sheet.paint(
            ellipse(x + side * 0.03 * shape.cos, y, wide * 0.6, look.ear * 0.8),
            tone(look.skin, 0.62, 0.2),
            blur=0.02,
        )


def cheeks(sheet: Sheet, shape: Shape, skull: Image) -> None:
    """Eye sockets, cheeks, wrinkles, freckles."""
    look = shape.look
    dark, blush = tone(look.skin, 0.55, 0.2), tone(look.skin, 0.93, 0.35)
    for side in (-1, 1):
        socket = ellipse(side * look.eye_gap, look.eye_y - 0.03, look.eye_width * 1.45, 0.15)
        sheet.paint(shape.face(socket), dark, alpha=0.38, blur=0.05, inside=skull)
        inner = ellipse(side * 0.13, look.eye_y - 0.04, 0.05, 0.13)
        sheet.paint(shape.face(inner), dark, alpha=0.30, blur=0.04, inside=skull)
        cheek = ellipse(side * look.eye_gap * 1.15, 0.36, 0.19, 0.13)
        sheet.paint(shape.face(cheek), blush, alpha=0.45, blur=0.08, inside=skull)
        t = np.linspace(0, 1, 12)
        fold = np.column_stack(
            [side * (look.nose_width + 0.03 + 0.13 * t**1.4), look.nose_y + 0.01 + 0.24 * t]
        )
        depth = 0.22 + 0.5 * look.age
        sheet.paint(ribbon(shape.face(fold), 0.025), dark, alpha=depth, blur=0.015, inside=skull)
        bag = np.column_stack(
            [
                side * (look.eye_gap + look.eye_width * (2 * t - 1)),
                look.eye_y + look.eye_open + 0.06 + 0.05 * np.sin(np.pi * t),
            ]
        )
        sheet.paint(
            ribbon(shape.face(bag), 0.022), dark, alpha=0.16 + 0.45 * look.age, blur=0.012, inside=skull
        )
    sheet.paint(
        shape.face(ellipse(0, look.chin - 0.13, 0.16, 0.08)),
        tone(look.skin, 1.1),
        alpha=0.3,
        blur=0.05,
        inside=skull,
    )
    sheet.paint(
        shape.face(ellipse(0, -0.42, 0.36, 0.13)), tone(look.skin, 1.12), alpha=0.35, blur=0.09, inside=skull
    )
    rng = np.random.default_rng(key(look))
    for k in range(3 if look.age > 0.25 else 0):
        t = np.linspace(-1, 1, 20)
        line = np.column_stack([0.34 * t, -0.38 - 0.09 * k - 0.03 * np.cos(2.2 * t)])
        sheet.paint(ribbon(shape.face(line), 0.016), dark, alpha=0.45 * look.age, blur=0.008, inside=skull)
    for _ in range(26 if look.freckles else 0):
        x, y = rng.uniform(0.06, 0.48) * rng.choice([-1, 1]), rng.uniform(0.14, 0.42)
        sheet.paint(
            shape.face(ellipse(x, y, 0.013, 0.012, n=8)), tone(look.skin, 0.62, 0.25), alpha=0.6, inside=skull
        )


def eyes(sheet: Sheet, shape: Shape, skull: Image, pose: Pose) -> None:
    look = shape.look
    open_ = look.eye_open * (1 - 0.93 * pose.lids)
    t = np.linspace(-1, 1, 22)
    for side in (-1, 1):
        x = side * look.eye_gap + look.eye_width * t
        tilt = -look.eye_tilt * side * t
        arc = 1 - np.abs(t) ** 2.2
        upper = np.column_stack([x, look.eye_y + tilt - open_ * arc])
        lower = np.column_stack([x, look.eye_y + tilt + 0.75 * open_ * arc])
        almond = shape.face(np.concatenate([upper, lower[::-1]]), -0.02)
        white = sheet.mask([almond], skull)
        sheet.paint(almond, (0.93, 0.92, 0.90), inside=white)
        r = min(0.082, look.eye_width * 0.52)
        gaze = side * look.eye_gap - 0.10 * shape.sin * 0.2
        for size, ink in ((r, tone(look.iris, 0.45)), (r * 0.86, look.iris), (r * 0.45, (0.03, 0.03, 0.04))):
            sheet.paint(shape.face(ellipse(gaze, look.eye_y - 0.004, size, size), -0.02), ink, inside=white)
        glint = ellipse(gaze + 0.03 * np.sign(pose.light + 0.01), look.eye_y - 0.03, 0.016, 0.016, n=12)
        sheet.paint(shape.face(glint, -0.02), (1, 1, 1), inside=white)
        shadow = np.concatenate([upper, np.add(upper, (0, 0.045))[::-1]])
        sheet.paint(shape.face(shadow, -0.02), (0.25, 0.2, 0.2), alpha=0.35, blur=0.01, inside=white)
        lash = 0.022 + 0.022 * look.lip
        sheet.paint(
            ribbon(shape.face(upper), lash * (0.6 + 0.4 * side * t)), (0.10, 0.07, 0.06), inside=skull
        )
        sheet.paint(ribbon(shape.face(lower), 0.014), tone(look.skin, 0.42, 0.2), alpha=0.7, inside=skull)
        crease = upper + np.column_stack([np.zeros(22), -0.035 - 0.012 * arc])
        sheet.paint(
            ribbon(shape.face(crease), 0.015), tone(look.skin, 0.5, 0.2), alpha=0.6, blur=0.006, inside=skull
        )
        if pose.lids > 0.3:
            lid = np.concatenate([crease, lower[::-1]])
            sheet.paint(shape.face(lid), tone(look.skin, 0.85, 0.1), alpha=pose.lids, inside=skull)
            sheet.paint(ribbon(shape.face(lower), lash), (0.12, 0.08, 0.07), inside=skull)


def brows(sheet: Sheet, shape: Shape, skull: Image) -> None:
    look = shape.look
    t = np.linspace(0, 1, 18)
    ink = tone(look.hair, 0.72)
    for side in (-1, 1):
        x = side * (look.eye_gap - look.eye_width * 0.95 + look.eye_width * 2.15 * t)
        y = look.brow_y + look.brow_tilt * (1 - 2 * t) - look.brow_arch * np.sin(np.pi * t**0.8)
        wide = look.brow_thick * (1 - 0.75 * t**2) * np.minimum(1, 0.5 + 4 * t)
        sheet.paint(
            ribbon(shape.face(np.column_stack([x, y]), 0.03), wide), ink, alpha=0.9, blur=0.006, inside=skull
        )


def nose(sheet: Sheet, shape: Shape, pose: Pose) -> None:
    look = shape.look
    dark, pale = tone(look.skin, 0.55, 0.2), tone(look.skin, 1.16)
    y = np.linspace(look.eye_y - 0.02, look.nose_y - 0.05, 14)
    t = np.linspace(0, 1, 14)
    out = look.nose_length * t**1.5
    shade = -np.sign(pose.light + 1e-6) if abs(shape.sin) < 0.2 else np.sign(shape.sin)
    for side in (-1, 1):
        edge = np.column_stack([side * (0.055 + 0.55 * look.nose_width * t**2), y])
        alpha = 0.42 if side == shade else 0.18
        sheet.paint(ribbon(shape.face(edge, out * 0.6), 0.05), dark, alpha=alpha, blur=0.022, solid=False)
    ridge = np.column_stack([np.zeros(14), y])
    sheet.paint(ribbon(shape.face(ridge, out), 0.045), pale, alpha=0.45, blur=0.022, solid=False)
    w = look.nose_width
    for side in (-1, 1):
        wing = ellipse(side * w * 0.72, look.nose_y - 0.015, w * 0.36, w * 0.34)
        sheet.paint(
            shape.face(wing, look.nose_length * 0.45),
            tone(look.skin, 0.82, 0.15),
            alpha=0.55,
            blur=0.02,
            solid=False,
        )
    tip = ellipse(0, look.nose_y - 0.035, w * 0.62, w * 0.55)
    sheet.paint(
        shape.face(tip, look.nose_length), tone(look.skin, 0.97, 0.10), alpha=0.75, blur=0.02, solid=False
    )
    shine = ellipse(0.02 * np.sign(pose.light), look.nose_y - 0.07, 0.03, 0.025)
    sheet.paint(shape.face(shine, look.nose_length), pale, alpha=0.7, blur=0.018, solid=False)
    under = np.column_stack(
        [np.linspace(-w, w, 14), look.nose_y + 0.045 - 0.05 * np.abs(np.linspace(-1, 1, 14)) ** 2]
    )
    sheet.paint(
        ribbon(shape.face(under, look.nose_length * 0.6), 0.03), dark, alpha=0.6, blur=0.012, solid=False
    )
    for side in (-1, 1):
        hole = ellipse(side * w * 0.43, look.nose_y + 0.022, w * 0.23, 0.020, tilt=side * 0.3)
        sheet.paint(
            shape.face(hole, look.nose_length * 0.7),
            tone(look.skin, 0.22, 0.2),
            alpha=0.9,
            blur=0.005,
            solid=False,
        )


def mouth(sheet: Sheet, shape: Shape, opened: float, skull: Image) -> None:
    look = shape.look
    t = np.linspace(-1, 1, 30)
    gap = 0.13 * opened
    x = look.mouth_width * (1 - 0.12 * opened) * t
    bend = look.mouth_y + look.smile * (0.5 - t**2)
    bow = (1 - t**2) ** 0.8 * (1 - 0.28 * np.exp(-((t / 0.16) ** 2)))
    round_ = np.sqrt(np.clip(1 - t**2, 0, 1))
    top, inner_top = bend - look.upper_lip * bow - 0.3 * gap * round_, bend - 0.3 * gap * round_
    inner_low, low = bend + 0.7 * gap * round_, bend + 0.7 * gap * round_ + look.lower_lip * round_
    lip = (1 - 0.6 * look.lip) * tone(look.skin, 0.74, 0.38) + 0.6 * look.lip * np.array([0.72, 0.16, 0.20])

    def between(a: Points, b: Points) -> Points:
        """The lips between two curves."""
        ring = np.concatenate([np.column_stack([x, a]), np.column_stack([x, b])[::-1]])
        return shape.face(ring, 0.05)

    under = np.column_stack([x * 0.6, low + 0.045])
    sheet.paint(
        ribbon(shape.face(under, 0.05), 0.05), tone(look.skin, 0.55, 0.2), alpha=0.4, blur=0.025, inside=skull
    )
    if gap > 0.005:
        sheet.paint(between(inner_top, inner_low), (0.22, 0.07, 0.07))
        sheet.paint(between(inner_top, inner_top + 0.4 * (inner_low - inner_top)), (0.93, 0.91, 0.87))
    sheet.paint(between(top, inner_top + 0.004), lip * 0.86)
    sheet.paint(between(inner_low - 0.004, low), lip)
    shine = ellipse(
        0, look.mouth_y + 0.7 * gap + look.lower_lip * 0.45, look.mouth_width * 0.42, look.lower_lip * 0.22
    )
    sheet.paint(shape.face(shine, 0.06), np.minimum(lip * 1.35, 1), alpha=0.5, blur=0.012, solid=False)
    line = np.column_stack([x * 1.04, inner_top])
    sheet.paint(ribbon(shape.face(line, 0.05), 0.018), lip * 0.35, alpha=0.9)


def glasses(sheet: Sheet, shape: Shape) -> None:
    look = shape.look
    if look.glasses == Glasses.NONE:
        return
    ink = (0.10, 0.09, 0.10) if look.glasses == Glasses.SQUARE else (0.46, 0.30, 0.14)
    t = np.linspace(0, 2 * np.pi, 40)
    power = 2.0 if look.glasses == Glasses.ROUND else 0.55
    unit = np.column_stack(
        [
            np.sign(np.cos(t)) * np.abs(np.cos(t)) ** min(1, power),
            np.sign(np.sin(t)) * np.abs(np.sin(t)) ** min(1, power),
        ]
    )
    r = (0.235, 0.205) if look.glasses == Glasses.ROUND else (0.245, 0.165)
    for side in (-1, 1):
        rim = unit * r + (side * max(look.eye_gap, 0.29), look.eye_y + 0.02)
        outline = shape.face(rim, 0.10)
        sheet.paint(outline, (0.85, 0.92, 1.0), alpha=0.10)
        sheet.paint(
            ribbon(np.concatenate([outline, outline[:2]]), 0.042 if look.glasses == Glasses.SQUARE else 0.03),
            ink,
        )
        arm = np.array(
            [
                [side * (max(look.eye_gap, 0.29) + r[0]), look.eye_y, 0.55],
                [side * look.width, look.eye_y - 0.02, 0.0],
            ]
        )
        if shape.near(arm)[1] > -0.35 and side * shape.sin < 0.3:
            sheet.paint(ribbon(shape.see(arm), 0.03), ink)
    inner = max(look.eye_gap, 0.29) - r[0]
    bridge = np.column_stack(
        [np.linspace(-inner, inner, 8), look.eye_y - 0.02 - 0.03 * np.cos(np.linspace(-1.5, 1.5, 8))]
    )
    sheet.paint(ribbon(shape.face(bridge, 0.12), 0.03), ink)
