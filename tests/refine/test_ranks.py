"""Lists kept once against distances computed anew: the same extremes of the same draws."""

import numpy as np
import pytest

from castlist.refine import ranks as module
from castlist.refine.ranks import Direct, RankLists, ranks


def clustered(n, d, seed):
    """Rows in tight and loose groups, some of them equal, as a track's still frames are."""
    rng = np.random.default_rng(seed)
    centre = 3 * rng.standard_normal((n // 20 + 1, d))
    x = centre[rng.integers(len(centre), size=n)] + rng.standard_normal((n, d)) * rng.uniform(0, 1, (n, 1))
    x[n // 2 : n // 2 + 3] = x[0]
    return x.astype(np.float32)


def uniform(n, d, seed):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


@pytest.mark.parametrize("features", [clustered, uniform])
@pytest.mark.parametrize(("n", "d", "subset"), [(700, 6, 300), (700, 40, 50), (40, 3, 40), (5, 2, 4)])
@pytest.mark.parametrize("block", [64, 2048])
def test_lists_find_what_a_loop_finds(features, n, d, subset, block, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    x = features(n, d, seed=n)
    find, rng = RankLists(x, subset), np.random.default_rng(1)
    exact = ((x[:, None].astype(float) - x) ** 2).sum(2)
    close = {"rtol": 1e-3, "atol": 1e-5 * exact.max()}
    for _ in range(5):
        drawn = rng.integers(n, size=subset)
        found = find(drawn)
        squared = exact[np.ix_(drawn, drawn)]
        np.testing.assert_allclose(exact[drawn, found.far], squared.max(1), **close)
        np.testing.assert_allclose(found.far_squared, squared.max(1), **close)
        np.fill_diagonal(squared, np.inf)
        np.testing.assert_allclose(exact[drawn, found.near], squared.min(1), **close)
        np.testing.assert_allclose(found.near_squared, squared.min(1), **close)
        assert np.isin(found.near, drawn).all()
        assert np.isin(found.far, drawn).all()


def test_lists_and_direct_give_the_same_rows():
    """At least 999 of 1,000; the rest are ties in float32."""
    x = clustered(2000, 20, 3)
    x[1000:1003] += uniform(3, 20, 0)  # no two rows equal here
    lists, direct, rng = RankLists(x, 400), Direct(x), np.random.default_rng(2)
    same = []
    for _ in range(20):
        drawn = rng.integers(len(x), size=400)
        a, b = lists(drawn), direct(drawn)
        same += [a.near == b.near, a.far == b.far]
    assert np.mean(same) >= 0.999


def test_threads_change_nothing(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 64)
    x = uniform(300, 8, 7)
    one, two = RankLists(x, 60, 1), RankLists(x, 60, 3)
    for a, b in ((one.near, two.near), (one.far, two.far)):
        np.testing.assert_array_equal(a.other, b.other)
        np.testing.assert_array_equal(a.squared, b.squared)


def test_rows_that_meet_none_of_their_list_are_computed_anew(monkeypatch):
    monkeypatch.setattr(module, "WIDTH", 3)
    x = uniform(300, 8, 4)
    lists, direct = RankLists(x, 20), Direct(x)
    assert lists.near.other.shape == (300, 3)
    drawn = np.random.default_rng(0).integers(300, size=20)
    present = np.isin(np.arange(301), drawn)
    assert (lists.near.first(present, drawn)[0] == 300).mean() > 0.5
    for a, b in zip(lists(drawn), direct(drawn), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4)


def test_a_row_drawn_twice_is_its_own_nearest():
    x = uniform(50, 4, 5)
    drawn = np.array([3, 7, 3, 9])
    for find in (RankLists(x, 4), Direct(x)):
        found = find(drawn)
        assert found.near[0] == found.near[2] == 3
        assert found.near_squared[0] == pytest.approx(0, abs=1e-5)
        assert found.near[3] in (3, 7)


def test_the_cheaper_way_is_taken():
    x = uniform(500, 4, 6)
    assert isinstance(ranks(x, subset=100, draws=2), Direct)
    assert isinstance(ranks(x, subset=100, draws=200), RankLists)
