"""Rows of length one."""

import numpy as np
import pytest

from castlist.vectors import unit


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_have_length_one_and_keep_their_precision(dtype):
    x = np.array([[3, 4], [0, 0], [-1e-15, 0]], dtype)
    out = unit(x)
    assert out.dtype == dtype
    assert out == pytest.approx(np.array([[0.6, 0.8], [0, 0], [-1, 0]]))


def test_whole_numbers_and_nothing():
    assert unit(np.array([[0, 5]])).tolist() == [[0, 1]]
    assert unit(np.zeros((0, 3))).shape == (0, 3)
