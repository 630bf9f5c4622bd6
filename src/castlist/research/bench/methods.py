"""Every method of the tables by its name, called alike: a refinement of the features, or a baseline."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from castlist.errors import InputError
from castlist.research.features import FeatureSet
from castlist.types import Clustering, Embeddings, Json, Machine

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from castlist.cluster import GroupLinkage
    from castlist.refine import RefinementStep

__all__ = [
    "BARE",
    "BASE",
    "OURS",
    "PAPER",
    "MethodKind",
    "baseline",
    "check_options",
    "finds_number",
    "kind",
    "known",
    "ours",
    "parse_options",
    "refined",
    "refiner",
    "resolve",
    "shown_name",
    "trained",
    "varies",
]

BASE = "base"  # the features as they are, clustered by Ward's method
PAPER = (BASE, "pseudo-rf", "tsiam", "tsiam-no-singletons", "ssiam")  # the methods of the slides
OURS = "castlist"  # what `castlist find` does with its vectors, refinement, linkage and cut
BARE = "castlist-base"  # the same without a refinement
Step = TypeVar("Step", bound="DataclassInstance")


class MethodKind(StrEnum):
    """What a method does."""

    REFINEMENT = "refinement"  # refines the features, which are then clustered
    OURS = "ours"  # castlist's own clustering
    BASELINE = "baseline"  # a clustering by somebody else


MethodOptions = Mapping[str, Mapping[str, Json]]  # by method, then by field


def known() -> dict[str, MethodKind]:
    """Every method's name and kind."""
    from castlist.refine import REFINERS
    from castlist.research.baselines import BASELINES

    names = {BASE: MethodKind.REFINEMENT}
    names |= {name: MethodKind.REFINEMENT for name in REFINERS if name != "none"}
    own_methods = {OURS: MethodKind.OURS, BARE: MethodKind.OURS}
    return names | own_methods | dict.fromkeys(BASELINES, MethodKind.BASELINE)


def kind(method: str) -> MethodKind:
    """Of one method, as `known` says."""
    return known()[method]


def shown_name(method: str) -> str:
    """A method's name for a table; one reconstructed from memory of its paper says so."""
    from castlist.research.baselines import BASELINES

    after = BASELINES[method].after if method in BASELINES else ""
    return f"{method} (after {after}, reconstructed)" if after else method


def finds_number(method: str) -> bool:
    """Whether a method can do without being told the number of people.

    Refined features are then clustered by castlist's own linkage and cut.
    """
    from castlist.research.baselines import BASELINES

    return BASELINES[method].estimates_k if method in BASELINES else True


def trained(method: str) -> bool:
    """Whether a method trains with PyTorch."""
    from castlist.research.baselines import BASELINES

    if method in BASELINES:
        return BASELINES[method].trained
    return method not in (OURS, BARE) and _seeded(method)


def varies(method: str, tracks: int, options: MethodOptions) -> bool:
    """Whether a method has randomness on a set of so many tracks."""
    from castlist.research.baselines import BASELINES

    if method in BASELINES:
        return bool(_with_options(BASELINES[method](), method, options).varies(tracks))
    return method == OURS or (method != BARE and _seeded(method))


def _seeded(method: str) -> bool:
    """Whether a refinement has a seed, which decides its first weights and its draws."""
    return hasattr(refiner(method, 0, "castlist", {}), "seed")


def resolve(names: str) -> tuple[str, ...]:
    """The methods of a comma-separated list; `paper`, `baselines` and `all` stand for several.

    Raises:
        InputError: an unknown name; the message lists those there are.
    """
    every = known()
    baselines = tuple(name for name, sort in every.items() if sort == MethodKind.BASELINE)
    groups = {"paper": PAPER, "baselines": baselines, "all": tuple(every)}
    wanted: list[str] = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        if name not in every and name not in groups:
            raise InputError(f"unknown method {name!r}; choose from {', '.join([*groups, *every])}")
        wanted += groups.get(name, (name,))
    if not wanted:
        raise InputError("no method named; for instance base,ssiam")
    return tuple(dict.fromkeys(wanted))


