"""The tables check their columns at construction, and are constant after that."""

from fractions import Fraction

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.types import (
    NOISE,
    Clock,
    Clustering,
    Constraints,
    Detections,
    Embeddings,
    Portraits,
    Scan,
    Shots,
    Tracks,
    Tree,
    same,
)


def detections(frames):
    n = len(frames)
    return Detections(frames, np.tile([0, 0, 9, 9], (n, 1)), np.full(n, 0.5), np.zeros((n, 5, 2)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Detections([0, 1], [[0, 0, 1, 1]], [0.5, 0.5], np.zeros((2, 5, 2))),
            r"Detections.box has 1 rows, expected 2",
        ),
        (
            lambda: Detections([0], [[0, 0, 1]], [0.5], np.zeros((1, 5, 2))),
            r"Detections.box must have shape \(n, 4\), got \(1, 3\)",
        ),
        (lambda: detections([1, 0]), "ordered by frame"),
        (lambda: Shots([0, 5], [4, 9], [0, 1]), "without gap"),
        (lambda: Shots([0], [0], [0]), "without gap"),
        (lambda: Tracks([0], [[0, 0, 1, 1]], [1], [0], [0, 2], [0]), "offset must rise"),
        (lambda: Constraints([1], [1], [True], [0]), "two different tracks"),
        (lambda: Embeddings([[np.nan]], [0], [0], [1]), "NaN"),
        (lambda: Portraits([0], [[0, 0, 1, 1]], [0], [1], ()), "Portraits.image has 0 rows, expected 1"),
        (
            lambda: Scan(Clock([0], Fraction(1)), np.zeros((2, 3)), Detections.empty(), [], [], [], ()),
            "signal",
        ),
    ],
)
def test_wrong_columns_are_named(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_columns_cannot_be_written_and_do_not_change_with_the_callers_array():
    frame = np.array([0, 1])
    found = detections(frame)
    frame[0] = 7
    assert found.frame[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        found.frame[0] = 3
    with pytest.raises(AttributeError):
        found.frame = frame


def test_rows_are_picked_by_mask_slice_and_index():
    found = detections([0, 1, 2])
    assert found[found.frame > 0].frame.tolist() == [1, 2]
    assert found[:1].frame.tolist() == [0]
    assert same(found, found[[0, 1, 2]])
    assert not same(found, found[:2])


def test_time_is_exact_and_the_last_frame_lasts_as_long_as_the_others():
    clock = Clock([0, 1001, 2002], Fraction(1, 24000))
    assert clock.time(2) == Fraction(1001, 12000)
    assert clock.time(3) == Fraction(3003, 24000)
    assert clock.seconds([1]) == pytest.approx([1001 / 24000])
    assert Clock([], Fraction(1)).time(0) == 0


def test_a_film_of_one_frame_lasts_a_frame_and_not_a_tick():
    one = Clock([12800], Fraction(1, 12800)).of_rate(Fraction(25))
    assert (one.time(0), one.time(1)) == (1, Fraction(26, 25))
    assert one.lasts(Fraction(0)) == Fraction(1, 25)
    for kept in (Clock([1], Fraction(1, 12800)), Clock([0, 512], Fraction(1, 12800)), Clock([], Fraction(1))):
        assert kept.of_rate(Fraction(25)) is kept  # a time between two frames, several frames, none


def test_pictures_that_stand_for_long_are_not_missing():
    """A screen recording has a new picture only when the screen changes; other films have even intervals."""
    recorded = Clock(np.cumsum([0, 1, 1, 4, 1, 3, 1, 1]), Fraction(1, 10), unread=7)
    assert recorded.lacks(Fraction(13, 10)) == recorded.lacks(Fraction(17, 10)) == 0
    assert recorded.lacks(Fraction(23, 10)) == 1  # the missing end, by the header
    hole = Clock(np.delete(np.arange(40), slice(10, 15)), Fraction(1, 10), unread=5)
    assert hole.lacks(Fraction(4)) == Fraction(1, 2)
    assert hole.lacks(Fraction(4), Fraction(49, 100)) == Fraction(1, 2)
    assert hole.lacks(Fraction(4), Fraction(1, 2)) == 0  # frames that were dropped
    assert Clock(np.arange(40), Fraction(1, 10)).lacks(Fraction(9)) == 0
    assert Clock([0], Fraction(1, 10), unread=5).lacks(Fraction(6, 10)) == Fraction(1, 2)


def test_frames_that_a_recorder_dropped_are_not_missing():
    """Gaps of half a second and of two seconds, and an end of 0.3 s: the short gap is none that counts."""
    shown = np.delete(np.arange(100), [*range(10, 15), *range(40, 60)])
    clock = Clock(shown, Fraction(1, 10), unread=28)
    assert clock.lacks(Fraction(103, 10), Fraction(1)) == Fraction(23, 10)
    assert clock.lacks(Fraction(103, 10)) == Fraction(28, 10)


def test_shots_know_the_shot_of_a_frame():
    assert Shots([0, 3], [3, 5], [0, 1]).of([0, 2, 3, 4]).tolist() == [0, 0, 1, 1]


def test_tracks_are_ragged_rows():
    tracks = Tracks([0, 1, 5], np.zeros((3, 4)), [1, 1, 1], [0, -1, 1], [0, 2, 3], [0, 1])
    assert tracks.track.tolist() == [0, 0, 1]
    assert tracks.first.tolist() == [0, 5]
    assert tracks.last.tolist() == [1, 5]
    assert tracks.size.tolist() == [2, 1]
    assert tracks.rows(1) == slice(2, 3)


def test_equal_partitions_are_equal_arrays():
    assert Clustering([7, 7, NOISE, 2, 7]).label.tolist() == [0, 0, NOISE, 1, 0]
    assert Clustering([7, 7, NOISE, 2, 7]).count == 2
    assert same(Clustering([3, 1, 3]), Clustering([0, 9, 0]))
    assert Clustering([]).count == 0


def test_a_tree_is_what_scipy_takes():
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    tree = Tree([[0, 1], [2, 3]], [1.0, 2.0], [2, 3])
    assert tree.leaves == 3
    assert hierarchy.is_valid_linkage(tree.linkage)


def test_scan_pieces_join_with_rows_counted_on():
    none = Scan(
        Clock([0, 1], Fraction(1)), np.zeros((2, 3)), Detections.empty(), [], [], np.zeros((0, 0)), ()
    )
    one = Scan(
        Clock([2, 3], Fraction(1)), np.ones((2, 3)), detections([1]), [0.5], [0], np.ones((1, 4)), ("a",), 2
    )
    whole = Scan.join([none, one, one_more(one)])
    assert whole.clock.pts.tolist() == [0, 1, 2, 3, 4, 5]
    assert whole.detections.frame.tolist() == [3, 5]
    assert whole.embedded.tolist() == [0, 1]
    assert whole.vector.shape == (2, 4)
    assert whole.image == ("a", "a")
    assert whole.damaged == 4
    assert len(Scan.empty()) == 0


def one_more(piece):
    later = Clock(piece.clock.pts + 2, piece.clock.unit)
    return Scan(
        later, piece.signal, piece.detections, piece.quality, piece.embedded, piece.vector, piece.image, 2
    )
