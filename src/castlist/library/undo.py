"""The decisions of users about a library, and their undo.

The catalogue stores each decision with the data of its sentence, made from the log alone, so that a rebuilt
catalogue has the same. `steps` undoes decisions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from castlist.errors import InputError
from castlist.library import steps
from castlist.library.log import Data, Event, EventKind, PairAnswer, now
from castlist.library.lookup import film_person, member_named, now_id, person_of, shown_person
from castlist.library.schema import Db
from castlist.types import Json

__all__ = [
    "LibraryDecision",
    "before",
    "decision",
    "decisions",
    "film_is_back",
    "forget",
    "joined_or_parted",
    "last_decision",
    "own_time",
    "people_of",
    "remember",
    "removed",
    "revert",
]

SPOKEN = 6  # parts of a decision in its sentence, at most
_ROLES = ("into", "gone", "person", "new")  # fields of a stored decision with the ids of its people


@dataclass(frozen=True, slots=True)
class LibraryDecision:
    """A user's decision about a library: one command or one click."""

    number: int  # of its first event in the log
    author: str
    time: str  # UTC, ISO 8601
    sentence: str
    undone: bool

    def document(self) -> dict[str, Json]:
        """The decision as plain values."""
        return {
            "number": self.number, "author": self.author, "time": self.time, "sentence": self.sentence,
            "undone": self.undone,
        }  # fmt: skip


# The data of an event for its sentence, read before the event is applied


class MergeWas(TypedDict):
    """Two people before a merge."""

    into: str
    gone: str
    person: list[str]  # name, named by, made of `gone`
    into_name: list[str]  # name, named by


class SplitWas(TypedDict):
    """A person before a part was split off."""

    person: str
    new: str
    members: list[list[str]]  # digest of the film and key in it


class NameWas(TypedDict):
    """A person before getting a name."""

    person: str
    name: str  # the new one
    was: list[str]  # name, named by


class AnswerWas(TypedDict):
    """An answer about two film-people."""

    a: list[str]
    b: list[str]
    said: str
    people: list[str | None]  # ids of the two film-people's people


class WeighedWas(TypedDict):
    """A decision's follow-up questions; they need no data."""


class ComparedWas(TypedDict):
    """Film-people of people that a user compared."""

    members: list[list[str]]  # digest of the film and key in it
    people: int  # number of compared people
    erased: bool  # whether a person that the decision joined was erased


class RemovedWas(TypedDict):
    """A film before it was removed."""

    digest: str
    film: str  # name of the film
    workspace: str
    near: str  # path of the workspace relative to the library


Was = MergeWas | SplitWas | NameWas | AnswerWas | WeighedWas | ComparedWas | RemovedWas


def before(db: Db, event: Event) -> Was | None:
    """The data that the history stores of an event; None for an event of castlist or without undo."""
    previous = _BEFORE.get(event.kind)
    return previous(db, event.data) if previous and event.author else None


def _before_merge(db: Db, data: Data) -> MergeWas:
    into, gone = now_id(db, data["into"]), now_id(db, data["gone"])
    return {
        "into": into,
        "gone": gone,
        "person": _person(db, gone),
        "into_name": _person(db, into)[:2],
    }


def _before_split(db: Db, data: Data) -> SplitWas:
    members = [side for side in data["members"] if member_named(db, *side) is not None]
    return {"person": now_id(db, data["person"]), "new": data["new"], "members": members}


def _before_name(db: Db, data: Data) -> NameWas:
    person = now_id(db, data["person"])
    return {"person": person, "name": data["name"], "was": _person(db, person)[:2]}


def _before_answer(db: Db, data: Data) -> AnswerWas:
    people = [person_of(db, member_named(db, *data[side])) for side in ("a", "b")]
    return {"a": data["a"], "b": data["b"], "said": data["said"], "people": people}


def _before_weighed(db: Db, data: Data) -> WeighedWas:
    for ask in data["asked"]:
        _check_side(ask[:2])
        _check_side(ask[2:4])
    return {}


def _check_side(side: Sequence[str]) -> None:
    """Refuse a value that is not the digest of a film and a key in it.

    Raises:
        InputError: the value has another form.
    """
    if len(side) != 2 or not all(isinstance(text, str) for text in side):
        raise InputError("a film-person is the digest of the film and a key in it")


def _before_compared(db: Db, data: Data) -> ComparedWas:
    for side in data["members"]:
        _check_side(side)
    return {"members": data["members"], "people": len(data["members"]), "erased": False}


def _before_gone(db: Db, data: Data) -> RemovedWas:
    row = db.execute("SELECT name, workspace, near FROM film WHERE digest = ?", (data["digest"],)).fetchone()
    name, workspace, near = row or ("", "", "")
    return {"digest": data["digest"], "film": name, "workspace": workspace, "near": near}


