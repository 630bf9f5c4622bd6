"""Times and durations as users read them: long ones are not numbers of seconds."""

from __future__ import annotations

from fractions import Fraction

import pytest

from castlist.clock_times import clock_span, clock_time, how_long


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (4.25, "4.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1:00.0"),
        (60, "1:00.0"),
        (Fraction(48549, 10), "1:20:54.9"),
        (4854.9, "1:20:54.9"),
    ],
)
def test_a_span_of_time(seconds, text):
    assert how_long(seconds) == text


@pytest.mark.parametrize(
    ("start", "stop", "text"),
    [(1, 3.52, "1.0–3.5 s"), (58, 62.3, "0:58.0–1:02.3"), (4800, Fraction(48549, 10), "1:20:00.0–1:20:54.9")],
)
def test_from_when_to_when(start, stop, text):
    assert clock_span(start, stop) == text


def test_a_moment():
    assert [clock_time(s) for s in (4.7, 62.3, 3723.4)] == ["0:04.7", "1:02.3", "1:02:03.4"]
