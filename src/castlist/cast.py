"""The cast: people with their screen time and appearances.

    for person in cast:
        print(person.name, person.screen_time, person.appearances[0])

`Cast.of` makes it; nothing here computes who is who.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import is_whole
from castlist.clock_times import how_long
from castlist.errors import InputError
from castlist.name_forms import comparable
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

__all__ = ["APPEARANCE_GAP", "Appearance", "Cast", "Face", "Person", "picture_worth"]

APPEARANCE_GAP = Fraction(1)  # seconds out of sight within which an appearance goes on
# frames at either end of a shot that may hold the picture before or after too: in a title sequence converted
# between frame rates, three of twelve people were shown first by such a picture
EDGE = 2
AT_A_CUT = 0.5  # of its quality that such a picture counts: of a track that has no better one, it is shown


Pictures = Callable[[str], bytes]  # the bytes of a face's JPEG, by its name


@dataclass(frozen=True, slots=True)
class Appearance:
    """One stay of a person on screen, from a first frame to the end of a last one.

    It goes on where the person is out of sight for at most a second (APPEARANCE_GAP).
    """

    start: Fraction  # seconds from the start of the film
    stop: Fraction
    tracks: tuple[int, ...]

    @property
    def duration(self) -> Fraction:
        return self.stop - self.start

    def __repr__(self) -> str:
        return f"<Appearance {float(self.start):.2f}–{float(self.stop):.2f} s>"


@dataclass(frozen=True, slots=True)
class Face:
    """A picture of a person: where it was taken and how good it is."""

    frame: int
    time: Fraction  # seconds
    box: tuple[float, float, float, float]  # left, top, right, bottom in pixels
    track: int
    quality: float  # 0 to 1
    image: str  # file name among the workspace's thumbs, "" for none

    def __repr__(self) -> str:
        return f"<Face at {float(self.time):.2f} s, quality {self.quality:.2f}>"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the cast, or of the background."""

    id: int  # of "Person 7": never anybody else's, whatever is decided or found again
    name: str  # as given, or "Person 3"
    named: bool
    fate: int  # PERSON or BACKGROUND
    tracks: tuple[int, ...]
    face_count: int  # frames in which a face of theirs was seen, each face counted
    duration: Fraction  # seconds on screen, exact
    appearances: tuple[Appearance, ...]
    faces: tuple[Face, ...]  # best first
    pictures: Pictures | None = field(default=None, compare=False)  # where it came from a workspace

    def __repr__(self) -> str:
        stays = len(self.appearances)
        summary = f"{how_long(self.duration)} in {stays} appearance{'s' * (stays != 1)}"
        return f"<Person {self.name!r}: {summary}, {len(self.tracks)} track{'s' * (len(self.tracks) != 1)}>"

    def _repr_html_(self) -> str:
        from castlist.interactive import person_html

        return person_html(self, self.pictures)

    def images(self, limit: int = 8) -> list[bytes]:
        """The JPEGs of this person's best faces, best first; none where the cast came from no workspace.

        Raises:
            InputError: limit is no whole number of at least 0.
            WorkspaceError: a picture is missing or damaged.
        """
        if not is_whole(limit) or limit < 0:
            raise InputError(f"limit is how many pictures are wanted at most, got {limit!r}")
        if self.pictures is None:
            return []
        return [self.pictures(face.image) for face in self.faces[:limit] if face.image]

    @property
    def key(self) -> str:
        """As `castlist decide` takes it: "p7"."""
        return f"p{self.id}"

    @property
    def screen_time(self) -> float:
        """Seconds on screen: frames that show this person, each as long as it lasts."""
        return float(self.duration)

    @property
    def first(self) -> Fraction:
        """Seconds at which this person is first seen."""
        return self.appearances[0].start

    @property
    def last(self) -> Fraction:
        """Seconds at which this person is last seen."""
        return self.appearances[-1].stop


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
        known = ", ".join(p.name for p in self.people[:20]) or "nobody"
        raise KeyError(f"nobody is called {key!r}; the cast has {known}")

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
        left, right = (_frames(self.tracks, np.array(p.tracks, np.int64)) for p in (first, second))
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
        found: dict[int, Person] = {}
        if isinstance(names, bytes) or not isinstance(names, str | Person | Iterable):
            raise InputError(f"the name of a person is text, got {type(names).__name__}")
        for given in [names] if isinstance(names, str | Person) else names:
            name = given.key if isinstance(given, Person) else given
            if not isinstance(name, str):
                raise InputError(f"the name of a person is text, got {type(name).__name__}")
            meant = [p for p in self.everybody if p.name == name]
            wanted = comparable(name)
            meant = meant or [p for p in self.everybody if comparable(p.name) == wanted]
            meant = meant or [p for p in self.everybody if wanted in (p.key, f"person {p.id}")]
            meant = meant or self._merged(wanted)
            if not meant:
                raise InputError(self._unknown(name))
            if len(meant) > 1:
                several = ", ".join(f"{p.key} ({how_long(p.duration)})" for p in meant)
                raise InputError(
                    f"{len(meant)} people are called {name!r}: {several}; write {meant[0].key}, not the name"
                )
            found |= {p.id: p for p in meant}
        return list(found.values())

    def _merged(self, wanted: str) -> list[Person]:
        """Whoever the person of a number ("p7", "person 7") is now, after having been merged."""
        number = next((n for n in self.joined if wanted in (f"p{n}", f"person {n}")), None)
        for _ in range(len(self.joined)):
            number = None if number is None else self.joined.get(number, number)
        return [p for p in self.everybody if p.id == number]

    def _unknown(self, name: str) -> str:
        known = [p.name for p in self.everybody]
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        if near:
            return f"nobody is called {name!r} here; did you mean {' or '.join(near)}?"
        return f"nobody is called {name!r} here; the cast has {', '.join(known[:20]) or 'nobody'}"

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
        worth = picture_worth(portraits, shots)
        person = np.full(len(tracks), NOISE, np.int32)
        final = np.full(len(tracks), SET_ASIDE, np.int8)
        persons = []
        durations = {
            k: _screen_time(clock, tracks, np.flatnonzero(label == k))
            for k in np.unique(label[label >= 0]).tolist()
        }
        prominence = tracks.prominence(clock, video.height)
        for row, k in enumerate(_cast_order(durations, tracks, prominence, label, fate)):
            members = np.flatnonzero(label == k)
            name = names[k] if k < len(names) else ""
            number = int(numbers[k]) if k < len(numbers) else row + 1
            made = Person(
                id=number,
                name=name or f"Person {number}",
                named=bool(name),
                fate=int(fate[members].min()),
                tracks=tuple(members.tolist()),
                face_count=int(tracks.size[members].sum()),
                duration=durations[k],
                appearances=_appearances(clock, tracks, members),
                faces=_faces(clock, portraits, worth, members),
            )
            person[members], final[members] = row, made.fate
            persons.append(made)
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


