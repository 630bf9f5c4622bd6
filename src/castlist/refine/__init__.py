"""Embeddings, Constraints -> Embeddings: features refined on the video's own faces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from castlist import _former
from castlist.errors import InputError
from castlist.refine.averaged import Averaged
from castlist.refine.combined import Combination, TSiamSecondOrder
from castlist.refine.learner import Learner, Learnt, Refiner
from castlist.refine.methods import PseudoRF, Ranking, SSiam, TSiam, Unrefined
from castlist.refine.model import Refined, RefinedFeature
from castlist.refine.second_order import SecondOrder
from castlist.refine.siamese import RECIPES, Siamese
from castlist.types import Json

__all__ = [
    "RECIPES",
    "REFINERS",
    "Averaged",
    "Combination",
    "Learner",
    "Learnt",
    "PseudoRF",
    "Refined",
    "RefinementStep",
    "Refiner",
    "SSiam",
    "SecondOrder",
    "TSiam",
    "TSiamSecondOrder",
    "Unrefined",
    "refinement",
]  # fmt: skip


RefinementStep: TypeAlias = Siamese | SecondOrder | TSiamSecondOrder | Unrefined

REFINERS: dict[str, Callable[..., RefinementStep]] = {
    "none": Unrefined,
    "second-order": SecondOrder,
    "pseudo-rf": PseudoRF,
    "ssiam": SSiam,
    "ssiam-quality": partial(SSiam, rank=Ranking.WITHIN_QUALITY),
    "ssiam-reciprocal": partial(SSiam, rank=Ranking.NONE, reciprocal=True),
    "ssiam-beside": partial(SSiam, feature=RefinedFeature.BESIDE),
    "tsiam": TSiam,
    "tsiam-beside": partial(TSiam, feature=RefinedFeature.BESIDE),
    "tsiam-cross": partial(TSiam, cross=0.25),
    "tsiam-no-singletons": partial(TSiam, singletons=False),
    "tsiam-second-order": TSiamSecondOrder,
}


def refinement(name: str, **wanted: Json) -> RefinementStep:
    """The step of that name, with those of the wanted options that the step has, as seed and recipe.

    Raises:
        InputError: there is no such step; the message lists all steps.
    """
    if not isinstance(name, str) or name not in REFINERS:
        raise InputError(f"unknown refinement {name!r}; choose from {', '.join(REFINERS)}")
    make = REFINERS[name]
    have = {f.name for f in fields(make())}
    return make(**{option: value for option, value in wanted.items() if option in have})


if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, Base="Unrefined")
