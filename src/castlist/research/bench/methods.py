"""All methods of the tables by name, with one interface: refinements of the features, and baselines."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from castlist.errors import InputError
from castlist.option_values import option_value
from castlist.research.bench.own import OwnRefinement, is_own, own_method, table_name
from castlist.research.features import FeatureSet
from castlist.shell_words import likeliest, unknown
from castlist.types import Clustering, Embeddings, Json, Machine

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from castlist.cluster import GroupLinkage
    from castlist.refine import RefinementStep
    from castlist.research.baselines import TrackSet

__all__ = [
    "BARE",
    "BASE",
    "OURS",
    "PAPER",
    "MethodKind",
    "baseline",
    "capped",
    "check_options",
    "finds_number",
    "kind",
    "known",
    "linkage",
    "options_of",
    "ours",
    "parse_options",
    "refined",
    "refiner",
    "resolve",
    "shown_name",
    "table_name",
    "trained",
    "varies",
]

BASE = "base"  # the unrefined features, clustered by Ward's method
PAPER = (BASE, "pseudo-rf", "tsiam", "tsiam-no-singletons", "ssiam")  # the methods of the slides
OURS = "castlist"  # refinement, linkage and cut as in `castlist find`
BARE = "castlist-base"  # the same without a refinement
Step = TypeVar("Step", bound="DataclassInstance")


class MethodKind(StrEnum):
    """The kind of a method."""

    REFINEMENT = "refinement"  # refines the features, which are then clustered
    OURS = "ours"  # castlist's own clustering
    BASELINE = "baseline"  # a published clustering, or a user's own


MethodOptions = Mapping[str, Mapping[str, Json]]  # by method, then by field


def known() -> dict[str, MethodKind]:
    """The names and kinds of all methods."""
    from castlist.refine import REFINERS
    from castlist.research.baselines import BASELINES

    names = {BASE: MethodKind.REFINEMENT}
    names |= {name: MethodKind.REFINEMENT for name in REFINERS if name != "none"}
    own_methods = {OURS: MethodKind.OURS, BARE: MethodKind.OURS}
    return names | own_methods | dict.fromkeys(BASELINES, MethodKind.BASELINE)


def kind(method: str) -> MethodKind:
    """The kind of a method: by `known`; for a user's own method, by its parameters."""
    if is_own(method):
        return MethodKind.BASELINE if own_method(method).clusters else MethodKind.REFINEMENT
    return known()[method]


def shown_name(method: str) -> str:
    """A method's name for a table, with a note if it is reconstructed from memory of its paper."""
    from castlist.research.baselines import BASELINES

    after = BASELINES[method].after if method in BASELINES else ""
    method = table_name(method)
    return f"{method} (after {after}, reconstructed)" if after else method


def finds_number(method: str) -> bool:
    """Whether a method works without the number of people.

    Refined features are then clustered by castlist's own linkage and cut.
    """
    from castlist.research.baselines import BASELINES

    if is_own(method):
        return own_method(method).estimates_k
    return BASELINES[method].estimates_k if method in BASELINES else True


def trained(method: str) -> bool:
    """Whether a method trains with PyTorch."""
    from castlist.research.baselines import BASELINES

    if method in BASELINES:
        return BASELINES[method].trained
    return not is_own(method) and method not in (OURS, BARE) and _seeded(method)


def varies(method: str, tracks: int, options: MethodOptions) -> bool:
    """Whether a method's result is random on a set of so many tracks."""
    from castlist.research.baselines import BASELINES

    if is_own(method):
        return own_method(method).randomised
    if method in BASELINES:
        return bool(_with_options(BASELINES[method](), method, options).varies(tracks))
    return method == OURS or (method != BARE and _seeded(method))


def _seeded(method: str) -> bool:
    """Whether a refinement has a seed, for its initial weights and draws."""
    return hasattr(refiner(method, 0, "castlist", {}), "seed")


