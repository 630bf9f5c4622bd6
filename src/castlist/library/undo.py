"""What a person decided about a library, and taking it back: ids that were given stay given.

Each decision is kept in the catalogue together with what it replaced. Both are made from the log alone, so a
rebuilt catalogue has the same.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from castlist.errors import InputError
from castlist.library.log import Data, Event, EventKind, LoggedAsk, PairAnswer, now
from castlist.library.lookup import film_person, find_film, member_of, now_id, question_id, shown_person
from castlist.types import Json

__all__ = [
    "LibraryDecision",
    "before",
    "decision",
    "decisions",
    "forget",
    "joined_or_parted",
    "last_decision",
    "own_time",
    "people_of",
    "remember",
    "revert",
]

Db = sqlite3.Connection
SPOKEN = 6  # parts of a decision that its sentence has
_ROLES = ("into", "gone", "person", "new")  # of whom it was decided, in what is kept of a decision


@dataclass(frozen=True, slots=True)
class LibraryDecision:
    """Something that a person decided about a library; one command or one click."""

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


# What an event replaces, looked at before it is applied

Linked = tuple[str, str, str, float | None]  # film, key, how and how surely: a film's person and their link


class MergeWas(TypedDict):
    """Two people before they were one."""

    into: str
    gone: str
    members: list[Linked]  # of `gone`
    redirects: list[str]  # ids that led to `gone`
    person: list[str]  # name, named by, made of `gone`
    into_name: list[str]  # name, named by


class SplitWas(TypedDict):
    """A person before a part was split off."""

    person: str
    new: str
    members: list[Linked]


class NameWas(TypedDict):
    """A person before a name was given."""

    person: str
    name: str  # the new one
    was: list[str]  # name, named by


class AnswerWas(TypedDict):
    """An answer before another one."""

    a: list[str]
    b: list[str]
    said: str
    was: str | None


class WeighedWas(TypedDict):
    """The questions about people before a decision about these let others be asked."""

    asked: list[LoggedAsk]  # as the decision asked them
    was: list[LoggedAsk | None]  # each before, in the same order; None where it was not asked


class ComparedWas(TypedDict):
    """Film-people whose people a user looked at beside others: for the first time, and again."""

    members: list[list[str]]  # digest of the film and key in it
    again: list[list[str]]  # those who were compared before
    people: int  # how many were looked at


Was = MergeWas | SplitWas | NameWas | AnswerWas | WeighedWas | ComparedWas
# Whether an answer, a name, a question or a comparison, and of whom: digest of the film and key in it, or the
# person.
About = tuple[str, frozenset[str]]
Later = Mapping[About, int]  # number of the event after a decision that is about the same


def before(db: Db, event: Event) -> Was | None:
    """What must be known to take an event back; None where it is a machine's or nothing to take back."""
    previous = _BEFORE.get(event.kind)
    return previous(db, event.data) if previous and event.author else None


def _before_merge(db: Db, data: Data) -> MergeWas:
    into, gone = now_id(db, data["into"]), now_id(db, data["gone"])
    members = db.execute(
        "SELECT digest, key, how, probability FROM member JOIN film ON film.id = film WHERE person = ?",
        (gone,),
    )
    olds = db.execute("SELECT old FROM redirect WHERE new = ? ORDER BY old", (gone,))
    return {
        "into": into,
        "gone": gone,
        "members": list(members),
        "redirects": [old for (old,) in olds],
        "person": _person(db, gone),
        "into_name": _person(db, into)[:2],
    }


def _before_split(db: Db, data: Data) -> SplitWas:
    rows: list[Linked] = []
    for digest, key in data["members"]:
        row = db.execute(
            "SELECT how, probability FROM member WHERE id = ?", (_member(db, digest, key),)
        ).fetchone()
        if row:
            rows.append((digest, key, *row))
    return {"person": now_id(db, data["person"]), "new": data["new"], "members": rows}


def _before_name(db: Db, data: Data) -> NameWas:
    person = now_id(db, data["person"])
    return {"person": person, "name": data["name"], "was": _person(db, person)[:2]}


def _before_answer(db: Db, data: Data) -> AnswerWas:
    pair = _pair(db, data)
    row = db.execute("SELECT said FROM answer WHERE a = ? AND b = ?", pair).fetchone() if pair else None
    return {"a": data["a"], "b": data["b"], "said": data["said"], "was": row[0] if row else None}


