"""Laws that hold for whole families of metrics, and scikit-learn as the oracle where it has the score."""

import tracemalloc
from functools import partial

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn import metrics as oracle

from castlist.errors import InputError
from castlist.metrics import (
    Protocol,
    Scores,
    adjusted_rand,
    b_cubed,
    has_both_pairs,
    hungarian_accuracy,
    normalized_mutual_information,
    pair_similarity,
    person_scores,
    v_measure,
    verification,
    verification_auc,
    violated_cannot_links,
    weighted_cluster_purity,
)

METRICS = {
    "purity": weighted_cluster_purity,
    "hungarian": hungarian_accuracy,
    "b-cubed precision": lambda *a, **k: b_cubed(*a, **k).precision,
    "b-cubed recall": lambda *a, **k: b_cubed(*a, **k).recall,
    "b-cubed f1": lambda *a, **k: b_cubed(*a, **k).f1,
    "nmi arithmetic": normalized_mutual_information,
    "nmi geometric": partial(normalized_mutual_information, average="geometric"),
    "homogeneity": lambda *a, **k: v_measure(*a, **k).homogeneity,
    "completeness": lambda *a, **k: v_measure(*a, **k).completeness,
    "v": lambda *a, **k: v_measure(*a, **k).v,
    "adjusted rand": adjusted_rand,
}
SYMMETRIC = ["hungarian", "b-cubed f1", "nmi arithmetic", "nmi geometric", "v", "adjusted rand"]
UNHURT_BY_SPLITTING = ["purity", "b-cubed precision", "homogeneity"]
every = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)


def draw(seed, n=60, persons=4, clusters=6):
    rng = np.random.default_rng(seed)
    return rng.integers(0, persons, n), rng.integers(0, clusters, n), rng


@every
@pytest.mark.parametrize("seed", range(5))
def test_names_and_order_do_not_matter(metric, seed):
    truth, label, rng = draw(seed)
    order = rng.permutation(len(truth))
    names = np.array(["dawn", "anya", "xander", "buffy"])
    numbers = rng.permutation(6) * 7 - 5
    assert metric(names[truth][order], numbers[label][order]) == pytest.approx(metric(truth, label))


@every
def test_lists_arrays_and_strings_are_the_same(metric):
    truth, label, _ = draw(0)
    expected = metric(truth, label)
    forms = [
        (truth.tolist(), label.tolist()),
        (truth.astype(str), label.astype(str).tolist()),
        (truth.astype(float), label.astype(np.int8)),
        (truth.astype(str).astype(object), label.astype(object)),
    ]
    for form in forms:
        assert metric(*form) == expected


@every
def test_a_python_float(metric):
    truth, label, _ = draw(1)
    assert type(metric(truth, label)) is float


@every
@pytest.mark.parametrize("seed", range(5))
def test_a_weight_is_repetition(metric, seed):
    truth, label, rng = draw(seed, n=20)
    weight = rng.integers(1, 5, len(truth))
    repeated = metric(np.repeat(truth, weight), np.repeat(label, weight))
    assert metric(truth, label, weight=weight) == pytest.approx(repeated)


@every
def test_equal_partitions_are_perfect(metric):
    truth, _, _ = draw(2)
    assert metric(truth, 10 - truth) == pytest.approx(1, abs=1e-12)
    assert metric(["one"], [0]) == 1
    assert metric(["one"] * 3, [0] * 3) == 1


@every
@pytest.mark.parametrize("seed", range(5))
def test_within_0_and_1(metric, seed):
    truth, label, _ = draw(seed, n=5)
    low = -1 if metric is adjusted_rand else 0
    assert low <= metric(truth, label) <= 1


@pytest.mark.parametrize("name", SYMMETRIC)
@pytest.mark.parametrize("seed", range(5))
def test_symmetric(name, seed):
    truth, label, _ = draw(seed)
    assert METRICS[name](truth, label) == pytest.approx(METRICS[name](label, truth))