def resolve(names: str) -> tuple[str, ...]:
    """The methods of a comma-separated list; `paper`, `baselines` and `all` stand for several.

    A user's own method is FILE.py:NAME or package.module:NAME, with LABEL= before it for another name.

    Raises:
        InputError: a name is unknown; the message lists all names.
    """
    every = known()
    baselines = tuple(name for name, sort in every.items() if sort == MethodKind.BASELINE)
    groups = {"paper": PAPER, "baselines": baselines, "all": tuple(every)}
    wanted: list[str] = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        if name not in every and name not in groups and not is_own(name):
            raise InputError(unknown("method", name, [*groups, *every]))
        wanted += groups.get(name, (name,))
    if not wanted:
        raise InputError("no method named; for instance base,ssiam")
    return tuple(dict.fromkeys(wanted))


def parse_options(settings: tuple[str, ...]) -> dict[str, dict[str, Json]]:
    """Options such as `ssiam.epochs=5`, by method; `*.epochs=5` is for every method with this option.

    Raises:
        InputError: an option does not have this form.
    """
    options: dict[str, dict[str, Json]] = {}
    for setting in settings:
        place, equals, text = setting.partition("=")
        method, dot, field = place.strip().rpartition(".")
        if not equals or not dot or not field:
            raise InputError(f"{setting!r} must be METHOD.OPTION=VALUE, for instance ssiam.epochs=5")
        options.setdefault(method, {})[field] = _value(text.strip())
    return options


def _value(text: str) -> Json:
    """A value in the notation of TOML or Python; anything else is text."""
    readers: tuple[Callable[[str], Json], ...] = (_toml, ast.literal_eval)
    for read in readers:
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return text


def _toml(text: str) -> Json:
    found: Json = tomllib.loads(f"value = {text}")["value"]
    return found


def _default(method: str, recipe: str = "castlist") -> DataclassInstance:
    """The step of a method without options; for castlist's own methods, their linkage."""
    from castlist.cluster import GroupLinkage
    from castlist.refine import refinement
    from castlist.research.baselines import BASELINES

    if method in BASELINES:
        return BASELINES[method]()
    if method in (OURS, BARE):
        return GroupLinkage()
    return refinement("none" if method == BASE else method, recipe=recipe)


def options_of(method: str, options: MethodOptions) -> dict[str, Json]:
    """The given options for a method: its own, and those of `*` that it has.

    Raises:
        InputError: the method does not have one of its own options, or an option cannot have its value.
    """
    kinds, method = _option_kinds(method), table_name(method)
    wanted = {k: v for k, v in options.get("*", {}).items() if k in kinds} | dict(options.get(method, {}))
    if "seed" in wanted:
        raise InputError(f"{method} takes its seed from the run: 0, 1, ...; choose how many with --seeds")
    for name in wanted:
        if name not in kinds:
            advice = likeliest(name, kinds) if kinds else "it has none"
            raise InputError(f"{method} has no option {name!r}; {advice}")
    return {k: _plain(option_value(f"{method}.{k}", v, kinds[k])) for k, v in wanted.items()}


def _option_kinds(method: str) -> dict[str, str]:
    """The annotation of each option of a method, by its name."""
    if is_own(method):
        return own_method(method).option_kinds
    return {f.name: str(f.type) for f in fields(_default(method))}


def _plain(value: object) -> Json:
    """The value of an option in a key; the step itself refuses values that are neither numbers nor text."""
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)


def _with_options(step: Step, method: str, options: MethodOptions) -> Step:
    """A step with its given options."""
    wanted = options_of(method, options)
    return replace(step, **wanted) if wanted else step


def refiner(method: str, seed: int, recipe: str, options: MethodOptions) -> RefinementStep | OwnRefinement:
    """The refinement step of that name, with its seed."""
    from castlist.refine import refinement

    if is_own(method):
        return OwnRefinement(own_method(method), seed, options_of(method, options))
    step = refinement("none" if method == BASE else method, seed=seed, recipe=recipe)
    return _with_options(step, method, options)


def linkage(method: str, options: MethodOptions) -> GroupLinkage:
    """The linkage of one of castlist's own methods, with its options."""
    from castlist.cluster import GroupLinkage

    return _with_options(GroupLinkage(), method, options)


