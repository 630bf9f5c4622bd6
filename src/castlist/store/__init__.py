"""The workspace: results and decisions of one film, on disk.

`Workspace` is the door. Machine results and human decisions never share a table.
"""

from __future__ import annotations

from castlist.store.align import Alignment, Copy, align
from castlist.store.carry import Carried, Left, carry
from castlist.store.decisions import KINDS, Anchor, Decision, active, to_redo, to_undo
from castlist.store.log import Log, Stale
from castlist.store.resolve import Conflict, Finder, Missing, Resolved, locate, resolve, steps
from castlist.store.workspace import Run, Workspace

__all__ = [
    "KINDS",
    "Alignment",
    "Anchor",
    "Carried",
    "Conflict",
    "Copy",
    "Decision",
    "Finder",
    "Left",
    "Log",
    "Missing",
    "Resolved",
    "Run",
    "Stale",
    "Workspace",
    "active",
    "align",
    "carry",
    "locate",
    "resolve",
    "steps",
    "to_redo",
    "to_undo",
]
