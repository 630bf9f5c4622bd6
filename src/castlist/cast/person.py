"""A person of a cast: pictures, appearances, screen time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from castlist.argument_types import is_whole
from castlist.clock_times import how_long
from castlist.errors import InputError

__all__ = ["Appearance", "Face", "Person", "Pictures"]

Pictures = Callable[[str], bytes]  # the bytes of a face's JPEG, by its name


@dataclass(frozen=True, slots=True)
class Appearance:
    """An appearance of a person on screen, from the first frame to the end of the last one.

    It goes on while the person is out of sight for at most a second (APPEARANCE_GAP).
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
    """A person of the cast or of the background."""

    id: int  # of "Person 7"; never another person's, after any decision or run
    name: str  # as given, or "Person 3"
    named: bool
    fate: int  # PERSON or BACKGROUND
    tracks: tuple[int, ...]
    face_count: int  # faces of this person, one for each frame and track
    duration: Fraction  # seconds on screen, exact
    appearances: tuple[Appearance, ...]
    faces: tuple[Face, ...]  # best first
    # None if the cast does not come from a workspace
    pictures: Pictures | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        stays = len(self.appearances)
        summary = f"{how_long(self.duration)} in {stays} appearance{'s' * (stays != 1)}"
        return f"<Person {self.name!r}: {summary}, {len(self.tracks)} track{'s' * (len(self.tracks) != 1)}>"

    def _repr_html_(self) -> str:
        from castlist.interactive import person_html

        return person_html(self, self.pictures)

    def images(self, limit: int = 8) -> list[bytes]:
        """The JPEGs of this person's best faces, best first; [] if the cast does not come from a workspace.

        Raises:
            InputError: limit is not a whole number of at least 0.
            WorkspaceError: a picture is missing or damaged.
        """
        if not is_whole(limit) or limit < 0:
            raise InputError(f"limit is how many pictures are wanted at most, got {limit!r}")
        if self.pictures is None:
            return []
        return [self.pictures(face.image) for face in self.faces[:limit] if face.image]

    @property
    def key(self) -> str:
        """The id in commands: "p7"."""
        return f"p{self.id}"

    @property
    def screen_time(self) -> float:
        """Seconds on screen: the sum of the durations of frames with this person."""
        return float(self.duration)

    @property
    def first(self) -> Fraction:
        """Seconds at which this person is first seen."""
        return self.appearances[0].start

    @property
    def last(self) -> Fraction:
        """Seconds at which this person is last seen."""
        return self.appearances[-1].stop
