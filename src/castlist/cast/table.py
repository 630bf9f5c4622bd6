"""The cast of a film as a table: a person for each track, and the people."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from castlist.cast.by_name import known_names, people_named
from castlist.cast.people import frames_of, listed
from castlist.cast.person import Person, Pictures
from castlist.clock_times import how_long
from castlist.errors import InputError
from castlist.types import (
    BACKGROUND,
    NOISE,
    PERSON,
    SET_ASIDE,
    Clock,
    Portraits,
    Shots,
    Tracks,
    Video,
    freeze,
)

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow
    from matplotlib.axes import Axes

__all__ = ["Cast"]


@dataclass(frozen=True, eq=False, slots=True)
class Cast:
    """Who appears in a film, and when. Iterates over its people, most prominent first: seconds by size."""

    video: Video
    clock: Clock
    shots: Shots
    tracks: Tracks
    person: NDArray[np.int32]  # (t,) index into people + background, or NOISE where set aside
    fate: NDArray[np.int8]  # (t,) PERSON, BACKGROUND or SET_ASIDE
    reason: tuple[str, ...]  # (t,) why a track is not of the cast, "" where it is
    people: tuple[Person, ...]
    background: tuple[Person, ...]
    damaged: int = 0  # frames that could not be decoded
    turned: int = 0  # degrees clockwise by which the film shows more faces when it is turned; 0 for none
    negative: bool = False  # the film is a negative: it shows far more faces when its tones are inverted
    joined: Mapping[int, int] = field(default_factory=dict)  # number of somebody who was merged: of whom now
    pictures: Pictures | None = None  # where it came from a workspace

    def __post_init__(self) -> None:
        freeze(self, person=(np.int32, (None,)), fate=(np.int8, (None,)))

    def __len__(self) -> int:
        return len(self.people)

    def __iter__(self) -> Iterator[Person]:
        return iter(self.people)

    @overload
    def __getitem__(self, key: int | str) -> Person: ...

    @overload
    def __getitem__(self, key: slice) -> tuple[Person, ...]: ...

    def __getitem__(self, key: int | str | slice) -> Person | tuple[Person, ...]:
        """A person by position or by name, or several by a slice.

        Raises:
            KeyError: nobody has that name.
            IndexError: there are fewer people.
            InputError: it is neither a position nor a name.
        """
        if isinstance(key, int | np.integer | slice):
            try:
                return self.people[key]
            except IndexError:
                raise IndexError(
                    f"there is nobody at position {key}; the cast has {len(self.people)}, counted from 0"
                ) from None
        if not isinstance(key, str):
            raise InputError(f"name a person by position or by name, got {type(key).__name__}")
        for person in (*self.people, *self.background):
            if person.name == unicodedata.normalize("NFC", key):
                return person
        raise KeyError(f"nobody is called {key!r}; the cast has {known_names(self.people)}")

    def __contains__(self, person: object) -> bool:
        """Whether a person, or somebody of that name, is in the cast or its background."""
        return any(person is p or (isinstance(person, str) and person == p.name) for p in self.everybody)

    def __repr__(self) -> str:
        names = ", ".join(p.name for p in self.people[:6]) + (", ..." if len(self.people) > 6 else "")
        return f"<Cast of {self.video.path.name}: {self.summary}{': ' * bool(names)}{names}>"

    @property
    def summary(self) -> str:
        """How many people in how many seconds, for people to read."""
        count = f"{len(self.people)} {'person' if len(self.people) == 1 else 'people'}"
        behind = f" and {len(self.background)} in the background" if self.background else ""
        return f"{count}{behind} in {how_long(self.length)}"

    def share(self, person: str | Person) -> float:
        """The share of the film, 0 to 1, in which somebody is on screen: of all that could be read of it.

        Raises:
            InputError: nobody has that name.
        """
        whole, person = self.whole, person if isinstance(person, Person) else self.named([person])[0]
        return float(person.duration / whole) if whole else 0.0

    def at(self, time: float | Fraction | str) -> list[Person]:
        """Who is seen at a time: in the frame that is shown then. Most prominent first: seconds by size.

        Args:
            time: seconds, or a text: "1:23.5", or a timecode of the film, "10:00:01:05".

        Raises:
            InputError: it is no time.
        """
        if isinstance(time, str):
            from castlist.interactive import moment

            time = moment(self, time)
        if not isinstance(time, int | float | Fraction):  # a number of NumPy, or none
            try:
                time = float(time)
            except (TypeError, ValueError, OverflowError):
                raise InputError(f"a time is a number of seconds or a text, got {time!r}") from None
        if not isinstance(time, int | Fraction) and not isfinite(time):
            raise InputError(f"a time is a number of seconds from the start of the film, got {time!r}")
        if not len(self.clock) or not self.clock.time(0) <= time < self.clock.time(len(self.clock)):
            return []
        frame = int(np.searchsorted(self.clock.pts, int(Fraction(time) / self.clock.unit), side="right")) - 1
        indices = {int(p) for p in self.person[self.tracks.track[self.tracks.frame == frame]] if p >= 0}
        return [p for index, p in enumerate(self.everybody) if index in indices]

    def together(self, a: str | Person, b: str | Person) -> tuple[tuple[Fraction, Fraction], ...]:
        """(start, stop) in seconds of each run of frames in which both are seen.

        Raises:
            InputError: a name is unknown, or both are one person.
        """
        first, second = (p if isinstance(p, Person) else self.named([p])[0] for p in (a, b))
        if first.id == second.id:
            raise InputError(f"{first.name} is one person; give two different people")
        left, right = (frames_of(self.tracks, np.array(p.tracks, np.int64)) for p in (first, second))
        shared = np.intersect1d(left, right)
        runs = np.split(shared, np.flatnonzero(np.diff(shared) > 1) + 1) if len(shared) else []
        return tuple((self.clock.time(int(r[0])), self.clock.time(int(r[-1]) + 1)) for r in runs)

    def to_pandas(self, table: str = "appearances") -> pandas.DataFrame:
        """A pandas.DataFrame of "people", "appearances" or "faces"; see `interactive.tables.columns`."""
        from castlist.interactive import to_pandas

        return to_pandas(self, table)

    def to_polars(self, table: str = "appearances") -> polars.DataFrame:
        """The same as a polars.DataFrame."""
        from castlist.interactive import to_polars

        return to_polars(self, table)

    def to_arrow(self, table: str = "appearances") -> pyarrow.Table:
        """The same as a pyarrow.Table."""
        from castlist.interactive import to_arrow

        return to_arrow(self, table)

    def rename(self, person: str | Person, name: str, *, author: str = "") -> Cast:
        """The cast after somebody got a name; the decision goes to the log of the cast's workspace.

        Where somebody else has that name, the two become one person.

        Raises:
            InputError: nobody bears that name, the new one is empty, or the cast came from no workspace.
            WorkspaceError: the workspace cannot be written.
        """
        from castlist.interactive.decide import renamed

        return renamed(self, person, name, author)

    def merge(self, a: str | Person, b: str | Person, *, author: str = "") -> Cast:
        """The cast after two people were said to be one; where both have names, that of `a` stays.

        Raises:
            InputError: a name is unknown, both are one person, or the cast came from no workspace.
            WorkspaceError: the workspace cannot be written.
        """
        from castlist.interactive.decide import merged

        return merged(self, a, b, author)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Who appears when, drawn by matplotlib; the axes."""
        from castlist.interactive import timeline

        return timeline(self, ax)

    def _repr_html_(self) -> str:
        from castlist.interactive import html

        return html(self, self.pictures)

    def named(self, names: str | Person | Sequence[str | Person]) -> list[Person]:
        """The people who bear these names, or this one, each once.

        Upper and lower case need not agree, and p7 will do, also of somebody who was merged with others.

        Raises:
            InputError: nobody has one of the names, and the message says who comes near; or several have it.
        """
        return people_named(names, self.everybody, self.joined)

    @property
    def everybody(self) -> tuple[Person, ...]:
        """The people of the cast, then those of the background: what `person` indexes."""
        return (*self.people, *self.background)

    @property
    def unread(self) -> Fraction:
        """Seconds of the film for which no picture could be read."""
        clock = self.clock
        return clock.unread * clock.unit if self.damaged else clock.lacks(self.video.duration)

    @property
    def whole(self) -> Fraction:
        """Seconds of pictures: as the film's header says, or longer where more was read.

        Pictures may begin later than the file does, see `length`.
        """
        return self.clock.lasts(self.video.duration)

    @property
    def length(self) -> Fraction:
        """Seconds from the start of the file to the end of the film: no appearance stops later."""
        return self.clock.time(0) + self.whole if len(self.clock) else self.whole

    def with_pictures(self, pictures: Pictures) -> Cast:
        """The same cast, whose people know their pictures."""
        people = tuple(replace(p, pictures=pictures) for p in self.people)
        background = tuple(replace(p, pictures=pictures) for p in self.background)
        return replace(self, people=people, background=background, pictures=pictures)

    @classmethod
    def of(
        cls,
        video: Video,
        clock: Clock,
        shots: Shots,
        tracks: Tracks,
        label: NDArray[np.integer],
        *,
        fate: NDArray[np.integer] | None = None,
        reason: Sequence[str] = (),
        names: Sequence[str] = (),
        numbers: Sequence[int] = (),
        portraits: Portraits | None = None,
        damaged: int = 0,
        turned: int = 0,
        negative: bool = False,
        joined: Mapping[int, int] | None = None,
    ) -> Cast:
        """The cast that a label for each track describes.

        Args:
            label: (t,) a person's number for each track, NOISE where the track is nobody's.
            fate: (t,) PERSON, BACKGROUND or SET_ASIDE; by default PERSON wherever there is a label.
                Tracks of one label share a fate: the most favourable among them.
            reason: (t,) why a track is not of the cast.
            names: a name for each label, "" for none; may be shorter than the number of labels.
            numbers: the number of each label's person, as in "Person 7"; by default in the cast's order.
            portraits: pictures of faces, by track.
            joined: numbers of people who were merged with others, and of whom they are now.

        Raises:
            InputError: a column has not one row per track.
        """
        label, fate, reason = _checked(len(tracks), label, fate, reason)
        portraits = Portraits.empty() if portraits is None else portraits
        persons = listed(
            clock, video.height, shots, tracks, label, fate,
            names=names, numbers=numbers, portraits=portraits,
        )  # fmt: skip
        person = np.full(len(tracks), NOISE, np.int32)
        final = np.full(len(tracks), SET_ASIDE, np.int8)
        for row, each in enumerate(persons):
            person[list(each.tracks)], final[list(each.tracks)] = row, each.fate
        people = tuple(p for p in persons if p.fate == PERSON)
        background = tuple(p for p in persons if p.fate == BACKGROUND)
        return cls(
            video, clock, shots, tracks, person, final, reason, people, background, damaged, turned,
            negative, dict(joined or {}),
        )  # fmt: skip


def _checked(
    tracks: int, label: NDArray[np.integer], fate: NDArray[np.integer] | None, reason: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.integer], tuple[str, ...]]:
    """(t,) the columns of `Cast.of`, with what stands for those not given; NOISE for tracks set aside.

    Raises:
        InputError: a column has not one row per track.
    """
    label = np.asarray(label, np.int64)
    fate = np.where(label >= 0, PERSON, SET_ASIDE) if fate is None else np.asarray(fate)
    reason = tuple(reason) or ("",) * tracks
    for name, column in (("label", label), ("fate", fate), ("reason", reason)):
        if len(column) != tracks:
            raise InputError(f"Cast.{name} has {len(column)} rows, expected {tracks}, one a track")
    return np.where(fate == SET_ASIDE, NOISE, label), fate, reason
