"""Cosines with the most alike track of each group: those of a slow loop, whatever was asked before."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.suggest import nearest
from castlist.suggest.nearest import NearestOfGroups
from castlist.types import NOISE

Labels = NDArray[np.int64]


def by_loop(unit: NDArray[np.float32], rows: Labels, label: Labels, groups: int) -> NDArray[np.float64]:
    found = np.zeros((len(rows), groups))
    for i, row in enumerate(rows.tolist()):
        for k in range(groups):
            cosine = [-1 if t == row else float(unit[row] @ unit[t]) for t in np.flatnonzero(label == k)]
            found[i, k] = max(cosine, default=0)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_what_is_kept_is_what_a_loop_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "AT_ONCE", 7)
    rng = np.random.default_rng(seed)
    unit = rng.normal(size=(40, 6)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    label, found = rng.integers(-1, 5, 40), NearestOfGroups(unit)
    found.go_by(np.argsort(label, kind="stable"), label, 5)
    assert found.cosines(np.zeros(0, np.int64)).shape == (0, 5)
    for _ in range(12):
        if rng.random() < 0.4:
            found.forget()
        label = np.where(rng.random(40) < 0.1, rng.integers(-1, 5, 40), label)
        order = np.argsort(label, kind="stable")
        order = order[rng.random(40) < 0.9] if rng.random() < 0.3 else order
        found.go_by(order, label, 5)
        compared = np.full(40, NOISE)
        compared[order] = label[order]
        for _ in range(2):
            rows = rng.permutation(40)[: rng.integers(0, 30)]
            np.testing.assert_allclose(found.cosines(rows), by_loop(unit, rows, compared, 5), atol=1e-6)


def test_nobody_is_without_somebody_to_compare_where_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nearest, "COMPARED", 10)
    label = np.repeat(np.arange(3), [1, 30, 2])
    found = NearestOfGroups(np.eye(33, dtype=np.float32))
    found.go_by(np.arange(33), label, 3)
    assert found.cosines(np.array([0, 1])).tolist() == [[-1, 0, 0], [0, 0, 0]]


def test_only_changed_groups_are_compared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    label = np.repeat(np.arange(4), 5)
    found = NearestOfGroups(np.eye(20, dtype=np.float32))
    found.go_by(np.arange(20), label, 4)
    found.cosines(np.arange(20))
    asked: list[int] = []
    plain = NearestOfGroups._compare

    def watched(self: NearestOfGroups, tracks: Labels, members: list[Labels]) -> NDArray[np.float32]:
        asked.append(len(members))
        return plain(self, tracks, members)

    monkeypatch.setattr(NearestOfGroups, "_compare", watched)
    found.forget()
    label[0] = 1
    found.go_by(np.argsort(label, kind="stable"), label, 4)
    found.cosines(np.arange(20))
    found.cosines(np.arange(10))
    assert asked == [2]
