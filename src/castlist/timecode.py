"""Timecode: frames counted on an exact grid and written as hours:minutes:seconds:frames.

    base = Timebase(Fraction(30000, 1001), drop=True, start=1_078_920)
    base.label(base.frame(Fraction(1001, 30)))  # "10:00:33;10"

Drop-frame timecode skips numbers, never frames: at 29.97 frames a second the labels ;00 and ;01 of every
minute except each tenth, at 59.94 the labels ;00 to ;03, so that an hour of labels lasts an hour. Non-drop
labels at these rates run 3.6 s an hour behind the clock. [SMPTE ST 12-1:2014, section 5]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from castlist.errors import InputError
from castlist.types import Clock

__all__ = [
    "NTSC",
    "Timebase",
    "consecutive",
    "constant",
    "frame_number",
    "parse",
    "relabelled",
    "snapped",
    "timebase",
]

NTSC = Fraction(1000, 1001)  # 30 frames a second became 29.97 when NTSC got its colour
# Rates of cameras and editing programs.
RATES = tuple(
    sorted(
        [Fraction(n) for n in (12, 15, 24, 25, 30, 48, 50, 60, 72, 96, 100, 120)]
        + [n * NTSC for n in (24, 30, 48, 60, 120)]
    )
)
# Relative tolerance; 24 and 23.976 differ by 1/1000, headers round to about 1/10,000.
_NEAR = Fraction(1, 2500)
_ON_GRID = 0.2  # frames; Matroska rounds times to the millisecond, 0.06 of a frame at 120 a second
_AROUND = 0.02  # largest relative error of the average rate in a header
# Largest ratio of a grid's rate to the average rate: at 2, every other frame of the grid is missing.
_SPARSE = 2
_LABEL = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)([:;.,])(\d{2,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Timebase:
    """The grid on which a film's frames are counted, and the labels of its frames."""

    rate: Fraction  # frames a second: whole, or whole times 1000/1001
    drop: bool = False  # drop-frame labels
    start: int = 0  # number of the film's frame at time 0, counted from label 00:00:00:00
    origin: Fraction = Fraction(0)  # seconds at which the film's first frame is shown

    @property
    def count(self) -> int:
        """Labels in a second: 30 for 29.97."""
        return round(self.rate)

    @property
    def ntsc(self) -> bool:
        return self.rate.denominator != 1

    @property
    def tick(self) -> Fraction:
        """Duration of a frame in seconds."""
        return 1 / self.rate

    def frame(self, time: Fraction) -> int:
        """The frame of the grid nearest to a time of the film, counted from time 0.

        The first frame and the distance to it are rounded separately, so that each frame has a number of its
        own also in a film that begins between two frames of the grid.
        """
        return round(self.origin * self.rate) + round((time - self.origin) * self.rate)

    def seconds(self, frame: int) -> Fraction:
        """The time of a frame of the grid; the inverse of `frame`."""
        return self.origin + (frame - round(self.origin * self.rate)) * self.tick

    def span(self, start: Fraction, stop: Fraction) -> tuple[int, int]:
        """The frames from a time to another, end excluded; at least one."""
        first = self.frame(start)
        return first, max(first + 1, self.frame(stop))

    def label(self, frame: int) -> str:
        """The timecode of a frame of the film, `start` added; hours wrap at 24."""
        number = (frame + self.start) % self._day
        if self.drop:
            number = _with_gaps(number, self.count)
        seconds, frames = divmod(number, self.count)
        minutes, seconds = divmod(seconds, 60)
        mark = ";" if self.drop else ":"
        digits = len(str(self.count - 1))
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{mark}{frames:0{max(2, digits)}d}"

    @property
    def _day(self) -> int:
        day = 24 * 3600 * self.count
        return day - 24 * 54 * _gap(self.count) if self.drop else day


def _gap(count: int) -> int:
    """Labels skipped at the beginning of a minute: 2 of 30, 4 of 60, 8 of 120."""
    return count // 15


def _with_gaps(number: int, count: int) -> int:
    """The label number of a frame, counted as if no label had been skipped before it."""
    gap = _gap(count)
    tens, rest = divmod(number, 600 * count - 9 * gap)
    minutes = max(0, rest - gap) // (60 * count - gap)
    return number + gap * (9 * tens + minutes)


class Timecode(NamedTuple):
    """The fields of a timecode."""

    hours: int
    minutes: int
    seconds: int
    frames: int
    drop: bool  # drop-frame: written with ";", "." or ","


def parse(label: str) -> Timecode:
    """The fields of a timecode.

    Raises:
        InputError: the text is no timecode.
    """
    found = _LABEL.fullmatch(label.strip())
    if found is None or int(found[1]) > 23:
        raise InputError(
            f"{label!r} is not a timecode; give hours:minutes:seconds:frames such as 01:00:00:00, "
            "or 01:00:00;00 for drop-frame"
        )
    return Timecode(int(found[1]), int(found[2]), int(found[3]), int(found[5]), found[4] != ":")


