"""Embeddings, Constraints -> Embeddings: features made better on this video's own faces."""

from __future__ import annotations

from functools import partial

from castlist.refine.methods import Base, PseudoRF, SSiam, TSiam
from castlist.refine.model import Refined
from castlist.refine.siamese import RECIPES

__all__ = ["RECIPES", "REFINERS", "Base", "PseudoRF", "Refined", "SSiam", "TSiam"]

REFINERS = {
    "none": Base,
    "pseudo-rf": PseudoRF,
    "ssiam": SSiam,
    "ssiam-beside": partial(SSiam, feature="beside"),
    "tsiam": TSiam,
    "tsiam-beside": partial(TSiam, feature="beside"),
    "tsiam-no-singletons": partial(TSiam, singletons=False),
}
