"""Adds a film to a library, or reads it again, and links its people to those of other films."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from shlex import quote

from castlist.decode.files import digest_of
from castlist.errors import CastlistError, InputError
from castlist.library import lookup, views
from castlist.library.catalogue import Catalogue, RecordEvents
from castlist.library.films import films_of, workspaces_in
from castlist.library.forget import erase_late
from castlist.library.grow import grow
from castlist.library.harvest import FilmFacts, harvest
from castlist.library.log import EventKind
from castlist.library.names import bring_all_names, bring_names
from castlist.library.views import LibraryFilm
from castlist.library.work import Outcome
from castlist.store import Workspace
from castlist.store.paths import path_text

__all__ = ["Added", "AddedState", "add_all", "add_film", "homes_of"]


class AddedState(StrEnum):
    """What became of a film that was to be added."""

    ADDED = "added"
    UPDATED = "updated"
    KNOWN = "known"  # nothing changed since it was added
    COPY = "copy"  # its content is in the library under another path
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a film that was to be added."""

    film: str
    state: AddedState
    linked: int = 0  # people who were linked to people of the library
    new: int = 0  # people who are new there
    asked: int = 0  # questions
    merged: int = 0  # people of the library who turned out to be one
    moved: int = 0  # people of other films who turned out to be somebody else
    sentence: str = ""

    @property
    def ok(self) -> bool:
        return self.state != AddedState.FAILED

    @property
    def changed(self) -> bool:
        """Whether the library holds something of the film that it did not hold before."""
        return self.state in (AddedState.ADDED, AddedState.UPDATED)


def homes_of(films: Sequence[Path], known: Sequence[LibraryFilm]) -> dict[str, Path]:
    """The workspaces, by path, of films that have none beside them and that the library knows.

    Such a film was renamed or moved since it was added, or its workspace lies elsewhere; a second workspace
    would lack what was decided.
    """
    available = {film.digest: film for film in known if (film.workspace / "cast.db").exists()}
    homes: dict[str, Path] = {}
    for film in films if available else ():
        if (Workspace.beside(film) / "cast.db").exists():
            continue
        with suppress(CastlistError):  # whoever reads the film says what is wrong with it
            found = available.get(digest_of(film))
            if found and (not found.file.exists() or os.path.samefile(found.file, film)):
                homes[str(film)] = found.workspace
    return homes


def add_all(
    catalogue: Catalogue,
    films: Sequence[str | os.PathLike[str]],
    find: Callable[[Sequence[Path]], Sequence[Outcome]],
) -> list[Added]:
    """Add films, workspaces and folders of either; what became of each.

    Args:
        find: finds the cast of films.

    Raises:
        InputError: no film was given, or a folder holds none.
    """
    inside = [workspaces_in(Path(film)) for film in films]
    paths = [film for film, found in zip(films, inside, strict=True) if not found]
    if not films:
        raise InputError("no film was given; name films, folders with films, or workspaces")
    found = films_of(paths)
    catalogue.make()
    catalogue.finish()
    outcomes = find(found) if found else ()
    added = [add_film(catalogue, str(space), space) for spaces in inside for space in spaces]
    for outcome in outcomes:
        added.append(
            add_film(catalogue, outcome.film, Path(outcome.workspace))
            if outcome.ok
            else Added(outcome.film, AddedState.FAILED, sentence=outcome.sentence)
        )
    return added


