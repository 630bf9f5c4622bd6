"""Decisions by names of people, for scripts: rename, merge, accept or reject a proposed name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.argument_types import typed_arguments
from castlist.cast import Cast
from castlist.errors import InputError
from castlist.review.deciding import deciding
from castlist.review.proposed import read_names
from castlist.review.session import Session
from castlist.store.log import again_where_stale
from castlist.store.workspace import KeptPictures
from castlist.types import Json, JsonObject

if TYPE_CHECKING:
    from castlist.review.proposed import Offered

__all__ = ["accept", "merge", "proposals", "propose", "reject", "rename", "undo"]


@typed_arguments
def rename(workspace: str | os.PathLike[str], person: str, name: str, *, author: str = "") -> Cast:
    """Give a person a name, and return the cast after it; the decision is in the log and can be undone.

    If another person has this name, the two are merged.

    Raises:
        InputError: no person has the name `person`, or `name` is empty.
        WorkspaceError: no cast has been found in the workspace, or it cannot be written.
    """
    if not isinstance(name, str) or not name.strip():
        raise InputError("a name is a text that is not empty")
    return _decided(
        workspace, lambda session: {"action": "name", "person": _id(session, person), "name": name}, author
    )


@typed_arguments
def merge(workspace: str | os.PathLike[str], a: str, b: str, *, author: str = "") -> Cast:
    """Merge two people, and return the cast after it; if both have names, a's name stays.

    Raises:
        InputError: no person has one of the names, or both names mean the same person.
        WorkspaceError: no cast has been found in the workspace, or it cannot be written.
    """

    def merging(session: Session) -> JsonObject:
        people: list[Json] = [_id(session, text) for text in (a, b)]
        if people[0] == people[1]:
            raise InputError(f"{a} and {b} are the same person already")
        return {"action": "merge", "people": people}

    return _decided(workspace, merging, author)


@typed_arguments
def undo(workspace: str | os.PathLike[str], *, author: str = "") -> Cast:
    """Undo the last decision and all others of the same action, and return the cast after it.

    Raises:
        InputError: there is nothing to undo.
        WorkspaceError: see `rename`.
    """
    with deciding(Path(workspace)) as session:
        session.undo(author=author)
        return _cast(session)


@typed_arguments
def propose(
    workspace: str | os.PathLike[str],
    names: str | os.PathLike[str],
    *,
    at: str | None = None,
    start_timecode: str = "",
    rate: str | None = None,
    author: str = "",
) -> list[Offered]:
    """Store the names of a table, markers or picture regions as proposals; returns all open proposals.

    Nothing is decided: use `accept`, `reject` or the review page. Arguments are those of `castlist propose`.

    Returns:
        As `proposals`.

    Raises:
        InputError: the file cannot be read or has no names, or a time is invalid.
        WorkspaceError: no cast has been found in the workspace, or it cannot be written.
    """
    path = Path(names)
    with Session.open(Path(workspace)) as session:
        found = read_names(session, path, at=at, start_timecode=start_timecode, rate=rate)
        session.propose(found, path.name, author)
        return session.proposed()


@typed_arguments
def proposals(workspace: str | os.PathLike[str]) -> list[Offered]:
    """The open proposals: `person` ("p3"), `name`, `from`, `agree` (0 to 1), `by` ("faces" or "time"), `why`
    it is not clear ("" where it is), and `id`.

    Raises:
        WorkspaceError: see `rename`.
    """
    with Session.open(Path(workspace)) as session:
        return session.proposed()


@typed_arguments
def accept(workspace: str | os.PathLike[str], proposal: int, *, author: str = "") -> Cast:
    """Accept a proposed name by its `id`, and return the cast after it; this can be undone.

    Raises:
        InputError: there is no such open proposal.
        WorkspaceError: see `rename`.
    """
    with deciding(Path(workspace)) as session:
        session.accept(proposal, author=author)
        return _cast(session)


@typed_arguments
def reject(workspace: str | os.PathLike[str], proposal: int, *, back: bool = False) -> None:
    """Reject a proposed name by its `id`: it is not proposed for that person again.

    Args:
        back: reopen a rejected proposal.

    Raises:
        InputError: there is no such proposal.
        WorkspaceError: see `rename`.
    """
    with Session.open(Path(workspace)) as session:
        session.reopen(proposal) if back else session.reject(proposal)


def _id(session: Session, name: str) -> str:
    """The id, in this session, of the person with a name."""
    (person,) = session.cast().named([name])
    return max(session.view.groups, key=lambda group: len(set(group.tracks.tolist()) & set(person.tracks))).id


def _decided(workspace: str | os.PathLike[str], action: Callable[[Session], JsonObject], author: str) -> Cast:
    """The cast after a decision; if another user decides at the same moment, the decision is made again."""
    with deciding(Path(workspace)) as session:
        again_where_stale(lambda: session.decide(action(session), author=author))
        return _cast(session)


def _cast(session: Session) -> Cast:
    return session.cast().with_pictures(KeptPictures(session.path))
