"""Questions about one person of a library, answered together: who else is this person, and where is it not?

The catalogue is read, and the events of an answer are made; nothing is written here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.library import views
from castlist.library.log import Data, EventKind, PairAnswer
from castlist.library.lookup import elder, name_of
from castlist.library.shelf import vectors_of
from castlist.library.ulid import new_ulid
from castlist.library.views import LibraryQuestion
from castlist.vectors import unit

__all__ = [
    "FilmMember",
    "QuestionSheet",
    "events_of",
    "film_members",
    "least_alike",
    "parts",
    "sheets",
    "split_off",
]

Db = sqlite3.Connection
Events = list[tuple[EventKind, Data]]
SHOWN = 12  # films of a person that a sheet shows


@dataclass(frozen=True, slots=True)
class FilmMember:
    """A person of a library in one film."""

    id: int  # row in the catalogue; may change when it is rebuilt
    digest: str  # of the film
    key: str  # the library's name for them within the film
    film: str  # its name
    path: str
    model: str  # that made the vectors, "" where there are none

    def means(self, given: str) -> bool:
        """Whether a user's words (a film, or `film:key`) mean this."""
        film, whole = (self.film, self.path, self.digest, Path(self.path).stem), f"{self.digest}:{self.key}"
        return given in (*film, whole, f"{self.film}:{self.key}")


@dataclass(frozen=True, slots=True)
class QuestionSheet:
    """All that castlist asks about one person of a library."""

    person: str  # id
    name: str
    members: tuple[FilmMember, ...]  # the person in at most SHOWN films, the least alike ones first
    questions: tuple[LibraryQuestion, ...]  # is `a` of each this person, too? The likeliest gains first

    @property
    def gain(self) -> float:
        """Seconds of screen time that right answers are expected to put under the right id."""
        return sum(q.gain for q in self.questions)


def sheets(db: Db, library: Path, limit: int | None) -> tuple[int, list[QuestionSheet]]:
    """How many questions are open, and the sheets with most to gain (all of them without a limit)."""
    asked = views.questions(db, library)
    people = islice(groupby(asked, key=lambda q: q.b), limit)
    return len(asked), [_sheet(db, person, tuple(questions)) for person, questions in people]


def _sheet(db: Db, person: str, questions: tuple[LibraryQuestion, ...]) -> QuestionSheet:
    return QuestionSheet(person, questions[0].b_name, tuple(least_alike(db, person)), questions)


def film_members(db: Db, person: str) -> list[FilmMember]:
    """A person of the library in each film, in the order of adding."""
    rows = db.execute(
        "SELECT member.id, digest, key, film.name, path, coalesce(vectors.model, '') FROM member"
        " JOIN film ON film.id = film LEFT JOIN vectors ON vectors.member = member.id"
        " WHERE person = ? ORDER BY film.id, member.id",
        (person,),
    )
    return [FilmMember(*row) for row in rows]


def least_alike(db: Db, person: str, most: int = SHOWN) -> list[FilmMember]:
    """A person in films, the least alike ones first: wrong links are among these."""
    members = film_members(db, person)
    score = _scores(db, members)
    known = np.isfinite(score)
    mean = np.where(known, score, 0).sum(1) / np.maximum(known.sum(1), 1)
    mean[~known.any(1)] = np.inf
    return [members[i] for i in np.argsort(mean, kind="stable")[:most].tolist()]


def _scores(db: Db, members: Sequence[FilmMember]) -> NDArray[np.float64]:
    """(n, n) cosines of film-people's mean faces.

    NaN where vectors are missing or of two models, and of one with itself.
    """
    score = np.full((len(members), len(members)), np.nan)
    for model in {m.model for m in members} - {""}:
        of = np.array([i for i, m in enumerate(members) if m.model == model])
        rows = unit(np.stack([vectors_of(db, members[i].id).mean(0) for i in of.tolist()]))
        score[np.ix_(of, of)] = rows @ rows.T
    np.fill_diagonal(score, np.nan)
    return score


