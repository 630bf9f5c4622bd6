"""The baselines that train a network: their losses by hand, and that training does what they say."""

import builtins

import numpy as np
import pytest

from castlist.errors import MissingExtra
from castlist.research.baselines import (
    BASELINES,
    TrackSet,
    _contrast,
    _convolution,
    _field,
    _head,
    _shared,
    bcl,
    ccl,
    fgg,
    imp_triplet,
    jfac,
    videoclusternet,
)
from castlist.types import Clustering, Constraints, same

torch = pytest.importorskip("torch")


def links(pairs, linked=False):
    a, b = np.asarray(pairs, int).reshape(-1, 2).T
    return Constraints(a, b, np.full(len(a), linked), np.zeros(len(a), int))


def noisy(seed=0, people=3, tracks=18, faces=6, noise=1.5):
    """Identity in the first numbers of a face, a strong nuisance that changes within tracks in the others."""
    rng = np.random.default_rng(seed)
    truth = np.arange(tracks) % people
    x = np.zeros((tracks, faces, 12))
    x[..., :4] = rng.normal(size=(people, 4))[truth][:, None]
    x[..., 4:] = noise * rng.normal(size=(tracks, faces, 8))
    pairs = [(a, a + 1) for a in range(tracks - 1)] + [(a, a + 2) for a in range(tracks - 2)]
    return TrackSet(x.reshape(-1, 12), np.repeat(np.arange(tracks), faces), links(pairs)), truth


def gap(x, truth):
    """Mean distance of two people's tracks, of the mean distance of one person's."""
    d = np.sqrt(_shared.squared_distances(x))
    together = truth[:, None] == truth
    np.fill_diagonal(d, np.nan)
    return np.nanmean(d[~together]) / np.nanmean(d[together])


def test_improved_triplet_loss_by_hand():
    a, p, n = (torch.tensor([[v]]) for v in (0.0, 1.0, 3.0))
    # d(a, p) = 1, d(a, n) = 9, d(p, n) = 4: [1 + m - 6.5]_+ + w [1 - r]_+
    assert float(imp_triplet.improved_triplet_loss(a, p, n, 7.0, 0.5, 2.0)) == 1.5 + 1.0
    assert float(imp_triplet.improved_triplet_loss(a, p, n, 1.0, 2.0, 2.0)) == 0.0


def test_contrastive_loss_by_hand():
    a, b = torch.tensor([[0.0], [0.0], [0.0]]), torch.tensor([[2.0], [0.4], [3.0]])
    found = _contrast.contrastive_loss(a, b, torch.tensor([1.0, 0.0, 0.0]), 1.0)
    assert float(found) == pytest.approx((4 + 0.36 + 0) / 3)


def test_ball_loss_by_hand():
    f = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    own = torch.tensor([0, 0, 1])
    # every face at its centre; the other centre at squared distance 2: 9 b + 0.05 - 2
    assert float(bcl.ball_loss(torch, f, own, torch.tensor(0.5))) == pytest.approx(4.55 - 2)
    assert float(bcl.ball_loss(torch, f, own, torch.tensor(0.1))) == 0.0
    spread = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    centre = 2 - 2**0.5  # squared distance of both to their mean at length 1
    found = bcl.ball_loss(torch, spread, torch.tensor([0, 0]), torch.tensor(0.1))
    assert float(found) == pytest.approx(4 * (centre - 0.1))


def test_head_starts_as_a_rotation():
    x = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    layer = _head.rotation(x, 512)
    assert np.allclose(layer @ layer.T, np.eye(8), atol=1e-5)
    assert np.allclose(_shared.squared_distances(x @ layer.T), _shared.squared_distances(x), atol=1e-3)
    assert _head.rotation(x, 3).shape == (3, 8)


