"""The fate of every track: a person of the cast, somebody in the background, or set aside."""

from __future__ import annotations

from castlist.judge.faces import (
    NOT_A_FACE,
    PICTURE,
    TOO_BLURRED,
    TOO_FEW,
    TOO_SMALL,
    Sift,
    kept,
    tells_nothing,
)
from castlist.judge.people import Billing
from castlist.judge.refinement import (
    Best,
    Verdict,
    choose,
    hard_pairs,
    pair_cosines,
    separation,
    try_refinement,
)

__all__ = [
    "BILLINGS",
    "NOT_A_FACE",
    "PICTURE",
    "SIFTERS",
    "TOO_BLURRED",
    "TOO_FEW",
    "TOO_SMALL",
    "Best",
    "Billing",
    "Sift",
    "Verdict",
    "choose",
    "hard_pairs",
    "kept",
    "pair_cosines",
    "separation",
    "tells_nothing",
    "try_refinement",
]

SIFTERS = {"score": Sift}
BILLINGS = {"share": Billing}
