"""Former names of modules and classes: they mean today's, and say so."""

import importlib
import pickle
import subprocess
import sys
import warnings

import pytest

from castlist._former import MODULES, attribute, keyword, names

FORMER_CLASSES = [
    ("castlist.cluster", "Evidence", "GroupLinkage"),
    ("castlist.cluster", "Billing", "Roles"),
    ("castlist.cluster", "belonging", "membership_confidence"),
    ("castlist.detect", "Look", "Sampling"),
    ("castlist.library", "Decision", "LibraryDecision"),
    ("castlist.library", "Question", "LibraryQuestion"),
    ("castlist.refine", "Base", "Unrefined"),
    ("castlist.report", "Model", "ModelUse"),
    ("castlist.research.baselines", "Scene", "TrackSet"),
    ("castlist.research.bench", "Facts", "DatasetFacts"),
    ("castlist.track", "Sift", "TrackFilter"),
    ("castlist.track", "LikenessDivider", "LikenessSplit"),
]


@pytest.mark.parametrize("former", MODULES)
def test_a_former_module_is_the_one_of_today(former: str) -> None:
    sys.modules.pop(former, None)
    with pytest.warns(DeprecationWarning, match=rf"{former} is now {MODULES[former]}; .* 0\.4"):
        old = importlib.import_module(former)
    new = importlib.import_module(MODULES[former])
    assert old is new
    assert new.__name__ == new.__spec__.name == MODULES[former]


def test_what_lies_below_a_former_module_is_one_module_too() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("castlist.bench.collect", "castlist.io.features.npz", "castlist.baselines.finch"):
            sys.modules.pop(name, None)
            old = importlib.import_module(name)
            assert old.__name__.startswith("castlist.research.")
            assert old is sys.modules[old.__name__]
        from castlist.baselines import BASELINES  # type: ignore[import-not-found]
    copy = pickle.loads(pickle.dumps(BASELINES["finch"]))  # noqa: S301 - made here
    assert copy is BASELINES["finch"]


def test_a_module_that_never_was_is_missing_under_both_names() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("castlist.bench.nothing")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("castlist.benchmark")


@pytest.mark.parametrize(("module", "former", "now"), FORMER_CLASSES)
def test_a_former_class_is_the_one_of_today(module: str, former: str, now: str) -> None:
    room = importlib.import_module(module)
    with pytest.warns(DeprecationWarning, match=rf"{former} is now {module}\.{now}"):
        assert getattr(room, former) is getattr(room, now)
    assert former not in room.__all__


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        names("castlist.detect", Look="Sampling")("Nothing")
    for module, *_ in FORMER_CLASSES:
        with pytest.raises(AttributeError, match="'Nothing'"):
            importlib.import_module(module).Nothing  # noqa: B018


def test_no_film_needs_the_research_wing() -> None:
    code = (
        "import sys, castlist.pipeline, castlist.cli.find, castlist.cli.review, castlist.cli.export,"
        "castlist.review, castlist.store, castlist.library;"
        "print([m for m in sys.modules if m.startswith('castlist.research')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_former_attribute_is_the_one_of_today() -> None:
    class Page:
        revision = 3
        seen = attribute("seen", "revision")

    with pytest.warns(DeprecationWarning, match=r"Page\.seen is now Page\.revision; .* 0\.4"):
        assert Page().seen == 3


def test_a_former_argument_is_taken_for_the_one_of_today() -> None:
    @keyword("seen", "revision")
    def decide(action: str, *, revision: int = 0) -> tuple[str, int]:
        return action, revision

    assert decide("hide", revision=2) == ("hide", 2)
    with pytest.warns(DeprecationWarning, match=r"decide\(seen=\.\.\.\) is now .*decide\(revision=\.\.\.\)"):
        assert decide("hide", seen=2) == ("hide", 2)  # type: ignore[call-arg]