_BEFORE: dict[EventKind, Callable[[Db, Data], Was]] = {
    EventKind.MERGE: _before_merge,
    EventKind.SPLIT: _before_split,
    EventKind.NAME: _before_name,
    EventKind.ANSWER: _before_answer,
    EventKind.WEIGHED: _before_weighed,
    EventKind.COMPARED: _before_compared,
    EventKind.GONE: _before_gone,
}


def remember(db: Db, event: Event, state: Was) -> None:
    """Store a decision with what it replaced; events of one author and one moment are one decision."""
    row = db.execute(
        "SELECT act FROM decision WHERE number = ? AND author = ? AND time = ?",
        (event.number - 1, event.author, event.time),
    ).fetchone()
    if row is None and event.kind == EventKind.WEIGHED:
        return  # questions alone are no decision
    db.execute(
        "INSERT OR REPLACE INTO decision VALUES (?, ?, ?, ?, ?, ?, 0)",
        (
            event.number,
            row[0] if row else event.number,
            event.kind,
            json.dumps(state),
            event.author,
            event.time,
        ),
    )


def own_time(db: Db, last: int, author: str) -> str:
    """The time of a new decision; never that of the event before, as equal times make one decision.

    Args:
        db: The catalogue.
        last: Number of the event before it.
        author: Of the new decision.

    Returns:
        UTC, ISO 8601, in milliseconds.
    """
    row = db.execute("SELECT time FROM decision WHERE number = ? AND author = ?", (last, author)).fetchone()
    moment = now()
    if row is None or moment != row[0]:
        return moment
    return (datetime.fromisoformat(moment) + timedelta(milliseconds=1)).isoformat(timespec="milliseconds")


# Undo


def revert(db: Db, act: int) -> None:
    """Undo the events of a decision: the catalogue is as if they were not in the log.

    Raises:
        InputError: there is no such decision, or it was undone already.
    """
    check(db, act)
    rows = db.execute("SELECT number, act FROM decision WHERE act = ? OR undone = 1", (act,)).fetchall()
    steps.take_back(
        db, {number for number, of in rows if of == act}, {number for number, of in rows if of != act}
    )
    db.execute("UPDATE decision SET undone = 1 WHERE act = ?", (act,))


def removed(db: Db, act: int) -> RemovedWas | None:
    """The film that a decision removed from the library; None for another decision."""
    row = db.execute(
        "SELECT data FROM decision WHERE act = ? AND kind = ? LIMIT 1", (act, EventKind.GONE)
    ).fetchone()
    if row is None:
        return None
    film: RemovedWas = json.loads(row[0])
    return film


def film_is_back(db: Db, digest: str) -> None:
    """Mark the removal of a film as undone, after the film was added again."""
    db.execute(
        "UPDATE decision SET undone = 1 WHERE kind = ? AND json_extract(data, '$.digest') = ?",
        (EventKind.GONE, digest),
    )


def check(db: Db, act: int) -> None:
    """Refuse to undo a decision that does not exist, or was undone already.

    Raises:
        InputError: there is no such decision, or it was undone already.
    """
    known = type(act) is int and 0 < act < 1 << 62
    row = db.execute("SELECT undone FROM decision WHERE act = ? LIMIT 1", (act if known else 0,)).fetchone()
    if row is None or row[0]:
        why = "was undone already" if row else "does not exist"
        raise InputError(f"decision {act} {why}; castlist library history lists what can be undone")


def _person(db: Db, person: str) -> list[str]:
    row = db.execute("SELECT name, named_by, made FROM person WHERE id = ?", (person,)).fetchone()
    return list(row) if row else ["", "", ""]


def forget(db: Db, ids: Sequence[str], members: Sequence[Sequence[str]]) -> None:
    """Delete the decisions about an erased person, as they have names. Other parts of a decision stay."""
    people, film_people = set(ids), {tuple(m) for m in members}
    acts: set[int] = set()
    rows = db.execute("SELECT number, act, kind, data, undone FROM decision").fetchall()
    for number, act, kind, data, undone in rows:
        state = json.loads(data)
        kept = {role: [side for side in state[role] if tuple(side) not in film_people]
                for role in ("members",) if role in state}  # fmt: skip
        about = [tuple(state[role]) for role in ("a", "b") if role in state]
        named = {given for role in _ROLES if isinstance(given := state.get(role), str)}
        named |= (
            {person for person in state.get("people", ()) if person} if kind == EventKind.ANSWER else set()
        )
        if (
            not people.isdisjoint(named)
            or not film_people.isdisjoint(about)
            or (kind == EventKind.SPLIT and not kept["members"])
        ):
            db.execute("DELETE FROM decision WHERE number = ?", (number,))
            acts.add(act)
            if undone:  # an undone decision stays undone
                db.execute("DELETE FROM step WHERE number = ?", (number,))
        elif kept:
            db.execute("UPDATE decision SET data = ? WHERE number = ?", (json.dumps(state | kept), number))
    db.executemany(_ERASED, [(act, EventKind.COMPARED) for act in sorted(acts)])
    alone = {"kind": EventKind.WEIGHED}
    db.execute(f"DELETE FROM step WHERE number IN (SELECT number {_ALONE} AND undone)", alone)  # noqa: S608
    db.execute(f"DELETE {_ALONE}", alone)


