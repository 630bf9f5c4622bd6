"""The surface of a drawn head, its pose and light, and the projection of points on it.

The face is a surface: half as wide as `Shape.half(y)` at height y, round in depth. Points on its front are
rotated by yaw and pitch and projected in parallel, so that a turn moves the nose more than the ears.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.drawn.look import Look
from castlist.drawn.sheet import Points

SIZE = (3.6, 3.9)  # of the sheet, in half head heights
CENTRE = (1.8, 1.65)  # of the head on the sheet
NECK = 1.0  # below the origin; the head rolls around this point
TOP, WIDEST, DEPTH = -1.0, 0.05, 0.82


@dataclass(frozen=True, slots=True)
class Pose:
    """The pose and the light of a head. Angles in degrees; positive yaw turns to the right of the picture."""

    yaw: float = 0.0
    pitch: float = 0.0  # positive looks down
    mouth: float = 0.0  # 0 shut to 1 open
    lids: float = 0.0  # 0 open to 1 shut
    light: float = -0.5  # -1 from the left to 1 from the right


class Shape:
    """The surface of a head and its projection."""

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
        """(n, 3) points on the front of the surface, `out` units in front of it."""
        uv = np.asarray(uv, float)
        half = self.half(uv[:, 1])
        side = np.clip(np.abs(uv[:, 0]) / np.maximum(half, 1e-3), 0, 1)
        depth = DEPTH * (half / self.look.width) ** 0.6 * (1 - side**2.4) ** (1 / 2.4)
        return np.column_stack([uv, depth + out])

    def see(self, points: Points) -> Points:
        """(n, 2) the projection of points in space."""
        x, y, z = points.T
        near = z * self.cos - x * self.sin
        return np.column_stack([x * self.cos + z * self.sin, y * self.lift + (near - 0.3) * self.drop * 0.9])

    def near(self, points: Points) -> Points:
        """(n,) how far points are toward the viewer."""
        return np.asarray(points[:, 2] * self.cos - points[:, 0] * self.sin)

    def face(self, uv: ArrayLike, out: ArrayLike = 0.0) -> Points:
        """(n, 2) the projection of points on the face."""
        return self.see(self.solid(uv, out))

    def outline(self, grow: float = 0.0) -> Points:
        """The projected outline of the head, from its crown to its chin and back."""
        y = self.look.chin - (self.look.chin - TOP) * (1 + np.cos(np.linspace(0, np.pi, 60))) / 2
        half = self.half(y) + grow * (y < 0.5) * np.sqrt(1 - np.clip(-y, 0, 1) ** 2)
        # above the jaw, a turn shows the back of the head; below, the outline follows the face
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
