"""Questions about one person of a library, answered together, with the films that show another person.

This module reads the catalogue and makes the events of an answer; it writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

from castlist.errors import InputError
from castlist.library import views
from castlist.library.film_members import (
    Events,
    FilmMember,
    confirmed,
    film_members,
    least_alike,
    parted_off,
    parts,
    settled,
)
from castlist.library.log import MERGED_BY_ANSWER, EventKind, PairAnswer
from castlist.library.lookup import eldest, name_of
from castlist.library.schema import Db
from castlist.library.views import LibraryQuestion

__all__ = ["QuestionSheet", "events_of", "sheets"]


@dataclass(frozen=True, slots=True)
class QuestionSheet:
    """All open questions about one person of a library."""

    person: str  # id
    name: str
    members: tuple[FilmMember, ...]  # the person in at most SHOWN films, the least similar first
    questions: tuple[LibraryQuestion, ...]  # is `a` of each this person, too? Largest gain first

    @property
    def gain(self) -> float:
        """Seconds of screen time that right answers are expected to correct."""
        return sum(q.gain for q in self.questions)


def sheets(db: Db, library: Path, limit: int | None) -> tuple[int, list[QuestionSheet]]:
    """The number of open questions, and the sheets with the largest gain; all sheets without a limit."""
    asked = views.questions(db, library)
    people = islice(groupby(asked, key=lambda q: q.b), limit)
    return len(asked), [_sheet(db, person, tuple(questions)) for person, questions in people]


def _sheet(db: Db, person: str, questions: tuple[LibraryQuestion, ...]) -> QuestionSheet:
    return QuestionSheet(person, questions[0].b_name, tuple(least_alike(db, person)), questions)


def events_of(
    db: Db, person: str, replies: Mapping[str, str], wrong: Sequence[str] = (), right: Sequence[str] = ()
) -> Events:
    """The events to log for answers about one person.

    Args:
        person: id.
        replies: "same", "different" or "unsure" by the id of a question.
        wrong: films (or single film-people, as `film:key`) in which it is another person.
        right: films (or single film-people) in which a user confirms this person.

    Raises:
        InputError: a question is not about this person, a film does not show the person, all films are wrong,
            or a film is right and wrong.
    """
    members = film_members(db, person)
    parted = parts(members, person, wrong) if wrong else []
    rest = next(m for m in members if m not in parted)
    events = parted_off(db, person, members, parted)
    people = [person]
    for question, reply in replies.items():
        if reply not in list(PairAnswer):
            raise InputError(f"answer {', '.join(PairAnswer)}; got {reply[:200]!r}")
        own, other, other_person = _sides(db, question, person)
        side = rest if own in [m.id for m in parted] else next(m for m in members if m.id == own)
        sides = [[side.digest, side.key], list(name_of(db, other))]
        events.append((EventKind.ANSWER, {"a": sides[0], "b": sides[1], "said": reply}))
        if reply == PairAnswer.SAME and other_person not in people:
            people.append(other_person)
    sure = [m for m in members if any(m.means(given) for given in right)]
    return events + confirmed(db, members, parted, sure, settled(db)) + _merged(db, people)


def _sides(db: Db, question: str, person: str) -> tuple[int, int, str]:
    """The rows of a question's two film-people, that of the person first, and the id of the other person."""
    row = db.execute(
        "SELECT x.id, x.person, y.id, y.person FROM question JOIN member AS x ON x.id = a"
        " JOIN member AS y ON y.id = b WHERE question.id = ?",
        (question,),
    ).fetchone()
    if row is None:
        raise InputError(
            f"there is no question {question[:200]!r}; castlist library questions lists the open ones"
        )
    a, first, b, second = row
    if second == person:
        a, first, b, second = b, second, a, first
    if first != person or second in (person, None):
        raise InputError(
            f"question {question} is not about this person any more; castlist library questions lists the "
            "open ones"
        )
    return a, b, second


def _merged(db: Db, people: Sequence[str]) -> Events:
    """The events that merge people: the id of a person with a name remains, or else the eldest one."""
    into = eldest(db, people)
    return [
        (EventKind.MERGE, {"into": into, "gone": other, "by": MERGED_BY_ANSWER})
        for other in people
        if other != into
    ]
