"""Names of the library's people, brought to the films in which nobody named them yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from castlist.decisions import Decision, DecisionKind, active
from castlist.errors import CastlistError
from castlist.library import views
from castlist.library.harvest import stamp_of
from castlist.store import Workspace

__all__ = ["AUTHOR", "carry_names", "take_names_back"]

AUTHOR = "castlist library"  # of names that a library brought to a film


def carry_names(
    db: sqlite3.Connection, library: Path, digest: str | None, person: str | None = None
) -> list[tuple[int, str, list[tuple[str, int]]]]:
    """Name the people of films who have a name in the library and none in the film.

    A name that somebody gave in a film stays, and a name of the library that somebody undid there is not
    brought
    again. A film that is busy or not there gets its names when it is next read.

    Args:
        digest: of the one film to look at; None for all films of `person`.

    Returns:
        For each film that got names: its row, the new stamp of its workspace, and (name, row) of its members.
    """
    renamed = []
    for film in views.films(db, library):
        if digest not in (None, film.digest):
            continue
        wanted = db.execute(
            "SELECT member.id, person.name, sighting.track FROM member JOIN person ON person.id = "
            "member.person"
            " JOIN sighting ON sighting.member = member.id AND sighting.number = 0"
            " WHERE film = ? AND member.name <> person.name AND person.name <> '' AND sighting.track >= 0"
            " AND (? IS NULL OR member.person = ?) AND (member.name = '' OR ? IS NOT NULL)",
            (film.id, person, person, person),
        ).fetchall()
        if wanted:
            try:
                given, stamp = _name(film.workspace, wanted)
            except CastlistError:
                continue
            renamed.append((film.id, stamp, given))
    return renamed


def take_names_back(
    db: sqlite3.Connection, library: Path, person: str, name: str
) -> list[tuple[int, str, list[tuple[str, int]]]]:
    """Undo, in the films of a person, a name that the library had brought there; as `carry_names` returns it.

    A name that somebody gave in a film stays. A film that is busy or not there keeps the name.
    """
    from castlist.review.session import Session

    renamed = []
    for film in views.films(db, library):
        members = db.execute(
            "SELECT id FROM member WHERE film = ? AND person = ? AND name = ?", (film.id, person, name)
        ).fetchall()
        if not members:
            continue
        try:
            with Workspace.open(film.workspace, write=False) as opened:
                log = active(opened.decisions.all())
            brought = [
                d.id for d in log if d.kind == DecisionKind.NAME and d.value == name and d.author == AUTHOR
            ]
            if not brought:
                continue
            with Session.open(film.workspace) as session:
                for number in reversed(brought):
                    session.undo(number, author=AUTHOR)
            with Workspace.open(film.workspace, write=False) as opened:
                stamp = stamp_of(opened)
        except CastlistError:
            continue
        renamed.append((film.id, stamp, [("", row) for (row,) in members]))
    return renamed


def _name(workspace: Path, wanted: list[tuple[int, str, int]]) -> tuple[list[tuple[str, int]], str]:
    from castlist.review.session import Session

    given = []
    with Workspace.open(workspace, write=False) as opened:
        log = opened.decisions.all()
    with Session.open(workspace) as session:
        for member, name, track in wanted:
            view = session.view
            if not 0 <= track < len(view.label) or view.label[track] < 0:
                continue
            group = view.groups[int(view.label[track])]
            if group.name != name:
                if (group.name and not _brought(log, group.name)) or _refused(log, name):
                    continue
                session.decide({"action": "name", "person": group.id, "name": name}, author=AUTHOR)
            given.append((name, member))
    with Workspace.open(workspace, write=False) as opened:
        return given, stamp_of(opened)


def _brought(log: Sequence[Decision], name: str) -> bool:
    """Whether a name in a film is the library's own, which nobody gave there."""
    authors = {d.author for d in active(log) if d.kind == DecisionKind.NAME and d.value == name}
    return authors == {AUTHOR}


def _refused(log: Sequence[Decision], name: str) -> bool:
    """Whether somebody took back this name, which the library had brought."""
    undone = {d.undoes for d in log if d.undoes is not None and d.author != AUTHOR}
    return any(
        d.kind == DecisionKind.NAME and d.value == name and d.author == AUTHOR and d.id in undone for d in log
    )
