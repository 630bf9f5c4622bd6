"""Tables of which only the cells that differ are kept, and odds of which only changed rows are computed."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.decisions import Base
from castlist.suggest.cells import Cells
from castlist.suggest.pairs import Sums
from castlist.types import NOISE


def test_cells_that_differ_and_the_rest_of_their_row() -> None:
    cells = Cells(np.array([0.0, 2.0]), np.array([0, 0]), np.array([0, 2]), np.array([5.0, 7.0]), 3)
    assert cells.table().tolist() == [[5, 0, 7], [2, 2, 2]]
    assert cells.at(np.array([[2, 1], [0, 1]])).tolist() == [[7, 0], [2, 2]]
    table = np.ones((2, 3), np.float32)
    cells.add_to(table, 2.0)
    assert table.tolist() == [[11, 1, 15], [1, 1, 1]]  # the 2 of the second row says nothing of a choice


def test_a_table_without_such_cells() -> None:
    none = np.zeros(0, np.int64)
    cells = Cells(np.array([1.0]), none, none, np.zeros(0), 2)
    assert cells.at(np.array([[1, 0]])).tolist() == cells.table().tolist() == [[1, 1]]


@pytest.mark.parametrize("seed", range(4))
def test_odds_of_groups_that_stay_are_kept(seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = Base.__new__(Base)  # of which the scale alone is used
    object.__setattr__(base, "scale", np.array([0.7, 0.0, 0.1, -1.0]))
    count = rng.integers(1, 9, 7).astype(np.float64)
    total = rng.normal(size=(7, 5)) * count[:, None] / 3
    total[2] = 0  # without a face
    before = Sums(base, total, count).log_odds()
    was = np.array([6, NOISE, 2, 3, NOISE, 0])
    total, count = np.append(total, rng.normal(size=(2, 5)), axis=0), np.append(count, [1.0, 2.0])
    sums = Sums(base, total[[6, 7, 2, 3, 8, 0]], count[[6, 7, 2, 3, 8, 0]])
    np.testing.assert_allclose(sums.log_odds(before, was), sums.log_odds(), rtol=1e-9)
