"""What can be asked of an export, and the words for what a format has no use for."""

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
    """Wishes; what is left as it is here means that nothing is wished."""

    people_only: bool = False  # leave out faces that are nobody's
    background: bool = False  # the people of the background as well
    person: tuple[str, ...] | None = None  # these people only, by name; a person of a cast will do
    ids: str = "tracks"  # what an id stands for, where a format has but one
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
        """Names of the fields that are not as they are by default."""
        return [f.name for f in fields(self) if getattr(self, f.name) != f.default]


def _names(given: object) -> tuple[str, ...]:
    """The people who are asked for, by name or number.

    Raises:
        InputError: nobody is, or one of them is no name.
    """
    people = (given,) if isinstance(given, str | Person) else given
    if not isinstance(people, Iterable):
        raise InputError(f"person is the names of people, got {type(people).__name__}")
    names = tuple(p.key if isinstance(p, Person) else p for p in people)
    if not names:
        raise InputError("person names nobody; leave it out for everybody")
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"the name of a person is text, got {type(name).__name__}")
    return names
