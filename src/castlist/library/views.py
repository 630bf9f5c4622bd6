"""Read-only views of a library: films, people, appearances, questions."""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from castlist.errors import InputError
from castlist.library.lookup import now_id, shown_person
from castlist.library.open_pairs import TOGETHER
from castlist.library.schema import Db
from castlist.library.ulid import is_ulid
from castlist.name_forms import comparable
from castlist.store.paths import path_from_text
from castlist.store.rows import Reader, exact, number, optional, text, whole
from castlist.types import Json

__all__ = [
    "FilmAppearance",
    "LibraryFilm",
    "LibraryPerson",
    "LibraryQuestion",
    "film",
    "films",
    "joined_seconds",
    "label_owner",
    "people",
    "person",
    "questions",
]


@dataclass(frozen=True, slots=True)
class LibraryFilm:
    """A film of a library."""

    id: int  # row in the catalogue; may change when it is rebuilt
    name: str  # file name; with its folder where two films have the same name
    path: str  # path of the film when it was added, as text that is UTF-8; see `file`
    workspace: Path
    digest: str  # of the content
    seconds: float
    model: str
    added: str
    people: int  # people of the library in it

    def __str__(self) -> str:
        return self.name

    @property
    def file(self) -> Path:
        """The film itself, at its path when it was added."""
        return path_from_text(self.path)


@dataclass(frozen=True, slots=True)
class FilmAppearance:
    """One appearance of a person on screen, in one film."""

    film: LibraryFilm
    start: Fraction  # seconds from the start of the film
    stop: Fraction

    @property
    def duration(self) -> Fraction:
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class LibraryPerson:
    """A person of a library, with one permanent id over all films."""

    id: str  # ULID
    name: str  # the given name, or "Person " and the end of the id
    named: bool
    films: tuple[LibraryFilm, ...]  # in the order in which they were added
    appearances: tuple[FilmAppearance, ...]  # by film, then by time
    face_count: int
    members: tuple[tuple[LibraryFilm, str, float | None, str], ...]  # film, key in it, probability, how
    screen_time: float  # seconds on screen in all films, without the gaps within an appearance

    def document(self) -> dict[str, Json]:
        """The person as plain values."""
        return {
            "id": self.id,
            "name": self.name,
            "named": self.named,
            "films": [film.name for film in self.films],
            "screen_time": round(self.screen_time, 3),
            "faces": self.face_count,
            "members": [
                {"film": film.name, "key": key, "probability": chance, "how": origin}
                for film, key, chance, origin in self.members
            ],
            "appearances": [
                {"film": a.film.name, "start": round(float(a.start), 3), "stop": round(float(a.stop), 3)}
                for a in self.appearances
            ],
        }


@dataclass(frozen=True, slots=True)
class LibraryQuestion:
    """A question whether two people of a library are one person."""

    id: str  # the same in every catalogue of this library
    a: str  # id of a person
    b: str  # id of another one
    a_name: str
    b_name: str
    a_film: str
    b_film: str
    a_time: float  # seconds into the film, of a face of the person
    b_time: float
    a_member: int  # row of the film-person in the catalogue; may change when it is rebuilt
    b_member: int
    probability: float
    gain: float  # seconds of screen time that a yes would correct, times its probability
    why: str

    def swapped(self) -> LibraryQuestion:
        """The same question the other way round."""
        return replace(
            self, a=self.b, b=self.a, a_name=self.b_name, b_name=self.a_name, a_film=self.b_film,
            b_film=self.a_film, a_time=self.b_time, b_time=self.a_time, a_member=self.b_member,
            b_member=self.a_member,
        )  # fmt: skip

    def document(self) -> dict[str, Json]:
        """The question as plain values."""
        sides: list[Json] = [
            {"person": p, "name": n, "film": f, "time": round(t, 3)}
            for p, n, f, t in (
                (self.a, self.a_name, self.a_film, self.a_time),
                (self.b, self.b_name, self.b_film, self.b_time),
            )
        ]
        return {
            "id": self.id, "a": sides[0], "b": sides[1], "probability": round(self.probability, 3),
            "gain": round(self.gain, 1), "why": self.why,
        }  # fmt: skip


