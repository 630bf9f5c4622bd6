"""Ward's tree against SciPy, against a slow greedy loop with constraints, and by its laws."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage

from castlist.cluster import ward
from castlist.cluster.large.nearest import Squares, all_nearest
from castlist.cluster.tree import cut_tree
from castlist.errors import InputError
from castlist.types import Tree


def random(n: int = 120, d: int = 8, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(n, d))


def clustered(seed: int = 1) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.repeat(rng.normal(size=(9, 16)), 15, axis=0) + 0.05 * rng.normal(size=(135, 16))


FAMILIES = {
    "random": random(),
    "clustered": clustered(),
    "far from the origin": clustered() + 1000,
    "one dimension": random(80, 1),
    "units": random(60, 32) / np.linalg.norm(random(60, 32), axis=1, keepdims=True),
    "two": random(2),
}


def partition(tree: Tree, k: int) -> list[int]:
    return cut_tree(tree, tree.leaves - k).label.tolist()


def of_scipy(x: NDArray[np.float64]) -> Tree:
    z = linkage(x, "ward")
    return Tree(z[:, :2], z[:, 2], z[:, 3])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FAMILIES)
def test_is_scipys_tree(name: str) -> None:
    x = FAMILIES[name]
    ours, theirs = ward(x), of_scipy(x)
    np.testing.assert_allclose(ours.height, theirs.height, rtol=1e-6, atol=1e-9)
    for k in range(1, len(x) + 1):
        assert partition(ours, k) == partition(theirs, k)


@pytest.mark.parametrize("name", ["duplicates", "collinear", "grid"])
def test_has_scipys_heights_where_ties_leave_the_tree_open(name: str) -> None:
    x = {
        "duplicates": np.repeat(random(20), 4, axis=0),
        "collinear": np.stack([np.arange(40.0), 2 * np.arange(40.0)], 1) ** 1.5,
        "grid": np.zeros((30, 3)),
    }[name]
    np.testing.assert_allclose(ward(x).height, linkage(x, "ward")[:, 2], rtol=1e-6, atol=1e-7)


def greedy(
    x: NDArray[np.float64], w: NDArray[np.float64], cannot: list[tuple[int, int]], must: list[list[int]]
) -> list[list[list[int]]]:
    """All partitions on the way: always the allowed pair of clusters whose union costs least."""
    parts = [list(g) for g in must] + [[i] for i in range(len(x)) if not any(i in g for g in must)]
    ways = [[sorted(p) for p in parts]]
    while True:
        best = (np.inf, 0, 0)
        for i, p in enumerate(parts):
            for j in range(i):
                q = parts[j]
                if any((a in p and b in q) or (a in q and b in p) for a, b in cannot):
                    continue
                cp, cq = np.average(x[p], 0, w[p]), np.average(x[q], 0, w[q])
                cost = w[p].sum() * w[q].sum() / (w[p].sum() + w[q].sum()) * ((cp - cq) ** 2).sum()
                best = min(best, (cost, i, j))
        if not np.isfinite(best[0]):
            return ways
        parts[best[2]] += parts.pop(best[1])
        ways.append([sorted(p) for p in parts])


@pytest.mark.parametrize("seed", range(8))
def test_is_the_greedy_order_under_weights_and_constraints(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(18, 3)), rng.uniform(0.5, 9, 18)
    cannot = [(int(a), int(b)) for a, b in rng.integers(4, 18, (14, 2)) if a != b]
    tree = ward(x, weights=w, cannot=cannot, must=[(0, 1), (1, 2)])
    ways = greedy(x, w, cannot, [[0, 1, 2]])
    finite = int(np.isfinite(tree.height).sum())
    assert finite == len(ways) + 1
    for step, parts in enumerate(ways):
        label = cut_tree(tree, step + 2).label
        assert sorted(parts) == sorted(np.flatnonzero(label == k).tolist() for k in range(label.max() + 1))


def test_is_scipys_tree_where_tiles_and_searches_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castlist.cluster.large.nearest.ROWS", 64)
    monkeypatch.setattr("castlist.cluster.large.nearest.COLUMNS", 96)
    rng = np.random.default_rng(4)
    x = np.repeat(rng.normal(size=(60, 24)), 15, axis=0) + 0.3 * rng.normal(size=(900, 24))
    ours, theirs = ward(x.astype(np.float32)), of_scipy(x.astype(np.float32).astype(float))
    np.testing.assert_allclose(ours.height, theirs.height, rtol=1e-9)
    for k in (2, 5, 20, 60, 61, 200, 800):
        assert partition(ours, k) == partition(theirs, k)


def test_points_that_single_precision_cannot_tell_apart_are_told_apart() -> None:
    rng = np.random.default_rng(5)
    x = np.repeat(rng.normal(size=(4, 16)), 60, axis=0) + 1e-6 * rng.normal(size=(240, 16))
    ours, theirs = ward(x), of_scipy(x)
    np.testing.assert_allclose(ours.height, theirs.height, rtol=1e-6)
    for k in (4, 10, 50, 150):
        assert partition(ours, k) == partition(theirs, k)


@pytest.mark.parametrize("seed", range(3))
def test_nobody_beyond_the_bound_is_nearer_than_it(seed: int) -> None:
    x = random(300, 6, seed)
    weight = np.random.default_rng(seed).uniform(1, 5, 300)
    apart = np.array([[i, i + 1] for i in range(0, 298, 3)])
    who, bound = all_nearest(Squares.from_means(x, weight, np.float32), 8, apart)
    cost = weight[:, None] * weight / (weight[:, None] + weight) * ((x[:, None] - x) ** 2).sum(-1)
    np.fill_diagonal(cost, np.inf)
    cost[apart[:, 0], apart[:, 1]] = cost[apart[:, 1], apart[:, 0]] = np.inf
    for i in range(300):
        assert set(who[i]) == set(np.argsort(cost[i])[:8])
        assert np.delete(cost[i], who[i]).min() >= bound[i] > 0


def test_a_weight_is_that_many_points() -> None:
    x, times = random(25, 4), np.random.default_rng(3).integers(1, 5, 25)
    heavy, many = ward(x, weights=times), ward(np.repeat(x, times, axis=0))
    np.testing.assert_allclose(heavy.height, many.height[-24:], rtol=1e-6)


def test_cannot_links_hold_at_every_finite_height() -> None:
    tree = ward(np.array([[0.0], [0.1], [5.0]]), cannot=[(0, 1)])
    assert partition(tree, 2) == [0, 1, 1]
    assert tree.height[-1] == np.inf


def test_must_links_come_first() -> None:
    tree = ward(np.array([[0.0], [0.1], [5.0]]), must=[(0, 2)])
    assert tree.height[0] == 0
    assert partition(tree, 2) == [0, 1, 0]


def test_one_point_is_a_tree_without_merges() -> None:
    assert ward(np.zeros((1, 3))).leaves == 1


@pytest.mark.parametrize(
    ("points", "options", "message"),
    [
        (np.zeros((0, 3)), {}, "a row at least"),
        (np.zeros(3), {}, "shape"),
        ([[np.nan], [0.0]], {}, "NaN"),
        ([[1.0], [0.0]], {"weights": [1.0]}, "weights"),
        ([[1.0], [0.0]], {"weights": [1.0, 0.0]}, "positive"),
        ([[1.0], [0.0]], {"cannot": [(0, 2)]}, "cannot names a point"),
        ([[1.0], [0.0]], {"must": [(0, 0)]}, "itself"),
        ([[1.0], [0.0]], {"must": [0, 1, 1]}, "pairs"),
        ([[1.0], [0.0]], {"must": [(0, 1)], "cannot": [(1, 0)]}, "points 1 and 0"),
    ],
)
def test_hostile_input_is_told_what_is_wrong(
    points: object, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        ward(points, **options)  # type: ignore[arg-type]
