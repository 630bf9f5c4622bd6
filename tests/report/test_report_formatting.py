"""Numbers, times and names for readers."""

from __future__ import annotations

import pytest

from castlist.report.formatting import clock, count, length, percent, sheet, short_line, spell


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.99, "0:59"), (61, "1:01"), (3723, "1:02:03"), (36000, "10:00:00")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (725, "12 min 05 s"),
        (3599.7, "1 h 00 min"),
        (4325, "1 h 12 min"),
        (4854.9, "1 h 21 min"),
        (7190, "2 h 00 min"),
    ],
)
def test_length(seconds: float, text: str) -> None:
    assert length(seconds) == text


def test_count_percent_spell() -> None:
    assert count(1234) == "1\u202f234"
    assert count(1, "face") == "1\u00a0face"
    assert count(2, "person", "people") == "2\u00a0people"
    assert [percent(s) for s in (0, 0.001, 0.5, 1)] == ["0\u202f%", "<1\u202f%", "50\u202f%", "100\u202f%"]
    assert spell(1, "person appears", "people appear") == "One person appears"
    assert spell(13, "x", "people appear") == "13 people appear"


def test_clean() -> None:
    assert short_line("  a\n\tb\x07 ") == "a b"
    assert short_line("a" * 10_000, 5) == "aaaa…"
    assert short_line(" " * 10_000 + "a", 5).endswith("…")
    assert short_line("\u202eabc\u2069") == "abc"
    assert short_line("\udc80") == "?"
    assert short_line("") == ""


def test_sheet_keeps_lines_and_indent() -> None:
    assert sheet("[a]\n  b = 1\n\x00c") == "[a]\n  b = 1\nc"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (4.7, "0:04.7"), (117.25, "1:57.2"), (59.96, "1:00.0"), (3723.5, "1:02:03.5")],
)
def test_clock_time(seconds: float, text: str) -> None:
    from castlist.report.formatting import clock_time

    assert clock_time(seconds) == text
