"""The miners against slow, obvious loops."""

import numpy as np
import pytest

from castlist.refine.miners import PseudoRFMiner, SSiamMiner, SubsetMiner, TSiamMiner, quality_strata
from castlist.refine.miners.cross import reciprocal_partners
from castlist.refine.miners.ssiam import batch_sizes
from castlist.refine.miners.tsiam import farthest
from castlist.refine.ranks import Direct, RankLists


def features(n=80, d=5, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def loop_ssiam(x, drawn, positives, negatives):
    """The publication's mining, one anchor at a time, in double precision."""
    near, far = [], []
    for i, row in enumerate(drawn):
        distance = [np.linalg.norm(x[row].astype(float) - x[other].astype(float)) for other in drawn]
        order = sorted((d, j) for j, d in enumerate(distance) if j != i)
        near.append((order[0][0], row, drawn[order[0][1]]))
        far.append((order[-1][0], row, drawn[order[-1][1]]))
    by_far = sorted(range(len(drawn)), key=lambda i: -near[i][0])[:positives]
    by_near = sorted(range(len(drawn)), key=lambda i: far[i][0])[:negatives]
    return [near[i][1:] for i in by_far], [far[i][1:] for i in by_near]


def split(pairs):
    both = np.stack([pairs.a, pairs.b], 1)
    return [tuple(p) for p in both[pairs.same]], [tuple(p) for p in both[~pairs.same]]


@pytest.mark.parametrize(("n", "subset"), [(80, 60), (400, 50), (30, 30)])
@pytest.mark.parametrize("ranks", [Direct, lambda x: RankLists(x, len(x) // 4)])
def test_ssiam_takes_the_pairs_of_the_obvious_loop(n, subset, ranks):
    x = features(n)
    batches = list(SSiamMiner(ranks(x), n, subset, batch=16, epochs=2)(np.random.default_rng(1)))
    draws = np.random.default_rng(1)
    for pairs in batches:
        drawn = draws.integers(n, size=subset)
        expected = loop_ssiam(x, drawn, len(pairs) // 2, len(pairs) - len(pairs) // 2)
        for found, wanted in zip(split(pairs), expected, strict=True):
            assert sorted(found) == sorted(wanted)
    assert len(batches) == 2 * -(-n // 16)


def test_epoch_is_ceil_of_rows_by_batch():
    assert list(batch_sizes(10, 4, 2)) == [4, 4, 2, 4, 4, 2]
    sizes = list(batch_sizes(41_220, 128, 15))
    assert len(sizes) == 4_845
    assert sizes[322] == 4
    assert len(SSiamMiner(Direct(features(5)), 41_220)) == 4_845


def test_pseudo_rf_takes_nearest_and_farthest_of_unranked_anchors():
    x = features(100)
    pairs = next(PseudoRFMiner(Direct(x), 100, subset=40, batch=30, epochs=1)(np.random.default_rng(2)))
    drawn = np.random.default_rng(2).integers(100, size=40)
    everyone = [dict(pairs) for pairs in loop_ssiam(x, drawn, 40, 40)]
    for found, known, anchors in zip(split(pairs), everyone, (drawn[:15], drawn[15:30]), strict=True):
        assert found == [(a, known[a]) for a in anchors]


def tracks(sizes):
    return np.repeat(np.arange(len(sizes)), sizes)


def test_tsiam_pairs_of_three_tracks_by_hand():
    """Tracks 0 and 1 are seen together, 2 is alone; the farthest track from 2 is 0."""
    x = np.array([[0.0], [0.1], [5.0], [5.1], [5.2], [9.0]], np.float32)
    miner = TSiamMiner.from_features(x, tracks([2, 3, 1]), np.array([[0, 1]]), far_tracks=1, epochs=1)
    positive, negative = (f(np.random.default_rng(0)) for f in (miner.draw_positive, miner.draw_negative))
    assert len(positive) == 2 * 5  # the lone frame of track 2 has none
    assert len(negative) == 4 * 6
    group = tracks([2, 3, 1])
    assert (group[positive[:, 0]] == group[positive[:, 1]]).all()
    assert (positive[:, 0] != positive[:, 1]).all()
    partners = {(a, b) for a, b in group[negative].tolist()}
    assert partners == {(0, 1), (1, 0), (2, 0)}
    left_out = TSiamMiner.from_features(x, tracks([2, 3, 1]), np.array([[0, 1]]), singletons=False, epochs=1)
    assert set(group[left_out.draw_negative(np.random.default_rng(0))][:, 0]) == {0, 1}


def test_tsiam_draws_uniformly_over_frames():
    """A frame of track 0 meets the 1 + 4 frames of tracks 1 and 2 equally often, in any row order."""
    order = np.random.default_rng(5).permutation(7)
    track = tracks([2, 1, 4])[order]
    x = features(7)
    cannot = np.array([[0, 1], [2, 0], [1, 0]])
    miner = TSiamMiner.from_features(x, track, cannot, negatives=5000, positives=2000, epochs=1)
    negative = miner.draw_negative(np.random.default_rng(0))
    assert not (track[negative[:, 0]] == track[negative[:, 1]]).any()
    row = np.flatnonzero(track == 0)[0]
    met = np.bincount(negative[negative[:, 0] == row, 1], minlength=7)
    assert (met[track == 0] == 0).all()
    np.testing.assert_allclose(met[track != 0], 1000, rtol=0.15)
    positive = miner.draw_positive(np.random.default_rng(0))
    row = np.flatnonzero(track == 2)[0]
    met = np.bincount(positive[positive[:, 0] == row, 1], minlength=7)
    assert met[row] == 0
    np.testing.assert_allclose(met[(track == 2) & (np.arange(7) != row)], 2000 / 3, rtol=0.15)


def test_tsiam_epoch_holds_every_pair_once_in_batches():
    x = features(60)
    miner = TSiamMiner.from_features(x, tracks([20, 25, 15]), np.array([[0, 2]]), epochs=2, batch=50)
    batches = list(miner(np.random.default_rng(0)))
    assert len(batches) == len(miner) == 2 * 8
    assert sum(len(p) for p in batches) == 2 * 6 * 60
    assert sum(p.same.sum() for p in batches) == 2 * 2 * 60
    again = list(miner(np.random.default_rng(0)))
    assert all((p.a == q.a).all() and (p.b == q.b).all() for p, q in zip(batches, again, strict=True))


def test_farthest_tracks_equal_a_loop():
    mean = features(30, 4).astype(float)
    for t, found in zip([3, 17], farthest(mean, np.array([3, 17]), 6), strict=True):
        distance = np.linalg.norm(mean - mean[t], axis=1)
        assert set(found) == set(np.argsort(-distance)[:6])
    assert [len(f) for f in farthest(mean, np.array([0]), 99)] == [29]
    alike = np.repeat(
        mean[:1], 4, 0
    )  # a still picture shown four times: none is farther than the track itself
    assert [f.tolist() for f in farthest(alike, np.array([0, 2]), 25)] == [[1, 2, 3], [0, 1, 3]]


def loop_nearest(x, drawn):
    """Of each drawn row, its nearest and its farthest other drawn row, with their distances."""
    found = {}
    for a in drawn:
        distance = sorted(
            (np.linalg.norm(x[a].astype(float) - x[b].astype(float)), b) for b in drawn if b != a
        )
        found[a] = (distance[0], distance[-1])
    return found


def test_quality_strata_are_equally_full_and_rise_with_quality():
    quality = np.random.default_rng(0).random(83)
    stratum = quality_strata(quality, 8)
    assert set(np.bincount(stratum).tolist()) == {10, 11}
    assert all(quality[stratum == s].max() < quality[stratum == s + 1].min() for s in range(7))


def test_ranked_within_quality_takes_the_hardest_of_each_stratum():
    x, n = features(64), 64
    stratum = np.arange(n) % 4
    miner = SubsetMiner(Direct(x), n, stratum, subset=n, batch=16, epochs=1)
    positive, negative = split(next(miner(np.random.default_rng(1))))
    known = loop_nearest(x, range(n))
    for pairs, end, sign in ((positive, 0, -1), (negative, 1, 1)):
        assert sorted(stratum[[a for a, _ in pairs]].tolist()) == [0, 0, 1, 1, 2, 2, 3, 3]
        for s in range(4):
            hardest = sorted(np.flatnonzero(stratum == s), key=lambda a: sign * known[a][end][0])[:2]
            assert sorted(a for a, _ in pairs if stratum[a] == s) == sorted(hardest)
        assert all(b == known[a][end][1] for a, b in pairs)


def test_reciprocal_positives_are_each_others_nearest_and_no_row_is_its_own():
    x = features(200)
    miner = SubsetMiner(Direct(x), 200, reciprocal=True, subset=90, batch=32, epochs=3)
    batches = list(miner(np.random.default_rng(2)))
    assert len(batches) == len(miner)
    draws = np.random.default_rng(2)
    for pairs in batches:
        known = loop_nearest(x, draws.permutation(200)[:90].tolist())
        positive, negative = split(pairs)
        assert positive
        assert all(known[a][0][1] == b and known[b][0][1] == a for a, b in positive)
        assert all(known[a][1][1] == b for a, b in negative)


def test_reciprocal_partners_are_of_other_tracks_that_may_be_one_person():
    """By the obvious loop over all pairs of rows."""
    x, track = features(60, d=4), np.repeat(np.arange(12), 5)
    cannot = np.array([[0, 1], [2, 7], [3, 4]])
    unit = x / np.linalg.norm(x, axis=1)[:, None]
    apart = {(a, b) for a, b in cannot.tolist()} | {(b, a) for a, b in cannot.tolist()}

    def nearest(i):
        others = [j for j in range(60) if track[j] != track[i] and (track[i], track[j]) not in apart]
        return max(others, key=lambda j: unit[i] @ unit[j])

    wanted = [nearest(i) if nearest(nearest(i)) == i else -1 for i in range(60)]
    assert reciprocal_partners(x, track, cannot).tolist() == wanted
    assert -1 in wanted
    assert max(wanted) >= 0


def test_a_quarter_of_tsiams_positives_crosses_tracks():
    x, track = features(120, d=3), tracks([6] * 20)
    plain = TSiamMiner.from_features(x, track, np.zeros((0, 2), np.int64))
    crossed = TSiamMiner.from_features(x, track, np.zeros((0, 2), np.int64), cross=0.25)
    assert len(plain) == len(crossed)
    pairs = crossed.draw_positive(np.random.default_rng(0))
    across = track[pairs[:, 0]] != track[pairs[:, 1]]
    assert across.mean() == 0.25
    assert (crossed.partner[pairs[across, 0]] == pairs[across, 1]).all()
