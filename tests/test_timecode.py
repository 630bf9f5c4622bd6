"""Timecode: every frame has its own label, and every label its frame."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from castlist.errors import InputError
from castlist.timecode import NTSC, Timebase, constant, frame_number, parse, snapped, timebase
from castlist.types import Clock

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50)]
RATES += [Fraction(60000, 1001), Fraction(60)]
DROP = [Fraction(30000, 1001), Fraction(60000, 1001), Fraction(120000, 1001)]


@pytest.mark.parametrize(
    ("rate", "drop", "frame", "label"),
    [
        (Fraction(25), False, 25 * 3600, "01:00:00:00"),
        (Fraction(24000, 1001), False, 86_400, "01:00:00:00"),
        (Fraction(30000, 1001), False, 107_892, "00:59:56:12"),
        (Fraction(30000, 1001), True, 107_892, "01:00:00;00"),
        (Fraction(30000, 1001), True, 1799, "00:00:59;29"),
        (Fraction(30000, 1001), True, 1800, "00:01:00;02"),
        (Fraction(30000, 1001), True, 17_982, "00:10:00;00"),
        (Fraction(60000, 1001), True, 3600, "00:01:00;04"),
        (Fraction(60000, 1001), True, 215_784, "01:00:00;00"),
        (Fraction(25), False, 25 * 86_400 + 1, "00:00:00:01"),  # a day later
        (Fraction(30000, 1001), True, 24 * 107_892 + 1, "00:00:00;01"),
        (Fraction(100), False, 99, "00:00:00:99"),
        (Fraction(120), False, 119, "00:00:00:119"),
    ],
)
def test_labels_by_hand(rate, drop, frame, label):
    assert Timebase(rate, drop).label(frame) == label


@settings(deadline=None)
@given(st.sampled_from(DROP), st.integers(0, 86_400 * 29))
def test_a_drop_frame_label_is_its_frame_and_only_its_frame(rate, frame):
    label = Timebase(rate, True).label(frame)
    assert frame_number(label, rate) == (frame, True)
    assert Timebase(rate, True).label(frame + 1) != label


@settings(deadline=None)
@given(st.sampled_from(RATES), st.integers(0, 86_400 * 23))
def test_a_label_is_its_frame(rate, frame):
    assert frame_number(Timebase(rate).label(frame), rate) == (frame, False)


@settings(deadline=None)
@given(
    st.sampled_from([(r, False) for r in RATES] + [(r, True) for r in DROP[:2]]), st.integers(0, 86_400 * 23)
)
def test_labels_are_those_of_opentimelineio(kind, frame):
    rate, drop = kind
    exact = otio.opentime.RationalTime(frame, float(rate))
    assert Timebase(rate, drop).label(frame) == exact.to_timecode(float(rate), drop_frame=drop)


@pytest.mark.parametrize(
    ("label", "rate", "message"),
    [
        ("1:00", Fraction(25), "is not a timecode; give"),
        ("24:00:00:00", Fraction(25), "is not a timecode; give"),
        ("01:00:00:25", Fraction(25), "frames end at 24"),
        ("01:00:00;00", Fraction(25), "does not exist at 25 frames a second"),
        ("01:00:00;00", Fraction(24000, 1001), "does not exist at 23.976 frames a second"),
        ("00:01:00;01", Fraction(30000, 1001), "one of the numbers left out"),
        ("00:01:00;03", Fraction(60000, 1001), "one of the numbers left out"),
        ("٠١:00:00:00", Fraction(25), "is not a timecode"),
    ],
)
def test_what_is_no_timecode(label, rate, message):
    with pytest.raises(InputError, match=message):
        frame_number(label, rate)


def test_marks_of_drop_frame():
    assert [parse(f"01:02:03{mark}04")[4] for mark in ":;.,"] == [False, True, True, True]


@pytest.mark.parametrize(
    ("said", "rate"),
    [("2997/100", "30000/1001"), ("19001/634", "30000/1001"), ("23976/1000", "24000/1001"), ("24", "24"),
     ("5994/100", "60000/1001"), ("25/2", "25/2"), ("10", "10"), ("999/40", "999/40")],
)  # fmt: skip
def test_rates_of_headers(said, rate):
    assert snapped(Fraction(said)) == Fraction(rate)


@settings(deadline=None)
@given(st.sampled_from(RATES), st.integers(0, 200_000), st.integers(0, 999))
def test_frames_of_matroska_whose_times_are_whole_milliseconds(rate, frame, begin):
    """Frames are counted one by one, whatever the time of the film's first frame."""
    frames = np.array([0, 1, 2, frame + 3, frame + 4])
    clock = Clock(begin + np.rint(frames * 1000 / float(rate)).astype(np.int64), Fraction(1, 1000))
    base = timebase(clock, rate)
    assert base.rate == rate
    numbers = [base.frame(clock.time(i)) for i in range(5)]
    assert np.diff(numbers).tolist() == np.diff(frames).tolist()


def test_the_rate_of_a_film_is_that_of_its_frames_where_the_header_errs():
    clock = Clock(np.arange(3000) * 1001, Fraction(1, 30000))
    assert timebase(clock, Fraction(30)).rate == 30 * NTSC
    assert timebase(clock, Fraction(30), rate=Fraction(25)).rate == 25


def test_a_film_of_a_varying_rate_is_counted_at_a_usual_one():
    clock = Clock(np.cumsum([0, *([3, 4] * 50)]), Fraction(1, 90))
    assert not constant(clock, Fraction(25))
    assert timebase(clock, Fraction(181, 7)).rate == 25
    assert constant(Clock([], Fraction(1)), Fraction(25))


def test_a_rate_that_has_no_timecode_is_one_sentence():
    clock = Clock(np.arange(10), Fraction(2, 25))
    with pytest.raises(InputError, match=r"for 12.5 frames a second there is no timecode; .*--rate 25"):
        timebase(clock, Fraction(25, 2))
    assert timebase(clock, Fraction(25, 2), rate=Fraction(25)).frame(clock.time(3)) == 6


def test_a_span_has_a_frame_at_least_and_an_end_beyond_its_last():
    base = Timebase(Fraction(25), start=900_000)
    assert base.span(Fraction(1), Fraction(2)) == (25, 50)
    assert base.span(Fraction(1), Fraction(1)) == (25, 26)
    assert base.label(50) == "10:00:02:00"
