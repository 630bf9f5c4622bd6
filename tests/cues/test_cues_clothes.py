"""Clothes as colours below a face: where they are looked for, what is kept, what the numbers say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.cues import CUES, Clothes, NoCue, by_track, palette
from castlist.types import Cue

RED, BLUE, GREY = (40, 30, 200), (200, 60, 30), (128, 128, 128)  # BGR
BOX = np.array([100.0, 40.0, 140.0, 90.0])  # 40 wide, 50 high: the region is 90 to 150, 102.5 to 150


def frame(colour: tuple[int, int, int], *, high: int = 200, wide: int = 240) -> NDArray[np.uint8]:
    """A grey picture with a square of colour where the clothes are, and something loud beside them."""
    image = np.full((high, wide, 3), GREY, np.uint8)
    image[98:155, 85:155] = colour
    image[98:155, :84] = (0, 255, 255)
    return image


def row(image: NDArray[np.uint8], box: NDArray[np.floating] = BOX) -> tuple[NDArray[np.float64], float]:
    cue = Clothes()([Clothes().cut(image, box)])
    vector = cue.vector[0].astype(np.float64)
    return vector / max(np.linalg.norm(vector), 1e-9), float(cue.quality[0])


def test_only_the_region_below_the_face_counts() -> None:
    red, quality = row(frame(RED))
    assert quality == 1.0
    ((r, g, b), share), *_ = palette(red)
    assert r > 150
    assert max(g, b) < 100
    assert share > 0.3  # a colour between two cells is shared out among them, never with the yellow beside it
    assert red @ row(np.full((200, 240, 3), RED, np.uint8))[0] > 0.999


def test_the_same_colour_is_alike_at_any_size_and_light_and_others_are_not() -> None:
    red, blue = row(frame(RED))[0], row(frame(BLUE))[0]
    assert red @ blue < 0.1
    large = np.repeat(np.repeat(frame(RED), 8, axis=0), 8, axis=1)
    assert red @ row(large, 8 * BOX)[0] > 0.99
    assert red @ row(frame(RED)[::2, ::2], BOX / 2)[0] > 0.99
    darker = np.rint(0.9 * frame(RED).astype(float)).astype(np.uint8)
    assert red @ row(darker)[0] > 0.5


@pytest.mark.parametrize(
    ("high", "quality"),
    [(200, 1.0), (126, 0.5), (104, 0.0), (60, 0.0)],
    ids=["all", "half", "a line", "none"],
)
def test_quality_is_the_share_that_lies_in_the_frame(high: int, quality: float) -> None:
    vector, found = row(frame(RED)[:high])
    assert found == pytest.approx(quality, abs=0.07)
    assert bool(vector.any()) == bool(quality)


@pytest.mark.parametrize(
    "box", [(-80, 40, -40, 90), (300, 40, 340, 90), (0, 0, 0, 0), (-2000, -2000, 2000, 2000)]
)
def test_boxes_beyond_the_frame_give_nothing_and_no_error(box: tuple[int, ...]) -> None:
    vector, quality = row(frame(RED), np.array(box, float))
    assert np.isfinite(vector).all()
    assert 0 <= quality <= 1


def test_black_and_white_pictures_have_clothes_too() -> None:
    dark, light = (row(frame((v, v, v)))[0] for v in (40, 200))
    assert dark @ light < 0.1


def test_every_cue_has_one_form() -> None:
    for make in CUES.values():
        step = make()
        cue = step([step.cut(frame(RED), BOX), step.cut(frame(RED)[:50], BOX)])
        assert isinstance(cue, Cue)
        assert len(cue) == 2
        assert len(step([])) == 0
    assert NoCue()([NoCue().cut(frame(RED), BOX)]).vector.shape == (1, 0)


def test_a_track_is_the_mean_of_its_faces_by_their_quality() -> None:
    cue = Cue(np.array([[9, 0], [0, 9], [0, 0], [0, 5]], np.uint8), np.array([0.5, 0.5, 0.0, 1.0]))
    vector, quality = by_track(cue, np.array([0, 0, 1, 3]), 4)
    assert vector == pytest.approx(np.array([[0.5**0.5, 0.5**0.5], [0, 0], [0, 0], [0, 1]]))
    assert quality.tolist() == [0.5, 0.0, 0.0, 1.0]


def test_a_palette_names_the_commonest_colours_first() -> None:
    half = frame(RED)
    half[:, 110:] = BLUE
    colours = palette(row(half)[0])
    assert [share for _, share in colours] == sorted((share for _, share in colours), reverse=True)
    assert colours[0][0][2] > colours[0][0][0]  # two thirds are blue
    assert palette(np.zeros(Clothes.width)) == []
