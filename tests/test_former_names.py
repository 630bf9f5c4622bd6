"""Former names of modules and classes: they mean today's, with a warning."""

import importlib
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from castlist._former import MODULES, attribute, keyword, names

PUBLIC = [  # (module, name) of 0.2.0
    (module, name)
    for module, _, names_ in (
        line.partition(": ")
        for line in (Path(__file__).parent / "public_names_0_2.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
    )
    for name in names_.split()
]
FUNCTIONS = {  # a module has the former name, and can be called
    ("castlist.decisions", "align"): "align_films",
    ("castlist.embed", "align"): "align_faces",
}
FORMER = [  # (module, former name, name)
    ("castlist.cluster", "BILLINGS", "ROLES"),
    ("castlist.cluster", "Billing", "Roles"),
    ("castlist.cluster", "Evidence", "GroupLinkage"),
    ("castlist.cluster", "belonging", "membership_confidence"),
    ("castlist.decisions", "whom", "person_called"),
    ("castlist.detect", "Look", "Sampling"),
    ("castlist.detect", "Watcher", "Sampler"),
    ("castlist.library", "Decision", "LibraryDecision"),
    ("castlist.library", "Question", "LibraryQuestion"),
    ("castlist.models", "Network", "OnnxNetwork"),
    ("castlist.proxy", "State", "ProxyState"),
    ("castlist.reel", "chosen", "chosen_pieces"),
    ("castlist.refine", "Base", "Unrefined"),
    ("castlist.report", "Model", "ModelUse"),
    ("castlist.research.baselines", "Scene", "TrackSet"),
    ("castlist.research.bench", "Facts", "DatasetFacts"),
    ("castlist.suggest", "Sheet", "Batch"),
    ("castlist.track", "DIVIDERS", "TRACK_SPLITS"),
    ("castlist.track", "LikenessDivider", "LikenessSplit"),
    ("castlist.track", "SIFTERS", "FILTERS"),
    ("castlist.track", "Sift", "TrackFilter"),
]
TABLES = [  # (module, former name, name, what the former name gives)
    ("castlist.types", "FATES", "Fate", ("person", "background", "set aside")),
    ("castlist.types", "ORIGINS", "Origin", ("co-occurrence", "user")),
    ("castlist.types", "TRANSITIONS", "Transition", ("start", "cut", "dissolve", "fade")),
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


@pytest.mark.parametrize(("module", "former", "now", "value"), TABLES)
def test_a_former_table_has_the_words_of_the_class_of_today(
    module: str, former: str, now: str, value: tuple[str, ...]
) -> None:
    with pytest.warns(DeprecationWarning, match=rf"{former} is now {module}\.{now}; .* 0\.4"):
        assert getattr(importlib.import_module(module), former) == value


def test_kinds_of_decisions_are_still_a_table() -> None:
    from castlist import decisions

    with pytest.warns(DeprecationWarning, match="DecisionKind"):
        assert set(decisions.KINDS) == set(decisions.DecisionKind)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("former", "now"), FUNCTIONS.items())
def test_a_module_under_the_name_of_a_former_function_can_be_called(
    former: tuple[str, str], now: str
) -> None:
    called = getattr(importlib.import_module(former[0]), former[1])
    message = rf"{'.'.join(former)} is now {former[0]}\.{now}"
    with pytest.warns(DeprecationWarning, match=message), pytest.raises(TypeError, match=f"{now}.. missing"):
        called()


def test_every_public_name_of_0_2_still_means_something_and_a_former_one_says_so() -> None:
    """To remove a name breaks users' programs: keep it, or give it to `_former.names`."""
    for module, name in PUBLIC:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            room = importlib.import_module(module)
            said.clear()
            found = getattr(room, name, None)
        assert found is not None, f"{module}.{name} is gone"
        if (module, name) in FUNCTIONS:
            continue
        warned = any(w.category is DeprecationWarning for w in said)
        assert name in room.__all__ or warned, f"{module}.{name} is a former name and does not say so"


@pytest.mark.parametrize(("module", "former", "now"), FORMER)
def test_a_former_class_is_the_one_of_today(module: str, former: str, now: str) -> None:
    room = importlib.import_module(module)
    with pytest.warns(DeprecationWarning, match=rf"{former} is now {module}\.{now}"):
        assert getattr(room, former) is getattr(room, now)
    assert former not in room.__all__


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        names("castlist.detect", Look="Sampling")("Nothing")
    for module, *_ in FORMER:
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
