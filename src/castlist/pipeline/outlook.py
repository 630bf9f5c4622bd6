"""What is left to be done for a cast: who is unsure, and how many clicks a review is expected to take."""

from __future__ import annotations

from castlist.decisions import Base, View, apply
from castlist.store import Workspace
from castlist.suggest import Asker, Outlook

__all__ = ["outlook", "outlook_of"]


def outlook(workspace: Workspace) -> Outlook:
    """Of the cast as it was decided; empty where a workspace does not store what the machine found.

    Raises:
        WorkspaceError: its tables are damaged.
    """
    base, video = workspace.machine(), workspace.video()
    if base is None or video is None:
        return Outlook((), 0)
    return outlook_of(base, apply(base, video, workspace.decisions.all()))


def outlook_of(base: Base, view: View) -> Outlook:
    """Of a view of a base."""
    asker = Asker(base)
    asker.look(view)
    return asker.outlook()