def frame_number(label: str, rate: Fraction) -> tuple[int, bool]:
    """The frame number of a timecode, counted from 00:00:00:00, and whether it is drop-frame.

    Raises:
        InputError: the text is no timecode at this rate.
    """
    hours, minutes, seconds, frames, drop = parse(label)
    count = round(rate)
    if frames >= count:
        raise InputError(
            f"{label!r} is not a timecode at {shown(rate)} frames a second: frames end at {count - 1}"
        )
    if drop and (rate.denominator == 1 or count % 30):
        raise InputError(
            f"{label!r} is drop-frame timecode, which does not exist at {shown(rate)} frames a second; "
            "write a colon before the frames"
        )
    minutes += 60 * hours
    number = (60 * minutes + seconds) * count + frames
    if not drop:
        return number, False
    if frames < _gap(count) and seconds == 0 and minutes % 10:
        raise InputError(
            f"{label!r} does not exist in drop-frame timecode: it is one of the numbers left out"
        )
    return number - _gap(count) * (minutes - minutes // 10), True


def relabelled(label: str, counted: Fraction, rate: Fraction) -> str:
    """A timecode converted to another rate: the same second, and the frame at the same fraction of it.

    At 50 frames a second with a timecode of 25, each label covers two frames, and the first of them is meant.
    A label that is invalid at the rate it was counted at stays as it is.

    Raises:
        InputError: the text is no timecode.
    """
    code, before, after = parse(label), round(counted), round(rate)
    if before == after or code.frames >= before:
        return label
    drop = code.drop and rate.denominator != 1 and after % 30 == 0
    frames = code.frames * after // before
    return f"{code.hours:02d}:{code.minutes:02d}:{code.seconds:02d}{';' if drop else ':'}{frames:02d}"


def shown(rate: Fraction) -> str:
    """A rate in the usual notation: 25, 23.976, 29.97."""
    return str(rate.numerator) if rate.denominator == 1 else f"{float(rate):.3f}".rstrip("0")


def snapped(rate: Fraction) -> Fraction:
    """The exact rate for a header's rounded rate: 30000/1001 for 29.97. Other rates stay as they are."""
    best = min(RATES, key=lambda r: abs(r - rate))
    return best if abs(best - rate) <= best * _NEAR else rate


def constant(clock: Clock, rate: Fraction) -> bool:
    """Whether every frame lies on the grid of a rate that begins with the first frame."""
    if not len(clock):
        return True
    place = (clock.pts - clock.pts[0]) * float(clock.unit * rate)
    return bool(np.all(np.abs(place - np.rint(place)) <= _ON_GRID))


def timebase(
    clock: Clock, frame_rate: Fraction, *, timecode: str = "", rate: Fraction | None = None
) -> Timebase:
    """The grid of a film, and the number of its first label.

    A film of constant rate has its own grid. A film of varying rate has the usual rate on whose grid all
    frames lie (recorders leave out frames that are like the one before); otherwise the usual rate nearest to
    the average, since an editing program lays such a film on a grid, too. `rate` replaces this choice.

    Args:
        timecode: of the film's time 0; "" for 00:00:00:00.
        rate: frames a second to count in.

    Raises:
        InputError: the rate has no timecode (12.5), or `timecode` is invalid at this rate.
    """
    rate = _grid(clock, frame_rate) if rate is None else snapped(rate)
    if rate.denominator != 1 and (rate / NTSC).denominator != 1:
        raise InputError(
            f"for {shown(rate)} frames a second there is no timecode; "
            "give the rate of your timeline, such as --rate 25"
        )
    start, drop = frame_number(timecode, rate) if timecode else (0, False)
    return Timebase(rate, drop, start, clock.time(0) if len(clock) else Fraction(0))


def _grid(clock: Clock, frame_rate: Fraction) -> Fraction:
    snapped_rate = snapped(frame_rate)
    if constant(clock, snapped_rate):
        return snapped_rate
    exact = [
        r for r in RATES if snapped_rate * (1 - _AROUND) <= r <= snapped_rate * _SPARSE and constant(clock, r)
    ]
    return exact[0] if exact else min(RATES, key=lambda r: abs(r - snapped_rate))


def consecutive(clock: Clock, rate: Fraction) -> bool:
    """Whether frame i is shown i frames of the rate after the first frame, for every i."""
    if not len(clock):
        return True
    place = (clock.pts - clock.pts[0]) * float(clock.unit * rate)
    return bool(np.all(np.abs(place - np.arange(len(clock))) <= _ON_GRID))
