"""A decision that is taken back, in any order, is as if it were not in the log: drawn logs, no films."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from castlist.library import apply, schema, undo
from castlist.library.log import MERGED_BY_ANSWER, Data, Event, EventKind, FilmPerson
from castlist.library.lookup import now_id
from castlist.library.removed_films import people_of_film, removed_people

Side = tuple[str, str]  # digest of the film and key in it
DIGESTS = ("a" * 64, "b" * 64, "c" * 64)
NAMES = ("Anna", "Bert", "Carl")


class Log:
    """A log as a library writes it, and its catalogue, without films."""

    def __init__(self, events: Sequence[Event] = ()) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute("PRAGMA foreign_keys = ON")
        schema.create(self.db)
        self.events: list[Event] = []
        self.ids = 0
        weakref.finalize(self, self.db.close)
        for event in events:
            self.append(event)
        if not events:
            self.happen("", (EventKind.BEGIN, {"library": self.new_id()}))

    def append(self, event: Event) -> None:
        """An event at the end of the log."""
        self.events.append(replace(event, number=len(self.events) + 1))
        apply.apply_event(self.db, self.events[-1])

    def new_id(self) -> str:
        """An unused id."""
        self.ids += 1
        return f"01{self.ids:024}"

    def happen(self, author: str, *events: tuple[EventKind, Data]) -> int:
        """Events of one moment; the number of the first one."""
        time = f"2026-01-01T00:00:{len(self.events):02}"
        first = len(self.events) + 1
        for kind, data in events:
            self.append(Event(kind, data, author, time))
        return first

    def members(self) -> dict[Side, str]:
        """The library's person for each film-person that has one."""
        return {(d, k): person for d, k, person in self.db.execute(_MEMBERS) if person}

    def people(self) -> dict[str, list[Side]]:
        """The film-people of each person."""
        found: dict[str, list[Side]] = {}
        for side, person in self.members().items():
            found.setdefault(person, []).append(side)
        return found

    def erased(self, person: str) -> tuple[list[str], list[list[str]]]:
        """The ids and the film-people of a person to erase."""
        former = self.db.execute("SELECT old FROM redirect WHERE new = ?", (person,))
        return [person, *(old for (old,) in former)], [list(side) for side in self.people()[person]]

    def film(self, digest: str, people: list[str | None]) -> None:
        """A film is added, or read again without any change of its people."""
        rows: list[FilmPerson] = [
            {"key": f"p{i}", "person": person, "how": "linked" if person else "", "p": 0.98, "at": []}
            for i, person in enumerate(people)
        ]
        self.happen("", (EventKind.FILM, film_data(digest, rows)))

    def again(self, digest: str) -> None:
        """A film is read again, without any change of its people."""
        rows: list[FilmPerson] = [
            {"key": key, "person": person, "how": origin, "p": chance, "at": []}
            for key, person, origin, chance in self.db.execute(_ROWS, (digest,)).fetchall()
        ]
        self.happen("", (EventKind.FILM, film_data(digest, rows)))

    def without(self, acts: set[int], unchanged: set[int]) -> Log:
        """The log without some decisions, without what took them back, and without films read again."""
        decided = dict(self.db.execute("SELECT number, act FROM decision"))
        return Log(
            [
                event
                for event in self.events
                if event.kind != EventKind.UNDO
                and decided.get(event.number) not in acts
                and event.number not in unchanged
            ]
        )


_MEMBERS = "SELECT digest, key, person FROM member JOIN film ON film.id = film ORDER BY digest, key"
_ROWS = "SELECT key, person, how, probability FROM member JOIN film ON film.id = film WHERE digest = ?"
_NAMES = (
    "SELECT digest, key, person.name FROM member JOIN film ON film.id = film"
    " JOIN person ON person.id = person WHERE person.name <> ''"
)
_STATE = {
    "links": "SELECT digest, key, how, probability FROM member JOIN film ON film.id = film",
    "questions": "SELECT id, probability, why FROM question",
    "answers": "SELECT f.digest, x.key, g.digest, y.key, said FROM answer JOIN member x ON x.id = a"
    " JOIN member y ON y.id = b JOIN film f ON f.id = x.film JOIN film g ON g.id = y.film",
    "compared": "SELECT digest, key FROM compared JOIN member ON member.id = member"
    " JOIN film ON film.id = film",
}


_STORED = ("member", "person", "redirect", "question", "answer", "meta")
_TABLES = [f"SELECT * FROM {table}" for table in _STORED]  # noqa: S608


def film_data(digest: str, people: list[FilmPerson]) -> Data:
    """The event of a film."""
    return {
        "digest": digest, "name": f"{digest[0]}.mp4", "path": "", "workspace": "", "near": "",
        "people": people, "questions": [],
    }  # fmt: skip


def state(log: Log) -> dict[str, object]:
    """Who is who, without ids."""
    found: dict[str, object] = {what: sorted(log.db.execute(sql)) for what, sql in _STATE.items()}
    return found | {"people": sorted(sorted(sides) for sides in log.people().values())}


