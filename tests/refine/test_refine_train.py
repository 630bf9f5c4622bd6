"""The network's hand-written gradient and the training loop against torch's autograd and SGD."""

import numpy as np
import pytest

from castlist.refine.losses import Contrastive
from castlist.refine.network import Network, first_layer
from castlist.refine.pairs import Pairs
from castlist.refine.train import SGD, train

torch = pytest.importorskip("torch")


def some(rng, rows=30, d=7, hidden=11):
    x = rng.standard_normal((rows, d)).astype(np.float32)
    network = Network.start(x, hidden=hidden, output=2, first="he", rng=rng)
    network.b1 += rng.standard_normal(hidden).astype(np.float32)
    return x, network


def batches(rng, rows, count, size):
    for _ in range(count):
        a, b = rng.integers(rows, size=(2, size))
        yield Pairs(a, b, np.arange(size) < size // 2)


def torch_loss(a, b, same, margin, mean, guard):
    """The contrastive loss whose gradient has the guard: for guard 0 the textbook one."""
    squared = ((a - b) ** 2).sum(1)
    distance = torch.where(squared > 0, squared, 1.0).sqrt() * (squared > 0)
    inside = distance.clamp(max=margin)

    def primitive(t):
        log = torch.log(t + guard) if guard else 0.0
        return -2 * (margin * t - t * t / 2 - guard * ((margin + guard) * log - t))

    negative = primitive(inside) - primitive(torch.full_like(inside, margin))
    loss = same * squared + (1 - same) * negative
    return loss.mean() if mean else loss.sum()


@pytest.mark.parametrize("guard", [0.0, 1e-4, 0.3])
@pytest.mark.parametrize("mean", [True, False])
@pytest.mark.parametrize("margin", [1.0, 2.5])
def test_trajectory_equals_torch_sgd(guard, mean, margin):
    rng = np.random.default_rng(3)
    x, network = some(rng)
    rate = 0.05 if mean else 0.004
    weights = [torch.tensor(w.copy(), dtype=torch.float64, requires_grad=True) for w in network.parts]
    sgd = torch.optim.SGD(weights, lr=rate, momentum=0.9, weight_decay=5e-4)
    there = torch.tensor(x, dtype=torch.float64)
    drawn = [p[p.a != p.b] for p in batches(rng, len(x), 25, 12)]
    theirs = []
    for pairs in drawn:
        w1, b1, w2, b2 = weights
        a, b = (torch.relu(there[rows.copy()] @ w1 + b1) @ w2 + b2 for rows in (pairs.a, pairs.b))
        loss = torch_loss(a, b, torch.tensor(pairs.same.copy(), dtype=torch.float64), margin, mean, guard)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        theirs.append(loss.item())
    loss = Contrastive(margin, mean, guard)
    ours = list(train(network, x, drawn, loss=loss, optimiser=SGD(rate, 0.9, 5e-4)))
    for mine, yours in zip(network.parts, weights, strict=True):
        np.testing.assert_allclose(mine, yours.detach().numpy(), rtol=2e-4, atol=2e-5)
    if guard == 0:
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_weights_moved_block_by_block_move_as_at_once(monkeypatch):
    rng = np.random.default_rng(5)
    x, network = some(rng, d=41)
    whole = Network(*(w.copy() for w in network.parts))
    drawn = list(batches(rng, 30, 9, 16))
    list(train(whole, x, drawn, loss=Contrastive(), optimiser=SGD(0.1)))
    monkeypatch.setattr("castlist.refine.train.CACHED", 30)  # two rows of 11 at once, and a last one
    list(train(network, x, drawn, loss=Contrastive(), optimiser=SGD(0.1)))
    for moved, expected in zip(network.parts, whole.parts, strict=True):
        assert np.array_equal(moved, expected)


def test_torch_tensors_run_the_same_lines():
    rng = np.random.default_rng(4)
    x, network = some(rng)
    other = Network(*(torch.tensor(w.copy()) for w in network.parts))
    drawn = list(batches(rng, len(x), 10, 8))
    options = {"loss": Contrastive(), "optimiser": SGD(0.1)}
    ours = list(train(network, x, drawn, **options))
    place = lambda a: torch.from_numpy(np.ascontiguousarray(a))  # noqa: E731
    theirs = list(train(other, torch.tensor(x), drawn, place=place, **options))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    for mine, yours in zip(network.parts, other.parts, strict=True):
        np.testing.assert_allclose(mine, yours.numpy(), rtol=1e-4, atol=1e-6)


def test_a_row_in_many_pairs_is_as_if_it_were_many_rows():
    rng = np.random.default_rng(8)
    x, network = some(rng, rows=4)
    other = Network(*(w.copy() for w in network.parts))
    a, b = np.array([0, 0, 0, 1, 2]), np.array([1, 2, 3, 1, 0])
    same = np.array([True, False, True, True, False])
    once = train(network, x, [Pairs(a, b, same)], loss=Contrastive(), optimiser=SGD(0.1))
    apart = Pairs(np.arange(5), np.arange(5, 10), same)
    many = train(other, x[np.concatenate([a, b])], [apart], loss=Contrastive(), optimiser=SGD(0.1))
    np.testing.assert_allclose(list(once), list(many), rtol=1e-5)
    for mine, yours in zip(network.parts, other.parts, strict=True):
        np.testing.assert_allclose(mine, yours, rtol=1e-4, atol=1e-6)


def test_contrastive_by_hand():
    """Distances 3 and 4 of one person, 0.6 and 5 of two: (9 + 16 + 0.16 + 0) / 4."""
    a = np.array([[3, 0], [0, 4], [0.6, 0], [3, 4]], np.float32)
    loss, slope = Contrastive(guard=0)(a, 0 * a, np.array([1, 1, 0, 0], np.float32))
    assert loss == pytest.approx(25.16 / 4)
    expected = np.array([[6, 0], [0, 8], [-0.8, 0], [0, 0]]) / 4
    np.testing.assert_allclose(slope, expected, rtol=1e-6)
    total, steep = Contrastive(mean=False, guard=0)(a, 0 * a, np.array([1, 1, 0, 0], np.float32))
    assert total == pytest.approx(25.16)
    np.testing.assert_allclose(steep, 4 * expected, rtol=1e-6)


def test_coinciding_negatives_get_no_infinite_push():
    zero = np.zeros((1, 2), np.float32)
    loss, slope = Contrastive()(zero, zero, np.zeros(1, np.float32))
    assert loss == 1
    assert (slope == 0).all()


@pytest.mark.parametrize("d", [3, 16, 40])
def test_base_layer_keeps_distances_and_angles(d):
    """Exactly up to `hidden` dimensions; beyond, where the rows lie in as many."""
    rng = np.random.default_rng(5)
    x = (rng.standard_normal((50, min(d, 16))) @ rng.standard_normal((min(d, 16), d))).astype(np.float32)
    y = x @ first_layer(x, 16, "base", rng)
    assert y.shape == (50, 16)
    np.testing.assert_allclose(y @ y.T, x @ x.T, rtol=1e-3, atol=1e-3 * np.abs(x @ x.T).max())


def test_he_layer_has_variance_two_over_inputs():
    w = first_layer(np.zeros((1, 500), np.float32), 400, "he", np.random.default_rng(6))
    assert w.shape == (500, 400)
    assert w.dtype == np.float32
    assert w.std() == pytest.approx(np.sqrt(2 / 500), rel=0.02)
