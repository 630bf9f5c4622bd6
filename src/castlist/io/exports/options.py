"""The options of exports, and messages for options that a format does not use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction
from numbers import Real

from castlist.cast import Person
from castlist.errors import InputError

__all__ = ["IDS", "Options"]

IDS = ("tracks", "people")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of an export; the defaults ask for nothing."""

    people_only: bool = False  # leave out faces of no person
    background: bool = False  # also write background people
    person: tuple[str, ...] | None = None  # write only these people: names, or people of a cast
    ids: str = "tracks"  # meaning of an id in formats with only one kind of id
    start_timecode: str = ""  # of the film's time 0, instead of the film's own
    rate: Fraction | None = None  # frames a second to count in, instead of the film's own

    def __post_init__(self) -> None:
        if self.person is not None:
            object.__setattr__(self, "person", _names(self.person))
        if self.ids not in IDS:
            raise InputError(f"ids are {' or '.join(IDS)}, not {self.ids!r}")
        if self.rate is not None and (isinstance(self.rate, bool) or not isinstance(self.rate, Real)):
            raise InputError(f"a rate is a number of frames a second, as in Fraction(25); got {self.rate!r}")
        if self.rate is not None and not 1 <= self.rate <= 1000:
            raise InputError(f"a rate is between 1 and 1000 frames a second, not {self.rate}")

    def wished(self) -> list[str]:
        """Names of the options that differ from their defaults."""
        return [f.name for f in fields(self) if getattr(self, f.name) != f.default]


def _names(given: object) -> tuple[str, ...]:
    """The people asked for, by name or number.

    Raises:
        InputError: the option is empty, or an item is no name.
    """
    people = (given,) if isinstance(given, str | Person) else given
    if not isinstance(people, Iterable):
        raise InputError(f"person is the names of people, got {type(people).__name__}")
    names = tuple(p.key if isinstance(p, Person) else p for p in people)
    if not names:
        raise InputError("person contains no name; leave it out to export all people")
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"the name of a person is text, got {type(name).__name__}")
    return names
