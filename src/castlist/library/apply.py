"""Log -> catalogue: the effect of each event on the tables, when it happens and when they are rebuilt."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from castlist.decisions import Anchor, locate
from castlist.errors import InputError, WorkspaceError
from castlist.library import steps, undo
from castlist.library.harvest import FilmFacts, MemberFacts
from castlist.library.inherited_decisions import pass_on
from castlist.library.log import (
    DECIDED,
    MERGED_BY_ANSWER,
    PARTED_ALIKE,
    Event,
    EventKind,
    FilmPerson,
    LinkOrigin,
    LoggedQuestion,
)
from castlist.library.lookup import find_film, member_named, member_of, now_id, question_id
from castlist.library.removed_films import bring_back, forget_removed, note_removed, note_to_erase
from castlist.library.schema import Db
from castlist.library.steps import Step, StepKind, merged_as, record
from castlist.library.ulid import is_ulid
from castlist.store.rows import Parameter, exact, number
from castlist.types import NOISE

__all__ = ["apply_event", "fill", "match"]

# Errors that values of a wrong type in the log raise: SQLite takes no lists, and no integers beyond 64 bits.
_UNFIT = (
    KeyError, TypeError, ValueError, IndexError, OverflowError, sqlite3.IntegrityError,
    sqlite3.InterfaceError, sqlite3.ProgrammingError,
)  # fmt: skip


def apply_event(db: Db, event: Event) -> None:
    """Update the tables by one event, within the caller's transaction.

    Raises:
        WorkspaceError: the event does not fit what came before it.
    """
    try:
        before = undo.before(db, event)
        _APPLY[event.kind](db, event)
        if before is not None:
            undo.remember(db, event, before)
    except (*_UNFIT, InputError) as error:
        raise WorkspaceError(
            f"line {event.number} of the library's log does not fit those before it ({error!r})"
        ) from None
    db.execute("INSERT OR REPLACE INTO meta VALUES ('applied', ?)", (str(event.number),))


def _begin(db: Db, event: Event) -> None:
    db.execute("INSERT OR REPLACE INTO meta VALUES ('library', ?)", (_id(event.data["library"]),))


def _film(db: Db, event: Event) -> None:
    """Add a film, or update its people after a review or another run."""
    data = event.data
    film = find_film(db, data["digest"])
    if film is None:
        cursor = db.execute(
            "INSERT INTO film (digest, name, path, workspace, near, seconds, width, height, frame_rate, "
            "model, stamp,"
            " added) VALUES (?, ?, ?, ?, ?, 0, 0, 0, '', '', '', ?)",
            (data["digest"], data["name"], data["path"], data["workspace"], data["near"], event.time),
        )
        film = int(cursor.lastrowid or 0)
        bring_back(db, data["digest"])
        undo.film_is_back(db, data["digest"])
    _moved(db, event)
    keys = json.dumps([person["key"] for person in data["people"]])
    away = "SELECT id FROM member WHERE film = ? AND key NOT IN (SELECT value FROM json_each(?))"
    _leave(db, [member for (member,) in db.execute(away, (film, keys))])
    for person in data["people"]:
        _member(db, film, person, event)
    for question in data.get("questions", ()):
        _question(db, event, film, question)
    _delete_absent_people(db)


def _member(db: Db, film: int, person: FilmPerson, event: Event) -> None:
    """Add or update a film-person, and the person of the library that it is."""
    library_person = person.get("person")
    if library_person is not None:
        library_person = now_id(db, _id(library_person))
        _begin_person(db, library_person, event.time)
    before = db.execute(
        "SELECT person, how, probability FROM member WHERE film = ? AND key = ?", (film, person["key"])
    ).fetchone()
    link = (library_person, person.get("how", ""), person.get("p"))
    db.execute(
        "INSERT INTO member (film, key, person, probability, how, fate, founds, name, brought, seconds,"
        " faces) VALUES (?, ?, ?, ?, ?, '', 0, '', 0, 0, 0)"
        " ON CONFLICT (film, key) DO UPDATE SET person = excluded.person, probability = excluded.probability,"
        " how = excluded.how",
        (film, person["key"], link[0], link[2], link[1]),
    )
    member = member_of(db, film, person["key"])
    if before != link and (before or link[0]):
        same = before is not None and before[0] == link[0]
        kind = StepKind.GRADED if same else StepKind.PLACED
        step = Step(kind, member, person=link[0], text=link[1], value=link[2], time=event.time)
        record(db, event.number, [step])
    for index, at in enumerate(person.get("at", ())):
        left, top, right, bottom = map(number, at[1:5])
        anchor = Anchor(exact(at[0]), (left, top, right, bottom))
        db.execute(
            "INSERT OR IGNORE INTO sighting VALUES (?, ?, ?, ?, ?, ?, ?, 0, '', -1)",
            (member, index, str(anchor.time), *anchor.box),
        )


def _begin_person(db: Db, person: str, made: str) -> None:
    gone = db.execute(
        "SELECT 1 FROM redirect WHERE old = ? UNION SELECT 1 FROM tombstone WHERE id = ?", (person,) * 2
    )
    if gone.fetchone() is None:
        db.execute("INSERT OR IGNORE INTO person VALUES (?, '', '', ?)", (person, made))


def _question(db: Db, event: Event, film: int, question: LoggedQuestion) -> None:
    key, digest, other, probability, why = question
    _ask(db, event, member_of(db, film, key), member_named(db, digest, other), probability, why)


def _ask(db: Db, event: Event, a: int | None, b: int | None, probability: float, why: str) -> None:
    if a is not None and b is not None:
        row = (question_id(db, a, b), a, b, probability, why)
        db.execute("INSERT OR REPLACE INTO question VALUES (?, ?, ?, ?, ?)", row)
        record(db, event.number, [Step(StepKind.ASK, a, b, text=why, value=probability)])


def _gone(db: Db, event: Event) -> None:
    film = find_film(db, event.data["digest"])
    if film is not None:
        note_removed(db, event.data["digest"], event.data.get("people", []))
    _leave(db, [member for (member,) in db.execute("SELECT id FROM member WHERE film = ?", (film,))])
    db.execute("DELETE FROM film WHERE digest = ?", (event.data["digest"],))
    _delete_absent_people(db)


def _leave(db: Db, members: Sequence[int]) -> None:
    """Remove film-people from the library; what users decided about their people stays."""
    pass_on(db, members)
    db.executemany("DELETE FROM member WHERE id = ?", [(member,) for member in members])


def _moved(db: Db, event: Event) -> None:
    data = event.data
    db.execute(
        "UPDATE film SET name = ?, path = ?, workspace = ?, near = ? WHERE digest = ?",
        (data["name"], data["path"], data["workspace"], data["near"], data["digest"]),
    )


def _merge(db: Db, event: Event) -> None:
    """Merge a person into another one; the former id redirects to the remaining one."""
    into, gone = now_id(db, event.data["into"]), now_id(db, event.data["gone"])
    if into == gone:
        return
    origin = LinkOrigin.USER if event.author else LinkOrigin.LINKED
    if event.author and event.data.get("by") == MERGED_BY_ANSWER:
        origin = LinkOrigin.ANSWERED
    chance = event.data.get("p")
    rows = db.execute("SELECT how, id FROM member WHERE person = ?", (gone,)).fetchall()
    db.executemany(
        "UPDATE member SET person = ?, how = ?, probability = ? WHERE id = ?",
        [(into, merged_as(former, origin), chance, member) for former, member in rows],
    )
    step = Step(StepKind.MERGE, person=into, gone=gone, text=origin, value=chance)
    record(db, event.number, [step])
    db.execute(
        "UPDATE person SET (name, named_by) = (SELECT name, named_by FROM person WHERE id = ?)"
        " WHERE id = ? AND name = '' AND EXISTS (SELECT 1 FROM person WHERE id = ?)",
        (gone, into, gone),
    )
    db.execute("DELETE FROM person WHERE id = ?", (gone,))
    db.execute("UPDATE redirect SET new = ? WHERE new = ?", (into, gone))
    db.execute("INSERT OR REPLACE INTO redirect VALUES (?, ?)", (gone, into))


def _join(db: Db, event: Event) -> None:
    """Assign a film-person of the background to a person."""
    member = member_named(db, *event.data["member"])
    if member is not None:
        person = now_id(db, event.data["person"])
        db.execute(
            "UPDATE member SET person = ?, how = ? WHERE id = ? AND person IS NULL",
            (person, LinkOrigin.LINKED, member),
        )
        step = Step(StepKind.JOINED, member, person=person, text=LinkOrigin.LINKED)
        record(db, event.number, [step])


def _weighed(db: Db, event: Event) -> None:
    """Move film-people to other people, ask and withdraw questions; what a user decided stays."""
    for digest, key, person, chance in event.data["moves"]:
        member = member_named(db, digest, key)
        if member is None:
            continue
        if person is not None:
            _begin_person(db, _id(person), event.time)
            person = now_id(db, person)
        origin = LinkOrigin.LINKED if person else ""
        db.execute(
            "UPDATE member SET person = ?, how = ?, probability = ? WHERE id = ? AND how NOT IN (?, ?)",
            (person, origin, chance, member, *DECIDED),
        )
        step = Step(StepKind.WEIGHED, member, person=person, text=origin, value=chance, time=event.time)
        record(db, event.number, [step])
    for digest, key, other_digest, other_key, chance, why in event.data["asked"]:
        _ask(db, event, member_named(db, digest, key), member_named(db, other_digest, other_key), chance, why)
    for sides in event.data.get("withdrawn", ()):
        a, b = (member_named(db, *side) for side in sides)
        if a is not None and b is not None:
            db.execute("DELETE FROM question WHERE id = ?", (question_id(db, a, b),))
            record(db, event.number, [Step(StepKind.DROP, a, b)])
    _delete_absent_people(db)


def _split(db: Db, event: Event) -> None:
    """Split film-people off as a person with a new id; the rest keeps the old id."""
    new, person = _id(event.data["new"]), now_id(db, event.data["person"])
    _begin_person(db, new, event.time)
    rows = [member_named(db, digest, key) for digest, key in event.data["members"]]
    parted = [member for member in rows if member is not None]
    origin = LinkOrigin.ANSWERED if event.data.get("by") == PARTED_ALIKE else LinkOrigin.USER
    db.executemany(
        "UPDATE member SET person = ?, how = ?, probability = NULL WHERE id = ?",
        [(new, origin, member) for member in parted],
    )
    made = Step(StepKind.SPLIT, person=new, gone=person, text=origin, time=event.time)
    record(db, event.number, [made._replace(member=member) for member in parted])
    _delete_absent_people(db)


def _name(db: Db, event: Event) -> None:
    person = now_id(db, event.data["person"])
    by = event.data.get("by") or event.author or "somebody"
    name = event.data["name"]
    db.execute("UPDATE person SET name = ?, named_by = ? WHERE id = ?", (name, by, person))
    if name:  # an erased person has none
        record(db, event.number, [Step(StepKind.NAME, person=person, text=name, by=by)])


def _answer(db: Db, event: Event) -> None:
    """Record whether two film-people are one person; the latest answer counts."""
    pair = [member_named(db, *side) for side in (event.data["a"], event.data["b"])]
    if None in pair:
        return
    a, b = sorted(p for p in pair if p is not None)
    db.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", (a, b, event.data["said"]))
    record(db, event.number, [Step(StepKind.ANSWER, a, b, text=event.data["said"])])


def _compared(db: Db, event: Event) -> None:
    """Record that a user compared people of several films side by side."""
    for side in event.data["members"]:
        member = member_named(db, *side)
        if member is not None:
            db.execute("INSERT OR IGNORE INTO compared VALUES (?)", (member,))
            record(db, event.number, [Step(StepKind.COMPARE, member)])


def _forget(db: Db, event: Event) -> None:
    """Erase a person; what stays are ids, and notes of films that could not be reached."""
    for digest in event.data.get("away", ()):
        note_to_erase(db, digest, event.data["ids"])
    for digest, key in event.data["members"]:
        member = member_named(db, digest, key)
        if member is not None:
            db.execute("DELETE FROM member WHERE id = ?", (member,))
    for person in event.data["ids"]:
        db.execute("DELETE FROM person WHERE id = ?", (_id(person),))
        db.execute("INSERT OR IGNORE INTO tombstone VALUES (?, ?)", (person, event.time))
    undo.forget(db, event.data["ids"], event.data["members"])
    steps.forget(db, event.data["ids"])
    forget_removed(db, event.data["ids"], event.data.get("away", ()))
    db.execute(
        "DELETE FROM redirect WHERE new IN (SELECT id FROM tombstone) OR old IN (SELECT id FROM tombstone)"
    )


def _undo(db: Db, event: Event) -> None:
    """Undo a decision."""
    undo.revert(db, event.data["of"])
    _delete_absent_people(db)


def _delete_absent_people(db: Db) -> None:
    """Delete people who are in no film any more; their ids stay in the log."""
    db.execute("DELETE FROM person WHERE id NOT IN (SELECT person FROM member WHERE person IS NOT NULL)")


_APPLY: dict[EventKind, Callable[[Db, Event], None]] = {
    EventKind.BEGIN: _begin,
    EventKind.FILM: _film,
    EventKind.GONE: _gone,
    EventKind.PLACE: _moved,
    EventKind.MERGE: _merge,
    EventKind.JOIN: _join,
    EventKind.WEIGHED: _weighed,
    EventKind.SPLIT: _split,
    EventKind.NAME: _name,
    EventKind.ANSWER: _answer,
    EventKind.COMPARED: _compared,
    EventKind.FORGET: _forget,
    EventKind.UNDO: _undo,
}


def _id(text: object) -> str:
    if not is_ulid(text):
        raise InputError(f"{text!r} is not the id of a person or a library")
    return str(text)


# Rows from a workspace


def match(
    before: Mapping[str, Sequence[Anchor]], facts: FilmFacts
) -> tuple[dict[int, str], Mapping[tuple[int, str], int]]:
    """Match the members of a film with the library's keys, by the places of their faces.

    Returns:
        member -> key: each key goes to the member with most of its faces, and each member gets one key at
        most; and how many faces of a key each member has. A member that has the key in the film already keeps
        it, with any of the faces or where no member has them: a user may have taken most of the faces, or all
        known ones, out of that person.
    """
    cast = facts.cast
    votes: Counter[tuple[int, str]] = Counter()
    for key, anchors in before.items():
        tracks = locate(list(anchors), cast.tracks, cast.clock, cast.video)
        for member in facts.owner[tracks[tracks != NOISE]].tolist():
            if member != NOISE:
                votes[member, key] += 1
    found: dict[int, str] = {}
    taken: set[str] = set()
    goes_on = {pair: facts.members[pair[0]].key == pair[1] for pair in votes}
    for (member, key), _ in sorted(votes.items(), key=lambda v: (not goes_on[v[0]], -v[1], v[0])):
        if member not in found and key not in taken:
            found[member] = key
            taken.add(key)
    for member, member_facts in enumerate(facts.members):
        if member not in found and member_facts.key in before and member_facts.key not in taken:
            found[member] = member_facts.key
            taken.add(member_facts.key)
    return found, votes


def fill(db: Db, film: int, facts: FilmFacts, keys: Mapping[int, str]) -> None:
    """Write the data of a workspace to the rows of a film's members, given their keys."""
    video = facts.video
    db.execute(
        "UPDATE film SET seconds = ?, width = ?, height = ?, frame_rate = ?, model = ?, stamp = ? WHERE "
        "id = ?",
        (
            float(facts.length),
            video.width,
            video.height,
            str(video.frame_rate),
            facts.model,
            facts.stamp,
            film,
        ),
    )
    rows = {n: member_of(db, film, key) for n, key in keys.items()}
    for n, member in rows.items():
        if member is not None:
            _fill_member(db, member, facts.members[n], facts.model)
    db.execute("DELETE FROM together WHERE a IN (SELECT id FROM member WHERE film = ?)", (film,))
    pairs = [sorted((rows[a] or 0, rows[b] or 0)) for a, b in facts.together if rows.get(a) and rows.get(b)]
    db.executemany("INSERT OR IGNORE INTO together VALUES (?, ?)", pairs)


