"""The appearances of people, in seconds and in frames: the content of all timed formats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from castlist.cast import Cast, Person
from castlist.errors import InputError
from castlist.io.exports.names import distinct_names
from castlist.io.exports.options import Options
from castlist.timecode import Timebase, relabelled, shown, snapped, timebase

__all__ = ["Named", "Stay", "chosen_stays", "grid", "length", "stays"]


@dataclass(frozen=True, slots=True)
class Named:
    """A person with a name that no other person of the cast has."""

    place: int  # index among all people; the value of cast.person for this person's tracks
    person: Person
    name: str  # one line


@dataclass(frozen=True, slots=True)
class Stay:
    """One appearance of a person."""

    person: Person
    place: int  # index among all people of the cast, background included
    name: str  # one line; no other person has it
    number: int  # of this person's appearances, from 1
    start: Fraction  # seconds from the start of the film
    stop: Fraction  # time of the first frame after it
    first: int  # frame of the film
    end: int  # frame after the last
    tracks: tuple[int, ...]

    @property
    def key(self) -> str:
        """An identifier of this appearance, unique in the film."""
        return f"p{self.person.id}-{self.number}"


def stays(cast: Cast, options: Options) -> list[Stay]:
    """Appearances by start, then by end, then by the person's screen time.

    Raises:
        InputError: a person asked for does not exist.
    """
    found = [stay for named in chosen_stays(cast, options) for stay in _of(cast, named)]
    return sorted(found, key=lambda s: (s.start, s.stop, s.place))


def chosen_stays(cast: Cast, options: Options) -> list[Named]:
    """The people to export: those asked for, else the cast, with its background if the options ask for it.

    Raises:
        InputError: a person asked for does not exist.
    """
    names = distinct_names(cast)
    known = [Named(i, *named) for i, named in enumerate(zip(cast.everybody, names, strict=True))]
    if not options.person:
        return known if options.background else known[: len(cast.people)]
    wanted = {place for name in options.person for place in _places(cast, known, name)}
    return [named for named in known if named.place in wanted]


def _places(cast: Cast, known: list[Named], name: str) -> set[int]:
    """Indices of the people with a name, as exports write it or as `Cast.named` finds it."""
    exact = {named.place for named in known if name in (named.person.name, named.name)}
    folded = name.strip().casefold()
    exact = exact or {named.place for named in known if named.name.casefold() == folded}
    return exact or {cast.everybody.index(person) for person in cast.named([name])}


def _of(cast: Cast, named: Named) -> Iterator[Stay]:
    first, last = cast.tracks.first, cast.tracks.last
    for number, a in enumerate(named.person.appearances, 1):
        tracks = np.asarray(a.tracks)
        begin, end = int(first[tracks].min()), int(last[tracks].max()) + 1
        yield Stay(named.person, named.place, named.name, number, a.start, a.stop, begin, end, a.tracks)


def grid(cast: Cast, options: Options, default: str = "") -> Timebase:
    """The grid of frames on which an editing program lays the film, and its timecode.

    Args:
        default: timecode of the first frame if neither the film nor the options have one.

    Raises:
        InputError: the film's rate has no timecode, or a timecode does not fit the rate.
    """
    rate, timecode = cast.video.frame_rate, cast.video.timecode
    if options.start_timecode or not timecode:
        start = options.start_timecode or default
        return timebase(cast.clock, rate, timecode=start, rate=options.rate)
    base = timebase(cast.clock, rate, rate=options.rate)
    try:
        here = timecode if options.rate is None else relabelled(timecode, _own_rate(cast), base.rate)
        return timebase(cast.clock, rate, timecode=here, rate=options.rate)
    except InputError as error:
        raise InputError(
            f"the film's own timecode, {timecode}, does not fit {shown(base.rate)} frames a second; "
            "say where it starts, such as --start-timecode 01:00:00:00"
        ) from error


def _own_rate(cast: Cast) -> Fraction:
    """Frames a second in which the film's own timecode counts."""
    try:
        return timebase(cast.clock, cast.video.frame_rate).rate
    except InputError:  # the rate has no timecode
        return cast.video.frame_rate


def length(cast: Cast, base: Timebase) -> int:
    """Frames of the grid from the film's time 0 to its end; at least one."""
    return max(1, base.frame(cast.clock.time(len(cast.clock))))


def parsed_rate(text: str) -> Fraction:
    """A rate as a user types it: 25, 29.97, 30000/1001.

    Raises:
        InputError: the text is no number.
    """
    try:
        return snapped(Fraction(text))
    except (ValueError, ZeroDivisionError):
        raise InputError(
            f"{text!r} is not a frame rate; give frames a second such as 25, 29.97 or 30000/1001"
        ) from None