def draw_step(log: Log, draw: st.DataObject, unchanged: set[int]) -> None:
    """One more thing happens: a film, a machine's second thought or a decision, as a library logs it."""
    people, sides = log.people(), sorted(log.members())
    known = sorted(people)
    several = [p for p in known if len(people[p]) > 1]
    pair = st.lists(st.sampled_from(sides), min_size=2, max_size=2, unique=True)
    kind = draw.draw(
        st.sampled_from(
            ["film", "again", "moves", "ask", "name", "compare", "answer", "gone", "forget"]
            + ["merge", "merge"] * (len(known) > 1) + ["split", "split"] * bool(several)
        )
    )  # fmt: skip
    if kind == "film":
        there = {digest for digest, _ in sides}
        if missing := [d for d in DIGESTS if d not in there]:
            known = sorted({*known, *(was.person for was in removed_people(log.db, missing[0]).values())})
            someone = st.one_of(st.sampled_from(known), st.builds(log.new_id), st.none())
            log.film(missing[0], draw.draw(st.lists(someone, min_size=1, max_size=3)))
    elif kind == "again":
        log.again(draw.draw(st.sampled_from(sorted({digest for digest, _ in sides}))))
        unchanged.add(len(log.events))
    elif kind == "gone" and len(digests := sorted({digest for digest, _ in sides})) > 1:
        digest = draw.draw(st.sampled_from(digests))
        log.happen("", (EventKind.GONE, {"digest": digest, "people": people_of_film(log.db, digest)}))
    elif kind == "forget" and len(known) > 1:
        ids, members = log.erased(draw.draw(st.sampled_from(known)))
        log.happen("Eva", (EventKind.FORGET, {"ids": ids, "members": members}))
    elif kind == "moves":
        side = draw.draw(st.sampled_from(sides))
        to = draw.draw(st.sampled_from([*known, log.new_id()]))
        log.happen("", (EventKind.WEIGHED, {"moves": [[*side, to, 0.9]], "asked": []}))
    elif kind == "ask":
        a, b = draw.draw(pair) if len(sides) > 1 else (sides[0], sides[0])
        log.happen("", (EventKind.WEIGHED, {"moves": [], "asked": [[*a, *b, 0.4, "light"]]}))
    elif kind == "name":
        data: Data = {"person": draw.draw(st.sampled_from(known)), "name": draw.draw(st.sampled_from(NAMES))}
        log.happen("Eva", (EventKind.NAME, data))
    elif kind == "compare":
        chosen = draw.draw(st.lists(st.sampled_from(sides), min_size=1, max_size=3, unique=True))
        log.happen("Eva", (EventKind.COMPARED, {"members": [list(side) for side in chosen]}))
    elif kind == "answer" and len(sides) > 1:
        a, b = draw.draw(pair)
        said = draw.draw(st.sampled_from(["same", "different", "unsure"]))
        events: list[tuple[EventKind, Data]] = [
            (EventKind.ANSWER, {"a": list(a), "b": list(b), "said": said})
        ]
        first, second = log.members()[a], log.members()[b]
        if said == "same" and first != second:
            events.append((EventKind.MERGE, {"into": first, "gone": second, "by": MERGED_BY_ANSWER}))
        asked = [[*a, *b, draw.draw(st.sampled_from([0.2, 0.3])), "hair"]]
        log.happen("Eva", *events, (EventKind.WEIGHED, {"moves": [], "asked": asked}))
    elif kind == "merge":
        into, gone = draw.draw(st.lists(st.sampled_from(known), min_size=2, max_size=2, unique=True))
        author = draw.draw(st.sampled_from(["Eva", "Eva", ""]))
        log.happen(author, (EventKind.MERGE, {"into": into, "gone": gone}))
    elif kind == "split":
        person = draw.draw(st.sampled_from(several))
        own = people[person]
        chosen = draw.draw(st.lists(st.sampled_from(own), min_size=1, max_size=len(own) - 1, unique=True))
        members = [list(side) for side in chosen]
        log.happen("Eva", (EventKind.SPLIT, {"person": person, "new": log.new_id(), "members": members}))


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=300)
@given(st.data())
def test_decisions_taken_back_in_any_order_are_as_if_they_were_not_in_the_log(draw):
    log, unchanged = Log(), set[int]()
    log.film(DIGESTS[0], [log.new_id(), log.new_id(), None])
    log.film(DIGESTS[1], [log.new_id(), draw.draw(st.sampled_from(sorted(log.people()))), log.new_id()])
    undone: set[int] = set()
    for _ in range(draw.draw(st.integers(1, 7))):
        draw_step(log, draw, unchanged)
        held = [made.number for made in undo.decisions(log.db, 100) if not made.undone]
        if held and draw.draw(st.integers(0, 3)) == 0:
            undone.add(act := draw.draw(st.sampled_from(held)))
            log.happen("Eva", (EventKind.UNDO, {"of": act}))
    held = [made.number for made in undo.decisions(log.db, 100) if not made.undone]
    for act in draw.draw(st.permutations(held))[: draw.draw(st.integers(0, len(held)))]:
        undone.add(act)
        log.happen("Eva", (EventKind.UNDO, {"of": act}))
    oracle = log.without(undone, unchanged)
    removed = any(event.kind == EventKind.GONE for event in log.events)
    # What is passed on when a film is removed depends on who was who then.
    compared = ("people", "links", "questions") if removed else (*_STATE, "people")
    erased = any(event.kind == EventKind.FORGET for event in log.events)
    if not erased:  # an undo leaves out the part about erased people
        assert [state(log)[what] for what in compared] == [state(oracle)[what] for what in compared]
    # A person named while a decision gave the id keeps the name without that decision.
    assert erased or set(oracle.db.execute(_NAMES)) <= set(log.db.execute(_NAMES))
    again = Log(log.events)
    assert all(again.db.execute(sql).fetchall() == log.db.execute(sql).fetchall() for sql in _TABLES)
    if not (removed or erased) and not any(
        event.data.get("moves") for event in log.events
    ):  # by which castlist may leave no members
        given_ids = {p["person"] for e in log.events for p in e.data.get("people", ()) if p["person"]}
        given_ids |= {event.data["new"] for event in log.events if event.kind == EventKind.SPLIT}
        assert {now_id(log.db, known) for known in given_ids} == set(log.people())
