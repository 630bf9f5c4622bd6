"""The second-order feature by its formula, its laws, and beside networks that learn from tracks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from castlist.errors import InputError
from castlist.refine import Refined, SecondOrder, TSiam, TSiamSecondOrder, refinement
from castlist.types import Machine
from castlist.vectors import unit

CPU = Machine(device="cpu", threads=1)


def faces(n=40, d=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) * rng.uniform(0.5, 3, (n, 1)) + 0.3


def likeness(x):
    """The formula of the module as a loop over the faces, scaled to a strongest direction of length 1."""
    length = np.linalg.norm(x, axis=1)
    u, q = unit(x), length**3 / (length**3).sum()
    m = (q[:, None] * u).sum(0)
    total = np.zeros((len(x), len(x)))
    for i in range(len(x)):
        to = x @ (u[i] - m)
        total += q[i] * np.outer(to, to)
    strongest = np.linalg.eigvalsh(sum(q[i] * np.outer(u[i] - m, u[i] - m) for i in range(len(x))))[-1]
    return total / strongest


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", [(40, 6), (7, 20)])
def test_products_are_those_of_the_formula(shape, seed):
    x = faces(*shape, seed=seed)
    z = SecondOrder().fit(x).transform(x, precise=True)
    np.testing.assert_allclose(z @ z.T, likeness(x), rtol=1e-5, atol=2e-5)


def test_by_hand():
    """Four faces that differ along the second axis alone: the first axis, which all share, is gone."""
    x = np.array([[3.0, 4], [3, -4], [6, 8], [6, -8]])
    z = SecondOrder().fit(x).transform(x)
    np.testing.assert_allclose(z, [[0, 4], [0, -4], [0, 8], [0, -8]], atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(0.01, 100))
def test_scale_order_and_rotation_change_nothing(seed, scale):
    x = faces(seed=seed)
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    order = rng.permutation(len(x))

    def products(rows):
        z = unit(SecondOrder().fit(rows).transform(rows, precise=True))
        return z @ z.T

    np.testing.assert_allclose(products(scale * x @ turn), products(x), atol=1e-5)
    np.testing.assert_allclose(products(x[order]), products(x)[np.ix_(order, order)], atol=1e-5)


def test_what_all_faces_share_and_noise_stop_counting():
    """Two people on a common offset, in much weak noise: their means are told apart better than before."""
    rng = np.random.default_rng(0)
    person = np.arange(60) % 2
    x = np.zeros((60, 50))
    x[:, 0], x[:, 1] = 2, 2 * person - 1
    x += 0.3 * rng.standard_normal(x.shape)

    def gap(z):
        cosine = unit(z) @ unit(z).T
        same = person[:, None] == person
        return cosine[same].mean() - cosine[~same].mean()

    assert gap(SecondOrder().fit(x).transform(x)) > 2 * gap(x)


def test_long_vectors_count_more():
    """The direction of the clear pictures wins where many blurred ones differ in another."""
    clear, blurred = np.eye(2) * 10, np.eye(2)
    x = np.array([clear[0], -clear[0], *[blurred[1], -blurred[1]] * 5])
    z = SecondOrder().fit(x).transform(x)
    assert np.linalg.norm(z[0]) > 50 * np.linalg.norm(z[2])  # its vector alone is 10 times as long


def test_features_of_one_direction_stay_as_they_are():
    x = np.arange(1, 9.0)[:, None] * [1, 2, 2]
    np.testing.assert_allclose(SecondOrder().fit(x).transform(x), x, rtol=1e-6)


def test_blocks_of_rows_add_up(monkeypatch):
    x = faces()
    whole = SecondOrder().fit(x).transform(x)
    monkeypatch.setattr("castlist.refine.second_order.BLOCK", 7)
    np.testing.assert_allclose(SecondOrder().fit(x).transform(x), whole, atol=1e-6)


def test_saved_and_loaded(tmp_path):
    x = faces()
    model = SecondOrder().fit(x)
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(Refined.load(tmp_path / "m.safetensors").transform(x), model.transform(x))


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (np.zeros((0, 3)), "empty"),
        (np.ones((9, 3)), "equal"),
        (np.full((9, 3), np.nan), "NaN"),
        (faces()[:3], "too few"),
        (np.ones(5), "shape"),
    ],
)
@pytest.mark.parametrize("step", [SecondOrder(), TSiamSecondOrder(steps=2)])
def test_what_says_nothing_is_refused(x, reason, step):
    with pytest.raises(InputError, match=reason):
        step.fit(x, np.arange(len(x)) // 2, machine=CPU)


# Beside networks


def test_the_parts_lie_side_by_side_with_their_shares():
    x, track = faces(), np.arange(40) // 4
    found = TSiamSecondOrder(networks=2, steps=10, half=30, seed=1).fit(x, track, machine=CPU)
    assert found.share == pytest.approx((0.75, 0.125, 0.125))  # 10 tracks of 10 + 30
    z = found.transform(x)
    assert z.shape == (40, found.dimensions)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), np.linalg.norm(x, axis=1), rtol=1e-5)
    parts = [unit(part.transform(x)) for part in found.parts]
    wanted = sum(s * p @ p.T for s, p in zip(found.share, parts, strict=True))
    np.testing.assert_allclose(unit(z) @ unit(z).T, wanted, atol=1e-5)


def test_its_networks_are_those_of_tsiam_with_seeds_of_their_own():
    x, track = faces(), np.arange(40) // 4
    found = TSiamSecondOrder(networks=2, steps=10, seed=3).fit(x, track, [[0, 1]], machine=CPU)
    epochs = found.parts[1].about["options"]["epochs"]
    for seed, part in zip((6, 7), found.parts[1:], strict=True):
        alone = TSiam(seed=seed, epochs=epochs, cross=0.25).fit(x, track, [[0, 1]], machine=CPU)
        np.testing.assert_array_equal(part.transform(x), alone.transform(x))


def test_progress_counts_all_networks_once():
    seen = []
    TSiamSecondOrder(networks=3, steps=4).fit(
        faces(), np.arange(40) // 4, machine=CPU, watch=lambda done, total: seen.append((done, total))
    )
    assert seen[-1][0] == seen[-1][1] == len(seen)
    assert [done for done, _ in seen] == list(range(1, len(seen) + 1))


@pytest.mark.parametrize(
    ("track", "reason"),
    [
        (None, "without tracks"),
        (np.zeros(40), "two tracks"),
        (np.arange(40), "one face"),
        (np.arange(4), "shape"),
    ],
)
def test_tracks_that_teach_nothing_are_refused(track, reason):
    with pytest.raises(InputError, match=reason):
        TSiamSecondOrder(steps=2).fit(faces(), track, machine=CPU)


@pytest.mark.parametrize(
    "options", [{"networks": 0}, {"steps": 0}, {"half": -1}, {"seed": -1}, {"recipe": "other"}, {"cross": -1}]
)
def test_senseless_options_are_refused(options):
    with pytest.raises(InputError):
        TSiamSecondOrder(**options)


def test_a_step_by_name_takes_what_it_has():
    assert refinement("second-order", seed=3, recipe="paper") == SecondOrder()
    assert refinement("tsiam-second-order", seed=3).seed == 3
    assert refinement("tsiam", seed=3, recipe="paper") == TSiam(seed=3, recipe="paper")
