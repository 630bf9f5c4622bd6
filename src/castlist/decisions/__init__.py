"""User decisions about a film, and the people that result from them: arrays, no disk.

| module | holds |
|---|---|
| `decision`, `groups` | `Decision`, one row of the log: faces, and all tracks of the people it is about |
| `base` | the machine's result, to which decisions are applied |
| `apply`, `state` | applies the decisions one by one; the only place that computes the people after them |
| `sides`, `part` | the tracks on each side of a decision; how a group is split |
| `people` | the people after the decisions, their names, the cast made of them |
| `names` | checks of names |
| `proposed` | names from files of other programs, until a user accepts or rejects them |
| `identities` | person numbers that stay the same from run to run |
| `locate` | finds the tracks of today that have the faces of a decision |
| `recorded`, `resume` | the people recorded with a run, and carried over to the tracks of the next |
| `erased` | the machine's result without an erased person |
| `transfer`, `align` | decisions for another copy of the film |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist import _former
from castlist.decisions.align import Alignment, Copy, align_films
from castlist.decisions.apply import apply, completed_log, decided_by, numbered, recorded_people, with_numbers
from castlist.decisions.base import Base
from castlist.decisions.decision import (
    Anchor,
    Decision,
    DecisionKind,
    action_to_redo,
    action_to_undo,
    active,
    to_redo,
    to_undo,
)
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
    track_called,
    track_number,
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
    "action_to_redo",
    "action_to_undo",
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
    "track_called",
    "track_number",
    "with_numbers",
]

if not TYPE_CHECKING:
    __getattr__ = _former.names(
        __name__,
        KINDS=("DecisionKind", lambda kinds: {k.value: k.value for k in kinds}),
        whom="person_called",
    )
