"""Tracks that no vector makes a face: one picture of each is enough."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from castlist.embed import best_faces, doubtful
from castlist.track import MotionTracker, TrackFilter
from castlist.track.filter import LEAST_SCORE, NOT_A_FACE, RECOGNISED, TOO_SMALL
from castlist.types import Clock, Detections, Embeddings, Tracks

RATE = 25


def film(first, last, score, side=40, step=5):
    """A clock of four seconds, and one track with a detection every fifth frame."""
    clock = Clock(np.arange(4 * RATE), Fraction(1, RATE))
    frame = np.arange(first, last + 1, step)
    n = len(frame)
    found = Detections(
        frame, np.tile([0.0, 0, side, 40], (n, 1)), np.broadcast_to(score, n), np.zeros((n, 5, 2))
    )
    tracks = Tracks(frame, found.box, found.score, np.arange(n), np.array([0, n]), np.array([0]))
    return clock, found, tracks


@pytest.mark.parametrize(
    ("score", "quality", "side", "expected"),
    [
        ([0.7], 0.1, 40, True),
        ([0.76], 0.1, 40, False),  # the detector is sure at some time,
        ([0.6, 0.6, 0.76], 0.1, 40, True),  # but not usually
        ([0.6, 0.6, 0.86], 0.1, 40, False),
        ([0.7], 0.3, 40, False),  # a clear picture may tell,
        ([0.54], 0.3, 40, True),  # unless the detector sees hardly a face
        ([0.9], 0.3, 9, True),  # too small to tell who it is
    ],
)
def test_which_tracks_are_doubtful(score, quality, side, expected):
    clock, found, tracks = film(30, 60, np.resize(score, 7), side)
    assert doubtful(tracks, found, np.full(len(found), quality), clock).tolist() == [expected]


@pytest.mark.parametrize(("first", "last"), [(5, 60), (30, 90)])
def test_a_track_that_may_go_on_in_another_piece_is_not_doubtful(first, last):
    clock, found, tracks = film(first, last, 0.7)
    assert doubtful(tracks, found, np.full(len(found), 0.1), clock).tolist() == [False]


@settings(deadline=None)
@given(
    score=st.lists(st.floats(0.5, 0.95), min_size=7, max_size=7),
    quality=st.lists(st.sampled_from([0.0, 0.05, 0.2, 0.3, 0.6]), min_size=7, max_size=7),
    length=st.lists(st.floats(0.1, 20), min_size=7, max_size=7),
    side=st.sampled_from([5, 9, 12, 60]),
)
def test_whatever_its_vectors_the_filter_sets_a_doubtful_track_aside(score, quality, length, side):
    clock, found, tracks = film(30, 60, np.array(score), side)
    vector = np.outer(length, [1.0, 0, 0]).astype(np.float32)
    faces = Embeddings(vector, np.zeros(7, np.int64), np.arange(7), np.array(quality), "sface")
    if doubtful(tracks, found, np.array(quality), clock).all():
        assert TrackFilter()(tracks, found, faces)[0] in (NOT_A_FACE, TOO_SMALL)


def test_one_face_of_a_doubtful_track_is_embedded():
    clock, found, tracks = film(30, 60, 0.7)
    quality = np.linspace(0.1, 0.2, len(found))
    one = doubtful(tracks, found, quality, clock)
    assert best_faces(tracks, quality, clock, per_second=1, least=3, single=one).tolist() == [len(found) - 1]
    assert len(best_faces(tracks, quality, clock, per_second=1, least=3)) == 3


def test_the_thresholds_are_those_of_the_filter():
    from castlist.embed import select

    usual = TrackFilter()
    assert (usual.best_score, usual.usual_score, usual.sure_score) == (select.WEAK, select.USUAL, select.SURE)
    assert usual.smallest == select.SMALLEST
    assert MotionTracker().max_gap == select.GOES_ON
    assert (RECOGNISED, LEAST_SCORE) == (select.CLEAR, select.LEAST)


def test_no_tracks_are_no_doubtful_ones():
    clock = Clock(np.arange(0), Fraction(1, RATE))
    assert doubtful(Tracks.empty(), Detections.empty(), np.zeros(0), clock).tolist() == []
