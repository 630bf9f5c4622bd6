"""Pairs that may be the same person, by hand and on the page; and a picture of each appearance."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from castlist.decisions import Anchor, Base, Decision, apply
from castlist.report import render
from castlist.report.page import stills_of
from castlist.suggest.alike import LEAST, look_alikes, with_doubts
from castlist.suggest.doubt import Doubt
from castlist.types import PERSON, Clock, Portraits, Shots, Tracks, Video

UNIT = Fraction(1, 25)
VIDEO = Video(Path("film.mp4"), 100, 100, Fraction(25), Fraction(2), "digest")


def base(angles: tuple[float, ...]) -> Base:
    """Five tracks of three people, 0 0 1 1 2, one after another; a vector at each angle."""
    n = len(angles)
    frame = np.arange(10 * n)
    tracks = Tracks(
        frame, np.tile((10.0, 10, 50, 50), (10 * n, 1)), np.full(10 * n, 0.9), frame, 10 * np.arange(n + 1),
        np.zeros(n, int),
    )  # fmt: skip
    vector = np.stack([np.cos(angles), np.sin(angles)], 1)
    return Base(
        Clock(np.arange(10 * n), UNIT), Shots(np.array([0]), np.array([10 * n]), np.array([0])), tracks,
        Portraits.empty(), np.array([0, 0, 1, 1, 2]), np.full(n, PERSON), ("",) * n, vector,
        np.zeros((0, 2)), np.array([0.95, 0.2, 0.15, -1.0]),
    )  # fmt: skip


def test_people_whose_faces_agree_are_named_both_ways_and_others_are_not() -> None:
    known = base((0.0, 0.05, 0.1, 0.15, 1.5))
    alike = look_alikes(known, apply(known, VIDEO, ()))
    assert [n for n, _ in alike[1]] == [2]
    assert [n for n, _ in alike[2]] == [1]
    assert 3 not in alike
    assert alike[1][0][1] > 0.5


def test_the_likeliest_come_first_with_probabilities_that_fall_with_the_angle() -> None:
    before = 1.0
    for angle in (0.1, 0.3, 0.5):
        known = base((0.0, 0.05, angle, angle + 0.05, angle + 0.12))
        alike = look_alikes(known, apply(known, VIDEO, ()))
        chance = dict(alike[1])[2]
        assert LEAST <= chance < before
        before = chance
        assert all(LEAST <= p <= 1 for found in alike.values() for _, p in found)
        assert all(list(found) == sorted(found, key=lambda pair: -pair[1]) for found in alike.values())


def test_a_pair_about_which_somebody_decided_is_not_named() -> None:
    known = base((0.0, 0.05, 0.1, 0.15, 1.5))
    faces = [Anchor(UNIT * (10 * track + 5), (0.1, 0.1, 0.5, 0.5)) for track in (0, 2)]
    different = replace(Decision.different(*faces), id=1)
    assert 1 not in look_alikes(known, apply(known, VIDEO, (different,)))


def test_whoever_is_in_doubt_is_named_on_both_sides_and_nobody_twice() -> None:
    doubts = (Doubt(5, True, 3, 0.9), Doubt(1, True, 2, 0.4), Doubt(4, True, 0, 0.4), Doubt(6, False, 3, 0.5))
    alike = with_doubts({1: [(2, 0.7)], 2: [(1, 0.7)]}, doubts)
    assert alike == {1: ((2, 0.7),), 2: ((1, 0.7),), 5: ((3, LEAST),), 3: ((5, LEAST),)}


def test_the_page_says_it_in_words_with_a_link(film) -> None:
    made = film(4, 20, tracks=8, names=("Anna", "<b>Bob</b>"))
    one, two, three, four = (p.id for p in made.cast.people)
    alike = {one: [(two, 0.7), (999, 0.6)], three: [(four, 0.2)]}
    page = render(made.cast, thumbs=made.thumbs, alike=alike)
    assert f'Probably the same person as <a href="#p{two}"><bdi>&lt;b&gt;Bob' in page
    assert f'Possibly the same person as <a href="#p{four}">' in page
    assert page.count("the same person as") == 2


def test_a_small_card_says_when_before_it_says_like_whom(film) -> None:
    made = film(20, 20, tracks=60)
    last, first = made.cast.people[-1], made.cast.people[0]
    page = render(made.cast, thumbs=made.thumbs, alike={last.id: [(first.id, 0.2)]})
    card = page.split(f'<li class="small" id="p{last.id}">')[1].split("</li>")[0]
    words = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", card))
    assert re.search(r"appearances?[,:] (between )?[0-9:.]+ (and|–) [0-9:.]+ Possibly the same", words), words


def test_each_appearance_has_the_best_picture_that_was_taken_in_it(film) -> None:
    made = film(3, 60, tracks=20)
    for person in made.cast.people:
        for stay, face in stills_of(person):
            own = [f for f in person.faces if f.track in stay.tracks and f.image]
            assert face == max(own, key=lambda f: f.quality, default=None)
    page = render(made.cast, thumbs=made.thumbs, film="film.mp4")
    listed = re.findall(
        r'<li><img class="face[^"]*"[^>]*loading="lazy"><span><a class="t" href="film.mp4#t=', page
    )
    stays = sum(len(p.appearances) for p in made.cast.people if len(p.appearances) > 1)
    assert len(listed) == stays
