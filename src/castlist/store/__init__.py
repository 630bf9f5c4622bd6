"""The workspace on disk: results and decisions of one film.

`Workspace` is the entry point. Machine results and user decisions are never in the same table.
"""

from __future__ import annotations

from castlist.store.log import FoundAnew, Log, Stale
from castlist.store.runs import Run
from castlist.store.scans import ScanLost
from castlist.store.workspace import Workspace

__all__ = ["FoundAnew", "Log", "Run", "ScanLost", "Stale", "Workspace"]
