"""The diagnosis of features: does ranking by distance follow the quality of the pictures?"""

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.refine.check import check

PEOPLE, TRACKS, FACES, D = 6, 90, 12, 64


def features(kind, seed=0):
    """Features whose noise and length follow quality (raw), those at length 1, or rectified, neutral ones."""
    rng = np.random.default_rng(seed)
    centre = rng.standard_normal((PEOPLE, D))
    track = np.repeat(np.arange(TRACKS), FACES)
    quality = rng.uniform(0.3, 1.5, TRACKS)[track]
    noise = rng.standard_normal((len(track), D))
    if kind == "rectified":  # noise and length that have nothing to do with each other
        x = np.maximum(centre[track % PEOPLE] + 0.8 * noise, 0) * rng.uniform(0.8, 1.2, (len(track), 1))
        return x, track
    if kind == "rectified normalised":
        x, track = features("rectified", seed)
        return x / np.linalg.norm(x, axis=1, keepdims=True), track
    x = centre[track % PEOPLE] + 0.8 * noise / quality[:, None]
    x *= 10 * quality[:, None] / np.linalg.norm(x, axis=1, keepdims=True)
    return (x if kind == "raw" else x / np.linalg.norm(x, axis=1, keepdims=True)), track


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("kind", "tracks", "follows", "method", "source"),
    [
        ("raw", False, True, "second-order", "length"),
        ("raw", True, True, "tsiam", "length"),
        ("normalised", True, True, "tsiam", "track"),
        ("normalised", False, False, "second-order", ""),
        ("rectified", False, False, "ssiam", "length"),
        ("rectified", True, False, "tsiam", "length"),
        ("rectified normalised", False, False, "second-order", ""),
    ],
)
def test_what_ranking_does_and_which_method_fits(kind, tracks, follows, method, source, seed):
    x, track = features(kind, seed)
    found = check(x, track if tracks else None, [[0, 1]] if tracks else None)
    assert (found.follows_quality, found.method, found.quality_from) == (follows, method, source)
    assert kind.split()[0] in found.sentences[0]
    assert f"--method {method}" in found.sentences[-1]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("steps", [400, 2000])
def test_lengths_that_vary_by_rounding_tell_no_quality(steps, seed):
    x, track = features("normalised", seed)
    x = np.round(x * steps / abs(x).max()) / steps
    assert np.ptp(np.linalg.norm(x, axis=1)) > 0
    found = check(x, track)
    assert (found.follows_quality, found.quality_from) == (True, "track")
    assert "normalised" in found.sentences[0]


def test_few_tracks_are_not_left_to_one_network():
    x, track = features("raw")
    few = track < 30
    assert check(x[few], track[few]).method == "tsiam-second-order"


def test_features_of_both_signs_are_not_left_to_ssiam_where_ranking_is_neutral():
    x = np.random.default_rng(0).standard_normal((600, 24))
    found = check(x / np.linalg.norm(x, axis=1, keepdims=True), quality=np.arange(600) % 7)
    assert not found.follows_quality
    assert found.method == "second-order"


def test_a_quality_that_is_given_counts():
    x, track = features("normalised")
    spread = np.array([np.linalg.norm(x[track == t] - x[track == t].mean(0)) for t in range(TRACKS)])
    found = check(x, quality=-spread[track])
    assert (found.quality_from, found.follows_quality, found.method) == ("given", True, "second-order")


def test_pairs_that_tracks_contradict_are_counted():
    x, track = features("raw")
    everybody = np.array([(a, b) for a in range(TRACKS) for b in range(a)])
    assert check(x, track).wrong == 0
    assert 0 < check(x, np.arange(len(x)) // 2, np.array([(a, a + 1) for a in range(500)])).wrong < 1
    assert check(x, track, everybody).wrong > 0


@pytest.mark.parametrize("x", [np.zeros((0, 3)), np.full((9, 3), np.nan), np.ones((9, 3)), np.ones(5)])
def test_features_that_cannot_be_measured_are_refused(x):
    with pytest.raises(InputError):
        check(x)


@pytest.mark.parametrize("tracks", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_few_faces_show_nothing_about_quality(seed, tracks):
    x, _ = features("raw", seed)
    found = check(x[::130][:8], np.arange(8) // 3 if tracks else None)
    assert not found.follows_quality
    assert np.isnan([found.positive_rank, found.negative_rank]).all()
    assert "too few faces" in found.sentences[1]


def test_one_track_is_not_called_none():
    x, _ = features("raw")
    assert "there is one track only" in check(x, np.zeros(len(x), int)).sentences[-1]
    assert "there are no tracks" in check(x).sentences[-1]


@pytest.mark.parametrize("scale", [1e-14, 1e14])
def test_the_scale_of_the_features_changes_nothing(scale):
    x, _ = features("raw")
    expected, found = check(x), check((x * scale).astype(np.float32))
    assert (found.method, found.quality_from) == (expected.method, expected.quality_from)
    assert found.length_spread == pytest.approx(expected.length_spread, rel=1e-5)
    assert found.positive_rank == pytest.approx(expected.positive_rank, abs=0.01)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_values_whose_squares_no_number_holds_are_refused(scale):
    x, _ = features("raw")
    with pytest.raises(InputError, match="scale them"):
        check((x * scale).astype(np.float32))
