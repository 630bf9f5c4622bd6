"""The estimators under scikit-learn's own checks, and on arrays whose answer is known."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from castlist import refine
from castlist.errors import InputError
from castlist.research.estimators import PseudoRF, SecondOrder, SSiam, TSiam, TSiamSecondOrder, Ward
from castlist.research.features.table import seen_together

RNG = np.random.default_rng(0)
TRACKS = np.repeat(np.arange(6), 8)
X = 4 * RNG.standard_normal((3, 10))[TRACKS % 3] + RNG.standard_normal((48, 10))


@parametrize_with_checks(
    [
        *(step(epochs=2, hidden=8) for step in (SSiam, PseudoRF, TSiam)),
        SSiam(epochs=2, hidden=8, rank="within-quality"),
        SSiam(epochs=2, hidden=8, rank="none", reciprocal=True),
        TSiam(epochs=2, hidden=8, cross=0.25),
        SecondOrder(),
        TSiamSecondOrder(networks=2, steps=4),
        Ward(),
    ],
)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


def test_same_as_the_step():
    ours = SSiam(random_state=3, epochs=2, hidden=9).fit(X)
    seed = np.random.RandomState(3).randint(2**31 - 1)
    step = refine.SSiam(seed=int(seed), epochs=2, hidden=9).fit(X)
    np.testing.assert_allclose(ours.transform(X), step.transform(X), rtol=1e-4, atol=1e-5)
    assert ours.get_feature_names_out()[0] == "ssiam0"


def test_tsiam_learns_from_tracks_and_frames():
    frames = np.tile(np.arange(8), 6) + 100 * (TRACKS // 2)
    a = TSiam(random_state=0, epochs=2, hidden=9).fit(X, tracks=TRACKS, frames=frames)
    b = TSiam(random_state=0, epochs=2, hidden=9).fit(X, TRACKS, cannot_link=[[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(a.transform(X), b.transform(X))
    again = clone(a).fit_transform(X, tracks=TRACKS, frames=frames)
    np.testing.assert_array_equal(again, a.transform(X))
    assert make_pipeline(clone(a), Ward(3)).fit_predict(X, TRACKS).shape == (48,)


@pytest.mark.parametrize("dtype", [np.str_, object])
def test_tracks_may_have_names_for_numbers(dtype):
    frames = np.tile(np.arange(8), 6) + 100 * (TRACKS // 2)
    names = np.array([f"shot 3, face {t}" for t in TRACKS], dtype)
    by_number = TSiam(random_state=0, epochs=2, hidden=9).fit(X, tracks=TRACKS, frames=frames)
    by_name = TSiam(random_state=0, epochs=2, hidden=9).fit(X, tracks=names, frames=frames)
    np.testing.assert_array_equal(by_number.transform(X), by_name.transform(X))
    pairs = [[f"shot 3, face {a}", f"shot 3, face {b}"] for a, b in ((0, 1), (2, 3), (4, 5))]
    linked = TSiam(random_state=0, epochs=2, hidden=9).fit(X, tracks=names, cannot_link=pairs)
    np.testing.assert_array_equal(by_number.transform(X), linked.transform(X))


def test_our_closed_form_and_its_combination_are_those_of_the_steps():
    alone = SecondOrder().fit_transform(X)
    np.testing.assert_allclose(alone, refine.SecondOrder().fit(X).transform(X), rtol=1e-4, atol=1e-6)
    both = TSiamSecondOrder(networks=2, steps=20, half=6, random_state=0)
    found = both.fit_transform(X, tracks=TRACKS)
    assert found.shape == (48, 10 + 2 * 512)
    assert len(both.get_feature_names_out()) == found.shape[1]
    side = np.linalg.norm(found[:, :10], axis=1) / np.linalg.norm(found, axis=1)
    np.testing.assert_allclose(side**2, 0.5, rtol=1e-6)  # six tracks, and half is 6


def test_quality_is_ranked_within_where_it_is_given():
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    given = SSiam(random_state=0, epochs=2, hidden=9, rank="within-quality")
    with pytest.raises(ValueError, match="no quality is given"):
        given.fit(unit)
    quality = np.arange(48) % 8
    one = given.fit_transform(unit, quality=quality)
    np.testing.assert_array_equal(one, clone(given).fit(unit, quality=quality).transform(unit))
    assert not np.allclose(one, clone(given).fit_transform(unit, quality=np.arange(48) // 6))
    with pytest.raises(ValueError, match="one a face"):
        given.fit(unit, quality=quality[:5])


def test_seen_together_by_hand():
    track, frame = np.array([5, 2, 9, 5, 7, 2]), np.array([0, 0, 0, 1, 1, 2])
    assert seen_together(track, frame).tolist() == [[2, 5], [2, 9], [5, 7], [5, 9]]
    assert seen_together(track[:0], frame[:0]).shape == (0, 2)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "tracks"),
        ({"tracks": TRACKS[:5]}, "one a face"),
        ({"tracks": TRACKS + 0.5}, "whole numbers"),
        ({"tracks": [("a", 1)] * 48}, "one a face"),
        ({"tracks": np.array([None, *TRACKS[1:]])}, "whole numbers or text, got other Python objects"),
        ({"tracks": TRACKS, "frames": TRACKS[:5]}, "one a row"),
        ({"tracks": 0 * TRACKS}, "two tracks"),
        ({"tracks": np.arange(48)}, "one face"),
    ],
)
def test_tsiam_refuses_what_it_cannot_learn_from(options, reason):
    for step in (TSiam(), TSiamSecondOrder()):
        with pytest.raises(ValueError, match=reason):
            step.fit(X, **options)


def test_ward_by_hand():
    """Two close pairs on a line and a lone point: three clusters, in order of appearance."""
    points = np.array([[9.0], [0.0], [0.1], [9.1], [4.0]])
    assert Ward(3).fit_predict(points).tolist() == [0, 1, 1, 0, 2]
    assert Ward(5).fit_predict(points).tolist() == [0, 1, 2, 3, 4]
    assert Ward(1).fit_predict(points).tolist() == [0] * 5
    apart = Ward(1).fit(points, cannot_link=[[1, 2]])
    assert len(set(apart.labels_)) == 2
    assert apart.labels_[1] != apart.labels_[2]
    with pytest.raises(ValueError, match="1 to 5"):
        Ward(6).fit(points)


def test_ward_equals_scipy():
    from scipy.cluster.hierarchy import fcluster, linkage

    x = RNG.standard_normal((60, 4))
    ours = Ward(7).fit(x)
    theirs = fcluster(linkage(x, "ward"), 7, "maxclust")
    assert len({*zip(ours.labels_, theirs, strict=True)}) == 7
    np.testing.assert_allclose(ours.linkage_[:, 2], linkage(x, "ward")[:, 2], rtol=1e-5)


def test_numbers_of_numpy_are_numbers_and_parts_of_epochs_are_refused():
    rng = np.random.default_rng(0)
    x, tracks = rng.normal(size=(24, 6)), np.repeat(np.arange(6), 4)
    given = {"epochs": np.int64(1), "hidden": np.int32(4), "margin": np.float32(1), "random_state": 0}
    found = TSiam(**given).fit(x, tracks=tracks).transform(x)
    assert (
        found == TSiam(epochs=1, hidden=4, margin=1.0, random_state=0).fit(x, tracks=tracks).transform(x)
    ).all()
    with pytest.raises(InputError, match=r"epochs must be a whole number from 1 up, got 1\.5"):
        SSiam(epochs=1.5).fit(x)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([[0, 99]], "cannot_link name track 99"),
        (
            [[0, 1, 2], [3, 4, 5]],
            r"cannot_link must be pairs of tracks, of shape \(q, 2\), got shape \(2, 3\)",
        ),
        ([0, 1, 2], r"cannot_link must be pairs of tracks, of shape \(q, 2\), got shape \(3,\)"),
    ],
)
@pytest.mark.parametrize("step", [TSiam(epochs=1, hidden=4), TSiamSecondOrder(networks=1, steps=2)])
def test_links_that_are_none_of_the_tracks_are_refused(step, pairs, message):
    frames = np.arange(len(X))
    with pytest.raises(ValueError, match=message):
        step.fit(X, tracks=TRACKS, frames=frames, cannot_link=pairs)
    with pytest.raises(ValueError, match=message.replace("cannot", "must")):
        step.fit(X, tracks=TRACKS, must_link=pairs)


@pytest.mark.parametrize("name", ["must_link", "cannot_link"])
def test_ward_calls_links_as_its_arguments_are_called(name):
    with pytest.raises(InputError, match=rf"^{name} names a point outside 0 to 7"):
        Ward().fit(np.random.default_rng(0).random((8, 3)), **{name: [[0, 9]]})
