"""Erase a person: vectors, pictures, names and times, from catalogue, log and every film's workspace."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import numpy as np

from castlist.decisions import Anchor, Decision, DecisionKind, locate
from castlist.errors import CastlistError, InputError, WorkspaceError
from castlist.library import apply, lookup, views
from castlist.library.catalogue import RecordEvents
from castlist.library.film_members import film_members
from castlist.library.harvest import FilmFacts, harvest
from castlist.library.log import Data, EventKind, EventLog
from castlist.library.removed_films import removed_films, removed_ids, removed_people, to_erase
from castlist.library.schema import Db
from castlist.library.steps import StepKind
from castlist.library.storage import LOG, event_log
from castlist.library.track_index import drop_index
from castlist.library.ulid import is_ulid
from castlist.library.views import LibraryPerson
from castlist.store import Workspace
from castlist.store.database import DATABASE
from castlist.store.erase import vacuum
from castlist.store.folder import Folder
from castlist.store.paths import film_noted
from castlist.types import NOISE, Fate

__all__ = ["Erasure", "erase_late", "erase_where_back", "forget_person", "planned", "still_to_erase"]

ASK, NAME = StepKind.ASK, StepKind.NAME


def names_of(db: Db, log: EventLog, ids: Sequence[str]) -> list[str]:
    """All names that a person has or ever had, without those that another person has now."""
    given = {str(event.data.get("name", "")) for event in log.read() if event.data.get("person") in ids}
    now: set[str] = set()
    taken: set[str] = set()
    query = "SELECT id, name FROM person UNION SELECT person, name FROM member WHERE person IS NOT NULL"
    for person, name in db.execute(query):
        if person in ids:
            now.add(name)
        else:
            taken.add(name.casefold())
    return sorted({*now, *(name for name in given if name.casefold() not in taken)} - {""})


class FilmOfPerson(NamedTuple):
    """A film that has a person, or had the person when it was removed from the library."""

    name: str
    digest: str
    workspace: Path
    keys: tuple[str, ...]  # keys of the person
    anchors: Mapping[str, Sequence[Anchor]]  # of all people of the film, by key


def films_of_person(db: Db, library: Path, person: str) -> list[FilmOfPerson]:
    """The films of the library that have a person."""
    found = []
    for film in views.films(db, library):
        rows = db.execute("SELECT key FROM member WHERE film = ? AND person = ?", (film.id, person))
        if keys := tuple(key for (key,) in rows):
            anchors = lookup.anchors_by_key(db, film.id)
            found.append(FilmOfPerson(film.name, film.digest, film.workspace, keys, anchors))
    return found


def films_left(db: Db, library: Path, person: str) -> list[FilmOfPerson]:
    """Removed films that had a person, and films from which the person is still to be erased."""
    found = []
    for film in views.films(db, library):
        noted = removed_people(db, film.digest)
        if keys := tuple(key for key, left in noted.items() if left.person == person):
            anchors = lookup.anchors_by_key(db, film.id) | {key: left.anchors for key, left in noted.items()}
            found.append(FilmOfPerson(film.name, film.digest, film.workspace, keys, anchors))
    for removed in removed_films(db):
        noted = removed_people(db, removed.digest)
        if keys := tuple(key for key, left in noted.items() if left.person == person):
            workspace = views.where(library, removed.workspace, removed.near)
            anchors = {key: left.anchors for key, left in noted.items()}
            found.append(FilmOfPerson(removed.name, removed.digest, workspace, keys, anchors))
    return found


def _reached(film: FilmOfPerson) -> bool:
    """Whether the workspace of a removed film is where it was."""
    noted = film_noted(film.workspace)
    return noted is not None and noted.digest == film.digest


def _has_workspace(film: FilmOfPerson) -> bool:
    """Whether a film of the library has a workspace; an unreadable one is an error to correct."""
    return os.path.lexists(film.workspace / DATABASE)


@dataclass(frozen=True, slots=True)
class Erasure:
    """The effects of erasing a person, before it is done; afterwards, the work that is left."""

    person: str  # id
    name: str
    films: tuple[str, ...]  # names of the films from whose workspaces the person is erased
    away: tuple[str, ...]  # a sentence for each film whose workspace cannot be reached


def planned(db: Db, library: Path, given: str | LibraryPerson, deleted: Sequence[str] = ()) -> Erasure:
    """The effects of erasing a person.

    Args:
        deleted: names or workspaces of films whose workspaces are gone for good.

    Raises:
        InputError: no person fits, or several do, or the workspace of a film in `deleted` is there.
    """
    person, name = _person_named(db, library, given)
    films, away = _split(db, library, person, deleted)
    sentences = [_how_to_reach(library, film, person) for film in away]
    return Erasure(person, name, tuple(film.name for film in films), tuple(sentences))


def _split(
    db: Db, library: Path, person: str, deleted: Sequence[str]
) -> tuple[list[FilmOfPerson], list[FilmOfPerson]]:
    """The films from which a person can be erased now, and those that must be reached first.

    Raises:
        InputError: a film in `deleted` is not one of the latter.
    """
    films, left = films_of_person(db, library, person), films_left(db, library, person)
    near = [*filter(_has_workspace, films), *filter(_reached, left)]
    away = [film for film in (*films, *left) if film not in near]
    unknown = [given for given in deleted if not any(_means(film, given) for film in away)]
    if unknown:
        names = ", ".join(film.name for film in away) or "there is no such film"
        raise InputError(
            f"{unknown[0][:200]!r} is no film of this person whose workspace is missing; --deleted takes one "
            f"of these: {names}"
        )
    return near, [film for film in away if not any(_means(film, given) for given in deleted)]


def _means(film: FilmOfPerson, given: str) -> bool:
    return given in (film.name, str(film.workspace))


def _how_to_reach(library: Path, film: FilmOfPerson, person: str) -> str:
    path = quote(str(library))
    return (
        f"{film.name}: the workspace of this film is not at {film.workspace} any more. If it is on another "
        f"disk, connect the disk and run castlist library update {path}. If it was moved, castlist library "
        f"add {path} with its new path erases the person there first. If it was deleted, say so: castlist "
        f"library forget {path} {person} --deleted {quote(film.name)}"
    )


def still_to_erase(db: Db, library: Path) -> list[tuple[str, str]]:
    """Each film from which a person is still to be erased, by name, with what to do."""
    digests = [*(film.digest for film in views.films(db, library)), *(r.digest for r in removed_films(db))]
    people = sorted({person for digest in digests for person in to_erase(db, digest)})
    found = []
    for person in people:
        for film in films_left(db, library, person):
            do = f"castlist library update {quote(str(library))} erases this person there"
            if not _reached(film):
                do = _how_to_reach(library, film, person).removeprefix(f"{film.name}: ")
            found.append((film.name, f"{person} is erased from the library, but not from this film: {do}"))
    return found


def erase_where_back(db: Db, record: RecordEvents, library: Path) -> list[tuple[str, str]]:
    """Erase from removed films that are back the people who were erased meanwhile; returns failures."""
    failed = []
    done = False
    for removed in removed_films(db):
        for person in to_erase(db, removed.digest):
            for film in films_left(db, library, person):
                if film.digest == removed.digest and _reached(film):
                    done = True
                    failed += [(film.name, s) for s in _erased_late(db, record, library, [film], person)]
    if done:
        vacuum(db, library)
    return failed


def _person_named(db: Db, library: Path, given: str | LibraryPerson) -> tuple[str, str]:
    """The id and name of a person; also of people of removed films and of erased people.

    Raises:
        InputError: no person fits, or several do.
    """
    if views.is_erased(db, given):
        person = lookup.now_id(db, views.words_for(given).strip().upper())
        return person, lookup.shown_person(person, "")
    present = dict(db.execute("SELECT id, name FROM person").fetchall())
    removed = dict.fromkeys(removed_ids(db) - present.keys(), "")
    text = views.words_for(given).strip()
    for event in event_log(library).read() if removed else ():
        person = lookup.now_id(db, str(event.data.get("person", "")))
        if event.kind == EventKind.NAME and person in removed:
            removed[person] = event.data["name"]
    now = lookup.now_id(db, text.upper())
    found = {now} if now in removed else set()
    if removed and not is_ulid(now):
        found = set(views.called(present | removed, text))
    if len(found) > 1 and found & removed.keys():
        raise InputError(
            f"{len(found)} people are called {text[:200]!r}, some of them in removed films; name one by id: "
            f"{', '.join(sorted(found)[:5])}"
        )
    if not found & removed.keys():
        person = views.person(db, given)
        return person, lookup.shown_person(person, present[person])
    (person,) = found
    return person, lookup.shown_person(person, removed[person])


def erase_in_films(films: Sequence[FilmOfPerson], person: str, names: Sequence[str] | None) -> list[str]:
    """Erase a person from the workspaces of films; returns failures, a sentence for each film."""
    failed = []
    for film in films:
        try:
            _erase(film, person, names)
        except CastlistError as error:
            failed.append(f"{film.name}: {error}")
    return failed


def _erase(film: FilmOfPerson, person: str, names: Sequence[str] | None) -> None:
    """Erase a person, the names, and what was made of these, from a workspace.

    Without `names` (the library does not know them any more after erasing them), the names that the person
    was given in the film are erased.

    A person that a killed command erased there before is not searched again: the matching might take the face
    of a remaining person instead. A name that another person has there stays.
    """
    from castlist.pipeline.publish import stored_evidence, write_report

    with Workspace.open(film.workspace) as opened:
        facts = harvest(film.workspace)
        if facts.video.digest != film.digest:
            raise WorkspaceError(
                f"{film.workspace}: contains another film than the one that was added to the library; "
                "bring the old workspace back"
            )
        left = {key for key in film.keys if f"{person} {key}" not in opened.erased_before()}
        tracks = _tracks(facts, left, film.anchors)
        own = {*facts.owner[tracks].tolist()}
        if names is None:
            names = _names_given(facts, tracks, opened.decisions.all())
        others = {m.name.casefold() for i, m in enumerate(facts.members) if i not in own}
        run, _ = opened.cast_run()
        evidence = stored_evidence(opened, run).without_faces()
        marks = [f"{person} {key}" for key in film.keys]
        own_names = [name for name in names if name.casefold() not in others]
        cast, portraits = opened.erase(tracks, own_names, facts.scan, marks=marks)
        opened.put("evidence", f"run {run}", evidence)
        write_report(opened, cast, portraits, run)


def _names_given(facts: FilmFacts, tracks: Sequence[int], log: Sequence[Decision]) -> list[str]:
    """The names that some tracks of a film have, and that users gave them at any time."""
    cast = facts.cast
    names = {facts.members[member].name for member in facts.owner[tracks].tolist() if member != NOISE}
    for decision in log:
        if decision.kind == DecisionKind.NAME and decision.anchors:
            located = locate(decision.anchors, cast.tracks, cast.clock, cast.video)
            if 2 * np.isin(located, tracks).sum() > len(located):
                names.add(decision.value)
    return sorted(names - {""})


def _tracks(facts: FilmFacts, keys: Set[str], known: Mapping[str, Sequence[Anchor]]) -> list[int]:
    """The tracks of the people with given keys of the library in a film, also those set aside since.

    Raises:
        WorkspaceError: the film joins these people with another person by now.
    """
    found, votes = apply.match(known, facts)
    own = {member for member, key in found.items() if key in keys}
    for key in set(known) - set(found.values()):
        votes_by_member = {
            m: n for (m, of), n in votes.items() if of == key and facts.members[m].fate != Fate.SET_ASIDE
        }
        mixed = set(votes_by_member) - own if key in keys else set(votes_by_member) & own
        if 2 * sum(votes_by_member[m] for m in mixed) > len(known[key]):
            raise WorkspaceError(
                f"{facts.workspace}: this person and another one were joined there since the film was added; "
                "if the film is in the library, run castlist library update, otherwise tell the two apart in "
                "castlist review; then run the same command again"
            )
    cast, anchors = facts.cast, [anchor for key in keys for anchor in known[key]]
    located = locate(anchors, cast.tracks, cast.clock, cast.video)
    aside = {t for t in located.tolist() if t != NOISE and cast.fate[t] == Fate.SET_ASIDE}
    aside -= {t for t in aside if found.get(int(facts.owner[t])) not in (None, *keys)}
    owner = facts.owner.tolist()
    return [track for track, member in enumerate(owner) if member in own or track in aside]


def names_of_others(db: Db, ids: Sequence[str]) -> set[str]:
    """The names that people of other ids have, case folded: the log keeps them."""
    query = "SELECT id, name FROM person UNION SELECT person, name FROM member WHERE person IS NOT NULL"
    return {name.casefold() for person, name in db.execute(query) if person not in ids} - {""}


def redact_catalogue(db: Db, names: Sequence[str], shared: Set[str]) -> None:
    """Remove names from stored questions and decisions about other people, as in the log."""
    folded = [n.casefold() for n in names if n]
    questions = db.execute("SELECT id, why FROM question WHERE why <> ''").fetchall()
    hits = [(q,) for q, why in questions if any(name in why.casefold() for name in folded)]
    db.executemany("UPDATE question SET why = '' WHERE id = ?", hits)
    for number, data in db.execute("SELECT number, data FROM decision").fetchall():
        decision = json.loads(data)
        if _without(decision, [name for name in folded if name not in shared]):
            db.execute("UPDATE decision SET data = ? WHERE number = ?", (json.dumps(decision), number))
    texts = db.execute(
        "SELECT number, place, kind, text FROM step WHERE kind IN (?, ?)", (ASK, NAME)
    ).fetchall()
    for number, place, kind, text in texts:
        if kind == ASK and any(name in text.casefold() for name in folded):
            db.execute("UPDATE step SET text = '' WHERE number = ? AND place = ?", (number, place))
        if kind == NAME and text.casefold() in folded and text.casefold() not in shared:
            db.execute("DELETE FROM step WHERE number = ? AND place = ?", (number, place))


def _without(data: dict[str, object], folded: Sequence[str]) -> bool:
    """Remove names from what a decision replaced; returns whether there were any."""

    def known(name: object) -> bool:
        return str(name).casefold() in folded

    found = False
    if known(data.get("name")):
        data["name"], found = "", True
    for row in (data.get(role) for role in ("person", "into_name", "was")):
        if isinstance(row, list) and row and known(row[0]):
            row[0], found = "", True
    return found


def redact_log(
    library: Path, ids: Sequence[str], members: Sequence[tuple[str, str]], names: Sequence[str],
    others: Set[tuple[str, str]], shared: Set[str],
) -> None:  # fmt: skip
    """Write the log anew without names, times and places of a person. Ids and lines stay.

    Args:
        members: the person's film-people, by digest of the film and key.
        others: all other film-people: some belonged to this person once, and are found again by their places.
        shared: names that other people have, too: these names stay.
    """
    people, film_people = set(ids), set(members)
    folded = [n.casefold() for n in names if n]
    folder = Folder(library)
    with open(folder.open(LOG), "rb") as old, folder.written(LOG) as new:
        for line in old:
            row = json.loads(line)
            _redact(row["kind"], row["data"], people, film_people, folded, others, shared)
            new.write(
                json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
            )


def _redact(
    kind: str, data: dict[str, object], ids: set[str], members: set[tuple[str, str]], names: list[str],
    others: Set[tuple[str, str]], shared: Set[str],
) -> None:  # fmt: skip
    name = str(data.get("name", "")).casefold()
    if kind == EventKind.NAME and (data.get("person") in ids or (name in names and name not in shared)):
        data["name"] = ""
    if kind in (EventKind.FILM, EventKind.GONE):
        digest = data["digest"]
        for person in data.get("people", ()):  # type: ignore[attr-defined]
            own = (digest, person["key"])
            if own in members or (person.get("person") in ids and own not in others):
                person["at"] = []
    for question in (*data.get("questions", ()), *data.get("asked", ())):  # type: ignore[misc]
        if any(name in str(question[-1]).casefold() for name in names):
            question[-1] = ""  # the reason of the question


def forget_person(
    db: Db, record: RecordEvents, library: Path, person: str | LibraryPerson, author: str,
    deleted: Sequence[str] = (),
) -> tuple[list[str], list[Path]]:  # fmt: skip
    """Erase a person everywhere; the caller holds the catalogue open for writing.

    Films whose workspace cannot be reached are erased later: see `erase_late`.

    Args:
        deleted: names or workspaces of films whose workspaces are gone for good: nothing is left to erase.

    Returns:
        Failures, a sentence for each film; without failures, the workspaces that must be read again.

    Raises:
        InputError: no person fits, or the workspace of a film in `deleted` is there.
    """
    known, _ = _person_named(db, library, person)
    reached, away = _split(db, library, known, deleted)
    present = {film.digest for film in views.films(db, library)}
    spaces = [film.workspace for film in reached if film.digest in present]
    if views.is_erased(db, known):  # by a killed command, or one that did not reach every film
        gone = [film for film in films_left(db, library, known) if film not in (*reached, *away)]
        _leave(db, record, library, gone, known)
        failed = [
            sentence for film in reached for sentence in _erased_late(db, record, library, [film], known)
        ]
        vacuum(db, library)
        return failed, [] if failed else spaces
    members = [(m.digest, m.key) for m in film_members(db, known)]
    ids = [known, *(old for (old,) in db.execute("SELECT old FROM redirect WHERE new = ?", (known,)))]
    names = names_of(db, event_log(library), ids)
    drop_index(library)
    failed = erase_in_films(reached, known, names)
    if failed:
        return failed, []
    # The event comes last: without it, the same command does all of this again.
    left = {(film.digest, key) for film in away for key in film.keys}  # to find the person there later
    own = [member for member in members if member not in left]
    others, shared = (lookup.all_members(db) - set(members)) | left, names_of_others(db, ids)
    redact_catalogue(db, names, shared)
    redact_log(library, ids, own, names, others, shared)
    data: Data = {
        "ids": ids, "members": [list(m) for m in members], "away": [film.digest for film in away]
    }  # fmt: skip
    record([(EventKind.FORGET, data)], author or "somebody")
    vacuum(db, library)
    return [], spaces


def erase_late(
    db: Db, record: RecordEvents, library: Path, digest: str, workspace: Path
) -> tuple[bool, list[str]]:
    """Erase from a film that is added again the people who were erased while it was unreachable.

    If the workspace that the library knows is back, too, the people are erased from both.

    Returns:
        Whether there were people to erase; failures, a sentence for each person.
    """
    people = to_erase(db, digest)
    failed = []
    for person in people:
        for film in films_left(db, library, person):
            if film.digest == digest:
                paths = {os.path.realpath(workspace): workspace}
                if _reached(film):
                    paths.setdefault(os.path.realpath(film.workspace), film.workspace)
                spaces = [film._replace(workspace=path) for path in paths.values()]
                failed += _erased_late(db, record, library, spaces, person)
    if people:
        vacuum(db, library)
    return bool(people), failed


def _erased_late(
    db: Db, record: RecordEvents, library: Path, spaces: Sequence[FilmOfPerson], person: str
) -> list[str]:
    """Erase an erased person of the library from the workspaces of one more film.

    Returns:
        Failures.
    """
    failed = erase_in_films(spaces, person, None)
    if not failed:
        _leave(db, record, library, spaces[:1], person)
    return failed


def _leave(db: Db, record: RecordEvents, library: Path, done: Sequence[FilmOfPerson], person: str) -> None:
    """Note that no person is to be erased from some films any more: remove places and times from the log."""
    if done:
        redact_log(library, [], [(film.digest, key) for film in done for key in film.keys], [], set(), set())
        left = {film.digest for film in films_left(db, library, person)} - {film.digest for film in done}
        record([(EventKind.FORGET, {"ids": [person], "members": [], "away": sorted(left)})], "somebody")
