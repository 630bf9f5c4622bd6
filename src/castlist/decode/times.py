"""Presentation times of frames whose file has wrong or missing timestamps. Runs in the decoding child.

There are two kinds of faults. A file's clock restarts in the middle (joined recordings): an offset carries
the times over the restart, as in the ffmpeg command. Or a frame's own time is wrong: of the two times in the
file, presentation (pts) and decoding (dts), the one with fewer faults is used, as in FFmpeg's
`best_effort_timestamp`; if neither increases, the frame rate gives the time. A decoded frame always gets a
time, later than that of the frame before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av

# Seconds by which decoding times go back when a clock restarts [ffmpeg: ffmpeg_demux.c].
BACKWARDS = 0.1
# Seconds; a longer jump ahead is a restart in formats that allow it (-dts_delta_threshold's default).
JUMP = 10.0
STUCK = 20  # a clock that advances by less than this part of a frame's duration stands still
# Seconds; longest duration of a frame for STUCK, so that films above 25 frames a second are not affected.
USUAL = 0.04


@dataclass(slots=True)
class Restarts:
    """Carries an offset over every restart of a file's clock.

    Attributes:
        second: ticks in a second.
        step: usual duration of a packet in ticks.
        jumps: whether a long jump ahead is a restart, as in broadcast formats; otherwise it is a pause.
    """

    second: float
    step: int
    jumps: bool
    _offset: int = 0
    _next: int | None = None  # expected time of the next packet

    @property
    def restarted(self) -> bool:
        """Whether the clock has restarted."""
        return self._offset != 0

    @property
    def offset(self) -> int:
        """Ticks that are now added to the times of packets."""
        return self._offset

    def __call__(self, packet: av.Packet) -> None:
        """Shift a packet's times by the offset that applies to it."""
        dts = packet.dts
        if dts is not None:
            self._look_at(dts)
            packet.dts = dts + self._offset
            self._next = packet.dts + (packet.duration or self.step)
        if packet.pts is not None:
            packet.pts += self._offset

    def _look_at(self, dts: int) -> None:
        if self._next is None:
            return
        ahead = dts + self._offset - self._next
        if self.breaks(ahead):
            self._offset -= ahead

    def breaks(self, ahead: float) -> bool:
        """Whether a packet this many ticks later than expected follows a restart."""
        back = ahead < -BACKWARDS * self.second - self.step  # relative to the packet before
        return back or (self.jumps and ahead > JUMP * self.second)


@dataclass(slots=True)
class Times:
    """Gives every frame a time, increasing.

    Attributes:
        step: ticks between two frames, by the frame rate.
        second: ticks in a second.
        trusts_dts: the format stores no presentation times; those of its packets are guesses (AVI).
        retimed: frames so far whose time differs from the presentation time in the file.
    """

    step: int
    second: float
    trusts_dts: bool = False
    retimed: int = 0
    last: int | None = None  # the time given to the last frame
    _own: int | None = None  # the file's time of that frame
    _before: list[int] = field(default_factory=list)  # decoding times of packets before the first frame
    _late: int | None = None  # ticks between a packet and its frame's output, if dts is used
    _pts: int | None = None
    _dts: int | None = None
    _faulty_pts: int = 0
    _faulty_dts: int = 0

    def read(self, dts: int | None) -> None:
        """Record the decoding time of a packet that goes to the decoder."""
        if self.trusts_dts and self._late is None and dts is not None:
            self._before.append(dts)

    def __call__(self, pts: int | None, dts: int | None) -> int:
        """The time of a frame with these two times, each of which may be missing."""
        best = self._best(pts, dts)
        time = self._rising(best)
        self.retimed += time != pts
        self._own = best if best is not None else self._own
        self.last = time
        return time

    def _best(self, pts: int | None, dts: int | None) -> int | None:
        """[FFmpeg: libavcodec/decode.c, guess_correct_pts]"""
        if dts is not None:
            self._faulty_dts += self._dts is not None and dts <= self._dts
            self._dts = dts
        if pts is not None:
            self._faulty_pts += self._pts is not None and pts <= self._pts
            self._pts = pts
        if self.trusts_dts:
            return None if dts is None else self._early(dts)
        trusted = self._faulty_pts <= self._faulty_dts or dts is None
        return pts if trusted and pts is not None else dts

    def _early(self, dts: int) -> int:
        """A decoding time minus the decoder's delay: one frame for each packet that it took in advance.

        The delay is counted in frames, since the film may pause between those packets.
        """
        if self._late is None:
            more = sum(before < dts for before in self._before)
            self._late = min(more * self.step, dts - min(self._before, default=dts))
            self._before.clear()
        return dts - self._late

    def _rising(self, best: int | None) -> int:
        """The frame's own time if it increases. A clock that lags catches up within some frames."""
        if self.last is None:
            return best or 0
        if best is None:
            return self.last + self.step
        least = min(self.step, USUAL * self.second) / STUCK
        stuck = self._own is not None and best - self._own < least
        if best > self.last and not stuck:
            return best
        return self.last + (self.step if stuck else max(1, self.step // 2))


@dataclass(slots=True)
class Count:
    """Times of a stream without times: consecutive frames at its rate, each exact."""

    step: float  # ticks between two frames
    retimed: int = 0
    last: int | None = None
    _number: int = 0

    def read(self, dts: int | None) -> None:
        """Packets have no times."""

    def __call__(self, pts: int | None, dts: int | None) -> int:
        self.last = round(self._number * self.step)
        self._number += 1
        self.retimed += 1
        return self.last
