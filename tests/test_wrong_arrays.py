"""Arrays that a table or an algorithm cannot hold: refused in one sentence, never changed in silence."""

import numpy as np
import pytest

import castlist
from castlist import cluster, cues, metrics, refine, track
from castlist.errors import InputError
from castlist.research.baselines import TrackSet
from castlist.research.bench import facts
from castlist.types import Clustering, Constraints, Detections, Embeddings, Shots, Tracks, Tree
from castlist.vectors import converted, single_precision

BAD = {
    "NaN": np.full(3, np.nan),
    "infinite": np.full(3, np.inf),
    "fractions": np.array([0.5, 1.5, 2.5]),
    "text": np.array(["a", "b", "c"]),
    "bytes": np.array([b"a", b"b", b"c"]),
    "objects": np.array([object()] * 3),
    "complex": np.ones(3, complex),
    "dates": np.array(["2020-01-01"] * 3, "M8[D]"),
    "huge": np.full(3, 1e300),
    "ragged": [[1], [1, 2], [3]],
    "none": None,
    "word": "abc",
    "masked": np.ma.masked_array([1, 2, 3], mask=[True, False, False]),
}
ZEROS = np.zeros(3, np.int64)
TABLES = {  # each takes one column of whole numbers
    "Clustering": Clustering,
    "Constraints": lambda bad: Constraints(bad, ZEROS, ZEROS.astype(bool), ZEROS),
    "Detections": lambda bad: Detections(bad, np.zeros((3, 4)), np.zeros(3), np.zeros((3, 5, 2))),
    "Embeddings": lambda bad: Embeddings(np.ones((3, 2)), bad, ZEROS, np.ones(3)),
    "Shots": lambda bad: Shots(bad, ZEROS, ZEROS),
    "Tracks": lambda bad: Tracks(bad, np.zeros((3, 4)), ZEROS, ZEROS, [0, 3], [0]),
    "Tree": lambda bad: Tree(bad, np.zeros(3), ZEROS),
    "TrackSet": lambda bad: TrackSet(np.ones((3, 2)), bad),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.filterwarnings("error")
def test_a_column_of_whole_numbers_takes_nothing_else(table, bad):
    with pytest.raises(InputError):
        TABLES[table](BAD[bad])


@pytest.mark.parametrize("bad", [b for b in BAD if b != "fractions"])
@pytest.mark.filterwarnings("error")
def test_vectors_are_finite_real_numbers(bad):
    array = BAD[bad] if isinstance(BAD[bad], list | str | None) else np.repeat(BAD[bad][:, None], 2, 1)
    calls = [lambda: cluster.knn_tree(array), lambda: refine.TSiam().fit(array)]
    calls += [lambda: cluster.ward(array)] if bad != "huge" else []  # which fits double precision
    calls += [lambda: metrics.verification_auc(array, ZEROS)]
    calls += [lambda: TrackSet(array, ZEROS), lambda: Embeddings(array, ZEROS, ZEROS, np.ones(3))]
    for call in calls:
        with pytest.raises(InputError):
            call()
    for take in (lambda: single_precision(array), lambda: cluster.reliability(BAD[bad], ZEROS)):
        with pytest.raises(InputError):
            take()


def test_what_fits_is_taken_as_it_is():
    assert converted([1.0, 2.0], np.int64, "x").tolist() == [1, 2]
    assert converted([True, False], np.int64, "x").tolist() == [1, 0]
    assert converted([1, 0], np.bool_, "x").tolist() == [True, False]
    assert converted(np.zeros(0), np.int64, "x").dtype == np.int64
    assert np.isnan(converted([np.nan], np.float32, "x")).all()  # floats may be missing
    with pytest.raises(InputError, match="x holds values that are not whole, or too large"):
        converted(np.array([300]), np.int8, "x")
    with pytest.raises(InputError, match="x holds text; give numbers"):
        converted(["a"], np.float32, "x")
    with pytest.raises(InputError, match="x: the rows differ in length"):
        converted([[1], [1, 2]], np.float32, "x")


@pytest.mark.parametrize("wrong", [None, "abc", 5, np.zeros((3, 2)), {}])
def test_an_array_in_place_of_a_table_is_refused_by_name(wrong):
    calls = {
        "video is a Video": lambda: castlist.identify(wrong, wrong),
        "embeddings is an Embeddings": lambda: cluster.track_means(wrong),
        "features is a FeatureSet": lambda: facts(wrong),
        "cue": lambda: cues.by_track(wrong, wrong, 3),
        "Embeddings of castlist": lambda: track.mean_length(wrong, wrong, 3),
        "unknown refinement": lambda: refine.refinement(wrong),
    }
    for sentence, call in calls.items():
        with pytest.raises(InputError, match=sentence):
            call()


@pytest.mark.parametrize("wrong", [5, None, [5], [None], 1.5])
def test_films_are_given_by_their_paths(wrong):
    with pytest.raises(InputError, match=r"by (their paths|its path), not by"):
        castlist.find_all(wrong)
    with pytest.raises(InputError, match="recipe is a Recipe of castlist"):
        castlist.find_all(["film.mp4"], recipe="paper")


@pytest.mark.filterwarnings("error")
def test_cosines_do_not_depend_on_how_large_the_vectors_are():
    vectors, truth = np.random.default_rng(0).normal(size=(12, 4)), np.arange(12) % 3
    expected = metrics.verification_auc(vectors, truth)
    for scale in (1e200, 1e-200, 1e300):
        assert metrics.verification_auc(scale * vectors, truth) == pytest.approx(expected)
