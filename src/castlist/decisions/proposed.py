"""Names that files of other programs propose for people, until a user accepts or rejects them.

A proposal is not a decision. It refers to faces, as decisions do: after people are joined, split or found
anew, it belongs to the person with most of its faces.
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

FACES = 8  # most faces of a person that a proposal records
LONGEST_NAME = 10_000  # characters, as for a name in a decision


@dataclass(frozen=True, slots=True)
class Proposed:
    """A name proposed for a person.

    Raises:
        InputError: no name, no face or too many faces, or `agree` is not in 0 to 1.
    """

    name: str
    source: str  # name of the file with the proposal
    faces: tuple[Anchor, ...]  # of the person that it was proposed for
    agree: float  # 0 to 1: share of the file's faces or time with that name that agrees
    by_faces: bool  # True: faces were compared; False: only times
    why: str = ""  # why it is not clear, "" where it is
    author: str = ""  # the user who read the file
    time: datetime | None = None  # in UTC; the store fills it in
    rejected: datetime | None = None  # when a user rejected it
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
        """The name without upper and lower case, for comparison."""
        return self.name.casefold()


def owner(row: Proposed, view: View) -> int:
    """Index of the proposal's person among the view's groups, NOISE where most faces have no person."""
    tracks = view.find(row.faces)
    label = view.label[tracks[tracks != NOISE]]
    label = label[label != NOISE]
    if 2 * len(label) < len(row.faces):
        return NOISE
    group, count = np.unique(label, return_counts=True)
    return int(group[count.argmax()]) if len(group) else NOISE


def standing(rows: Sequence[Proposed], view: View) -> Mapping[int, tuple[Proposed, ...]]:
    """Open proposals by index of their person among the view's groups, the surest first.

    People with a name get no proposals, a name already in use is not proposed, and a name rejected for a
    person is not proposed to the same person again. If several files propose one name for one person, the
    surest counts.
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
