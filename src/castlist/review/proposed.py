"""Proposed names in the review: read, shown, accepted and rejected."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from castlist.decisions import Base, View, apply, standing
from castlist.decisions.people import Group
from castlist.decisions.proposed import Proposed, owner
from castlist.errors import InputError
from castlist.report.formatting import short_line
from castlist.review.actions import faces_of
from castlist.suggest.names import Match, Proposal
from castlist.types import NOISE, Video

if TYPE_CHECKING:
    from castlist.review.session import Session
    from castlist.store import Workspace

__all__ = ["open_names", "plain", "proposals_of", "read_names", "same_question"]


def read_names(
    session: Session,
    path: Path,
    *,
    at: str | None = None,
    start_timecode: str = "",
    rate: str | None = None,
) -> list[Proposal]:
    """The most likely people, by the session's view, for the names in a file; nothing is stored.

    Args:
        at: time of a picture: seconds, 0:01:23.5 or a timecode.
        start_timecode: start of the film in the file's timecodes, by default the film's own.
        rate: frames a second of the file's timecodes, by default the film's.

    Raises:
        InputError: the file cannot be read or has no names, or a time is invalid.
    """
    from castlist.io.exports import parsed_rate
    from castlist.io.imports import hints
    from castlist.io.imports.files import moment
    from castlist.suggest.names import propose_names
    from castlist.timecode import timebase

    video, clock = session.video, session.base.clock
    frames = None if rate is None else parsed_rate(rate)
    base = timebase(clock, video.frame_rate, timecode=start_timecode or video.timecode, rate=frames)
    read = hints(path, video, base, None if at is None else moment(at, base))
    return propose_names(read, session.refresh(), session.base.tracks, clock)


def proposals_of(
    found: Sequence[Proposal],
    base: Base,
    video: Video,
    view: View,
    source: str,
    author: str,
    before: Sequence[Proposed] = (),
) -> list[Proposed]:
    """The proposals that a user should check, each with faces that represent its person.

    Args:
        before: stored proposals; names rejected for a person are not proposed again.
    """
    rejected = {(row.folded, owner(row, view)) for row in before if row.rejected is not None}
    kept = []
    for p in found:
        if p.state not in (Match.CLEAR, Match.UNCLEAR) or p.group == NOISE:
            continue
        person = view.groups[p.group]
        faces = faces_of(base, video, view, person)
        row = Proposed(p.name, source, faces, p.agree, p.faces, p.why, author)
        if not person.name and (row.folded, p.group) not in rejected:
            kept.append(row)
    return kept


def open_names(opened: Workspace) -> list[tuple[Group, Proposed]]:
    """The open proposals of a workspace, with their people; nothing is written.

    Raises:
        WorkspaceError: the workspace is damaged.
    """
    base, video, rows = opened.machine(), opened.video(), opened.proposals.all()
    if base is None or video is None or not rows:
        return []
    view = apply(base, video, opened.decisions.all())
    found = sorted(standing(rows, view).items())
    return [(view.groups[owner_group], row) for owner_group, proposals in found for row in proposals]


def same_question(
    rows: Sequence[Proposed], view: View, number: int, *, rejected: bool = False
) -> tuple[Group, list[Proposed]]:
    """The person of a proposal, and all proposals of this name for the person: one answer is for all.

    Args:
        rejected: search the rejected proposals, not the open ones.

    Raises:
        InputError: there is no such proposal.
    """
    candidates = [r for r in rows if (r.rejected is not None) == rejected]
    row = next((r for r in candidates if r.id == number), None)
    owner_group = NOISE if row is None else owner(row, view)
    if row is None or owner_group == NOISE:
        state = "rejected" if rejected else "open"
        raise InputError(f"there is no {state} proposal {number}, or not any more")
    alike = [r for r in candidates if r.folded == row.folded and owner(r, view) == owner_group]
    return view.groups[owner_group], alike


# A proposed name as plain values. Functional form, since `from` is a keyword of Python.
Plain = TypedDict("Plain", {"id": int, "name": str, "from": str, "agree": float, "by": str, "why": str})


class Offered(Plain):
    """A proposed name with its person."""

    person: str


def plain(row: Proposed) -> Plain:
    """A proposal as plain values, without control characters for terminals."""
    return {
        "id": row.id,
        "name": short_line(row.name),
        "from": short_line(row.source, 200),
        "agree": round(row.agree, 3),
        "by": "faces" if row.by_faces else "time",
        "why": short_line(row.why, 200),
    }
