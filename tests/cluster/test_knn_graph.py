"""The tree of very many points: exact where searches are exhaustive, else valid and of good quality."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist

from castlist.cluster import LINKAGES, Average, KnnGraph, Ward, knn_tree, ward
from castlist.cluster.dense import Update, agglomerate
from castlist.cluster.large.knn_graph import _single
from castlist.cluster.tree import assemble, cut_tree
from castlist.errors import InputError, MissingExtra
from castlist.metrics import b_cubed
from castlist.types import USER, Constraints, Embeddings, Tree

Pairs = list[tuple[int, int]]


def people(n: int = 400, count: int = 25, d: int = 32, seed: int = 0) -> tuple[NDArray[np.float64], NDArray]:
    """Unit vectors of people whose numbers of faces have a long tail."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, count + 1)
    who = rng.choice(count, n, p=share / share.sum())
    x = rng.normal(size=(count, d))[who] + 0.7 * rng.normal(size=(n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True), who


def partition(tree: Tree, k: int) -> list[int]:
    return cut_tree(tree, tree.leaves - k).label.tolist()


def scipys(x: NDArray[np.float64], method: str) -> Tree:
    z = linkage(x, "ward") if method == "ward" else linkage(np.maximum(pdist(x, "cosine"), 0), "average")
    return Tree(z[:, :2], z[:, 2], z[:, 3])  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["average", "ward"])
def test_is_scipys_tree_where_everybody_is_looked_at(method: str) -> None:
    x, _ = people()
    ours, theirs = knn_tree(x, linkage=method), scipys(x, method)
    np.testing.assert_allclose(ours.height, theirs.height, rtol=1e-4, atol=1e-6)
    for k in (1, 2, 10, 25, 60, 200, 399, 400):
        assert partition(ours, k) == partition(theirs, k)


@pytest.mark.parametrize("method", ["average", "ward"])
def test_is_the_same_tree_when_all_cells_are_searched(method: str) -> None:
    pytest.importorskip("faiss")
    x, _ = people(700, 30)
    cells = knn_tree(x, linkage=method, exact=20, cells=1000)
    np.testing.assert_allclose(cells.height, scipys(x, method).height, rtol=1e-4, atol=1e-6)
    assert partition(cells, 30) == partition(scipys(x, method), 30)


@pytest.mark.parametrize("method", ["average", "ward"])
def test_few_cells_find_nearly_the_same_people(method: str) -> None:
    pytest.importorskip("faiss")
    x, who = people(2500, 100, 48)
    exact, few = (knn_tree(x, linkage=method, exact=limit, cells=4) for limit in (2500, 100))
    scores = [b_cubed(who, np.array(partition(tree, 100))).f1 for tree in (exact, few)]
    assert scores[1] > scores[0] - 0.02
    assert b_cubed(np.array(partition(exact, 100)), np.array(partition(few, 100))).f1 > 0.8
    assert np.isfinite(few.height).all()


def test_pencil_average() -> None:
    degrees = np.radians([0, 10, 90, 130])
    tree = knn_tree(np.stack([np.cos(degrees), np.sin(degrees)], axis=1))
    assert tree.merge.tolist() == [[0, 1], [2, 3], [4, 5]]
    across = 1 - np.cos(np.radians([90, 130, 80, 120])).mean()
    expected = [1 - np.cos(np.radians(10)), 1 - np.cos(np.radians(40)), across]
    np.testing.assert_allclose(tree.height, expected, atol=1e-6)


@pytest.mark.parametrize("exact", [1000, 10])
def test_constraints_are_never_broken(exact: int) -> None:
    pytest.importorskip("faiss")
    x, who = people(300, 8)
    rng = np.random.default_rng(2)
    drawn = rng.integers(0, 300, (120, 2))
    must = [(int(a), int(b)) for a, b in drawn if a < b and a < 100 and who[a] != who[b]]
    group = np.arange(300)
    for a, b in must:
        group[group == group[b]] = group[a]
    cannot = [(int(a), int(b)) for a, b in rng.integers(0, 300, (200, 2)) if group[a] != group[b]]
    tree = knn_tree(x, cannot=cannot, must=must, exact=exact)
    joined = len(np.unique(group))
    assert (tree.height[: 300 - joined] == 0).all()
    for merges in (300 - joined, 250, int(np.isfinite(tree.height).sum())):
        label = cut_tree(tree, merges).label
        assert all(label[a] == label[b] for a, b in must)
        assert all(label[a] != label[b] for a, b in cannot)


