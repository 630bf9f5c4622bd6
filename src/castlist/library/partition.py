"""Average linkage of members to people. Pure: nodes in, groups out.

All films are weighed together, so the order in which they were added does not matter. Sure is linked, unsure
is asked, the rest is apart. Two people seen together never become one, and what a user decided is held.
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
# at which no more links are wrong on halves of twelve clips than at .99 (one); at .95 three are. Two people
# more are linked rightly there than at .99.
SURE = 0.97
EITHER = 0.01  # chance of taking somebody for a look-alike of the person from which nobody is linked
NAMESAKE = float(np.log(50.0))  # log odds that an equal given name adds: namesakes in one library are rare
# Of people whom a film shows at once, the share of twins: 8 in 1,000 people are identical twins (Smits and
# Monden 2011), and few of them are filmed together. `score.MIRRORS` is the share of those who are one person.
TWINS = 0.001
# Share of pairs of people whom no film shows both for a reason of its own (two series of one library, an
# actor who follows another), and pairs that this counts for. The library's own pairs say more.
PARTED, PARTED_WORTH = 0.5, 10.0
# People who must be in films of both before anything is said of two who never meet: with fewer, people of two
# series with casts that look alike were linked by a person wrongly put into both (made libraries of LFW).
COMPANY = 3
# Pairs of people of several films from which `Meetings.parted` is learnt, at most. A library of 300 people of
# films (`scope.WHOLE`) has fewer; of a larger one, an even share of the pairs, so that a second suffices.
PAIRS = 12_000
# The score of two sets is at most so much above the cosine of their means: .18 at most over some 40,000 pairs
# of people of drawn and of real films.
SLACK = 0.2

Group = tuple[int, ...]  # nodes, in order
Films = int  # a set of films, a bit for each: a thousand are compared at once


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """Somebody of one film: of the library, or of the film that is added."""

    order: tuple[str, str]  # digest of the film and key in it: the order in which nodes are looked at
    film: int  # row of the film; 0 for the film that is added
    member: int | None  # row of the member, None for the film that is added
    person: str | None  # id in the library so far
    held: bool  # whether all of that person is held together, as a user decided
    sufficient: bool  # whether the evidence suffices to begin a person of the library
    name: str  # given by a user, "" for none
    vectors: NDArray[np.float32]  # (k, d) unit vectors


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is not one person, whatever the faces say."""

    together: frozenset[tuple[int, int]]  # pairs of nodes (a < b) that a scene shows at once
    apart: frozenset[tuple[int, int]]  # pairs of nodes (a < b) whose people are two, as a user decided
    decided: frozenset[int]  # films in which a user decided something: their people are not joined


def bit_set(numbers: Iterable[int]) -> int:
    """A set of numbers from 0, a bit for each.

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
    """What it says of two groups that no film shows both: two people of one series would have met."""

    company: tuple[Films, ...] = ()  # films of each person of several films
    parted: float = 1.0  # share of pairs of people with company in common who never meet for another reason
    # Who of the company are in these films.
    met: dict[Films, int] = field(default_factory=dict, compare=False)

    def chances(self, a: Films, b: Films) -> tuple[float, float] | None:
        """The probability that two people of these films are in no film both, by chance.

        Each is in any of the films of those who are in films of both. None where fewer than COMPANY are.

        Returns:
            That of two people of one film each, and that of these two.
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
        """Which of the company are in some of these films."""
        if films not in self.met:
            self.met[films] = bit_set(k for k, own in enumerate(self.company) if own & films)
        return self.met[films]

    def log_odds(self, a: Films, b: Films) -> float:
        """How much likelier one person is than two, beyond what holds of people of one film each, natural.

        A person is the likelier in a film, the more films of the same people there are with that person: the
        Indian buffet process (Griffiths and Ghahramani 2005), under which somebody of m of n films is in a
        further one with probability m / n.
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
    """Groups of nodes, each one person, and how alike they are."""

    nodes: Sequence[Node]  # in the order of `Node.order`
    rules: Rules
    likeness: ScoreOdds
    scores: ScoreTable  # of the nodes
    others: int  # people of the library who are not among the nodes
    families: Sequence[Sequence[int]] | None  # nodes that are compared with each other; None for all
    shown: Sequence[Films]  # films of each node; of a person held together, all films of the person
    groups: dict[int, Group] = field(default_factory=dict)
    # Groups with a pair that is near.
    near: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    meetings: Meetings = Meetings()

    @property
    def people(self) -> int:
        """Among how many people one looks."""
        return self.others + len(self.groups)

    @property
    def whole(self) -> bool:
        """Whether all people of the library are compared with each other."""
        return self.families is None

    def score(self, a: int, b: int) -> float:
        """The score of two nodes."""
        return self.scores.of(a, b)

    def alike(self, a: int) -> list[int]:
        """The nodes whose score with a node may speak for one person."""
        means = self.scores.mean
        return np.flatnonzero(means @ means[a] >= self.likeness.middle - SLACK).tolist()

    def mean(self, a: Group, b: Group) -> float:
        """The mean score of two groups."""
        return sum(self.score(x, y) for x in a for y in b) / (len(a) * len(b))

    def log_odds(self, a: Group, b: Group) -> float:
        """Evidence that two groups are one person, by all their films and given names, natural."""
        odds = float(self.likeness.log_odds(self.mean(a, b))) * independent_scores(len(a), len(b))
        return odds + (NAMESAKE if self.names(a) & self.names(b) else 0.0)

    def probability(self, a: Group, b: Group) -> float:
        """The probability that two groups are one person."""
        usual = recurs(len(a), len(b)) + self.meetings.log_odds(self.films(a), self.films(b))
        return float(posterior(self.log_odds(a, b) + usual, self.people))

    def films(self, group: Group) -> Films:
        """The films in which a group is."""
        return reduce(or_, (self.shown[i] for i in group))

    def names(self, group: Group) -> frozenset[str]:
        """The given names of a group, without their case."""
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
        """Whether a scene shows both at once."""
        return not self.rules.together.isdisjoint(self.pairs(a, b))

    def decided(self, a: Group, b: Group) -> bool:
        """Whether a user decided something in a film that shows both."""
        return any(self.nodes[i].film in self.rules.decided for i, _ in self._in_one_film(a, b))

    def held_apart(self, a: Group, b: Group) -> bool:
        """Whether two groups are two people, as a user decided."""
        return not self.rules.apart.isdisjoint(self.pairs(a, b)) or self.named_apart(a, b)

    def allowed(self, a: Group, b: Group) -> bool:
        """Whether two groups may become one.

        A film that shows both as two people allows it where another film shows one of them, the two look
        alike and nobody decided anything.
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
        """Whether one film shows both and no other film shows either: the film's own review decides that."""
        return len({self.nodes[i].film for i in (*a, *b)}) == 1

    def join(self, a: int, b: int, into: int) -> None:
        """Make two groups one."""
        self.groups[into] = tuple(sorted(self.groups.pop(a) + self.groups.pop(b)))
        self.near[into] = (self.near.pop(a, set()) | self.near.pop(b, set())) - {a, b}
        for other in self.near[into]:
            self.near[other] = self.near[other] - {a, b} | {into}


