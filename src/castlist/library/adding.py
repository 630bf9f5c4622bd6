"""Add a film to a library or read it again, and link its people to people of other films."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from shlex import quote

from castlist.decode.files import digest_of
from castlist.errors import CastlistError, InputError
from castlist.library import lookup, views
from castlist.library.catalogue import Catalogue, RecordEvents
from castlist.library.films import films_of, places_of, workspaces_in
from castlist.library.forget import erase_late
from castlist.library.grow import grow
from castlist.library.harvest import FilmFacts, harvest
from castlist.library.log import EventKind
from castlist.library.names import bring_all_names, bring_names
from castlist.library.views import LibraryFilm
from castlist.library.work import Outcome
from castlist.store import Workspace
from castlist.store.paths import film_noted, path_text

__all__ = ["Added", "AddedState", "add_all", "add_film"]


class AddedState(StrEnum):
    """The outcome of adding a film."""

    ADDED = "added"
    UPDATED = "updated"
    KNOWN = "known"  # nothing changed since it was added
    COPY = "copy"  # its content is in the library under another path
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Added:
    """The outcome of adding a film, and counts of people and questions."""

    film: str
    state: AddedState
    linked: int = 0  # people who were linked to people of the library
    new: int = 0  # people who are new to the library
    asked: int = 0  # questions that were asked
    merged: int = 0  # people of the library who were merged with another one
    moved: int = 0  # film-people of other films who were moved to another person
    sentence: str = ""

    @property
    def ok(self) -> bool:
        return self.state != AddedState.FAILED

    @property
    def changed(self) -> bool:
        """Whether adding changed what the library has of the film."""
        return self.state in (AddedState.ADDED, AddedState.UPDATED)


def homes_of(films: Sequence[Path], known: Sequence[LibraryFilm]) -> dict[str, Path]:
    """The workspaces, by path of the film, of films that the library has and that have none beside them.

    Such a film was renamed or moved since it was added, or its workspace lies elsewhere; a second workspace
    would lack the user's decisions.
    """
    available = {film.digest: film for film in known if (film.workspace / "cast.db").exists()}
    homes: dict[str, Path] = {}
    for film in films if available else ():
        if (Workspace.beside(film) / "cast.db").exists():
            continue
        found = available.get(_content(film))
        if found and (not found.file.exists() or os.path.samefile(found.file, film)):
            homes[str(film)] = found.workspace
    return homes


def _content(film: Path) -> str:
    """The digest of a film, "" where it cannot be read: finding its cast reports the fault."""
    with suppress(CastlistError):
        return digest_of(film)
    return ""


def _copies(
    films: Sequence[Path], homes: Mapping[str, Path], known: Sequence[LibraryFilm]
) -> dict[Path, Added]:
    """The outcomes of films that are in the library, or given, already: their casts need not be found.

    Args:
        homes: workspaces, by path of the film, that do not lie beside their films.
        known: the films of the library.
    """
    inside = {film.digest: film for film in known if (film.workspace / "cast.db").exists()}
    given: dict[str, tuple[Path, Path]] = {}  # the first film of each content, and its workspace
    copies: dict[Path, Added] = {}
    for film, usual in zip(films, places_of(films), strict=True):
        workspace = homes.get(str(film), usual)
        noted = film_noted(workspace)
        content = noted.digest if noted else _content(film)
        known_film, first = inside.get(content), given.setdefault(content, (film, workspace))
        if known_film is not None and not _is_same(known_film.workspace, workspace):
            reason = _twice(known_film, film, workspace)
            into = known_film.workspace
        elif first[0] != film:
            reason = f"has the same content as {first[0]}, which is added too, and is not added twice"
            into = first[1]
        else:
            continue
        if content and content == _content(film):  # the workspace may note a former film
            own = workspace if noted and not _is_same(workspace, into) else None
            copies[film] = _copy(str(film), reason, into, own)
    return copies


def _is_same(a: Path, b: Path) -> bool:
    return os.path.realpath(a) == os.path.realpath(b)


def _twice(known: LibraryFilm, film: Path, workspace: Path) -> str:
    """The reason why a film with another workspace than the one in the library is not added."""
    if known.path == path_text(os.path.abspath(film)):
        return f"is in the library already, with its workspace {known.workspace}, and not with {workspace}"
    return f"has the same content as {known.path}, which is in the library already, and is not added twice"


def _copy(name: str, reason: str, into: Path, workspace: Path | None) -> Added:
    """The outcome of a copy.

    Args:
        into: the workspace that the library uses.
        workspace: the workspace of the copy, None where it has none of its own.
    """
    command = f"castlist decide {quote(str(into))} import {quote(str(workspace))}"
    advice = f"; to take over what was decided here: {command}" if workspace else ""
    return Added(name, AddedState.COPY, sentence=f"{reason}{advice}")


def add_all(
    catalogue: Catalogue,
    films: Sequence[str | os.PathLike[str]],
    find: Callable[[Sequence[Path], Mapping[str, Path]], Sequence[Outcome]],
) -> list[Added]:
    """Add films, workspaces and folders of either; returns the outcome of each.

    Args:
        find: finds the cast of films; the second argument is the workspaces, by path of the film, that do not
            lie beside their films.

    Raises:
        InputError: no film was given, or a folder has no film.
    """
    inside = [workspaces_in(Path(film)) for film in films]
    paths = [film for film, found in zip(films, inside, strict=True) if not found]
    if not films:
        raise InputError("no film was given; name films, folders with films, or workspaces")
    found = films_of(paths)
    catalogue.make()
    catalogue.finish()
    with catalogue.reading() as db:
        known = views.films(db, catalogue.path)
    homes = homes_of(found, known)
    copies = _copies(found, homes, known)
    wanted = [film for film in found if film not in copies]
    outcomes = iter(find(wanted, homes) if wanted else ())
    added = [add_film(catalogue, str(space), space) for spaces in inside for space in spaces]
    return [*added, *(copies.get(film) or _outcome_added(catalogue, next(outcomes)) for film in found)]


def _outcome_added(catalogue: Catalogue, outcome: Outcome) -> Added:
    """Add a film after the search for its cast."""
    if outcome.ok:
        return add_film(catalogue, outcome.film, Path(outcome.workspace))
    return Added(outcome.film, AddedState.FAILED, sentence=outcome.sentence)


def add_film(
    catalogue: Catalogue,
    name: str,
    workspace: Path,
    *,
    again: bool = False,
    weigh: bool = True,
    digest: str = "",
) -> Added:
    """Add the film of a workspace, or read it again; returns the outcome.

    Args:
        name: of the film, as the outcome shows it.
        again: whether to read a film that did not change, too.
        weigh: whether to compare people anew; False where a person was only erased.
        digest: of the film that the workspace must hold, "" for any.
    """
    try:
        facts = harvest(workspace)
    except CastlistError as error:
        return Added(name, AddedState.FAILED, sentence=str(error))
    if digest not in ("", facts.video.digest):
        sentence = f"{workspace}: contains another film now; bring the former workspace back"
        return Added(name, AddedState.FAILED, sentence=sentence)
    with catalogue.writing() as (db, record):
        copy = _copy_of(name, db, facts, workspace, catalogue.path)
        if copy is not None:  # no erasing in a copy, only in the workspace that the library uses
            return copy
        late, failed = erase_late(db, record, catalogue.path, facts.video.digest, workspace)
        if failed:
            sentence = f"a person who was erased from the library cannot be erased from {failed[0]}"
            return Added(name, AddedState.FAILED, sentence=sentence)
        try:
            facts = harvest(workspace) if late else facts
        except CastlistError as error:
            return Added(name, AddedState.FAILED, sentence=str(error))
        known = None if again else _known(name, db, facts, workspace, catalogue.path, record)
        if known is not None:  # names of the library for a film that could not be reached before
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


def _copy_of(
    name: str, db: sqlite3.Connection, facts: FilmFacts, workspace: Path, library: Path
) -> Added | None:
    """The outcome of a film that the library has with another workspace; None where it has not."""
    film = _film_of(db, library, facts)
    if film is None or _is_same(film.workspace, workspace) or not (film.workspace / "cast.db").exists():
        return None
    return _copy(name, _twice(film, facts.video.path, workspace), film.workspace, workspace)


def _known(
    name: str, db: sqlite3.Connection, facts: FilmFacts, workspace: Path, library: Path, record: RecordEvents
) -> Added | None:
    """The outcome of a film that did not change since it was added; None where it is to be read."""
    film = _film_of(db, library, facts)
    if film is None:
        return None
    stamp = db.execute("SELECT stamp FROM film WHERE id = ?", (film.id,)).fetchone()[0]
    if stamp != facts.stamp:
        return None
    if not _is_same(film.workspace, workspace) or film.path != path_text(os.path.abspath(facts.video.path)):
        record([(EventKind.PLACE, lookup.place_of(library, facts))])
    return Added(name, AddedState.KNOWN)


def _film_of(db: sqlite3.Connection, library: Path, facts: FilmFacts) -> LibraryFilm | None:
    return next((f for f in views.films(db, library) if f.digest == facts.video.digest), None)


def _remark(catalogue: Catalogue, facts: FilmFacts) -> str:
    """Remarks for the user about a film that was added."""
    return "; ".join(filter(None, (_other_model(catalogue, facts), _other_names(catalogue, facts))))


def _other_names(catalogue: Catalogue, facts: FilmFacts) -> str:
    """A sentence for each person with one name in the film and another in the library, both by users."""
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
    """A sentence about the few films that a film can be compared with, where others have another model."""
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
