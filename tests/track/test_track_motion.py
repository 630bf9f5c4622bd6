"""Trackers: pencil cases, and laws that any tracker keeps."""

from fractions import Fraction

import numpy as np
import pytest

from castlist.track import TRACKERS, MotionTracker
from castlist.types import INTERPOLATED, Clock, Detections, Shots, same

CLOCK = Clock(np.arange(200), Fraction(1, 25))
ONE_SHOT = Shots([0], [200], [0])


def moving(*rows):
    """Detections of (frame, x, score) with boxes 20 wide at y 50."""
    rows = sorted(rows)
    x = np.array([r[1] for r in rows], float)
    box = np.column_stack([x, np.full(len(x), 50), x + 20, np.full(len(x), 75)])
    return Detections([r[0] for r in rows], box, [r[2] for r in rows], np.zeros((len(rows), 5, 2)))


def people_in(tracks, found):
    return [
        sorted({int(found.box[d, 0]) for d in tracks.detection[tracks.rows(t)] if d >= 0})
        for t in range(len(tracks))
    ]


def test_a_still_face_is_one_track_with_the_frames_between_filled_in():
    found = moving((0, 10, 0.9), (4, 10, 0.9), (8, 14, 0.7))
    tracks = MotionTracker()(ONE_SHOT, found, CLOCK)
    assert len(tracks) == 1
    assert tracks.frame.tolist() == list(range(9))
    assert tracks.detection.tolist() == [0, -1, -1, -1, 1, -1, -1, -1, 2]
    assert tracks.box[6, 0] == pytest.approx(12)
    assert tracks.score[6] == pytest.approx(0.7)


def test_a_face_filled_in_is_as_sure_as_the_lesser_of_the_two_beside_it():
    found = moving((0, 10, 0.9), (4, 10, 0.8), (8, 10, 0.7), (12, 10, 0.95))
    tracks = MotionTracker()(ONE_SHOT, found, CLOCK)
    assert tracks.score[[0, 2, 4, 6, 8, 10, 12]] == pytest.approx([0.9, 0.8, 0.8, 0.7, 0.7, 0.7, 0.95])


def test_a_face_is_followed_as_far_as_reach_in_face_widths():
    still = [(f, 10, 0.9) for f in range(0, 12, 2)]  # faces 20 wide and 25 high: 22.4 in the mean
    for moved, people in ((16, 1), (20, 2)):
        found = moving(*still, *((f, 10 + moved, 0.9) for f in range(12, 24, 2)))
        assert len(MotionTracker(reach=0.8)(ONE_SHOT, found, CLOCK)) == people, moved


def test_two_faces_side_by_side_are_two_tracks():
    found = moving(*((f, x, 0.9) for f in range(0, 40, 4) for x in (10, 40)))
    assert people_in(MotionTracker()(ONE_SHOT, found, CLOCK), found) == [[10], [40]]


def test_a_cut_ends_every_track():
    found = moving(*((f, 10, 0.9) for f in range(0, 40, 2)))
    shots = Shots([0, 20], [20, 200], [0, 1])
    tracks = MotionTracker()(shots, found, CLOCK)
    assert [(int(a), int(b)) for a, b in zip(tracks.first, tracks.last, strict=True)] == [(0, 18), (20, 38)]
    assert tracks.shot.tolist() == [0, 1]


def test_a_gap_is_bridged_up_to_max_gap():
    found = moving(*((f, 10, 0.9) for f in (0, 4, 8, 20, 24, 28)))
    assert len(MotionTracker(max_gap=0.5)(ONE_SHOT, found, CLOCK)) == 1
    assert len(MotionTracker(max_gap=0.4)(ONE_SHOT, found, CLOCK)) == 2


def test_weak_faces_carry_on_a_track_but_do_not_begin_one():
    strong_then_weak = moving((0, 10, 0.9), (4, 10, 0.9), (8, 10, 0.45))
    assert MotionTracker()(ONE_SHOT, strong_then_weak, CLOCK).last.tolist() == [8]
    weak = moving((0, 10, 0.45), (4, 10, 0.45), (8, 10, 0.45))
    assert len(MotionTracker()(ONE_SHOT, weak, CLOCK)) == 0


def test_where_either_face_could_be_either_person_both_tracks_end():
    """Two people walk through one another; while they cover each other only one face is seen."""
    rows = []
    for f in range(0, 80, 4):
        left, right = 10 + f, 90 - f
        rows += [(f, left, 0.9)] if abs(left - right) < 12 else [(f, left, 0.9), (f, right, 0.9)]
    found = moving(*rows)
    tracks = MotionTracker()(ONE_SHOT, found, CLOCK)
    going_right = {d for d in range(len(found)) if found.box[d, 0] == 10 + found.frame[d]}
    for t in range(len(tracks)):
        own = {int(d) for d in tracks.detection[tracks.rows(t)] if d >= 0}
        met = {d for d in own if abs(10 + int(found.frame[d]) - 90 + int(found.frame[d])) < 12}
        assert (own - met) <= going_right or not (own - met) & going_right