def films(db: Db, library: Path) -> tuple[LibraryFilm, ...]:
    """The films, in the order in which they were added."""
    rows = list(_typed(db, _FILMS, (whole, text, text, text, text, text, number, text, text, whole)))
    often = Counter(row[1] for row in rows)
    return tuple(
        LibraryFilm(
            row[0], _told_apart(row[1], row[2], often), row[2], where(library, row[3], row[4]), *row[5:]
        )
        for row in rows
    )


_FILMS = (
    "SELECT id, name, path, workspace, near, digest, seconds, model, added,"
    " (SELECT count(DISTINCT person) FROM member WHERE film = film.id) FROM film ORDER BY id"
)


def film(db: Db, library: Path, given: str) -> LibraryFilm:
    """A film by its name, its file, its digest or its workspace.

    Raises:
        InputError: there is no such film, or there are several.
    """
    found = [
        f
        for f in films(db, library)
        if given in (f.name, f.path, f.digest, str(f.workspace), Path(f.path).name)
    ]
    if len(found) != 1:
        amount = "no film" if not found else f"{len(found)} films"
        raise InputError(f"the library has {amount} called {given[:200]!r}; castlist library list names all")
    return found[0]


def pictures(db: Db, film: int) -> list[str]:
    """The names of the pictures of a film's people, among the thumbs of its workspace."""
    query = (
        "SELECT DISTINCT image FROM sighting JOIN member ON member.id = sighting.member "
        "WHERE film = ? AND image != '' ORDER BY image"
    )
    return [str(name) for (name,) in db.execute(query, (film,))]


def _typed(
    db: Db, query: str, readers: Sequence[Reader[object]], values: tuple[str, ...] = ()
) -> Iterator[tuple[Any, ...]]:  # Any: by the readers
    """The rows of a query, each value by the reader of its column.

    Raises:
        ValueError: a value is not what its column holds.
    """
    for row in db.execute(query, values):
        yield tuple(read(value) for read, value in zip(readers, row, strict=True))


def where(library: Path, workspace: str, near: str) -> Path:
    """The path of a workspace now: relative to the library, or else where it was."""
    relative = path_from_text(os.path.normpath(library / near))
    before = path_from_text(workspace)
    return before if not near or (not relative.exists() and before.exists()) else relative


def _told_apart(name: str, path: str, often: Counter[str]) -> str:
    return name if often[name] < 2 else str(Path(Path(path).parent.name) / name)


def people(db: Db, library: Path) -> tuple[LibraryPerson, ...]:
    """All people, those with most films first, then those longest on screen."""
    known = {film.id: film for film in films(db, library)}
    members: dict[str, list[_Member]] = {}
    for row in _typed(
        db,
        "SELECT person, id, film, key, probability, how, faces FROM member "
        "WHERE person IS NOT NULL ORDER BY film, id",
        (text, whole, whole, text, optional(number), text, whole),
    ):
        members.setdefault(row[0], []).append(_Member(row[1], known[row[2]], *row[3:]))
    stays: dict[int, list[FilmAppearance]] = {}
    for member, film, start, stop in _typed(
        db,
        "SELECT member.id, member.film, start_exact, stop_exact FROM appearance JOIN member ON "
        "member.id = member"
        " WHERE person IS NOT NULL ORDER BY member.film, start, number",
        (whole, whole, exact, exact),
    ):
        stays.setdefault(member, []).append(FilmAppearance(known[film], start, stop))
    found = [
        _person(person, name, seconds, members.get(person, []), stays)
        for person, name, seconds in _typed(
            db,
            "SELECT id, person.name, seconds FROM person JOIN people ON person_id = id ORDER BY id",
            (text, text, number),
        )
    ]
    return tuple(sorted(found, key=lambda p: (-len(p.films), -p.screen_time, p.id)))


class _Member(NamedTuple):
    """A film-person who is a person of the library."""

    row: int
    film: LibraryFilm
    key: str  # in the film
    probability: float | None
    how: str
    faces: int


