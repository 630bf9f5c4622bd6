"""The hair of a drawn head, in front of it and behind it, and its beard."""

from __future__ import annotations

import numpy as np

from castlist.drawn.head_surface import DEPTH, Pose, Shape
from castlist.drawn.look import Beard, HairStyle, Look, key
from castlist.drawn.sheet import Image, Points, Sheet, ellipse, ribbon, tone


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
    """(240, 2) points of sixty strands of a beard, four points each."""
    rng = np.random.default_rng(key(look) + 1)
    start = np.column_stack([rng.uniform(-0.85, 0.85, 60) * look.width, rng.uniform(0.5, 0.9, 60)])
    steps = np.array([[0.98, 0.0], [0.97, 0.03], [0.96, 0.07], [0.95, 0.10]])
    lines = np.stack([start[:, None, 0] * steps[:, 0], start[:, None, 1] + steps[:, 1]], -1)
    return np.asarray(lines.reshape(-1, 2))


def hairs(sheet: Sheet, look: Look, lines: list[Points], inside: Image | None) -> None:
    """Strands, some lighter and some darker than the hair below."""
    for gain, strand_lines in ((1.35, lines[::3]), (0.62, lines[1::3] + lines[2::3])):
        strands = [ribbon(line, 0.014) for line in strand_lines]
        sheet.paint(strands, tone(look.hair, gain), alpha=0.35, blur=0.004, inside=inside, solid=False)


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
    """(n, 3) points of the hairline in space: sideburn to forehead to sideburn."""
    look = shape.look
    a = np.linspace(-105, 105, 61)  # degrees around the head, 0 in front
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
    """The hair on the head, down to the hairline."""
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
    """The outline of the hair."""
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
    """The part of the hair that lies behind neck and shoulders."""
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
