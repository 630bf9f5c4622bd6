"""Priors of a track's person from its context: films worked out by hand, and the rate of new people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from castlist.cluster.context import LEAST_WEIGHT, SAME_SHOT, Context, _weight_of_new, _weights
from castlist.types import NOISE, Tracks


def film(*tracks: tuple[int, int, int]) -> Tracks:
    """Tracks given as (shot, first frame, last frame)."""
    frames = [np.arange(first, last + 1) for _, first, last in tracks]
    m = sum(map(len, frames))
    return Tracks(
        np.concatenate(frames), np.zeros((m, 4)), np.ones(m), np.arange(m),
        np.cumsum([0, *map(len, frames)]), np.array([shot for shot, _, _ in tracks]),
    )  # fmt: skip


def shots(count: int, people: int) -> tuple[Tracks, NDArray[np.int64]]:
    """A shot of ten frames a track, of so many people in turn."""
    return film(*((i, 10 * i, 10 * i + 9) for i in range(count))), np.arange(count) % people


def test_a_track_counts_the_less_the_more_shots_lie_between_and_nothing_at_the_same_time() -> None:
    tracks = film((0, 0, 9), (0, 5, 12), (0, 10, 19), (1, 20, 29), (3, 40, 49))
    assert _weights(tracks, 0, np.arange(1, 5)).tolist() == [0, SAME_SHOT, 1 / 2, 1 / 4]


def test_in_a_scene_of_few_people_a_track_is_of_one_of_them() -> None:
    tracks, who = shots(31, 3)
    odds = Context.from_tracks(tracks, np.r_[who[:30], NOISE]).log_odds(np.array([30]))
    assert (odds > 1).all()
    assert odds.argmax() == who[29]  # seen in the shot before


def test_in_a_montage_of_strangers_a_track_is_of_somebody_new() -> None:
    tracks, who = shots(31, 31)
    assert (Context.from_tracks(tracks, np.r_[who[:30], NOISE]).log_odds(np.array([30])) < -2).all()


def test_who_is_seen_at_the_same_time_is_not_meant() -> None:
    tracks = film((0, 0, 9), (0, 5, 12), (0, 10, 19))
    odds = Context.from_tracks(tracks, np.array([NOISE, 0, 1])).log_odds(np.array([0]))
    assert odds[0] < -20 < 0 < odds[1]


def test_where_nobody_is_known_nobody_can_be_meant() -> None:
    tracks, _ = shots(2, 2)
    assert Context.from_tracks(tracks, np.array([NOISE, NOISE])).log_odds(np.array([0])).shape == (0,)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(LEAST_WEIGHT, 1e4), min_size=1, max_size=20),
    st.floats(0.01, 0.99),
)
def test_as_many_are_expected_to_be_new_as_are(around: list[float], share: float) -> None:
    weights = np.array(around)
    new = _weight_of_new(weights, share)
    assert (new / (new + weights)).mean() == pytest.approx(share, abs=1e-3)
