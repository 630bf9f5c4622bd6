"""How certain a cast is: the uncertain people, and the expected number of clicks of a review."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.decisions import Base, View, apply
from castlist.errors import WorkspaceError
from castlist.store import Workspace
from castlist.suggest import Asker, Doubt, Outlook
from castlist.types import freeze

__all__ = ["outlook", "outlook_of", "store_outlook"]


@dataclass(frozen=True, eq=False, slots=True)
class _Kept:
    """The outlook of a stored cast with n uncertain people."""

    decision: int  # the latest decision that it includes
    clicks: int
    person: NDArray[np.int64]  # (n,)
    whole: NDArray[np.bool_]  # (n,)
    other: NDArray[np.int64]  # (n,)
    probability: NDArray[np.float64]  # (n,)

    def __post_init__(self) -> None:
        freeze(
            self, person=(np.int64, (None,)), whole=(np.bool_, (None,)), other=(np.int64, (None,)),
            probability=(np.float64, (None,)),
        )  # fmt: skip


def outlook(workspace: Workspace) -> Outlook:
    """The outlook of a workspace's cast after decisions; empty where it stores no result of the machine.

    Raises:
        WorkspaceError: the workspace's tables are damaged.
    """
    kept = _kept(workspace)
    if kept is not None:
        return kept
    base, video = workspace.machine(), workspace.video()
    if base is None or video is None:
        return Outlook((), 0)
    return outlook_of(base, apply(base, video, workspace.decisions.all()))


def outlook_of(base: Base, view: View) -> Outlook:
    """The outlook of a view of a base."""
    asker = Asker(base)
    asker.look(view)
    return asker.outlook()


def store_outlook(workspace: Workspace, left: Outlook, run: int | None, decision: int) -> None:
    """Store the outlook of a cast that was just published."""
    doubts = left.doubts
    table = _Kept(
        decision, left.clicks, np.array([d.person for d in doubts]), np.array([d.whole for d in doubts]),
        np.array([d.other for d in doubts]), np.array([d.probability for d in doubts]),
    )  # fmt: skip
    workspace.put("outlook", f"run {run}", table)


def _kept(workspace: Workspace) -> Outlook | None:
    """The stored outlook, if it includes the latest decision; else None."""
    run, decision = workspace.cast_run()
    try:
        table = workspace.get("outlook", f"run {run}", _Kept)
    except WorkspaceError:  # of another version of castlist, or damaged: it is computed again
        return None
    if table is None or not table.decision == decision == workspace.decisions.last():
        return None
    rows = zip(
        table.person.tolist(), table.whole.tolist(), table.other.tolist(), table.probability.tolist(),
        strict=True,
    )  # fmt: skip
    return Outlook(tuple(Doubt(*row) for row in rows), int(table.clicks))
