"""What clothes say is learnt from the film: much, little, or nothing where they mislead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from castlist.cluster import GroupLinkage, ProbabilityCut
from castlist.cluster.cue_pairs import cue_odds
from castlist.cluster.hints import Hints
from castlist.cues import Weighed, Weights
from castlist.errors import InputError
from castlist.metrics import b_cubed
from castlist.types import CO_OCCURRENCE, Constraints, CuePairs, Embeddings
from castlist.vectors import unit

D = 64
Floats = NDArray[np.float64]


class Film:
    """Tracks of some people one after the other, two of them always seen together."""

    def __init__(self, *, people: int = 3, each: int = 12, seed: int = 0, alike: float = 0.6) -> None:
        self.rng = np.random.default_rng(seed)
        self.who = np.tile(np.arange(people), each)
        n = len(self.who)
        self.shot = np.arange(n) // people
        face = unit(self.rng.normal(size=(people, D)))[self.who] * np.sqrt(alike)
        face = face + unit(self.rng.normal(size=(n, D))) * np.sqrt(1 - alike)
        self.table = Embeddings(face, np.arange(n), np.full(n, -1), np.ones(n), "sface")  # type: ignore[arg-type]
        pairs = np.array([(i, i + 1) for i in range(0, n, people)], np.int64)
        self.links = Constraints(
            pairs[:, 0], pairs[:, 1], np.zeros(len(pairs), bool), np.full(len(pairs), CO_OCCURRENCE)
        )  # type: ignore[arg-type]
        self.times = np.stack([2.0 * self.shot, 2.0 * self.shot + 1.5], 1)

    def dressed(self, outfit: NDArray[np.int64], *, noise: float = 0.3) -> NDArray[np.float32]:
        """(n, c) clothes: tracks of one outfit are alike."""
        colours = np.abs(np.random.default_rng(5).normal(size=(int(outfit.max()) + 1, 20)))
        part = np.abs(self.rng.normal(size=(len(outfit), 20)))
        return unit(unit(colours)[outfit] + noise * unit(part)).astype(np.float32)

    def weighed(self, clothes: NDArray[np.float32], **options: float) -> Weighed:
        quality = np.ones(len(clothes), np.float32)
        found = Weights(**options)(clothes, quality, self.times, self.table, self.links)  # type: ignore[arg-type]
        assert found is not None
        return found

    def pairs(self, found: Weighed) -> tuple[Floats, Floats]:
        """Log odds of one person's pairs, and of two people's."""
        same = self.who[:, None] == self.who
        upper = np.triu(np.ones_like(same), 1).astype(bool)
        return found.odds[same & upper], found.odds[~same & upper]


def test_clothes_of_ones_own_speak() -> None:
    film = Film()
    one, two = film.pairs(film.weighed(film.dressed(film.who)))
    assert one.mean() > 1.0
    assert two.mean() < -0.8


@pytest.mark.parametrize("seed", range(3))
def test_the_same_dress_for_all_says_nothing(seed: int) -> None:
    film = Film(seed=seed)
    found = film.weighed(film.dressed(0 * film.who))
    assert np.nanmax(np.abs(found.odds)) < 0.25


@pytest.mark.parametrize("seed", range(3))
def test_another_dress_in_every_shot_says_nothing(seed: int) -> None:
    film = Film(seed=seed)
    changing = np.arange(len(film.who))
    found = film.weighed(film.dressed(changing))
    assert np.nanmax(np.abs(found.odds)) < 0.25


def test_two_people_who_swap_their_clothes_are_not_swapped() -> None:
    """In the second half all people exchange clothes: clothes never outweigh certain faces."""
    film = Film(alike=0.75)
    half = film.shot >= film.shot.max() // 2
    found = film.weighed(film.dressed(np.where(half, (film.who + 1) % 3, film.who)))
    tree = GroupLinkage()(film.table, film.links, found.odds)
    label = ProbabilityCut()(tree, film.table, film.links).label
    for person in range(3):
        assert len(set(label[film.who == person].tolist())) == 1


def test_what_holds_in_a_scene_is_not_held_for_another_day() -> None:
    """All people change clothes between two days: clothes are evidence within a day, not across."""
    film = Film(each=24)
    day = film.shot >= 12
    film.times[day] += 5000.0
    found = film.weighed(film.dressed(film.who + 3 * day))
    near, far = found.spans[0], found.spans[-1]
    assert near.slope > 1.0
    assert far.slope < 0.2 * near.slope


def test_clothes_kept_for_days_speak_across_them() -> None:
    film = Film(each=24)
    film.times[film.shot >= 12] += 5000.0
    found = film.weighed(film.dressed(film.who))
    assert found.spans[-1].slope > 1.0


@pytest.mark.parametrize("apart", [0.0, 0.01, 1.0], ids=["at once", "within a second", "in a scene"])
def test_likenesses_learnt_are_those_of_the_films_own_pairs(apart: float) -> None:
    film = Film(each=24, alike=0.9)  # so that faces separate all people
    film.times *= apart
    clothes = film.dressed(film.who)
    found = film.weighed(clothes)
    same, upper = film.who[:, None] == film.who, np.triu(np.ones((72, 72), bool), 1)
    near = np.abs(film.times[:, None, 0] - film.times[None, :, 0]) < 41.5
    cosine = clothes @ clothes.T
    assert found.spans[0].same == pytest.approx(cosine[same & upper & near].mean(), abs=0.005)
    assert found.spans[0].other == pytest.approx(cosine[~same & upper & near].mean(), abs=0.01)


def test_clothes_complete_people_that_their_faces_leave_in_parts() -> None:
    """Eight people of six tracks each, whose faces are hardly more alike than strangers' are."""
    gains = []
    for seed in range(4):
        film = Film(people=8, each=6, alike=0.25, seed=seed)
        hints = film.weighed(film.dressed(film.who)).odds
        with_clothes, faces_alone = (
            b_cubed(film.who, ProbabilityCut()(tree, film.table, film.links).label)
            for tree in (
                GroupLinkage()(film.table, film.links, hints),
                GroupLinkage()(film.table, film.links),
            )
        )
        gains.append(with_clothes.f1 - faces_alone.f1)
    assert min(gains) > 0
    assert np.mean(gains) > 0.1


