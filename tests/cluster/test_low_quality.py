"""Low-quality tracks join the person they most likely show, or stay separate."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.cluster import join_low_quality, judge_low_quality
from castlist.types import CO_OCCURRENCE, NOISE, USER, Constraints, Embeddings, Tracks

NONE = Constraints.empty()
EACH, WIDTH = 8, 64
SHORT = 0.6  # length of a low-quality track's vectors


class Film:
    """People in clear tracks, a shot each, and low-quality tracks, each made of parts of these people."""

    def __init__(self, people: int, low_quality: list[list[float]], each: int = EACH, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        centre = np.linalg.qr(rng.normal(size=(WIDTH, people)))[0].T
        who = np.tile(np.arange(people), each)
        clear = centre[who] + 0.7 * rng.normal(size=(len(who), WIDTH)) / np.sqrt(WIDTH)
        parts = np.array(low_quality).reshape(-1, people) @ centre
        noise = rng.normal(size=parts.shape) / np.sqrt(WIDTH)
        seen = clear.reshape(each, people, WIDTH).mean(axis=0)  # the noise resembles no person
        faint = parts + noise - noise @ np.linalg.pinv(seen) @ seen
        vector = np.concatenate([clear, faint]).astype(np.float32)
        t = len(vector)
        self.faces = Embeddings(vector, np.arange(t), np.arange(t), np.ones(t))  # type: ignore[arg-type]
        self.label = np.r_[who, people + np.arange(len(faint))].astype(np.int64)
        self.length = np.r_[np.ones(len(who)), np.full(len(faint), SHORT)]
        self.tracks = Tracks(
            np.arange(t), np.zeros((t, 4)), np.ones(t), np.arange(t), np.arange(t + 1), np.arange(t)
        )

    def joined(self, constraints: Constraints = NONE, *hints: NDArray[np.float32]) -> list[int]:
        """The labels of the low-quality tracks afterwards; those of the clear ones stay."""
        label = join_low_quality(self.faces, constraints, self.label, self.tracks, self.length, *hints)
        clear = ~(self.length < 0.9)
        assert label[clear].tolist() == self.label[clear].tolist()
        return label[~clear].tolist()


def link(*pairs: tuple[int, int], must: bool = False) -> Constraints:
    origin = USER if must else CO_OCCURRENCE
    return Constraints(*np.array([(a, b, must, origin) for a, b in pairs]).T)  # type: ignore[arg-type]


def test_in_a_scene_of_two_people_a_low_quality_track_is_of_the_one_whom_it_is_more_like() -> None:
    assert Film(2, [[0.5, 0], [0, 0.5]]).joined() == [0, 1]


def test_a_low_quality_track_that_is_like_both_stays_alone() -> None:
    assert Film(2, [[0.3, 0.3]]).joined() == [2]


def test_a_placement_says_how_likely_each_is_and_why() -> None:
    film = Film(2, [[0.5, 0], [0.3, 0.3]])
    sure, torn = judge_low_quality(film.faces, NONE, film.label, film.tracks, film.length)
    assert sure.joined
    assert not torn.joined
    for each in (sure, torn):
        assert each.probability + each.next_probability + each.new_probability == pytest.approx(1)
        assert {film.label[each.person], film.label[each.next]} == {0, 1}
        assert each.beside == 0
        odds = each.context + each.face
        assert np.log(each.probability / each.new_probability) == pytest.approx(odds)
    assert film.label[sure.person] == 0
    assert sure.face > torn.face


def test_how_sure_a_track_is_of_whom_it_is_with_is_known_wherever_it_goes() -> None:
    film = Film(2, [[0.5, 0], [0.3, 0.3], [0.3, 0.3]])
    film.label[-1] = 1  # the linkage gave the last one to a person with clear tracks
    sure, alone, stays = judge_low_quality(film.faces, NONE, film.label, film.tracks, film.length)
    assert [each.joined for each in (sure, alone, stays)] == [True, False, False]
    assert sure.sureness == sure.probability
    assert alone.sureness == alone.new_probability  # that it shows no person with clear tracks
    of_the_second = stays.probability if film.label[stays.person] == 1 else stays.next_probability
    assert stays.sureness == of_the_second


def test_in_a_montage_of_strangers_a_low_quality_track_is_somebody_new() -> None:
    assert Film(16, [[0.3] + [0.0] * 15], each=1).joined() == [16]


def test_a_clear_track_stays_whomever_it_is_like() -> None:
    film = Film(2, [[0.5, 0]])
    film.length[-1] = 1.0
    assert film.joined() == []


def test_where_nothing_is_known_of_the_length_no_track_is_of_low_quality() -> None:
    film = Film(2, [[0.5, 0]])
    film.length[:] = np.nan
    assert film.joined() == []


def test_a_low_quality_track_joins_nobody_who_is_seen_beside_it() -> None:
    film = Film(2, [[0.5, 0]])
    t = len(film.label) - 1
    assert film.joined() == [0]
    assert film.joined(link((0, t))) != [0]


def test_a_track_without_a_person_keeps_no_low_quality_track_from_those_beside_it() -> None:
    film = Film(2, [[0.5, 0], [0.5, 0]])
    t = len(film.label) - 1
    film.label[t] = NOISE
    assert film.joined(link((0, t))) == [0, NOISE]


def test_what_is_seen_beside_the_face_counts() -> None:
    film = Film(2, [[0.3, 0.3]])
    t = len(film.label) - 1
    hints = np.full((t + 1, t + 1), np.nan, np.float32)
    hints[t, 1:t:2] = hints[1:t:2, t] = 2.5
    assert film.joined(NONE, hints) == [1]


@pytest.mark.parametrize("must", [False, True])
def test_a_low_quality_track_leaves_a_person_whom_it_is_not_like_unless_a_must_link_holds_it(
    must: bool,
) -> None:
    film = Film(2, [[0.6, 0]])
    t = len(film.label) - 1
    film.label[t] = 1
    constraints = link((1, t), must=True) if must else NONE
    assert film.joined(constraints) == [1 if must else 0]


def test_low_quality_tracks_of_one_person_go_together() -> None:
    film = Film(2, [[0.4, 0], [0.5, 0.1], [0.45, 0]])
    film.label[-3:] = 2
    assert film.joined() == [0, 0, 0]


def test_the_order_of_the_tracks_says_nothing() -> None:
    film = Film(3, [[0.5, 0, 0], [0.2, 0.2, 0.2], [0, 0, 0.6]])
    t = len(film.label)
    turn = np.random.default_rng(1).permutation(t)
    place = np.argsort(turn)
    faces = Embeddings(film.faces.vector, place[film.faces.track], film.faces.detection, film.faces.quality)
    shot = np.arange(t)[turn]
    tracks = Tracks(shot, np.zeros((t, 4)), np.ones(t), np.arange(t), np.arange(t + 1), shot)
    turned = join_low_quality(faces, NONE, film.label[turn], tracks, film.length[turn])
    straight = join_low_quality(film.faces, NONE, film.label, film.tracks, film.length)
    assert turned[place].tolist() == straight.tolist()


@pytest.mark.parametrize("missing", ["people", "low_quality", "faces"])
def test_where_nobody_can_join_the_labels_stay(missing: str) -> None:
    film = Film(2, [[0.5, 0]])
    if missing == "people":
        film.length[:] = SHORT
    if missing == "low_quality":
        film.label[-1] = NOISE
    faces = film.faces[np.zeros(0, np.int64)] if missing == "faces" else film.faces
    label = join_low_quality(faces, NONE, film.label, film.tracks, film.length)
    assert label.tolist() == film.label.tolist()