def _alike(db: Db, members: Sequence[FilmMember], parted: Sequence[FilmMember]) -> list[list[FilmMember]]:
    """Film-people that are taken out of a person, person by person.

    Two of them are one person if they look more like each other than either looks like those who remain, and
    no scene shows both.
    """
    score = _scores(db, members)
    rest = [i for i, m in enumerate(members) if m not in parted]
    mean = np.nan_to_num(score[:, rest], nan=1.0).mean(1)
    groups: list[list[int]] = []
    for i in (i for i, m in enumerate(members) if m in parted):
        alike = (
            g for g in groups
            if all(score[i, j] > max(mean[i], mean[j]) and not _beside(db, members[i], members[j]) for j in g)
        )  # fmt: skip
        group = next(alike, None)
        if group is None:
            groups.append([i])
        else:
            group.append(i)
    return [[members[i] for i in group] for group in groups]


def _beside(db: Db, a: FilmMember, b: FilmMember) -> bool:
    """Whether a scene shows two film-people at once."""
    pair = (min(a.id, b.id), max(a.id, b.id))
    return db.execute("SELECT 1 FROM together WHERE a = ? AND b = ?", pair).fetchone() is not None


def events_of(db: Db, person: str, replies: Mapping[str, str], wrong: Sequence[str] = ()) -> Events:
    """What answers about one person mean for the log.

    Args:
        person: id.
        replies: "same", "different" or "unsure" by the id of a question.
        wrong: films (or single people of films, as `film:key`) in which it is somebody else.

    Raises:
        InputError: a question is not about this person, a film does not show them, or all films would go.
    """
    members = film_members(db, person)
    parted = parts(members, person, wrong) if wrong else []
    rest = next(m for m in members if m not in parted)
    events: Events = []
    for group in _alike(db, members, parted):
        events += split_off(person, rest, group)
    people = [person]
    for question, reply in replies.items():
        if reply not in list(PairAnswer):
            raise InputError(f"answer {', '.join(PairAnswer)}; got {reply!r}")
        own, other, there = _sides(db, question, person)
        side = rest if own in [m.id for m in parted] else next(m for m in members if m.id == own)
        sides = [[side.digest, side.key], list(name_of(db, other))]
        events.append((EventKind.ANSWER, {"a": sides[0], "b": sides[1], "said": reply}))
        if reply == PairAnswer.SAME and there not in people:
            people.append(there)
    return events + _merged(db, people)


def parts(members: Sequence[FilmMember], person: str, films: Sequence[str]) -> list[FilmMember]:
    """Whom of a person's film-people a user means who names films, or `film:key`.

    Raises:
        InputError: nobody, or all of them.
    """
    chosen = [m for m in members if any(m.means(given) for given in films)]
    if not all(any(m.means(given) for m in members) for given in films) or len(chosen) == len(members):
        names = ", ".join(sorted({m.film for m in members}))
        raise InputError(f"{person} is in {names}; name some of these films, not all")
    return chosen


def split_off(person: str, rest: FilmMember, members: Sequence[FilmMember]) -> Events:
    """Some film-people of a person are a person of their own, other than the rest."""
    chosen = [[m.digest, m.key] for m in members]
    return [
        (EventKind.SPLIT, {"person": person, "new": new_ulid(), "members": chosen}),
        (EventKind.ANSWER, {"a": [rest.digest, rest.key], "b": chosen[0], "said": PairAnswer.DIFFERENT}),
    ]


def _sides(db: Db, question: str, person: str) -> tuple[int, int, str]:
    """The rows of a question's two film-people, that of a person first, and the id of the other person."""
    row = db.execute(
        "SELECT x.id, x.person, y.id, y.person FROM question JOIN member AS x ON x.id = a"
        " JOIN member AS y ON y.id = b WHERE question.id = ?",
        (question,),
    ).fetchone()
    if row is None:
        raise InputError(f"there is no question {question!r}; castlist library questions lists the open ones")
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
    """The events that make some people one: the id of one who has a name stays, or else the eldest one."""
    into = people[0]
    for other in people[1:]:
        into, _ = elder(db, into, other)
    return [(EventKind.MERGE, {"into": into, "gone": other}) for other in people if other != into]
