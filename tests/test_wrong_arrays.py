"""Arrays that a table or an algorithm cannot use: refused with one message, never changed silently."""

import numpy as np
import pytest

import castlist
from castlist import cluster, cues, embed, metrics, refine, split, track
from castlist.errors import InputError
from castlist.refine.miners import quality_strata
from castlist.research.baselines import TrackSet
from castlist.research.bench import facts
from castlist.research.features import gather
from castlist.types import Clustering, Constraints, Cue, Detections, Embeddings, Shots, Tracks, Tree
from castlist.vectors import converted, shaped, single_precision

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
    calls += [lambda: cluster.ward(array)] if bad != "huge" else []  # valid in double precision
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
    assert np.isnan(converted([np.nan], np.float32, "x")).all()  # a float may be NaN
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


PICTURE = np.full((112, 112, 3), 90, np.uint8)
LANDMARKS = np.array([[38.0, 52], [74, 52], [56, 72], [42, 92], [71, 92]])
FACES = Embeddings(np.eye(3), np.arange(3), np.arange(3), np.ones(3))
NONE = Constraints.empty()
BOXES = np.tile([10.0, 10, 60, 60], (3, 1))
TRACKS = Tracks(np.arange(3), BOXES, np.arange(3), np.arange(3), np.arange(4), np.zeros(3, int))
FUNCTIONS = {  # a function of one argument, and valid values of it
    "align_faces, image": (lambda given: embed.align_faces(given, LANDMARKS), PICTURE),
    "align_faces, landmarks": (lambda given: embed.align_faces(PICTURE, given), LANDMARKS),
    "halved, image": (lambda given: embed.halved(given, [0, 0], [9, 9], 0.2), PICTURE),
    "halved, low": (lambda given: embed.halved(PICTURE, given, [9, 9], 0.2), np.zeros(2)),
    "halved, high": (lambda given: embed.halved(PICTURE, [0, 0], given, 0.2), np.full(2, 50.0)),
    "detail": (embed.detail, PICTURE),
    "sharpness": (embed.sharpness, PICTURE),
    "face_patch, image": (lambda given: embed.face_patch(given, BOXES[0]), PICTURE),
    "face_patch, box": (lambda given: embed.face_patch(PICTURE, given), BOXES[0]),
    "face_quality, size": (
        lambda given: embed.face_quality(given, [1, 1], [LANDMARKS] * 2, [1, 1], [1, 1]), np.full(2, 50.0)
    ),
    "face_quality, landmarks": (
        lambda given: embed.face_quality([50], [1], given, [1], [1]), LANDMARKS[None]
    ),
    "track_motion, patches": (
        lambda given: embed.track_motion(given, TRACKS, np.ones(3, bool)), np.zeros((3, 48, 48), np.uint8)
    ),
    "palette": (cues.palette, np.linspace(0, 1, cues.Clothes.width)),
    "by_track": (lambda given: cues.by_track(Cue(np.ones((3, 4)), np.ones(3)), given, 3), np.arange(3)),
    "cells": (split.cells, np.zeros((2, 496), np.uint8)),
    "quality_strata": (quality_strata, np.linspace(0, 1, 9)),
    "join_blurred, label": (
        lambda given: cluster.join_blurred(FACES, NONE, given, np.array([False, False, True])),
        np.array([0, 1, -1]),
    ),
    "join_blurred, blurred": (
        lambda given: cluster.join_blurred(FACES, NONE, np.array([0, 1, -1]), given),
        np.array([False, False, True]),
    ),
    "join_low_quality, label": (
        lambda given: cluster.join_low_quality(FACES, NONE, given, TRACKS, np.ones(3)), np.arange(3)
    ),
    "placed": (lambda given: cluster.placed(given, ()), np.arange(3)),
    "gather, face_track": (lambda given: gather("a", np.eye(3), given, track_id=[0, 1, 2]), np.arange(3)),
    "gather, track_id": (lambda given: gather("a", np.eye(3), [0, 1, 2], track_id=given), np.arange(3)),
    "ward, must": (lambda given: cluster.ward(np.eye(3), must=given), np.array([[0, 1]])),
}  # fmt: skip
WRONG = {
    "text": lambda good: np.full(good.shape, "a"),
    "objects": lambda good: np.full(good.shape, object()),
    "complex": lambda good: np.ones(good.shape, complex),
    "dates": lambda good: np.full(good.shape, "2020-01-01", "M8[D]"),
    "NaN": lambda good: np.full(good.shape, np.nan),
    "infinite": lambda good: np.full(good.shape, np.inf),
    "masked": lambda good: np.ma.masked_array(good, mask=np.ones(good.shape, bool)),
    "an axis more": lambda good: good[None],
    "an axis less": lambda good: good.reshape(-1) if good.ndim > 1 else good[0],
    "ragged": lambda good: [[1], [1, 2]],
    "word": lambda good: "abc",
    "a number": lambda good: 5,
    "a dict": lambda good: {},
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.filterwarnings("error")
def test_a_public_function_refuses_what_it_cannot_take(name, wrong):
    function, good = FUNCTIONS[name]
    function(good)
    with pytest.raises(InputError):
        function(WRONG[wrong](good))


def test_lengths_that_do_not_fit_each_other_are_named():
    with pytest.raises(InputError, match=r"score must have shape \(2,\), got \(1,\)"):
        embed.face_quality([9, 9], [1], [LANDMARKS] * 2, [1, 1], [1, 1])
    with pytest.raises(InputError, match="label has 2 rows, one for each track, but there are 3 tracks"):
        cluster.join_blurred(FACES, NONE, [0, 1], [True, False])
    with pytest.raises(InputError, match="track names tracks 0 to 2; they must be 0 to 1"):
        cues.by_track(Cue(np.ones((3, 4)), np.ones(3)), np.arange(3), 2)
    with pytest.raises(InputError, match="scale must be above 0, got 0"):
        embed.halved(PICTURE, np.zeros(2), np.ones(2), 0.0)
    with pytest.raises(InputError, match="image is an empty picture"):
        embed.align_faces(PICTURE[:0], LANDMARKS)
    for call in (metrics.b_cubed, metrics.adjusted_rand):
        with pytest.raises(InputError, match=r"weight must be finite, above 0 and below 1e\+100"):
            call([0, 1], [0, 1], weight=[1e300, 1])


def test_an_array_that_fits_is_not_copied():
    assert shaped(PICTURE, np.uint8, ("h", "w", 3), "x") is PICTURE
    assert shaped([1, 0], np.bool_, (2,), "x").tolist() == [True, False]
    assert np.isnan(shaped([np.nan], np.float32, ("n",), "x", missing=True)).all()
    assert shaped([], np.float64, ("n", 5, 2), "x").shape == (0, 5, 2)
    with pytest.raises(InputError, match=r"x must have shape \(3, n\), got \(0,\)"):
        shaped([], np.float64, (3, "n"), "x")
    with pytest.raises(InputError, match="x holds values that are neither true nor false"):
        shaped([0.5, 1], np.bool_, (2,), "x")
    with pytest.raises(InputError, match="x holds infinite values"):
        shaped([np.inf], np.float32, ("n",), "x", missing=True)
