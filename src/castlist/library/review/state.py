"""The state that is sent to the library page: groups of questions, people, history."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from itertools import groupby

from castlist.errors import InputError
from castlist.library import lookup, undo, views
from castlist.library.check import applied
from castlist.library.film_members import FilmMember
from castlist.library.library import Library
from castlist.library.links import PAGE, count_links
from castlist.library.links import links as unconfirmed
from castlist.library.pairs import pairs as possible
from castlist.library.recurring import count_recurring
from castlist.library.recurring import recurring as side_by_side
from castlist.library.schema import Db
from castlist.library.sheets import QuestionSheet, sheets
from castlist.report.formatting import short_line
from castlist.types import Json

__all__ = ["film_rows", "history", "links", "pairs", "people", "person", "proposals", "recurring", "state"]

GROUPS = 40  # groups of questions sent at once; the next ones follow when these are answered
FEW = 2  # pictures of a film-person in a list of films, at most
FACES = 4  # pictures of one side of a question, at most
PEOPLE = 300  # people sent at once; a search finds the others
DECISIONS = 200  # decisions of the history sent at once


def state(library: Library) -> dict[str, Json]:
    """The questions, grouped by person, the most useful first, and the data of the page's head."""
    with library.reading() as db:
        asked, shown = sheets(db, library.path, GROUPS)
        films = _film_names(db, library)
        last = undo.last_decision(db)
        return {
            "title": short_line(library.path.name or str(library.path), 120),
            "films": _count(db, "film"),
            "people": _count(db, "person"),
            "questions": asked,
            "links": count_links(db),
            "recurring": count_recurring(db),
            "revision": applied(db),
            "undo": None if last is None else undo.decision(db, last).document(),
            "names": [
                n for (n,) in db.execute("SELECT DISTINCT name FROM person WHERE name <> '' ORDER BY 1")
            ],
            "groups": [_group(db, sheet, films) for sheet in shown],
        }


