"""Compute the events of adding a film: links, merges and questions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from castlist.decisions import Anchor
from castlist.decisions.names import refusal
from castlist.library.apply import match
from castlist.library.harvest import FilmFacts, decisions_in
from castlist.library.log import DECIDED, Data, EventKind, FilmPerson, LinkOrigin, LoggedMove
from castlist.library.lookup import anchors_of, elder, find_film, place_of
from castlist.library.member_vectors import vectors_of
from castlist.library.open_pairs import asks
from castlist.library.partition import Partition, identities
from castlist.library.questions import logged, open_questions, withdrawn_questions
from castlist.library.removed_films import FACES, id_time, removed_people
from castlist.library.schema import Db
from castlist.library.scope import Arrival, weighed
from castlist.library.score import pair_score
from castlist.library.ulid import new_ulid

__all__ = ["Growth", "grow", "side_of"]


@dataclass(slots=True)
class Growth:
    """The events of adding a film, and the key of each member of the film."""

    events: list[tuple[EventKind, Data]] = field(default_factory=list)
    keys: dict[int, str] = field(default_factory=dict)
    linked: int = 0
    new: int = 0
    asked: int = 0
    merged: int = 0
    moved: int = 0
    moved_to: list[str] = field(default_factory=list)  # ids of people that gained film-people


def grow(db: Db, library: Path, facts: FilmFacts, *, weigh: bool = True) -> Growth:
    """The events of adding a film or reading it again; nothing is written here.

    Args:
        weigh: whether to compare people anew. Where a person was only erased, all others stay as they were:
            linked to the same people, with the same questions.
    """
    film = find_film(db, facts.video.digest)
    before = _before(db, film) if film is not None else _removed_before(db, facts.video.digest)
    growth = Growth()
    matched, votes = match({key: b.anchors for key, b in before.items()}, facts)
    growth.keys = _keys(matched, before, facts)
    holder = {key: n for n, key in growth.keys.items()}
    known = {n: before[key] for n, key in growth.keys.items() if key in before}
    parted = [(n, holder[key]) for n, key in votes if key in holder and holder[key] != n]
    returned = film is None
    fresh = any(m.sufficient and not (n in known and known[n].person) for n, m in enumerate(facts.members))
    weigh = weigh or fresh  # a new person is compared in any case
    persons = {n: former.person for n, former in known.items() if former.person}
    found = weighed(db, Arrival(facts, film, growth.keys, persons, parted)) if weigh else None
    made = id_time(db)
    links = {} if found is None else _links(found, identities(found), made)
    if found is not None and returned:
        links |= _as_decided(found, before)
    nodes = [] if found is None else found.nodes
    own = {node.order[1]: links[i] for i, node in enumerate(nodes) if node.film == 0}
    people = _people(facts, growth, known, own, made, returned=returned)
    data = place_of(library, facts)
    data["people"] = [people[n] for n in sorted(people)]
    decided = decisions_in(facts.stamp) > decisions_in(_stamp(db, film))
    # Merges come before the film's event, which would delete a merged person without films.
    growth.events += _gone(db, before, holder, votes, people, decided)
    heirs = {} if found is None else _heirs(found, links)
    growth.events += [
        (EventKind.MERGE, {"into": heir, "gone": person}) for person, heir in sorted(heirs.items())
    ]
    growth.events.append((EventKind.FILM, data))
    if found is not None:
        growth.events += _weighed(db, found, links, heirs, growth)
    growth.events += _names(db, facts, people, new=returned)
    return growth


def _stamp(db: Db, film: int | None) -> str:
    row = db.execute("SELECT stamp FROM film WHERE id = ?", (film,)).fetchone()
    return str(row[0]) if row else ""


@dataclass(frozen=True, slots=True)
class _Before:
    """A member as it is in the catalogue."""

    person: str | None
    how: str
    probability: float | None
    anchors: tuple[Anchor, ...]


def _before(db: Db, film: int) -> dict[str, _Before]:
    rows = db.execute(
        "SELECT id, key, person, how, probability FROM member WHERE film = ?", (film,)
    ).fetchall()
    return {
        key: _Before(person, origin, chance, anchors_of(db, row)) for row, key, person, origin, chance in rows
    }


def _removed_before(db: Db, digest: str) -> dict[str, _Before]:
    """The people of a removed film that is added again."""
    return {key: _Before(*former) for key, former in removed_people(db, digest).items()}


def _as_decided(found: Partition, before: Mapping[str, _Before]) -> dict[int, _Link]:
    """Links of people of a film that was removed: those that a user decided hold again."""
    own = {i: before.get(node.order[1]) for i, node in enumerate(found.nodes) if node.film == 0}
    return {
        i: _Link(former.person, former.probability)
        for i, former in own.items()
        if former and former.how in DECIDED
    }


def _keys(matched: Mapping[int, str], before: Mapping[str, _Before], facts: FilmFacts) -> dict[int, str]:
    """A key for each member: its former one, or the film's own ("p7"), or else the next number."""
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


@dataclass(frozen=True, slots=True)
class _Link:
    """The person that a film-person is linked to."""

    person: str | None  # id; None for the background
    probability: float | None  # None where the person is in no other film


def _links(found: Partition, ids: Mapping[int, str], made: int) -> dict[int, _Link]:
    """The person of each node and its probability; new ids are `made` at a time, in milliseconds."""
    links = {i: _Link(None, None) for i in range(len(found.nodes))}
    for g, group in found.groups.items():
        person = ids.get(g) or new_ulid(made)
        for i in group:
            rest = tuple(j for j in group if found.nodes[j].film != found.nodes[i].film)
            chance = round(found.probability((i,), rest), 6) if rest else None
            links[i] = _Link(person, chance)
    return links


