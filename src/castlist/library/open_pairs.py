"""Pairs of people of a library who may be one person: the questions that remain after adding a film."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from castlist.library.partition import SURE, Group, Partition

__all__ = ["ALIKE", "ASK", "ASKED", "TOGETHER", "Ask", "asks", "at_most_one"]

ASK = 0.02  # probability from which a pair is asked: one more face in a question costs a user little
SUREST = 1 - 1e-9  # probability of a pair by itself, at most: odds are finite
ASKED = 3  # questions about one person, at most
BOTH = "looks like two people of the library"
ALIKE = "all films together say that they are the same person"
# Mirrors and split screens show a person twice, and a film may have assigned a face to the wrong person.
TOGETHER = "one film shows both at once, and all films together say that they are the same person"
TWO = "one film shows both as two people, and all films together say that they are the same person"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question whether two film-people, of two people of the library, are the same person."""

    node: int
    other: int
    probability: float
    why: str


def asks(found: Partition, about: Collection[int] | None = None, sure: str = BOTH) -> list[Ask]:
    """The questions to ask, the most probable first, at most ASKED about each person.

    A person is at most one of several other people: the candidates for one person share its probability.
    Pairs that a film shows as two people, or that have two names, are left out of that sharing: for these,
    all films and one of them contradict each other.

    Args:
        about: nodes of the people to ask about; None for all.
        sure: the reason of a question about two people who surely are one and are not linked.
    """
    pairs: list[tuple[float, int, int, str]] = []
    for chance, g, h in sorted(_open(found, about), key=lambda pair: (-pair[0], pair[1:])):
        why = _why(found, found.groups[g], found.groups[h], chance, sure)
        if why is not None:
            pairs.append((chance, g, h, why))
    shared = [pair[:3] for pair in pairs if pair[3] in ("", sure)]
    share = {pair[1:]: chance for pair, chance in zip(shared, at_most_one(shared), strict=True)}
    asked: list[Ask] = []
    count: Counter[int] = Counter()
    for chance, g, h, why in pairs:
        if min(count[g], count[h]) < ASKED:
            count.update((g, h))
            own = share.get((g, h), chance)
            asked.append(Ask(*_most_alike(found, found.groups[g], found.groups[h]), own, why))
    return sorted(asked, key=lambda ask: -ask.probability)


def at_most_one(pairs: Sequence[tuple[float, int, int]]) -> list[float]:
    """The probability of each pair if at most one pair of each person is right.

    Bayes' rule over the pairs of the two people and the case that none is right: the odds of a pair, divided
    by one plus the odds of all of them. Not exact where pairs form a chain.

    Args:
        pairs: probability of each pair by itself, and its two people.
    """
    odds = [min(chance, SUREST) / (1 - min(chance, SUREST)) for chance, _, _ in pairs]
    total: defaultdict[int, float] = defaultdict(float)
    for own, (_, g, h) in zip(odds, pairs, strict=True):
        total[g] += own
        total[h] += own
    return [own / (1 + total[g] + total[h] - own) for own, (_, g, h) in zip(odds, pairs, strict=True)]


def _most_alike(found: Partition, group: Group, other: Group) -> tuple[int, int]:
    """The two nodes that a question compares: the most alike ones, of two films where possible."""

    def rank(pair: tuple[int, int]) -> tuple[bool, float, int, int]:
        i, j = pair
        return found.nodes[i].film != found.nodes[j].film, found.score(i, j), -i, -j

    return max(((i, j) for i in group for j in other), key=rank)


def _open(found: Partition, about: Collection[int] | None) -> Iterator[tuple[float, int, int]]:
    """Pairs of groups that may be one person: probability and the two groups."""
    nodes = None if about is None else frozenset(about)
    chosen = {g for g, group in found.groups.items() if nodes is None or not nodes.isdisjoint(group)}
    for g in chosen:
        for h in found.near[g]:
            if (g < h or h not in chosen) and not found.one_film(found.groups[g], found.groups[h]):
                chance = found.probability(found.groups[g], found.groups[h])
                if chance >= ASK:
                    yield chance, g, h


def _why(found: Partition, group: Group, other: Group, chance: float, sure: str) -> str | None:
    """The reason that a question gives; None where no question is asked."""
    if any(pair in found.rules.apart for pair in found.pairs(group, other)):
        return None
    if found.named_apart(group, other):
        first, second = sorted((group, other), key=lambda g: all(found.nodes[i].film for i in g))
        return f"named {found.name(first)} and {found.name(second)}" if chance >= SURE else None
    if found.together(group, other):
        return TOGETHER if chance >= SURE and not found.decided(group, other) else None
    if chance < SURE:
        return ""
    return sure if found.allowed(group, other) else TWO
