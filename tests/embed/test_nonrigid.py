"""Photographs and living faces: non-rigid motion within them."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from castlist.drawn import people
from castlist.drawn.film import picture
from castlist.drawn.script import Actor, Scene, Script
from castlist.embed import face_patch, track_motion
from castlist.embed.nonrigid import _undone, nonrigid_motion
from castlist.track import TrackFilter
from castlist.types import Tracks

RIGID, BLINK = TrackFilter().rigid, TrackFilter().blink
SIZE = (240, 200)


@pytest.fixture(scope="module")
def looks():
    """A drawn face at rest and with another face on it, and its box."""
    scene = Scene(0.4, (Actor(0, 0.5, 0.45, 0.5, stir=0.0, talk=False),))
    talking = Scene(3.0, (Actor(0, 0.5, 0.45, 0.5, stir=0.0),))
    made = [
        list(picture(Script("looks", people(1), (s,), *SIZE, Fraction(25), noise=0.0), 0))
        for s in (scene, talking)
    ]
    rest = made[0][0][0]
    change = [np.abs(frame.astype(int) - rest).sum() for frame, _ in made[1]]
    other = made[1][int(np.argmax(change))][0]
    rest, other = (cv2.GaussianBlur(image, (0, 0), 1.0) for image in (rest, other))  # as lenses and codecs do
    return rest, other, made[0][0][1][0].box


def moved(image, box, rng, amount=1.0, noise=2.0):
    """A patch of the face as a phone in a hand, or a camera, shows it: turned, tilted, in other light."""
    h, w = image.shape[:2]
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    to = corners + amount * rng.normal(0, 3, (4, 2)).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, to)
    seen = cv2.warpPerspective(image, matrix, (w, h), borderMode=cv2.BORDER_REPLICATE).astype(float)
    seen = np.clip(
        rng.uniform(0.9, 1.1) * seen + rng.uniform(-8, 8) + rng.normal(0, noise, seen.shape), 0, 255
    )
    middle, side = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * rng.uniform(0.98, 1.03)
    middle = middle + rng.normal(0, 0.015, 2) * side
    return face_patch(seen.astype(np.uint8), np.concatenate([middle - side / 2, middle + side / 2]))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_photograph_is_rigid_however_it_is_held(looks, seed):
    rest, _, box = looks
    rng = np.random.default_rng(seed)
    motion = nonrigid_motion(np.array([moved(rest, box, rng) for _ in range(9)]))
    assert np.isnan(motion[4])
    assert np.isfinite(np.delete(motion, 4)).all()
    assert np.nanquantile(motion, 0.9) < RIGID
    assert np.nanmax(motion) < BLINK * RIGID


def test_a_face_that_speaks_or_blinks_is_not(looks):
    rest, other, box = looks
    rng = np.random.default_rng(1)
    patches = [moved(other if i == 2 else rest, box, rng) for i in range(9)]
    motion = nonrigid_motion(np.array(patches))
    assert motion[2] > BLINK * RIGID > np.nanmax(np.delete(motion, 2))


def test_looks_beyond_doubt_are_enough(looks):
    rest, other, box = looks
    rng = np.random.default_rng(2)
    patches = [moved(rest if i == 10 else other, box, rng, 0.3) for i in range(21)]
    motion = nonrigid_motion(np.array(patches))
    assert 3 <= np.isfinite(motion).sum() < 20
    assert np.nanmin(motion) > BLINK * RIGID


def test_faces_at_the_edge_and_short_tracks_are_not_measured(looks):
    rest, _, box = looks
    patches = np.array([face_patch(rest, box)] * 9)
    frame = np.array([0, 1, 2, 3, 4, 5, 0, 1, 2])
    tracks = Tracks(frame, np.tile(box, (9, 1)), np.ones(9), np.arange(9), [0, 6, 9], [0, 0])
    whole = np.ones(9, bool)
    motion = track_motion(patches, tracks, whole)
    assert np.isfinite(motion).tolist() == [True] * 3 + [False] + [True] * 2 + [False] * 3
    assert np.nanmax(motion) == 0
    whole[:3] = False
    assert np.isnan(track_motion(patches, tracks, whole)).all()
    none = track_motion(np.zeros((0,), np.uint8), Tracks.empty(), np.zeros(0, bool))
    assert none.shape == (0,)


@pytest.mark.parametrize("side", [6, 40, 400])
def test_a_patch_shows_the_same_of_any_face(side):
    """A checked square of four fields: wherever and however large, the middle of the patch is its middle."""
    image = np.zeros((900, 900, 3), np.uint8)
    image[300 : 300 + side // 2, 200 : 200 + side // 2] = 255
    image[300 + side // 2 : 300 + side, 200 + side // 2 : 200 + side] = 255
    patch = face_patch(image, np.array([200, 300, 200 + side, 300 + side])).astype(float)
    assert patch.shape == (48, 48)
    assert abs(patch[9:39, 9:39].mean() - 127.5) < 12
    assert patch[12:21, 12:21].min() > 200 > 60 > patch[12:21, 27:36].max()


def test_a_step_is_undone_by_the_inverse_homography() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        change = rng.uniform(-0.3, 0.3, 8)
        step = np.append(change, 0.0).reshape(3, 3) + np.eye(3)
        undone, inverse = _undone(*change.tolist()), np.linalg.inv(step)
        np.testing.assert_allclose(undone / undone[2, 2], inverse / inverse[2, 2], atol=1e-12)
