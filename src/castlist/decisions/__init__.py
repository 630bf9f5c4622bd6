"""What people decided about a film and what it means for the tracks of today: arrays, no disk.

| module | holds |
|---|---|
| `decision` | `Decision`, `Anchor`: one row of the log |
| `locate` | where the face of an anchor is among today's tracks |
| `resolve` | what all decisions together say about the tracks |
| `apply` | who is who after the decisions |
| `people` | people with stable identities, after the decisions |
| `base` | what the machine found, on which decisions are applied |
| `transfer`, `align` | decisions for another copy of the film |
| `constraints` | decisions as must-links and cannot-links |
"""

from __future__ import annotations

from castlist.decisions.align import Alignment, Copy, align
from castlist.decisions.base import Base
from castlist.decisions.decision import KINDS, Anchor, Decision, active, to_redo, to_undo
from castlist.decisions.locate import Finder, locate
from castlist.decisions.resolve import Conflict, Missing, Resolved, resolve, steps
from castlist.decisions.transfer import Carried, Left, carry

__all__ = [
    "KINDS",
    "Alignment",
    "Anchor",
    "Base",
    "Carried",
    "Conflict",
    "Copy",
    "Decision",
    "Finder",
    "Left",
    "Missing",
    "Resolved",
    "active",
    "align",
    "carry",
    "locate",
    "resolve",
    "steps",
    "to_redo",
    "to_undo",
]
