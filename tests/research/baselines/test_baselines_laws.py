"""What every baseline promises, whatever it computes."""

import dataclasses
import inspect
import subprocess
import sys
import warnings

import numpy as np
import pytest

from castlist.errors import CastlistError, InputError
from castlist.research.baselines import BASELINES, ScaleWarning, TrackSet
from castlist.research.bench.methods import shown_name
from castlist.types import CO_OCCURRENCE, Clustering, Constraints, same

QUICK = {  # little training: the laws hold for any
    "imp-triplet": {"steps": 20},
    "jfac": {"steps": 10, "rounds": 1},
    "ccl": {"steps": 20},
    "bcl": {"steps": 40, "batch": 200},
    "fgg": {"epochs": 5},
    "videoclusternet": {"steps": 20, "rounds": 2},
    "diffrac": {"iterations": 40},
    "uldml": {"steps": 30, "pairs": 500},
}
METHODS = pytest.mark.parametrize("name", sorted(BASELINES))


def constraints(pairs, linked=False):
    a, b = np.asarray(pairs, int).reshape(-1, 2).T
    return Constraints(a, b, np.full(len(a), linked), np.full(len(a), CO_OCCURRENCE))


def people(count=3, tracks=4, faces=4, d=12, noise=0.25, seed=0, cannot=None):
    """A track set of `count` people with `tracks` tracks each, in turn, and its truth."""
    rng = np.random.default_rng(seed)
    truth = np.tile(np.arange(count), tracks)
    centre = rng.normal(size=(count, d))
    of_track = centre[truth] + noise * rng.normal(size=(len(truth), d)) / 2
    features = np.repeat(of_track, faces, 0) + noise * rng.normal(size=(len(truth) * faces, d)) / 2
    track = np.repeat(np.arange(len(truth)), faces)
    frame = np.repeat(np.arange(len(truth)) // count * 10, faces) + np.tile(np.arange(faces), len(truth))
    left = np.repeat(truth * 100.0, faces)
    box = np.stack([left, left * 0, left + 50, left * 0 + 50], 1)
    pairs = [(i, i + 1) for i in range(0, len(truth) - 1, count)] if cannot is None else cannot
    view = rng.normal(size=(count, 6))[truth][track] + noise * rng.normal(size=(len(track), 6))
    return TrackSet(features, track, constraints(pairs), frame, box, (view,)), truth


def run(name, track_set, k, seed=0):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return BASELINES[name](**QUICK.get(name, {}))(track_set, k, random_state=seed)


@METHODS
def test_finds_people_who_lie_far_apart(name):
    track_set, truth = people(tracks=6)
    assert same(run(name, track_set, 3), Clustering(truth))


@METHODS
def test_same_seed_same_result(name):
    track_set, _ = people(noise=2.0)
    assert same(run(name, track_set, 3, seed=5), run(name, track_set, 3, seed=5))


@METHODS
def test_says_whether_it_is_random(name):
    track_set, _ = people(noise=2.0)
    method = BASELINES[name](**QUICK.get(name, {}))
    for k in (3, None) if method.estimates_k else (3,):
        rng = np.random.default_rng(0)
        method.labels(track_set, k, rng)
        drawn = rng.bit_generator.state != np.random.default_rng(0).bit_generator.state
        assert drawn == method.randomised
    assert method.varies(12) == method.randomised
    assert method.varies(method.max_tracks + 1)


@METHODS
def test_says_whether_it_trains(name):
    source = inspect.getsource(sys.modules[BASELINES[name].__module__])
    assert BASELINES[name].trained == ("need_torch" in source)


OPTIONS = [
    (name, f.name, str(f.type)) for name in sorted(BASELINES) for f in dataclasses.fields(BASELINES[name])
]


@pytest.mark.parametrize(("name", "option", "kind"), OPTIONS)
def test_refuses_options_that_mean_nothing(name, option, kind):
    whole = kind.startswith("int")
    hostile = [-1, float("nan"), float("inf"), "many", True, [1], {}, *([0, 2.5] if whole else [-1e-9])]
    for value in [*hostile, *([] if "None" in kind else [None])]:
        with pytest.raises(
            InputError, match=rf"^{name}\.{option} must be a (whole )?number from [01] up, got "
        ):
            BASELINES[name](**{option: value})


def in_order(track_set, order):
    """The same track set, its tracks in another order."""
    place, links = np.argsort(order), track_set.constraints
    moved = Constraints(place[links.a], place[links.b], links.same, links.origin)
    return TrackSet(track_set.features, place[track_set.track], moved, track_set.frame, track_set.box)


@pytest.mark.parametrize("name", sorted(name for name, method in BASELINES.items() if not method.randomised))
def test_methods_without_randomness_do_not_depend_on_the_order_of_the_tracks(name):
    """Blurred people with many co-occurrences, so that C1C has many pairs to separate."""
    method = BASELINES[name]()
    for seed in range(5):
        rng = np.random.default_rng(seed)
        track_set, _ = people(
            count=4, tracks=8, noise=2.5, seed=seed, cannot=rng.permutation(32).reshape(-1, 2)
        )
        for k in (3, None) if method.estimates_k else (3,):
            found = method(track_set, k).label
            for order in (rng.permutation(32) for _ in range(4)):
                moved = method(in_order(track_set, order), k).label
                assert same(Clustering(moved[np.argsort(order)]), Clustering(found)), (seed, k)


def test_hdbscan_runs_in_an_order_that_its_random_state_decides():
    track_set, _ = people(count=4, tracks=8, noise=1.5)
    order = np.random.default_rng(3).permutation(32)
    for seed in range(3):
        assert same(run("hdbscan", track_set, None, seed), run("hdbscan", track_set, None, seed))
        assert len(run("hdbscan", in_order(track_set, order), 3, seed)) == 32


@METHODS
@pytest.mark.parametrize("k", [1, 2, 5, 11, 12])
def test_honours_k(name, k):
    track_set, _ = people(noise=2.0)
    found = run(name, track_set, k)
    assert found.count == k
    assert found.label.min() == 0
    assert len(found) == 12


@METHODS
def test_labels_are_canonical(name):
    track_set, _ = people(noise=1.5)
    label = run(name, track_set, 3).label
    first = [int(np.flatnonzero(label == c)[0]) for c in range(3)]
    assert first == sorted(first)


@METHODS
def test_empty_and_one_track(name):
    empty = TrackSet(
        np.zeros((0, 12)),
        np.zeros(0, int),
        views=(np.zeros((0, 6)),),
        frame=np.zeros(0),
        box=np.zeros((0, 4)),
    )
    assert len(run(name, empty, None)) == 0
    assert len(run(name, empty, 3)) == 0
    one, _ = people(1, 1)
    assert run(name, one, 1).label.tolist() == [0]


@METHODS
def test_all_cannot_linked(name):
    every = [(i, j) for i in range(12) for j in range(i)]
    track_set, _ = people(cannot=every)
    assert run(name, track_set, 3).count == 3
    if BASELINES[name].estimates_k:
        assert 0 <= run(name, track_set, None).count <= 12


@METHODS
def test_identical_faces_and_faces_of_zeros(name):
    track_set, _ = people()
    for value in (0.0, 1.0):
        flat = TrackSet(
            np.full((48, 12), value),
            track_set.track,
            track_set.constraints,
            track_set.frame,
            track_set.box,
            track_set.views,
        )
        assert run(name, flat, 3).count == 3


@METHODS
def test_one_face_a_track_and_no_constraints(name):
    track_set, _ = people(faces=1, cannot=[])
    assert run(name, track_set, 3).count == 3


@METHODS
def test_two_tracks_and_must_links(name):
    two, _ = people(2, 1)
    assert run(name, two, 2).label.tolist() == [0, 1]
    track_set, _ = people()
    linked = TrackSet(
        track_set.features,
        track_set.track,
        constraints([(0, 3), (1, 4)], True),
        track_set.frame,
        track_set.box,
        track_set.views,
    )
    assert run(name, linked, 3).count == 3


@METHODS
@pytest.mark.parametrize("k", [0, -1, 13])
def test_impossible_k(name, k):
    track_set, _ = people()
    with pytest.raises(InputError, match="number of tracks"):
        run(name, track_set, k)


@METHODS
def test_unknown_k(name):
    track_set, _ = people(tracks=6)
    if BASELINES[name].estimates_k:
        assert 1 <= run(name, track_set, None).count <= 18
    else:
        with pytest.raises(InputError, match="number of people"):
            run(name, track_set, None)


@METHODS
def test_refuses_where_something_is_missing(name):
    track_set, _ = people()
    bare = TrackSet(track_set.features, track_set.track, track_set.constraints)
    if BASELINES[name].needs:
        with pytest.raises(InputError, match="needs"):
            run(name, bare, 3)
    else:
        assert run(name, bare, 3).count == 3


def test_cmvfc_makes_its_own_views_where_it_is_told_to():
    track_set, truth = people(tracks=6, d=24)
    bare = TrackSet(track_set.features, track_set.track, track_set.constraints)
    cut = BASELINES["cmvfc"](subspaces=2)
    assert same(cut(bare, 3, random_state=0), Clustering(truth))
    for k in (1, 2, 17, 18):
        assert cut(bare, k).count == k
    with pytest.raises(InputError, match="cmvfc needs a second view"):
        BASELINES["cmvfc"](subspaces=1)(bare, 3)
    given = BASELINES["cmvfc"]()(track_set, 3, random_state=0)
    assert same(cut(track_set, 3, random_state=0), given)  # views that are there go first
    narrow = TrackSet(track_set.features[:, :2], track_set.track, track_set.constraints)
    assert BASELINES["cmvfc"](subspaces=9)(narrow, 3).count == 3  # more parts than dimensions


@METHODS
def test_too_many_tracks_are_sampled_with_a_warning(name):
    track_set, truth = people(tracks=8)
    method = BASELINES[name](max_tracks=18, **QUICK.get(name, {}))
    with pytest.warns(ScaleWarning, match=name):
        found = method(track_set, 3, random_state=0)
    assert same(found, Clustering(truth))


UNSEEN = (
    "by the abstract",
    "from memory",
    "secondary sources",
    "from title and year",
    "Nothing beyond title",
)


@METHODS
def test_a_method_whose_paper_was_not_at_hand_says_so_in_every_table(name):
    method = BASELINES[name]
    unseen = any(words in " ".join(method.__doc__.split()) for words in UNSEEN)
    assert bool(method.after) == unseen
    assert ("reconstructed" in shown_name(name)) == unseen


@METHODS
def test_says_what_it_is(name):
    method = BASELINES[name]
    assert method.name == name
    assert method.needs <= {"times", "boxes", "a second view"}
    text = " ".join(f"{method.__doc__}".split())
    assert "[" in text  # its paper
    if not name.startswith("hac-"):
        assert "memory" in text
        assert "ime O(" in text


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scene_refuses_values_that_are_not_finite(bad):
    with pytest.raises(InputError, match="NaN or infinite"):
        TrackSet([[1.0, bad]], [0])
    with pytest.raises(InputError, match="NaN or infinite"):
        TrackSet([[1.0, 1.0]], [0], views=(np.array([[bad]]),))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"track": [0, 2, 2]}, "at least one face"),
        ({"track": [0, -1, 1]}, "at least one face"),
        ({"track": [0, 1]}, "rows"),
        ({"features": np.zeros(3)}, "shape"),
        ({"box": np.zeros((3, 3))}, "shape"),
        ({"frame": np.zeros(2)}, "shape"),
        ({"views": (np.zeros((2, 2)),)}, "one row a face"),
        ({"track_frames": [1]}, "shape"),
        ({"constraints": constraints([(0, 9)])}, "not among"),
    ],
)
def test_scene_refuses_what_does_not_fit(change, words):
    with pytest.raises(CastlistError, match=words):
        TrackSet(**{"features": np.zeros((3, 2)), "track": [0, 1, 2]} | change)


def test_scene_refuses_links_that_contradict():
    both = Constraints([0, 1, 0], [1, 2, 2], [True, True, False], [0, 0, 0])
    with pytest.raises(InputError, match="contradict"):
        TrackSet(np.zeros((3, 2)), [0, 1, 2], both)


def test_scene_subset_numbers_tracks_anew():
    track_set, _ = people(2, 2, faces=2, cannot=[(0, 1), (2, 3)])
    part = track_set.subset(np.array([3, 2]))
    assert part.track.tolist() == [1, 1, 0, 0]
    assert part.constraints.cannot.tolist() == [[1, 0]]
    assert np.array_equal(part.features, track_set.features[4:])
    assert part.weight.tolist() == [2, 2]


def test_importing_the_room_is_light():
    code = (
        "import sys, castlist.research.baselines;"
        "print([m for m in ('torch', 'sklearn', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
