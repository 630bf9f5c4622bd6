"""Which face of a picture is meant, where it shows more than one."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.boxes import AROUND, portrait_square
from castlist.pipeline.scan import portrait
from castlist.review.face_position import face_positions
from castlist.types import Portraits, Tracks

WIDTH, HEIGHT = 640, 360
FACE = (300, 150, 340, 190)


def tracks_of(*boxes: tuple[float, ...], frames: tuple[int, ...] = ()) -> Tracks:
    """Tracks of one face each, all in frame 0 if not said otherwise."""
    n = len(boxes)
    frame = np.array(frames or (0,) * n)
    return Tracks(frame, np.array(boxes), np.ones(n), np.arange(n), np.arange(n + 1), np.zeros(n))


def pictures_of(tracks: Tracks) -> Portraits:
    n = len(tracks)
    return Portraits(tracks.frame, tracks.box, np.arange(n), np.ones(n), tuple(f"{k:040x}" for k in range(n)))


def positions(*boxes: tuple[float, ...], frames: tuple[int, ...] = ()) -> dict[int, str]:
    tracks = tracks_of(*boxes, frames=frames)
    return face_positions(pictures_of(tracks), tracks, WIDTH, HEIGHT)


def test_nobody_is_marked_who_is_alone_in_a_picture() -> None:
    assert positions(FACE) == {}
    assert positions(FACE, (0, 0, 40, 40)) == {}  # far away
    assert positions(FACE, (325, 150, 365, 190), frames=(0, 1)) == {}  # at another time
    assert positions(FACE, (302, 150, 342, 190)) == {}  # two boxes of one face
    assert face_positions(Portraits.empty(), Tracks.empty(), WIDTH, HEIGHT) == {}


def test_two_heads_in_one_picture_are_told_apart() -> None:
    marked = positions(FACE, (330, 150, 370, 190))
    assert set(marked) == {0, 1}  # each in the picture of the other
    # the face takes the 40 / 64 in the middle, and a tenth more on three sides, a quarter above
    assert marked[0] == "12 3 88 88"


@pytest.mark.parametrize("box", [FACE, (0, 0, 60, 80), (600, 300, 640, 360), (100, 0, 400, 300)])
def test_the_mark_is_where_the_face_is_in_its_picture(box: tuple[int, ...]) -> None:
    beside = (box[0], box[1], box[0] + 20, box[1] + 20)
    left, top, right, bottom = map(int, positions(box, beside)[0].split())
    film = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    film[box[1] : box[3], box[0] : box[2]] = 255
    shown = portrait(film, np.array(box, np.float32))[:, :, 0] > 127
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    face = 100 * np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / len(shown)
    head = face + 100 * np.array([-0.1, -0.25, 0.1, 0.1]) / AROUND
    assert np.abs(np.clip(head, 0, 100) - [left, top, right, bottom]).max() <= 1.5


def test_a_square_at_the_edge_stays_in_the_picture() -> None:
    boxes = np.array([FACE, (0, 0, 20, 20), (620, 340, 640, 360), (0, 0, 640, 360)], np.float32)
    centre, side = portrait_square(boxes, np.array([WIDTH, HEIGHT]))
    assert side.tolist() == [pytest.approx(s) for s in (64, 32, 32, 1024)]
    assert np.allclose(centre, [(320, 170), (16, 16), (624, 344), (320, 180)])
