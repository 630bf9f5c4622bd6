"""Finds people of a cast by a name, "p7" or "Person 7"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from castlist.cast.person import Person
from castlist.clock_times import how_long
from castlist.errors import InputError
from castlist.name_forms import comparable

LISTED = 20  # most names in a message: they fit two lines of a terminal


def people_named(
    names: str | Person | Sequence[str | Person], people: Sequence[Person], merged: Mapping[int, int]
) -> list[Person]:
    """The people with these names (or this one), each once; `Cast.named` describes what matches.

    Args:
        people: the people to search.
        merged: former number of each merged person -> number of the person they were merged into.

    Raises:
        InputError: no person or several people have one of the names, or a name is not text.
    """
    if isinstance(names, bytes) or not isinstance(names, str | Person | Iterable):
        raise InputError(f"the name of a person is text, got {type(names).__name__}")
    found: dict[int, Person] = {}
    for given in [names] if isinstance(names, str | Person) else names:
        person = _person_named(given.key if isinstance(given, Person) else given, people, merged)
        found[person.id] = person
    return list(found.values())


def known_names(people: Sequence[Person]) -> str:
    """The names of the first people, for a message."""
    return ", ".join(person.name for person in people[:LISTED]) or "nobody"


def _person_named(name: object, people: Sequence[Person], merged: Mapping[int, int]) -> Person:
    """The person with exactly this name, else with this name in another case, else with this number."""
    if not isinstance(name, str):
        raise InputError(f"the name of a person is text, got {type(name).__name__}")
    wanted = comparable(name)
    matches = (
        [p for p in people if p.name == name]
        or [p for p in people if comparable(p.name) == wanted]
        or [p for p in people if wanted in (p.key, f"person {p.id}")]
        or _after_merges(wanted, people, merged)
    )
    if not matches:
        raise InputError(_unknown(name, people))
    if len(matches) > 1:
        several = ", ".join(f"{p.key} ({how_long(p.duration)})" for p in matches)
        raise InputError(
            f"{len(matches)} people are called {name!r}: {several}; write {matches[0].key}, not the name"
        )
    return matches[0]


def _after_merges(wanted: str, people: Sequence[Person], merged: Mapping[int, int]) -> list[Person]:
    """The person of a former number ("p7", "person 7") after merges."""
    number = next((n for n in merged if wanted in (f"p{n}", f"person {n}")), None)
    for _ in range(len(merged)):
        number = None if number is None else merged.get(number, number)
    return [p for p in people if p.id == number]


def _unknown(name: str, people: Sequence[Person]) -> str:
    near = get_close_matches(name, [p.name for p in people], n=3, cutoff=0.5)
    if near:
        return f"nobody is called {name!r} here; did you mean {' or '.join(near)}?"
    return f"nobody is called {name!r} here; the cast has {known_names(people)}"
