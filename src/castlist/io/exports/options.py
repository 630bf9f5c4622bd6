"""What can be asked of an export, and the words for what a format has no use for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction

from castlist.errors import InputError

__all__ = ["IDS", "Options"]

IDS = ("tracks", "people")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Wishes; what is left as it is here means that nothing is wished."""

    people_only: bool = False  # leave out faces that are nobody's
    background: bool = False  # the people of the background as well
    person: tuple[str, ...] = ()  # these people only, by name
    ids: str = "tracks"  # what an id stands for, where a format has but one
    start_timecode: str = ""  # of the film's time 0, instead of the film's own
    rate: Fraction | None = None  # frames a second to count in, instead of the film's own

    def __post_init__(self) -> None:
        if isinstance(self.person, str):
            object.__setattr__(self, "person", (self.person,))
        if self.ids not in IDS:
            raise InputError(f"ids are {' or '.join(IDS)}, not {self.ids!r}")
        if self.rate is not None and not 1 <= self.rate <= 1000:
            raise InputError(f"a rate is between 1 and 1000 frames a second, not {self.rate}")

    def wished(self) -> list[str]:
        """Names of the fields that are not as they are by default."""
        return [f.name for f in fields(self) if getattr(self, f.name) != f.default]
