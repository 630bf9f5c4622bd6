"""The baselines' own mathematics, against answers known by hand or computed slowly."""

import itertools

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from castlist.research.baselines import (
    BASELINES,
    TrackSet,
    _field,
    _shared,
    _sparse,
    bcl,
    c1c,
    cmvfc,
    dbscan,
    diffrac,
    finch,
    hmrf,
    hmrf2,
    mcafc,
    uldml,
    wbslrr,
)
from castlist.research.baselines import chinese_whispers as cw
from castlist.types import Clustering, Constraints, same


def links(pairs, linked=False):
    a, b = np.asarray(pairs, int).reshape(-1, 2).T
    return Constraints(a, b, np.full(len(a), linked), np.zeros(len(a), int))


def equal(a, b):
    return same(Clustering(a), Clustering(b))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def blobs(rng, count=3, each=8, d=6, noise=0.3):
    truth = np.arange(count * each) % count
    return rng.normal(size=(count, d))[truth] * 2 + noise * rng.normal(size=(count * each, d)), truth


# Shared mathematics


@pytest.mark.parametrize("method", ["ward", "average", "complete", "single"])
def test_cut_agrees_with_scipy(rng, method):
    tree = linkage(rng.normal(size=(30, 4)), method)
    for k in (1, 2, 7, 30):
        assert equal(_shared.cut(tree, k), fcluster(tree, k, "maxclust"))


def test_chunk_means_by_hand():
    track_set = TrackSet([[1, 0], [3, 0], [0, 2], [0, 5], [0, 1]], [0, 0, 0, 1, 0], frame=[0, 1, 2, 9, 3])
    x, track = _shared.chunk_means(track_set, 2)
    assert np.allclose(x, [[1, 0], [0, 1], [0, 1]])
    assert track.tolist() == [0, 0, 1]


def test_neighbours_and_pca_against_loops(rng):
    x = rng.normal(size=(40, 5))
    for i, near in enumerate(_shared.neighbours(x, 3)):
        order = np.argsort(((x - x[i]) ** 2).sum(1))
        assert near.tolist() == order[1:4].tolist()
    assert np.allclose(_shared.squared_distances(_shared.pca(x, 5)), _shared.squared_distances(x))
    assert _shared.pca(x, 2).shape == (40, 2)


def test_reconcile_merges_splits_and_places_noise():
    x = np.array([[0.0], [0.1], [5.0], [5.1], [9.0]])
    assert equal(_shared.reconcile(np.array([0, 0, 1, -1, 2]), x, 3), [0, 0, 1, 1, 2])
    assert equal(_shared.reconcile(np.array([0, 1, 2, 3, 4]), x, 2), [0, 0, 1, 1, 1])
    assert equal(_shared.reconcile(np.zeros(5, int), x, 2), [0, 0, 1, 1, 1])
    assert equal(_shared.reconcile(np.full(5, -1), x, 2), [0, 0, 1, 1, 1])


def test_spectral_finds_blocks_of_an_affinity(rng):
    truth = np.array([0, 1, 0, 1, 2, 2, 0])
    affinity = (truth[:, None] == truth) + 0.01
    assert equal(_shared.spectral(affinity, 3, rng), truth)


# DIFFRAC


def test_diffrac_cost_is_that_of_ridge_regression(rng):
    """tr(A M) for an indicator Y is the least ridge cost of predicting Y, one column at a time."""
    x, truth = blobs(rng)
    ridge, n = 2.0, len(x)
    cost, share = diffrac.discriminative_cost(x, np.arange(n), ridge)
    y = (truth[:, None] == np.arange(3)).astype(float)
    centred = x - x.mean(0)
    penalty = ridge * centred.var(0).mean()
    w = np.linalg.solve(centred.T @ centred / n + penalty * np.eye(6), centred.T @ (y - y.mean(0)) / n)
    slow = ((y - y.mean(0) - centred @ w) ** 2).sum() / n + penalty * (w**2).sum()
    assert np.isclose((y * (cost @ y)).sum(), slow)
    assert np.allclose(share, 1 / n)


