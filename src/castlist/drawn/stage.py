"""One scene, drawn frame by frame: its room, the motion of its actors, and the places of their faces."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from castlist.drawn import body, head
from castlist.drawn.head_surface import CENTRE, NECK, Pose
from castlist.drawn.head_surface import box as face_box
from castlist.drawn.look import Look
from castlist.drawn.room import room
from castlist.drawn.script import Actor, Picture, Scene, Script

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]
T = TypeVar("T")

LEVELS = tuple(6.0 * 2 ** (k / 2) for k in range(14))  # pixels per unit at which heads are drawn
STEPS = (1.25, 2.5, 5.0)  # degrees between the poses in which heads are drawn
CACHE_BYTES = 96 << 20  # of drawn heads in memory


def oversampling(scale: float) -> int:
    """The factor by which a head is drawn larger than `scale` before it is shrunk."""
    return 4 if scale < 20 else 2 if scale < 60 else 1


@dataclass(frozen=True, eq=False, slots=True)
class Sprite:
    """A drawn object, cropped to its visible part."""

    ink: Image  # (h, w, 4) premultiplied
    origin: Floats  # (2,) of the head, in pixels of the sprite
    neck: float  # pixels from the origin down to the neck

    @classmethod
    def of(cls, ink: Image, centre: tuple[float, float], scale: float) -> Sprite:
        x, y, w, h = cv2.boundingRect(np.ascontiguousarray(ink[..., 3]))
        cut = np.ascontiguousarray(ink[y : y + h, x : x + w])
        return cls(cut, np.array(centre) * scale - (x, y), NECK * scale)


class Wardrobe:
    """A cache of drawn heads and bodies, by pose, of limited size."""

    def __init__(self, capacity: int = CACHE_BYTES) -> None:
        self._kept: OrderedDict[object, tuple[object, int]] = OrderedDict()
        self._bytes, self._capacity = 0, capacity

    def heads(self, look: Look, pose: Pose, scale: float) -> tuple[Sprite, Sprite]:
        """The hair behind the body, and the head."""

        def make() -> tuple[tuple[Sprite, Sprite], int]:
            painted = self._base(look, replace(pose, mouth=0.0), scale)
            front = head.finish(painted, pose.mouth, scale)
            pair = tuple(Sprite.of(ink, CENTRE, scale) for ink in (painted.back, front))
            return (pair[0], pair[1]), sum(s.ink.nbytes for s in pair)

        return self._get(("head", look, pose, scale), make)

    def _base(self, look: Look, pose: Pose, scale: float) -> head.Bare:
        def make() -> tuple[head.Bare, int]:
            painted = head.base(look, pose, scale, over=oversampling(scale))
            return painted, painted.sheet.ink.nbytes * 3 // 2

        return self._get(("base", look, pose, scale), make)

    def bodies(self, look: Look, light: float, scale: float) -> Sprite:
        """Neck, shoulders and the rest of the body."""

        def make() -> tuple[Sprite, int]:
            ink = body.draw(look, light, scale, over=min(2, oversampling(scale)))
            sprite = Sprite.of(ink, body.CENTRE, scale)
            return sprite, sprite.ink.nbytes

        return self._get(("body", look, light, scale), make)

    def _get(self, name: object, make: Callable[[], tuple[T, int]]) -> T:
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name][0]  # type: ignore[return-value]
        made, size = make()
        self._kept[name] = (made, size)
        self._bytes += size
        while self._bytes > self._capacity and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1][1]
        return made


def level(unit: float) -> float:
    """The scale at which a head of `unit` pixels per unit is drawn before it is resized."""
    return next((s for s in LEVELS if s >= unit), LEVELS[-1])


@dataclass(frozen=True, eq=False, slots=True)
class Motion:
    """The motion of a head in each frame of a scene; angles in degrees, positions in pixels of the scene."""

    present: NDArray[np.bool_]
    x: Floats
    y: Floats
    unit: Floats  # pixels per half head height
    yaw: Floats
    pitch: Floats
    roll: Floats
    mouth: Floats
    lids: Floats


def ease(t: Floats) -> Floats:
    """A smooth step from 0 to 1, slow at both ends."""
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def holds(n: int, rate: float, amount: float, rng: np.random.Generator) -> Floats:
    """(n,) a value that stays for a while, then moves to another one within +-amount."""
    out, now = np.empty(n), rng.uniform(-1, 1) * amount
    at = 0
    while at < n:
        stay, move = round(rate * rng.uniform(0.6, 1.8)), max(2, round(rate * rng.uniform(0.35, 0.6)))
        goal = rng.uniform(-1, 1) * amount
        part = np.concatenate([np.full(stay, now), now + (goal - now) * ease(np.arange(1, move + 1) / move)])
        out[at : at + len(part)] = part[: n - at]
        at, now = at + len(part), goal
    return out


def chatter(n: int, rate: float, rng: np.random.Generator) -> Floats:
    """(n,) the opening of a mouth that speaks in phrases."""
    t = np.arange(n) / rate
    speech = np.sin(2 * np.pi * (3.1 * t + rng.random())) * np.sin(2 * np.pi * (1.3 * t + rng.random()))
    speaking = holds(n, rate, 1.0, rng) > -0.2
    return np.clip(1.2 * speech, 0, 1) * speaking


def blinks(n: int, rate: float, rng: np.random.Generator) -> Floats:
    """(n,) the closing of lids that blink every few seconds."""
    out, at = np.zeros(n), float(rng.uniform(0.5, 3))
    while at * rate < n:
        k = round(at * rate)
        out[k : k + max(1, round(0.12 * rate))] = 1.0
        at += rng.uniform(2, 5)
    return out


def motion(actor: Actor, look: Look, script: Script, n: int, rng: np.random.Generator) -> Motion:
    """The motion of an actor through a scene of n frames."""
    rate, w, h = float(script.frame_rate), script.width, script.height
    t = np.arange(n) / rate
    stop = actor.stop if actor.stop is not None else n / rate + 1
    present = (t >= actor.start) & (t < stop)
    end = (actor.x, actor.y, actor.size) if actor.to is None else actor.to
    way = ease((t - actor.start) / max(min(stop, n / rate) - actor.start, 1e-6))
    x, y, size = (a + (b - a) * way for a, b in zip((actor.x, actor.y, actor.size), end, strict=True))
    unit = size * h / (look.chin - look.hairline)
    sway, nod = holds(n, rate, 0.06 * actor.stir, rng), holds(n, rate, 0.03 * actor.stir, rng)
    step = np.abs(np.sin(2 * np.pi * 0.9 * t)) * 0.10 if actor.to is not None else 0.0
    return Motion(
        present,
        x * w + (-sway if actor.mirrored else sway) * unit,
        y * h + (nod - step) * unit,
        unit,
        actor.yaw + holds(n, rate, actor.turn * actor.stir, rng),
        holds(n, rate, 5.0 * actor.stir, rng),
        holds(n, rate, 4.0 * actor.stir, rng),
        chatter(n, rate, rng) if actor.talk else np.zeros(n),
        blinks(n, rate, rng),
    )


@dataclass(frozen=True, eq=False, slots=True)
class Hand:
    """The motion of a phone in an actor's hand, for each frame of a scene."""

    present: NDArray[np.bool_]
    x: Floats  # pixels of the scene, of the face on the phone's screen
    y: Floats
    tilt: Floats  # degrees