def parse_options(settings: tuple[str, ...]) -> dict[str, dict[str, Json]]:
    """Options such as `ssiam.epochs=5`, by method; `*.epochs=5` is for every method that has it.

    Raises:
        InputError: not of that form.
    """
    options: dict[str, dict[str, Json]] = {}
    for setting in settings:
        place, equals, text = setting.partition("=")
        method, dot, field = place.strip().rpartition(".")
        if not equals or not dot or not field:
            raise InputError(f"{setting!r} must be METHOD.OPTION=VALUE, for instance ssiam.epochs=5")
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            value = text.strip()
        options.setdefault(method, {})[field] = value
    return options


def _with_options(step: Step, method: str, options: MethodOptions) -> Step:
    """A step with the options given for it."""
    have = {f.name for f in fields(step)} if is_dataclass(step) else set()
    wanted = {k: v for k, v in options.get("*", {}).items() if k in have} | dict(options.get(method, {}))
    unknown = sorted(wanted.keys() - have)
    if unknown:
        there = ", ".join(sorted(have)) or "none"
        raise InputError(f"{method} has no option {', '.join(unknown)}; it has {there}")
    try:
        return replace(step, **wanted) if wanted else step
    except TypeError:
        raise InputError(f"{method} cannot use {wanted}; give numbers for its numbers") from None


def refiner(method: str, seed: int, recipe: str, options: MethodOptions) -> RefinementStep:
    """The refinement step of that name, with its seed."""
    from castlist.refine import refinement

    step = refinement("none" if method == BASE else method, seed=seed, recipe=recipe)
    return _with_options(step, method, options)


def check_options(method: str, recipe: str, options: MethodOptions) -> None:
    """Raise InputError where an option is none of the method's, before anything runs."""
    from castlist.research.baselines import BASELINES

    if method in BASELINES:
        _with_options(BASELINES[method](), method, options)
    elif method in (OURS, BARE):
        _with_options(_linkage(), method, options)
    else:
        refiner(method, 0, recipe, options)


def refined(
    step: RefinementStep,
    features: FeatureSet,
    machine: Machine,
    watch: Callable[[int, int], None] | None,
) -> Embeddings:
    """The set's embeddings after a refinement step."""
    found: Embeddings = step(features.embeddings, features.constraints(), machine=machine, watch=watch)
    return found


def _linkage() -> GroupLinkage:
    from castlist.cluster import GroupLinkage

    return GroupLinkage()


def ours(
    features: FeatureSet,
    clusters: int | None,
    options: MethodOptions,
    *,
    seed: int | None = None,
    machine: Machine = Machine(),
) -> Clustering:
    """The tracks of a set clustered as `castlist find` does, cut where people end or at a number.

    With a seed the features are refined first, by the default step of a recipe. All cannot-links hold, so
    that there are more clusters than asked for where they forbid so few.
    """
    from castlist.cluster import CountCut, ProbabilityCut
    from castlist.refine import Averaged

    constraints = features.constraints()
    embeddings = features.embeddings
    if seed is not None:
        embeddings = Averaged(seed=seed)(embeddings, constraints, machine=machine)
    tree = _with_options(_linkage(), OURS, options)(embeddings, constraints)
    cut = ProbabilityCut() if clusters is None else CountCut(clusters)
    return cut(tree, embeddings, constraints)


def baseline(
    method: str, features: FeatureSet, clusters: int | None, seed: int, options: MethodOptions
) -> Clustering:
    """The tracks of a set clustered by a baseline that is told the number of clusters, or finds it.

    Raises:
        InputError: the method needs something that the set lacks.
    """
    from castlist.research.baselines import BASELINES, TrackSet

    track_set = TrackSet(
        features.embeddings.vector,
        features.embeddings.track,
        features.constraints(),
        features.frame if features.timed else None,
        features.box,
        features.views,
        track_frames=features.size,
    )
    step = _with_options(BASELINES[method](), method, options)
    found: Clustering = step(track_set, clusters, random_state=seed)
    return found