def test_diffrac_collapses_the_faces_of_a_node(rng):
    x, node = rng.normal(size=(12, 4)), np.repeat(np.arange(4), 3)
    whole, _ = diffrac.discriminative_cost(x, np.arange(12), 1.0)
    small, share = diffrac.discriminative_cost(x, node, 1.0)
    p = (node[:, None] == np.arange(4)).astype(float)
    assert np.allclose(small, p.T @ whole @ p)
    assert np.allclose(share, 0.25)


def test_diffrac_relaxation_keeps_its_constraints(rng):
    x, truth = blobs(rng)
    cost, share = diffrac.discriminative_cost(x, np.arange(24), 1.0)
    apart = np.zeros((24, 24), bool)
    apart[0, 1] = apart[1, 0] = True
    m = diffrac.relax(cost, share, apart, 3, 0.5, 400)
    assert np.allclose(np.diag(m), 1, atol=0.02)
    assert m.min() > -0.02
    assert abs(m[0, 1]) < 0.02
    assert np.linalg.eigvalsh(m - 1 / 3)[0] > -0.3
    assert (m @ share).max() < 0.52
    together = truth[:, None] == truth
    assert m[together].mean() > 2 * m[~together].mean()


def test_diffrac_moves_only_lower_the_cost_and_mend_links(rng):
    x, _ = blobs(rng, noise=2)
    cost, share = diffrac.discriminative_cost(x, np.arange(24), 1.0)
    apart = np.zeros((24, 24), bool)
    for a, b in [(0, 3), (0, 6), (1, 4)]:
        apart[a, b] = apart[b, a] = True
    label, trace = diffrac.improve(rng.integers(0, 3, 24), cost, share, apart, 3, 0.6)
    assert np.all(np.diff(trace) <= 1e-9)
    assert trace[-1] < trace[0]
    assert not (apart & (label[:, None] == label)).any()
    assert np.bincount(label).max() <= 0.6 * 24


# ULDML


def test_logistic_metric_learns_which_direction_matters(rng):
    same, other = rng.normal(size=(300, 3)) * [3, 0.1, 1], rng.normal(size=(300, 3)) * [3, 2.0, 1]
    metric, trace = uldml.logistic_metric(same, other, 3, 60)
    weight = np.diag(metric.T @ metric)
    assert weight[1] > 10 * max(weight[0], weight[2])
    assert trace[-1] < trace[0]
    assert np.all(np.diff(trace) <= 1e-9)


def test_face_pairs_come_from_within_tracks_and_across_cannot_links(rng):
    track_set = TrackSet(np.zeros((7, 2)), [0, 1, 0, 2, 1, 1, 3], links([(0, 1), (2, 1)]))
    own, other = uldml.face_pairs(track_set, 500, rng)
    t = track_set.track
    assert (t[own[:, 0]] == t[own[:, 1]]).all()
    assert {tuple(sorted(p)) for p in t[other].tolist()} == {(0, 1), (1, 2)}


def test_mean_pair_distances_against_a_loop(rng):
    x, track = rng.normal(size=(9, 3)), np.array([0, 0, 1, 1, 1, 2, 2, 2, 2])
    slow = [
        np.mean([((a - b) ** 2).sum() for a in x[track == i] for b in x[track == j]])
        for i, j in itertools.combinations(range(3), 2)
    ]
    assert np.allclose(uldml.mean_pair_distances(x, track, 3), slow)


# HMRF and HMRF2


def test_field_energy_falls_and_keeps_strong_links(rng):
    x, _ = blobs(rng, noise=1.5)
    apart = _field.links(24, np.array([[0, 3], [1, 4]]), 1000.0)
    alike = _field.links(24, np.array([[0, 1], [5, 10]]), 1000.0)
    found = _field.simulated_field(x, 3, alike, apart, rng, restarts=2)
    assert np.all(np.diff(found.energy) <= 1e-6)
    assert found.label[0] != found.label[3]
    assert found.label[1] != found.label[4]
    assert found.label[0] == found.label[1]
    assert found.label[5] == found.label[10]


