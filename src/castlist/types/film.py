"""A film: its header, the time of each frame, and its shots."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError
from castlist.types.columns import freeze

LONG = 1.5  # times the median distance between pictures from which a distance counts as long
# Share of long distances from which a film has a varying rate: 0.46 in a recording of a screen, 0.01 in a
# broadcast that lost 1 % of its packets.
HELD = 0.1
GAP = 2.5  # times the median distance between pictures from which a film of constant rate has a gap
TURNS = (0, 90, 180, 270)  # degrees clockwise by which a film may be turned


@dataclass(frozen=True, slots=True)
class Video:
    """A film as described by its header. `decode` reads the frames; they are not stored here."""

    path: Path
    width: int  # pixels as shown: after rotation and sample aspect ratio
    height: int
    frame_rate: Fraction  # average, frames per second; frames need not be evenly spaced
    duration: Fraction  # seconds by the header; 0 if unknown
    digest: str  # of the content: the key of stored results
    codec: str = ""
    pixel_format: str = ""
    # Timecode of the film's time 0, by its file; ";" before the frames: drop-frame; "" for none.
    timecode: str = ""
    hidden: int = 0  # frames of the file that its edit list leaves out, as players do

    @property
    def frame_count_estimate(self) -> int:
        """Approximate number of frames, for progress; 0 if the header has no duration."""
        return round(self.duration * self.frame_rate)


@dataclass(frozen=True, eq=False, slots=True)
class Clock:
    """The time of each frame: `time(frame) == pts[frame] * unit` seconds from the start of the file."""

    pts: NDArray[np.int64]  # (f,) rising presentation timestamps; 0 is the start of the file
    unit: Fraction  # seconds per tick
    retimed: int = 0  # frames whose time is wrong or missing in the file, and was computed
    unread: int = 0  # ticks of the film without a readable picture

    def __post_init__(self) -> None:
        freeze(self, pts=(np.int64, (None,)))

    def __len__(self) -> int:
        return len(self.pts)

    def of_rate(self, rate: Fraction) -> Clock:
        """The same times; for a single frame in units of a frame, so that it lasts a frame and not a tick."""
        place = self.time(0) * rate if len(self) == 1 and rate > 0 else None
        if place is None or place.denominator != 1:
            return self
        return Clock(np.array([int(place)]), 1 / rate, self.retimed, round(self.unread * self.unit * rate))

    def lasts(self, header: Fraction) -> Fraction:
        """Seconds from the film's first picture to the end of the last, or by its header if longer.

        Args:
            header: seconds by the film's header; used only if pictures could not be read.
        """
        read = self.time(len(self)) - self.time(0) if len(self) else Fraction(0)
        return max(read, header) if self.unread else read

    def lacks(self, header: Fraction, least: Fraction = Fraction(0)) -> Fraction:
        """Seconds of the film without a readable picture.

        A recording of a screen shows a picture until something changes, even if its header has a constant
        rate. If many pictures last long, no picture is missing in between; only a rest after the last picture
        counts, if it is longer than any picture lasts. Other recorders drop single frames and show the
        picture before meanwhile: such a gap counts if it is longer than `least`.

        Args:
            header: see `lasts`.
            least: seconds; shorter gaps between two pictures, and those of this length, do not count.
        """
        steps = np.diff(self.pts)
        if not self.unread or not len(steps):
            return self.unread * self.unit
        if (steps > LONG * np.median(steps)).mean() < HELD:
            missing = steps - self.tick()
            dropped = (missing > (GAP - 1) * self.tick()) & (missing <= float(least / self.unit))
            lacking = self.unread - int(missing[dropped].sum())
            return lacking * self.unit if lacking > (GAP - 1) * self.tick() else Fraction(0)
        rest = self.lasts(header) - (self.time(len(self)) - self.time(0))
        return rest if rest > int(steps.max()) * self.unit else Fraction(0)

    def time(self, frame: int) -> Fraction:
        """The exact time at which a frame is first shown. `time(len(clock))` is the end of the last frame."""
        n = len(self.pts)
        if frame < n:
            return int(self.pts[frame]) * self.unit
        return (int(self.pts[-1]) + self.tick()) * self.unit if n else Fraction(0)

    def tick(self) -> int:
        """The median distance between frames in units; also the duration of the last frame."""
        return max(1, int(np.median(np.diff(self.pts)))) if len(self.pts) > 1 else 1

    def seconds(self, frames: ArrayLike | None = None) -> NDArray[np.float64]:
        """Times of frames (by default all) as floats, for display."""
        pts = self.pts if frames is None else self.pts[np.asarray(frames, np.int64)]
        return np.asarray(pts * float(self.unit))


@dataclass(frozen=True, eq=False, slots=True)
class Shots:
    """Runs of frames between two cuts, in order, which together are all frames of the film."""

    start: NDArray[np.int64]  # (s,) first frame
    stop: NDArray[np.int64]  # (s,) frame after the last: start <= f < stop
    transition: NDArray[np.int8]  # (s,) how the shot begins: START, CUT, DISSOLVE, FADE

    def __post_init__(self) -> None:
        freeze(self, start=(np.int64, (None,)), stop=(np.int64, (None,)), transition=(np.int8, (None,)))
        if len(self.start) and (np.any(self.stop <= self.start) or np.any(self.start[1:] != self.stop[:-1])):
            raise InputError("Shots must follow one another without gap or overlap")

    def __len__(self) -> int:
        return len(self.start)

    def of(self, frames: ArrayLike) -> NDArray[np.int64]:
        """The shot of each frame."""
        return np.searchsorted(self.stop, np.asarray(frames, np.int64), side="right").astype(np.int64)
