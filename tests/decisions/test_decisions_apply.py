"""How a group is split: each side has its own tracks, and the others join the side they resemble."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.decisions.part import parted


def axis(*which: int) -> NDArray[np.float32]:
    return np.eye(8, dtype=np.float32)[list(which)]


def part(sides: list[list[int]], *which: int) -> list[list[int]]:
    own = np.arange(len(which))
    return [g.tolist() for g in parted(own, [np.array(s) for s in sides], axis(*which))]


def test_two_sides_settle_many_tracks() -> None:
    assert part([[0], [5]], 0, 0, 0, 1, 1, 1) == [[0, 1, 2], [3, 4, 5]]


def test_three_sides() -> None:
    assert part([[0], [2], [4]], 0, 0, 1, 1, 2, 2) == [[0, 1], [2, 3], [4, 5]]


def test_nobody_else() -> None:
    assert part([[0], [1]], 3, 3) == [[0], [1]]


@pytest.mark.parametrize("seed", range(5))
def test_everybody_is_in_one_part_and_the_sides_are_in_theirs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    own = rng.choice(100, 30, replace=False)
    vector = rng.normal(size=(100, 8)).astype(np.float32)
    sides = [own[:2], own[2:3], own[3:6]]
    groups = parted(own, sides, vector)
    assert sorted(np.concatenate(groups).tolist()) == sorted(own.tolist())
    assert all(np.isin(side, group).all() for side, group in zip(sides, groups, strict=True))
