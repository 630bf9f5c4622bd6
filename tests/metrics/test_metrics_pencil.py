"""Every metric on data small enough for a pencil."""

import doctest
import importlib

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.metrics import (
    Protocol,
    Ratio,
    Scores,
    adjusted_rand,
    b_cubed,
    contingency,
    hungarian_accuracy,
    normalized_mutual_information,
    pair_similarity,
    person_scores,
    v_measure,
    verification_auc,
    violated_cannot_links,
    weighted_cluster_purity,
)

# Three of ann and two of bob. Cluster 0: ann, ann, bob. Cluster 1: ann. Cluster 2: bob.
TRUTH = ["ann", "ann", "bob", "ann", "bob"]
LABEL = [0, 0, 0, 1, 2]


@pytest.mark.parametrize("module", ["purity", "bcubed"])
def test_the_examples_in_the_docstrings(module):
    result = doctest.testmod(importlib.import_module(f"castlist.metrics.{module}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_contingency():
    table = contingency(TRUTH, LABEL)
    assert table.count.tolist() == [[2, 1, 0], [1, 0, 1]]
    assert table.person.tolist() == ["ann", "bob"]
    assert table.cluster.tolist() == [0, 1, 2]


def test_purity_counts_the_commonest_person_of_each_cluster():
    assert weighted_cluster_purity(TRUTH, LABEL) == (2 + 1 + 1) / 5


def test_hungarian_gives_each_person_one_cluster():
    assert hungarian_accuracy(TRUTH, LABEL) == (2 + 1) / 5  # ann: cluster 0; bob: cluster 2


def test_b_cubed():
    score = b_cubed(TRUTH, LABEL)
    assert score.precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert score.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 2 + 1 / 3 + 1 / 2) / 5)
    assert score.f1 == pytest.approx(2 / (1 / score.precision + 1 / score.recall))


def test_information_of_a_pure_split():
    # One bit says who it is, two bits which cluster: all of the one bit is told.
    truth, label = ["a", "a", "b", "b"], [0, 1, 2, 3]
    assert normalized_mutual_information(truth, label) == pytest.approx(1 / 1.5)
    assert normalized_mutual_information(truth, label, average="geometric") == pytest.approx(1 / np.sqrt(2))
    score = v_measure(truth, label)
    assert (score.homogeneity, score.completeness) == pytest.approx((1, 0.5))
    assert score.v == pytest.approx(2 / 3)


def test_independent_labels_tell_nothing():
    truth, label = ["a", "a", "b", "b"], [0, 1, 0, 1]
    assert normalized_mutual_information(truth, label) == 0
    assert normalized_mutual_information(truth, label, average="geometric") == 0
    assert adjusted_rand(truth, label) == pytest.approx(-0.5)  # 0 - 2*2/6 of 2 - 2*2/6


def test_person_scores_count_a_cluster_for_its_commonest_person():
    scores = person_scores(TRUTH, LABEL)
    assert scores.person.tolist() == ["ann", "bob"]
    assert scores.precision.tolist() == [3 / 4, 1]
    assert scores.recall.tolist() == [1, 1 / 2]
    assert scores.weight.tolist() == [3, 2]


def test_a_person_without_a_cluster_has_zeros_and_ties_go_to_the_first_name():
    scores = person_scores(["bob", "ann"], [0, 0])
    assert scores.precision.tolist() == [0.5, 0]
    assert scores.recall.tolist() == [1, 0]
    assert scores.f1.tolist() == [pytest.approx(2 / 3), 0]


def test_auc_of_four_vectors():
    vectors = [[1, 0], [1, 0.1], [0, 1], [0.6, 0.8]]
    same, other = pair_similarity(vectors, ["a", "a", "b", "b"])
    assert len(same) == 2
    assert len(other) == 4
    assert verification_auc(vectors, ["a", "a", "b", "b"]) == 1.0
    # a: (1, 0) and (0, 1), cosine 0; b: (1, 0.1) and (0.6, 0.8). Cross pairs: .995, .6, .0995, .8
    wins = 0 + np.mean(np.array([0.9950, 0.6, 0.0995, 0.8]) < 0.6766)
    assert verification_auc(vectors, ["a", "b", "a", "b"]) == wins / 2


def test_auc_counts_ties_half():
    assert verification_auc(np.ones((4, 2)), ["a", "a", "b", "b"]) == 0.5


@pytest.mark.parametrize(
    ("vectors", "truth", "message"),
    [
        (np.ones((2, 2)), ["a", "a"], "two persons"),
        (np.ones((2, 2)), ["a", "b"], "one person"),
        (np.ones((3, 2)), ["a", "b"], "one row per item"),
        (np.ones(2), ["a", "b"], "shape"),
        ([[np.nan, 0], [0, 1]], ["a", "b"], "NaN"),
        (np.zeros((0, 2)), [], "empty"),
    ],
)
def test_auc_refuses(vectors, truth, message):
    with pytest.raises(InputError, match=message):
        verification_auc(vectors, truth)


def test_violated_cannot_links():
    assert violated_cannot_links([0, 0, 1, -1, -1], [[0, 1], [0, 2], [3, 4]]) == 1 / 3
    assert violated_cannot_links([0, 1], np.zeros((0, 2))) == 0
    with pytest.raises(InputError, match="outside the 2"):
        violated_cannot_links([0, 1], [[0, 2]])


def test_a_ratio_of_nothing_is_perfect_and_ratios_add():
    assert Ratio(0, 0).value == 1
    assert (Ratio(1, 2) + Ratio(0, 8)).value == 0.1


def test_scores_print_their_protocol():
    scores = Scores.of(Protocol(cast=("ann", "bob"), clusters=3), TRUTH, LABEL)
    text = str(scores)
    for part in ("wcp 0.8", "hungarian 0.6", "unit: track", "ann, bob", "K = 3 given", "excluded: "):
        assert part in text
    assert "K found by the method" in str(Protocol())
    assert "scored: 36 persons" in str(Protocol(cast=tuple(f"p{i}" for i in range(36))))


def test_the_score_of_a_corpus_is_the_ratio_of_sums():
    protocol = Protocol()
    a = Scores.of(protocol, ["x"] * 9 + ["y"], [0] * 10)
    b = Scores.of(protocol, ["x", "y"], [0, 0])
    assert (a + b).values()["wcp"] == 10 / 12
    assert (a + b).clusters == 2
    with pytest.raises(InputError, match="two protocols"):
        a + Scores.of(Protocol(unit="frame"), ["x"], [0])


def test_noise_is_single_items_or_left_out_as_the_protocol_says():
    truth, label = ["a", "a", "b", "b"], [0, 0, -1, -1]
    alone = Scores.of(Protocol(), truth, label)
    left = Scores.of(Protocol(noise="excluded"), truth, label)
    assert alone.values()["b_cubed_recall"] == 0.75
    assert left.values()["b_cubed_recall"] == 1
    for scores in (alone, left):
        assert scores.values()["coverage"] == 0.5
        assert scores.clusters == 1


@pytest.mark.parametrize("wrong", [{"unit": "shot"}, {"clusters": 0}, {"noise": "one"}])
def test_a_protocol_that_means_nothing(wrong):
    with pytest.raises(InputError):
        Protocol(**wrong)
