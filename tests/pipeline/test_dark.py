"""Dark pictures come last among those of a track, and nothing else changes."""

import cv2
import numpy as np

from castlist.cast import picture_worth
from castlist.errors import WorkspaceError
from castlist.pipeline.dark import lower_dark_quality
from castlist.types import Portraits, Shots

SHOTS = Shots([0], [100], [0])


def jpeg(name):
    """A grey picture as bright as its name says."""
    if name == "gone":
        raise WorkspaceError("the picture is missing")
    return cv2.imencode(".jpg", np.full((64, 64, 3), int(name), np.uint8))[1].tobytes()


def first(*pictures):
    """The name of the best of a track's pictures, given as (name, quality)."""
    names, quality = zip(*pictures, strict=True)
    n = len(names)
    made = Portraits(np.arange(10, 10 + n), np.zeros((n, 4)), np.zeros(n), quality, names)
    after = lower_dark_quality(made, SHOTS, jpeg)
    assert (after.quality <= made.quality + 1e-6).all()
    return names[int(picture_worth(after, SHOTS).argmax())]


def test_a_dark_picture_gives_way_to_one_that_is_not_much_worse():
    assert first(("6", 0.8), ("120", 0.3)) == "120"
    assert first(("6", 0.8), ("8", 0.7), ("120", 0.3)) == "120"
    assert first(("40", 0.8), ("120", 0.3)) == "40"
    assert first(("120", 0.8), ("255", 0.7)) == "120"


def test_of_dark_pictures_only_the_better_one_stays():
    assert first(("6", 0.8)) == "6"
    assert first(("6", 0.8), ("6", 0.3)) == "6"
    assert first(("20", 0.8), ("6", 0.8)) == "20"


def test_a_picture_that_is_not_there_stays_where_it_was():
    assert first(("gone", 0.8), ("120", 0.3)) == "gone"
    assert first(("", 0.2), ("120", 0.3)) == "120"
    assert len(lower_dark_quality(Portraits.empty(), SHOTS, jpeg)) == 0
