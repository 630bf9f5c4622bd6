"""What people decided about a film and what it means: arrays, no disk. `apply` is the one place that says it.

| module | holds |
|---|---|
| `decision`, `groups` | `Decision`, one row of the log: faces, and the people it is about, whole |
| `base` | what the machine found, on which decisions are applied |
| `apply` | who is who after the decisions, and nowhere else |
| `sides`, `part` | the tracks on each side of a decision; how a group is parted |
| `people` | the people after the decisions, what they are called, the cast that is made of them |
| `names` | which names may be given |
| `proposed` | names from files of other programs, until a person says yes or no |
| `identities` | numbers of people that another run goes on with |
| `locate` | where the faces of a decision are among today's tracks |
| `recorded` | the people as decisions had made them when a run was found |
| `erased` | what the machine found, without somebody who is erased |
| `transfer`, `align` | decisions for another copy of the film |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist import _former
from castlist.decisions.align import Alignment, Copy, align_films
from castlist.decisions.apply import apply, completed_log, decided_by, numbered, recorded_people, with_numbers
from castlist.decisions.base import Base
from castlist.decisions.decision import Anchor, Decision, DecisionKind, active, to_redo, to_undo
from castlist.decisions.erased import base_without
from castlist.decisions.groups import Groups
from castlist.decisions.identities import renumbered
from castlist.decisions.locate import Finder, locate
from castlist.decisions.people import (
    Conflict,
    Group,
    Joined,
    Missing,
    View,
    as_shown,
    cast_of,
    completed,
    person_called,
)
from castlist.decisions.proposed import Proposed, standing
from castlist.decisions.transfer import Carried, Left, carry

__all__ = [
    "Alignment",
    "Anchor",
    "Base",
    "Carried",
    "Conflict",
    "Copy",
    "Decision",
    "DecisionKind",
    "Finder",
    "Group",
    "Groups",
    "Joined",
    "Left",
    "Missing",
    "Proposed",
    "View",
    "active",
    "align_films",
    "apply",
    "as_shown",
    "base_without",
    "carry",
    "cast_of",
    "completed",
    "completed_log",
    "decided_by",
    "locate",
    "numbered",
    "person_called",
    "recorded_people",
    "renumbered",
    "standing",
    "to_redo",
    "to_undo",
    "with_numbers",
]

if not TYPE_CHECKING:
    __getattr__ = _former.names(
        __name__,
        KINDS=("DecisionKind", lambda kinds: {k.value: k.value for k in kinds}),
        whom="person_called",
    )
