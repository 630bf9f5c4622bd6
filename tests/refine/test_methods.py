"""The refinement steps as a pipeline calls them."""

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.refine import REFINERS, Averaged, PseudoRF, Refined, SSiam, TSiam, TSiamSecondOrder, Unrefined
from castlist.refine.check import check
from castlist.refine.siamese import Known
from castlist.types import CO_OCCURRENCE, Constraints, Embeddings, Machine, same

QUICK = {"epochs": 2, "hidden": 16}


def cast(people=3, tracks=12, faces=10, d=8, seed=0):
    """Embeddings of a few people around their own means, tracks 0 and 1 seen together."""
    rng = np.random.default_rng(seed)
    track = np.repeat(np.arange(tracks), faces)
    mean = rng.standard_normal((people, d))
    vector = 5 * (mean[track % people] + 0.3 * rng.standard_normal((len(track), d)))
    e = Embeddings(vector, track, np.arange(len(track)), np.linspace(0, 1, len(track)), "some model")
    return e, cannot((0, 1))


def cannot(*pairs):
    a, b = np.array(pairs).reshape(-1, 2).T
    return Constraints(a, b, np.zeros(len(a), bool), np.full(len(a), CO_OCCURRENCE))


CLOSED = ("none", "second-order")  # without weights to train
TRAINED = [m for m in REFINERS if m not in (*CLOSED, "tsiam-second-order")]


@pytest.mark.parametrize("method", TRAINED)
@pytest.mark.parametrize("recipe", ["paper", "castlist"])
def test_every_method_refines_vectors_and_nothing_else(method, recipe):
    e, c = cast()
    seen = []
    out = REFINERS[method](recipe=recipe, **QUICK)(e, c, watch=lambda done, total: seen.append((done, total)))
    beside = e.vector.shape[1] if method.endswith("-beside") else 0
    assert out.vector.shape == (len(e), 16 + beside)
    assert np.isfinite(out.vector).all()
    assert seen[-1][0] == seen[-1][1] == len(seen)
    assert out.model.startswith(f"{e.model}+")  # what cosines mean has changed, and so has the name
    assert same(Embeddings(e.vector, out.track, out.detection, out.quality, e.model), e)


def test_beside_keeps_the_base_feature_and_gives_both_its_length():
    e, c = cast()
    both = TSiam(feature="beside", **QUICK)(e, c).vector
    hidden = TSiam(**QUICK)(e, c).vector
    d = e.vector.shape[1]
    assert (both[:, :d] == e.vector).all()
    length = np.linalg.norm(e.vector, axis=1)
    assert np.allclose(np.linalg.norm(both[:, d:], axis=1), length, rtol=1e-5)
    unit = hidden / np.linalg.norm(hidden, axis=1, keepdims=True)
    assert np.allclose(both[:, d:], unit * length[:, None], atol=1e-5)


def test_an_unknown_feature_is_refused():
    with pytest.raises(InputError, match="choose from hidden, beside"):
        TSiam(feature="both")


def test_beside_is_saved_and_loaded(tmp_path):
    e, c = cast()
    model = TSiam(feature="beside", **QUICK).fit(e.vector, e.track, c.cannot)
    model.save(tmp_path / "n.safetensors")
    again = Refined.load(tmp_path / "n.safetensors")
    assert (again.transform(e.vector) == model.transform(e.vector)).all()
    assert again.transform(e.vector[:0]).shape == (0, model.dimensions)


@pytest.mark.parametrize("method", REFINERS)
def test_one_seed_decides_everything(method):
    e, c = cast()
    options = QUICK if method in TRAINED else {}
    if method == "tsiam-second-order":
        options = {"steps": 3}
    step = REFINERS[method](**options)
    cpu = Machine(device="cpu")  # a GPU adds up in another order
    assert same(step(e, c, machine=cpu), step(e, c, machine=Machine(device="cpu", threads=1)))
    if method not in CLOSED:
        assert not same(step(e, c), REFINERS[method](seed=1, **options)(e, c))


def test_base_gives_the_features_back():
    e, c = cast()
    assert Unrefined()(e, c) is e
    assert Unrefined().fit(e.vector, e.track).transform(e.vector) is e.vector