def test_is_the_greedy_tree_under_cannot_links() -> None:
    x, _ = people(60, 6)
    cannot = np.array([(i, j) for i in range(0, 60, 7) for j in range(1, 60, 9) if i != j])
    gap = np.maximum(1 - x @ x.T, 0)
    gap[cannot[:, 0], cannot[:, 1]] = gap[cannot[:, 1], cannot[:, 0]] = np.inf
    merge, height = agglomerate(gap, np.ones(60), Update.AVERAGE)
    slow, fast = assemble(merge, height, 60), knn_tree(x, cannot=cannot)
    np.testing.assert_allclose(fast.height, slow.height, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", ["average", "ward"])
@pytest.mark.parametrize("exact", [1000, 10])
def test_all_kept_apart_stay_apart(method: str, exact: int) -> None:
    pytest.importorskip("faiss")
    x, _ = people(60)
    everybody = np.stack(np.triu_indices(60, 1), axis=1)
    tree = knn_tree(x, linkage=method, cannot=everybody, exact=exact)
    assert np.isinf(tree.height).all()
    assert cut_tree(tree, 0).count == 60


@pytest.mark.parametrize("exact", [10_000, 50])
def test_every_number_of_clusters_can_be_had(exact: int) -> None:
    pytest.importorskip("faiss")
    x, _ = people(500)
    tree = knn_tree(x, exact=exact)
    assert [cut_tree(tree, 500 - k).count for k in (1, 2, 17, 499, 500)] == [1, 2, 17, 499, 500]
    assert (np.diff(tree.height) >= 0).all()


@pytest.mark.parametrize("exact", [10_000, 30])
def test_the_same_call_gives_the_same_tree(exact: int) -> None:
    pytest.importorskip("faiss")
    x, _ = people(300)
    one, two = (knn_tree(x, exact=exact, cells=3) for _ in range(2))
    np.testing.assert_array_equal(one.linkage, two.linkage)


def test_the_order_of_points_does_not_matter() -> None:
    x, _ = people(200)
    order = np.random.default_rng(4).permutation(200)
    one, two = knn_tree(x), knn_tree(x[order])
    np.testing.assert_allclose(one.height, two.height, rtol=1e-4, atol=1e-6)
    for k in (5, 25, 100):
        assert b_cubed(np.array(partition(one, k))[order], np.array(partition(two, k))).f1 == 1


@pytest.mark.parametrize("method", ["average", "ward"])
@pytest.mark.parametrize("exact", [10_000, 40])
def test_copies_come_together_first(method: str, exact: int) -> None:
    pytest.importorskip("faiss")
    x, _ = people(40, 20)
    tree = knn_tree(np.tile(x, (30, 1)), linkage=method, exact=exact)
    np.testing.assert_allclose(tree.height[: 40 * 29], 0, atol=2e-3)
    label = np.array(partition(tree, 40))
    assert (label.reshape(30, 40) == label[:40]).all()


def test_a_weight_is_that_many_points() -> None:
    x, _ = people(60)
    times = np.random.default_rng(1).integers(1, 5, 60)
    for method in ("average", "ward"):
        heavy = knn_tree(x, linkage=method, weights=times)
        many = knn_tree(np.repeat(x, times, axis=0), linkage=method)
        np.testing.assert_allclose(heavy.height, many.height[-59:], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("method", ["average", "ward"])
def test_reads_a_memory_map_and_leaves_it_alone(tmp_path: Path, dtype: type, method: str) -> None:
    x = people(300)[0].astype(dtype)
    path = tmp_path / "faces"
    x.tofile(path)
    before = path.read_bytes()
    tree = knn_tree(np.memmap(path, dtype, "r", shape=x.shape), linkage=method)
    np.testing.assert_array_equal(tree.linkage, knn_tree(x, linkage=method).linkage)
    assert path.read_bytes() == before
    np.testing.assert_allclose(tree.height, scipys(x.astype(float), method).height, rtol=1e-2, atol=1e-4)


def test_half_precision_is_read_bit_for_bit() -> None:
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)].reshape(1, -1)
    ours, numpys = _single(finite), finite.astype(np.float32)
    np.testing.assert_array_equal(ours.view(np.uint32), numpys.view(np.uint32))