def test_a_passing_face_keeps_its_speed():
    found = moving(*((f, 10 + 3 * f, 0.9) for f in range(0, 40, 4)))
    assert len(MotionTracker()(ONE_SHOT, found, CLOCK)) == 1


@pytest.mark.parametrize("tracker", [make() for make in TRACKERS.values()], ids=list(TRACKERS))
class TestLaws:
    @pytest.fixture
    def crowd(self):
        rng = np.random.default_rng(3)
        n = 400
        frame = np.sort(rng.integers(0, 200, n))
        corner = rng.uniform(0, 300, (n, 2))
        box = np.column_stack([corner, corner + rng.uniform(8, 60, (n, 2))])
        return Detections(frame, box, rng.uniform(0.3, 1, n), np.zeros((n, 5, 2)))

    def test_no_faces_no_tracks(self, tracker):
        assert len(tracker(ONE_SHOT, Detections.empty(), CLOCK)) == 0

    def test_no_track_crosses_a_shot_and_frames_rise(self, tracker, crowd):
        shots = Shots([0, 61, 130], [61, 130, 200], [0, 1, 1])
        tracks = tracker(shots, crowd, CLOCK)
        assert len(tracks)
        for t in range(len(tracks)):
            frame = tracks.frame[tracks.rows(t)]
            assert (np.diff(frame) == 1).all()
            assert set(shots.of(frame)) == {tracks.shot[t]}

    def test_each_detection_is_in_one_track_at_most_and_where_it_was_found(self, tracker, crowd):
        tracks = tracker(ONE_SHOT, crowd, CLOCK)
        real = tracks.detection[tracks.detection != INTERPOLATED]
        assert len(np.unique(real)) == len(real)
        rows = tracks.detection != INTERPOLATED
        assert (tracks.frame[rows] == crowd.frame[real]).all()
        assert (tracks.box[rows] == crowd.box[real]).all()

    def test_the_same_again(self, tracker, crowd):
        assert same(tracker(ONE_SHOT, crowd, CLOCK), tracker(ONE_SHOT, crowd, CLOCK))

    def test_a_shot_is_tracked_whatever_comes_after_it(self, tracker, crowd):
        shots = Shots([0, 100], [100, 200], [0, 1])
        whole = tracker(shots, crowd, CLOCK)
        first = tracker(Shots([0], [100], [0]), crowd[crowd.frame < 100], CLOCK)
        assert whole.detection[: first.offset[-1]].tolist() == first.detection.tolist()


def test_where_frames_are_far_apart_every_face_is_followed():
    slow = Clock(np.arange(10), Fraction(1))  # a frame a second
    shots = Shots([0], [10], [0])
    followed = MotionTracker()(shots, moving(*((f, 10, 0.9) for f in range(10))), slow)
    assert followed.frame.tolist() == list(range(10))
    assert len(followed) == 1
    once = MotionTracker()(shots, moving((4, 10, 0.9)), slow)
    assert once.frame.tolist() == [4]
    missed = MotionTracker()(shots, moving((2, 10, 0.9), (4, 10, 0.9)), slow)  # not seen in frame 3
    assert len(missed) == 2


def test_one_face_of_one_frame_is_a_track_only_where_that_frame_stands_for_long():
    uneven = Clock(np.array([0, 10, 11, 12, 13]), Fraction(1, 10))  # the first frame stands for a second
    shots = Shots([0], [5], [0])
    assert len(MotionTracker()(shots, moving((0, 10, 0.9)), uneven)) == 1
    assert len(MotionTracker()(shots, moving((2, 10, 0.9)), uneven)) == 0
    assert len(MotionTracker()(Shots([0], [1], [0]), moving((0, 10, 0.9)), Clock([0], Fraction(1, 25)))) == 1


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_in_a_film_of_few_frames_whoever_is_always_there_is_a_track(frames):
    clock, shots = Clock(np.arange(frames), Fraction(1, 25)), Shots([0], [frames], [0])
    assert len(MotionTracker()(shots, moving(*[(i, 10, 0.9) for i in range(frames)]), clock)) == 1
    if frames > 1:
        assert len(MotionTracker()(shots, moving((0, 10, 0.9)), clock)) == 0


def test_pieces_keep_what_may_go_on_beyond_them():
    found = moving((0, 10, 0.9), (2, 10, 0.9), (60, 90, 0.9), (62, 90, 0.9), (198, 50, 0.9))
    assert len(MotionTracker()(ONE_SHOT, found, CLOCK)) == 0
    pieces = MotionTracker().pieces(ONE_SHOT, found, CLOCK)
    assert pieces.first.tolist() == [0, 198]
    late = Clock(CLOCK.pts + 10_000, CLOCK.unit)  # a piece from the middle of a film
    assert same(MotionTracker().pieces(ONE_SHOT, found, late), pieces)