def _before_weighed(db: Db, data: Data) -> WeighedWas:
    for ask in data["asked"]:
        _check_side(ask[:2])
        _check_side(ask[2:4])
    return {"asked": data["asked"], "was": [_question(db, ask) for ask in data["asked"]]}


def _check_side(side: Sequence[str]) -> None:
    """Refuse what is not the digest of a film and a key in it.

    Raises:
        InputError: it is something else.
    """
    if len(side) != 2 or not all(isinstance(text, str) for text in side):
        raise InputError("somebody of a film is the digest of the film and a key in it")


def _before_compared(db: Db, data: Data) -> ComparedWas:
    for side in data["members"]:
        _check_side(side)

    def known(side: Sequence[str]) -> bool:
        row = db.execute("SELECT 1 FROM compared WHERE member = ?", (_member(db, *side),)).fetchone()
        return row is not None

    members = [side for side in data["members"] if not known(side)]
    again = [side for side in data["members"] if known(side)]
    return {"members": members, "again": again, "people": len(data["members"])}


def _question(db: Db, ask: LoggedAsk) -> LoggedAsk | None:
    """The question about the two film-people of another one, as it is open now."""
    a, b = _member(db, ask[0], ask[1]), _member(db, ask[2], ask[3])
    if a is None or b is None:
        return None
    row = db.execute(_QUESTION, (question_id(db, a, b),)).fetchone()
    return None if row is None else LoggedAsk(*row)


_QUESTION = """
SELECT first.digest, x.key, second.digest, y.key, question.probability, why FROM question
JOIN member AS x ON x.id = question.a JOIN film AS first ON first.id = x.film
JOIN member AS y ON y.id = question.b JOIN film AS second ON second.id = y.film
WHERE question.id = ?
"""


_BEFORE: dict[EventKind, Callable[[Db, Data], Was]] = {
    EventKind.MERGE: _before_merge,
    EventKind.SPLIT: _before_split,
    EventKind.NAME: _before_name,
    EventKind.ANSWER: _before_answer,
    EventKind.WEIGHED: _before_weighed,
    EventKind.COMPARED: _before_compared,
}


def remember(db: Db, event: Event, was: Was) -> None:
    """Remember a decision with what it replaced; events of one author and one moment are one decision."""
    row = db.execute(
        "SELECT act FROM decision WHERE number = ? AND author = ? AND time = ?",
        (event.number - 1, event.author, event.time),
    ).fetchone()
    if row is None and event.kind == EventKind.WEIGHED:
        return  # questions follow a decision, and are none by themselves
    db.execute(
        "INSERT OR REPLACE INTO decision VALUES (?, ?, ?, ?, ?, ?, 0)",
        (
            event.number,
            row[0] if row else event.number,
            event.kind,
            json.dumps(was),
            event.author,
            event.time,
        ),
    )


