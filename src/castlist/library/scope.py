"""The people that a new film is compared with: all in a small library, the most similar in a large one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from castlist.library.harvest import FilmFacts, decisions_in
from castlist.library.log import DECIDED, PairAnswer
from castlist.library.member_vectors import nearest_members, vectors_of
from castlist.library.partition import Films, Node, Partition, Rules, as_known, bit_set, partition
from castlist.library.schema import Db
from castlist.library.score import CommonPart, ScoreOdds, ScoreTable, pair_score
from castlist.types import Fate

__all__ = ["Arrival", "around", "decided_films", "weighed"]

Order = tuple[str, str]  # as `Node.order`
Name = TypeVar("Name", int, str)
Pair = TypeVar("Pair")
Vectors = NDArray[np.float32]
# Most film-people of a library that are all compared anew with each film: .6 s of processor time at most.
WHOLE = 300
LIKELIEST = 5  # people of a large library that each node is compared with, at most
MEMBERS = 24  # films of a person that are compared, at most: further scores add little information
SOUGHT = 8  # film-people of each person, at most, whose look-alikes are searched for after a decision
PAIRS = 5000  # scores of each kind that `ScoreOdds` is fitted to, at most


@dataclass(frozen=True, eq=False, slots=True)
class Arrival:
    """The film that is added."""

    facts: FilmFacts
    film: int | None  # its row, None for a new film
    keys: Mapping[int, str]  # key of each of its people
    person: Mapping[int, str]  # id of the library person that each was before, where known
    parted: Sequence[tuple[int, int]]  # pairs of its people who were one person before


def weighed(db: Db, arrival: Arrival) -> Partition:
    """Cluster the film that is added together with the film-people of the library that it may affect."""
    return partition(_compared(db, arrival.facts.model, _own(arrival), arrival))


def around(db: Db, people: Sequence[str]) -> list[Partition]:
    """Some people of the library as they are grouped now, and their look-alikes; one for each model."""
    models = db.execute(_MODELS, (json.dumps(people),)).fetchall()
    return [as_known(_compared(db, model, _of_people(db, model, people))) for (model,) in models]


def _compared(db: Db, model: str, own: Sequence[Node], arrival: Arrival | None = None) -> Partition:
    """The given nodes and the nodes of the library that they may affect, not in groups yet."""
    held, known = _held(db), _known(db, model, arrival.film if arrival else None, own)
    every = {node.order: node for node in (*known.nodes, *own)}
    nodes = sorted((_named(node, held) for node in every.values()), key=lambda node: node.order)
    common = _common(model, nodes, own, known.sample)
    nodes = [replace(node, vectors=common.without(node.vectors)) for node in nodes]
    row_of = {node.order: i for i, node in enumerate(nodes)}
    rules = _rules(db, nodes, row_of, arrival)
    scores = ScoreTable([node.vectors for node in nodes])
    likeness = _likeness(
        model, nodes, rules.together, scores,
        [nodes[row_of[node.order]].vectors for node in own], [common.without(s) for s in known.sample],
    )  # fmt: skip
    total = int(db.execute("SELECT count(*) FROM person").fetchone()[0])
    families = known.families
    return Partition(
        nodes, rules, likeness, scores, others=total - len({node.person for node in nodes} - {None}),
        families=None if families is None else [sorted(row_of[order] for order in f) for f in families],
        shown=_shown(db, nodes, arrival),
    )  # fmt: skip


def _shown(db: Db, nodes: Sequence[Node], arrival: Arrival | None) -> list[Films]:
    """The films of each node; of a person held together, all films of the person."""
    held = json.dumps(sorted({node.person for node in nodes if node.held and node.person}))
    of_person: dict[str, set[int]] = defaultdict(set)
    for person, film in db.execute(_FILMS, (held, arrival.film if arrival else None)):
        of_person[person].add(film)
    every = sorted({node.film for node in nodes}.union(*of_person.values()))
    number = {film: i for i, film in enumerate(every)}
    held_films = {p: bit_set(number[film] for film in films) for p, films in of_person.items()}
    return [
        1 << number[node.film] | (held_films.get(node.person, 0) if node.held and node.person else 0)
        for node in nodes
    ]


def _rules(db: Db, nodes: Sequence[Node], row_of: Mapping[Order, int], arrival: Arrival | None) -> Rules:
    """Cannot-links by co-occurrence in the films and by decisions of users."""
    together, apart, decided = (
        _together(db, nodes),
        _held_apart(db, nodes),
        decided_films(db, {node.film for node in nodes} - {0}),
    )
    if arrival is not None:
        digest = arrival.facts.video.digest
        index = {n: row_of[digest, key] for n, key in arrival.keys.items() if (digest, key) in row_of}
        together |= _pairs(index, arrival.facts.together)
        apart |= _pairs(index, arrival.parted)
        decided |= {0} if arrival.facts.decided else set()
    return Rules(frozenset(together), frozenset(apart), frozenset(decided))


def _own(arrival: Arrival) -> list[Node]:
    """The nodes of the film that is added."""
    digest = arrival.facts.video.digest
    return [
        Node(
            order=(digest, arrival.keys[n]), film=0, member=None, person=arrival.person.get(n), held=False,
            sufficient=member.sufficient, name="" if member.brought else member.name,
            vectors=member.vectors.astype(np.float32),
        )
        for n, member in enumerate(arrival.facts.members)
        if member.fate != Fate.SET_ASIDE and len(member.vectors)
    ]  # fmt: skip


# Members of other films than the one that is added, and of other people than the given ones.
_OTHERS = """
member.film IS NOT ? AND member.fate <> 'set aside'
AND coalesce(member.person NOT IN (SELECT value FROM json_each(?)), 1)
"""
_NODES = """
SELECT member.id, member.film, digest, key, member.person, founds, iif(brought, '', member.name) FROM member
JOIN vectors ON vectors.member = member.id JOIN film ON film.id = film
WHERE vectors.model = ? AND film IS NOT ? AND fate <> 'set aside'
"""
_FILMS = """
SELECT person, film FROM member
WHERE person IN (SELECT value FROM json_each(?)) AND film IS NOT ? AND fate <> 'set aside'
"""
_MODELS = """
SELECT DISTINCT model FROM vectors JOIN member ON member.id = member
WHERE person IN (SELECT value FROM json_each(?)) ORDER BY model
"""


@dataclass(frozen=True, eq=False, slots=True)
class _Known:
    """Nodes of the library's other films."""

    nodes: Sequence[Node]
    sample: Sequence[Vectors] = ()  # vectors of an even sample of all people, of a large library
    families: Sequence[frozenset[Order]] | None = None  # nodes that are compared with each other; None: all