@pytest.mark.parametrize("name", ["imp-triplet", "ccl"])
def test_heads_learn_to_tell_people_from_nuisance(name, monkeypatch):
    track_set, truth = noisy()
    seen = []
    module = {"imp-triplet": imp_triplet, "ccl": ccl}[name]
    monkeypatch.setattr(module, "hac", lambda x, k, how: seen.append(x) or _shared.hac(x, k, how))
    found = BASELINES[name](steps=300, rate=1e-3)(track_set, 3)
    assert gap(seen[0], truth) > 1.3 * gap(_shared.track_set_means(track_set), truth)
    if name == "imp-triplet":  # CCL also learns the mistakes of its first clusters
        assert same(found, Clustering(truth))


def test_training_on_pairs_lowers_its_loss():
    track_set, _ = noisy()
    x = _shared.unit64(track_set.features).astype(np.float32)
    ccl = BASELINES["ccl"](steps=200, batch=64, rate=1e-3)
    itself, start = _contrast.itself(18, 1), _head.rotation(x, 12)
    _, trace = ccl.train(track_set, x, start, itself, track_set.constraints.cannot, np.random.default_rng(0))
    assert np.mean(trace[-20:]) < 0.8 * np.mean(trace[:20])


def test_nothing_is_trained_without_negatives():
    track_set, _ = noisy()
    start, none = np.eye(12, dtype=np.float32), np.zeros((0, 2), np.int64)
    layer, trace = BASELINES["ccl"]().train(
        track_set, track_set.features, start, _contrast.itself(18, 1), none, np.random.default_rng(0)
    )
    assert layer is start
    assert trace == []


def test_training_pairs_keep_cannot_links_and_show_them_as_often_as_guesses():
    alike, apart = _contrast.training_pairs(
        [_contrast.itself(3, 2), np.array([[0, 1], [1, 0], [0, 2]])],
        np.array([[1, 2], [0, 2], [1, 2], [0, 2]]),
        np.array([[0, 1], [2, 1]]),
        3,
    )
    assert alike.tolist() == [[0, 0], [0, 0], [1, 1], [1, 1], [2, 2], [2, 2], [0, 2]]
    assert apart.tolist() == [[0, 1], [0, 1], [2, 1], [2, 1], [1, 2], [0, 2], [1, 2], [0, 2]]


def test_jfac_takes_only_sure_pairs_and_keeps_cannot_links():
    track_set = TrackSet(np.zeros((4, 2)), range(4), links([(0, 1)]))
    found = _field.Field(
        np.array([0, 0, 1, 1]), np.array([[0.99, 0.01], [0.99, 0.01], [0.01, 0.99], [0.5, 0.5]])
    )
    alike, apart = jfac.confident_pairs(track_set, found, 0.9, np.random.default_rng(0), 1000)
    assert {tuple(p) for p in alike.tolist()} == {(i, i) for i in range(4)}
    assert {tuple(sorted(p)) for p in apart.tolist()} == {(0, 1), (0, 2), (1, 2)}


def test_ccl_pairs_come_from_clusters_and_far_clusters():
    x = np.array([[0.0], [0.1], [1.0], [1.1], [5.0], [5.1], [9.0], [9.1]])
    label = np.arange(8) // 2
    alike, apart = ccl.cluster_pairs(x, label, np.array([[0, 1]]), np.random.default_rng(0))
    assert all(label[a] == label[b] for a, b in alike)
    assert not any({a, b} == {0, 1} for a, b in alike.tolist())
    guessed = apart[~((apart == [0, 1]).all(1))]
    assert (label[guessed[:, 0]] != label[guessed[:, 1]]).all()
    assert not any({label[a], label[b]} == {0, 1} for a, b in guessed)