@pytest.mark.parametrize("name", UNHURT_BY_SPLITTING)
@pytest.mark.parametrize("seed", range(5))
def test_splitting_clusters_never_lowers_purity(name, seed):
    truth, label, rng = draw(seed)
    finer = label * 10 + rng.integers(0, 3, len(label))
    assert METRICS[name](truth, finer) >= METRICS[name](truth, label) - 1e-12
    assert METRICS[name](truth, np.arange(len(truth))) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(10))
def test_hungarian_is_never_above_purity(seed):
    truth, label, _ = draw(seed)
    assert hungarian_accuracy(truth, label) <= weighted_cluster_purity(truth, label)


@every
@pytest.mark.parametrize(
    ("truth", "label", "weight", "message"),
    [
        ([], [], None, "empty"),
        ([0, 1], [0], None, "truth has 2 items and label 1"),
        ([[0, 1]], [0, 1], None, "truth must be one label per item"),
        ([0.0, np.nan], [0, 1], None, "truth holds NaN"),
        ([0, 1], [0.0, np.inf], None, "label holds NaN or infinite"),
        ([0, 1], [0.5, 1], None, "fractions"),
        (["a", None], [0, 1], None, "may not be missing"),
        ([0, 1], np.array([0, "x"], object), None, "only strings or only integers"),
        ([0, 1], [0, 1], [1], "weight must have one value per item"),
        ([0, 1], [0, 1], [1, 0], "above 0"),
        ([0, 1], [0, 1], [1, np.nan], "finite"),
    ],
)
def test_bad_input_is_one_clear_sentence(metric, truth, label, weight, message):
    with pytest.raises(InputError, match=message):
        metric(truth, label, weight=weight)


def test_an_unknown_average():
    with pytest.raises(InputError, match="choose from arithmetic, geometric"):
        normalized_mutual_information([0], [0], average="max")


# scikit-learn as the oracle

SIZES = [(2, 1, 1), (7, 2, 3), (60, 4, 6), (500, 12, 5), (40, 1, 7), (40, 7, 1), (30, 30, 3)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_against_scikit_learn(size, seed):
    truth, label, _ = draw(seed, *size)
    close = partial(pytest.approx, abs=1e-9)
    assert adjusted_rand(truth, label) == close(oracle.adjusted_rand_score(truth, label))
    for average in ("arithmetic", "geometric"):
        expected = oracle.normalized_mutual_info_score(truth, label, average_method=average)
        assert normalized_mutual_information(truth, label, average=average) == close(expected)
    score = v_measure(truth, label)
    expected = oracle.homogeneity_completeness_v_measure(truth, label)
    assert (score.homogeneity, score.completeness, score.v) == close(expected)


@pytest.mark.parametrize("seed", range(3))
def test_purity_and_b_cubed_against_the_obvious_loop(seed):
    truth, label, _ = draw(seed, n=40)
    pure = sum(max(np.bincount(truth[label == c])) for c in set(label.tolist())) / len(truth)
    assert weighted_cluster_purity(truth, label) == pytest.approx(pure)
    precision, recall = [], []
    for i in range(len(truth)):
        both = np.sum((truth == truth[i]) & (label == label[i]))
        precision.append(both / np.sum(label == label[i]))
        recall.append(both / np.sum(truth == truth[i]))
    score = b_cubed(truth, label)
    assert (score.precision, score.recall) == pytest.approx((np.mean(precision), np.mean(recall)))


@pytest.mark.parametrize("seed", range(3))
def test_auc_against_scikit_learn(seed):
    truth, _, rng = draw(seed, n=30)
    vectors = np.round(rng.normal(size=(30, 3)))  # rounded, so that there are ties
    vectors[:, 0] += 1
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-30)
    a, b = np.triu_indices(30, 1)
    expected = oracle.roc_auc_score(truth[a] == truth[b], np.round((unit @ unit.T)[a, b], 12))
    assert verification_auc(vectors, truth) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_scores_hold_what_the_functions_say(seed):
    truth, label, rng = draw(seed)
    weight = rng.integers(1, 9, len(truth))
    values = Scores.of(Protocol("track weighted by frames"), truth, label, weight=weight).values()
    assert values["wcp"] == weighted_cluster_purity(truth, label, weight=weight)
    assert values["hungarian"] == hungarian_accuracy(truth, label, weight=weight)
    assert values["b_cubed_f1"] == b_cubed(truth, label, weight=weight).f1
    assert values["nmi_geometric"] == METRICS["nmi geometric"](truth, label, weight=weight)
    assert values["ari"] == adjusted_rand(truth, label, weight=weight)
    assert values["v_measure"] == v_measure(truth, label, weight=weight).v