def test_one_point_and_two() -> None:
    assert knn_tree([[1.0, 2.0]]).leaves == 1
    assert knn_tree([[1.0, 0.0], [0.0, 1.0]]).height.tolist() == [1.0]
    assert knn_tree([[0.0, 0.0], [0.0, 0.0], [0.0, 1.0]]).leaves == 3  # rows of nothing have no direction
    assert knn_tree([[1, 0], [0, 1]]).height.tolist() == [1.0]


def test_without_faiss_many_points_are_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    x, _ = people(50)
    assert knn_tree(x, exact=50).leaves == 50
    with pytest.raises(MissingExtra, match="pip install 'faiss-cpu"):
        knn_tree(x, exact=49)


@pytest.mark.parametrize(
    ("points", "options", "message"),
    [
        ([], {}, "a row at least"),
        (np.zeros((0, 4)), {}, "a row at least"),
        ([1.0, 2.0], {}, "shape"),
        ([["a", "b"]], {}, "table of numbers"),
        ([[1j, 2.0]], {}, "complex numbers; give real ones"),
        ([[1.0, np.nan]], {}, "NaN"),
        (np.full((2, 2), np.inf, np.float16), {}, "NaN"),
        ([[1.0], [0.0]], {"weights": [1, 0]}, "positive"),
        ([[1.0], [0.0]], {"weights": [1]}, "positive"),
        ([[1.0], [0.0]], {"cannot": [(0, 2)]}, "outside 0 to 1"),
        ([[1.0], [0.0]], {"must": [(0, 0)]}, "itself"),
        ([[1.0], [0.0]], {"must": [(0, 1)], "cannot": [(1, 0)]}, "points 1 and 0"),
        ([[1.0], [0.0]], {"linkage": "single"}, "choose from average, ward"),
        ([[1.0], [0.0]], {"exact": 0}, "exact must be at least 1"),
        ([[1.0], [0.0]], {"cells": 0}, "cells must be at least 1"),
    ],
)
def test_hostile_input_is_told_what_is_wrong(
    points: object, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        knn_tree(points, **options)  # type: ignore[arg-type]


def tracks(seed: int = 0) -> tuple[Embeddings, Constraints]:
    x, _ = people(90, 9, seed=seed)
    rows = np.repeat(np.delete(np.arange(40), [7, 11]), 3)[:90]
    cannot = np.array([(0, 1), (2, 5), (3, 30)])
    return (
        Embeddings(x[: len(rows)], rows, np.full(len(rows), -1), np.ones(len(rows))),  # type: ignore[arg-type]
        Constraints(cannot[:, 0], cannot[:, 1], np.zeros(3, np.bool_), np.full(3, USER)),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("method", "step"), [("average", Average()), ("ward", Ward())])
def test_as_a_step_it_is_the_linkage_it_names(method: str, step: Average | Ward) -> None:
    embeddings, constraints = tracks()
    ours, theirs = LINKAGES["graph"](linkage=method)(embeddings, constraints), step(embeddings, constraints)
    known = np.isfinite(theirs.height)
    np.testing.assert_array_equal(np.isfinite(ours.height), known)
    np.testing.assert_allclose(ours.height[known], theirs.height[known], rtol=1e-4, atol=1e-6)
    assert partition(ours, 12) == partition(theirs, 12)


def test_a_step_without_tracks() -> None:
    nothing = Embeddings(np.zeros((0, 8)), np.zeros(0), np.zeros(0), np.zeros(0))  # type: ignore[arg-type]
    assert KnnGraph()(nothing, Constraints.empty()).leaves == 1


def test_ward_of_the_graph_is_ward() -> None:
    x, _ = people(300)
    cannot = [(0, 1), (5, 9)]
    np.testing.assert_allclose(
        knn_tree(x, linkage="ward", cannot=cannot).height, ward(x, cannot=cannot).height, rtol=1e-4, atol=1e-6
    )