def add_film(
    catalogue: Catalogue,
    name: str,
    workspace: Path,
    *,
    again: bool = False,
    weigh: bool = True,
    digest: str = "",
) -> Added:
    """Add the film of a workspace, or read it again; what became of it.

    Args:
        name: of the film, as the row shows it.
        again: read it also where nothing changed.
        weigh: whether to compare people anew; not where somebody was only erased.
        digest: of the one film that is meant, "" for any.
    """
    try:
        facts = harvest(workspace)
    except CastlistError as error:
        return Added(name, AddedState.FAILED, sentence=str(error))
    if digest not in ("", facts.video.digest):
        sentence = f"{workspace}: contains another film now; bring the former workspace back"
        return Added(name, AddedState.FAILED, sentence=sentence)
    with catalogue.writing() as (db, record):
        late, failed = erase_late(db, record, catalogue.path, facts.video.digest, workspace)
        if failed:
            sentence = f"somebody who was erased from the library cannot be erased from {failed[0]}"
            return Added(name, AddedState.FAILED, sentence=sentence)
        try:
            facts = harvest(workspace) if late else facts
        except CastlistError as error:
            return Added(name, AddedState.FAILED, sentence=str(error))
        known = None if again else _known(name, db, facts, workspace, catalogue.path, record)
        if known is not None:
            if known.state == AddedState.KNOWN:  # names that could not be given while the film was away
                bring_all_names(db, catalogue.path, facts.video.digest)
            return known
        before = lookup.find_film(db, facts.video.digest)
        growth = grow(db, catalogue.path, facts, weigh=weigh)
        record(growth.events, fills=[(facts, growth)])
        bring_all_names(db, catalogue.path, facts.video.digest)
        named = [str(data["person"]) for kind, data in growth.events if kind == EventKind.NAME]
        bring_names(db, catalogue.path, *growth.moved_to, *named)
    state = AddedState.ADDED if before is None else AddedState.UPDATED
    counts = (growth.linked, growth.new, growth.asked, growth.merged, growth.moved)
    return Added(name, state, *counts, _remark(catalogue, facts))


def _known(
    name: str, db: sqlite3.Connection, facts: FilmFacts, workspace: Path, library: Path, record: RecordEvents
) -> Added | None:
    """The row of a film that needs no work: it is there as it is, or as a copy."""
    film = next((f for f in views.films(db, library) if f.digest == facts.video.digest), None)
    if film is None:
        return None
    stamp = db.execute("SELECT stamp FROM film WHERE id = ?", (film.id,)).fetchone()[0]
    same = os.path.realpath(film.workspace) == os.path.realpath(workspace)
    if not same and (film.workspace / "cast.db").exists():
        reason = (
            f"has the same content as {film.path}, which is in the library already, and is not added twice"
        )
        if film.path == path_text(os.path.abspath(facts.video.path)):
            reason = (
                f"is in the library already, with its workspace {film.workspace}, and not with {workspace}"
            )
        sentence = (
            f"{reason}; to take over what was decided here: "
            f"castlist decide {quote(str(film.workspace))} import {quote(str(workspace))}"
        )
        return Added(name, AddedState.COPY, sentence=sentence)
    if stamp != facts.stamp:
        return None
    if not same or film.path != path_text(os.path.abspath(facts.video.path)):
        record([(EventKind.PLACE, lookup.place_of(library, facts))])
    return Added(name, AddedState.KNOWN)


def _remark(catalogue: Catalogue, facts: FilmFacts) -> str:
    """What one should know about a film that was added."""
    return "; ".join(filter(None, (_other_model(catalogue, facts), _other_names(catalogue, facts))))


def _other_names(catalogue: Catalogue, facts: FilmFacts) -> str:
    """Who has one name in the film and another in the library, both given by users."""
    with catalogue.reading() as db:
        rows = db.execute(
            "SELECT member.name, person.name, person.id FROM member JOIN film ON film.id = member.film"
            " JOIN person ON person.id = member.person"
            " WHERE film.digest = ? AND member.name <> '' AND person.name <> ''"
            " AND member.name <> person.name ORDER BY member.id",
            (facts.video.digest,),
        ).fetchall()
    command = f"castlist library name {quote(str(catalogue.path))}"
    return "; ".join(
        f"{film_name} of this film is called {library_name} in the library: "
        f"{command} {person[-6:]} {quote(film_name)} gives the name of the film to the person"
        for film_name, library_name, person in rows
    )


def _other_model(catalogue: Catalogue, facts: FilmFacts) -> str:
    """With how few films the people of a film can be compared, where its model is another one."""
    with catalogue.reading() as db:
        others = dict(
            db.execute("SELECT model, count(*) FROM film WHERE model <> '' GROUP BY model").fetchall()
        )
    if len(others) > 1 and others.get(facts.model, 0) < sum(others.values()):
        return (
            f"its faces were measured with the model {facts.model}, so its people are compared with "
            f"those of the "
            f"{others[facts.model] - 1} other films of that model only"
        )
    return ""