def _fill_member(db: Db, member: int, facts: MemberFacts, model: str) -> None:
    db.execute(
        "UPDATE member SET fate = ?, founds = ?, name = ?, brought = ?, seconds = ?, faces = ? WHERE id = ?",
        (facts.fate.word, facts.sufficient, facts.name, facts.brought, facts.seconds, facts.faces, member),
    )
    for table in ("vectors", "sighting", "appearance", "stay"):
        db.execute(f"DELETE FROM {table} WHERE member = ?", (member,))  # noqa: S608
    if len(facts.vectors):
        data = facts.vectors.astype("<f2").tobytes()
        db.execute("INSERT INTO vectors VALUES (?, ?, ?, ?)", (member, model, len(facts.vectors), data))
    _many(db, "sighting", ((member, i, str(s.anchor.time), *s.anchor.box, s.quality, s.image, s.track)
                           for i, s in enumerate(facts.sightings)))  # fmt: skip
    _many(db, "appearance", ((member, i, float(a), float(b), str(a), str(b))
                             for i, (a, b) in enumerate(facts.appearances)))  # fmt: skip
    _many(db, "stay", ((member, i, float(s.start), float(s.stop), s.shot) for i, s in enumerate(facts.stays)))


def _many(db: Db, table: str, rows: Iterable[tuple[Parameter, ...]]) -> None:
    listed = list(rows)
    if listed:
        marks = ", ".join("?" * len(listed[0]))
        db.executemany(f"INSERT INTO {table} VALUES ({marks})", listed)  # noqa: S608
