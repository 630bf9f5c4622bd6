"""The packets of a film's sound, on the clock of its pictures. Runs in a child.

Where a file's clock starts again (joined recordings, discs), the pictures are carried over the restart by an
offset (`castlist.decode.times.Restarts`). Sound ends a little before or after the pictures, so an offset of
its own would move it against them, more with every restart: it takes that of the pictures. Its first packet
after a restart may stand before theirs in the file; it then waits for them.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from castlist.decode.times import JUMP, Restarts

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

    from castlist.decode.source import Source

__all__ = ["sound_frames", "sound_packets"]

WAITING = 2000  # packets of sound that wait for the pictures' restart; then there is none, only a gap


def sound_packets(
    source: Source, container: InputContainer, streams: Sequence[av.AudioStream]
) -> Iterator[av.Packet[av.AudioStream]]:
    """The packets of these streams, their times on the clock of the film's pictures.

    Args:
        source: the film.
        container: the same file, opened once more.
        streams: of that container.
    """
    if not source.broadcast:  # its clock does not start again, and pictures need not be read
        yield from container.demux(list(streams))
        return
    pictures = container.streams[source.stream.index]
    restarts, offsets = source.restarts(), [Fraction(0)]
    sounds = {stream.index: _SoundStream(stream, offsets) for stream in streams}
    for packet in container.demux([pictures, *streams]):
        if packet.stream.index in sounds:
            yield from sounds[packet.stream.index].take(packet)
            continue
        restarts(packet)
        offset = restarts.offset * Fraction(pictures.time_base or 0)
        if offset != offsets[-1]:
            offsets.append(offset)
            for sound in sounds.values():
                yield from sound.moved()


def sound_frames(packet: av.Packet[av.AudioStream]) -> Iterator[av.AudioFrame]:
    """The frames of a packet that have a time; none of what cannot be decoded, which is silent."""
    import av.error

    with contextlib.suppress(av.error.FFmpegError):
        yield from (frame for frame in packet.decode() if frame.pts is not None)


class _SoundStream:
    """One stream of sound, and its packets that wait.

    Args:
        offsets: those of the pictures so far, in seconds; they grow.
    """

    def __init__(self, stream: av.AudioStream, offsets: list[Fraction]) -> None:
        self._tick = Fraction(stream.time_base or 1)
        self._rule = Restarts(float(1 / self._tick), 0, True)
        self._offsets, self._at = offsets, 0
        self._next: Fraction | None = None  # ticks of the film at which the next packet is expected
        self._waiting: deque[av.Packet[av.AudioStream]] = deque()

    def take(self, packet: av.Packet[av.AudioStream]) -> Iterator[av.Packet[av.AudioStream]]:
        """One more packet; those that can go."""
        self._waiting.append(packet)
        if packet.size:
            yield from self.moved(give_up=len(self._waiting) > WAITING)
            return
        while self._waiting:  # the end: nothing more is to come
            yield from self.moved(give_up=True)

    def moved(self, *, give_up: bool = False) -> Iterator[av.Packet[av.AudioStream]]:
        """The packets that can go, on the film's clock; where none may wait, the first of them at least."""
        while self._waiting:
            packet = self._waiting[0]
            if packet.dts is not None and self._rule.breaks(self._ahead(packet.dts, self._at)):
                found = self._restart(packet.dts)
                if found is None and not give_up:
                    return
                self._at = self._at if found is None else found
            give_up = False
            self._move(self._waiting.popleft())
            yield packet

    def _shift(self, number: int) -> int:
        return round(self._offsets[number] / self._tick)

    def _ahead(self, dts: int, number: int) -> float:
        """Ticks by which a packet with this offset is later than expected."""
        return 0.0 if self._next is None else float(dts + self._shift(number) - self._next)

    def _restart(self, dts: int) -> int | None:
        """The later offset with which a packet goes on where the one before ended, as nearly as can be."""
        after = range(self._at + 1, len(self._offsets))
        near = min(after, key=lambda i: abs(self._ahead(dts, i)), default=None)
        return None if near is None or abs(self._ahead(dts, near)) > JUMP / self._tick else near

    def _move(self, packet: av.Packet[av.AudioStream]) -> None:
        shift = self._shift(self._at)
        if packet.dts is not None:
            packet.dts += shift
            self._next = Fraction(packet.dts + (packet.duration or 0))
        if packet.pts is not None:
            packet.pts += shift