def hand(picture: Picture, holder: Motion, script: Script, n: int, rng: np.random.Generator) -> Hand:
    """The motion of a phone: that of its holder, and of a hand that points, tilts and trembles."""
    rate, size = float(script.frame_rate), picture.size * script.height
    aside, up = (holds(n, rate, 0.5 * size, rng) for _ in range(2))
    tremble = 0.01 * size * np.cumsum(rng.normal(size=(2, n)), axis=1) / np.sqrt(1 + np.arange(n) / rate)
    return Hand(
        holder.present,
        holder.x + picture.x * script.width + aside + tremble[0],
        holder.y + picture.y * script.height + up + tremble[1],
        holds(n, rate, 9.0, rng),
    )


def mover(scene: Scene, i: int) -> int:
    """The actor whose motion actor i has: a reflection moves as the person in front of the mirror."""
    actor = scene.actors[i]
    before = (k for k, a in enumerate(scene.actors) if a.person == actor.person and not a.mirrored)
    return next(before, i) if actor.mirrored else i


def _dressed(look: Look, actor: Actor) -> Look:
    """An actor's look in the clothes of a scene."""
    return look if actor.shirt is None else replace(look, shirt=actor.shirt)


class PlacedFace(NamedTuple):
    """The place of an actor's face in a frame."""

    actor: int  # number of the actor in the scene
    box: Floats  # (4,) left, top, right, bottom in pixels, not clipped
    yaw: float  # degrees