def _count(db: Db, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def _film_names(db: Db, library: Library) -> dict[str, str]:
    """The name of each film, by its digest; with its folder where two films have the same name."""
    return {film.digest: film.name for film in views.films(db, library.path)}


def _group(db: Db, sheet: QuestionSheet, films: Mapping[str, str]) -> dict[str, Json]:
    first = sheet.questions[0]
    return {
        "person": _side(db, sheet.person, first.b_name, first.b_member, first.b_film, first.b_time),
        "members": [_tile(db, m, films) for m in sheet.members],
        "questions": [
            {
                "id": q.id,
                "probability": q.probability,
                "gain": round(q.gain, 1),
                "why": short_line(q.why, 300),
                "b": _side(db, q.b, q.b_name, q.b_member, q.b_film, q.b_time),
                "a": _side(db, q.a, q.a_name, q.a_member, q.a_film, q.a_time),
            }
            for q in sheet.questions
        ],
    }


def _tile(db: Db, member: FilmMember, films: Mapping[str, str]) -> dict[str, Json]:
    """A few faces of a film-person, as one element that a user can click."""
    return {
        "member": f"{member.digest}:{member.key}",
        "film": short_line(films[member.digest], 120),
        "faces": _faces(db, "member.id = ?", member.id, FEW),
    }


def links(library: Library) -> dict[str, Json]:
    """A page of open links, person by person, each beside the same person in other films."""
    with library.reading() as db:
        (count, shown), films = unconfirmed(db, PAGE), _film_names(db, library)
        groups: list[dict[str, Json]] = []
        for person, own in groupby(shown, key=lambda link: link.person):
            rows = [*own]
            tiles = {link.member.id for link in rows}
            others = dict.fromkeys(m for link in rows for m in link.others if m.id not in tiles)
            groups.append(
                {
                    "id": person,
                    "name": short_line(rows[0].name, 120),
                    "named": bool(_named(db, person)),
                    "others": [_tile(db, m, films) for m in others],
                    "links": [_tile(db, link.member, films) for link in rows],
                }
            )
        return _page(db, count, sum(link.gain for link in shown), groups)


def pairs(library: Library) -> dict[str, Json]:
    """A page of pairs of people who may be one, person by person."""
    with library.reading() as db:
        (count, shown), films = possible(db, library.path, PAGE), _film_names(db, library)
        groups: list[dict[str, Json]] = []
        for person, own in groupby(shown, key=lambda pair: pair.person):
            rows = [*own]
            groups.append(
                {
                    "id": person,
                    "name": short_line(rows[0].name, 120),
                    "members": [_tile(db, m, films) for m in rows[0].members],
                    "others": [
                        {"name": short_line(r.other_name, 120), **_tile(db, r.member, films)} for r in rows
                    ],
                }
            )
        return _page(db, count, sum(pair.gain for pair in shown), groups)


def _page(db: Db, count: int, gain: float, groups: list[dict[str, Json]]) -> dict[str, Json]:
    """A page of groups out of `count` items; `gain` is the expected number of corrected items."""
    return {"revision": applied(db), "count": count, "gain": round(gain, 1), "groups": groups}


def recurring(library: Library) -> dict[str, Json]:
    """The people of several films that no user compared yet, and others, similar ones beside each other."""
    with library.reading() as db:
        shown, films = side_by_side(db), _film_names(db, library)
        return {
            "revision": applied(db),
            "gain": round(sum(person.gain for person in shown), 1),
            "people": [
                {
                    "id": person.id,
                    "name": short_line(person.name, 120),
                    "named": bool(_named(db, person.id)),
                    "films": person.films,
                    "asked": person.asked,
                    "members": [_tile(db, m, films) for m in person.members],
                }
                for person in shown
            ],
        }


def _side(db: Db, person: str, name: str, member: int, film: str, time: float) -> dict[str, Json]:
    """One side of a question: the compared faces first, then others of the same person."""
    films = [
        short_line(n, 120)
        for (n,) in db.execute(
            "SELECT film.name FROM member JOIN film ON film.id = film WHERE person = ?"
            " GROUP BY film.id ORDER BY film.id",
            (person,),
        )
    ]
    return {
        "id": person,
        "name": short_line(name, 120),
        "named": bool(_named(db, person)),
        "film": short_line(film, 120),
        "time": round(time, 2),
        "films": films,
        "faces": _faces(db, "member.id = ?", member, FACES),
        "others": _faces(db, "member.person = ? AND member.id <> ?", (person, member), FACES),
    }


def _named(db: Db, person: str) -> str:
    row = db.execute("SELECT name FROM person WHERE id = ?", (person,)).fetchone()
    return str(row[0]) if row else ""


def _faces(db: Db, where: str, values: str | int | tuple[str | int, ...], most: int) -> list[dict[str, Json]]:
    """Pictures: "film/picture" as one name, the film, its name, and the second."""
    rows = db.execute(
        "SELECT film.id, sighting.image, sighting.time, film.name FROM sighting"  # noqa: S608
        " JOIN member ON member.id = member JOIN film ON film.id = member.film"
        f" WHERE sighting.image <> '' AND {where}"
        " ORDER BY sighting.number, film.id LIMIT ?",
        (*(values if isinstance(values, tuple) else (values,)), most),
    ).fetchall()
    return [
        {
            "picture": f"{film}/{image}",
            "film": film,
            "name": short_line(name, 120),
            "time": round(float(Fraction(time)), 2),
        }
        for film, image, time, name in rows
    ]


def people(library: Library, text: str) -> dict[str, Json]:
    """The people whose name or id contains a text, those with most films first."""
    wanted = text.strip().casefold()
    with library.reading() as db:
        found = [
            p
            for p in views.people(db, library.path)
            if wanted in p.name.casefold() or wanted in p.id.casefold() or not wanted
        ]
        return {
            "revision": applied(db),
            "count": len(found),
            "people": [
                {
                    "id": p.id,
                    "name": short_line(p.name, 120),
                    "named": p.named,
                    "films": [short_line(f.name, 120) for f in p.films],
                    "seconds": round(p.screen_time, 1),
                    "faces": _faces(db, "member.person = ?", p.id, 8),
                }
                for p in found[:PEOPLE]
            ],
        }


def person(library: Library, given: str) -> dict[str, Json]:
    """One person, film by film.

    Raises:
        InputError: there is no such person.
    """
    with library.reading() as db:
        known = views.person(db, given)
        films = {film.id: film for film in views.films(db, library.path)}
        rows = db.execute(
            "SELECT id, film, key, how, probability, seconds FROM member WHERE person = ? ORDER BY film, id",
            (known,),
        ).fetchall()
        return {
            "id": known,
            "name": short_line(lookup.shown_person(known, _named(db, known)), 120),
            "named": bool(_named(db, known)),
            "films": [
                {
                    "member": f"{films[film].digest}:{key}",
                    "film": short_line(films[film].name, 120),
                    "how": origin,
                    "probability": chance,
                    "seconds": round(seconds, 1),
                    "faces": _faces(db, "member.id = ?", member, 8),
                }
                for member, film, key, origin, chance, seconds in rows
            ],
        }


def proposals(library: Library) -> dict[str, Json]:
    """The names that files propose, each with faces of the person that it is proposed for."""
    found = library.proposals()
    with library.reading() as db:
        rows: list[Json] = [
            {
                "id": p.id,
                "name": short_line(p.name, 120),
                "from": p.offer["from"],
                "why": p.offer["why"],
                "agree": p.offer["agree"],
                "by": p.offer["by"],
                "person": p.person,
                "called": short_line(p.called, 120),
                "film": short_line(p.film.name, 120),
                "faces": _faces(db, "member.id = ?", p.member, FACES),
            }
            for p in found[:PEOPLE]
        ]
    return {"proposals": rows, "count": len(found)}


def history(library: Library) -> dict[str, Json]:
    """The decisions of users, the latest first."""
    rows = [d.document() for d in library.history(DECISIONS)]
    return {"decisions": [{**row, "sentence": short_line(row["sentence"], 300)} for row in rows]}


def film_rows(library: Library, number: str) -> views.LibraryFilm:
    """The film of a row of the catalogue.

    Raises:
        InputError: there is no such film.
    """
    with suppress(ValueError):
        found = next((f for f in library.films if f.id == int(number)), None)
        if found is not None:
            return found
    raise InputError("there is no such film in the library any more; reload the page")
