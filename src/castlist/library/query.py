"""The query language of `castlist search`: moments at which people are on screen together.

    anna                    all times of Anna on screen
    anna & bob              both on screen at once; "anna bob" is one person of that name
    anna -carl              Anna while Carl is not on screen
    anna & bob within 5s    Anna while Bob is on screen at most five seconds earlier or later
    anna & bob in shot      the shots that show both
    film:s01*               in films whose name fits; * and ? as in a shell
    "anna & co"             quotes around a name with signs in it

    query = { ["&"] term } ;
    term  = ["-"] name | "film:" pattern | "within" number ("s" | "m" | "ms") | "in" "shot"

`-` belongs before its name, after a blank. A name means all people of the library who have it as their name,
as a whole word of it, or as the end of their id.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from castlist.clock_times import how_long
from castlist.errors import InputError
from castlist.library import lookup, views
from castlist.library.schema import Db
from castlist.store.rows import exact
from castlist.types import Json

__all__ = ["Moment", "Query", "SearchAnswer", "find", "parse"]

Span = tuple[float, float]
LONGEST = 1000  # characters of a query, at most
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(&)|(-(?=\S))|([^\s&"]+))')


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query."""

    names: tuple[str, ...]
    without: tuple[str, ...] = ()
    films: tuple[str, ...] = ()  # patterns; a film fits one of them
    within: float = 0.0  # seconds
    shot: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a film that answers a query."""

    film: views.LibraryFilm
    start: float  # seconds
    stop: float
    people: tuple[tuple[str, str], ...]  # id and name
    image: str  # picture of the first person, "" for none

    def document(self) -> dict[str, Json]:
        """As plain values."""
        return {
            "film": self.film.name,
            "path": self.film.path,
            "start": round(self.start, 3),
            "stop": round(self.stop, 3),
            "people": [{"id": i, "name": n} for i, n in self.people],
        }


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The moments that answer a query; where there are none, how close the films came to it."""

    query: Query
    moments: tuple[Moment, ...]
    near: str = ""


def parse(text: str) -> Query:
    """Parse a query.

    Raises:
        InputError: it cannot be understood; the message gives the place.
    """
    if not isinstance(text, str):
        raise InputError(f"a query is text, got {type(text).__name__}")
    if len(text) > LONGEST:
        raise InputError(f"a query has at most {LONGEST} characters")
    builder = _Builder()
    at = 0
    while text[at:].strip():
        token = _TOKEN.match(text, at)
        if not token:
            raise InputError(
                f"the query cannot be understood at {text[at:].strip()[:20]!r}; a quote is not closed"
            )
        at = token.end()
        quoted, sign, minus, word = token.groups()
        builder.take(quoted, sign or minus, word)
    return builder.close()


@dataclass(slots=True)
class _Builder:
    """Reads a query word by word; words in a row are one name."""

    names: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    films: list[str] = field(default_factory=list)
    within: float = 0.0
    shot: bool = False
    words: list[str] = field(default_factory=list)
    minus: bool = False
    expect: str = ""  # the keyword that needs a next word

    def take(self, quoted: str | None, sign: str | None, word: str | None) -> None:
        if self.expect:
            self._option(word or "")
        elif sign:
            self._end(sign)
        elif quoted is not None:
            self.words.append(re.sub(r"\\(.)", r"\1", quoted))
        elif word is not None and word.casefold() in ("within", "in"):
            self._end("")
            self.expect = word.casefold()
        elif word is not None and word.casefold().startswith("film:"):
            self._end("")
            self.films.append(word[5:])
        elif word is not None and word.casefold() == "and":
            self._end("&")
        elif word is not None:
            self.words.append(word)

    def _option(self, word: str) -> None:
        option, self.expect = self.expect, ""
        if option == "in":
            if word.casefold() != "shot":
                raise InputError(
                    f'after "in" comes "shot", got {word!r}; put a name that holds "in" into quotes'
                )
            self.shot = True
            return
        found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)(ms|s|m)", word.casefold())
        if not found:
            raise InputError(f'after "within" comes a time such as 5s, 250ms or 2m, got {word!r}')
        self.within = float(found[1]) * UNITS[found[2]]

    def _end(self, sign: str) -> None:
        name = " ".join(" ".join(self.words).split())
        if name:
            (self.without if self.minus else self.names).append(name)
        elif self.minus:
            raise InputError('after "-" comes the name of a person who must not be on screen')
        elif sign == "&" and not (self.names or self.films):
            raise InputError('before "&" comes a name')
        self.words, self.minus = [], sign == "-"

    def close(self) -> Query:
        if self.expect:
            raise InputError(f"the query ends after {self.expect!r}")
        self._end("")
        if not self.names:
            raise InputError("name a person who must be on screen, as in: anna & bob -carl film:s01*")
        if self.shot and self.within:
            raise InputError('use either "within" or "in shot", not both')
        return Query(tuple(self.names), tuple(self.without), tuple(self.films), self.within, self.shot)


def find(db: Db, library: Path, query: Query) -> SearchAnswer:
    """The moments that answer a query, film by film.

    Raises:
        InputError: no person has a name of the query, or no film fits its pattern.
    """
    films = [film for film in views.films(db, library) if _fits(film, query.films)]
    if query.films and not films:
        raise InputError(
            f"no film of the library fits {' '.join(query.films)}; castlist library list names all"
        )
    people = dict(db.execute("SELECT id, name FROM person").fetchall())
    present = [views.called(people, name) for name in query.names]
    absent = [views.called(people, name) for name in query.without]
    moments: list[Moment] = []
    for film in films:
        stays = [_stays(db, film, ids) for ids in present]
        if all(stays):
            away = [s for ids in absent for s in _stays(db, film, ids)]
            spans = _in_shots(stays, away) if query.shot else _at_once(stays, away, query.within)
            moments += [_moment(db, film, span, stays, people) for span in spans]
    return SearchAnswer(query, tuple(moments), "" if moments else _near(db, films, query, present, absent))