def test_field_energy_by_hand():
    unary = np.array([[1.0, 5.0], [2.0, 0.5], [3.0, 1.0]])
    alike, apart = _field.links(3, np.array([[0, 1]]), 2.0), _field.links(3, np.array([[1, 2]]), 3.0)
    assert _field._energy(unary, np.array([0, 1, 1]), alike, apart) == 1.0 + 0.5 + 1.0 + 3.0
    assert _field._energy(unary, np.array([0, 0, 1]), alike, apart) == 1.0 + 2.0 + 1.0 - 2.0


def test_greedy_field_matches_a_slow_sweep(rng):
    unary, label = rng.normal(size=(8, 3)), rng.integers(0, 3, 8)
    pairs = np.array(list(itertools.combinations(range(8), 2)))
    w = rng.random(len(pairs))
    alike, apart = _field.links(8, pairs[::2], w[::2]), _field.links(8, pairs[1::2], w[1::2])
    fast, _ = _field._sweep(unary, label, alike, apart, None)
    slow = label.copy()
    for i in range(8):
        energies = []
        for c in range(3):
            slow[i] = c
            energies.append(_field._energy(unary, slow, alike, apart))
        slow[i] = int(np.argmin(energies))
    assert fast.tolist() == slow.tolist()


def test_hmrf_hands_cannot_links_on_to_neighbours():
    track_set = TrackSet(np.zeros((3, 2)), [0, 1, 2], links([(0, 1)]))
    smooth = _field.links(3, np.array([[1, 2]]), 0.5)
    _, apart = hmrf.constraint_field(track_set, smooth, 1.0, 10.0, 0.1)
    assert np.allclose(apart.toarray(), [[0, 10, 0.5], [10, 0, 0], [0.5, 0, 0]])


def test_hmrf2_joins_what_moves_on_smoothly():
    box = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [3, 0, 13, 10], [80, 0, 90, 10]], float)
    track_set = TrackSet(np.ones((4, 2)), [0, 0, 1, 2], links([(1, 2)]), frame=[0, 1, 4, 5], box=box)
    pairs, cost = hmrf2.motion_cost(track_set, 50)
    assert pairs.tolist() == [[0, 1], [0, 2]]
    assert np.isclose(cost[0], (2 / 10) ** 2 / 1.3)
    assert cost[1] > 30
    assert hmrf2.assign(3, pairs, cost, 1.0).tolist() == [0]


def test_hmrf2_assignment_is_the_best_of_all(rng):
    pairs = np.array([(a, b) for a in range(4) for b in range(4) if a < b])
    cost = rng.random(len(pairs)) * 2
    best = min(
        sum(cost[list(chosen)] - 1)
        for size in range(4)
        for chosen in itertools.combinations(range(len(pairs)), size)
        if len({pairs[c][0] for c in chosen}) == size == len({pairs[c][1] for c in chosen})
    )
    assert np.isclose((cost[hmrf2.assign(4, pairs, cost, 1.0)] - 1).sum(), best)


# Sparse and low-rank self-expression


def test_self_expression_lowers_its_objective_and_keeps_zeros(rng):
    x = _shared.unit64(blobs(rng)[0])
    forbidden = np.zeros((24, 24), bool)
    forbidden[0, 3] = forbidden[3, 0] = True
    edges = mcafc._edges(np.array([[0, 3], [1, 4]]), 24)
    c, trace = _sparse.self_expression(x, forbidden, 0.1, edges=edges, fused=0.1, iterations=400)
    assert trace[-1] < trace[0]
    assert np.all(np.diag(c) == 0)
    assert c[0, 3] == c[3, 0] == 0
    for _ in range(20):  # no small change that is allowed is better
        other = c + 0.01 * rng.normal(size=c.shape) * (c != 0)
        assert _sparse.objective(x, other, 0.1, edges, 0.1) > trace[-1] - 1e-3


