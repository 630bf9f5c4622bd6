"""Copies among points, found whatever their number and kind."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.cluster import knn_tree, ward
from castlist.cluster.duplicates import duplicate_pairs

NOBODY = np.zeros((0, 2), np.int64)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_all_copies_are_found_and_nothing_else(dtype: type) -> None:
    rng = np.random.default_rng(0)
    place = rng.integers(0, 70, 300)
    x = rng.normal(size=(70, 9)).astype(dtype)[place]
    pairs = duplicate_pairs(x, NOBODY)
    assert (place[pairs[:, 0]] == place[pairs[:, 1]]).all()
    assert len(pairs) == 300 - len(np.unique(place))
    assert len(np.unique(pairs[:, 1])) == len(pairs)


def test_many_pieces_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(1).integers(0, 3, (200, 4)).astype(float)
    whole = duplicate_pairs(x, NOBODY)
    monkeypatch.setattr("castlist.cluster.duplicates.PIECE", 10)
    np.testing.assert_array_equal(duplicate_pairs(x, NOBODY), whole)


def test_equal_keys_are_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castlist.cluster.duplicates._keys", lambda points: np.zeros(len(points), np.uint64))
    assert duplicate_pairs(np.array([[1.0], [1.0], [2.0]]), NOBODY).tolist() == [[0, 1]]


def test_the_cannot_linked_are_left_out() -> None:
    x = np.zeros((4, 3))
    assert duplicate_pairs(x, np.array([[0, 2]])).tolist() == [[1, 3]]
    assert duplicate_pairs(np.zeros((0, 3)), NOBODY).shape == (0, 2)


@pytest.mark.parametrize("options", [{}, {"exact": 300}])
def test_thousands_of_copies_take_no_time(options: dict[str, int]) -> None:
    pytest.importorskip("faiss")
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(size=(500, 16)), np.ones((20_000, 16))]).astype(np.float32)
    tree = knn_tree(x, linkage="ward", **options)
    assert int((tree.height == 0).sum()) == 19_999
    if not options:
        np.testing.assert_allclose(tree.height, ward(x).height, rtol=1e-4)
