"""Queries of the catalogue: films, film-people, people, and their names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from castlist.decisions import Anchor
from castlist.library.harvest import FilmFacts
from castlist.library.log import Data
from castlist.library.schema import Db
from castlist.store.paths import path_text
from castlist.store.rows import exact

__all__ = [
    "all_members",
    "anchors_by_key",
    "anchors_of",
    "elder",
    "eldest",
    "film_person",
    "find_film",
    "member_named",
    "member_of",
    "name_of",
    "near",
    "now_id",
    "person_of",
    "place_of",
    "question_id",
    "shown_person",
    "together",
]


def find_film(db: Db, digest: object) -> int | None:
    """The row of a film by the digest of its content."""
    row = db.execute("SELECT id FROM film WHERE digest = ?", (str(digest),)).fetchone()
    return None if row is None else int(row[0])


def member_of(db: Db, film: int, key: object) -> int | None:
    """The row of a film-person."""
    row = db.execute("SELECT id FROM member WHERE film = ? AND key = ?", (film, str(key))).fetchone()
    return None if row is None else int(row[0])


def member_named(db: Db, digest: object, key: object) -> int | None:
    """The row of a film-person by the digest of the film's content and the key."""
    film = find_film(db, digest)
    return None if film is None else member_of(db, film, key)


def now_id(db: Db, person: str) -> str:
    """The current id of a person: ids of merged people are redirected."""
    row = db.execute("SELECT new FROM redirect WHERE old = ?", (person,)).fetchone()
    return person if row is None else str(row[0])


def question_id(db: Db, a: int, b: int) -> str:
    """A short name of a question, the same in every catalogue of this library."""
    rows = db.execute(
        "SELECT digest || ' ' || key FROM member JOIN film ON film.id = film WHERE member.id IN (?, ?) "
        "ORDER BY 1",
        (a, b),
    ).fetchall()
    return hashlib.sha256("\n".join(row[0] for row in rows).encode()).hexdigest()[:10]


def near(library: Path, workspace: Path) -> str:
    """The path of the workspace relative to the library's folder, so that both can move together."""
    try:
        return os.path.relpath(os.path.abspath(workspace), os.path.abspath(library))
    except ValueError:  # another drive
        return ""


def person_of(db: Db, member: int | None) -> str | None:
    """The id of a film-person's person; None without one, or without such a row."""
    row = db.execute("SELECT person FROM member WHERE id = ?", (member,)).fetchone()
    return None if row is None or row[0] is None else str(row[0])


def name_of(db: Db, member: int) -> tuple[str, str]:
    """The digest of a member's film and the member's key in it."""
    digest, key = db.execute(
        "SELECT digest, key FROM member JOIN film ON film.id = film WHERE member.id = ?", (member,)
    ).fetchone()
    return str(digest), str(key)


def all_members(db: Db) -> set[tuple[str, str]]:
    """All film-people: the digest of the film and the key in it."""
    return set(db.execute("SELECT digest, key FROM member JOIN film ON film.id = film"))


def elder(db: Db, a: str, b: str) -> tuple[str, str]:
    """The id that stays and the id that is redirected: a person with a name stays, or else the elder."""
    named = {p for (p,) in db.execute("SELECT id FROM person WHERE id IN (?, ?) AND name <> ''", (a, b))}
    into = min((a, b), key=lambda p: (p not in named, p))
    return into, b if into == a else a


def eldest(db: Db, people: Sequence[str]) -> str:
    """The id that stays when people are merged: that of a person with a name, or else the eldest."""
    into = people[0]
    for other in people[1:]:
        into, _ = elder(db, into, other)
    return into


def together(db: Db, a: str, b: str) -> int:
    """The number of pairs of film-people, of two people by id, that co-occur."""
    query = (
        "SELECT count(*) FROM together JOIN member AS x ON x.id = a JOIN member AS y ON y.id = b"
        " WHERE (x.person = ? AND y.person = ?) OR (y.person = ? AND x.person = ?)"
    )
    return int(db.execute(query, (a, b, a, b)).fetchone()[0])


def anchors_of(db: Db, member: int) -> tuple[Anchor, ...]:
    """The places of a member's faces."""
    rows = db.execute(
        "SELECT time, left, top, right, bottom FROM sighting WHERE member = ? ORDER BY number", (member,)
    ).fetchall()
    return tuple(Anchor(exact(time), tuple(box)) for time, *box in rows)


def anchors_by_key(db: Db, film: int) -> dict[str, tuple[Anchor, ...]]:
    """The places of the faces of each member of a film, by key."""
    rows = db.execute("SELECT key, id FROM member WHERE film = ?", (film,)).fetchall()
    return {key: anchors_of(db, member) for key, member in rows}


def place_of(library: Path, facts: FilmFacts) -> Data:
    """The identity and paths of a film, as the log stores them."""
    path = os.path.abspath(facts.video.path)
    return {
        "digest": facts.video.digest,
        "name": path_text(facts.video.path.name),
        "path": path_text(path),
        "workspace": path_text(os.path.abspath(facts.workspace)),
        "near": path_text(near(library, facts.workspace)),
    }


def shown_person(person: str, name: str) -> str:
    """The name of a person, or the label of one without a name."""
    return name or f"Person {person[-6:]}"


def film_person(db: Db, digest: object, key: object, former: str | None = None) -> str:
    """A film-person in words, as in "Anna in e01.mp4".

    Args:
        former: id of the former person, who is shown if that id is redirected now.
    """
    row = db.execute(
        "SELECT member.person, person.name, film.name FROM film"
        " LEFT JOIN member ON member.film = film.id AND key = ?"
        " LEFT JOIN person ON person.id = member.person WHERE digest = ?",
        (str(key), str(digest)),
    ).fetchone()
    if row is None:
        return "a person of a film that is not in the library now"
    if former and now_id(db, former) != former:
        return f"{shown_person(former, '')} in {row[2]}"
    return f"{shown_person(row[0], row[1]) if row[0] else 'a person'} in {row[2]}"
