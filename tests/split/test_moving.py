"""The camera's movement between two pictures: all shifts at once against one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.split.moving import EFFORT, FARTHEST, _movement
from castlist.split.signal import COLUMNS, ROWS

Picture = NDArray[np.float32]


def one_by_one(a: Picture, b: Picture) -> tuple[float, tuple[int, int]]:
    best, by = np.inf, (0, 0)
    for y in range(-FARTHEST[1], FARTHEST[1] + 1):
        for x in range(-FARTHEST[0], FARTHEST[0] + 1):
            p = a[max(0, -y) : ROWS - max(0, y), max(0, -x) : COLUMNS - max(0, x)]
            q = b[max(0, y) : ROWS + min(0, y), max(0, x) : COLUMNS + min(0, x)]
            left = float(np.abs(p - q).mean()) + EFFORT * (abs(x) + abs(y))
            if left < best:
                best, by = left, (x, y)
    return best, by


@pytest.mark.parametrize("seed", range(8))
def test_the_movement_is_that_of_the_best_shift(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = rng.integers(0, 256, (20, 40, 3)).astype(np.float32)
    x, y = int(rng.integers(-6, 7)), int(rng.integers(-3, 4))
    a, b = scene[5 : 5 + ROWS, 10 : 10 + COLUMNS], scene[5 - y : 5 - y + ROWS, 10 - x : 10 - x + COLUMNS]
    flat = np.full_like(a, 99)
    for one, two in ((a, b), (a, a), (a, flat), (flat, flat), (a, scene[:ROWS, :COLUMNS])):
        left, by = _movement(one, two)
        assert (left, tuple(by.astype(int))) == one_by_one(one, two)
    assert tuple(_movement(a, b)[1]) == (x, y)
