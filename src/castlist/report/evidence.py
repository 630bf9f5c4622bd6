"""The data of a report in addition to the cast: models, timings, histograms, reliability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.types import Portraits, freeze

__all__ = ["Evidence", "ModelUse", "Unsure"]


def _none() -> NDArray[np.float32]:
    return np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model file that was used."""

    role: str  # "detector", "face vectors"
    name: str
    digest: str  # SHA-256 of the file
    licence: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """The people of the cast whose identity is unsure, and how to correct them."""

    why: Mapping[int, str] = field(default_factory=dict)  # number of a person -> "may be Anna"
    command: str = ""  # command for the correction
    clicks: int = 0  # clicks that it is expected to take


@dataclass(frozen=True, eq=False, slots=True)
class Evidence:
    """Everything is optional: the page omits missing parts.

    A positive pair is two tracks known to show one person, or two halves of one track; a negative pair is two
    tracks seen together. The page omits cosines that are not finite.

    Raises:
        InputError: a column has the wrong shape.
    """

    positive_before: NDArray[np.float32] = field(default_factory=_none)  # (p,) cosines, base vectors
    negative_before: NDArray[np.float32] = field(default_factory=_none)  # (q,)
    positive_after: NDArray[np.float32] = field(default_factory=_none)  # (p,) cosines, refined vectors
    negative_after: NDArray[np.float32] = field(default_factory=_none)  # (q,)
    # (b, 3) for each bin of links: mean predicted probability, observed share, count.
    reliability: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    verdict: str = ""  # whether refinement helped on this film, and whether it was used
    portraits: Portraits = field(default_factory=Portraits.empty)  # also of tracks that were set aside
    version: str = ""
    models: tuple[ModelUse, ...] = ()
    recipe: str = ""  # TOML
    seed: int | None = None
    timings: tuple[tuple[str, float], ...] = ()  # stage, seconds
    platform: str = ""
    provider: str = ""  # onnxruntime's provider, such as "CPUExecutionProvider"

    def __post_init__(self) -> None:
        models = tuple(m if isinstance(m, ModelUse) else ModelUse(*m) for m in self.models)
        object.__setattr__(self, "models", models)
        for name in ("positive_before", "negative_before", "positive_after", "negative_after"):
            freeze(self, **{name: (np.float32, (None,))})
        freeze(self, reliability=(np.float32, (None, 3)))
        if not isinstance(self.portraits, Portraits):
            raise InputError("Evidence.portraits must be a Portraits table")

    def without_faces(self) -> Evidence:
        """The same without the data about faces, since a person was erased."""
        none = Evidence()
        return replace(
            self, positive_before=none.positive_before, negative_before=none.negative_before,
            positive_after=none.positive_after, negative_after=none.negative_after,
            reliability=none.reliability, verdict="", portraits=none.portraits,
        )  # fmt: skip
