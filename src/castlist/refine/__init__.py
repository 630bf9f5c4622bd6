"""Embeddings, Constraints -> Embeddings: features made better on this video's own faces."""

from __future__ import annotations

from functools import partial

from castlist.refine.averaged import Averaged
from castlist.refine.methods import Base, PseudoRF, SSiam, TSiam
from castlist.refine.model import Refined
from castlist.refine.siamese import RECIPES

__all__ = ["RECIPES", "REFINERS", "Averaged", "Base", "PseudoRF", "Refined", "SSiam", "TSiam"]

REFINERS = {
    "none": Base,
    "pseudo-rf": PseudoRF,
    "ssiam": SSiam,
    "ssiam-quality": partial(SSiam, rank="within-quality"),
    "ssiam-reciprocal": partial(SSiam, rank="none", reciprocal=True),
    "ssiam-beside": partial(SSiam, feature="beside"),
    "tsiam": TSiam,
    "tsiam-beside": partial(TSiam, feature="beside"),
    "tsiam-cross": partial(TSiam, cross=0.25),
    "tsiam-no-singletons": partial(TSiam, singletons=False),
}
