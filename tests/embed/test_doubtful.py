"""Tracks that no vector makes a face: one picture of each is enough."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from castlist.embed import best_faces, doubtful
from castlist.track import TrackFilter
from castlist.track.filter import RECOGNISED
from castlist.types import Clock, Detections, Tracks

RATE = 25


def film(first, last, score, step=5):
    """A clock of four seconds, and one track with a detection every fifth frame."""
    clock = Clock(np.arange(4 * RATE), Fraction(1, RATE))
    frame = np.arange(first, last + 1, step)
    n = len(frame)
    found = Detections(frame, np.tile([0.0, 0, 40, 40], (n, 1)), np.full(n, score), np.zeros((n, 5, 2)))
    tracks = Tracks(frame, found.box, found.score, np.arange(n), np.array([0, n]), np.array([0]))
    return clock, found, tracks


@pytest.mark.parametrize(
    ("first", "last", "score", "quality", "expected"),
    [
        (30, 60, 0.7, 0.1, True),
        (30, 60, 0.76, 0.1, False),  # the detector is sure at some time
        (30, 60, 0.7, 0.3, False),  # a clear picture may tell
        (5, 60, 0.7, 0.1, False),  # it may have begun in the piece before
        (30, 95, 0.7, 0.1, False),  # it may go on in the piece after
    ],
)
def test_which_tracks_are_doubtful(first, last, score, quality, expected):
    clock, found, tracks = film(first, last, score)
    assert doubtful(tracks, found, np.full(len(found), quality), clock).tolist() == [expected]


def test_one_face_of_a_doubtful_track_is_embedded():
    clock, found, tracks = film(30, 60, 0.7)
    quality = np.linspace(0.1, 0.2, len(found))
    one = doubtful(tracks, found, quality, clock)
    assert best_faces(tracks, quality, clock, per_second=1, least=3, one=one).tolist() == [len(found) - 1]
    assert len(best_faces(tracks, quality, clock, per_second=1, least=3)) == 3


def test_the_thresholds_are_those_of_the_filter():
    from castlist.embed import select

    assert TrackFilter().best_score == select.WEAK
    assert RECOGNISED == select.CLEAR


def test_no_tracks_are_no_doubtful_ones():
    clock = Clock(np.arange(0), Fraction(1, RATE))
    assert doubtful(Tracks.empty(), Detections.empty(), np.zeros(0), clock).tolist() == []
