"""Ward without the matrix gives the clusters of Ward with it."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from castlist.bench.frames import ward_clusters
from castlist.errors import InputError
from castlist.metrics import adjusted_rand


@pytest.mark.parametrize("clusters", [1, 2, 5, 17])
@pytest.mark.parametrize("seed", range(6))
def test_the_same_partition_as_scipy(seed, clusters):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(400, 6)) + 2 * rng.integers(0, 3, (400, 1))
    label = ward_clusters(points, clusters, dense=20)
    expected = fcluster(linkage(points, "ward"), clusters, "maxclust")
    assert adjusted_rand(expected, label) == 1
    assert len(np.unique(label)) == clusters


def test_equal_points_stay_together():
    points = np.repeat(np.arange(10.0)[:, None] ** 2, 30, axis=0)
    label = ward_clusters(points, 10, dense=1)
    assert label.reshape(10, 30).min(axis=1).tolist() == label.reshape(10, 30).max(axis=1).tolist()


def test_all_points_in_one_place():
    assert len(np.unique(ward_clusters(np.zeros((100, 3)), 4, dense=1))) == 4


def test_as_many_clusters_as_points_and_one():
    assert ward_clusters([[0.0], [5.0], [9.0]], 3).tolist() == [0, 1, 2]
    assert ward_clusters([[0.0]], 1).tolist() == [0]


def test_the_rounds_are_watched():
    seen = []
    ward_clusters(
        np.random.default_rng(0).normal(size=(300, 2)), 3, dense=10, watch=lambda *c: seen.append(c)
    )
    assert seen[0] == (300, 3)
    assert all(a[0] > b[0] for a, b in pairwise(seen))


@pytest.mark.parametrize(
    ("points", "clusters", "message"),
    [
        (np.zeros((0, 2)), 1, "cannot make 1 clusters of 0 points"),
        (np.zeros((2, 2)), 3, "cannot make 3 clusters of 2 points"),
        (np.zeros((2, 2)), 0, "cannot make 0"),
        (np.zeros(2), 1, "finite table"),
        (np.full((2, 2), np.nan), 1, "finite table"),
    ],
)
def test_bad_input(points, clusters, message):
    with pytest.raises(InputError, match=message):
        ward_clusters(points, clusters)