def test_defaults_of_the_paper():
    step = SSiam(recipe="paper")
    assert (step.subset, step.batch, step.epochs, step.hidden, step.output) == (3000, 128, 15, 512, 2)
    assert (step.momentum, step.weight_decay, step.mean) == (0.9, 5e-4, True)
    wanted = {"scaling": "raw", "first_layer": "he", "margin": 1.0, "learning_rate": 1e-3}
    assert {name: step.option(name) for name in wanted} == wanted
    assert SSiam(recipe="paper", margin=2.0).option("margin") == 2.0
    tsiam = TSiam(recipe="paper")
    assert (tsiam.positives, tsiam.negatives, tsiam.far_tracks, tsiam.singletons) == (2, 4, 25, True)


def test_training_parts_what_was_seen_together():
    """Two people seen together end farther apart, in units of the spread within a track."""
    e, c = cast(people=2, tracks=8, faces=30, seed=1)

    def contrast(v):
        mean = np.stack([v[e.track == t].mean(0) for t in range(8)])
        within = np.mean([np.linalg.norm(v[e.track == t] - mean[t], axis=1).mean() for t in range(8)])
        return np.linalg.norm(mean[0::2].mean(0) - mean[1::2].mean(0)) / within

    assert contrast(TSiam(hidden=16)(e, c).vector) > 1.2 * contrast(e.vector)


def test_must_links_join_tracks_and_outrank_cannot_links_within():
    e, _ = cast(tracks=4)
    c = Constraints(
        np.array([0, 0, 2]), np.array([1, 1, 3]), np.array([True, False, False]), np.zeros(3, np.int8)
    )
    known = Known(e.track, c.cannot, c.must, e.quality)
    miner = TSiam(**QUICK).miner(e.vector, known)
    group = np.array([0, 0, 1, 2])[e.track]
    positive = miner.draw_positive(np.random.default_rng(0))
    assert (group[positive[:, 0]] == group[positive[:, 1]]).all()
    assert (e.track[positive[:, 0]] != e.track[positive[:, 1]]).any()
    negative = miner.draw_negative(np.random.default_rng(0))
    assert (group[negative[:, 0]] != group[negative[:, 1]]).all()


def test_links_of_tracks_without_faces_are_left_out():
    e, _ = cast(tracks=4)
    some = TSiam(**QUICK)(e, cannot((0, 1), (2, 99)))
    assert same(some, TSiam(**QUICK)(e, cannot((0, 1))))


def embeddings(vector, track):
    n = len(vector)
    return Embeddings(vector, track, np.full(n, -1), np.ones(n))


