"""A film: its header, when each frame is shown, and its shots."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError
from castlist.types.columns import freeze

LONG = 1.5  # usual times between two pictures, beyond which one stands for long
HELD = 0.1  # of the pictures stand for long in a film of a varying rate: 0.46 in a recording of a screen, and
# 0.01 in a broadcast that lost 1 % of its packets
TURNS = (0, 90, 180, 270)  # degrees clockwise by which a film may be turned


@dataclass(frozen=True, slots=True)
class Video:
    """A film as its header describes it. Frames are obtained from `decode`, not held here."""

    path: Path
    width: int  # pixels as shown: after rotation and sample aspect ratio
    height: int
    frame_rate: Fraction  # average, frames per second; frames need not be evenly spaced
    duration: Fraction  # seconds, as the header says; 0 where it does not
    digest: str  # of the content: the key under which results are kept
    codec: str = ""
    pixel_format: str = ""
    # Of the film's time 0, as its file says; ";" before the frames: drop-frame; "" for none.
    timecode: str = ""
    hidden: int = 0  # frames of the file that its edit list leaves out, as players do

    @property
    def frame_count_estimate(self) -> int:
        """About how many frames there are, for progress; 0 where the header does not say."""
        return round(self.duration * self.frame_rate)


@dataclass(frozen=True, eq=False, slots=True)
class Clock:
    """When each frame is shown: `time(frame) == pts[frame] * unit` seconds from the start of the file."""

    pts: NDArray[np.int64]  # (f,) rising presentation timestamps, the file's own start at 0
    unit: Fraction  # seconds per tick
    retimed: int = 0  # frames whose time the file gives wrongly or not at all: it was worked out
    unread: int = 0  # ticks of the film for which no picture could be read

    def __post_init__(self) -> None:
        freeze(self, pts=(np.int64, (None,)))

    def __len__(self) -> int:
        return len(self.pts)

    def of_rate(self, rate: Fraction) -> Clock:
        """The same times; of a film of one frame in units of a frame, so that it lasts one and not a tick."""
        place = self.time(0) * rate if len(self) == 1 and rate > 0 else None
        if place is None or place.denominator != 1:
            return self
        return Clock(np.array([int(place)]), 1 / rate, self.retimed, round(self.unread * self.unit * rate))

    def lasts(self, header: Fraction) -> Fraction:
        """Seconds that the film lasts: from its first picture to the end of the last, or as its header says.

        Args:
            header: seconds by the film's header, which count where pictures could not be read.
        """
        read = self.time(len(self)) - self.time(0) if len(self) else Fraction(0)
        return max(read, header) if self.unread else read

    def lacks(self, header: Fraction) -> Fraction:
        """Seconds of the film for which no picture could be read.

        A recording of a screen shows a picture until something changes, although its header may promise an
        even rate: where many pictures stand for long, nothing is missing but what follows the last one for
        longer than any stands.

        Args:
            header: see `lasts`.
        """
        steps = np.diff(self.pts)
        if not self.unread or not len(steps) or (steps > LONG * np.median(steps)).mean() < HELD:
            return self.unread * self.unit
        rest = self.lasts(header) - (self.time(len(self)) - self.time(0))
        return rest if rest > int(steps.max()) * self.unit else Fraction(0)

    def time(self, frame: int) -> Fraction:
        """The exact time at which a frame is first shown. `time(len(clock))` is when the last one ends."""
        n = len(self.pts)
        if frame < n:
            return int(self.pts[frame]) * self.unit
        return (int(self.pts[-1]) + self.tick()) * self.unit if n else Fraction(0)

    def tick(self) -> int:
        """The usual distance of two frames in units (their median); how long the last frame is shown."""
        return max(1, int(np.median(np.diff(self.pts)))) if len(self.pts) > 1 else 1

    def seconds(self, frames: ArrayLike | None = None) -> NDArray[np.float64]:
        """Times of frames (all of them by default) as floats, for display."""
        pts = self.pts if frames is None else self.pts[np.asarray(frames, np.int64)]
        return np.asarray(pts * float(self.unit))


@dataclass(frozen=True, eq=False, slots=True)
class Shots:
    """Runs of frames between two cuts, in order, together all the frames of the film."""

    start: NDArray[np.int64]  # (s,) first frame
    stop: NDArray[np.int64]  # (s,) frame after the last: start <= f < stop
    transition: NDArray[np.int8]  # (s,) how the shot comes in: START, CUT, DISSOLVE, FADE

    def __post_init__(self) -> None:
        freeze(self, start=(np.int64, (None,)), stop=(np.int64, (None,)), transition=(np.int8, (None,)))
        if len(self.start) and (np.any(self.stop <= self.start) or np.any(self.start[1:] != self.stop[:-1])):
            raise InputError("Shots must follow one another without gap or overlap")

    def __len__(self) -> int:
        return len(self.start)

    def of(self, frames: ArrayLike) -> NDArray[np.int64]:
        """The shot in which each frame lies."""
        return np.searchsorted(self.stop, np.asarray(frames, np.int64), side="right").astype(np.int64)
