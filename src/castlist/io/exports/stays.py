"""Who is on screen from when to when, in seconds and in frames: what all timed formats write."""

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
    """A person with a name that is nobody else's."""

    place: int  # among cast.everybody: what cast.person says of their tracks
    person: Person
    name: str  # one line


@dataclass(frozen=True, slots=True)
class Stay:
    """One appearance of a person."""

    person: Person
    place: int  # among cast.everybody
    name: str  # one line, nobody else's
    number: int  # of this person's appearances, from 1
    start: Fraction  # seconds from the start of the film
    stop: Fraction  # when the first frame after it is shown
    first: int  # frame of the film
    end: int  # frame after the last
    tracks: tuple[int, ...]

    @property
    def key(self) -> str:
        """Tells this appearance from all others of the film."""
        return f"p{self.person.id}-{self.number}"


def stays(cast: Cast, options: Options) -> list[Stay]:
    """Appearances by start, then by end, then by screen time of the person.

    Raises:
        InputError: a person who is asked for is not there.
    """
    found = [stay for named in chosen_stays(cast, options) for stay in _of(cast, named)]
    return sorted(found, key=lambda s: (s.start, s.stop, s.place))


def chosen_stays(cast: Cast, options: Options) -> list[Named]:
    """The people whom an export is about: those asked for, else the cast, the background where wished.

    Raises:
        InputError: a person who is asked for is not there.
    """
    names = distinct_names(cast)
    known = [Named(i, *named) for i, named in enumerate(zip(cast.everybody, names, strict=True))]
    if not options.person:
        return known if options.background else known[: len(cast.people)]
    wanted = {place for name in options.person for place in _places(cast, known, name)}
    return [named for named in known if named.place in wanted]


def _places(cast: Cast, known: list[Named], name: str) -> set[int]:
    """Places among everybody of those whom a name means, as it is written here or as `Cast.named` knows."""
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
    """The frames on which an editing program lays the film, and their timecode.

    Args:
        default: timecode of the first frame where neither the film nor the options say one.

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
    """Frames a second that the film's own timecode counts."""
    try:
        return timebase(cast.clock, cast.video.frame_rate).rate
    except InputError:  # a rate that has no timecode
        return cast.video.frame_rate


def length(cast: Cast, base: Timebase) -> int:
    """Frames of the grid from the film's time 0 to its end; at least one."""
    return max(1, base.frame(cast.clock.time(len(cast.clock))))


def parsed_rate(text: str) -> Fraction:
    """A rate as typed: 25, 29.97, 30000/1001.

    Raises:
        InputError: it is no number.
    """
    try:
        return snapped(Fraction(text))
    except (ValueError, ZeroDivisionError):
        raise InputError(
            f"{text!r} is not a frame rate; give frames a second such as 25, 29.97 or 30000/1001"
        ) from None
