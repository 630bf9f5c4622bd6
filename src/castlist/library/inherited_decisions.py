"""Decisions about a member that leaves the library are passed on to other members of its person.

A user may have answered that a film-person is the same as one of a film that is removed, or different from
it: the answer then holds for the person's other films, too. Undoing the decision undoes what was passed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from castlist.library.log import PairAnswer
from castlist.library.schema import Db
from castlist.library.steps import Step, StepKind, record

__all__ = ["pass_on"]


class _Answered(NamedTuple):
    """An answer about a film-person that leaves."""

    other: int  # row of the other film-person
    reply: str  # a PairAnswer
    event: int  # number of the answer's event


def pass_on(db: Db, leaving: Sequence[int]) -> None:
    """Pass answers and comparisons about film-people on to others of the same people.

    Args:
        leaving: rows of film-people that are going to be removed.
    """
    away = set(leaving)
    for member in leaving:
        stays = _others(db, member, away)
        if not stays:
            continue
        answers = [a for a in _answers(db, member) if a.other not in away]
        same = [a for a in answers if a.reply == PairAnswer.SAME and a.other in stays]
        for answer in same[1:]:
            _answer(db, same[0].other, answer, needs=same[0].event)
        heir = same[0].other if same else stays[0]
        for answer in answers:
            if answer.reply == PairAnswer.DIFFERENT and answer.other != heir:
                _answer(db, heir, answer)
        _compare(db, member, heir)


def _others(db: Db, member: int, away: set[int]) -> list[int]:
    """The remaining film-people of a member's person, those of the same film first."""
    rows = db.execute(
        "SELECT other.id FROM member AS own JOIN member AS other ON other.person = own.person"
        " WHERE own.id = ? ORDER BY other.film <> own.film, other.id",
        (member,),
    )
    return [other for (other,) in rows if other not in away]


def _answers(db: Db, member: int) -> list[_Answered]:
    """The answers about a film-person that are not undone, the oldest first."""
    rows = db.execute(_ANSWERS, {"member": member, "kind": StepKind.ANSWER}).fetchall()
    return [_Answered(*row) for row in rows]


_ANSWERS = """
SELECT iif(a = :member, b, a) AS their, said, max(step.number) AS event
FROM answer JOIN step ON step.kind = :kind AND step.text = said
    AND (step.member, step.other) IN (VALUES (a, b), (b, a))
LEFT JOIN decision ON decision.number = step.number
WHERE :member IN (a, b) AND coalesce(undone, 0) = 0
GROUP BY their ORDER BY event, their
"""


def _answer(db: Db, member: int, answer: _Answered, needs: int | None = None) -> None:
    """Record an answer for another film-person, unless the pair has one."""
    a, b = sorted((member, answer.other))
    if db.execute("SELECT 1 FROM answer WHERE a = ? AND b = ?", (a, b)).fetchone() is None:
        db.execute("INSERT INTO answer VALUES (?, ?, ?)", (a, b, answer.reply))
        step = Step(StepKind.ANSWER, a, b, text=answer.reply, needs=None if needs == answer.event else needs)
        record(db, answer.event, [step])


def _compare(db: Db, member: int, heir: int) -> None:
    """Pass the note that a user compared a person on to another film-person of that person."""
    rows = db.execute(
        "SELECT DISTINCT number FROM step WHERE kind = ? AND member = ?", (StepKind.COMPARE, member)
    ).fetchall()
    if rows and db.execute("SELECT 1 FROM compared WHERE member = ?", (member,)).fetchone():
        db.execute("INSERT OR IGNORE INTO compared VALUES (?)", (heir,))
        for (number,) in rows:
            record(db, number, [Step(StepKind.COMPARE, heir)])