def test_self_expression_without_links_is_the_lasso(rng):
    from sklearn.linear_model import Lasso

    x = _shared.unit64(rng.normal(size=(8, 20)))
    c, _ = _sparse.self_expression(x, np.zeros((8, 8), bool), 0.05, iterations=1500)
    others = np.arange(1, 8)
    oracle = Lasso(0.05 / 20, fit_intercept=False, tol=1e-8, max_iter=10000).fit(x[others].T, x[0])
    assert np.allclose(c[others, 0], oracle.coef_, atol=1e-3)


def test_mcafc_draws_linked_columns_together(rng):
    x = _shared.unit64(rng.normal(size=(8, 20)))
    edges = mcafc._edges(np.array([[0, 1]]), 8)
    free, tied = (
        _sparse.self_expression(x, np.zeros((8, 8), bool), 0.02, edges=edges, fused=w, iterations=1500)[0]
        for w in (0.0, 5.0)
    )
    gap = [np.abs(np.delete(c, [0, 1], 0)[:, 0] - np.delete(c, [0, 1], 0)[:, 1]).sum() for c in (free, tied)]
    assert gap[1] < 0.2 * gap[0]


def test_forbidden_pairs_pass_through_must_links():
    both = Constraints([0, 1], [1, 2], [True, False], [0, 0])
    found = mcafc.forbidden_pairs(TrackSet(np.zeros((4, 1)), range(4), both))
    assert np.argwhere(np.triu(found)).tolist() == [[0, 2], [1, 2]]


def test_cmvfc_views_come_to_agree(rng):
    a, b = ((g := rng.random((12, 12))) + g.T for _ in range(2))
    none = np.zeros((12, 12), bool)
    laplacians = [cmvfc.constrained_laplacian(w, none, none, 1, 1) for w in (a, b)]
    alone, _ = cmvfc.co_regularise(laplacians, 3, 0.0, 3)
    agreed, trace = cmvfc.co_regularise(laplacians, 3, 1.0, 10)
    assert np.all(np.diff(trace) <= 1e-9)
    shared = [((u.T @ w) ** 2).sum() for u, w in (alone, agreed)]
    assert shared[1] > shared[0] + 0.5


def test_cmvfc_laplacian_by_hand():
    linked, apart = np.zeros((2, 3, 3), bool)
    linked[0, 1] = linked[1, 0] = True
    apart[0, 2] = apart[2, 0] = True
    u = np.array([1.0, 2.0, -1.0])
    extra = cmvfc.constrained_laplacian(np.ones((3, 3)), linked, apart, 2.0, 3.0)
    plain = cmvfc.constrained_laplacian(np.ones((3, 3)), linked, apart, 0.0, 0.0)
    assert np.isclose(u @ (extra - plain) @ u, 2 * (1 - 2) ** 2 + 3 * (1 - 1) ** 2)


def test_wbslrr_shrinkages_are_proximal(rng):
    m = rng.normal(size=(6, 6))
    u, s, v = np.linalg.svd(m)
    assert np.allclose(wbslrr.shrink_rank(m, 0.7), u @ np.diag(np.maximum(s - 0.7, 0)) @ v)
    block, by = np.array([0, 0, 1, 1, 1, 2]), rng.random((3, 3)) * 3
    found = wbslrr.block_shrink(m, block, by)
    for a, b in itertools.product(range(3), repeat=2):
        part = m[np.ix_(block == a, block == b)]
        norm = np.linalg.norm(part)
        assert np.allclose(found[np.ix_(block == a, block == b)], part * max(1 - by[a, b] / norm, 0))


