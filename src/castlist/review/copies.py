"""Transfers decisions of another copy of a film to this one."""

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
    """A copy of a film with the machine's result, the decisions, and the people after them."""

    video: Video
    base: Base
    view: View
    log: Sequence[Decision]

    @property
    def copy(self) -> Copy:
        """The data for the alignment of copies."""
        return Copy(self.base.tracks, self.base.clock, self.video, self.base.mean)


def carried_over(
    source: Reviewed, target: Reviewed, offset: Fraction | None = None
) -> tuple[Alignment, Carried]:
    """The alignment of two copies, and the decisions of the source for the target's log.

    Args:
        offset: seconds by which the target runs later; estimated from the faces if None.

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
