"""Clusters within decisions: must-links hold, cannot-links hold, nobody else moves."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.decisions.apply import regroup

NONE = np.zeros((0, 2), np.int64)


def axis(*which: int) -> NDArray[np.float32]:
    return np.eye(8, dtype=np.float32)[list(which)]


def pairs(*rows: tuple[int, int]) -> NDArray[np.int64]:
    return np.array(rows, np.int64).reshape(-1, 2)


def blocks(label: NDArray[np.int64]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(label == k).tolist()) for k in np.unique(label[label >= 0])}


def sets(*groups: tuple[int, ...]) -> set[frozenset[int]]:
    return {frozenset(g) for g in groups}


def test_empty() -> None:
    assert regroup(np.zeros(0, np.int64), NONE, NONE, np.zeros((0, 8), np.float32)).tolist() == []


def test_nothing_decided_nothing_changed() -> None:
    label = np.array([0, 1, 1, -1, 5])
    np.testing.assert_array_equal(regroup(label, NONE, NONE, axis(0, 1, 1, 2, 3)), label)


def test_one_must_link_brings_whole_clusters_together() -> None:
    label = np.array([0, 0, 1, 1, 2])
    assert blocks(regroup(label, pairs((0, 3)), NONE, axis(0, 0, 1, 1, 2))) == sets((0, 1, 2, 3), (4,))


def test_one_cannot_link_settles_many_tracks() -> None:
    label = np.zeros(6, np.int64)
    result = regroup(label, NONE, pairs((0, 5)), axis(0, 0, 0, 1, 1, 1))
    assert blocks(result) == sets((0, 1, 2), (3, 4, 5))


def test_largest_part_keeps_the_cluster() -> None:
    result = regroup(np.full(5, 3), NONE, pairs((0, 4)), axis(0, 1, 1, 1, 1))
    assert result.tolist() == [result[0], 3, 3, 3, 3]
    assert result[0] != 3


def test_a_moved_track_goes_alone_where_it_resembles_nobody() -> None:
    label = np.array([0, 0, 0, 1, 1])
    result = regroup(label, pairs((2, 3)), pairs((2, 0)), axis(0, 0, 5, 1, 1))
    assert blocks(result) == sets((0, 1), (2, 3, 4))


def test_three_way_split() -> None:
    result = regroup(np.zeros(6, np.int64), NONE, pairs((0, 2), (0, 4), (2, 4)), axis(0, 0, 1, 1, 2, 2))
    assert blocks(result) == sets((0, 1), (2, 3), (4, 5))


def test_noise_takes_no_part() -> None:
    result = regroup(np.array([0, -1, 1]), pairs((0, 1), (1, 2)), NONE, axis(0, 0, 1))
    assert result.tolist() == [0, -1, 1]


@pytest.mark.parametrize("seed", range(30))
def test_laws_on_random_decisions_that_agree(seed: int) -> None:
    """Decisions drawn from a truth all hold, whatever their order; clusters nobody spoke of are as before."""
    rng = np.random.default_rng(seed)
    n, truth = 40, rng.integers(0, 5, 40)
    label = rng.integers(0, 7, n)
    label[rng.random(n) < 0.1] = -1
    drawn = rng.integers(0, n, (25, 2))
    drawn = drawn[drawn[:, 0] != drawn[:, 1]]
    same = truth[drawn[:, 0]] == truth[drawn[:, 1]]
    must, cannot = drawn[same], drawn[~same]
    vector = np.eye(8, dtype=np.float32)[truth] + 0.2 * rng.normal(size=(n, 8)).astype(np.float32)
    result = regroup(label, must, cannot, vector)
    live = label >= 0
    np.testing.assert_array_equal(result >= 0, live)
    for a, b in must[live[must].all(1)]:
        assert result[a] == result[b]
    for a, b in cannot[live[cannot].all(1)]:
        assert result[a] != result[b]
    again = regroup(label, must[::-1], cannot[::-1], vector)
    assert blocks(again) == blocks(result)
    spoken = set(label[drawn.ravel()].tolist())
    for k in set(label[live].tolist()) - spoken:
        assert frozenset(np.flatnonzero(label == k).tolist()) in blocks(result)
