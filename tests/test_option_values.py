"""Options have the types of their annotations: NumPy numbers are converted, and other types are refused."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields, is_dataclass

import numpy as np
import pytest

import castlist.cluster
import castlist.constrain
import castlist.cues
import castlist.detect
import castlist.drawn
import castlist.embed
import castlist.library
import castlist.metrics
import castlist.redact
import castlist.render
import castlist.review
import castlist.split
import castlist.suggest
import castlist.track
import castlist.types
from castlist.errors import InputError
from castlist.option_values import option_value
from castlist.refine import REFINERS, Averaged, PseudoRF, SSiam, TSiam, TSiamSecondOrder
from castlist.research.baselines import BASELINES


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("int", np.int64(3), 3),
        ("int", np.uint8(3), 3),
        ("float", np.float32(0.5), 0.5),
        ("float", 2, 2.0),
        ("float", np.int32(2), 2.0),
        ("float | None", None, None),
        ("int | None", np.int16(4), 4),
        ("bool", np.True_, True),
        ("str", np.str_("paper"), "paper"),
        ("Ranking", "none", "none"),
    ],
)
def test_numbers_of_numpy_become_numbers_of_python(kind, given, value):
    found = option_value("x", given, kind, 0)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("int", 1.5, "a whole number from 1 up, got 1.5"),
        ("int", 2.0, "a whole number from 1 up, got 2.0"),
        ("int", np.float64(1.5), "a whole number from 1 up"),
        ("int", 0, "a whole number from 1 up, got 0"),
        ("int", True, "a whole number from 1 up, got True"),
        ("int", None, "a whole number from 1 up, got None"),
        ("float", "0.5", "a number from 1 up, got '0.5'"),
        ("float", float("nan"), "a number from 1 up, got nan"),
        ("float", 10**400, "a number from 1 up, got 1"),
        ("bool", "false", "true or false, got 'false'"),
        ("bool", 0, "true or false, got 0"),
        ("str", 3, "text, got 3"),
    ],
)
def test_other_values_are_refused_in_a_sentence(kind, given, wanted):
    with pytest.raises(InputError, match=f"^x must be {wanted}"):
        option_value("x", given, kind, 1)


@pytest.mark.parametrize("step", [SSiam, TSiam, PseudoRF])
def test_refinements_take_numbers_of_numpy_and_refuse_parts_of_epochs(step):
    found = step(epochs=np.int64(2), margin=np.float32(0.5), mean=np.False_, seed=np.uint32(7))
    assert found == step(epochs=2, margin=0.5, mean=False, seed=7)
    assert type(found.epochs) is int
    with pytest.raises(InputError, match=r"^epochs must be a whole number from 1 up, got 1.5"):
        step(epochs=1.5)
    with pytest.raises(InputError, match=r"^mean must be true or false, got 'false'"):
        step(mean="false")
    with pytest.raises(InputError, match="unknown recipe 3"):
        step(recipe=3)


def test_the_other_steps_take_them_alike():
    assert TSiamSecondOrder(networks=np.int64(2)) == TSiamSecondOrder(networks=2)
    assert Averaged(networks=np.int64(2), most=np.float64(0.5)) == Averaged(networks=2, most=0.5)
    assert BASELINES["k-means"](restarts=np.int64(3)) == BASELINES["k-means"](restarts=3)
    for wrong in ({"networks": 1.5}, {"cross": "x"}, {"half": -1}, {"steps": 0}):
        with pytest.raises(InputError, match=rf"^{next(iter(wrong))} must be a"):
            TSiamSecondOrder(**wrong)
    with pytest.raises(InputError, match=r"Averaged\.most must lie in \[0, 1\]"):
        Averaged(most=2)


@pytest.mark.parametrize("method", sorted(REFINERS))
def test_the_defaults_of_every_refinement_are_allowed(method):
    assert REFINERS[method]() == REFINERS[method]()


ROOMS = (
    castlist.cluster, castlist.constrain, castlist.cues, castlist.detect, castlist.embed, castlist.redact,
    castlist.split, castlist.track,
)  # fmt: skip
MEASURED = {castlist.cluster.Calibration}  # a result, which users do not set
STEPS = [
    kind
    for room in ROOMS
    for kind in (getattr(room, name) for name in room.__all__)
    if is_dataclass(kind)
    and kind not in MEASURED
    and all(f.default is not MISSING or f.default_factory is not MISSING for f in fields(kind))
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_every_step_refuses_numbers_of_another_type(step):
    assert step() == step(**{f.name: f.default for f in fields(step) if f.default is not MISSING})
    for option in fields(step):
        wrong = {"int": (1.5, 2.0, "3", True, None), "float": ("0.5", None, float("nan"), True)}
        for value in wrong.get(option.type, ()):
            with pytest.raises(InputError, match=rf"^{step.__name__}\.{option.name} must be a .*number"):
                step(**{option.name: value})


FUNCTIONS = [
    castlist.cluster.extend, castlist.cluster.knn_tree, castlist.cluster.link_evidence,
    castlist.cluster.reliability, castlist.cluster.track_means, castlist.cues.palette,
    castlist.suggest.questions, castlist.library.executor, castlist.redact.redact, castlist.render.cut,
    castlist.render.joined, castlist.review.serve, castlist.metrics.face_scores,
    castlist.drawn.people, castlist.drawn.random_script, castlist.drawn.render, castlist.drawn.resembling,
    castlist.drawn.still,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_functions_refuse_numbers_of_another_type(function):
    parameters = inspect.signature(function).parameters.values()
    given = {"int": 3, "float": 0.5, "str": "x", "str | os.PathLike[str]": "x", "Sequence[str]": ()}
    given |= {name: object.__new__(kind) for name, kind in vars(castlist.types).items() if is_dataclass(kind)}
    needed = {p.name: given.get(p.annotation) for p in parameters if p.default is p.empty}
    numbers = [p.name for p in parameters if p.annotation in ("int", "float")]
    for name in numbers:
        whole = function.__annotations__[name] == "int"
        for value in (1.5, "3", True) if whole else ("0.5", None, float("nan")):
            with pytest.raises(InputError, match=rf"^{name} is a {'whole ' if whole else ''}number, got"):
                function(**{**needed, name: value})
    assert numbers
