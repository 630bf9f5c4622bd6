"""Average linkage of film-people (nodes) to people (groups): pure functions, without files.

All films are clustered together, so the order in which they were added does not matter. Sure pairs are
linked, unsure ones become questions, the rest stays apart. Two people who co-occur are never linked, and
decisions of users are kept.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations
from math import exp, lgamma, log
from operator import or_

import numpy as np
from numpy.typing import NDArray

from castlist.library.score import MIRRORS, ScoreOdds, ScoreTable, independent_scores, posterior

__all__ = [
    "SURE",
    "Films",
    "Group",
    "Meetings",
    "Node",
    "Partition",
    "Rules",
    "as_known",
    "bit_set",
    "identities",
    "partition",
]

# Probability from which people are linked: a wrong link is hard to notice, a question is not. The lowest one
# at which no more links are wrong on halves of twelve clips than at .99 (one); at .95 three are wrong. Two
# people more are linked correctly than at .99.
SURE = 0.97
EITHER = 0.01  # probability that a look-alike is the right person, from which a node leaves its group
NAMESAKE = float(np.log(50.0))  # log odds that an equal given name adds: namesakes in one library are rare
# Share of twins among pairs of people who co-occur: 8 in 1,000 people are identical twins (Smits and Monden
# 2011), and few of them are filmed together. `score.MIRRORS` is the share of pairs that are one person.
TWINS = 0.001
# Share of pairs of people who share no film for a reason (two series in one library, an actor who follows
# another), and how many pairs this prior counts as. The pairs of the library are added to it.
PARTED, PARTED_WORTH = 0.5, 10.0
# People who must be in films of both before sharing no film is evidence about two people: with fewer, people
# of two series with casts that look alike were linked by one person wrongly put into both series (libraries
# made of LFW).
COMPANY = 3
# Most pairs of people of several films from which `Meetings.parted` is estimated. A library of 300
# film-people (`scope.WHOLE`) has fewer; of a larger one an even sample is taken, so that a second suffices.
PAIRS = 12_000
# Bound of the score of two sets above the cosine of their means: .18 at most over some 40,000 pairs of people
# of drawn and of real films.
SLACK = 0.2

Group = tuple[int, ...]  # nodes, in order
Films = int  # a set of films, a bit for each: a thousand films are compared at once


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """A film-person: of the library, or of the film that is added."""

    order: tuple[str, str]  # digest of the film and key in it: the order in which nodes are looked at
    film: int  # row of the film; 0 for the film that is added
    member: int | None  # row of the member, None for the film that is added
    person: str | None  # id in the library so far
    held: bool  # whether all nodes of the person are held together, as a user decided
    sufficient: bool  # whether the evidence suffices to begin a person of the library
    name: str  # given by a user, "" for none
    vectors: NDArray[np.float32]  # (k, d) unit vectors


@dataclass(frozen=True, slots=True)
class Rules:
    """Cannot-links between nodes, and the films with decisions."""

    together: frozenset[tuple[int, int]]  # pairs of nodes (a < b) that co-occur in a scene
    apart: frozenset[tuple[int, int]]  # pairs of nodes (a < b) whose people are two, as a user decided
    decided: frozenset[int]  # films in which a user decided something: people of such a film are not joined


def bit_set(numbers: Iterable[int]) -> int:
    """A set of numbers from 0, as one bit each.

    >>> bit_set([0, 3]), bit_set([])
    (9, 0)
    """
    return reduce(or_, (1 << number for number in numbers), 0)


def _numbers(bits: int) -> Iterator[int]:
    """The numbers of a `bit_set`."""
    while bits:
        yield (bits & -bits).bit_length() - 1
        bits &= bits - 1


@dataclass(frozen=True, slots=True)
class Meetings:
    """The evidence of sharing no film: two people of one series would be in a common film."""

    company: tuple[Films, ...] = ()  # films of each company member: a person of several films
    parted: float = 1.0  # share of pairs with common company that share no film for a reason, not by chance
    # The company members (a bit for each) who are in a set of films: a cache.
    met: dict[Films, int] = field(default_factory=dict, compare=False)

    def chances(self, a: Films, b: Films) -> tuple[float, float] | None:
        """The probability that two people with these films share no film, by chance.

        The films of each are drawn from all films of the company members who are in films of both. None where
        there are fewer than COMPANY such members.

        Returns:
            The probability for two people of one film each, and for these two.
        """
        shared = self._met(a) & self._met(b)
        if shared.bit_count() < COMPANY:
            return None
        every = reduce(or_, (self.company[k] for k in _numbers(shared)), a | b)
        n, own, other = every.bit_count(), a.bit_count(), b.bit_count()
        free = n - own
        no_film = exp(_log_choices(free, other) - _log_choices(n, other)) if other <= free else 0.0
        return 1 - 1 / n, no_film

    def _met(self, films: Films) -> int:
        """The company members (a bit for each) who are in any of these films."""
        if films not in self.met:
            self.met[films] = bit_set(k for k, own in enumerate(self.company) if own & films)
        return self.met[films]

    def log_odds(self, a: Films, b: Films) -> float:
        """Log odds of one person against two, relative to two people of one film each, natural.

        A person is likelier to be in a film, the more films of the same cast have that person. By the Indian
        buffet process (Griffiths and Ghahramani 2005), a person in m of n films is in a further one with
        probability m / n.
        """
        found = self.chances(a, b) if self.parted < 1 and not a & b else None
        if found is None:
            return 0.0
        usual, chance = (self.parted + (1 - self.parted) * p for p in found)
        return log(usual / chance)


def _log_choices(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


@dataclass(eq=False, slots=True)
class Partition:
    """Groups of nodes, one group for each person, and the scores of the nodes."""

    nodes: Sequence[Node]  # in the order of `Node.order`
    rules: Rules
    likeness: ScoreOdds
    scores: ScoreTable  # of the nodes
    others: int  # people of the library who are not among the nodes
    families: Sequence[Sequence[int]] | None  # nodes that are compared with each other; None for all
    shown: Sequence[Films]  # films of each node; of a person held together, all films of the person
    groups: dict[int, Group] = field(default_factory=dict)
    # Groups with a pair of nodes that may be alike.
    near: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    meetings: Meetings = Meetings()

    @property
    def people(self) -> int:
        """The number of people that a node may be."""
        return self.others + len(self.groups)

    @property
    def whole(self) -> bool:
        """Whether all people of the library are compared with each other."""
        return self.families is None

    def score(self, a: int, b: int) -> float:
        """The score of two nodes."""
        return self.scores.of(a, b)

    def alike(self, a: int) -> list[int]:
        """The nodes whose score with node a may be evidence for one person."""
        means = self.scores.mean
        return np.flatnonzero(means @ means[a] >= self.likeness.middle - SLACK).tolist()

    def mean(self, a: Group, b: Group) -> float:
        """The mean score of two groups."""
        return sum(self.score(x, y) for x in a for y in b) / (len(a) * len(b))

    def log_odds(self, a: Group, b: Group) -> float:
        """Log odds that two groups are one person, by their scores and given names, natural."""
        odds = float(self.likeness.log_odds(self.mean(a, b))) * independent_scores(len(a), len(b))
        return odds + (NAMESAKE if self.names(a) & self.names(b) else 0.0)

    def probability(self, a: Group, b: Group) -> float:
        """The probability that two groups are one person."""
        usual = recurs(len(a), len(b)) + self.meetings.log_odds(self.films(a), self.films(b))
        return float(posterior(self.log_odds(a, b) + usual, self.people))

    def films(self, group: Group) -> Films:
        """The films of a group."""
        return reduce(or_, (self.shown[i] for i in group))

    def names(self, group: Group) -> frozenset[str]:
        """The given names of a group, case folded."""
        return frozenset(self.nodes[i].name.casefold() for i in group if self.nodes[i].name)

    def named_apart(self, a: Group, b: Group) -> bool:
        """Whether two groups have names, and no name in common."""
        first, second = self.names(a), self.names(b)
        return bool(first and second) and not first & second

    def name(self, group: Group) -> str:
        """A given name of a group, "" for none."""
        return next((self.nodes[i].name for i in group if self.nodes[i].name), "")

    def pairs(self, a: Group, b: Group) -> Iterator[tuple[int, int]]:
        """Pairs of nodes of two groups, the lower node first."""
        return ((min(i, j), max(i, j)) for i in a for j in b)

    def together(self, a: Group, b: Group) -> bool:
        """Whether two groups co-occur in a scene."""
        return not self.rules.together.isdisjoint(self.pairs(a, b))

    def decided(self, a: Group, b: Group) -> bool:
        """Whether a user decided something in a film that has both groups."""
        return any(self.nodes[i].film in self.rules.decided for i, _ in self._in_one_film(a, b))

    def held_apart(self, a: Group, b: Group) -> bool:
        """Whether two groups are two people, by a decision of a user or by their names."""
        return not self.rules.apart.isdisjoint(self.pairs(a, b)) or self.named_apart(a, b)

    def allowed(self, a: Group, b: Group) -> bool:
        """Whether two groups may become one.

        Two groups with a film in common may become one only where one of them is in another film, their nodes
        in the common film look alike, and no user decided anything there.
        """
        if self.together(a, b) or self.held_apart(a, b) or self.one_film(a, b):
            return False
        return not self.decided(a, b) and all(
            float(self.likeness.log_odds(self.score(i, j))) >= 0 for i, j in self._in_one_film(a, b)
        )

    def _in_one_film(self, a: Group, b: Group) -> Iterator[tuple[int, int]]:
        films = defaultdict(list)
        for j in b:
            films[self.nodes[j].film].append(j)
        return ((i, j) for i in a for j in films.get(self.nodes[i].film, ()))

    def one_film(self, a: Group, b: Group) -> bool:
        """Whether both groups are in one and the same film only: the review of the film decides then."""
        return len({self.nodes[i].film for i in (*a, *b)}) == 1

    def join(self, a: int, b: int, into: int) -> None:
        """Join two groups."""
        self.groups[into] = tuple(sorted(self.groups.pop(a) + self.groups.pop(b)))
        self.near[into] = (self.near.pop(a, set()) | self.near.pop(b, set())) - {a, b}
        for other in self.near[into]:
            self.near[other] = self.near[other] - {a, b} | {into}


def recurs(a: int, b: int) -> float:
    """Log odds that people of a and b films are one person, relative to people of one film each.

    By the Chinese restaurant process (Aldous 1985): a person in many films is likelier to be in another.
    """
    return lgamma(a + b) - lgamma(a) - lgamma(b)


def partition(found: Partition) -> Partition:
    """Cluster the nodes: each group is one person.

    Average linkage: the two most alike groups are joined first, where this is sure by all their films and no
    rule forbids it. Nodes with too little evidence to begin a person join a group at the end, or are in no
    group.
    """
    found.groups = dict(enumerate(_units(found.nodes)))
    _find_near(found)
    _link(found)
    found.meetings = _meetings(found)
    _link(found)
    _part_look_alikes(found)
    _add_insufficient(found)
    return found


def as_known(found: Partition) -> Partition:
    """Group the nodes as the library has them, one group for each person; there are no new links."""
    people: dict[str, list[int]] = defaultdict(list)
    for i, node in enumerate(found.nodes):
        if node.person:
            people[node.person].append(i)
    found.groups = dict(enumerate(sorted(map(tuple, people.values()))))
    _find_near(found)
    found.meetings = _meetings(found)
    return found


def _units(nodes: Sequence[Node]) -> list[Group]:
    """The groups that the linkage begins with: the nodes of each held person, other nodes one by one."""
    held: dict[str, list[int]] = defaultdict(list)
    for i, node in enumerate(nodes):
        if node.held and node.person:
            held[node.person].append(i)
    free = [(i,) for i, node in enumerate(nodes) if node.sufficient and not (node.held and node.person)]
    return sorted([*map(tuple, held.values()), *free])


def _find_near(found: Partition) -> None:
    """Find the pairs of groups with a pair of nodes that may be alike; only these are linked at first."""
    group_of = {i: g for g, group in found.groups.items() for i in group}
    means, least = found.scores.mean, found.likeness.middle - SLACK
    for family in [range(len(found.nodes))] if found.families is None else found.families:
        own = [i for i in family if i in group_of]
        near = means[own] @ means[own].T >= least
        for a, b in zip(*(side.tolist() for side in np.nonzero(np.triu(near, 1))), strict=True):
            g, h = group_of[own[a]], group_of[own[b]]
            if g != h:
                found.near[g].add(h)
                found.near[h].add(g)


def _meetings(found: Partition) -> Meetings:
    """Estimate how often people share no film for a reason.

    Estimated from pairs with common company who probably are two people: how much more often they share no
    film than by chance.
    """
    films = {g: found.films(group) for g, group in found.groups.items()}
    several = {g: own for g, own in films.items() if own.bit_count() > 1}
    company = Meetings(tuple(several.values()))
    beyond, possible = PARTED * PARTED_WORTH, PARTED_WORTH
    pairs = list(combinations(several.items(), 2))
    for (a, first), (b, second) in pairs[:: max(1, -(-len(pairs) // PAIRS))]:
        chances = company.chances(first, second)
        if chances is None:
            continue
        if b not in found.near[a] or found.probability(found.groups[a], found.groups[b]) < 0.5:
            beyond += (not first & second) - chances[1]
            possible += 1 - chances[1]
    return Meetings(company.company, min(max(beyond, PARTED) / possible, 1.0))


def _link(found: Partition) -> None:
    following = max(found.groups, default=0) + 1
    heap = [_entry(found, g, h) for g in found.groups for h in found.near[g] if g < h]
    heapq.heapify(heap)
    while heap:
        _, g, h = heapq.heappop(heap)
        if g not in found.groups or h not in found.groups:
            continue
        first, second = found.groups[g], found.groups[h]
        if found.probability(first, second) < SURE or not found.allowed(first, second):
            continue
        found.join(g, h, following)
        for other in found.near[following]:
            heapq.heappush(heap, _entry(found, other, following))
        following += 1


def _entry(found: Partition, g: int, h: int) -> tuple[float, int, int]:
    return -found.mean(found.groups[g], found.groups[h]), g, h


def _part_look_alikes(found: Partition) -> None:
    """Take out nodes that look nearly as much like another group, which certainly is another person."""
    groups, following = dict(found.groups), max(found.groups, default=0) + 1
    for g, group in groups.items():
        for i in (i for i in group if not found.nodes[i].held):
            rest = tuple(j for j in group if j != i)
            if rest and any(_as_alike(found, (i,), rest, groups[h]) for h in found.near[g] if h in groups):
                found.groups[g] = tuple(j for j in found.groups[g] if j != i)
                found.groups[following] = (i,)
                found.near[following] = found.near[g] | {g}
                for other in found.near[following]:
                    found.near[other] = found.near[other] | {following}
                following += 1
    found.groups = {g: group for g, group in found.groups.items() if group}


def _as_alike(found: Partition, node: Group, rest: Group, other: Group) -> bool:
    """Whether a node may as well belong to another group, which is another person than the rest."""
    two = _two(found, rest, other)
    if not two or not found.allowed(node, other) or found.probability(node, other) < SURE:
        return False
    odds = found.log_odds(node, rest) - found.log_odds(node, other) + log(len(rest) / len(other))
    return two / (1 + exp(min(odds, 500.0))) > EITHER


def _two(found: Partition, rest: Group, other: Group) -> float:
    """The probability that two groups that look alike are two people; 0 where they do not co-occur.

    If they co-occur, they are twins, or a mirror or an error shows one person twice, in each film anew.
    """
    if found.held_apart(rest, other) or found.decided(rest, other):
        return 1.0
    if not found.together(rest, other):
        return 0.0
    return TWINS / (TWINS + MIRRORS ** min(len(rest), len(other)))


def _add_insufficient(found: Partition) -> None:
    """Add nodes with too little evidence to the most probable group, where that is sure."""
    group_of = {i: g for g, group in found.groups.items() for i in group}
    whole = dict(found.groups)
    for i in (i for i, node in enumerate(found.nodes) if not node.sufficient and i not in group_of):
        near = {group_of[j] for j in found.alike(i) if j in group_of}
        chances = [
            (found.probability((i,), whole[g]), -g) for g in near if found.allowed((i,), found.groups[g])
        ]
        chance, g = max(chances, default=(0.0, 0))
        if chance >= SURE:
            found.groups[-g] = tuple(sorted((*found.groups[-g], i)))


def identities(found: Partition) -> dict[int, str]:
    """The id that each group keeps: that of the person that most of its nodes belonged to.

    A person with a name or a decision of a user comes first, then the one with more nodes, then the older
    one. Of two halves of one person, the half with the film that was added first has the id. Groups of new
    people have none.
    """
    votes: dict[tuple[int, str], list[Node]] = defaultdict(list)
    for g, group in found.groups.items():
        for node in (found.nodes[i] for i in group):
            if node.person:
                votes[g, node.person].append(node)

    def rank(vote: tuple[int, str]) -> tuple[bool, int, str, float]:
        nodes = votes[vote]
        first = min(np.inf if node.member is None else node.member for node in nodes)
        return not any(node.held or node.name for node in nodes), -len(nodes), vote[1], first

    ids: dict[int, str] = {}
    for g, person in sorted(votes, key=rank):
        if g not in ids and person not in ids.values():
            ids[g] = person
    return ids
