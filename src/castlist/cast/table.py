"""The cast of a film as a table: the person of each track, and the people."""

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
from castlist.cast.people import APPEARANCE_GAP, frames_of, listed
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
    reason: tuple[str, ...]  # (t,) why a track is not in the cast, "" if it is
    people: tuple[Person, ...]
    background: tuple[Person, ...]
    damaged: int = 0  # frames that could not be decoded
    turned: int = 0  # degrees clockwise by which to turn the film to show more faces; 0 for none
    negative: bool = False  # the film is a negative: it shows far more faces with inverted tones
    # former number of a merged person -> current number
    joined: Mapping[int, int] = field(default_factory=dict)
    pictures: Pictures | None = None  # None if the cast does not come from a workspace

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
            KeyError: no person has this name.
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
        """Whether a person, or a person with this name, is in the cast or its background."""
        return any(person is p or (isinstance(person, str) and person == p.name) for p in self.everybody)

    def __repr__(self) -> str:
        names = ", ".join(p.name for p in self.people[:6]) + (", ..." if len(self.people) > 6 else "")
        return f"<Cast of {self.video.path.name}: {self.summary}{': ' * bool(names)}{names}>"

    @property
    def summary(self) -> str:
        """Number of people and length of the film, for display."""
        count = f"{len(self.people)} {'person' if len(self.people) == 1 else 'people'}"
        behind = f" and {len(self.background)} in the background" if self.background else ""
        return f"{count}{behind} in {how_long(self.length)}"

    def share(self, person: str | Person) -> float:
        """The share of the film's readable part, 0 to 1, in which a person is on screen.

        Raises:
            InputError: no person has this name.
        """
        whole, person = self.whole, person if isinstance(person, Person) else self.named([person])[0]
        return float(person.duration / whole) if whole else 0.0

    def at(self, time: float | Fraction | str) -> list[Person]:
        """The people in the frame shown at a time, most prominent first: seconds by size.

        Args:
            time: seconds, or a text: "1:23.5", or a timecode of the film, "10:00:01:05".

        Raises:
            InputError: it is not a time.
        """
        if isinstance(time, str):
            from castlist.interactive import moment

            time = moment(self, time)
        if not isinstance(time, int | float | Fraction):  # a number of NumPy, or not a number
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
        """(start, stop) in seconds of each run of frames with both people.

        Raises:
            InputError: a name is unknown, or both names mean one person.
        """
        first, second = (p if isinstance(p, Person) else self.named([p])[0] for p in (a, b))
        if first.id == second.id:
            raise InputError(f"{first.name} is one person; give two different people")
        left, right = (frames_of(self.tracks, np.array(p.tracks, np.int64)) for p in (first, second))
        shared = np.intersect1d(left, right)
        runs = np.split(shared, np.flatnonzero(np.diff(shared) > 1) + 1) if len(shared) else []
        return tuple((self.clock.time(int(r[0])), self.clock.time(int(r[-1]) + 1)) for r in runs)

    def to_pandas(self, table: str = "appearances") -> pandas.DataFrame:
        """A pandas.DataFrame of "people", "appearances" or "faces"; see `interactive.tables.columns`.

        Raises:
            InputError: there is no such table.
            MissingExtra: pandas is not installed.
        """
        from castlist.interactive import to_pandas

        return to_pandas(self, table)

    def to_polars(self, table: str = "appearances") -> polars.DataFrame:
        """The same as a polars.DataFrame; raises as `to_pandas` does."""
        from castlist.interactive import to_polars

        return to_polars(self, table)

    def to_arrow(self, table: str = "appearances") -> pyarrow.Table:
        """The same as a pyarrow.Table; raises as `to_pandas` does."""
        from castlist.interactive import to_arrow

        return to_arrow(self, table)

    def rename(self, person: str | Person, name: str, *, author: str = "") -> Cast:
        """The cast after giving a person a name; the decision is added to the log of the cast's workspace.

        If another person has this name, the two are merged.

        Raises:
            InputError: no person has the name `person`, `name` is empty, or the cast does not come from a
                workspace.
            WorkspaceError: the workspace cannot be written.
        """
        from castlist.interactive.decide import renamed

        return renamed(self, person, name, author)

    def merge(self, a: str | Person, b: str | Person, *, author: str = "") -> Cast:
        """The cast after merging two people; if both have names, a's name stays.

        Raises:
            InputError: a name is unknown, both mean one person, or the cast does not come from a workspace.
            WorkspaceError: the workspace cannot be written.
        """
        from castlist.interactive.decide import merged

        return merged(self, a, b, author)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A timeline of the people, drawn by matplotlib; returns the axes.

        Args:
            ax: axes to draw on; by default those of a new figure.

        Raises:
            InputError: `ax` is no axes of matplotlib.
            MissingExtra: matplotlib is not installed.
        """
        from castlist.interactive import timeline

        return timeline(self, ax)

    def _repr_html_(self) -> str:
        from castlist.interactive import html

        return html(self, self.pictures)

    def named(self, names: str | Person | Sequence[str | Person]) -> list[Person]:
        """The people with these names (or this one), each once.

        Upper and lower case are ignored. An id such as p7 is accepted, also for a person merged into another
        one.

        Raises:
            InputError: no person has one of the names (the message lists similar names), or several people
                have it.
        """
        return people_named(names, self.everybody, self.joined)

    @property
    def everybody(self) -> tuple[Person, ...]:
        """The people of the cast, then those of the background: `person` is an index into this."""
        return (*self.people, *self.background)

    @property
    def unread(self) -> Fraction:
        """Seconds of the film without a readable picture.

        If no frame is damaged, a gap between two pictures counts if it is longer than a second
        (APPEARANCE_GAP): over shorter gaps an appearance goes on, so that they change nothing in the cast.
        """
        clock = self.clock
        return clock.unread * clock.unit if self.damaged else clock.lacks(self.video.duration, APPEARANCE_GAP)

    @property
    def whole(self) -> Fraction:
        """Seconds of pictures: by the film's header, or longer if more was read.

        Pictures may begin after the file does, see `length`.
        """
        return self.clock.lasts(self.video.duration)

    @property
    def length(self) -> Fraction:
        """Seconds from the start of the file to the end of the film; all appearances end by then."""
        return self.clock.time(0) + self.whole if len(self.clock) else self.whole

    def with_pictures(self, pictures: Pictures) -> Cast:
        """The same cast, with a source of pictures for its people."""
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
        """The cast for tracks with labels.

        Args:
            label: (t,) label of each track's person, NOISE for tracks without a person.
            fate: (t,) PERSON, BACKGROUND or SET_ASIDE; by default PERSON for tracks with a label. All tracks
                of a label get the best role among them.
            reason: (t,) why a track is not in the cast.
            names: name of each label, "" for none; may be shorter than the number of labels.
            numbers: number of each label's person, as in "Person 7"; by default by cast order.
            portraits: pictures of faces, by track.
            joined: former numbers of merged people -> current number.

        Raises:
            InputError: a column does not have one row for each track.
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
    """(t,) the columns of `Cast.of`, with defaults for missing ones; NOISE for set-aside tracks.

    Raises:
        InputError: a column does not have one row for each track.
    """
    label = np.asarray(label, np.int64)
    fate = np.where(label >= 0, PERSON, SET_ASIDE) if fate is None else np.asarray(fate)
    reason = tuple(reason) or ("",) * tracks
    for name, column in (("label", label), ("fate", fate), ("reason", reason)):
        if len(column) != tracks:
            raise InputError(f"Cast.{name} has {len(column)} rows, expected {tracks}, one a track")
    return np.where(fate == SET_ASIDE, NOISE, label), fate, reason
