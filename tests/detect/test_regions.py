"""Parts of a picture: where they lie, what they cost, and that they find what a look at all of it finds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from castlist.detect import Sampling, YuNet
from castlist.detect.regions import (
    Found,
    Part,
    Reference,
    around,
    changed_parts,
    cost,
    elsewhere,
    no_surer,
    whole,
)
from castlist.types import Detections, Machine

ONE = Machine(threads=1)


def faces(*boxes, score=0.9):
    n = len(boxes)
    return Detections([0] * n, np.reshape(boxes, (n, 4)), [score] * n, np.zeros((n, 5, 2)))


def found(*boxes, score=0.9, scale=1.0):
    return Found.of(faces(*boxes, score=score), scale)


def test_a_part_lies_on_the_grid_and_holds_its_face_with_what_is_around():
    (part,) = around(found([100, 100, 120, 120]), 640, 360, (1.0,))
    assert part == Part(32, 32, 192, 192, 1.0)  # 64 pixels around the face, then whole cells of 32
    assert part.cost == 160 * 160


def test_a_part_ends_with_the_picture():
    (part,) = around(found([600, 330, 640, 360]), 640, 360, (1.0,))
    assert (part.right, part.bottom) == (640, 360)
    assert part.cost % (32 * 32) == 0


def test_a_large_face_is_searched_at_the_next_smaller_size():
    (part,) = around(found([100, 50, 300, 250]), 640, 360, (1.0, 0.5, 1.8))
    assert part.scale == 0.5
    assert cost([part]) < whole(640, 360, 1.0).cost / 4


def test_parts_that_overlap_become_one_where_that_costs_no_more():
    assert len(around(found([100, 100, 130, 130], [120, 100, 150, 130]), 640, 360, (1.0,))) == 1
    assert len(around(found([40, 40, 60, 60], [560, 300, 580, 320]), 640, 360, (1.0,))) == 2


def test_faces_come_back_in_pixels_of_the_picture():
    part = Part(64, 32, 224, 192, 2.0)
    assert part.moved(faces([10, 20, 30, 40])).box.tolist() == [[37, 26, 47, 36]]


def test_a_face_at_the_edge_of_a_part_is_cut_off_but_not_at_that_of_the_picture():
    part = Part(0, 32, 160, 192, 1.0)
    box = np.array([[0, 50, 20, 70], [50, 0, 70, 20], [50, 50, 70, 70], [140, 50, 160, 70]], np.float32)
    assert part.cuts(box, (640, 360)).tolist() == [False, True, False, True]


def test_only_what_changed_outside_of_known_parts_is_searched():
    reference, thumb = Reference(), np.full((36, 64, 3), 100, np.uint8)
    assert reference.changed(thumb) is None
    reference.searched(thumb, None, 640, 360)
    later = thumb.copy()
    later[4:8, 4:8], later[20:24, 50:54] = 180, 180
    changed = reference.changed(later)
    assert changed.sum() == 8  # cells of two pixels of the thumbnail
    known = [Part(0, 0, 160, 160, 1.0)]
    (part,) = changed_parts(changed, known, 640, 360, 1.0)
    assert part.left <= 500
    assert part.right >= 540
    assert part.top <= 200
    assert part.bottom >= 240
    reference.searched(later, [*known, part], 640, 360)
    assert not reference.changed(later).any()


def test_slow_changes_add_up():
    reference, thumb = Reference(), np.full((36, 64, 3), 100, np.uint8)
    reference.searched(thumb, None, 640, 360)
    assert [bool(reference.changed(thumb + np.uint8(step)).any()) for step in (2, 4, 6)] == [
        False,
        False,
        True,
    ]


def test_who_is_elsewhere():
    before, now = found([0, 0, 20, 20]), found([5, 0, 25, 20], [100, 0, 120, 20])
    assert elsewhere(before, now).box.tolist() == [[100, 0, 120, 20]]
    assert len(elsewhere(None, now)) == 0  # there was no look
    assert len(elsewhere(Found.nothing(), now)) == 2


def test_a_part_makes_no_face_surer_than_the_whole_picture_does():
    before = found([0, 0, 20, 20], score=0.55)
    now, doubtful = no_surer(found([0, 0, 20, 20], [100, 0, 120, 20], score=0.8), before)
    np.testing.assert_allclose(now.faces.score, [0.6, 0.8], atol=1e-6)
    assert doubtful
    again, _ = no_surer(found([0, 0, 20, 20], score=0.9), now)
    np.testing.assert_allclose(again.faces.score, [0.6], atol=1e-6)  # however often it is searched


@pytest.fixture(scope="module")
def picture(small_film):
    reader = cv2.VideoCapture(str(small_film[0]))
    reader.set(cv2.CAP_PROP_POS_FRAMES, 15)
    return reader.read()[1]


def test_parts_find_the_faces_of_the_whole_picture(picture):
    detector, (height, width) = YuNet(), picture.shape[:2]
    all_of_it = Found.of(detector(picture, machine=ONE), 1.0)
    parts = around(all_of_it, width, height, (1.0,))
    assert cost(parts) < whole(width, height, 1.0).cost
    in_parts = Found.concatenate([part.moved(detector(part.of(picture), machine=ONE)) for part in parts])
    assert len(elsewhere(all_of_it, in_parts)) == 0
    assert len(elsewhere(in_parts, all_of_it)) == 0
    np.testing.assert_allclose(np.sort(in_parts.faces.score), np.sort(all_of_it.faces.score), atol=0.05)


class Square:
    """A detector that finds a bright square of 20 pixels, and notes the pictures that it was given."""

    model = "square"

    def __init__(self):
        self.asked = []

    def __call__(self, image, *, scale=1.0, machine=None):
        self.asked.append(image.shape[:2])
        rows, columns = np.nonzero(image[:, :, 0] > 200)
        if not len(rows):
            return Detections.empty()
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        return Detections([0], [box], [0.9], np.zeros((1, 5, 2)))


def frame_with(*corners):
    image = np.full((360, 640, 3), 90, np.uint8)
    for x, y in corners:
        image[y : y + 20, x : x + 20] = 255
    return image


def sampled(images, rate=24, **options):
    """Frames with a face, and what the detector was given."""
    detector = Square()
    sampler = Sampling(side=640, other_sides=(), parts=True, **options).watch(detector)
    seen = []
    for number, image in enumerate(images):
        thumb = cv2.resize(image, (64, 36), interpolation=cv2.INTER_AREA)
        found = sampler.see(number, number / rate, lambda image=image: image, np.zeros(8, np.uint8), thumb)
        seen += [(int(f.frame[0]), f.box[0].tolist()) for f in found]
    seen += [(int(f.frame[0]), f.box[0].tolist()) for f in sampler.finish()]
    return sorted(seen), detector.asked


def test_between_looks_at_everything_only_the_surroundings_of_a_face_are_searched():
    seen, asked = sampled([frame_with((100, 100))] * 48)
    assert {frame for frame, _ in seen} >= {0, 4, 8, 12, 16, 20, 24, 28, 44, 47}
    everything = [shape for shape in asked if shape == (360, 640)]
    assert len(everything) <= 3  # at 0 s, at 1 s, and at most one more
    assert all(np.prod(shape) <= 192 * 192 for shape in asked if shape != (360, 640))


def test_a_face_that_comes_is_found_where_the_picture_changed_and_traced_back_to_its_first_frame():
    empty, there = frame_with(), frame_with((400, 200))
    seen, _ = sampled([empty] * 9 + [there] * 20)
    frames = [frame for frame, _ in seen]
    assert min(frames) in (9, 10)  # looks come every fourth frame: halves close in
    assert all(box == [400, 200, 420, 220] for _, box in seen)


def test_a_face_that_only_a_look_at_everything_finds_is_traced_back_through_earlier_looks():
    class Shy(Square):
        """Sees the square only in all of the picture, or where it is looked for."""

        def __call__(self, image, *, scale=1.0, machine=None):
            found = super().__call__(image, scale=scale)
            return found if image.shape[:2] == (360, 640) or self.told else Detections.empty()

        told = False

    detector = Shy()
    sampler = Sampling(side=640, other_sides=(), patience=0.5, parts=True).watch(detector)
    image, frames = frame_with((400, 200)), []
    for number in range(13):
        now = frame_with() if number < 5 else image
        thumb = cv2.resize(now, (64, 36), interpolation=cv2.INTER_AREA)
        detector.told = number >= 12
        found = sampler.see(number, number / 24, lambda now=now: now, np.zeros(8, np.uint8), thumb)
        frames += [int(f.frame[0]) for f in found]
    assert {8, 12} <= set(frames)  # the look at frame 8 saw nothing when it came
    assert min(frames) in (5, 6)


def test_without_a_thumbnail_every_look_is_at_everything():
    detector = Square()
    sampler = Sampling(side=640, other_sides=(), parts=True).watch(detector)
    for number in range(24):
        image = frame_with((100, 100))
        list(sampler.see(number, number / 24, lambda image=image: image, np.zeros(8, np.uint8)))
    assert set(detector.asked) == {(360, 640)}


def test_parts_are_searched_only_where_that_is_asked_for():
    detector, image = Square(), frame_with((100, 100))
    sampler = Sampling(side=640, other_sides=()).watch(detector)
    for number in range(24):
        list(sampler.see(number, number / 24, lambda: image, np.zeros(8, np.uint8)))
    assert set(detector.asked) == {(360, 640)}