def own_time(db: Db, last: int, author: str) -> str:
    """The time of a new decision: not that of the event before it, with which it would be one decision.

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


# Taking back


def revert(db: Db, act: int) -> None:
    """Take back the events of a decision, the last one first.

    Raises:
        InputError: there is no such decision, or it was taken back already.
    """
    check(db, act)
    rows = db.execute("SELECT kind, data FROM decision WHERE act = ? ORDER BY number DESC", (act,)).fetchall()
    later = _later(db, act)
    for kind, data in rows:
        _revert(db, kind, data, later)
    db.execute("UPDATE decision SET undone = 1 WHERE act = ?", (act,))


def check(db: Db, act: int) -> None:
    """Refuse to take back what was not decided, or was taken back already.

    Raises:
        InputError: it is so.
    """
    known = type(act) is int and 0 < act < 1 << 62
    row = db.execute("SELECT undone FROM decision WHERE act = ? LIMIT 1", (act if known else 0,)).fetchone()
    if row is None or row[0]:
        why = "was undone already" if row else "does not exist"
        raise InputError(f"decision {act} {why}; castlist library history lists what can be undone")


def _revert_merge(db: Db, was: MergeWas) -> None:
    into, gone = now_id(db, was["into"]), was["gone"]
    name, named_by, made = was["person"]
    db.execute("INSERT OR IGNORE INTO person VALUES (?, ?, ?, ?)", (gone, name, named_by, made))
    for digest, key, origin, chance in was["members"]:
        db.execute(
            "UPDATE member SET person = ?, how = ?, probability = ? WHERE id = ? AND person = ?",
            (gone, origin, chance, _member(db, digest, key), into),
        )
    db.execute("DELETE FROM redirect WHERE old = ?", (gone,))
    for old in was["redirects"]:
        db.execute("UPDATE redirect SET new = ? WHERE old = ?", (gone, old))
    if name and not was["into_name"][0]:  # the merge had carried it over
        db.execute(
            "UPDATE person SET name = '', named_by = '' WHERE id = ? AND name = ? AND named_by = ?",
            (into, name, named_by),
        )
    _leave_or_lead(db, gone, into)


def _revert_split(db: Db, was: SplitWas) -> None:
    into, new = now_id(db, was["person"]), now_id(db, was["new"])
    if into == new:
        return
    db.execute(  # whom no film shows any more begins again
        "INSERT OR IGNORE INTO person SELECT ?, '', '', made FROM person WHERE id = ?", (into, new)
    )
    for digest, key, origin, chance in was["members"]:
        db.execute(
            "UPDATE member SET person = ?, how = ?, probability = ? WHERE id = ? AND person = ?",
            (into, origin, chance, _member(db, digest, key), new),
        )
    _leave_or_lead(db, new, into)


def _leave_or_lead(db: Db, person: str, into: str) -> None:
    """The id of somebody whom no film shows any more leads to whoever has their faces."""
    if db.execute("SELECT 1 FROM member WHERE person = ? LIMIT 1", (person,)).fetchone() is None:
        db.execute("DELETE FROM person WHERE id = ?", (person,))
        db.execute("UPDATE redirect SET new = ? WHERE new = ?", (into, person))
        db.execute("INSERT OR REPLACE INTO redirect VALUES (?, ?)", (person, into))


def _revert_name(db: Db, was: NameWas, later: Later) -> None:
    if (number := later.get(_named(was))) is not None:
        _follow(db, number, was)
        return
    name, named_by = was["was"]
    db.execute(
        "UPDATE person SET name = ?, named_by = ? WHERE id = ? AND name = ?",
        (name, named_by, now_id(db, was["person"]), was["name"]),
    )


def _revert_answer(db: Db, was: AnswerWas, later: Later) -> None:
    if (number := later.get(_pair_of(was))) is not None:
        _follow(db, number, was)
        return
    pair = _pair(db, was)
    if pair and was["was"] is None:
        db.execute("DELETE FROM answer WHERE a = ? AND b = ?", pair)
    elif pair:
        db.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", (*pair, was["was"]))


def _revert_weighed(db: Db, was: WeighedWas, later: Later) -> None:
    """Questions are as they were before, but for those that a later film or decision asked otherwise."""
    for ask, before in zip(was["asked"], was["was"], strict=True):
        held = _question(db, ask)
        if (number := later.get(_asked(ask))) is not None:
            _question_follows(db, number, ask, before)
        elif held is not None and list(held[4:]) == list(ask[4:]):
            a, b = _member(db, held[0], held[1]), _member(db, held[2], held[3])
            db.execute("DELETE FROM question WHERE id = ?", (question_id(db, a or 0, b or 0),))
            if before is not None:
                _ask(db, before)


def _ask(db: Db, ask: LoggedAsk) -> None:
    digest, key, there, other, chance, why = ask
    a, b = _member(db, digest, key), _member(db, there, other)
    if a is not None and b is not None:
        row = (question_id(db, a, b), a, b, chance, why)
        db.execute("INSERT OR REPLACE INTO question VALUES (?, ?, ?, ?, ?)", row)


def _question_follows(db: Db, number: int, ask: LoggedAsk, before: LoggedAsk | None) -> None:
    """A question that a later decision asked anew: with that one it goes back to what it was before both."""
    (data,) = db.execute("SELECT data FROM decision WHERE number = ?", (number,)).fetchone()
    was: WeighedWas = json.loads(data)
    asked_as = [old and LoggedAsk(*old) for old in was["was"]]
    was["was"] = [before if old == LoggedAsk(*ask) else old for old in asked_as]
    db.execute("UPDATE decision SET data = ? WHERE number = ?", (json.dumps(was), number))


def _revert_compared(db: Db, was: ComparedWas, later: Later) -> None:
    """Who was looked at for the first time is to be compared again, but for those looked at later."""
    for side in was["members"]:
        if (number := later.get(_compared(side))) is None:
            db.execute("DELETE FROM compared WHERE member = ?", (_member(db, *side),))
            continue
        (data,) = db.execute("SELECT data FROM decision WHERE number = ?", (number,)).fetchone()
        following: ComparedWas = json.loads(data)
        if side in following["again"]:
            following["again"].remove(side)
            following["members"].append(side)
        db.execute("UPDATE decision SET data = ? WHERE number = ?", (json.dumps(following), number))


def _later(db: Db, act: int) -> Later:
    """What counts of the decisions after one: the first event about each two people, person or question."""
    kinds = (EventKind.ANSWER, EventKind.NAME, EventKind.WEIGHED, EventKind.COMPARED)
    rows = db.execute(
        "SELECT number, kind, data FROM decision WHERE kind IN (?, ?, ?, ?) AND undone = 0 AND act > ?"
        " ORDER BY number DESC",
        (*kinds, act),
    )
    return {about: number for number, kind, data in rows for about in _about(kind, data)}


def _about(kind: str, data: str) -> list[About]:
    """What an event is about, of which a later decision may have another."""
    was = json.loads(data)
    if kind == EventKind.WEIGHED:
        return [_asked(ask) for ask in was["asked"]]
    if kind == EventKind.COMPARED:
        return [_compared(side) for side in (*was["members"], *was["again"])]
    return [_pair_of(was) if kind == EventKind.ANSWER else _named(was)]


def _pair_of(was: AnswerWas) -> About:
    return "answer", frozenset(f"{digest} {key}" for digest, key, *_ in (was["a"], was["b"]))


def _named(was: NameWas) -> About:
    return "name", frozenset((was["person"],))


def _asked(ask: LoggedAsk) -> About:
    return "question", frozenset((f"{ask[0]} {ask[1]}", f"{ask[2]} {ask[3]}"))


def _compared(side: Sequence[str]) -> About:
    return "compared", frozenset((" ".join(side),))


def _follow(db: Db, number: int, was: AnswerWas | NameWas) -> None:
    """What was there before a decision that is taken back comes back when the one after it is taken back."""
    (data,) = db.execute("SELECT data FROM decision WHERE number = ?", (number,)).fetchone()
    following = json.dumps({**json.loads(data), "was": was["was"]})
    db.execute("UPDATE decision SET data = ? WHERE number = ?", (following, number))


def _revert(db: Db, kind: str, data: str, later: Later) -> None:
    was = json.loads(data)
    if kind == EventKind.MERGE:
        _revert_merge(db, was)
    elif kind == EventKind.SPLIT:
        _revert_split(db, was)
    elif kind == EventKind.NAME:
        _revert_name(db, was, later)
    elif kind == EventKind.WEIGHED:
        _revert_weighed(db, was, later)
    elif kind == EventKind.COMPARED:
        _revert_compared(db, was, later)
    else:
        _revert_answer(db, was, later)


def _member(db: Db, digest: object, key: object) -> int | None:
    film = find_film(db, digest)
    return None if film is None else member_of(db, film, key)


def _pair(db: Db, data: Data | AnswerWas) -> tuple[int, int] | None:
    a, b = (_member(db, *side[:2]) for side in (data["a"], data["b"]))
    return None if a is None or b is None else (min(a, b), max(a, b))


def _person(db: Db, person: str) -> list[str]:
    row = db.execute("SELECT name, named_by, made FROM person WHERE id = ?", (person,)).fetchone()
    return list(row) if row else ["", "", ""]


def forget(db: Db, ids: Sequence[str], members: Sequence[Sequence[str]]) -> None:
    """Drop what was decided about a person who is erased: it holds names. The rest of a decision stays."""
    film_people = {tuple(m) for m in members}
    marks = [json.dumps(i) for i in ids] + [json.dumps(list(m))[1:-1] for m in members]
    for number, kind, data in db.execute("SELECT number, kind, data FROM decision").fetchall():
        if not any(mark in data for mark in marks):
            continue
        if kind in (EventKind.WEIGHED, EventKind.COMPARED):
            was = json.loads(data)
            kept = (
                _without_members(was, film_people)
                if kind == EventKind.COMPARED
                else _without_questions(was, film_people)
            )
            db.execute("UPDATE decision SET data = ? WHERE number = ?", (json.dumps(kept), number))
        else:
            db.execute("DELETE FROM decision WHERE number = ?", (number,))
    db.execute(_QUESTIONS_ALONE, (EventKind.WEIGHED, EventKind.WEIGHED))


# Questions of a decision of which nothing else is left.
_QUESTIONS_ALONE = (
    "DELETE FROM decision WHERE kind = ? AND act NOT IN (SELECT act FROM decision WHERE kind <> ?)"
)


def _without_members(was: ComparedWas, gone: Set[tuple[str, ...]]) -> ComparedWas:
    """Who was compared, without some film-people."""
    members, again = ([side for side in was[r] if tuple(side) not in gone] for r in ("members", "again"))
    return {"members": members, "again": again, "people": was["people"]}


def _without_questions(was: WeighedWas, gone: Set[tuple[str, ...]]) -> WeighedWas:
    """Questions before a decision, without those about some film-people."""
    pairs = zip(was["asked"], was["was"], strict=True)
    kept = [(ask, before) for ask, before in pairs if gone.isdisjoint((tuple(ask[:2]), tuple(ask[2:4])))]
    return {"asked": [ask for ask, _ in kept], "was": [before for _, before in kept]}


# What was decided, in words


def last_decision(db: Db) -> int | None:
    """The latest decision that was not taken back."""
    row = db.execute("SELECT act FROM decision WHERE undone = 0 ORDER BY number DESC LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def people_of(db: Db, act: int) -> list[str]:
    """The people whom a decision joined, parted or named, by the ids that they have now."""
    rows = db.execute("SELECT data FROM decision WHERE act = ? ORDER BY number", (act,)).fetchall()
    ids = [was[role] for was in (json.loads(data) for (data,) in rows) for role in _ROLES if role in was]
    return list(dict.fromkeys(now_id(db, person) for person in ids if isinstance(person, str)))


def joined_or_parted(db: Db, act: int) -> list[str]:
    """The people whom a decision joined or parted, by the ids that they have now."""
    kinds = {kind for (kind,) in db.execute("SELECT kind FROM decision WHERE act = ?", (act,))}
    return people_of(db, act) if kinds & {EventKind.MERGE, EventKind.SPLIT} else []


def decisions(db: Db, limit: int) -> list[LibraryDecision]:
    """What people decided, the latest first."""
    acts = db.execute("SELECT DISTINCT act FROM decision ORDER BY act DESC LIMIT ?", (limit,)).fetchall()
    return [decision(db, act) for (act,) in acts]


def decision(db: Db, act: int) -> LibraryDecision:
    """A decision by the number of its first event, which must be there."""
    rows = db.execute(
        "SELECT kind, data, author, time, undone FROM decision WHERE act = ? ORDER BY number", (act,)
    ).fetchall()
    sentence = _sentence(db, [row[:2] for row in rows])
    return LibraryDecision(act, rows[0][2], rows[0][3], sentence, bool(rows[0][4]))


def _sentence(db: Db, rows: Sequence[tuple[str, str]]) -> str:
    """A decision in words: its answers and splits; of an answer and a split of one act the first.

    Where there are none, who is one person with whom.
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
    """One event of a decision in words."""
    was = json.loads(data)
    if kind == EventKind.ANSWER:
        a, b = film_person(db, *was["a"]), film_person(db, *was["b"])
        return {
            PairAnswer.SAME: f"{a} and {b} are the same person",
            PairAnswer.DIFFERENT: f"{a} and {b} are different people",
        }.get(was["said"], f"whether {a} and {b} are the same person was left open")
    if kind == EventKind.MERGE:
        into, gone = (
            shown_person(was["into"], was["into_name"][0]),
            shown_person(was["gone"], was["person"][0]),
        )
        return f"{into} and {gone} are the same person"
    if kind == EventKind.SPLIT:
        people = ", ".join(film_person(db, digest, key) for digest, key, *_ in was["members"]) or "nobody"
        return f"split off as a person of their own: {people}"
    if kind == EventKind.COMPARED:
        return f"{was['people']} people were compared, and nobody is there twice"
    return f"{shown_person(was['person'], was['was'][0])} is called {was['name']}"
