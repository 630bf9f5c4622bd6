"""The packets of a film's sound, on the clock of its pictures. Runs in a child.

Where a file's clock restarts (joined recordings, discs), an offset carries the times of the pictures over the
restart (`castlist.decode.times.Restarts`). Sound ends slightly before or after the pictures, so an offset of
its own would shift it against the pictures, more with every restart: sound therefore uses the offset of the
pictures. A sound packet that follows a restart in the file before the first picture packet does waits for
that packet.
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

# Packets of sound that wait for the pictures' restart; after these, it is a gap and no restart.
WAITING = 2000


def sound_packets(
    source: Source, container: InputContainer, streams: Sequence[av.AudioStream]
) -> Iterator[av.Packet[av.AudioStream]]:
    """The packets of these streams, with times on the clock of the film's pictures.

    Args:
        source: the film.
        container: the same file, opened separately.
        streams: of that container.
    """
    if not source.broadcast:  # its clock never restarts, so the pictures need not be read
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
    """The frames of a packet that have a time; none if it cannot be decoded, which gives silence."""
    import av.error

    with contextlib.suppress(av.error.FFmpegError):
        yield from (frame for frame in packet.decode() if frame.pts is not None)


class _SoundStream:
    """A stream of sound, and its waiting packets.

    Args:
        offsets: of the pictures so far, in seconds; the caller appends to the list.
    """

    def __init__(self, stream: av.AudioStream, offsets: list[Fraction]) -> None:
        self._tick = Fraction(stream.time_base or 1)
        self._rule = Restarts(float(1 / self._tick), 0, True)
        self._offsets, self._at = offsets, 0
        self._next: Fraction | None = None  # expected time of the next packet, in ticks of the film
        self._waiting: deque[av.Packet[av.AudioStream]] = deque()

    def take(self, packet: av.Packet[av.AudioStream]) -> Iterator[av.Packet[av.AudioStream]]:
        """Take one more packet; gives those that are ready."""
        self._waiting.append(packet)
        if packet.size:
            yield from self.moved(give_up=len(self._waiting) > WAITING)
            return
        while self._waiting:  # the end: no packets follow
            yield from self.moved(give_up=True)

    def moved(self, *, give_up: bool = False) -> Iterator[av.Packet[av.AudioStream]]:
        """The packets that are ready, on the film's clock; with `give_up`, at least the first one."""
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
        """The later offset that best continues the times of the packet before; None if no offset fits."""
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
