"""Look and pose -> a drawn head.

The face is a surface: half as wide as `Shape.half(y)` at height y, round in depth. Every feature is a
polygon on the front of that surface, lifted to it, turned by yaw and pitch and seen from afar, so that
turning a head moves its nose before its ears. Nothing here is a picture of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.drawn.look import Beard, Glasses, HairStyle, Look, key
from castlist.drawn.sheet import Image, Points, Sheet, ellipse, ribbon

SIZE = (3.6, 3.9)  # of the sheet, in half head heights
CENTRE = (1.8, 1.65)  # of the head on it
NECK = 1.0  # below the origin: about which a head rolls
TOP, WIDEST, DEPTH = -1.0, 0.05, 0.82


@dataclass(frozen=True, slots=True)
class Pose:
    """How a head is held and lit. Angles in degrees; positive yaw looks to the right of the picture."""

    yaw: float = 0.0
    pitch: float = 0.0  # positive looks down
    mouth: float = 0.0  # 0 shut to 1 open
    lids: float = 0.0  # 0 open to 1 shut
    light: float = -0.5  # -1 from the left to 1 from the right


class Shape:
    """The surface of a head and how it is seen."""

    def __init__(self, look: Look, pose: Pose) -> None:
        self.look = look
        self.cos, self.sin = np.cos(np.radians(pose.yaw)), np.sin(np.radians(pose.yaw))
        self.lift, self.drop = np.cos(np.radians(pose.pitch)), np.sin(np.radians(pose.pitch))

    def half(self, y: ArrayLike) -> Points:
        """Half the width of the face at a height."""
        y = np.asarray(y, float)
        up = np.clip((y - WIDEST) / (TOP - WIDEST), 0, 1)
        down = np.clip((y - WIDEST) / (self.look.chin - WIDEST), 0, 1)
        return np.asarray(self.look.width * np.sqrt(1 - np.where(y < WIDEST, up**2.2, down**self.look.jaw)))

    def solid(self, uv: ArrayLike, out: ArrayLike = 0.0) -> Points:
        """(n, 3) points on the front of the surface, `out` in front of it."""
        uv = np.asarray(uv, float)
        half = self.half(uv[:, 1])
        side = np.clip(np.abs(uv[:, 0]) / np.maximum(half, 1e-3), 0, 1)
        depth = DEPTH * (half / self.look.width) ** 0.6 * (1 - side**2.4) ** (1 / 2.4)
        return np.column_stack([uv, depth + out])

    def see(self, points: Points) -> Points:
        """(n, 2) where points in space are seen."""
        x, y, z = points.T
        near = z * self.cos - x * self.sin
        return np.column_stack([x * self.cos + z * self.sin, y * self.lift + (near - 0.3) * self.drop * 0.9])

    def near(self, points: Points) -> Points:
        """(n,) how far toward the viewer points are."""
        return np.asarray(points[:, 2] * self.cos - points[:, 0] * self.sin)

    def face(self, uv: ArrayLike, out: ArrayLike = 0.0) -> Points:
        """(n, 2) where points on the face are seen."""
        return self.see(self.solid(uv, out))

    def outline(self, grow: float = 0.0) -> Points:
        """The edge of the head as seen, from its crown to its chin and back."""
        y = self.look.chin - (self.look.chin - TOP) * (1 + np.cos(np.linspace(0, np.pi, 60))) / 2
        half = self.half(y) + grow * (y < 0.5) * np.sqrt(1 - np.clip(-y, 0, 1) ** 2)
        # above the jaw the back of the head shows when it turns; the chin follows the face
        back = np.clip((0.75 - y) / 0.6, 0, 1)
        deep = (DEPTH * (half / self.look.width) ** 0.6 + grow) * np.sign(half)
        round_ = np.sqrt((half * self.cos) ** 2 + (deep * self.sin) ** 2)
        jaw_shift = deep * 0.55 * self.sin
        jaw_half = half * (0.25 + 0.75 * self.cos)
        middle, wide = (1 - back) * jaw_shift, back * round_ + (1 - back) * jaw_half
        y_seen = y * self.lift + np.where(y > 0, 0.45 * np.clip(y, 0, 1), 0.1) * self.drop
        y_seen, middle = y_seen - grow * np.clip(-y, 0, 1), middle - 0.6 * grow * self.sin
        right, left = np.column_stack([middle + wide, y_seen]), np.column_stack([middle - wide, y_seen])
        return np.concatenate([right, left[::-1]])


def box(look: Look, yaw: ArrayLike, pitch: ArrayLike) -> NDArray[np.float64]:
    """(n, 4) left, top, right, bottom of the face in head units: forehead to chin, ear to ear."""
    yaw, pitch = np.radians(np.asarray(yaw, float)), np.radians(np.asarray(pitch, float))
    near = look.width * (0.93 * np.cos(yaw))
    far = np.sqrt((look.width * np.cos(yaw)) ** 2 + (DEPTH * np.sin(yaw)) ** 2) * (
        0.94 - 0.05 * np.abs(np.sin(yaw))
    )
    sign = np.sin(yaw) >= 0
    top = look.hairline * np.cos(pitch) + 0.3 * np.sin(pitch) - 0.05
    bottom = look.chin * np.cos(pitch) + 0.42 * np.sin(pitch)
    return np.stack([np.where(sign, -near, -far), top, np.where(sign, far, near), bottom], -1)


@dataclass(frozen=True, eq=False, slots=True)
class Bare:
    """A head but for its mouth."""

    shape: Shape
    pose: Pose
    back: Image  # the hair behind the body, as `draw` returns it
    sheet: Sheet
    skull: Image  # the mask of its skin


def base(look: Look, pose: Pose, scale: float, *, over: int = 4) -> Bare:
    """All of a head but its mouth, painted `over` times larger than `scale` pixels per unit."""
    shape = Shape(look, pose)
    back, front = (Sheet(SIZE, CENTRE, scale * over) for _ in range(2))
    hair_behind(back, shape)
    ears(front, shape, near=False)
    skull = skin(front, shape, pose)
    cheeks(front, shape, skull)
    ears(front, shape, near=True)
    beard(front, shape, skull)
    eyes(front, shape, skull, pose)
    brows(front, shape, skull)
    nose(front, shape, pose)
    hair(front, shape, pose)
    glasses(front, shape)
    return Bare(shape, pose, back.shrink(scale), front, skull)


def finish(head: Bare, opened: float, scale: float) -> Image:
    """(h, w, 4) premultiplied: a head with its mouth so far opened."""
    sheet = head.sheet.copy()
    mouth(sheet, head.shape, opened, head.skull)
    return sheet.shrink(scale)


def draw(look: Look, pose: Pose, scale: float, *, over: int = 4) -> tuple[Image, Image]:
    """The hair behind the body, and the head before it: (h, w, 4) premultiplied, `scale` pixels per unit."""
    head = base(look, pose, scale, over=over)
    return head.back, finish(head, pose.mouth, scale)


def tone(colour: ArrayLike, gain: float, warm: float = 0.0) -> NDArray[np.float64]:
    """A colour made lighter or darker, warmer or cooler."""
    return np.clip(np.asarray(colour, float) * gain * (1 + warm * np.array([0.5, -0.15, -0.35])), 0, 1)


def skin(sheet: Sheet, shape: Shape, pose: Pose) -> Image:
    """Lay the skin, rounded by the light, and return its mask."""
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
    """The ears before the skull (`near`), or those behind its edge."""
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
    """Sockets, cheeks, lines of age, freckles."""
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
        """The lips from one height to another."""
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


def beard(sheet: Sheet, shape: Shape, skull: Image) -> None:
    look = shape.look
    ink = tone(look.hair, 0.85)
    t = np.linspace(-1, 1, 40)
    lip = look.mouth_y - look.upper_lip - 0.02
    tache = np.concatenate(
        [
            np.column_stack([(look.mouth_width + 0.06) * t, lip - 0.085 * (1 - t**2) + 0.10 * t**2]),
            np.column_stack([(look.mouth_width + 0.02) * t, lip + 0.02 + 0.06 * t**2])[::-1],
        ]
    )
    if look.beard in (Beard.FULL, Beard.STUBBLE):
        inner = np.column_stack([0.98 * look.width * t, 0.12 + 0.40 * (1 - np.abs(t) ** 3)])
        low = np.array([[3.0, 0.12], [3.0, 2.0], [-3.0, 2.0], [-3.0, 0.12]])
        area = [np.concatenate([shape.face(inner), low])]
        strength = 0.93 if look.beard == Beard.FULL else 0.30
        sheet.paint(area, ink, alpha=strength, blur=0.025, inside=skull)
        if look.beard == Beard.FULL:
            strands = np.split(shape.face(tufts(look)), 60)
            hairs(sheet, look, strands, skull)
    if look.beard in (Beard.MOUSTACHE, Beard.GOATEE, Beard.FULL):
        sheet.paint(shape.face(tache, 0.05), ink, alpha=0.95, blur=0.012, inside=skull)
    if look.beard == Beard.GOATEE:
        sheet.paint(
            shape.face(ellipse(0, look.chin - 0.09, 0.2, 0.17), 0.03),
            ink,
            alpha=0.92,
            blur=0.02,
            inside=skull,
        )
    if look.beard == Beard.STUBBLE:
        sheet.paint(shape.face(tache, 0.05), ink, alpha=0.3, blur=0.02, inside=skull)


def tufts(look: Look) -> Points:
    """(240, 2) sixty strands of a beard, four points each."""
    rng = np.random.default_rng(key(look) + 1)
    start = np.column_stack([rng.uniform(-0.85, 0.85, 60) * look.width, rng.uniform(0.5, 0.9, 60)])
    steps = np.array([[0.98, 0.0], [0.97, 0.03], [0.96, 0.07], [0.95, 0.10]])
    lines = np.stack([start[:, None, 0] * steps[:, 0], start[:, None, 1] + steps[:, 1]], -1)
    return np.asarray(lines.reshape(-1, 2))


def hairs(sheet: Sheet, look: Look, lines: list[Points], inside: Image | None) -> None:
    """Strands: some lighter, some darker than the hair they lie on."""
    for gain, strand_lines in ((1.35, lines[::3]), (0.62, lines[1::3] + lines[2::3])):
        strands = [ribbon(line, 0.014) for line in strand_lines]
        sheet.paint(strands, tone(look.hair, gain), alpha=0.35, blur=0.004, inside=inside, solid=False)


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


THICK = {
    HairStyle.BALD: 0.0,
    HairStyle.FRINGE: 0.03,
    HairStyle.SHORT: 0.07,
    HairStyle.SIDE: 0.11,
    HairStyle.CURLY: 0.19,
    HairStyle.BOB: 0.13,
    HairStyle.LONG: 0.10,
    HairStyle.BUN: 0.06,
    HairStyle.AFRO: 0.42,
}


def hair_edge(shape: Shape) -> Points:
    """(n, 3) where hair meets face: sideburn to forehead to sideburn, in space."""
    look = shape.look
    a = np.linspace(-105, 105, 61)  # degrees about the head, 0 in front
    s = np.abs(a) / 105
    side = {
        HairStyle.BOB: 0.55,
        HairStyle.LONG: 0.62,
        HairStyle.BUN: 0.12,
        HairStyle.SHORT: 0.18,
        HairStyle.SIDE: 0.2,
        HairStyle.AFRO: 0.18,
        HairStyle.CURLY: 0.22,
    }.get(look.style, 0.12)
    top = look.hairline
    y = top + (side - top) * np.clip((s - 0.52) / 0.30, 0, 1) ** 1.2
    if look.style == HairStyle.SIDE:
        y = y + 0.16 * np.exp(-(((a + 30) / 26) ** 2)) - 0.04 * np.exp(-(((a - 20) / 14) ** 2))
    if look.style == HairStyle.BOB:
        y = np.where(np.abs(a) < 50, np.maximum(y, look.brow_y - 0.13), y)
    if look.style == HairStyle.LONG:
        y = y - 0.10 * np.exp(-((a / 14) ** 2))
    if look.style == HairStyle.SHORT:
        y = y + 0.03 * np.cos(a / 4)
    if look.style == HairStyle.CURLY:
        y = y + 0.035 * np.cos(a / 2.4)
    if look.style == HairStyle.FRINGE:
        y = np.where(np.abs(a) < 62, -3.0, y - 0.1)
    rad = np.radians(a)
    half = shape.half(np.maximum(y, -0.98))
    deep = DEPTH * (half / look.width) ** 0.6
    return np.column_stack([half * np.sin(rad), np.maximum(y, -1.2), deep * np.cos(rad)])


def hair(sheet: Sheet, shape: Shape, pose: Pose) -> None:
    """The hair on the head, down to its edge."""
    look = shape.look
    if look.style in (HairStyle.BALD, HairStyle.FRINGE):
        shine = ellipse(0.2 * np.sign(pose.light), -0.66, 0.22, 0.1)
        sheet.paint(shape.face(shine), np.minimum(tone(look.skin, 1.3), 1), alpha=0.3, blur=0.06, solid=False)
    if look.style == HairStyle.FRINGE:
        temples(sheet, shape)
    if look.style in (HairStyle.BALD, HairStyle.FRINGE):
        return
    edge = hair_edge(shape)
    outline, far = shape.see(edge), shape.near(edge) < -0.02
    inside = sheet.mask([hair_volume(shape)])
    outline[far, 0] = np.where(outline[far, 0] > 0, 3, -3)
    loop = np.concatenate(
        [outline, [[3.0, outline[-1, 1]], [3.0, -3.0], [-3.0, -3.0], [-3.0, outline[0, 1]]]]
    )
    shadow = tone(look.skin, 0.4, 0.2)
    sheet.paint(np.add(loop, (0, 0.035)), shadow, alpha=0.4, blur=0.03, inside=inside, solid=False)
    sheet.paint(loop, look.hair, inside=inside)
    sheen(sheet, shape, pose, sheet.mask([loop], inside))


def temples(sheet: Sheet, shape: Shape) -> None:
    """Hair above the ears of a head that is bald on top."""
    look = shape.look
    inside = sheet.mask([shape.outline(THICK[look.style])])
    for side in (-1, 1):
        around = ellipse(side * 100, -0.16, 38, 0.40)
        angle, half = np.radians(around[:, 0]), shape.half(around[:, 1]) * 1.02
        tuft = np.column_stack([half * np.sin(angle), around[:, 1], DEPTH * np.cos(angle)])
        shape_outline, far = shape.see(tuft), shape.near(tuft) < -0.02
        if not far.all():
            shape_outline[far, 0] = np.where(shape_outline[far, 0] > 0, 3, -3)
            sheet.paint(shape_outline, tone(look.hair, 0.95), blur=0.015, inside=inside)
            sheet.paint(
                np.add(shape_outline, (0, 0.03)), tone(look.hair, 0.6), alpha=0.3, blur=0.08, inside=inside
            )


def sheen(sheet: Sheet, shape: Shape, pose: Pose, where: Image) -> None:
    """Light on the hair, and its strands."""
    look = shape.look
    bright, dark = tone(look.hair, 1.5) + 0.06, tone(look.hair, 0.45)
    x = 0.3 * pose.light + 0.2 * shape.sin
    sheet.paint(ellipse(x, -0.86, 0.42, 0.12), np.minimum(bright, 1), alpha=0.55, blur=0.09, inside=where)
    sheet.paint(
        ellipse(-0.85 * np.sign(pose.light), -0.1, 0.25, 0.9), dark, alpha=0.5, blur=0.12, inside=where
    )
    rng = np.random.default_rng(key(look) + 2)
    lines = []
    if look.style in (HairStyle.CURLY, HairStyle.AFRO):
        for _ in range(90):
            a, r = rng.uniform(np.pi, 2 * np.pi), rng.uniform(0.6, 1.45)
            lines.append(
                ellipse(r * np.cos(a) * 0.85 + 0.3 * shape.sin, r * np.sin(a) - 0.05, 0.06, 0.05, n=9)[:7]
            )
    else:
        part = -0.25 if look.style == HairStyle.SIDE else 0.0
        for _ in range(46):
            a = rng.uniform(-95, 95)
            t = np.linspace(0, 1, 10)
            b = np.radians(part * 60 + (a - part * 60) * (0.25 + 0.75 * t))
            y = -0.98 + (rng.uniform(0.25, 1.0)) * t**1.6
            half = shape.half(y) + THICK[look.style] * 0.6
            lines.append(
                shape.see(
                    np.column_stack([half * np.sin(b), y - THICK[look.style] * (1 - t), half * np.cos(b)])
                )
            )
    hairs(sheet, look, lines, where)


def hair_volume(shape: Shape) -> Points:
    """The outside of the hair."""
    look, thick = shape.look, THICK[shape.look.style]
    if look.style == HairStyle.AFRO:
        return ellipse(-0.12 * shape.sin, -0.30, 1.16, 1.0)
    ring = shape.outline(thick)
    if look.style == HairStyle.CURLY:
        t = np.arange(len(ring))
        ring = ring * (1 + 0.025 * np.sin(t * 1.1)[:, None])
    if look.style in (HairStyle.BOB, HairStyle.LONG):
        wide = np.abs(ring[:, 0]).max()
        shift = -0.10 * shape.sin
        low = 0.78 if look.style == HairStyle.BOB else 1.3
        flare = 0.06 if look.style == HairStyle.BOB else 0.12
        tail = np.add([[wide + flare, low], [-wide - flare, low]], (shift, 0))
        ring = np.concatenate([ring[ring[:, 1] < 0.1][: len(ring)], tail[::-1]])
        centre = ring.mean(0)
        order = np.argsort(np.arctan2(ring[:, 1] - centre[1], ring[:, 0] - centre[0]))
        ring = ring[order]
    return ring


def hair_behind(sheet: Sheet, shape: Shape) -> None:
    """What of the hair lies behind neck and shoulders."""
    look = shape.look
    shift, dark = -0.28 * shape.sin, tone(look.hair, 0.72)
    rim = tone(look.hair, 0.93)
    if look.style == HairStyle.LONG:
        sheet.paint(ellipse(shift, 0.55, look.width + 0.22, 1.30), dark, blur=0.01)
    if look.style == HairStyle.BOB:
        sheet.paint(ellipse(shift, 0.15, look.width + 0.20, 0.82), dark, blur=0.01)
    if look.style == HairStyle.BUN:
        sheet.paint(ellipse(1.5 * shift, -1.08, 0.34, 0.30), look.hair)
        sheet.paint(
            ellipse(1.5 * shift + 0.05, -1.14, 0.18, 0.14), tone(look.hair, 1.4), alpha=0.4, blur=0.05
        )
    if look.style == HairStyle.AFRO:
        sheet.paint(ellipse(-0.12 * shape.sin, -0.24, 1.14, 1.02), rim)
    if look.style == HairStyle.CURLY:
        sheet.paint(ellipse(0.5 * shift, -0.05, look.width + 0.2, 0.85), rim)