def check_options(methods: tuple[str, ...], recipe: str, options: MethodOptions) -> None:
    """Check, before anything runs, that the methods have all given options.

    Raises:
        InputError: options are for an unknown method or one that is not run, no method has an option of `*`,
            an option cannot have its value, a user's own method cannot be used, or two methods have one name.
    """
    names = [table_name(method) for method in methods]
    _check_own_names(methods)
    for name in options.keys() - {"*"}:
        if name not in known() and name not in names:
            every = [*known(), *(n for n in names if n not in known())]
            raise InputError(f"options are given for {name!r}: {unknown('method', name, every)}")
        if name not in names:
            raise InputError(
                f"options are given for {name}, which is none of the methods that run: {', '.join(names)}"
            )
    valid = dict.fromkeys(option for method in (*methods, *known()) for option in _option_kinds(method))
    for name in options.get("*", {}):
        if name not in valid:
            raise InputError(f"no method has an option {name!r}; {likeliest(name, valid)}")
    for method in methods:
        if is_own(method):
            own_method(method).check_options(options_of(method, options))
        else:
            _with_options(_default(method, recipe), method, options)


def _check_own_names(methods: tuple[str, ...]) -> None:
    """Check that no two methods have one name in the tables."""
    names = [table_name(method) for method in methods]
    for method in filter(is_own, methods):
        name = own_method(method).name
        if name in known() or names.count(name) > 1:
            raise InputError(
                f"two methods are called {name}; give yours another name, as in "
                f"my-{name}={_unlabelled(method)}"
            )


def _unlabelled(method: str) -> str:
    return method.partition("=")[2] or method


def capped(step: RefinementStep | OwnRefinement, features: FeatureSet) -> RefinementStep | OwnRefinement:
    """The step with its numbers limited to what the set allows; steps that are then equal train alike."""
    from castlist.refine.groups import shared_groups
    from castlist.refine.siamese import Siamese

    if not isinstance(step, Siamese):
        return step
    links, faces = features.constraints(), len(features.embeddings)
    group, _ = shared_groups(faces, features.embeddings.track, links.cannot, links.must)
    return step.capped(faces, int(group.max()) + 1)


def refined(
    step: RefinementStep | OwnRefinement,
    features: FeatureSet,
    machine: Machine,
    watch: Callable[[int, int], None] | None,
) -> Embeddings:
    """The set's embeddings after a refinement step."""
    if isinstance(step, OwnRefinement):
        return step(_track_set(features), features.embeddings)
    found: Embeddings = step(features.embeddings, features.constraints(), machine=machine, watch=watch)
    return found


def ours(
    features: FeatureSet,
    clusters: int | None,
    link: GroupLinkage | None = None,
    *,
    seed: int | None = None,
    machine: Machine = Machine(),
) -> Clustering:
    """The tracks of a set clustered as in `castlist find`, with a found or a given number of clusters.

    With a seed the features are refined first, by the default step of a recipe. All cannot-links hold, so
    there are more clusters than given where cannot-links require more. `link` is the linkage; None: the
    default one.
    """
    from castlist.cluster import CountCut, GroupLinkage, ProbabilityCut
    from castlist.refine import Averaged

    constraints = features.constraints()
    embeddings = features.embeddings
    if seed is not None:
        embeddings = Averaged(seed=seed)(embeddings, constraints, machine=machine)
    tree = (link or GroupLinkage())(embeddings, constraints)
    cut = ProbabilityCut() if clusters is None else CountCut(clusters)
    return cut(tree, embeddings, constraints)


def baseline(
    method: str, features: FeatureSet, clusters: int | None, seed: int, options: MethodOptions
) -> Clustering:
    """The tracks of a set clustered by a baseline, with a given number of clusters, or one that it finds.

    Raises:
        InputError: the set lacks data that the method needs.
    """
    from castlist.research.baselines import BASELINES

    track_set = _track_set(features)
    if is_own(method):
        return own_method(method).labels(track_set, clusters, seed, options_of(method, options))
    step = _with_options(BASELINES[method](), method, options)
    found: Clustering = step(track_set, clusters, random_state=seed)
    return found


def _track_set(features: FeatureSet) -> TrackSet:
    """The input of a clustering from a set: all data but the labels."""
    from castlist.research.baselines import TrackSet

    return TrackSet(
        features.embeddings.vector,
        features.embeddings.track,
        features.constraints(),
        features.frame if features.timed else None,
        features.box,
        features.views,
        track_frames=features.size,
    )