def test_tracks_whose_clothes_are_not_seen_have_no_hint() -> None:
    film = Film()
    quality = np.ones(len(film.who), np.float32)
    quality[[4, 9]] = 0.1
    found = Weights()(film.dressed(film.who), quality, film.times, film.table, film.links)
    assert found is not None
    assert np.isnan(found.odds[[4, 9]]).all()
    assert np.isnan(np.diagonal(found.odds)).all()
    assert np.isnan(found.odds).sum() == 2 * 2 * len(film.who) - 4 + len(film.who) - 2
    nothing = Weights()(film.dressed(film.who), 0 * quality, film.times, film.table, film.links)
    assert nothing is None


def test_what_is_stored_says_the_same_of_every_pair() -> None:
    film = Film(each=20)
    quality = np.ones(len(film.who), np.float32)
    quality[[4, 9]] = 0.1
    film.times = film.times * 9  # so that pairs lie in several spans
    found = Weights()(film.dressed(film.who), quality, film.times, film.table, film.links)
    assert found is not None
    said, rows = found.pairs(), np.arange(len(film.who))
    assert said.speaks
    assert np.allclose(cue_odds(said, rows, rows), np.nan_to_num(found.odds), atol=1e-5)
    assert np.allclose(cue_odds(said, rows[5:9], rows[::3]), np.nan_to_num(found.odds)[5:9, ::3], atol=1e-5)
    assert not CuePairs().speaks


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"vector": np.full((2, 3), np.nan)}, "finite"),
        ({"times": np.zeros((3, 2))}, "times"),
        ({"spans": np.array([[40.0, 1.0, 0.5]])}, "no end"),
        ({"spans": np.array([[np.inf, 1.0, 0.5], [40.0, 1.0, 0.5]])}, "finite"),
        ({"bounds": np.array([0.1, 0.1])}, "bounds"),
        ({"bounds": np.array([np.nan, 2.0])}, "bounds"),
    ],
)
def test_stored_pairs_that_mean_nothing_are_refused(change: dict[str, Floats], word: str) -> None:
    fine = CuePairs(np.eye(2, 3), np.zeros((2, 2)), np.array([[np.inf, 1.0, 0.5]]), np.array([1.5, 2.5]))  # type: ignore[arg-type]
    assert fine.speaks
    with pytest.raises(InputError, match=word):
        replace(fine, **change)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), outfits=st.integers(1, 9), unlike=st.floats(0.7, 4), alike=st.floats(0.7, 4))