def _person(
    person: str,
    name: str,
    seconds: float,
    members: list[_Member],
    stays: Mapping[int, list[FilmAppearance]],
) -> LibraryPerson:
    found = [a for member in members for a in stays.get(member.row, [])]
    return LibraryPerson(
        id=person,
        name=shown_person(person, name),
        named=bool(name),
        films=tuple({m.film.id: m.film for m in members}.values()),
        appearances=tuple(sorted(found, key=lambda a: (a.film.id, a.start))),
        face_count=sum(m.faces for m in members),
        members=tuple((m.film, m.key, m.probability, m.how) for m in members),
        screen_time=seconds,
    )


def person(db: Db, given: str | LibraryPerson) -> str:
    """The id of a person, by id (also a merged one), end of the id, name, or a person read before.

    Raises:
        InputError: no person fits, or several do.
    """
    given = words_for(given)
    text = given.strip()
    if is_ulid(text.upper()):
        now = now_id(db, text.upper())
        if is_erased(db, now):
            raise InputError(
                f"{given}: this person was erased; the id is kept only so that it is never used again"
            )
        found = [now] if db.execute("SELECT 1 FROM person WHERE id = ?", (now,)).fetchone() else []
        if not found:
            raise InputError(f"nobody in the library has the id {given}")
        return now
    found = sorted(called(dict(db.execute("SELECT id, name FROM person").fetchall()), text))
    if len(found) > 1:
        raise InputError(
            f"{len(found)} people are called {given[:200]!r}; name one by id: {', '.join(sorted(found)[:5])}"
        )
    return found[0]


def is_erased(db: Db, given: str | LibraryPerson) -> bool:
    """Whether an id is that of an erased person."""
    now = now_id(db, words_for(given).strip().upper())
    return db.execute("SELECT 1 FROM tombstone WHERE id = ?", (now,)).fetchone() is not None


def words_for(given: str | LibraryPerson) -> str:
    """The text that a caller gave for a person, or the id of a person read before."""
    return given if isinstance(given, str) else given.id