def _cast_order(
    durations: Mapping[int, Fraction],
    tracks: Tracks,
    prominence: NDArray[np.float64],
    label: NDArray[np.integer],
    fate: NDArray[np.integer],
) -> list[int]:
    """The labels in the order of the cast: by fate, prominence, screen time, first frame.

    Args:
        durations: screen time in seconds, by label.
        prominence: (n,) of each face of the tracks.
        label: (t,) a number for each track, NOISE for tracks without a person.
        fate: (t,) of each track.
    """
    by_track = np.bincount(tracks.track, prominence, minlength=len(tracks))

    def rank(k: int) -> tuple[int, float, Fraction, int, int]:
        members = label == k
        prominent = round(float(by_track[members].sum()), 3)
        return int(fate[members].min()), -prominent, -durations[k], int(tracks.first[members].min()), k

    return sorted(durations, key=rank)


def _frames(tracks: Tracks, members: NDArray[np.int64]) -> NDArray[np.int64]:
    """The frames in which any of these tracks is seen, each once."""
    if not len(members):
        return np.zeros(0, np.int64)
    return np.unique(np.concatenate([tracks.frame[tracks.rows(t)] for t in members]))


def _screen_time(clock: Clock, tracks: Tracks, members: NDArray[np.int64]) -> Fraction:
    """Seconds during which any of these tracks is seen: each frame lasts until the next one."""
    frames = _frames(tracks, members)
    ends = np.append(clock.pts, clock.pts[-1:] + clock.tick())
    return int((ends[frames + 1] - ends[frames]).sum()) * clock.unit


def _appearances(clock: Clock, tracks: Tracks, members: NDArray[np.int64]) -> tuple[Appearance, ...]:
    """The stays on screen of these tracks, those joined that lie APPEARANCE_GAP apart or less."""
    spans = sorted(
        (clock.time(int(tracks.first[t])), clock.time(int(tracks.last[t]) + 1), int(t)) for t in members
    )
    stays: list[Appearance] = []
    for start, stop, track in spans:
        if stays and start - stays[-1].stop <= APPEARANCE_GAP:
            before = stays.pop()
            start, stop = before.start, max(before.stop, stop)
            stays.append(Appearance(start, stop, (*before.tracks, track)))
        else:
            stays.append(Appearance(start, stop, (track,)))
    return tuple(stays)


def picture_worth(portraits: Portraits, shots: Shots) -> NDArray[np.float64]:
    """(k,) 0 to 1: how well each picture shows somebody, by which every page and export chooses pictures.

    It is the picture's quality, lowered for the first and last frames of a shot, which may hold two pictures
    at once. What somebody chose (quality 1) stays first.
    """
    frame, quality = portraits.frame, portraits.quality.astype(np.float64)
    if not len(shots):
        return quality
    shot = np.minimum(shots.of(frame), len(shots) - 1)
    at_a_cut = (frame - shots.start[shot] < EDGE) | (shots.stop[shot] - frame <= EDGE)
    return np.where(at_a_cut & (quality < 1), quality * AT_A_CUT, quality)


def _faces(
    clock: Clock, portraits: Portraits, worth: NDArray[np.float64], members: NDArray[np.int64]
) -> tuple[Face, ...]:
    """The portraits of these tracks, best first; of each track its best before any other's second."""
    rows = np.flatnonzero(np.isin(portraits.track, members))
    rows = rows[np.lexsort((portraits.frame[rows], -worth[rows]))]
    counted: dict[int, int] = {}
    rank = {}
    for row in rows.tolist():
        track = int(portraits.track[row])
        rank[row] = counted[track] = counted.get(track, -1) + 1
    ordered = sorted(rows.tolist(), key=lambda r: (rank[r], -worth[r], portraits.frame[r]))
    return tuple(
        Face(
            frame=int(portraits.frame[r]),
            time=clock.time(int(portraits.frame[r])),
            box=tuple(portraits.box[r].tolist()),
            track=int(portraits.track[r]),
            quality=float(portraits.quality[r]),
            image=portraits.image[r],
        )
        for r in ordered
    )