def test_hints_are_symmetric_and_bounded_and_rise_with_likeness(
    seed: int, outfits: int, unlike: float, alike: float
) -> None:
    film = Film(seed=seed, each=5)
    clothes = film.dressed(film.rng.integers(0, outfits, len(film.who)))
    found = film.weighed(clothes, unlike=unlike, alike=alike)
    off = ~np.eye(len(film.who), dtype=bool)
    assert np.allclose(found.odds[off], found.odds.T[off], atol=1e-5)
    assert found.odds[off].max() <= alike + 1e-5
    assert found.odds[off].min() >= -unlike - 1e-5
    order = np.argsort((clothes @ clothes.T)[off])
    assert np.diff(found.odds[off][order]).min() >= -1e-4  # all tracks of this film lie in the first span


@pytest.mark.parametrize(
    ("options", "word"),
    [({"spans": (40.0, 10.0)}, "spans"), ({"spans": (0.0,)}, "spans"), ({"alike": 0.0}, "alike"),
     ({"known": -1.0}, "known"), ({"unlike": 0.1, "alike": 0.9}, "too small together")],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(options: dict[str, object], word: str) -> None:
    with pytest.raises(InputError, match=word):
        Weights(**options)  # type: ignore[arg-type]


def test_hints_of_groups_are_means_over_their_pairs() -> None:
    nan = np.nan
    odds = np.array([[nan, 9, 1, 3], [9, nan, nan, 2], [1, nan, nan, 7], [3, 2, 7, nan]], np.float32)
    hints = Hints.from_odds(odds, 4)
    grouped = hints.grouped(np.array([0, 0, 1, 1]))
    assert grouped.mean(0)[1] == pytest.approx(2.0)  # of 1, 3 and 2
    singles = hints[np.array([0, 1, 2, 3])]
    singles.join(0, 1)
    singles.join(2, 3)
    assert singles.mean(0)[2] == pytest.approx(2.0)
    assert Hints.from_odds(np.full((2, 2), nan, np.float32), 2).mean(0).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("odds", "word"),
    [(np.zeros((2, 3)), "shape"), (np.zeros((2, 2)), "shape"), (np.arange(9.0).reshape(3, 3), "symmetric")],
)
def test_hints_that_are_none_are_refused(odds: Floats, word: str) -> None:
    with pytest.raises(InputError, match=word):
        Hints.from_odds(odds.astype(np.float32), 3)


def test_without_hints_and_with_empty_ones_the_tree_is_the_same_to_the_last_bit() -> None:
    film = Film(people=4, each=15, alike=0.4)
    plain = GroupLinkage()(film.table, film.links)
    empty = GroupLinkage()(film.table, film.links, np.full((60, 60), np.nan, np.float32))
    for column in ("merge", "height", "size"):
        assert getattr(plain, column).tobytes() == getattr(empty, column).tobytes()
