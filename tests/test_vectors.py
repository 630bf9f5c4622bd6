"""Unit vectors, products of pairs of rows, and sums of groups."""

import numpy as np
import pytest

from castlist import vectors
from castlist.vectors import group_sums, products, unit


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_have_length_one_and_keep_their_precision(dtype):
    x = np.array([[3, 4], [0, 0], [-1e-15, 0]], dtype)
    out = unit(x)
    assert out.dtype == dtype
    assert out == pytest.approx(np.array([[0.6, 0.8], [0, 0], [-1, 0]]))


def test_whole_numbers_and_nothing():
    assert unit(np.array([[0, 5]])).tolist() == [[0, 1]]
    assert unit(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("block", [1, 7 * 128, 1 << 21])
def test_products_are_the_same_in_blocks_of_any_size(monkeypatch, dtype, block):
    monkeypatch.setattr(vectors, "BLOCK", block)
    rng = np.random.default_rng(0)
    x, pairs = rng.normal(size=(20, 128)).astype(dtype), rng.integers(20, size=(33, 2))
    found = products(x, pairs)
    assert found.dtype == dtype
    assert np.array_equal(found, np.einsum("qd,qd->q", x[pairs[:, 0]], x[pairs[:, 1]]))
    assert products(x, pairs[:0]).shape == (0,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_of_groups_are_those_of_a_product_with_their_members(dtype):
    from scipy.sparse import coo_matrix

    rng = np.random.default_rng(0)
    label, table = rng.permutation(np.arange(40) % 7), rng.normal(size=(40, 9)).astype(dtype)
    member = coo_matrix((np.ones(40, dtype), (label, np.arange(40))), shape=(8, 40)).tocsr()
    found = group_sums(table, label, 8)
    assert found.dtype == dtype
    assert np.array_equal(found, member @ table)
    assert group_sums(table[:0], label[:0], 2).tolist() == [[0.0] * 9] * 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", ["max", "tiny", "smallest_subnormal"])
def test_rows_whose_squares_are_too_large_or_too_small(dtype, size):
    value = getattr(np.finfo(dtype), size)
    x = np.array([[value, 0, 0], [0, value, value], [3, 4, 0], [0, 0, 0]], dtype)
    out = unit(x)
    root = 0.5**0.5
    assert out == pytest.approx(np.array([[1, 0, 0], [0, root, root], [0.6, 0.8, 0], [0, 0, 0]]))
    assert np.array_equal(out[2], unit(x[2:3])[0])  # the other rows are unchanged, to the last bit