def folded(text: str) -> str:
    """Text without capitals and accents, so that "Muller" finds Müller."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


def called(people: Mapping[str, str], given: str) -> frozenset[str]:
    """The ids of the people with a name; else with it as a whole word; else with such an end of the id.

    Case is ignored; accents count only where a person has a name with them.

    Args:
        people: name by id.

    Raises:
        InputError: no person has it; the message has the nearest names.
    """
    plain = folded(given)
    text, end = comparable(given), given.upper().removeprefix("PERSON ")
    for fits in (
        lambda i, n: comparable(n) == text,
        lambda i, n: text in comparable(n).split(),
        lambda i, n: plain in (folded(n), *folded(n).split()),
        lambda i, n: _unquoted(text) == _unquoted(comparable(n)),
        lambda i, n: len(end) >= 4 and i.endswith(end),
    ):
        found = frozenset(i for i, n in people.items() if fits(i, n))
        if found and text:
            return found
    words = {folded(part): n for n in people.values() for part in (n, *n.split()) if part}
    near = list(dict.fromkeys(words[w] for w in difflib.get_close_matches(plain, words, 3, 0.6)))
    hint = f"; perhaps {' or '.join(near)}?" if near else "; castlist library people lists all"
    raise InputError(f"nobody in the library is called {given[:200]!r}{hint}")


def label_owner(db: Db, name: str) -> str:
    """The id of the person with a label ("Person 7K3QZX") or id, or the end of one; "" for none."""
    end = name.strip().upper().removeprefix("PERSON ")
    if not re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{6,26}", end):
        return ""
    row = db.execute("SELECT id FROM person WHERE substr(id, -?) = ?", (len(end), end)).fetchone()
    return str(row[0]) if row else ""


def _unquoted(name: str) -> str:
    """A name without quotes, which mark a name in a query."""
    return " ".join(name.replace('"', " ").split())


def questions(db: Db, library: Path) -> list[LibraryQuestion]:
    """Open questions, one for each pair of people, grouped by person, the most useful first."""
    names = {film.id: film.name for film in films(db, library)}
    best: dict[tuple[str, str], LibraryQuestion] = {}
    side = (text, text, whole, optional(exact), number, whole)
    for row in _typed(db, _QUESTIONS, (text, number, text, *side, *side), (TOGETHER,)):
        q = _question(row[0], row[1], row[2], (row[3:9], row[9:]), names)
        key = (min(q.a, q.b), max(q.a, q.b))
        if key not in best or (q.probability, q.id) > (best[key].probability, best[key].id):
            best[key] = q
    count = "SELECT person, count(DISTINCT film) FROM member WHERE person IS NOT NULL GROUP BY person"
    return _grouped(list(best.values()), dict(_typed(db, count, (text, whole))))


def _grouped(asked: Sequence[LibraryQuestion], films: Mapping[str, int]) -> list[LibraryQuestion]:
    """Questions grouped by person (`b`), those people first for which answers correct most.

    `b` is that one of the two people who has more films, or else more seconds that answers correct.
    """
    whole = _gains(q for question in asked for q in (question, question.swapped()))

    def rank(person: str) -> tuple[int, float, str]:
        return films.get(person, 0), whole[person], person

    turned = [q if rank(q.b) > rank(q.a) else q.swapped() for q in asked]
    own = _gains(turned)
    return sorted(turned, key=lambda q: (-own[q.b], q.b, -q.gain, q.id))


def _gains(asked: Iterable[LibraryQuestion]) -> dict[str, float]:
    """The seconds that answers about each person (`b`) correct."""
    found: dict[str, float] = defaultdict(float)
    for q in asked:
        found[q.b] += q.gain
    return found


Side = tuple[str, str, int, Fraction | None, float, int]  # person, name, film, time, seconds, member


def _question(
    name: str, chance: float, why: str, sides: tuple[Side, Side], films: Mapping[int, str]
) -> LibraryQuestion:
    (a, a_name, a_film, a_time, a_seconds, a_member), (b, b_name, b_film, b_time, b_seconds, b_member) = sides
    return LibraryQuestion(
        id=name, a=a, b=b, a_name=shown_person(a, a_name), b_name=shown_person(b, b_name),
        a_film=films[a_film], b_film=films[b_film], a_time=float(a_time or 0), b_time=float(b_time or 0),
        a_member=a_member, b_member=b_member, probability=chance, why=why,
        gain=chance * joined_seconds(a_seconds, b_seconds),
    )  # fmt: skip


def joined_seconds(a: float, b: float) -> float:
    """The seconds that joining two halves of a person puts under one id in addition (B-cubed recall)."""
    return 2 * a * b / (a + b) if a + b else 0.0


_QUESTIONS = """
SELECT question.id, question.probability, question.why,
       a.person, pa.name, a.film,
       (SELECT time FROM sighting WHERE member = a.id ORDER BY number LIMIT 1),
       (SELECT sum(seconds) FROM member WHERE person = a.person), a.id,
       b.person, pb.name, b.film,
       (SELECT time FROM sighting WHERE member = b.id ORDER BY number LIMIT 1),
       (SELECT sum(seconds) FROM member WHERE person = b.person), b.id
FROM question JOIN member AS a ON a.id = question.a JOIN member AS b ON b.id = question.b
JOIN person AS pa ON pa.id = a.person JOIN person AS pb ON pb.id = b.person
WHERE a.person <> b.person
  AND NOT EXISTS (
    SELECT 1 FROM answer JOIN member AS x ON x.id = answer.a JOIN member AS y ON y.id = answer.b
    WHERE said <> 'same' AND
      ((x.person = a.person AND y.person = b.person) OR (x.person = b.person AND y.person = a.person)))
  AND (question.why = ? OR NOT EXISTS (
    SELECT 1 FROM together JOIN member AS x ON x.id = together.a JOIN member AS y ON y.id = together.b
    WHERE (x.person = a.person AND y.person = b.person) OR (x.person = b.person AND y.person = a.person)))
"""
