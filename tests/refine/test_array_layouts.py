"""Features of one value give one result, however they lie in memory; masked and complex ones are refused."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.metrics import b_cubed, verification_auc
from castlist.refine import PseudoRF, SecondOrder, SSiam, TSiam, TSiamSecondOrder
from castlist.refine.check import check
from castlist.research.estimators import SSiam as SSiamEstimator
from castlist.research.estimators import Ward
from castlist.research.features import gather
from castlist.types import Embeddings

TRACK = np.repeat(np.arange(12), 5)
X = (
    np.random.default_rng(0).normal(size=(3, 40))[TRACK % 3]
    + 0.4 * np.random.default_rng(1).normal(size=(60, 40))
).astype(np.float32)
MASKED = np.ma.masked_array(X, mask=np.isin(X, X[3]))
LAYOUTS = {
    "columns first": np.asfortranarray(X),
    "every second column of a wider table": np.repeat(X, 2, axis=1)[:, ::2],
    "upside down": X[::-1].copy()[::-1],
    "float64": X.astype(np.float64),
    "float64, columns first": np.asfortranarray(X, np.float64),
    "big-endian": X.astype(">f4"),
    "list": X.tolist(),
    "mask without a masked value": np.ma.masked_array(X, mask=False),
}
METHODS = [
    TSiam(epochs=1),
    SSiam(epochs=1),
    PseudoRF(epochs=1),
    SecondOrder(),
    TSiamSecondOrder(steps=30),
]


def refined(step, fitted, given):
    return step.fit(fitted, TRACK, np.array([[0, 1], [2, 3]])).transform(given)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("step", METHODS, ids=lambda s: type(s).__name__)
def test_a_refinement_depends_on_values_and_not_on_their_layout(step, layout):
    given = LAYOUTS[layout]
    assert np.array_equal(refined(step, given, given), refined(step, X, X))


@pytest.mark.parametrize("layout", ["columns first", "every second column of a wider table"])
def test_estimators_and_tables_depend_on_values_and_not_on_their_layout(layout):
    given = LAYOUTS[layout]
    step = SSiamEstimator(epochs=1, random_state=0)
    assert np.array_equal(step.fit_transform(given), step.fit_transform(X))
    assert np.array_equal(Ward().fit(given).linkage_, Ward().fit(X).linkage_)
    table = gather("film", given, TRACK, track_id=np.arange(12)).embeddings
    assert table.vector.flags.c_contiguous
    assert Embeddings(given, TRACK, np.arange(60), np.ones(60)).vector.flags.c_contiguous


@pytest.mark.parametrize(
    "take",
    [
        *(lambda x, s=step: refined(s, x, X) for step in METHODS),
        *(lambda x, s=step: refined(s, X, x) for step in METHODS),
        lambda x: check(x, TRACK),
        lambda x: gather("film", x, TRACK, track_id=np.arange(12)),
        lambda x: SSiamEstimator(epochs=1).fit(x),
        lambda x: Ward().fit(x),
        lambda x: verification_auc(x, TRACK),
    ],
)
@pytest.mark.parametrize("given", [MASKED, X + 1j], ids=["masked", "complex"])
def test_masked_and_complex_features_are_refused(take, given):
    with pytest.raises(ValueError, match=r"masked; leave|[Cc]omplex|must be numbers"):  # scikit-learn's, too
        take(given)


def test_masked_labels_and_columns_are_refused():
    with pytest.raises(InputError, match="truth: some values are masked; leave those rows out"):
        b_cubed(np.ma.masked_array([0, 1], [False, True]), [0, 1])
    with pytest.raises(InputError, match=r"Embeddings\.vector: some values are masked"):
        Embeddings(MASKED, TRACK, np.arange(60), np.ones(60))


@pytest.mark.parametrize("step", METHODS, ids=lambda s: type(s).__name__)
def test_values_beyond_single_precision_are_named_without_a_warning(step):
    with pytest.raises(InputError, match="too large for single precision"):
        refined(step, X * np.float64(1e200), X)
    with pytest.raises(InputError, match="too large for single precision"):
        refined(step, X, X * np.float64(1e200))
