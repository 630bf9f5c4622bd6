"""Look and pose -> a drawn head.

Every feature is a polygon on the front of the head's surface. No feature is taken from a picture of a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from castlist.drawn.face_features import brows, cheeks, ears, eyes, glasses, mouth, nose, skin
from castlist.drawn.hair import beard, hair, hair_behind
from castlist.drawn.head_surface import CENTRE, SIZE, Pose, Shape
from castlist.drawn.look import Look
from castlist.drawn.sheet import Image, Sheet


@dataclass(frozen=True, eq=False, slots=True)
class Bare:
    """A head without its mouth."""

    shape: Shape
    pose: Pose
    back: Image  # the hair behind the body, as `draw` returns it
    sheet: Sheet
    skull: Image  # the mask of its skin


def base(look: Look, pose: Pose, scale: float, *, over: int = 4) -> Bare:
    """A head without its mouth, painted `over` times larger than `scale` pixels per unit."""
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
    """(h, w, 4) premultiplied: a head whose mouth is opened by `opened`."""
    sheet = head.sheet.copy()
    mouth(sheet, head.shape, opened, head.skull)
    return sheet.shrink(scale)


def draw(look: Look, pose: Pose, scale: float, *, over: int = 4) -> tuple[Image, Image]:
    """The hair behind the body, and the head in front: (h, w, 4) premultiplied, `scale` pixels per unit."""
    head = base(look, pose, scale, over=over)
    return head.back, finish(head, pose.mouth, scale)
