"""The machine's result of a workspace, for decisions: read as stored, or computed again from its scan."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from castlist.decisions import Base, completed_log, renumbered
from castlist.errors import WorkspaceError
from castlist.pipeline.dark import lower_dark_quality
from castlist.pipeline.identify import identify
from castlist.pipeline.publish import base_of, evidence_of, previous
from castlist.pipeline.reuse import scan_of
from castlist.report import Evidence
from castlist.store import Run, Workspace
from castlist.types import Machine, Video

__all__ = ["prepare"]


def prepare(path: str) -> tuple[Video, Base]:
    """The film and the base of a workspace: as stored, or computed again from its scan (seconds) and stored.

    Decisions stored without whole groups get these: from then on they refer to today's people.

    Raises:
        WorkspaceError: no run has finished there yet, or its tables are damaged.
    """
    with Workspace.open(path, write=False) as workspace:
        video, runs = workspace.video(), [run for run in workspace.runs() if run.finished]
        if video is None or not runs:
            raise WorkspaceError(f"{path}: no cast has been found yet; run castlist find first")
        base = workspace.machine()
        if base is None:
            base, evidence = _found(workspace, video, runs[-1])
            _store(path, base, evidence, runs[-1])
    _complete(path, video, base)
    return video, base


def _complete(path: str, video: Video, base: Base) -> None:
    """Store whole groups for decisions without them, if the folder can be written."""
    with Workspace.open(path, write=False) as workspace:
        log = workspace.decisions.all()
        done = completed_log(base, video, log)
        if any(a.groups is not b.groups for a, b in zip(log, done, strict=True)):
            with suppress(WorkspaceError):
                workspace.decisions.complete(done)


def _found(workspace: Workspace, video: Video, run: Run) -> tuple[Base, Evidence]:
    recipe, scan = scan_of(workspace, video, run)
    found = identify(video, scan, recipe)
    before = previous(workspace)
    base = renumbered(base_of(found), before, workspace.decisions.all())
    portraits = lower_dark_quality(base.portraits, base.shots, workspace.image)
    base = replace(base, portraits=portraits)
    if before:  # the film may be gone
        base = replace(base, turned=before.turned, negative=before.negative)
    return base, evidence_of(found, recipe, Machine(), run.timings)


def _store(path: str, base: Base, evidence: Evidence, run: Run) -> None:
    """Store base and evidence, if the folder can be written; else they are computed again next time."""
    with suppress(WorkspaceError), Workspace.open(path) as workspace:
        workspace.put("machine", f"run {run.id}", base)
        workspace.put("evidence", f"run {run.id}", evidence)
