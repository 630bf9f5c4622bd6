"""Adding a film: what happens between its workspace and the log. Costs what the film costs."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.decisions import Anchor
from castlist.library.apply import match
from castlist.library.compare import Comparison
from castlist.library.halves import FilmSide, Halves
from castlist.library.harvest import FilmFacts, decisions_in
from castlist.library.link import Ask, Candidate, NewPerson, Placement, place
from castlist.library.log import Data, EventKind, FilmPerson, LinkOrigin, LoggedQuestion
from castlist.library.lookup import anchors_of, elder, find_film, name_of, place_of
from castlist.library.score import CommonPart, ScoreOdds, pair_score
from castlist.library.shelf import nearest_members, vectors_of
from castlist.library.ulid import new_ulid
from castlist.types import Fate

__all__ = ["Growth", "grow", "side_of"]

Db = sqlite3.Connection
Vectors = NDArray[np.float32]
FACES = 4  # of each member in the log, to know them again when the catalogue is rebuilt


@dataclass(slots=True)
class Growth:
    """The events that adding a film makes, and which member of the film has which key."""

    events: list[tuple[EventKind, Data]] = field(default_factory=list)
    keys: dict[int, str] = field(default_factory=dict)
    linked: int = 0
    new: int = 0
    asked: int = 0
    merged: int = 0


def grow(db: Db, library: Path, facts: FilmFacts) -> Growth:
    """What adding a film, or reading it again, does to a library; nothing is written here."""
    film = find_film(db, facts.video.digest)
    before = _before(db, film)
    growth = Growth()
    matched, votes = match({key: b.anchors for key, b in before.items()}, facts)
    growth.keys = _keys(matched, before, facts)
    known = {n: before[key] for n, key in growth.keys.items() if key in before}
    fresh = [
        n
        for n, m in enumerate(facts.members)
        if m.fate != Fate.SET_ASIDE and _unplaced(known.get(n), m.sufficient)
    ]
    holder = {key: n for n, key in growth.keys.items()}
    parted = [(n, holder[key]) for n, key in votes if key in holder and holder[key] != n]
    linking = _linked(db, facts, film, known, fresh, parted)
    found = linking.placement
    people = _people(facts, growth, known, found)
    questions = [*found.questions, *_halves(facts, linking, growth, people)]
    growth.asked = len(questions)
    data = place_of(library, facts)
    data["people"] = [people[n] for n in sorted(people)]
    data["questions"] = [_question(db, growth, ask) for ask in questions]
    decided = decisions_in(facts.stamp) > decisions_in(_stamp(db, film))
    growth.events += _gone(db, before, holder, votes, people, decided)  # before their rows go with the film's
    growth.events.append((EventKind.FILM, data))
    growth.events += _joins(db, found, people)
    growth.events += _names(db, facts, people)
    return growth


def _unplaced(before: _Before | None, sufficient: bool) -> bool:
    """Whether somebody of the film is to be looked for in the library."""
    return before is None or (sufficient and before.person is None)


def _stamp(db: Db, film: int | None) -> str:
    row = db.execute("SELECT stamp FROM film WHERE id = ?", (film,)).fetchone()
    return str(row[0]) if row else ""


@dataclass(frozen=True, slots=True)
class _Before:
    """A member as the catalogue has it."""

    row: int
    person: str | None
    how: str
    probability: float | None
    name: str
    anchors: tuple[Anchor, ...]


def _before(db: Db, film: int | None) -> dict[str, _Before]:
    rows = db.execute(
        "SELECT id, key, person, how, probability, name FROM member WHERE film = ?", (film,)
    ).fetchall()
    return {
        key: _Before(row, person, origin, chance, name, anchors_of(db, row))
        for row, key, person, origin, chance, name in rows
    }


def _keys(matched: Mapping[int, str], before: Mapping[str, _Before], facts: FilmFacts) -> dict[int, str]:
    """A key for every member: its old one, or the film's own ("p7"), or else the next number."""
    following = max((int(key[1:]) for key in before if key[1:].isdigit()), default=0) + 1
    keys, taken = dict(matched), {*before}
    for number, member in enumerate(facts.members):
        if number in keys:
            continue
        if member.key and member.key not in taken:
            keys[number] = member.key
        else:
            keys[number] = f"m{following}"
            following += 1
        taken.add(keys[number])
    return keys


@dataclass(frozen=True, eq=False, slots=True)
class _Linking:
    """Who of a film is who in the library, and by what."""

    compare: Comparison
    candidates: list[Candidate]
    apart: dict[int, frozenset[int]]
    placement: Placement


