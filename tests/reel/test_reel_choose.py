"""The parts of a film in a reel, on casts small enough to work out by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from castlist.cast import Cast
from castlist.cli.reel import seconds
from castlist.reel import chosen_pieces
from castlist.types import CUT, START, Clock, Shots, Tracks, Video

RATE, FRAMES = 10, 200
VIDEO = Video(Path("film.mp4"), 64, 48, Fraction(RATE), Fraction(FRAMES, RATE), "digest")
CLOCK = Clock(np.arange(FRAMES), Fraction(1, RATE))
SHOTS = Shots(np.array([0, 50, 100, 150]), np.array([50, 100, 150, 200]), np.array([START, CUT, CUT, CUT]))


def cast(*people: list[tuple[int, int]]) -> Cast:
    """Persons 0, 1, ... seen in these (first, stop) frames, each a track."""
    spans = sorted((first, stop, who) for who, own in enumerate(people) for first, stop in own)
    frame = np.concatenate([np.arange(a, b) for a, b, _ in spans])
    offset = np.cumsum([0, *(b - a for a, b, _ in spans)])
    n = len(frame)
    tracks = Tracks(
        frame, np.zeros((n, 4)), np.ones(n), np.arange(n), offset, SHOTS.of([a for a, _, _ in spans])
    )
    names = ["Anna", "Bob", "Carl"][: len(people)]
    return Cast.of(VIDEO, CLOCK, SHOTS, tracks, np.array([who for _, _, who in spans]), names=names)


def frames(made, who, **options) -> list[tuple[int, int]]:
    return [(p.first, p.stop) for p in chosen_pieces(made, [made[name] for name in who.split()], **options)]


def test_cuts_are_made_at_shot_borders_where_these_are_near() -> None:
    made = cast([(55, 93), (110, 120), (145, 150)])
    assert frames(made, "Anna") == [(50, 93), (110, 120), (145, 150)]
    assert frames(made, "Anna", near=Fraction(1)) == [(50, 120), (145, 150)]
    assert frames(made, "Anna", near=Fraction(0)) == [(55, 93), (110, 120), (145, 150)]


def test_parts_that_meet_are_one() -> None:
    assert frames(cast([(2, 48), (61, 98), (102, 140)]), "Anna") == [(0, 50), (61, 140)]


def test_together_takes_what_lies_in_appearances_of_both() -> None:
    made = cast([(10, 40), (60, 80)], [(20, 45), (120, 140)])
    assert frames(made, "Anna Bob") == frames(made, "Bob Anna") == [(20, 40)]
    assert frames(cast([(10, 20)], [(120, 140)]), "Anna Bob") == []


def test_the_longest_parts_that_fit_in_order_the_last_of_them_shortened() -> None:
    made = cast([(10, 20), (60, 90), (110, 130)])
    assert frames(made, "Anna", longest=Fraction(100)) == [(10, 20), (60, 90), (110, 130)]
    assert frames(made, "Anna", longest=Fraction(5)) == [(60, 90), (110, 130)]
    assert frames(made, "Anna", longest=Fraction(4)) == [(60, 90), (110, 120)]
    assert frames(made, "Anna", longest=Fraction(1, 100)) == []


def test_places_in_the_reel_follow_one_another() -> None:
    pieces = chosen_pieces(made := cast([(10, 20), (60, 90)]), [made["Anna"]])
    assert [float(p.reel_start) for p in pieces] == [0, 1]
    assert [float(p.start) for p in pieces] == [1, 6]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 190), st.integers(1, 40)), min_size=1, max_size=8),
    st.one_of(st.none(), st.fractions(Fraction(1, 10), 30, max_denominator=10)),
)
def test_parts_are_in_order_do_not_overlap_and_are_not_too_long(spans, longest) -> None:
    by_shot = [(a, min(a + n, int(SHOTS.stop[SHOTS.of([a])[0]]))) for a, n in spans]
    pieces = chosen_pieces(made := cast(by_shot), [made["Anna"]], longest=longest)
    assert all(a.stop < b.first for a, b in pairwise(pieces))
    assert all(p.first < p.stop <= FRAMES for p in pieces)
    total = sum((p.duration for p in pieces), Fraction(0))
    assert longest is None or total <= longest
    if longest is None:
        seen = {f for a, b in by_shot for f in range(a, b)}
        assert seen <= {f for p in pieces for f in range(p.first, p.stop)}


@pytest.mark.parametrize(
    ("text", "length"),
    [("60s", 60), ("90", 90), ("1:30", 90), ("1:02:03.5", Fraction(7447, 2)), (None, None)],
)
def test_lengths(text, length) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "0", "-5", "soon", "1:2:3:4", "1m", "٣"])
def test_what_is_no_length_is_said(text) -> None:
    import click

    with pytest.raises(click.UsageError, match="is not a length"):
        seconds(text)