@pytest.mark.parametrize("seed", range(3))
def test_adding_a_set_to_itself_changes_no_score(seed):
    truth, label, _ = draw(seed)
    scores = Scores.of(Protocol(), truth, label)
    twice = (scores + scores).values()
    once = scores.values()
    assert {k: v for k, v in twice.items() if k != "clusters"} == pytest.approx(
        {k: v for k, v in once.items() if k != "clusters"}
    )


def test_as_many_people_and_clusters_as_items_need_no_table():
    n = 300_000  # a table of them would take 720 GB
    truth, label = np.arange(n), np.arange(n) // 2
    assert b_cubed(truth, label).precision == 0.5
    assert b_cubed(truth, label).recall == 1.0


def test_the_area_of_many_pairs_is_the_same_whether_sorted_or_counted(monkeypatch):
    rng = np.random.default_rng(3)
    truth = rng.integers(4, size=90)
    vectors = rng.normal(size=(4, 5))[truth] + rng.normal(size=(90, 5))
    vectors[:12] = vectors[0]  # ties
    vectors[20:24] = 0
    exact = verification_auc(vectors, truth)
    pairs = [np.sort(part) for part in pair_similarity(vectors, truth)]
    monkeypatch.setattr(verification, "SIDE", 17)
    assert verification_auc(vectors, truth) == exact
    assert all((np.sort(a) == b).all() for a, b in zip(pair_similarity(vectors, truth), pairs, strict=True))
    monkeypatch.setattr(verification, "EXACT", 10)
    assert verification_auc(vectors, truth) == pytest.approx(exact, abs=1e-6)


def test_the_area_of_many_pairs_takes_little_memory():
    """Of 12.5 million pairs: each by itself with its two rows would take 300 MB, and more where sorted."""
    vectors, truth = np.random.default_rng(0).normal(size=(5000, 4)), np.arange(5000) % 5
    tracemalloc.start()
    verification_auc(vectors, truth)
    assert tracemalloc.get_traced_memory()[1] < 280e6
    tracemalloc.stop()


# whatever is given, an answer or one sentence

STRANGE = {
    "text": ["x", "y"], "numbers": [0, 1], "a float": [0.5, 1], "missing": [None, 1], "nan": [np.nan, 1],
    "nothing": [], "a number": 3, "nobody": None, "a word": "ab", "two rows": [[0, 1], [1, 0]],
    "three in a row": [[0, 1, 1]], "ragged": [[0], [1, 2]], "mixed": np.array([0, "x"], object),
    "complex": [1j, 2], "huge": [2**70, 1], "NumPy integers": np.array([np.int64(4), np.int64(5)], object),
    "objects": [object(), object()], "dates": np.array(["2020-01-01", "2020-01-02"], "M8[D]"),
    "true": [True, False], "the largest": [2**63 - 1, -1], "far": [7, 9], "below": [-3, -3],
}  # fmt: skip


def refused(call):
    """Why a call was refused, None where it was not."""
    try:
        call()
    except InputError as error:
        return str(error)
    return None


strange = pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE)