def _known(db: Db, model: str, film: int | None, own: Sequence[Node]) -> _Known:
    """Nodes of the library's other films: all of a small library, the most similar ones of a large one."""
    total = db.execute(f"SELECT count(*) FROM ({_NODES})", (model, film)).fetchone()[0]  # noqa: S608
    if total <= WHOLE:
        return _Known([_node(db, row) for row in db.execute(_NODES, (model, film)).fetchall()])
    sets = [node.vectors for node in own]
    people = [] if film is not None else sorted({node.person for node in own if node.person})
    nearest, sample = nearest_members(db, model, sets, _OTHERS, (film, json.dumps(people)))
    common = CommonPart.of(model, [sample if people else sets])
    found: dict[Order, Node] = {}
    families = []
    for node, near in zip(own, nearest, strict=True):
        likely = [
            other
            for member in (*_before(db, node, film), *_likeliest(db, common, node.vectors, near))
            for other in _films_of(db, model, film, member)
        ]
        found |= {other.order: other for other in likely}
        families.append(frozenset({node.order, *(other.order for other in likely)}))
    many = len(found) > WHOLE
    nodes = [replace(node, held=node.held or many) for node in found.values()]
    return _Known(nodes, sample, families)


def _before(db: Db, node: Node, film: int | None) -> list[int]:
    """A member in another film of the person that the node was before; none for a new person."""
    query = "SELECT id FROM member WHERE person = ? AND film IS NOT ? ORDER BY id LIMIT 1"
    return [member for (member,) in db.execute(query, (node.person, film))]


