"""People of removed films, kept until a film is added again, and people to erase from films later."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from typing import NamedTuple

from castlist.decisions import Anchor
from castlist.library.log import EventKind, FilmPerson, LinkOrigin
from castlist.library.lookup import now_id
from castlist.library.schema import Db
from castlist.library.ulid import is_ulid, milliseconds_of
from castlist.store.rows import exact, number

__all__ = [
    "FACES",
    "RemovedFilm",
    "RemovedPerson",
    "bring_back",
    "forget_removed",
    "id_time",
    "note_removed",
    "note_to_erase",
    "people_of_film",
    "removed_films",
    "removed_ids",
    "removed_people",
    "to_erase",
]

FACES = 4  # of each member in the log, to find it again when the catalogue is rebuilt
_KEY = "departed "  # followed by the digest of the film, a key in the table `meta`


class RemovedPerson(NamedTuple):
    """A person of a removed film."""

    person: str  # id that the person has now
    origin: str  # a LinkOrigin, or "" where the log has none
    probability: float | None
    anchors: tuple[Anchor, ...]


class RemovedFilm(NamedTuple):
    """A film that was removed from the library."""

    digest: str
    name: str
    workspace: str
    near: str  # path of the workspace relative to the library


def removed_films(db: Db) -> list[RemovedFilm]:
    """The films that were removed and not added again."""
    return [RemovedFilm(*row) for row in db.execute(_REMOVED, (EventKind.GONE,))]


_REMOVED = """
SELECT json_extract(data, '$.digest') AS digest, json_extract(data, '$.film'),
       json_extract(data, '$.workspace'), json_extract(data, '$.near') FROM decision
WHERE number IN (SELECT max(number) FROM decision WHERE kind = ? AND NOT undone
                 GROUP BY json_extract(data, '$.digest'))
      AND digest NOT IN (SELECT digest FROM film) ORDER BY number
"""


def people_of_film(db: Db, digest: str) -> list[FilmPerson]:
    """The people of a film as an event of the log has them, without the background."""
    rows = db.execute(_PEOPLE, (digest,)).fetchall()
    return [
        {"key": key, "person": person, "how": origin, "p": chance, "at": _faces(db, member)}
        for member, key, person, origin, chance in rows
    ]


_PEOPLE = (
    "SELECT member.id, key, person, how, probability FROM member JOIN film ON film.id = film"
    " WHERE digest = ? AND person IS NOT NULL ORDER BY member.id"
)


def _faces(db: Db, member: int) -> list[list[str | float]]:
    rows = db.execute(
        "SELECT time, left, top, right, bottom FROM sighting WHERE member = ? ORDER BY quality DESC, number"
        " LIMIT ?",
        (member, FACES),
    ).fetchall()
    return [[time, *(round(x, 5) for x in box)] for time, *box in rows]


def note_removed(db: Db, digest: str, people: Sequence[FilmPerson]) -> None:
    """Note the people of a film that is removed.

    Raises:
        ValueError, TypeError, LookupError: the log is damaged.
    """
    for person in people:
        _understood(db, person)
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_KEY + digest,)).fetchone()
    erased = {person for (person,) in db.execute("SELECT id FROM tombstone")}
    left = [person for person in (json.loads(row[0]) if row else ()) if person["person"] in erased]
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY + digest, json.dumps([*left, *people])))


def note_to_erase(db: Db, digest: str, ids: Collection[str]) -> None:
    """Note a person's places in a film of the library that cannot be reached, for erasing later."""
    people = [person for person in people_of_film(db, digest) if person["person"] in ids]
    if people:
        note_removed(db, digest, people)


def bring_back(db: Db, digest: str) -> None:
    """Delete the notes of a film that is back in the library."""
    db.execute("DELETE FROM meta WHERE key = ?", (_KEY + digest,))


def removed_people(db: Db, digest: str) -> dict[str, RemovedPerson]:
    """The people of a film when it was removed, by key; for a film of the library, those to erase.

    Raises:
        ValueError, TypeError, LookupError: the catalogue is damaged.
    """
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_KEY + digest,)).fetchone()
    return dict(_understood(db, person) for person in (json.loads(row[0]) if row else ()))


def _understood(db: Db, person: FilmPerson) -> tuple[str, RemovedPerson]:
    """The key of a person in a film, and the person."""
    known, chance = person["person"], person["p"]
    if known is None or not is_ulid(known):
        raise ValueError(f"{known!r} is not the id of a person")
    anchors = tuple(
        Anchor(exact(time), (number(left), number(top), number(right), number(bottom)))
        for time, left, top, right, bottom in person["at"]
    )
    origin = LinkOrigin(person["how"]) if person["how"] else ""
    return str(person["key"]), RemovedPerson(
        now_id(db, known), origin, None if chance is None else number(chance), anchors
    )


def forget_removed(db: Db, ids: Sequence[str], away: Collection[str]) -> None:
    """Delete the notes of an erased person.

    Args:
        ids: the person's ids, the current one first.
        away: digests of films that could not be reached: their notes stay, for erasing later.
    """
    rows = db.execute("SELECT key, value FROM meta WHERE key LIKE ?", (_KEY + "%",)).fetchall()
    for key, value in rows:
        people = json.loads(value)
        if key.removeprefix(_KEY) in away:
            stays = [{**p, "person": ids[0]} if p["person"] in ids else p for p in people]
        else:
            stays = [person for person in people if person["person"] not in ids]
        db.execute("UPDATE meta SET value = ? WHERE key = ?", (json.dumps(stays), key))


def removed_ids(db: Db) -> set[str]:
    """The ids of people of removed films who are not erased."""
    people = {p.person for film in removed_films(db) for p in removed_people(db, film.digest).values()}
    return people - {person for (person,) in db.execute("SELECT id FROM tombstone")}


def id_time(db: Db) -> int:
    """The time of new ids: later than that of all others, even if the clock was set back.

    When people are merged, the eldest keeps the id; ids sort by age.

    Returns:
        milliseconds since 1970.
    """
    known = {str(latest) for (latest,) in db.execute(_LATEST) if latest is not None} | removed_ids(db)
    latest = milliseconds_of(max(known)) if known else 0
    return max(time.time_ns() // 1_000_000, min(latest + 1, (1 << 48) - 1))


_LATEST = (
    "SELECT max(id) FROM person UNION ALL SELECT max(old) FROM redirect"
    " UNION ALL SELECT max(id) FROM tombstone"
)


def to_erase(db: Db, digest: str) -> list[str]:
    """The ids of people who were erased from the library while a film could not be reached."""
    people = {removed.person for removed in removed_people(db, digest).values()}
    return sorted(people & {person for (person,) in db.execute("SELECT id FROM tombstone")})
