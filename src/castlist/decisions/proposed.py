"""Names that files of other programs propose for people, until a user accepts or rejects them.

A proposal decides nothing. It holds on to faces, as decisions do: where people are joined, parted or found
anew, it goes with whoever has most of its faces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from castlist.decisions.decision import Anchor, clean_name
from castlist.decisions.people import View
from castlist.errors import InputError
from castlist.types import NOISE

__all__ = ["FACES", "LONGEST_NAME", "Proposed", "owner", "standing"]

FACES = 8  # of somebody that a proposal holds on to, at most
LONGEST_NAME = 10_000  # characters, as of a name in a decision


@dataclass(frozen=True, slots=True)
class Proposed:
    """A name that was proposed for somebody.

    Raises:
        InputError: no name, no face or too many, or a share that is none.
    """

    name: str
    source: str  # name of the file that it comes from
    faces: tuple[Anchor, ...]  # of whom it was proposed for
    agree: float  # 0 to 1: the share of the file's faces or time of that name that agrees
    by_faces: bool  # whether faces were compared, or times alone
    why: str = ""  # what keeps it from being clear, "" for nothing
    author: str = ""  # who read the file
    time: datetime | None = None  # when, in UTC; the store fills it in
    rejected: datetime | None = None  # when somebody said no
    id: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name))
        if not self.name or len(self.name) > LONGEST_NAME:
            raise InputError(f"a proposed name has 1 to {LONGEST_NAME} characters, not {len(self.name)}")
        if not 1 <= len(self.faces) <= FACES:
            raise InputError(f"a proposal holds on to 1 to {FACES} faces, not {len(self.faces)}")
        if not 0 <= self.agree <= 1:
            raise InputError(f"a share is from 0 to 1, not {self.agree}")
        for field, most in (("source", 300), ("why", 300), ("author", 200)):
            object.__setattr__(self, field, clean_name(getattr(self, field))[:most])

    @property
    def folded(self) -> str:
        """The name as names are compared."""
        return self.name.casefold()


def owner(row: Proposed, view: View) -> int:
    """The index among the view's groups of whom a proposal is for, NOISE where most faces are nobody's."""
    tracks = view.find(row.faces)
    label = view.label[tracks[tracks != NOISE]]
    label = label[label != NOISE]
    if 2 * len(label) < len(row.faces):
        return NOISE
    group, count = np.unique(label, return_counts=True)
    return int(group[count.argmax()]) if len(group) else NOISE


def standing(rows: Sequence[Proposed], view: View) -> Mapping[int, tuple[Proposed, ...]]:
    """What is proposed for whom now: index among the view's groups -> open proposals, the surest first.

    Whoever has a name is proposed none, a name that somebody has is proposed to nobody, and one that was
    rejected for somebody never again for them. Of several files with one name for one person, the surest
    speaks.
    """
    owners = [owner(row, view) for row in rows]
    taken = {group.name.casefold() for group in view.groups if group.name}
    rejected = {
        (row.folded, group) for row, group in zip(rows, owners, strict=True) if row.rejected is not None
    }
    found: dict[int, dict[str, Proposed]] = {}
    order = sorted(range(len(rows)), key=lambda i: (bool(rows[i].why), -rows[i].agree, -rows[i].id))
    for row, group in ((rows[i], owners[i]) for i in order):
        if (
            group == NOISE
            or view.groups[group].name
            or row.folded in taken
            or (row.folded, group) in rejected
        ):
            continue
        found.setdefault(group, {}).setdefault(row.folded, row)
    return {group: tuple(by_name.values()) for group, by_name in found.items()}