class Stage:
    """A prepared scene, which draws its frames and gives the faces in them."""

    def __init__(self, script: Script, number: int, wardrobe: Wardrobe, seed: int) -> None:
        scene, n = script.scenes[number], script.lengths()[0][number]
        self.script, self.scene, self.wardrobe = script, scene, wardrobe
        self.looks = [_dressed(script.looks[a.person], a) for a in scene.actors]
        self.motions = [
            motion(
                a, script.looks[a.person], script, n, np.random.default_rng([seed, number, mover(scene, i)])
            )
            for i, a in enumerate(scene.actors)
        ]
        self.hands = {
            i: hand(
                p,
                self.motions[p.holder],
                script,
                n,
                np.random.default_rng([seed, number, len(self.motions) + i]),
            )
            for i, p in enumerate(scene.pictures)
            if p.holder is not None
        }
        w, h = script.width, script.height
        self.shift = scene.pan * w * ease(np.arange(n) / max(n - 1, 1))
        wide = w + int(np.ceil(abs(scene.pan) * w)) + 1
        self.origin = min(0.0, scene.pan) * w  # scene x of the wall's left edge
        self.wall = self._wall(wide, h, seed)

    def _wall(self, wide: int, h: int, seed: int) -> Image:
        """The room; the same each time that the film shows it."""
        scene, w = self.scene, self.script.width
        wall = room(scene.room, wide, h, seed)
        if scene.right:
            wall[:, w // 2 :] = room(scene.right, wide, h, seed)[:, w // 2 :]
        if scene.blur > 0:
            wall = np.asarray(cv2.GaussianBlur(wall, (0, 0), scene.blur * h / 100), np.uint8)
        for picture in (p for p in scene.pictures if p.holder is None):
            self._hang(wall, picture.look, picture.x * w - self.origin, picture.y * h, picture.size * h)
        return wall

    def _hang(self, wall: Image, look: Look, x: float, y: float, size: float) -> None:
        """Hang a framed portrait, without a smile, on the wall."""
        u = size / (look.chin - look.hairline)
        left, top, right, bottom = (round(v) for v in (x - 1.55 * u, y - 1.6 * u, x + 1.55 * u, y + 2.1 * u))
        m = max(2, round(0.2 * u))
        cv2.rectangle(wall, (left - m, top - m), (right + m, bottom + m), (128, 92, 40), -1)
        cv2.rectangle(wall, (left - m, top - m), (right + m, bottom + m), (186, 146, 78), max(1, m // 3))
        cv2.rectangle(wall, (left, top), (right, bottom), (94, 100, 84), -1)
        inside = wall[max(top, 0) : bottom, max(left, 0) : right]
        offset = (x - max(left, 0), y - max(top, 0))
        self._figure(inside, look, Pose(light=-0.5), offset, u, 0.0, mirrored=False)

    def _hold(self, out: Image, picture: Picture, at: tuple[float, float], tilt: float) -> None:
        """Draw a phone upright in a hand, with a portrait that fills its screen."""
        look, size = picture.look, picture.size * self.script.height
        u = size / (look.chin - look.hairline)
        x, y = 1.5 * u, 1.9 * u  # position of the portrait's eyes on the phone
        phone = np.full((round(4.4 * u), round(3.0 * u), 3), (24, 24, 28), np.uint8)
        rim = max(2, round(0.14 * u))
        screen = phone[2 * rim : -2 * rim, rim:-rim]
        screen[:] = (176, 196, 214)
        self._figure(screen, look, Pose(light=-0.3), (x - rim, y - 2 * rim), u, 0.0, mirrored=False)
        ink = np.dstack([phone, np.full(phone.shape[:2], 255, np.uint8)])
        paste(out, Sprite(ink, np.array([x, y]), 0.0), at, 1.0, tilt, mirrored=False)

    def frame(self, k: int) -> Image:
        """(h, w, 3) frame k of the scene, before grain."""
        out = self._enlarged(self._drawn(self.moment(k)), self._growth(k))
        if self.scene.text:
            caption(out, self.scene.text)
        return tinted(out, self.scene.tint, colour=self.script.colour)

    def _growth(self, k: int) -> float:
        """The factor by which frame k is enlarged, relative to the beginning of the scene."""
        return 1 + self.scene.zoom * k / max(len(self.shift) - 1, 1)

    def _enlarged(self, image: Image, growth: float) -> Image:
        """The picture, enlarged around its centre."""
        if growth == 1:
            return image
        size = (self.script.width, self.script.height)
        middle = np.array(size) / 2
        at = np.column_stack([growth * np.eye(2), middle - growth * middle])
        return np.asarray(cv2.warpAffine(image, at, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    def _grown(self, box: Floats, growth: float) -> Floats:
        """A box of the picture, enlarged with it."""
        middle = np.array([self.script.width, self.script.height] * 2) / 2
        return middle + growth * (box - middle)

    def _drawn(self, k: int) -> Image:
        """The room, all people and the things that they hold, at moment k."""
        w, shift = self.script.width, self.shift[k]
        at = np.array([[1, 0, self.origin - shift], [0, 1, 0]])
        out = cv2.warpAffine(self.wall, at, (w, self.script.height), borderMode=cv2.BORDER_REPLICATE)
        for actor, look, m in zip(self.scene.actors, self.looks, self.motions, strict=True):
            if not m.present[k]:
                continue
            part, left = self._half(out, m.x[k] - shift)
            pose = self._pose(m, k, finer=4 if actor.stir < 1 else 1)
            where = (m.x[k] - shift - left, m.y[k])
            self._figure(part, look, pose, where, m.unit[k], m.roll[k], mirrored=actor.mirrored)
        for i, held in self.hands.items():
            if held.present[k]:
                self._hold(out, self.scene.pictures[i], (held.x[k] - shift, held.y[k]), held.tilt[k])
        if self.scene.right:
            out[:, w // 2 - 2 : w // 2 + 2] = (16, 16, 18)
        return np.asarray(out, np.uint8)

    def moment(self, k: int) -> int:
        """The frame whose picture frame k shows; for a photograph always the middle one."""
        return len(self.shift) // 2 if self.scene.still else k

    def _half(self, out: Image, x: float) -> tuple[Image, int]:
        """The part of the frame in which an actor at x can be visible, and its left edge."""
        middle = self.script.width // 2
        if not self.scene.right:
            return out, 0
        return (out[:, :middle], 0) if x < middle else (out[:, middle:], middle)

    def _pose(self, m: Motion, k: int, finer: int) -> Pose:
        """The pose, rounded to steps that move a head by about a pixel; `finer` makes the steps smaller."""
        wanted = np.degrees(2.0 / m.unit[k])
        step = max((s for s in STEPS if s <= wanted), default=STEPS[0]) / finer
        return Pose(
            yaw=float(round(m.yaw[k] / step) * step),
            pitch=float(round(m.pitch[k] / (2 * step)) * 2 * step),
            mouth=round(m.mouth[k] * 3) / 3,
            lids=float(m.lids[k]),
            light=self.scene.light,
        )

    def _figure(
        self,
        out: Image,
        look: Look,
        pose: Pose,
        at: tuple[float, float],
        unit: float,
        roll: float,
        *,
        mirrored: bool,
    ) -> None:
        """Draw a person into a picture: hair behind the body first, head last."""
        scale = level(unit)
        coarse = level(unit / 2) if unit > 60 else scale
        back, front = self.wardrobe.heads(look, pose, scale)
        torso = self.wardrobe.bodies(look, pose.light, coarse)
        paste(out, back, at, unit / scale, roll, mirrored)
        paste(out, torso, at, unit / coarse, 0.0, mirrored)
        paste(out, front, at, unit / scale, roll, mirrored)

    def boxes(self, k: int) -> list[PlacedFace]:
        """The face of each visible actor, in drawing order."""
        growth = self._growth(k)
        k, found = self.moment(k), []
        for i, (actor, look, m) in enumerate(zip(self.scene.actors, self.looks, self.motions, strict=True)):
            if m.present[k]:
                box = face_box(look, m.yaw[k], m.pitch[k]).copy()
                middle = (box[:2] + box[2:]) / 2
                lean = np.radians(m.roll[k])  # the head rolls around its neck
                moved = (NECK - middle[1]) * np.sin(lean)
                box += np.array([moved, 0, moved, 0])
                if actor.mirrored:
                    box = np.array([-box[2], box[1], -box[0], box[3]])
                at = np.array([m.x[k] - self.shift[k], m.y[k]])
                placed = self._grown(np.concatenate([at, at]) + box * m.unit[k], growth)
                found.append(PlacedFace(i, placed, float(m.yaw[k])))
        return found

    def portraits(self, k: int) -> list[Floats]:
        """The boxes of the faces in the pictures on the wall and on phones."""
        w, h, growth, k = self.script.width, self.script.height, self._growth(k), self.moment(k)
        found = []
        for i, p in enumerate(self.scene.pictures):
            unit = p.size * h / (p.look.chin - p.look.hairline)
            box = face_box(p.look, 0.0, 0.0) * unit
            held, at = self.hands.get(i), np.array([p.x * w - self.shift[k], p.y * h])
            if held is not None:
                at, box = np.array([held.x[k] - self.shift[k], held.y[k]]), _turned(box, float(held.tilt[k]))
            found.append(self._grown(np.concatenate([at, at]) + box, growth))
        return found


def _turned(box: Floats, degrees: float) -> Floats:
    """A box of the same size whose centre is rotated around the origin."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    middle = np.array([c * middle[0] - s * middle[1], s * middle[0] + c * middle[1]])
    return np.concatenate([middle - half, middle + half])


def paste(
    out: Image, sprite: Sprite, at: tuple[float, float], size: float, roll: float, mirrored: bool
) -> None:
    """Draw a sprite: its head's origin at `at`, `size` times as large, rolled around its neck."""
    h, w = sprite.ink.shape[:2]
    if not h or not w:
        return
    matrix = placed(sprite, at, size, roll, mirrored)
    corners = matrix @ np.array([[0, w, w, 0], [0, 0, h, h], [1, 1, 1, 1]], float)
    low = np.maximum(np.floor(corners.min(1)), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(1)), out.shape[1::-1]).astype(int)
    if np.any(high <= low):
        return
    matrix[:, 2] -= low
    ink = cv2.warpAffine(sprite.ink, matrix, (int(high[0] - low[0]), int(high[1] - low[1])))
    red, green, blue, alpha = cv2.split(ink)
    clear = cv2.bitwise_not(alpha)
    under = out[low[1] : high[1], low[0] : high[0]]
    kept = cv2.multiply(under, cv2.merge([clear, clear, clear]), scale=1 / 255)
    under[:] = cv2.add(kept, cv2.merge([red, green, blue]))


def placed(sprite: Sprite, at: tuple[float, float], size: float, roll: float, mirrored: bool) -> Floats:
    """(2, 3) the affine map from a sprite's pixels to those of the picture."""
    c, s = np.cos(np.radians(roll)) * size, np.sin(np.radians(roll)) * size
    linear = np.array([[c, -s], [s, c]])
    neck = np.array([0.0, sprite.neck])
    moved = neck * size - linear @ (neck + sprite.origin)
    if mirrored:
        linear[0], moved[0] = -linear[0], -moved[0]
    return np.column_stack([linear, moved + at])


def tinted(image: Image, tint: tuple[float, float, float], *, colour: bool) -> Image:
    """The picture in coloured light, or without colour."""
    if tint != (1.0, 1.0, 1.0):
        image = cv2.multiply(image, np.array((*tint, 1.0)))
    if not colour:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return image


def caption(image: Image, text: str) -> None:
    """A title across the middle."""
    h, w = image.shape[:2]
    font, scale = cv2.FONT_HERSHEY_TRIPLEX, h / 300
    lines = text.split("\n")
    for i, line in enumerate(lines):
        (wide, tall), _ = cv2.getTextSize(line, font, scale, 1)
        fit = min(scale, scale * 0.9 * w / max(wide, 1))
        (wide, tall), _ = cv2.getTextSize(line, font, fit, 1)
        y = h // 2 + int((i - (len(lines) - 1) / 2) * 2.2 * tall) + tall // 2
        cv2.putText(
            image, line, ((w - wide) // 2, y), font, fit, (236, 230, 214), max(1, h // 300), cv2.LINE_AA
        )