def _likeliest(
    db: Db, common: CommonPart, vectors: Vectors, near: Sequence[tuple[int, Vectors]]
) -> list[int]:
    """Of the nearest members, one of each of the most similar people."""
    own = common.without(vectors)
    ranked = sorted((-pair_score(own, common.without(other)), member) for member, other in near)
    chosen: dict[str, int] = {}
    for _, member in ranked:
        person = db.execute("SELECT person FROM member WHERE id = ?", (member,)).fetchone()[0]
        chosen.setdefault(person or f"member {member}", member)
    return list(chosen.values())[:LIKELIEST]


def _of_people(db: Db, model: str, people: Sequence[str]) -> list[Node]:
    """The nodes of some people, at most SOUGHT of each."""
    nodes = []
    for person in people:
        first = db.execute("SELECT min(id) FROM member WHERE person = ?", (person,)).fetchone()[0]
        nodes += _films_of(db, model, None, first, SOUGHT)
    return nodes


def _films_of(db: Db, model: str, film: int | None, member: int, most: int = MEMBERS) -> list[Node]:
    """A member and others of the same person, at most so many of them, spread evenly.

    The nodes of a person with more members are held together.
    """
    rows = db.execute(
        f"{_NODES} AND (member.id = ? OR member.person = (SELECT person FROM member WHERE id = ?))"  # noqa: S608
        " ORDER BY member.id",
        (model, film, member, member),
    ).fetchall()
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(int))
    nodes = [_node(db, rows[i]) for i in chosen.tolist()]
    return nodes if len(rows) <= most else [replace(node, held=True) for node in nodes]


def _node(db: Db, row: tuple[int, int, str, str, str | None, int, str]) -> Node:
    member, film, digest, key, person, founds, name = row
    return Node(
        order=(digest, key), film=film, member=member, person=person, held=False,
        sufficient=bool(founds), name=name, vectors=vectors_of(db, member),
    )  # fmt: skip


def _named(node: Node, held: Mapping[str, str]) -> Node:
    """A node with what users decided about its person."""
    if node.person is None or node.person not in held:
        return node
    return replace(node, held=True, name=held[node.person] or node.name)


def _held(db: Db) -> dict[str, str]:
    """The people that users of the library decided something about, and their names."""
    return dict(db.execute(_HELD, DECIDED).fetchall())


_HELD = """
WITH told (id) AS (
    SELECT person FROM member WHERE how IN (?, ?)
    UNION SELECT id FROM person WHERE name <> '' AND named_by NOT LIKE 'film %'
    UNION SELECT member.person FROM answer JOIN member ON member.id IN (answer.a, answer.b)
)
SELECT id, name FROM person JOIN told USING (id)
"""


def _common(model: str, nodes: Sequence[Node], own: Sequence[Node], sample: Sequence[Vectors]) -> CommonPart:
    """The common part of the films' faces; in a large library, of the film that is added.

    A few people of a large library are in too few films: without an added film, the common part is that of an
    even sample of all people.
    """
    films: dict[int, list[Vectors]] = defaultdict(list)
    for node in own if sample else nodes:
        films[node.film].append(node.vectors)
    return CommonPart.of(model, [sample] if sample and 0 not in films else list(films.values()))