def _fits(film: views.LibraryFilm, patterns: Sequence[str]) -> bool:
    names = (film.name.casefold(), Path(film.path).name.casefold(), Path(film.path).stem.casefold())
    return not patterns or any(fnmatchcase(name, p.casefold()) for p in patterns for name in names)


@dataclass(frozen=True, slots=True)
class _Stay:
    start: float
    stop: float
    shot: int
    member: int
    person: str


def _stays(db: Db, film: views.LibraryFilm, ids: frozenset[str]) -> list[_Stay]:
    """The times in a film at which any of some people is on screen, in order."""
    found = []
    for person in sorted(ids):
        rows = db.execute(
            "SELECT start, stop, shot, member.id FROM stay JOIN member ON member.id = stay.member"
            " WHERE member.film = ? AND member.person = ?",
            (film.id, person),
        ).fetchall()
        found += [_Stay(start, stop, shot, member, person) for start, stop, shot, member in rows]
    return sorted(found, key=lambda s: (s.start, s.stop))


def _at_once(stays: Sequence[Sequence[_Stay]], away: Sequence[_Stay], within: float) -> list[Span]:
    """Parts of the first person's stays at which all others are near, and no excluded person is."""
    spans = _union([(s.start, s.stop) for s in stays[0]])
    for others in stays[1:]:
        spans = _intersect(spans, _union([(s.start - within, s.stop + within) for s in others]))
    return _subtract(spans, _union([(s.start - within, s.stop + within) for s in away]))


def _in_shots(stays: Sequence[Sequence[_Stay]], away: Sequence[_Stay]) -> list[Span]:
    """The parts of shots that show all people: from the start of their first stay there to the last stop."""
    shots = set.intersection(*({s.shot for s in person_stays} for person_stays in stays)) - {
        s.shot for s in away
    }
    return [
        (
            min(s.start for person_stays in stays for s in person_stays if s.shot == k),
            max(s.stop for person_stays in stays for s in person_stays if s.shot == k),
        )
        for k in sorted(shots)
    ]


def _union(spans: Sequence[Span]) -> list[Span]:
    made: list[Span] = []
    for start, stop in sorted(spans):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], stop))
        else:
            made.append((start, stop))
    return made


def _intersect(a: Sequence[Span], b: Sequence[Span]) -> list[Span]:
    found, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        start, stop = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < stop:
            found.append((start, stop))
        i, j = (i + 1, j) if a[i][1] < b[j][1] else (i, j + 1)
    return found


def _subtract(a: Sequence[Span], b: Sequence[Span]) -> list[Span]:
    edges = [float("-inf"), *(x for span in b for x in span), float("inf")]
    return _intersect(a, list(zip(edges[::2], edges[1::2], strict=True)))


def _moment(
    db: Db, film: views.LibraryFilm, span: Span, stays: Sequence[Sequence[_Stay]], people: dict[str, str]
) -> Moment:
    present = {s.person for person_stays in stays for s in person_stays}
    near = min(stays[0], key=lambda s: max(s.start - span[1], span[0] - s.stop))
    rows = db.execute(
        "SELECT time, image FROM sighting WHERE member = ? AND image <> '' ORDER BY number", (near.member,)
    ).fetchall()

    middle = (span[0] + span[1]) / 2
    image = min(rows, key=lambda r: abs(float(exact(r[0])) - middle))[1] if rows else ""
    return Moment(
        film,
        *span,
        tuple((p, lookup.shown_person(p, people[p])) for p in sorted(present, key=lambda i: (people[i], i))),
        image,
    )


def _near(
    db: Db,
    films: Sequence[views.LibraryFilm],
    query: Query,
    people_ids: Sequence[frozenset[str]],
    absent: Sequence[frozenset[str]],
) -> str:
    """A sentence about how close films came to an answer, where there is none."""
    best: tuple[float, views.LibraryFilm, float] | None = None
    alone = False
    for film in films:
        stays = [_stays(db, film, ids) for ids in people_ids]
        if not all(stays):
            continue
        alone = True
        for s in stays[0]:
            gap = max((min(_gap(s, o) for o in others) for others in stays[1:]), default=0.0)
            if best is None or gap < best[0]:
                best = (gap, film, s.start)
    if not alone:
        where = f" that fits {' '.join(query.films)}" if query.films else ""
        return f"no film{where} has {' and '.join(query.names)}" + (
            " together" if len(query.names) > 1 else ""
        )
    if best is None:
        return "never"
    apart, moment = how_long(best[0]), how_long(best[2])
    if best[0] > (0 if query.shot else query.within):
        return f"never; they come within {apart} of each other in {best[1].name}, at {moment}"
    if absent:
        are = "is" if len(query.names) == 1 else "are"
        return f"whenever {' and '.join(query.names)} {are} there, {' or '.join(query.without)} is there, too"
    return f"never in one shot; they are on screen {apart} apart in {best[1].name}, at {moment}"


def _gap(a: _Stay, b: _Stay) -> float:
    return max(0.0, a.start - b.stop, b.start - a.stop)
