"""Tracks of two people come apart, tracks of one do not."""

import numpy as np

from castlist.track import LikenessSplit
from castlist.types import Embeddings, Tracks, same


def one_track(frames=30):
    n = np.arange(frames)
    return Tracks(n, np.zeros((frames, 4)), np.ones(frames), n, [0, frames], [3])


def faces(*angles, at):
    """One vector a face, by its angle in degrees."""
    turn = np.deg2rad(angles)
    vector = np.column_stack([np.cos(turn), np.sin(turn)])
    return Embeddings(vector, [0] * len(angles), at, np.ones(len(angles)))


def test_another_person_begins_halfway_between_the_faces_on_either_side():
    tracks = LikenessSplit()(one_track(), faces(0, 5, 80, 85, at=[0, 10, 20, 29]))
    assert tracks.offset.tolist() == [0, 15, 30]
    assert tracks.shot.tolist() == [3, 3]
    assert tracks.frame.tolist() == list(range(30))


def test_a_head_that_turns_stays_one_track():
    assert len(LikenessSplit()(one_track(), faces(0, 25, 50, 75, at=[0, 10, 20, 29]))) == 1


def test_two_people_come_apart_at_the_first_face_of_the_second_however_many_each_has():
    tracks = LikenessSplit()(one_track(), faces(0, 5, 10, 80, 85, 90, 95, at=[0, 4, 8, 12, 16, 20, 24]))
    assert tracks.offset.tolist() == [0, 10, 30]


def test_faces_unlike_one_another_on_one_side_are_no_second_person():
    assert len(LikenessSplit()(one_track(), faces(0, 60, 120, 200, 205, 210, at=[0, 5, 10, 15, 20, 25]))) == 1


def test_one_odd_face_divides_nothing():
    assert len(LikenessSplit()(one_track(), faces(0, 3, 6, 90, at=[0, 10, 20, 29]))) == 1


def test_other_tracks_keep_their_faces_and_tracks_stay_ordered_by_first_frame():
    frame = np.r_[np.arange(30), np.arange(5, 25)]
    tracks = Tracks(frame, np.zeros((50, 4)), np.ones(50), np.arange(50), [0, 30, 50], [0, 0])
    divided = LikenessSplit()(tracks, faces(0, 5, 80, 85, at=[0, 10, 20, 29]))
    assert divided.first.tolist() == [0, 5, 15]
    assert divided.detection[divided.rows(1)].tolist() == list(range(30, 50))


def test_nothing_to_divide_is_given_back():
    empty = Embeddings(np.zeros((0, 2)), [], [], [])
    assert same(LikenessSplit()(Tracks.empty(), empty), Tracks.empty())
    tracks = one_track()
    assert LikenessSplit()(tracks, empty) is tracks