def test_bcl_learns_balls_whose_size_tells_the_number_of_people():
    rng = np.random.default_rng(1)
    truth = np.arange(24) % 4
    features = np.repeat(rng.normal(size=(4, 12))[truth] + 0.15 * rng.normal(size=(24, 12)), 4, 0)
    together = links([(g + a, g + b) for g in range(0, 24, 4) for a in range(4) for b in range(a)])
    track_set = TrackSet(features, np.repeat(np.arange(24), 4), together)
    found = BASELINES["bcl"](steps=150, batch=96)(track_set, None)
    assert same(found, Clustering(truth))


def test_fgg_graph_by_hand():
    """Tracks 0 (in two pieces) and 1 are cannot-linked; 2, 3 and 4 stand alone, 2 and 3 alike."""
    x = _shared.unit64(np.array([[1, 0], [1, 0.1], [0, 1], [1, 1], [1, 1.1], [-1, 1]], float))
    track = np.array([0, 0, 1, 2, 3, 4])
    track_set = TrackSet(x, track, links([(0, 1)]))
    (must, must_weight), (cannot, cannot_weight) = fgg.link_graph(x, track, track_set, 0.67)
    assert must.tolist() == [[0, 1], [3, 4]]
    assert cannot[:2].tolist() == [[0, 2], [1, 2]]
    assert set(cannot[2].tolist()) <= {3, 4, 5}
    assert 5 in cannot[2]
    assert must_weight[1] == pytest.approx(x[3] @ x[4])
    assert cannot_weight.min() >= 0.01


def test_fgg_loss_falls_and_its_adjacency_is_normalised():
    track_set, _ = noisy()
    x, track = _shared.chunk_means(track_set, 2)
    must, cannot = fgg.link_graph(x, track, track_set, 0.03)
    dense = _convolution.adjacency(torch, len(x), *must).to_dense().numpy()
    plain = np.eye(len(x))
    plain[must[0][:, 0], must[0][:, 1]] = plain[must[0][:, 1], must[0][:, 0]] = must[1]
    scale = 1 / np.sqrt(plain.sum(1))
    assert np.allclose(dense, plain * scale * scale[:, None], atol=1e-6)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        _, trace = fgg.FGG()._train(torch, _convolution.network(torch, x.shape[1]), x, must, cannot)
    assert len(trace) == 30
    assert trace[-1] < trace[0]


def test_videoclusternet_matches_tracks_that_overlap():
    rng = np.random.default_rng(0)
    track = np.repeat(np.arange(3), 30)
    x = np.array([[0.0, 0], [0, 0], [9, 0]])[track] + 0.3 * rng.normal(size=(90, 2))
    assert videoclusternet.match_tracks(x, track, 3).tolist() == [[0, 1]]


def test_videoclusternet_merges_under_the_loss_inside():
    sharp = np.array([[0.98, 0.01, 0.01]] * 4 + [[0.97, 0.02, 0.01]] * 2 + [[0.01, 0.01, 0.98]] * 4)
    track = np.repeat(np.arange(5), 2)
    found = videoclusternet.merge_by_loss(sharp, np.log(sharp), track, None)
    assert same(Clustering(found), Clustering([0, 0, 0, 1, 1]))
    found = videoclusternet.merge_by_loss(sharp, np.log(sharp), track, 2)
    assert same(Clustering(found), Clustering([0, 0, 0, 1, 1]))


def test_training_leaves_torchs_random_state_alone():
    track_set, _ = noisy()
    before = torch.random.get_rng_state()
    for name, quick in (("bcl", {"steps": 3}), ("fgg", {"epochs": 2}), ("videoclusternet", {"steps": 2})):
        BASELINES[name](**quick)(track_set, 3)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("name", ["imp-triplet", "jfac", "ccl", "bcl", "fgg", "videoclusternet"])
def test_without_torch_says_what_to_install(name, monkeypatch):
    real = builtins.__import__

    def without(module, *rest, **more):
        if module == "torch":
            raise ImportError(module)
        return real(module, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    track_set, _ = noisy()
    with pytest.raises(MissingExtra, match="pip install 'torch"):
        BASELINES[name]()(track_set, 3)