ROWS = np.random.default_rng(0).standard_normal((12, 3))
TABLE = [
    (
        REFINERS["ssiam-quality"],
        embeddings(ROWS / np.linalg.norm(ROWS, axis=1)[:, None], np.arange(12)),
        "length",
    ),
    (SSiam, embeddings(np.zeros((0, 3)), np.zeros(0)), "empty"),
    (TSiam, embeddings(np.zeros((0, 3)), np.zeros(0)), "empty"),
    (SSiam, embeddings(ROWS[:3], np.arange(3)), "too few"),
    (SSiam, embeddings(np.ones((12, 3)), np.arange(12)), "equal"),
    (PseudoRF, embeddings(np.ones((12, 3)), np.arange(12)), "equal"),
    (TSiam, embeddings(ROWS, np.zeros(12)), "at least two tracks"),
    (TSiam, embeddings(ROWS, np.arange(12)), "one face"),
    (REFINERS["tsiam-no-singletons"], embeddings(ROWS, np.arange(12) // 3), "seen together"),
]


@pytest.mark.parametrize(("method", "given", "reason"), TABLE)
def test_what_cannot_be_learnt_from_is_refused_in_one_sentence(method, given, reason):
    with pytest.raises(InputError, match=reason):
        method(**QUICK)(given, Constraints.empty())


@pytest.mark.parametrize(
    ("x", "track", "reason"),
    [
        (np.where(np.arange(36).reshape(12, 3) == 7, np.nan, ROWS), None, "NaN"),
        (ROWS[0], None, "one row a face"),
        (ROWS, np.arange(5), "one a face"),
        (ROWS, None, "without tracks use SSiam"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(x, track, reason):
    with pytest.raises(ValueError, match=reason):
        TSiam(**QUICK).fit(x, track)


def test_training_that_diverges_says_so():
    with pytest.raises(InputError, match="learning_rate"):
        SSiam(recipe="paper", learning_rate=1e6, epochs=20, batch=4).fit(1e3 * ROWS)


@pytest.mark.parametrize(
    "options",
    [
        {"recipe": "papr"},
        {"first_layer": "xavier"},
        {"epochs": 0},
        {"hidden": 0},
        {"scaling": "max"},
        {"subset": 1},
        {"margin": "wide"},
        {"learning_rate": np.nan},
    ],
)
def test_unknown_options_list_the_known(options):
    with pytest.raises(InputError, match=r"choose from|number from [012] up"):
        SSiam(**options).fit(ROWS)


def test_unknown_device_lists_the_known():
    with pytest.raises(InputError, match="auto, cpu, cuda, mps"):
        SSiam(**QUICK).fit(ROWS, machine=Machine(device="tpu"))


WRONG_LINKS = [
    ([[0, 99]], r"name track 99, which has no face here"),
    ([[0, 1, 2], [3, 4, 5]], r"of shape \(q, 2\), got shape \(2, 3\)"),
    ([0, 1, 2], r"of shape \(q, 2\), got shape \(3,\)"),
    ([[0.5, 1]], "must be whole numbers or text, got float64"),
    ([["a", "b"]], "name tracks by text, but the tracks are numbers"),
    ([[3, 3]], "pair track 3 with itself"),
]


@pytest.mark.parametrize(("pairs", "message"), WRONG_LINKS)
@pytest.mark.parametrize("kind", ["cannot", "must"])
def test_links_of_other_shapes_and_of_tracks_without_faces_are_refused(kind, pairs, message):
    e, _ = cast()
    for step in (TSiam(**QUICK), TSiamSecondOrder(steps=2, networks=1)):
        with pytest.raises(InputError, match=f"^{kind}-links .*{message}"):
            step.fit(e.vector, e.track, **{kind: np.array(pairs)})


def test_tracks_may_have_names():
    e, _ = cast()
    names = np.array([f"track {chr(97 + t)}" for t in e.track])
    pairs = np.array([["track a", "track b"], ["track c", "track a"]])
    named = TSiam(**QUICK).fit(e.vector, names, pairs).transform(e.vector)
    numbered = TSiam(**QUICK).fit(e.vector, e.track, np.array([[0, 1], [2, 0]])).transform(e.vector)
    without = TSiam(**QUICK).fit(e.vector, e.track).transform(e.vector)
    assert (named == numbered).all()
    assert (named != without).any()
    whole = (
        TSiam(**QUICK).fit(e.vector, e.track.astype(float), np.array([[0, 1], [2, 0]])).transform(e.vector)
    )
    assert (whole == numbered).all()
    with pytest.raises(InputError, match="name tracks by numbers, but the tracks are text"):
        TSiam(**QUICK).fit(e.vector, names, np.array([[0, 1]]))
    for wrong in (e.track + 0.5, e.track.astype(object)):
        with pytest.raises(InputError, match="the tracks must be whole numbers or text"):
            TSiam(**QUICK).fit(e.vector, wrong)


@pytest.mark.parametrize("step", [TSiam(**QUICK), TSiamSecondOrder(steps=2, networks=1), Averaged(steps=2)])
def test_links_of_tracks_without_faces_do_no_harm_in_a_film(step):
    """A film's constraints are those of all its tracks; some have no face that can be compared."""
    e, c = cast()
    more = cannot((0, 1), (2, 99))
    assert same(step(e, more), step(e, c))


def test_a_check_refuses_links_of_tracks_that_do_not_occur():
    e, _ = cast()
    with pytest.raises(InputError, match="cannot-links name track 99"):
        check(e.vector, e.track, np.array([[0, 99]]))