def _linked(
    db: Db, facts: FilmFacts, film: int | None, known: Mapping[int, _Before], fresh: Sequence[int],
    parted: Sequence[tuple[int, int]],
) -> _Linking:  # fmt: skip
    """Who of the new members of a film is who in the library; `parted` are pairs that were one before."""
    members = facts.members
    able = [n for n in fresh if len(members[n].vectors)]
    sets = [members[n].vectors.astype(np.float32) for n in able]
    where = "member.film IS NOT ? AND member.fate <> 'set aside'"
    nearest, sample = nearest_members(db, facts.model, sets, where, (film,))
    common = CommonPart.of(facts.model, sets, sample)
    sets, sample = [common.without(s) for s in sets], [common.without(s) for s in sample]
    pairs = [pair_score(a, b) for a in sets[:: max(1, len(sets) // 40)] for b in sample]
    inside = _inside(facts, {*able, *(n for n in known if len(members[n].vectors))}, common)
    different = [inside[pair] for pair in _ordered(facts.together) if pair in inside]
    count = int(db.execute("SELECT count(*) FROM person").fetchone()[0])
    compare = Comparison(db, facts.model, film, common, ScoreOdds.fit(facts.model, pairs, different), count)
    candidates = _candidates(compare, able, sets, nearest)
    apart: dict[int, frozenset[int]] = {n: frozenset() for n in range(len(members))}
    for a, b in (*facts.together, *parted):
        apart[a], apart[b] = apart[a] | {b}, apart[b] | {a}
    held: dict[str, set[int]] = defaultdict(set)
    for n, was in known.items():
        if was.person:
            held[was.person].add(n)
    people = [NewPerson(n, members[n].sufficient, members[n].name, members[n].seconds) for n in able]
    placement = place(
        people,
        candidates,
        compare.likeness,
        library=count,
        apart=apart,
        inside=inside,
        held={p: frozenset(members_held) for p, members_held in held.items()},
        decided=facts.decided,
    )
    return _Linking(compare, candidates, apart, placement)


def _ordered(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(min(a, b), max(a, b)) for a, b in pairs]


def _inside(facts: FilmFacts, numbers: set[int], common: CommonPart) -> dict[tuple[int, int], float]:
    """Scores of pairs of people of the film itself."""
    ordered = sorted(numbers)
    sets = {n: common.without(facts.members[n].vectors.astype(np.float32)) for n in ordered}
    return {(a, b): pair_score(sets[a], sets[b]) for i, a in enumerate(ordered) for b in ordered[i + 1 :]}


def _candidates(
    compare: Comparison,
    able: Sequence[int],
    sets: Sequence[Vectors],
    nearest: Sequence[Sequence[tuple[int, Vectors]]],
) -> list[Candidate]:
    """Whom of the library each person may be: one row a person, with the scores of all films."""
    found = []
    for number, vectors, near_ones in zip(able, sets, nearest, strict=True):
        of_person: dict[str, list[tuple[float, int, str | None, str]]] = defaultdict(list)
        for member, other in near_ones:
            person, name = compare.db.execute(_PERSON_OF, (member,)).fetchone()
            score = pair_score(vectors, compare.common.without(other))
            of_person[person or f"member {member}"].append((score, member, person, name))
        for rows in of_person.values():
            best, member, person, name = max(rows, key=lambda r: (r[0], -r[1]))
            scores = np.array([row[0] for row in rows])
            if person and float(compare.likeness.log_odds(best)) > 0:
                # the nearest members alone are the most alike ones: of who may be linked, all count
                scores = compare.scores([vectors], compare.films(person))[0]
            found.append(Candidate(number, member, person, name, scores))
    return found


_PERSON_OF = """
SELECT member.person, coalesce(person.name, '') FROM member LEFT JOIN person ON person.id = member.person
WHERE member.id = ?
"""


def _people(
    facts: FilmFacts, growth: Growth, known: Mapping[int, _Before], found: Placement
) -> dict[int, FilmPerson]:
    """A row of the log for every member: whom of the library it is, how, and how sure."""
    rows = {}
    for n, member in enumerate(facts.members):
        row: FilmPerson = {"key": growth.keys[n], "person": None}
        if n in known and (known[n].person or not member.sufficient):
            was = known[n]
            row |= {"person": was.person, "how": was.how, "p": was.probability}
        elif n in found.linked:
            candidate, chance = found.linked[n]
            row |= {"person": candidate.person, "how": LinkOrigin.LINKED, "p": round(chance, 6)}
            growth.linked += 1
        elif member.sufficient:
            row |= {"person": new_ulid(), "how": LinkOrigin.NEW}
            growth.new += 1
        sightings = sorted(member.sightings, key=lambda s: -s.quality)[:FACES]
        row["at"] = [[str(s.anchor.time), *(round(x, 5) for x in s.anchor.box)] for s in sightings]
        rows[n] = row
    return rows


def _question(db: Db, growth: Growth, ask: Ask) -> LoggedQuestion:
    digest, key = name_of(db, ask.member)
    return LoggedQuestion(growth.keys[ask.number], digest, key, round(ask.probability, 6), ask.why)


def _halves(facts: FilmFacts, linking: _Linking, growth: Growth, people: dict[int, FilmPerson]) -> list[Ask]:
    """Questions about two people of the library who may be one; where they surely are, they become one."""
    members, found = facts.members, linking.placement
    vectors = {
        n: linking.compare.common.without(members[n].vectors.astype(np.float32))
        for n in people
        if len(members[n].vectors)
    }
    person = {n: str(row["person"]) for n, row in people.items() if row["person"]}
    sufficient = frozenset(n for n in people if members[n].sufficient)
    halves = Halves(linking.compare, FilmSide(vectors, sufficient, person, linking.apart, facts.decided))
    halves.find(found, linking.candidates)
    for merge in halves.merged:
        event: Data = {"into": merge.into, "gone": merge.gone, "p": round(merge.probability, 6)}
        growth.events.append((EventKind.MERGE, event))
        growth.merged += 1
    for number in halves.unlinked:
        del found.linked[number]
        people[number] |= {"person": new_ulid(), "how": LinkOrigin.NEW, "p": None}
        growth.linked, growth.new = growth.linked - 1, growth.new + 1
    return halves.questions


def _joins(db: Db, found: Placement, people: Mapping[int, FilmPerson]) -> list[tuple[EventKind, Data]]:
    """People of the background of earlier films who turn out to be somebody of this one."""
    events: list[tuple[EventKind, Data]] = []
    taken = set()
    for candidate, _ in sorted(found.joins, key=lambda j: -j[1]):
        person = people[candidate.number]["person"]
        if candidate.member not in taken and person and not _beside(db, candidate.member, person):
            taken.add(candidate.member)
            events.append((EventKind.JOIN, {"person": person, "member": list(name_of(db, candidate.member))}))
    return events


def _beside(db: Db, member: int, person: str) -> bool:
    """Whether a member was seen together with a person."""
    query = (
        "SELECT 1 FROM together JOIN member AS x ON x.id = a JOIN member AS y ON y.id = b"
        " WHERE (x.id = ? AND y.person = ?) OR (y.id = ? AND x.person = ?) LIMIT 1"
    )
    return db.execute(query, (member, person, member, person)).fetchone() is not None


def _gone(
    db: Db,
    before: Mapping[str, _Before],
    holder: Mapping[str, int],
    votes: Mapping[tuple[int, str], int],
    people: Mapping[int, FilmPerson],
    decided: bool,
) -> list[tuple[EventKind, Data]]:
    """People of a film who became one there since: where somebody decided so, the library follows.

    Where a machine did it, only the id of somebody who is in no other film leads on.
    """
    events: list[tuple[EventKind, Data]] = []
    for key, was in before.items():
        heirs = [(count, n) for (n, k), count in votes.items() if k == key]
        if key in holder or not was.person or not heirs:
            continue
        heir = people[max(heirs)[1]]["person"]
        elsewhere = (
            db.execute("SELECT count(*) FROM member WHERE person = ?", (was.person,)).fetchone()[0] > 1
        )
        if heir and heir != was.person and (decided or not elsewhere):
            into, gone = elder(db, heir, was.person)
            events.append((EventKind.MERGE, {"into": into, "gone": gone}))
    return events


def _names(db: Db, facts: FilmFacts, people: Mapping[int, FilmPerson]) -> list[tuple[EventKind, Data]]:
    """Names given in the film that its people of the library do not have yet, or had from this film."""
    events: list[tuple[EventKind, Data]] = []
    source = f"film {facts.video.digest}"
    named: set[str] = set()
    for n, member in enumerate(facts.members):
        person = people[n]["person"]
        if not member.name or not person or person in named:
            continue
        row = db.execute("SELECT name, named_by FROM person WHERE id = ?", (person,)).fetchone()
        if row is None or not row[0] or (row[1] == source and row[0] != member.name):
            named.add(person)
            events.append((EventKind.NAME, {"person": person, "name": member.name, "by": source}))
    return events


def side_of(db: Db, a: int, b: int) -> list[int]:
    """Of the members of the person that two members share, those that look more like the first of the two."""
    rows = db.execute(
        "SELECT other.id FROM member JOIN member AS other ON other.person = member.person WHERE member.id = ?"
        " AND other.id NOT IN (?, ?) ORDER BY other.id",
        (a, a, b),
    ).fetchall()
    first, second = vectors_of(db, a), vectors_of(db, b)
    found = [a]
    for (other,) in rows:
        vectors = vectors_of(db, other)
        if (
            len(vectors)
            and len(first)
            and (not len(second) or pair_score(vectors, first) > pair_score(vectors, second))
        ):
            found.append(other)
    return found
