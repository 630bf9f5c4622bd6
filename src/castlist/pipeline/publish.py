"""What others read of a workspace, renewed after a review: its cast and its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from castlist import report
from castlist.cast import Cast
from castlist.models import MODELS
from castlist.pipeline.identify import Found
from castlist.store import Workspace
from castlist.types import Portraits, freeze

if TYPE_CHECKING:
    from castlist.pipeline.identify import Found

__all__ = ["Decided", "Shown", "renew"]


@dataclass(frozen=True, slots=True)
class Decided:
    """Up to which decision the cast in the workspace goes."""

    seen: int


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """What a run knows of how people were told apart, kept for the reports to come."""

    positive_before: NDArray[np.float32]
    negative_before: NDArray[np.float32]
    positive_after: NDArray[np.float32]
    negative_after: NDArray[np.float32]
    verdict: str

    def __post_init__(self) -> None:
        for name in ("positive_before", "negative_before", "positive_after", "negative_after"):
            freeze(self, **{name: (np.float32, (None,))})

    @classmethod
    def of(cls, found: Found) -> Self:
        """What a report shows of that beyond the cast."""
        from castlist.refine.validate import pair_cosines

        before = pair_cosines(found.embeddings, found.constraints)
        after = pair_cosines(found.refined, found.constraints)
        return cls(*before, *after, found.verdict.sentence)

    @classmethod
    def none(cls) -> Self:
        empty = np.zeros(0, np.float32)
        return cls(empty, empty, empty, empty, "")


def renew(keep: Workspace, cast: Cast, portraits: Portraits, shown: Shown, seen: int) -> None:
    """Write a cast, its report and up to which decision both go.

    Raises:
        WorkspaceError: the disk is full, or the folder cannot be written.
    """
    keep.put_cast(cast, portraits)
    report.write(
        cast, keep.path / "report.html", thumbs=keep.image, evidence=_evidence(keep, portraits, shown)
    )
    keep.put("decided", "last", Decided(seen))


def _evidence(keep: Workspace, portraits: Portraits, shown: Shown) -> report.Evidence:
    """What the last finished run knew, as its own report said it."""
    run = next((r for r in reversed(keep.runs()) if r.finished), None)
    if run is None:
        return report.Evidence(portraits=portraits)
    licence = {model.sha256: model.licence for model in MODELS.values()}
    roles = dict(zip(run.models, ("face detection", "face vectors"), strict=False))
    models = [report.Model(roles.get(n, ""), n, h, licence.get(h, "")) for n, h in run.models.items()]
    return report.Evidence(
        positive_before=shown.positive_before,
        negative_before=shown.negative_before,
        positive_after=shown.positive_after,
        negative_after=shown.negative_after,
        verdict=shown.verdict,
        portraits=portraits,
        version=run.version,
        models=tuple(models),
        recipe=run.recipe,
        seed=run.seed,
        timings=tuple(run.timings.items()),
        platform=str(run.machine.get("platform", "")),
    )
