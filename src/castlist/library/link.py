"""Who of a film is who in the library: sure links, questions, new people. Pure: tables in, placements out.

Sure is linked, unsure is asked, the rest is new. Two people seen together never become one, poor evidence
may join somebody and never founds anybody, and a name that a person gave is evidence as well as a promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from castlist.library.score import ScoreOdds, posterior

__all__ = ["ASK", "SURE", "TOGETHER", "Ask", "Candidate", "NewPerson", "Placement", "place"]

# Probability from which a link is made: a wrong link is hard to notice, a question is not. On halves of
# twelve clips and on 500 people of LFW as films, no link was wrong at .97 either.
SURE = 0.99
ASK = (
    0.02  # probability from which a person is asked: one more face in a question about somebody costs little
)
ASKED = 3  # questions about one person of a film at most
# Mirrors and split screens show somebody twice, and a film may have put a face with the wrong person.
TOGETHER = "one film shows both at once, and all films together say that they are the same person"
NAMESAKE = float(np.log(50.0))  # log odds that an equal given name adds: namesakes in one library are rare


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody of the film that is added."""

    number: int  # among the film's members
    sufficient: bool
    name: str  # given by a person in the film, "" for none
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """Somebody of the library who a person of the film may be."""

    number: int  # of the film's person
    member: int  # row in the library of the most alike member
    person: str | None  # None: somebody of the background who is nobody's yet
    name: str  # given to the person, "" for none
    scores: NDArray[np.float64]  # (k,) with the person's members in the films of the library

    @property
    def best(self) -> float:
        """The score of the most alike member."""
        return float(self.scores.max())


@dataclass(frozen=True, slots=True)
class Ask:
    """Is somebody of the film the same person as a member of the library?"""

    number: int
    member: int
    probability: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class TwoPeople:
    """Two people of the library who both are surely one person of the film."""

    number: int  # of the film's person
    people: tuple[str, str]  # ids in the library
    members: tuple[int, int]  # rows of the members that look like the film's person


@dataclass(slots=True)
class Placement:
    """Who was linked to whom, and what is to be asked."""

    linked: dict[int, tuple[Candidate, float]] = field(default_factory=dict)
    joins: list[tuple[Candidate, float]] = field(default_factory=list)  # nobody's members that join someone
    halves: list[TwoPeople] = field(default_factory=list)
    questions: list[Ask] = field(default_factory=list)


def place(
    people: Sequence[NewPerson],
    candidates: Sequence[Candidate],
    likeness: ScoreOdds,
    *,
    library: int,
    apart: Mapping[int, frozenset[int]],
    inside: Mapping[tuple[int, int], float],
    held: Mapping[str, frozenset[int]],
    decided: bool,
) -> Placement:
    """Place the people of a film among those of a library.

    Args:
        library: how many people the library has.
        apart: for each someone those who were seen together with them.
        inside: scores of pairs (a < b) of people of this film.
        held: people of the library -> who of this film is them already.
        decided: whether somebody decided anything in this film.
    """
    by_number = {s.number: s for s in people}
    best = {(c.number, c.person or f"member {c.member}"): c for c in candidates}
    chance = {key: _probability(by_number[key[0]], c, likeness, library) for key, c in best.items()}
    found = Placement()
    holders = {person: set(numbers) for person, numbers in held.items()}
    for key in sorted(chance, key=lambda k: (-chance[k], -best[k].best, k[0], str(k[1]))):
        _consider(
            found, by_number[key[0]], best[key],
            chance=chance[key], holders=holders, apart=apart, inside=inside, likeness=likeness,
        )  # fmt: skip
    _ask(found, by_number, best, chance, holders, apart, decided)
    return found


def _probability(film_person: NewPerson, c: Candidate, likeness: ScoreOdds, library: int) -> float:
    same_name = bool(film_person.name) and film_person.name.casefold() == c.name.casefold()
    evidence = likeness.log_odds_of(c.scores[None]) + (NAMESAKE if same_name else 0.0)
    return float(posterior(evidence, library))


def _consider(
    found: Placement,
    film_person: NewPerson,
    c: Candidate,
    *,
    chance: float,
    holders: dict[str, set[int]],
    apart: Mapping[int, frozenset[int]],
    inside: Mapping[tuple[int, int], float],
    likeness: ScoreOdds,
) -> None:
    """Link where it is sure and nothing speaks against it."""
    if chance < SURE or _named_otherwise(film_person, c):
        return
    if c.person is None:
        if film_person.sufficient:
            found.joins.append((c, chance))
        return
    there = holders.setdefault(c.person, set())
    if film_person.number in found.linked:
        first = found.linked[film_person.number][0]
        people, members = (str(first.person), c.person), (first.member, c.member)
        found.halves.append(TwoPeople(film_person.number, people, members))
        return
    if there & apart.get(film_person.number, frozenset()):
        return
    if any(_unlike(film_person.number, other, inside, likeness) for other in there):
        return
    there.add(film_person.number)
    found.linked[film_person.number] = (c, chance)


def _named_otherwise(film_person: NewPerson, c: Candidate) -> bool:
    return bool(film_person.name and c.name) and film_person.name.casefold() != c.name.casefold()


def _unlike(a: int, b: int, inside: Mapping[tuple[int, int], float], likeness: ScoreOdds) -> bool:
    """Whether two people of one film look like two, which the film itself took them for."""
    score = inside.get((min(a, b), max(a, b)))
    return score is None or float(likeness.log_odds(score)) < 0


def _ask(
    found: Placement,
    by_number: Mapping[int, NewPerson],
    best: Mapping[tuple[int, str], Candidate],
    chance: Mapping[tuple[int, str], float],
    holders: Mapping[str, set[int]],
    apart: Mapping[int, frozenset[int]],
    decided: bool,
) -> None:
    """Questions about those who could be linked and were not, the likeliest first."""
    asked: dict[int, int] = {}
    for key in sorted(chance, key=lambda k: (-chance[k], k[0], str(k[1]))):
        c, film_person = best[key], by_number[key[0]]
        linked = found.linked.get(film_person.number)
        together = holders.get(c.person or "", set()) & apart.get(film_person.number, frozenset())
        if chance[key] < (SURE if together else ASK) or c.person is None or not film_person.sufficient:
            continue
        if together and decided:
            continue
        if linked is not None and (linked[0].person == c.person or linked[1] >= SURE):
            continue  # whether two people of the library are halves of one is another question
        if asked.get(film_person.number, 0) < ASKED:
            asked[film_person.number] = asked.get(film_person.number, 0) + 1
            why = _why(film_person, c, bool(together))
            found.questions.append(Ask(film_person.number, c.member, chance[key], why))


def _why(film_person: NewPerson, c: Candidate, together: bool) -> str:
    """What a question says beside its probability."""
    if _named_otherwise(film_person, c):
        return f"named {film_person.name} in the film and {c.name} in the library"
    return TOGETHER if together else ""
