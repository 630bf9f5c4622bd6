"""Boxes: overlap and pairs by hand."""

from __future__ import annotations

import numpy as np

from castlist.boxes import iou, pairs_in_frame, part_of


def test_iou_by_hand() -> None:
    a = np.array([[0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 1, 1], [3, 3, 3, 3]])
    b = np.array([[1, 0, 3, 2], [0, 0, 2, 2], [5, 5, 6, 6], [3, 3, 3, 3]])
    np.testing.assert_allclose(iou(a, b), [1 / 3, 1, 0, 0])


def test_pairs_are_those_of_equal_frames() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 9, 30), rng.integers(0, 9, 20)
    pairs = set(zip(*(p.tolist() for p in pairs_in_frame(a, b)), strict=True))
    assert pairs == {(i, j) for i in range(30) for j in range(20) if a[i] == b[j]}


def test_part_of_by_hand() -> None:
    whole = np.tile([0, 0, 10, 10], (5, 1))
    other = np.array([[0, 0, 10, 5], [0, 0, 4, 4], [8, 0, 18, 10], [2, 2, 12, 12], [20, 20, 30, 30]])
    assert (
        part_of(whole, other).tolist() == part_of(other, whole).tolist() == [True, False, False, True, False]
    )


def test_no_pairs_of_nothing() -> None:
    none = np.zeros(0, np.int64)
    assert len(pairs_in_frame(none, np.array([1]))[0]) == len(pairs_in_frame(np.array([1]), none)[0]) == 0