def recurs(a: int, b: int) -> float:
    """How much likelier two people of a and b films are one than two people of one film each, as log odds.

    By the Chinese restaurant process (Aldous 1985): who is in many films is likelier to be in another.
    """
    return lgamma(a + b) - lgamma(a) - lgamma(b)


def partition(found: Partition) -> Partition:
    """Put the nodes into groups: which nodes are one person.

    Average linkage: the two most alike groups are joined first, where it is sure by all their films and
    nothing speaks against it. Nodes with too little evidence to begin a person join somebody at the end, or
    nobody: then they are in no group.
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
    """Put the nodes into groups as the library has them, each person a group; nobody is linked anew."""
    people: dict[str, list[int]] = defaultdict(list)
    for i, node in enumerate(found.nodes):
        if node.person:
            people[node.person].append(i)
    found.groups = dict(enumerate(sorted(map(tuple, people.values()))))
    _find_near(found)
    found.meetings = _meetings(found)
    return found


def _units(nodes: Sequence[Node]) -> list[Group]:
    """What the linkage begins with: people whom a user decided about as a whole, others film by film."""
    held: dict[str, list[int]] = defaultdict(list)
    for i, node in enumerate(nodes):
        if node.held and node.person:
            held[node.person].append(i)
    free = [(i,) for i, node in enumerate(nodes) if node.sufficient and not (node.held and node.person)]
    return sorted([*map(tuple, held.values()), *free])


def _find_near(found: Partition) -> None:
    """Find pairs of groups with a pair of nodes that may be alike; others cannot be linked at first."""
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
    """What these groups say of people who never meet.

    Of people with company in common who surely are two: how much more often they never meet than by chance.
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
    """Take out who looks nearly as much like one person as like another who is somebody else for sure."""
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
    """Whether a node may as well be another person, who is not the first one."""
    two = _two(found, rest, other)
    if not two or not found.allowed(node, other) or found.probability(node, other) < SURE:
        return False
    odds = found.log_odds(node, rest) - found.log_odds(node, other) + log(len(rest) / len(other))
    return two / (1 + exp(min(odds, 500.0))) > EITHER


def _two(found: Partition, rest: Group, other: Group) -> float:
    """The probability that two groups who look alike are two people; 0 where no film shows them at once.

    Either they are twins, or a mirror or a mistake of the film made one person two, in each film anew.
    """
    if found.held_apart(rest, other) or found.decided(rest, other):
        return 1.0
    if not found.together(rest, other):
        return 0.0
    return TWINS / (TWINS + MIRRORS ** min(len(rest), len(other)))


def _add_insufficient(found: Partition) -> None:
    """Let nodes with too little evidence join the likeliest person, where that is sure."""
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
    """The id that each group goes on with: of the person whom most of its nodes were.

    A person with a name, or about whom a user decided, comes first; then the elder person, and of two halves
    of a person the one with the film that was added first. Groups of new people have none.
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