def test_wbslrr_meets_its_equations(rng):
    x, _ = blobs(rng, each=4)
    weight = np.full((12, 12), 0.02)
    weight[0, 3] = weight[3, 0] = 10.0
    z, trace = wbslrr.low_rank_representation(_shared.unit64(x), np.arange(12), weight, 0.5, 120)
    assert trace[-1] < 1e-3
    assert trace[-1] < trace[0]
    assert z[0, 3] == z[3, 0] == 0


# First neighbours


def test_finch_by_hand():
    x = _shared.unit64(np.array([[1, 0], [1, 0.1], [1, 0.25], [0, 1], [0.1, 1], [-1, 0], [-1, 0.1]]))
    assert equal(finch.finch_levels(x)[0], [0, 0, 0, 1, 1, 2, 2])


def test_finch_levels_against_the_definition(rng):
    x = _shared.unit64(rng.normal(size=(40, 5)))
    cosine = x @ x.T - 2 * np.eye(40)
    near = cosine.argmax(1)
    i, j = np.mgrid[:40, :40]
    adjacent = (near[i] == j) | (near[j] == i) | (near[i] == near[j])
    label = np.arange(40)
    for _ in range(40):
        label = np.array([label[adjacent[a]].min() for a in range(40)])
    levels = finch.finch_levels(x)
    assert equal(levels[0], label)
    for fine, coarse in itertools.pairwise(levels):
        assert all(len(set(coarse[fine == c])) == 1 for c in range(fine.max() + 1))


# What finch-clust 0.2.3 of PyPI gives, FINCH(x, req_clust=people, verbose=False), for rows x at length 1:
# items, people, dimensions, spread; clusters of the levels; sizes in the last one; sizes of `people` clusters
AUTHORS = [
    (
        (60, 5, 8, 0.6), [15, 4, 2], [31, 29],
        [21, 17, 14, 4, 4],
    ),
    (
        (200, 12, 16, 0.8), [35, 10, 4, 2], [109, 91],
        [36, 25, 21, 19, 18, 18, 15, 13, 11, 11, 10, 3],
    ),
    (
        (40, 3, 4, 0.5), [11, 4], [12, 12, 10, 6],
        [18, 12, 10],
    ),
    (
        (300, 20, 16, 1.0), [56, 14, 4], [98, 88, 66, 48],
        [47, 40, 20, 19, 18, 17, 17, 16, 16, 15, 15, 11, 11, 9, 9, 9, 4, 3, 2, 2],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "case"), list(enumerate(AUTHORS)))
def test_finch_gives_the_partitions_of_the_authors_package(seed, case):
    (items, people, dimensions, spread), counts, last, given = case
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=(people, dimensions))
    x = _shared.unit64(centre[rng.integers(0, people, items)] + spread * rng.normal(size=(items, dimensions)))
    assert [level.max() + 1 for level in finch.finch_levels(x)] == counts
    tracks = TrackSet(x.astype(np.float32), np.arange(items), Constraints.empty())
    for k, sizes in ((None, last), (people, given)):
        label = finch.FINCH().labels(tracks, k, rng)
        assert sorted(np.unique(label, return_counts=True)[1].tolist(), reverse=True) == sizes


def test_a_level_of_one_cluster_counts_only_if_it_is_the_first():
    """Three pairs of neighbours; the next level would join them all."""
    degrees = np.deg2rad([0, 1, 20, 21, 180, 181])
    x = np.stack([np.cos(degrees), np.sin(degrees)], 1)
    assert [level.tolist() for level in finch.finch_levels(x)] == [[0, 0, 1, 1, 2, 2]]
    assert [level.tolist() for level in finch.finch_levels(x[:2])] == [[0, 0]]


def test_clusters_are_merged_by_the_cosine_of_their_means():
    """The long vector lies far from both others, but in the direction of the second."""
    x = np.array([[1.0, 0.4], [1.0, 1.0], [9.0, 8.0]])
    assert equal(finch.merge_closest(np.arange(3), x, 2), [0, 0, 1])
    assert equal(finch.merge_closest(np.arange(3), x, 2, distance=finch.cosine_distances), [0, 1, 1])