@strange
@pytest.mark.parametrize("place", range(3))
def test_every_score_answers_or_says_in_one_sentence_why_not(value, place):
    given = [["ann", "bob"], [0, 1], [1.0, 2.0]]
    given[place] = value
    calls = {name: partial(metric, given[0], given[1], weight=given[2]) for name, metric in METRICS.items()}
    calls["scores"] = lambda: Scores.of(Protocol(), given[0], given[1], weight=given[2])
    calls["excluded"] = lambda: Scores.of(Protocol(noise="excluded"), given[0], given[1], weight=given[2])
    calls["persons"] = lambda: person_scores(given[0], given[1], weight=given[2])
    calls["links"] = lambda: violated_cannot_links(given[1], given[0] if place == 0 else [[0, 1]])
    calls["pairs"] = lambda: pair_similarity(given[2] if place == 2 else np.eye(2), given[0])
    calls["area"] = lambda: verification_auc(
        given[2] if place == 2 else np.eye(3), [*"aab"] if place else value
    )
    calls["kinds of pairs"] = lambda: has_both_pairs(value)
    for call in calls.values():
        reason = refused(call)
        assert reason is None or (len(reason) > 20 and "\n" not in reason)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Scores.of(Protocol(), ["a", "b"], ["x", "y"]),
            "label must be whole numbers, -1 for an item",
        ),
        (lambda: Scores.of(Protocol(), ["a", "b"], [0, 1, 1]), "truth has 2 items and label 3"),
        (lambda: Scores.of(Protocol(), ["a"], [0, 1], weight=["a", "b"]), "weight must be numbers"),
        (lambda: Scores.of(Protocol(noise="excluded"), ["a"], [-1]), "no item is in a cluster"),
        (lambda: b_cubed(["a", "b"], [0, 1], weight=["a", "b"]), "weight must be numbers, got <U1"),
        (lambda: b_cubed([["a"], ["b", "c"]], [0, 1]), "truth must be an array, or a list whose rows"),
        (lambda: violated_cannot_links([0, 0], [[0, 1, 1]]), r"cannot-links must be pairs of track indices"),
        (lambda: violated_cannot_links([0, 0], [[0.0, 1.5]]), r"cannot-links must be pairs of track indices"),
        (lambda: violated_cannot_links([0, 0], [[0, 2]]), "outside the 2 that have a label"),
        (lambda: violated_cannot_links(["a", "b"], [[0, 1]]), "label must be whole numbers"),
        (lambda: verification_auc([["a"], ["b"]], ["x", "y"]), "vectors must be numbers"),
        (lambda: Protocol(clusters="5"), "clusters must be a whole number, 1 or more, got '5'"),
    ],
)
def test_what_no_score_can_be_made_of(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_the_largest_label_is_a_cluster_like_others():
    scores = Scores.of(Protocol(), ["a", "a", "b"], [2**63 - 1, 2**63 - 1, -1])
    assert scores.clusters == 1
    assert scores.values()["b_cubed_f1"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_purity_hungarian_and_persons_against_scikit_learn(seed):
    truth, label, rng = draw(seed, *SIZES[3])
    weight = rng.integers(1, 5, len(truth))
    table = oracle.cluster.contingency_matrix(truth, label)
    assert weighted_cluster_purity(truth, label) == pytest.approx(table.max(0).sum() / table.sum())
    persons, clusters = linear_sum_assignment(-table)
    named = np.full(len(truth), -1)
    for person, cluster in zip(persons, clusters, strict=True):
        named[label == np.unique(label)[cluster]] = np.unique(truth)[person]
    assert hungarian_accuracy(truth, label) == pytest.approx(oracle.accuracy_score(truth, named))
    owner = np.array([np.bincount(truth[label == c], weight[label == c]).argmax() for c in label])
    expected = oracle.precision_recall_fscore_support(
        truth, owner, labels=np.unique(truth), sample_weight=weight, zero_division=0
    )
    found = person_scores(truth, label, weight=weight)
    columns = (found.precision, found.recall, found.f1, found.weight)
    for column, other in zip(columns, expected, strict=True):
        assert column == pytest.approx(other)