def _likeness(
    model: str, nodes: Sequence[Node], together: Iterable[tuple[int, int]], scores: ScoreTable,
    own: Sequence[Vectors], sample: Sequence[Vectors],
) -> ScoreOdds:  # fmt: skip
    """Score odds fitted to this library; of a large one, to scores of `own` with a sample of all."""
    apart = [scores.of(a, b) for a, b in _limited(sorted(together))]
    if sample:
        return ScoreOdds.fit(
            model, [pair_score(a, b) for a, b in _limited(list(product(own, sample)))], apart
        )
    usable = [i for i, node in enumerate(nodes) if node.sufficient]
    between = [(a, b) for a, b in combinations(usable, 2) if nodes[a].film != nodes[b].film]
    return ScoreOdds.fit(model, [scores.of(a, b) for a, b in _limited(between)], apart)


def _limited(pairs: Sequence[Pair]) -> Sequence[Pair]:
    return pairs[:: max(1, -(-len(pairs) // PAIRS))]


def _together(db: Db, nodes: Sequence[Node]) -> set[tuple[int, int]]:
    """Pairs of nodes of the library that co-occur in a scene; of people held together, in any film."""
    row_of = {node.member: i for i, node in enumerate(nodes) if node.member is not None}
    members = db.execute(_TOGETHER, (json.dumps([*row_of]),)).fetchall()
    people = {person: i for person, i in _first(nodes).items() if nodes[i].held}
    scenes = db.execute(_PEOPLE_TOGETHER, (json.dumps([*people]),)).fetchall()
    shared = db.execute(_BESIDE, (json.dumps([*row_of]), json.dumps([*people]))).fetchall()
    found = ((row_of[member], people[person]) for member, person in shared)
    mixed = {(min(a, b), max(a, b)) for a, b in found if a != b}
    return _pairs(row_of, members) | _pairs(people, scenes) | mixed


def _held_apart(db: Db, nodes: Sequence[Node]) -> set[tuple[int, int]]:
    """Pairs of nodes whose people are different, or may be, as a user answered."""
    people = _first(nodes)
    return _pairs(people, db.execute(_ANSWERED, (json.dumps([*people]), PairAnswer.SAME)).fetchall())


def _first(nodes: Sequence[Node]) -> dict[str, int]:
    """The first node of each person."""
    found: dict[str, int] = {}
    for i, node in enumerate(nodes):
        if node.person:
            found.setdefault(node.person, i)
    return found


def _pairs(row_of: Mapping[Name, int], rows: Iterable[tuple[Name, Name]]) -> set[tuple[int, int]]:
    found = ((row_of[a], row_of[b]) for a, b in rows if a in row_of and b in row_of)
    return {(min(a, b), max(a, b)) for a, b in found}


_TOGETHER = "SELECT a, b FROM together WHERE a IN (SELECT value FROM json_each(?))"
_BESIDE = """
SELECT seen.id, member.person
FROM (SELECT a AS id, b AS other FROM together UNION SELECT b, a FROM together) AS seen
JOIN member ON member.id = other
WHERE seen.id IN (SELECT value FROM json_each(?)) AND member.person IN (SELECT value FROM json_each(?))
"""
_PEOPLE_TOGETHER = """
SELECT DISTINCT x.person, y.person FROM member AS x JOIN together ON x.id = a JOIN member AS y ON y.id = b
WHERE x.person IN (SELECT value FROM json_each(?))
"""
_ANSWERED = """
SELECT x.person, y.person FROM answer JOIN member AS x ON x.id = a JOIN member AS y ON y.id = b
WHERE x.person IN (SELECT value FROM json_each(?)) AND said <> ?
"""


def decided_films(db: Db, films: Collection[int]) -> set[int]:
    """The films, of those given, in which users decided something; an unreadable film counts, too."""
    rows = db.execute(
        "SELECT id, stamp FROM film WHERE id IN (SELECT value FROM json_each(?))", (json.dumps([*films]),)
    )
    stamps = dict(rows.fetchall())
    return {film for film, stamp in stamps.items() if not stamp or decisions_in(stamp)}
