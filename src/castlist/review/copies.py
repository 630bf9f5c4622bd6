"""Decisions of another copy of a film, placed in this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from castlist.decisions import Alignment, Base, Carried, Copy, Decision, View, align_films, carry
from castlist.review.actions import stand_ins
from castlist.types import Video

__all__ = ["Reviewed", "carried_over"]


@dataclass(frozen=True, eq=False, slots=True)
class Reviewed:
    """A copy of a film with what the machine found in it, what was decided, and the people after that."""

    video: Video
    base: Base
    view: View
    log: Sequence[Decision]

    @property
    def copy(self) -> Copy:
        """What copies are aligned by."""
        return Copy(self.base.tracks, self.base.clock, self.video, self.base.mean)


def carried_over(
    source: Reviewed, target: Reviewed, offset: Fraction | None = None
) -> tuple[Alignment, Carried]:
    """How the times of two copies go together, and the decisions of one as the other would make them.

    Args:
        offset: seconds by which the target runs later; found by the faces in both where not given.

    Raises:
        InputError: the two have too little in common.
    """
    if offset is None:
        alignment = align_films(source.copy, target.copy)
    else:
        alignment = Alignment(Fraction(1), offset, 0, len(source.base.tracks))
    view = target.view
    called = [view.groups[k].name if k >= 0 else "" for k in view.label.tolist()]
    others = partial(stand_ins, source.base, source.video, source.view)
    return alignment, carry(source.log, target.log, alignment, target.copy, called, others)
