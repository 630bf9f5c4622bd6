"""Writes the names of a library's people to films in which they have none, and takes them back there.

Which name of a film is the library's own is known by the decision that gave it to that very person: a name
that somebody gave in the film stays, whoever else bears it.
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
from castlist.library.harvest import AUTHOR, stamp_of
from castlist.store import Workspace

if TYPE_CHECKING:
    from castlist.review.session import Session

__all__ = ["AUTHOR", "Renamed", "bring_names", "carry_names", "note_names", "take_names_back"]

_Work = Callable[["Session", Sequence[Decision], "_Wanted"], "tuple[str, bool] | None"]


@dataclass(frozen=True, slots=True)
class Renamed:
    """A film some of whose people got other names."""

    film: int  # row in the catalogue
    stamp: str  # of its workspace, as it is now
    # Of each member that has another one: the name, whether it is the library's own, and the row.
    names: tuple[tuple[str, bool, int], ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A member of a film and the name that the library has for them, "" for none."""

    member: int  # row
    name: str
    track: int


def bring_names(db: sqlite3.Connection, library: Path, *people: str) -> None:
    """Let the films have the names that some people of the library have now."""
    for person in dict.fromkeys(people):
        note_names(db, take_names_back(db, library, person))
        note_names(db, carry_names(db, library, person=person))


def note_names(db: sqlite3.Connection, films: Sequence[Renamed]) -> None:
    """Note in the catalogue which films have other names now."""
    for film in films:
        db.execute("UPDATE film SET stamp = ? WHERE id = ?", (film.stamp, film.film))
        db.executemany("UPDATE member SET (name, brought) = (?, ?) WHERE id = ?", film.names)


def carry_names(
    db: sqlite3.Connection, library: Path, *, digest: str | None = None, person: str | None = None
) -> list[Renamed]:
    """Name the people of films who have a name in the library and none in the film.

    A name that somebody gave in a film stays, a name of the library that somebody undid there is not brought
    again, and a name that somebody else of the film bears is not given twice. A film that is busy or not
    there gets its names when it is next read.

    Args:
        digest: of the one film to look at.
        person: the one person to look at, whose former name is replaced where the library had brought it.
    """
    found = _members(
        db,
        "member.name <> person.name AND person.name <> '' AND (? IS NULL OR member.person = ?)"
        " AND (member.name = '' OR ? IS NOT NULL)",
        (person, person, person),
    )
    return _renamed(db, library, {k: v for k, v in found.items() if digest in (None, k)}, _give)


def take_names_back(db: sqlite3.Connection, library: Path, person: str) -> list[Renamed]:
    """Undo, in the films of a person, names that the library had brought and does not have for them now.

    A film that is busy or not there keeps the name.
    """
    found = _members(db, "member.name <> person.name AND member.name <> '' AND member.person = ?", (person,))
    return _renamed(db, library, found, _take)


def _members(db: sqlite3.Connection, where: str, values: Sequence[str | None]) -> dict[str, list[_Wanted]]:
    """Members, by the digest of their film."""
    rows = db.execute(
        "SELECT film.digest, member.id, person.name, sighting.track FROM member JOIN film ON film.id = film"  # noqa: S608
        " JOIN person ON person.id = member.person"
        " JOIN sighting ON sighting.member = member.id AND sighting.number = 0"
        f" WHERE sighting.track >= 0 AND {where} ORDER BY member.id",
        values,
    )
    found: dict[str, list[_Wanted]] = {}
    for digest, *wanted in rows:
        found.setdefault(digest, []).append(_Wanted(*wanted))
    return found


def _renamed(
    db: sqlite3.Connection, library: Path, found: dict[str, list[_Wanted]], work: _Work
) -> list[Renamed]:
    """What became of the films; one that is busy or not there is left out."""
    from castlist.review.session import Session

    renamed = []
    for film in views.films(db, library) if found else ():
        if film.digest not in found:
            continue
        try:
            with Workspace.open(film.workspace, write=False) as opened:
                log = opened.decisions.all()
            with Session.open(film.workspace) as session:
                names = [
                    (*name, wanted.member)
                    for wanted in found[film.digest]
                    if (name := work(session, log, wanted)) is not None
                ]
            with Workspace.open(film.workspace, write=False) as opened:
                renamed.append(Renamed(film.id, stamp_of(opened), tuple(names)))
        except CastlistError:
            continue
    return renamed


def _give(session: Session, log: Sequence[Decision], wanted: _Wanted) -> tuple[str, bool] | None:
    """Give a member of a film the library's name; the name and that it is the library's own.

    None where it is not given.
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


def _take(session: Session, log: Sequence[Decision], wanted: _Wanted) -> tuple[str, bool] | None:
    """Take back names of a member that the library had brought; the name that is left, and whose it is.

    None if nothing was taken back.
    """
    group, taken = _group(session, wanted.track), False
    while group is not None and group.name not in ("", wanted.name) and _brought(group, log):
        session.undo(group.named_by, author=AUTHOR)
        group, taken = _group(session, wanted.track), True
    return (group.name, _brought(group, log)) if group is not None and taken else None


def _group(session: Session, track: int) -> Group | None:
    """Whose a track is."""
    label = session.view.label
    known = 0 <= track < len(label) and label[track] >= 0
    return session.view.groups[int(label[track])] if known else None


def _brought(group: Group, log: Sequence[Decision]) -> bool:
    """Whether somebody's name in a film is the library's own, which nobody gave there."""
    return any(d.id == group.named_by and d.author == AUTHOR for d in log)


def _refused(session: Session, group: Group, log: Sequence[Decision], name: str) -> bool:
    """Whether somebody took back this name, which the library had brought to this very person."""
    undone = {d.undoes for d in log if d.undoes is not None and d.author != AUTHOR}
    return any(
        (session.view.find(d.anchors)[:, None] == group.tracks).any()
        for d in log
        if d.kind == DecisionKind.NAME and d.value == name and d.author == AUTHOR and d.id in undone
    )