_ERASED = "UPDATE decision SET data = json_set(data, '$.erased', json('true')) WHERE act = ? AND kind = ?"
# Questions of a decision without other events.
_ALONE = "FROM decision WHERE kind = :kind AND act NOT IN (SELECT act FROM decision WHERE kind <> :kind)"


# Decisions as sentences


def last_decision(db: Db) -> int | None:
    """The number of the latest decision that is not undone."""
    row = db.execute("SELECT act FROM decision WHERE undone = 0 ORDER BY number DESC LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def people_of(db: Db, act: int) -> list[str]:
    """The current ids of the people that a decision joined, parted or named."""
    rows = db.execute("SELECT data FROM decision WHERE act = ? ORDER BY number", (act,)).fetchall()
    ids = [
        state[role] for state in (json.loads(data) for (data,) in rows) for role in _ROLES if role in state
    ]
    return list(dict.fromkeys(now_id(db, person) for person in ids if isinstance(person, str)))


def joined_or_parted(db: Db, act: int) -> list[str]:
    """The current ids of the people that a decision joined or parted."""
    kinds = {kind for (kind,) in db.execute("SELECT kind FROM decision WHERE act = ?", (act,))}
    return people_of(db, act) if kinds & {EventKind.MERGE, EventKind.SPLIT} else []


def decisions(db: Db, limit: int) -> list[LibraryDecision]:
    """The decisions of users, the latest first."""
    acts = db.execute("SELECT DISTINCT act FROM decision ORDER BY act DESC LIMIT ?", (limit,)).fetchall()
    return [decision(db, act) for (act,) in acts]


def decision(db: Db, act: int) -> LibraryDecision:
    """A decision by the number of its first event, which must exist."""
    rows = db.execute(
        "SELECT kind, data, author, time, undone FROM decision WHERE act = ? ORDER BY number", (act,)
    ).fetchall()
    sentence = _sentence(db, [row[:2] for row in rows])
    return LibraryDecision(act, rows[0][2], rows[0][3], sentence, bool(rows[0][4]))


def _sentence(db: Db, rows: Sequence[tuple[str, str]]) -> str:
    """The sentence of a decision: its answers and splits; of an answer and a split of one act the first.

    Without answers and splits: its merges, or else its first event.
    """
    spoken: list[tuple[str, str]] = []
    before = ""
    if not any(kind in (EventKind.ANSWER, EventKind.SPLIT) for kind, _ in rows):
        spoken = [row for row in rows if row[0] == EventKind.MERGE]
    for kind, data in rows:
        if kind in (EventKind.ANSWER, EventKind.SPLIT):
            follows = before not in ("", kind)
            spoken += [] if follows else [(kind, data)]
            before = "" if follows else kind
    words = [_in_words(db, kind, data) for kind, data in spoken[:SPOKEN] or rows[:1]]
    rest = len(spoken) - SPOKEN
    return "; ".join([*words, f"and {rest} more"] if rest > 0 else words)


def _in_words(db: Db, kind: str, data: str) -> str:
    """One event of a decision as a sentence."""
    state = json.loads(data)
    if kind == EventKind.ANSWER:
        a, b = (
            film_person(db, state[side][0], state[side][1], p)
            for side, p in zip("ab", state["people"], strict=True)
        )
        return {
            PairAnswer.SAME: f"{a} and {b} are the same person",
            PairAnswer.DIFFERENT: f"{a} and {b} are different people",
        }.get(state["said"], f"whether {a} and {b} are the same person was left open")
    if kind == EventKind.MERGE:
        into, gone = (
            shown_person(state["into"], state["into_name"][0]),
            shown_person(state["gone"], state["person"][0]),
        )
        return f"{into} and {gone} are the same person"
    if kind == EventKind.SPLIT:
        people = ", ".join(film_person(db, digest, key) for digest, key, *_ in state["members"]) or "nobody"
        return f"split off as a person of their own: {people}"
    if kind == EventKind.GONE:
        return f"{state['film'] or 'a film'} was removed"
    if kind == EventKind.COMPARED:
        if state["erased"]:
            return f"{state['people']} people were compared; some of them were erased"
        return f"{state['people']} people were compared, and no person is there twice"
    return f"{shown_person(state['person'], state['was'][0])} is called {state['name']}"