def test_merge_closest_by_hand():
    x = np.array([[0.0], [1.0], [1.5], [9.0]])
    assert equal(finch.merge_closest(np.arange(4), x, 3), [0, 1, 1, 2])
    foes = np.zeros((4, 4), bool)
    foes[1, 2] = foes[2, 1] = True
    assert equal(finch.merge_closest(np.arange(4), x, 3, foes), [0, 0, 1, 2])
    assert equal(finch.merge_closest(np.arange(4), x, 2, foes), [0, 0, 1, 1])
    assert equal(finch.merge_closest(np.arange(4), x, 2), [0, 0, 0, 1])


def test_c1c_splits_at_the_weakest_link():
    x = np.array([0.0, 1.0, 2.5, 3.4])
    distance = np.abs(x[:, None] - x)
    edge = np.abs(np.arange(4)[:, None] - np.arange(4)) == 1
    assert c1c.split_by_min_cut(distance, edge, 0, 3).tolist() == [False, False, True, True]


@pytest.mark.parametrize("seed", range(5))
def test_c1c_keeps_every_cannot_link_at_every_level(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 4))
    cannot = np.array([p for p in itertools.combinations(range(60), 2) if rng.random() < 0.03])
    for level in c1c.c1c_levels(x, np.arange(60), cannot):
        assert (level[cannot[:, 0]] != level[cannot[:, 1]]).all()
    free = [np.unique(lv).size for lv in c1c.c1c_levels(x, np.arange(60), cannot[:0])]
    assert free == sorted(free, reverse=True)


def test_c1c_starts_from_must_links_and_gives_up_links_only_for_k(rng):
    x, _ = blobs(rng, each=3)
    track_set = TrackSet(x, range(9), Constraints([0, 0, 1], [1, 2, 2], [True, False, False], [0, 0, 0]))
    found = BASELINES["c1c"]()(track_set, 2).label
    assert found[0] == found[1]
    assert found[0] != found[2]
    assert len(set(BASELINES["c1c"]()(track_set, 1).label)) == 1


# What users run


def test_chinese_whispers_on_two_cliques(rng):
    near = [np.array(p) for p in ([1, 2], [0, 2], [0, 1, 3], [2, 4, 5], [3, 5], [3, 4])]
    weight = [np.where((i < 3) == (p < 3), 1.0, 0.1) for i, p in enumerate(near)]
    assert equal(cw.whisper(near, weight, 50, rng), [0, 0, 0, 1, 1, 1])


def test_dbscan_rule_lets_the_stated_share_of_cannot_links_match(rng):
    x = _shared.unit64(rng.normal(size=(60, 8)))
    pairs = np.array(list(itertools.combinations(range(30), 2)))
    track_set = TrackSet(x, range(60), links(pairs))
    limit = dbscan.calibrated_distance(track_set, 0.1)
    apart = np.linalg.norm(x[pairs[:, 0]] - x[pairs[:, 1]], axis=1)
    assert abs((apart < limit).mean() - 0.1) < 0.01


def test_dbscan_is_scikit_learns(rng):
    from sklearn.cluster import DBSCAN

    x, _ = blobs(rng, noise=0.6)
    found = BASELINES["dbscan"](eps=0.4)(TrackSet(x, range(24)), None)
    oracle = DBSCAN(eps=0.4, min_samples=3).fit_predict(_shared.unit64(x.astype(np.float32)))
    assert same(found, Clustering(oracle))


def test_ball_clusters_stop_at_the_limit():
    x = np.array([[0.0], [1.0], [10.0]])
    assert equal(bcl.complete_until(x, 1.5, None), [0, 0, 1])
    assert equal(bcl.complete_until(x, 0.5, None), [0, 1, 2])
    assert equal(bcl.complete_until(x, 0.5, 2), [0, 0, 1])
