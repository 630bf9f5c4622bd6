"""Write names of the library's people to films in which they have none, and remove them there again.

The library's own names in a film are those that the decisions of AUTHOR gave to these very people: a name
that a user gave in the film stays, even if another person has the same name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.decisions import Decision, DecisionKind, Group
from castlist.decisions.names import refusal
from castlist.errors import CastlistError
from castlist.library import views
from castlist.library.harvest import AUTHOR, decisions_in, run_in, stamp_of
from castlist.library.log import EventKind
from castlist.library.steps import StepKind
from castlist.store import Workspace

if TYPE_CHECKING:
    from castlist.review.session import Session

__all__ = [
    "AUTHOR",
    "Renamed",
    "WantedName",
    "bring_all_names",
    "bring_names",
    "carry_names",
    "note_names",
    "outdated_names",
    "take_names_back",
]

_Work = Callable[["Session", Sequence[Decision], "WantedName"], "tuple[str, bool] | None"]


@dataclass(frozen=True, slots=True)
class Renamed:
    """A film after names of its people changed."""

    film: int  # row in the catalogue
    stamp: str  # of its workspace now; as it was read before, where users decided something since
    # For each member with another name: the name, whether it is the library's own, and the row.
    names: tuple[tuple[str, bool, int], ...]


@dataclass(frozen=True, slots=True)
class WantedName:
    """A member of a film, and the name that it should have, "" for none."""

    member: int  # row
    name: str
    track: int


def bring_names(db: sqlite3.Connection, library: Path, *people: str) -> None:
    """Write the current names of people of the library to their films."""
    for person in dict.fromkeys(people):
        note_names(db, take_names_back(db, library, person))
        note_names(db, carry_names(db, library, person=person))


def bring_all_names(db: sqlite3.Connection, library: Path, digest: str | None = None) -> None:
    """Write the current names of all people to all films, or to the one with this digest.

    A killed command may not have written them, and a film may have been busy or missing.
    """
    note_names(db, _renamed(db, library, outdated_names(db, digest), _take))
    note_names(db, carry_names(db, library, digest=digest))


def outdated_names(db: sqlite3.Connection, digest: str | None = None) -> dict[str, list[WantedName]]:
    """Members whose name in the film was brought there by the library and is not their name any more.

    Names that another library brought, and that this library never gave to a person, stay.

    Args:
        digest: of the only film to look at.

    Returns:
        digest of the film -> the members.
    """
    found = _members(
        db,
        "member.brought AND member.name NOT IN ('', coalesce(person.name, '')) AND (EXISTS"
        " (SELECT 1 FROM step WHERE step.kind = ? AND step.text = member.name) OR EXISTS"
        " (SELECT 1 FROM decision WHERE decision.kind = ? AND json_extract(data, '$.name') = member.name))",
        (StepKind.NAME, EventKind.NAME),
    )
    return {film: wanted for film, wanted in found.items() if digest in (None, film)}


def note_names(db: sqlite3.Connection, films: Sequence[Renamed]) -> None:
    """Note the changed names of films in the catalogue."""
    for film in films:
        db.execute("UPDATE film SET stamp = ? WHERE id = ?", (film.stamp, film.film))
        db.executemany("UPDATE member SET (name, brought) = (?, ?) WHERE id = ?", film.names)


def carry_names(
    db: sqlite3.Connection, library: Path, *, digest: str | None = None, person: str | None = None
) -> list[Renamed]:
    """Name film-people who have a name in the library and none in the film.

    A name that a user gave in a film stays, a name of the library that a user undid there is not given again,
    and a name that another person of the film has is not given twice. A film that is busy, missing or was
    found anew since it was read gets its names when it is read again.

    Args:
        digest: of the only film to look at.
        person: the only person to look at, whose former name is replaced where the library had brought it.
    """
    found = _members(
        db,
        "member.name <> person.name AND person.name <> '' AND (? IS NULL OR member.person = ?)"
        " AND (member.name = '' OR ? IS NOT NULL)",
        (person, person, person),
    )
    return _renamed(db, library, {k: v for k, v in found.items() if digest in (None, k)}, _give_name)


def take_names_back(db: sqlite3.Connection, library: Path, person: str) -> list[Renamed]:
    """Undo, in the films of a person, names that the library brought and that are not the person's now.

    A film that is busy or missing keeps the name.
    """
    found = _members(db, "member.name <> person.name AND member.name <> '' AND member.person = ?", (person,))
    return _renamed(db, library, found, _take)


def _members(db: sqlite3.Connection, where: str, values: Sequence[str | None]) -> dict[str, list[WantedName]]:
    """Members, by the digest of their film."""
    rows = db.execute(
        "SELECT film.digest, member.id, coalesce(person.name, ''), sighting.track FROM member"  # noqa: S608
        " JOIN film ON film.id = film LEFT JOIN person ON person.id = member.person"
        " JOIN sighting ON sighting.member = member.id AND sighting.number = 0"
        f" WHERE sighting.track >= 0 AND {where} ORDER BY member.id",
        values,
    )
    found: dict[str, list[WantedName]] = {}
    for digest, *wanted in rows:
        found.setdefault(digest, []).append(WantedName(*wanted))
    return found


def _renamed(
    db: sqlite3.Connection, library: Path, found: dict[str, list[WantedName]], work: _Work
) -> list[Renamed]:
    """The films with changed names; a film that is busy or missing is left out."""
    from castlist.review.deciding import deciding

    renamed = []
    stamps = dict(db.execute("SELECT id, stamp FROM film").fetchall()) if found else {}
    for film in views.films(db, library) if found else ():
        if film.digest not in found:
            continue
        try:
            with Workspace.open(film.workspace, write=False) as opened:
                log, before = opened.decisions.all(), stamp_of(opened)
            if run_in(before) != run_in(stamps[film.id]):  # the tracks have other numbers now
                continue
            with deciding(film.workspace) as session:
                names = [
                    (*name, wanted.member)
                    for wanted in found[film.digest]
                    if (name := work(session, log, wanted)) is not None
                ]
            with Workspace.open(film.workspace, write=False) as opened:
                now = stamp_of(opened)
        except CastlistError:
            continue
        # Decisions that users made in the film since it was read are to be read later.
        known = decisions_in(now) == decisions_in(stamps[film.id])
        renamed.append(Renamed(film.id, now if known else stamps[film.id], tuple(names)))
    return renamed


def _give_name(session: Session, log: Sequence[Decision], wanted: WantedName) -> tuple[str, bool] | None:
    """Give a member the library's name; returns the name, and whether it is the library's own.

    None where the name is not given.
    """
    group = _group(session, wanted.track)
    if group is None:
        return None
    if group.name != wanted.name:
        taken = {g.name.casefold() for g in session.view.groups if g is not group}
        stays = group.name and not _brought(group, log)
        if (
            stays
            or refusal(wanted.name)
            or wanted.name.casefold() in taken
            or _refused(session, group, log, wanted.name)
        ):
            return None
        session.decide({"action": "name", "person": group.id, "name": wanted.name}, author=AUTHOR)
        return wanted.name, True
    return wanted.name, _brought(group, log)


def _take(session: Session, log: Sequence[Decision], wanted: WantedName) -> tuple[str, bool] | None:
    """Undo names of a member that the library brought; returns the name left, and whether it is brought.

    None if the film does not have the member any more.
    """
    group = _group(session, wanted.track)
    while group is not None and group.name not in ("", wanted.name) and _brought(group, log):
        session.undo(group.named_by, author=AUTHOR)
        group = _group(session, wanted.track)
    return (group.name, _brought(group, log)) if group is not None else None


def _group(session: Session, track: int) -> Group | None:
    """The group of a track, None for none."""
    label = session.view.label
    known = 0 <= track < len(label) and label[track] >= 0
    return session.view.groups[int(label[track])] if known else None


def _brought(group: Group, log: Sequence[Decision]) -> bool:
    """Whether a group's name in a film is the library's own, not one by a user of the film."""
    return any(d.id == group.named_by and d.author == AUTHOR for d in log)


def _refused(session: Session, group: Group, log: Sequence[Decision], name: str) -> bool:
    """Whether a user undid this name for this person, after the library had brought it."""
    undone = {d.undoes for d in log if d.undoes is not None and d.author != AUTHOR}
    return any(
        (session.view.find(d.anchors)[:, None] == group.tracks).any()
        for d in log
        if d.kind == DecisionKind.NAME and d.value == name and d.author == AUTHOR and d.id in undone
    )
