"""The cast as a view over tracks: examples worked out by hand."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from castlist.cast import Cast
from castlist.errors import InputError
from castlist.types import BACKGROUND, PERSON, SET_ASIDE, Clock, Portraits, Shots, Tracks, Video

VIDEO = Video(Path("film.mp4"), 640, 360, Fraction(10), Fraction(10), "digest")
CLOCK = Clock(np.arange(100), Fraction(1, 10))  # 10 frames a second
SHOTS = Shots([0, 50], [50, 100], [0, 1])


def tracks_of(*spans):
    frame = np.concatenate([np.arange(a, b) for a, b in spans])
    offset = np.cumsum([0, *(b - a for a, b in spans)])
    n = len(frame)
    shot = [0 if a < 50 else 1 for a, _ in spans]
    return Tracks(frame, np.zeros((n, 4)), np.ones(n), np.arange(n), offset, shot)


def test_screen_time_counts_a_frame_once_and_appearances_bridge_a_second():
    tracks = tracks_of((0, 10), (5, 15), (24, 30), (60, 70))
    cast = Cast.of(VIDEO, CLOCK, SHOTS, tracks, np.array([0, 0, 0, 0]))
    (person,) = cast
    assert person.duration == Fraction(31, 10)  # 0-15, 24-30 and 60-70, the overlap counted once
    assert person.screen_time == pytest.approx(3.1)
    assert [(a.start, a.stop) for a in person.appearances] == [(0, 3), (6, 7)]
    assert person.appearances[0].tracks == (0, 1, 2)
    assert (person.first, person.last) == (0, 7)
    assert person.face_count == 36


def test_people_are_sorted_by_screen_time_and_named_in_that_order():
    cast = Cast.of(VIDEO, CLOCK, SHOTS, tracks_of((0, 5), (10, 30)), np.array([0, 1]), names=("Ada",))
    assert [p.name for p in cast] == ["Person 1", "Ada"]
    assert cast.person.tolist() == [1, 0]
    assert cast["Ada"].tracks == (0,)
    assert cast[0].named is False
    with pytest.raises(KeyError, match="nobody is called 'Bob'"):
        cast["Bob"]


def test_background_comes_after_the_cast_and_what_is_set_aside_is_nobody():
    tracks = tracks_of((0, 40), (40, 45), (60, 99))
    fate = np.array([BACKGROUND, PERSON, SET_ASIDE])
    cast = Cast.of(VIDEO, CLOCK, SHOTS, tracks, np.array([0, 1, 2]), fate=fate, reason=("", "", "a lamp"))
    assert [p.tracks for p in cast.people] == [(1,)]
    assert [p.tracks for p in cast.background] == [(0,)]
    assert cast.person.tolist() == [1, 0, -1]
    assert cast.reason[2] == "a lamp"
    assert len(cast.everybody) == 2


def test_the_best_face_of_each_track_comes_before_anothers_second():
    portraits = Portraits([2, 3, 11], np.zeros((3, 4)), [0, 0, 1], [0.9, 0.8, 0.1], ("a", "b", "c"))
    cast = Cast.of(VIDEO, CLOCK, SHOTS, tracks_of((0, 5), (10, 15)), np.array([0, 0]), portraits=portraits)
    assert [f.image for f in cast[0].faces] == ["a", "c", "b"]
    assert cast[0].faces[1].time == Fraction(11, 10)


def test_a_picture_at_a_cut_comes_first_only_where_the_others_are_half_as_good():
    def images(*quality):
        portraits = Portraits([49, 20, 50], np.zeros((3, 4)), [0, 0, 1], quality, ("cut", "clear", "next"))
        return [f.image for f in Cast.of(
            VIDEO, CLOCK, SHOTS, tracks_of((10, 50), (50, 60)), np.array([0, 0]), portraits=portraits
        )[0].faces]  # fmt: skip

    assert images(0.8, 0.5, 0.6) == ["clear", "next", "cut"]
    assert images(0.8, 0.3, 0.9) == ["next", "cut", "clear"]
    assert images(1.0, 0.9, 0.9)[0] == "cut"  # a user chose it


def test_nobody_is_a_cast_too():
    cast = Cast.of(VIDEO, Clock([], Fraction(1)), Shots([], [], []), Tracks.empty(), np.zeros(0, int))
    assert len(cast) == 0
    assert list(cast) == []


def test_variable_frame_rate_counts_each_frame_as_long_as_it_is_shown():
    clock = Clock([0, 1, 10, 11], Fraction(1))
    tracks = Tracks([1, 2], np.zeros((2, 4)), [1, 1], [0, 1], [0, 2], [0])
    cast = Cast.of(VIDEO, clock, Shots([0], [4], [0]), tracks, np.array([0]))
    assert cast[0].duration == 10  # frame 1 is shown for 9 seconds, frame 2 for 1


def test_a_label_for_each_track_is_needed():
    with pytest.raises(InputError, match=r"Cast\.label has 1 rows, expected 2"):
        Cast.of(VIDEO, CLOCK, SHOTS, tracks_of((0, 5), (10, 15)), np.array([0]))


def test_a_name_of_two_people_is_refused():
    cast = Cast.of(VIDEO, CLOCK, SHOTS, tracks_of((0, 5), (10, 30)), np.array([0, 1]), names=("Ada", "Ada"))
    with pytest.raises(InputError, match=r"2 people .* 'ada': p1 \(2.0 s\), p2 \(0.5 s\); write p1"):
        cast.named(["ada"])
    assert [p.key for p in cast.named(["p1"])] == ["p1"]