def _people(
    facts: FilmFacts,
    growth: Growth,
    known: Mapping[int, _Before],
    links: Mapping[str, _Link],
    made: int,
    *,
    returned: bool,
) -> dict[int, FilmPerson]:
    """A row of the log for each member: its person, the origin of the link, and its probability.

    Args:
        made: time of new ids, in milliseconds.
        returned: whether the film was not in the library until now; then `known` has its people from before
            it was removed.
    """
    rows = {}
    for n, member in enumerate(facts.members):
        row: FilmPerson = {"key": growth.keys[n], "person": None}
        link, former = links.get(growth.keys[n]), known.get(n)
        weighed_again = returned and link is not None and not (former and former.how in DECIDED)
        if former and former.person and (link is None or link.person == former.person) and not weighed_again:
            row |= {"person": former.person, "how": former.how, "p": former.probability}
        elif link and link.person:
            origin = LinkOrigin.NEW if link.probability is None else LinkOrigin.LINKED
            if former and former.how in DECIDED:  # if the whole person was merged
                origin = LinkOrigin(former.how)
            row |= {"person": link.person, "how": origin, "p": link.probability}
        elif member.sufficient:
            row |= {"person": new_ulid(made), "how": LinkOrigin.NEW}
        if returned or not (former and former.person):
            growth.linked += row.get("how") == LinkOrigin.LINKED
            growth.new += row.get("how") == LinkOrigin.NEW
        sightings = sorted(member.sightings, key=lambda s: -s.quality)[:FACES]
        row["at"] = [[str(s.anchor.time), *(round(x, 5) for x in s.anchor.box)] for s in sightings]
        rows[n] = row
    return rows


def _weighed(
    db: Db, found: Partition, links: Mapping[int, _Link], heirs: Mapping[str, str], growth: Growth
) -> list[tuple[EventKind, Data]]:
    """The effects of the film on people of other films: moves and questions."""
    moves = [
        LoggedMove(*node.order, link.person, link.probability)
        for node, link in ((node, links[i]) for i, node in enumerate(found.nodes))
        if node.member is not None and heirs.get(str(node.person), node.person) != link.person
    ]
    before = open_questions(db)
    open_now = asks(found, None if found.whole else [i for i, n in enumerate(found.nodes) if n.film == 0])
    asked = logged(found, open_now, before)
    withdrawn = withdrawn_questions(found, open_now, before)
    growth.asked = len({frozenset((ask[:2], ask[2:4])) for ask in asked} - before.keys())
    growth.merged, growth.moved = len(heirs), len(moves)
    growth.moved_to = sorted({move.person for move in moves if move.person})
    data: Data = {"moves": moves, "asked": asked, "withdrawn": withdrawn}
    return [(EventKind.WEIGHED, data)] if moves or asked or withdrawn else []


def _heirs(found: Partition, links: Mapping[int, _Link]) -> dict[str, str]:
    """Person without any node now -> person of most of its former nodes."""
    now: dict[str, Counter[str]] = defaultdict(Counter)
    for i, node in enumerate(found.nodes):
        person = links[i].person
        if node.person and person:
            now[node.person][person] += 1
    return {p: max(counts, key=lambda q: (counts[q], q)) for p, counts in now.items() if p not in counts}


def _gone(
    db: Db,
    before: Mapping[str, _Before],
    holder: Mapping[str, int],
    votes: Mapping[tuple[int, str], int],
    people: Mapping[int, FilmPerson],
    decided: bool,
) -> list[tuple[EventKind, Data]]:
    """Merges of people of a film that became one person there: the library follows a user's decision.

    Without a decision, only the id of a person who is in no other film is redirected.
    """
    events: list[tuple[EventKind, Data]] = []
    for key, former in before.items():
        heirs = [(count, n) for (n, k), count in votes.items() if k == key]
        if key in holder or not former.person or not heirs:
            continue
        heir = people[max(heirs)[1]]["person"]
        has_others = (
            db.execute("SELECT count(*) FROM member WHERE person = ?", (former.person,)).fetchone()[0] > 1
        )
        if heir and heir != former.person and (decided or not has_others):
            into, gone = elder(db, heir, former.person)
            events.append((EventKind.MERGE, {"into": into, "gone": gone}))
    return events


def _names(
    db: Db, facts: FilmFacts, people: Mapping[int, FilmPerson], *, new: bool
) -> list[tuple[EventKind, Data]]:
    """Names of the film for people of the library without a name, or with a former name of this film.

    Names that a library brought to the film count if the film is `new`: then it was in another library, or in
    this one until it was removed.
    """
    events: list[tuple[EventKind, Data]] = []
    source = f"film {facts.video.digest}"
    named: set[str] = set()
    for n, member in enumerate(facts.members):
        person = people[n]["person"]
        if refusal(member.name) or (member.brought and not new) or not person or person in named:
            continue
        row = db.execute("SELECT name, named_by FROM person WHERE id = ?", (person,)).fetchone()
        if row is None or not row[0] or (row[1] == source and row[0] != member.name):
            named.add(person)
            events.append((EventKind.NAME, {"person": person, "name": member.name, "by": source}))
    return events


def side_of(db: Db, a: int, b: int) -> list[int]:
    """Member a, and the members of the person of a and b that look more like a than like b."""
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
