"""Whether probabilities mean what they say, and what explains a link."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.cluster import (
    Average,
    GroupLinkage,
    ProbabilityCut,
    link_evidence,
    membership_confidence,
    reliability,
)
from castlist.cluster.confidence import membership_odds
from castlist.cluster.group_linkage import GroupSums, Scale
from castlist.errors import InputError
from castlist.types import CO_OCCURRENCE, USER, Clustering, Constraints, Embeddings

NONE = Constraints.empty()


def cast(sizes: list[int], noise: float, seed: int = 0, d: int = 64) -> tuple[Embeddings, np.ndarray]:
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(len(sizes)), sizes)
    identity = rng.normal(size=(len(sizes), d)) / np.sqrt(d)
    vector = identity[who] + noise * rng.normal(size=(len(who), d)) / np.sqrt(d)
    n = len(who)
    return Embeddings(vector, np.arange(n), np.full(n, -1), np.ones(n)), who  # type: ignore[arg-type]


def links(rows: list[tuple[int, int, bool, int]]) -> Constraints:
    return Constraints(*np.array(rows).reshape(-1, 4).T)  # type: ignore[arg-type]


def test_odds_leave_the_track_itself_out() -> None:
    table, who = cast([5, 4, 1], 1.0)
    x = table.vector / np.linalg.norm(table.vector, axis=1, keepdims=True)
    cosine, scale = x @ x.T, Scale(0.4, 0.0, 0.1, -1.0)
    odds = membership_odds(cosine, who, scale)
    assert odds[9, 2] == -np.inf
    for track in range(9):
        without = who.copy()
        without[track] = 3
        groups = GroupSums(cosine, without, np.zeros((0, 2), np.int64), scale)
        np.testing.assert_allclose(odds[track], groups.log_odds(3)[:3], rtol=1e-4)


def test_links_said_to_be_sure_are_right() -> None:
    said, right = [], []
    for seed in range(6):
        table, who = cast([40, 25, 15, 8], 2.2, seed)
        label = ProbabilityCut()(GroupLinkage()(table, NONE), table, NONE)
        p = membership_confidence(table, NONE, label)
        for track in range(len(who)):
            others = np.bincount(who[(label.label == label.label[track]) & (np.arange(len(who)) != track)])
            if others.sum():
                said.append(p[track])
                right.append(others.argmax() == who[track])
    diagram = reliability(said, right)
    assert np.mean(np.array(right)[np.array(said) >= 0.9]) > 0.9
    assert diagram.expected_calibration_error < 0.15


def test_must_links_are_sure_and_noise_is_nobody() -> None:
    table, _ = cast([3, 3], 1.0)
    clustering = Clustering(np.array([0, 0, 0, 1, 1, -1]))  # type: ignore[arg-type]
    p = membership_confidence(table, links([(0, 1, True, USER)]), clustering)
    assert p[0] == p[1] == 1
    assert p[5] == 0
    assert np.all((p >= 0) & (p <= 1))


def test_nothing_belongs_to_nobody() -> None:
    empty = Embeddings(np.zeros((0, 4)), np.zeros(0), np.zeros(0), np.zeros(0))  # type: ignore[arg-type]
    assert len(membership_confidence(empty, NONE, Clustering(np.zeros(0)))) == 0  # type: ignore[arg-type]
    with pytest.raises(InputError, match="clustering has 1 tracks"):
        membership_confidence(cast([3], 1.0)[0], NONE, Clustering(np.zeros(1)))  # type: ignore[arg-type]


def test_a_perfect_prophet_has_no_error_and_a_liar_has() -> None:
    assert reliability([1, 1, 0], [True, True, False]).expected_calibration_error == 0
    assert reliability([1, 1, 0], [False, False, True]).expected_calibration_error == 1
    assert reliability([0.8] * 5, [1, 1, 1, 1, 0]).expected_calibration_error == pytest.approx(0)
    assert reliability([], []).expected_calibration_error == 0


@pytest.mark.parametrize(
    ("p", "y", "bins"), [([0.5], [True, False], 10), ([1.5], [True], 10), ([0.5], [True], 0)]
)
def test_what_is_no_probability_is_refused(p: list[float], y: list[bool], bins: int) -> None:
    with pytest.raises(InputError):
        reliability(p, y, bins=bins)


def test_the_evidence_names_the_nearest_faces_and_the_way_up() -> None:
    vector = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1.0]])
    table = Embeddings(vector, np.array([0, 0, 1, 2]), np.full(4, -1), np.ones(4))  # type: ignore[arg-type]
    tree = Average()(table, NONE)
    found = link_evidence(tree, table, NONE, 0, 1)
    assert found.faces.tolist() == [[1, 2], [0, 2]]
    np.testing.assert_allclose(found.face_cosine, [0.96, 0.6], rtol=1e-6)
    assert found.merges.tolist() == [3]
    assert found.heights.tolist() == tree.height[:1].tolist()
    assert link_evidence(tree, table, NONE, 2, 0).merges.tolist() == [4]
    assert "Tracks 0 and 1 by themselves are probably" in found.sentence


@pytest.mark.parametrize(
    ("rows", "probability", "said"),
    [
        ([(0, 1, False, CO_OCCURRENCE)], 0.0, "seen in one frame"),
        ([(0, 1, True, USER)], 1.0, "decided by a person"),
        ([(0, 2, True, USER), (2, 1, True, USER)], 1.0, "chain of must-links"),
        ([(0, 2, True, USER), (2, 1, False, USER)], 0.0, "cannot-linked with the other"),
    ],
)
def test_links_decide(rows: list[tuple[int, int, bool, int]], probability: float, said: str) -> None:
    table, _ = cast([2, 2], 0.5)
    found = link_evidence(Average()(table, links(rows)), table, links(rows), 0, 1)
    assert found.probability == probability
    assert said in found.sentence


def test_a_track_without_faces_is_not_known() -> None:
    table = cast([2, 2], 0.5)[0][np.array([0, 2, 3])]
    assert "Nothing is known" in link_evidence(Average()(table, NONE), table, NONE, 0, 1).sentence


@pytest.mark.parametrize("pair", [(0, 0), (0, 9), (-1, 0)])
def test_tracks_that_are_none_are_refused(pair: tuple[int, int]) -> None:
    table, _ = cast([2, 2], 0.5)
    with pytest.raises(InputError, match="two different tracks"):
        link_evidence(Average()(table, NONE), table, NONE, *pair)
