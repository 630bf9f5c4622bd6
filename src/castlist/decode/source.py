"""The frames of one open file in presentation order. Runs in the decoding child.

It reads only the open file object that it gets (`castlist.decode.container`).
"""

from __future__ import annotations

import contextlib
import heapq
import math
import re
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import av
import av.error
from av.format import Flags

from castlist.decode import mxf
from castlist.decode.asf import stated_duration
from castlist.decode.container import opened
from castlist.decode.files import decoding_threads
from castlist.decode.quicktime import lacks_index, timecode_rate, timecode_shift
from castlist.decode.readable import Readable
from castlist.decode.times import Count, Restarts, Times
from castlist.decode.wire import Fault, Unusable
from castlist.errors import InputError
from castlist.timecode import Timebase, frame_number, relabelled, snapped
from castlist.types.film import GAP

if TYPE_CHECKING:
    from av.container import InputContainer

EARLIER = (2, 10, 60)  # seconds before the wanted time at which a key frame is sought
SETTLED = 32  # frames after a key frame from which decoding no longer depends on where it began
DELAY = 64  # packets: a frame overtakes fewer; H.264 and HEVC reorder up to 16 frames, which are 32 fields
REORDER = 4  # frames that may be shown before a frame they depend on, where FFmpeg gives no number
TIMECODE = re.compile(r"(?:[01]\d|2[0-3])(?::[0-5]\d){2}[:;.,]\d{2,3}", re.ASCII)
MAX_STUMBLES = 100  # consecutive reading errors after which the rest of a file is given up
FINE = 8  # ticks between two frames, at least: so that a frame can get a time between two others
EVEN = Fraction(1, 50)  # largest relative difference of the average and the base rate of such a film
FRAME_AND_HALF = Fraction(3, 2)  # frames: a shorter stream has one frame, however its duration is rounded
SLACK = Fraction(1)  # second by which sound may be longer than the pictures, where both have one duration


class Unforetold(Exception):
    """The times of the frames are only known after decoding them in order."""


class _Damage(Exception):
    """A frame is damaged while several are decoded in parallel."""


class _Decoded(NamedTuple):
    """A frame, and the counts at the time when it was decoded."""

    pts: int  # ticks of `Source.unit`
    frame: av.VideoFrame
    damaged: int
    retimed: int


class _TooLate(Exception):
    """Frames from this key frame on may differ from those of a read from the beginning."""


class Source:
    """One open file and its main video stream.

    `exact` forbids seeking to a later frame: needed if a frame before it got another time than the file gives
    it, since later times depend on it.

    Raises:
        Unusable: it is no video, its frames are larger than `max_pixels`, or its disk cannot be read.
    """

    def __init__(self, file: Readable, *, threads: int, max_pixels: int, exact: bool = False) -> None:
        self._file, self._threads, self._max_pixels = file, threads, max_pixels
        self.damaged = 0  # frames that could not be decoded or read
        self.retimed = 0  # frames whose time differs from that in the file
        self.unread = 0  # ticks of the film of which no frame could be read
        self._before = (0, 0, 0)  # these three counts before the first damage
        self._exact = exact
        self._open()

    def _open(self) -> None:
        self._file.seek(0)
        self.container = self._container()
        self.stream = self._main_stream()
        if self._shows_nothing():
            self._file.seek(0)
            self.container.close()
            self.container = self._container(edits=False)
            self.stream = self._main_stream()
        context = self.stream.codec_context
        self._threads = self._threads or decoding_threads(context.width, context.height)
        context.thread_type = "AUTO"
        context.thread_count = self._threads
        context.options = {"max_pixels": str(self._max_pixels)}
        self._tick = Fraction(self.stream.time_base or Fraction(1, 90000))  # the file's own tick, in seconds
        self._fine = math.ceil(FINE * self.rate * self._tick)
        self.unit = self._tick / self._fine
        self._zero = self._start_of_file()
        self._restarts = self.restarts()
        self._times = self._clock()
        self._step = max(1, round(1 / (self.rate * self.unit)))
        self._hurts = 0  # frames lost since it was opened
        self._owed = 0  # packets that have given no frame yet
        self._ended: int | None = None  # end of the last frame
        self._usual = self._step  # its duration

    def _container(self, *, edits: bool = True) -> InputContainer:
        try:
            return opened(self._file, edits=edits)
        except av.error.FFmpegError as e:
            _check_memory(e)
            raise Unusable(Fault.NO_INDEX if lacks_index(self._file) else Fault.NOT_A_VIDEO) from e

    def _shows_nothing(self) -> bool:
        """Whether an edit list leaves at most one frame of a film: it is then damaged, or not meant so."""
        if not self._edited or self.stream.frames <= 2:
            return False
        shown = (1 for entry in self.stream.index_entries if not entry.is_discard)
        return sum(islice(shown, 2)) < 2

    @property
    def _edited(self) -> bool:
        """Whether the film may have an edit list: QuickTime and MP4."""
        return "mov" in self.container.format.name

    @property
    def hidden(self) -> int:
        """Number of frames that the file's edit list leaves out, which no player shows."""
        if not self._edited or not self.stream.frames:
            return 0
        index = self.stream.index_entries
        places = [entry.pos if entry.size else None for entry in index if not entry.is_discard]
        shown = len({*places} - {None}) + places.count(None)  # an edit list can show a frame several times
        return max(0, int(self.stream.frames) - shown)

    def restarts(self) -> Restarts:
        """A rule that carries the pictures' packets over restarts of the clock, from the file's beginning."""
        step = max(1, round(1 / (self.rate * self._tick)))
        return Restarts(float(1 / self._tick), step, self.broadcast)

    def _clock(self) -> Times | Count:
        """The rule that gives the frames their times."""
        step = 1 / (self.rate * self.unit)
        if self._has(Flags.no_timestamps):
            return Count(float(step))
        return Times(max(1, round(step)), float(1 / self.unit), self.container.format.name == "avi")

    def _has(self, flag: Flags) -> bool:
        return bool(self.container.format.flags & flag.value)  # type: ignore[operator]  # an int, says the stub

    @property
    def broadcast(self) -> bool:
        """Whether the format's clock may jump: broadcast and disc formats, whose headers have no duration."""
        return self._has(Flags.ts_discont)

    def _main_stream(self) -> av.VideoStream:
        """The default video stream; of several, the largest.

        Cover art and thumbnails are no video; a stream of one frame counts only if it is the only one.
        """
        if "_pipe" in self.container.format.name or self.container.format.name == "ico":
            raise Unusable(Fault.MOVING_WEBP if self._moving_webp() else Fault.PICTURE)
        still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
        films = [s for s in self.container.streams.video if not s.disposition & still]
        if not films:
            raise Unusable(Fault.AUDIO_ONLY if self.container.streams.audio else Fault.NOT_A_VIDEO)
        default = av.stream.Disposition.default
        films = [s for s in films if s.codec_context is not None]
        if not films:
            raise Unusable(Fault.NO_DECODER)
        best = max(
            films,
            key=lambda s: (not _of_one_frame(s), bool(s.disposition & default), s.width * s.height, -s.index),
        )
        if best.width * best.height > self._max_pixels:
            raise Unusable(Fault.TOO_LARGE, f"{best.width}x{best.height}")
        return best

    def _moving_webp(self) -> bool:
        """Whether the file is an animated WebP. [RFC 9649, section 2.7]"""
        self._file.seek(0)
        head = self._file.read(21)
        return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 2)

    def _start_of_file(self) -> int:
        """The time at which players show 0, in the file's own ticks.

        In a film file that is the file's time 0. Broadcast streams count from any time: in these it is the
        earliest start of all streams, and so it is in files with a start before 0.
        """
        starts = [self.stream.start_time]
        if self.container.start_time is not None:
            starts.append(round(Fraction(self.container.start_time, av.time_base) / self._tick))
        start = min((int(s) for s in starts if s is not None), default=0)
        return start if self.broadcast else min(start, 0)

    @property
    def zero(self) -> Fraction:
        """The film's time 0 in the times of the file, in seconds."""
        return self._zero * self._tick

    @property
    def rate(self) -> Fraction:
        """Average frames per second; 25 if unknown.

        For a raw stream, the rate in the stream is used, since the average is only its demuxer's default.
        """
        stream = self.stream
        rates = [stream.average_rate, stream.guessed_rate, stream.base_rate]
        for rate in rates[1::-1] + rates[2:] if self._has(Flags.no_timestamps) else rates:
            if rate and 0 < rate <= 1000:
                return Fraction(rate)
        return Fraction(25)

    @property
    def start(self) -> Fraction:
        """The time, in the file's own times, at which players show 0; in seconds."""
        return self._zero * self.unit

    @property
    def duration(self) -> Fraction:
        """Seconds, from the header; 0 if it has no duration."""
        if self._has(Flags.no_timestamps):
            return Fraction(0)
        if self.stream.duration is not None:
            return max(Fraction(0), int(self.stream.duration) * self._tick)
        whole = Fraction(self.container.duration or 0, av.time_base)
        if whole <= 0 and "asf" in self.container.format.name:
            whole = stated_duration(self._file)
        return _tagged(self.stream) or max(Fraction(0), whole)

    @property
    def _even(self) -> bool:
        """Whether the header promises frames at one rate."""
        average, base = self.stream.average_rate, self.stream.base_rate
        if not average or not base or self._has(Flags.no_timestamps):
            return False
        return any(abs(average * n - base) <= EVEN * base for n in (1, 2))  # 2: fields

    @property
    def timecode(self) -> str:
        """The timecode of the film's time 0, as hh:mm:ss:ff (hh:mm:ss;ff: drop-frame); "" for none.

        QuickTime stores it in a track (tmcd), MXF in a component of the material package, other formats in a
        tag; FFmpeg gives each as metadata. Invalid timecodes count as none.
        """
        written = self._written_timecode()
        name, rate = self.container.format.name, snapped(self.rate)
        if not written or not ("mov" in name or name == "mxf"):
            return written
        if name == "mxf":
            shift, counted = Fraction(0), mxf.timecode_rate(self._file, written)
        else:
            shift, counted = timecode_shift(self._file), timecode_rate(self._file)
        try:
            if counted and self._even:  # otherwise frames are left out, and `rate` is not the counted rate
                written = relabelled(written, counted, rate)
            number, drop = frame_number(written, rate)
        except InputError:  # its rate differs from the pictures': kept unchanged for the reader
            return written
        return Timebase(rate, drop, number).label(round(shift * rate)) if shift else written

    def _written_timecode(self) -> str:
        """The timecode in the metadata: that of the pictures, else of the file, else of another track."""
        streams = self.container.streams
        for tags in (self.stream.metadata, self.container.metadata, *(s.metadata for s in streams)):
            for name, value in tags.items():
                if name.lower() == "timecode" and TIMECODE.fullmatch(value.strip()):
                    return str(value.strip())
        return ""

    def frames(self, start: int = 0) -> Iterator[tuple[int, av.VideoFrame | None]]:
        """(pts, frame) of each frame with pts >= start, increasing; (pts, None) for the frames before.

        Frames and counts do not depend on the start. How a decoder conceals lost data depends on what else it
        decodes at that moment, so after the first damage frames are decoded one by one.
        """
        last = start - 1
        try:
            for pts, frame in self._frames_from(start):
                yield pts, frame
                if frame is not None:
                    last, self._before = pts, (self.damaged, self.retimed, self.unread)
        except _Damage:
            self._exact |= self.retimed > 0
            self._threads = 1
            self._reopen()
            yield from self._frames_from(last + 1)
        self.unread += self._missing_end()

    def packet_times(self) -> Iterator[int | None]:
        """The presentation time of each frame, increasing, from packets alone; None for packets in between.

        Nothing is decoded, so damaged frames are included.

        Raises:
            Unforetold: the packets do not have the times: the format stores no presentation times, times
                cannot be used to find a frame, a time is missing, or the clock restarts.
        """
        if self._exact or self.broadcast or not isinstance(self._times, Times) or self._times.trusts_dts:
            raise Unforetold
        coming: list[int] = []
        last = -math.inf
        for packet in self._packets():  # the last packet is empty, or None
            yield None
            end = packet is None or not packet.size
            if packet is not None and not end and not packet.is_discard:
                time = self._ticks(packet.pts)
                if time is None or self._restarts.restarted:
                    raise Unforetold
                heapq.heappush(coming, time)
            while coming and (end or len(coming) > DELAY):
                time = heapq.heappop(coming)
                if time <= last:
                    raise Unforetold
                last = time
                yield time

    def _frames_from(self, start: int) -> Iterator[tuple[int, av.VideoFrame | None]]:
        """`frames`, decoded from a key frame well before `start`, or from the beginning if there is none."""
        if start > 0 and not self._exact and not isinstance(self._times, Count):
            for seconds in EARLIER:
                frames = self._from(start - round(seconds / self.unit))
                if frames is None:
                    break
                with contextlib.suppress(_TooLate):
                    yield from self._counted(frames, start, sought=True)
                    return
            self._reopen()
        yield from self._counted(self._decoded_all(), start)

    def _from(self, target: int) -> Iterator[_Decoded] | None:
        """Frames from the last key frame before a time; None if there is none."""
        if target <= 0:
            return None
        if self.broadcast:  # times repeat where a clock restarts: count packets instead
            self._reopen()
            number = self._key_packet(target)
            self._reopen()
            return self._from_key_frame(number) if number else None
        try:
            self._reopen()
            self.container.seek(target // self._fine + self._zero, stream=self.stream, backward=True)
        except av.error.FFmpegError:
            return None
        return self._from_key_frame()

    def _key_packet(self, target: int) -> int:
        """The number of the last packet before a time from which decoding can begin; 0 for none."""
        number = 0
        for i, packet in enumerate(self._packets()):
            if packet is None or packet.dts is None:
                continue
            if (packet.dts - self._zero) * self._fine > target:
                break
            if packet.is_keyframe and packet.pts is not None:
                number = i
        return number

    def _counted(
        self, frames: Iterator[_Decoded], start: int, *, sought: bool = False
    ) -> Iterator[tuple[int, av.VideoFrame | None]]:
        """The frames from `start` on, and None for those before; counts damage after the last one before."""
        on_the_way = damaged = retimed = 0  # frames before `start`, and the two counts at the last of these
        before = self._before
        self.damaged, self.retimed, self.unread = before
        for shown in self._late(frames):
            if shown.pts < start:
                if sought and shown.damaged > damaged and on_the_way < SETTLED:
                    raise _TooLate
                on_the_way, damaged, retimed = on_the_way + 1, shown.damaged, shown.retimed
                self._follow(shown)
                yield shown.pts, None
                continue
            if sought and (on_the_way < SETTLED or shown.retimed):
                raise _TooLate
            sought = False
            self.damaged = before[0] + shown.damaged - damaged
            self.retimed = before[1] + shown.retimed - retimed
            self.unread += self._follow(shown)
            yield shown.pts, shown.frame
        self.damaged = before[0] + self._hurts - damaged

    def _follow(self, shown: _Decoded) -> int:
        """The ticks between the end of the last frame and this one for which the film has no picture."""
        step = max(self._step, round((shown.frame.duration or 0) * self._fine))
        before, usual = self._ended, self._usual
        self._ended, self._usual = shown.pts + step, step
        if before is None or shown.pts - before <= (GAP - 1) * usual or not self._even:
            return 0
        return shown.pts - before

    def _missing_end(self) -> int:
        """The ticks between the end of the last frame and the film's end by its header."""
        if self._ended is None or self.broadcast or not self.duration:
            return 0
        begin = 0  # origin of the duration: of a stream's own, its first frame; else time 0
        if self.stream.duration is not None:
            begin = max(0, int(self.stream.start_time or 0) - self._zero) * self._fine
        missing = begin + math.floor(self.duration / self.unit) - self._ended
        stated = self.stream.duration is not None or _tagged(self.stream) or len(self.container.streams) == 1
        least = max(GAP * self._step, 0 if stated else SLACK / self.unit)
        return int(missing) if missing > least else 0

    def _late(self, frames: Iterator[_Decoded]) -> Iterator[_Decoded]:
        """The same frames; in parallel decoding delayed until the frames that they depend on proved whole."""
        if self._threads == 1:
            yield from frames
            return
        depth = 1 + int(getattr(self.stream.codec_context, "reorder_depth", REORDER))
        waiting: deque[_Decoded] = deque()
        for item in frames:
            waiting.append(item)
            if len(waiting) > depth:
                yield waiting.popleft()
        yield from waiting

    def _reopen(self) -> None:
        self.container.close()
        self._open()

    def _from_key_frame(self, number: int = 0) -> Iterator[_Decoded]:
        """Frames from the next key frame on, without earlier ones that depend on frames not read.

        Packets before the one of this number are skipped.
        """
        key: int | None = None
        for i, packet in enumerate(self._packets()):
            if i < number:
                continue
            if key is None:
                if packet is None or not packet.is_keyframe or packet.pts is None:
                    continue
                key = (packet.pts - self._zero) * self._fine
            for shown in self._decoded(packet):
                if shown.pts >= key:
                    yield shown

    def _decoded_all(self) -> Iterator[_Decoded]:
        for packet in self._packets():
            yield from self._decoded(packet)

    def _packets(self) -> Iterator[av.Packet | None]:
        """Packets of the stream; unreadable ones are skipped as far as the format allows, and counted."""
        stumbles = 0
        while stumbles < MAX_STUMBLES:
            try:
                for packet in self.container.demux(self.stream):
                    self._hurts += stumbles
                    stumbles = 0
                    self._restarts(packet)
                    yield packet
                return
            except av.error.FFmpegError as e:
                _check_memory(e)
                stumbles += 1
        self._hurts += 1
        yield None  # flush

    def _decoded(self, packet: av.Packet | None) -> Iterator[_Decoded]:
        """The frames that a packet completes; None flushes."""
        if self._threads != 1 and self._doubtful(packet):
            raise _Damage
        if packet is not None:
            self._times.read(self._ticks(packet.dts))
        try:
            frames = self._pictures(packet)
        except av.error.FFmpegError as e:
            _check_memory(e)
            self._hurt()
            return
        for frame in frames:
            if frame.is_corrupt:
                self._hurt()
                continue
            if frame.width * frame.height > self._max_pixels:
                raise Unusable(Fault.TOO_LARGE, f"{frame.width}x{frame.height}")
            pts = self._times(self._ticks(frame.pts), self._ticks(frame.dts))
            yield _Decoded(pts, frame, self._hurts, self._times.retimed)

    def _pictures(self, packet: av.Packet | None) -> list[av.VideoFrame]:
        """The frames that a packet completes; None flushes.

        In parallel decoding, an error at the flush can end the film silently: if there are fewer frames than
        packets, the end is read again, frame by frame.
        """
        try:
            frames = list(self.stream.codec_context.decode(packet))
        except EOFError:
            frames = []
        data = packet is not None and bool(packet.size)
        self._owed += data - len(frames)
        if self._threads != 1 and not data and self._owed > 0:
            raise _Damage
        return frames

    def _ticks(self, time: int | None) -> int | None:
        return None if time is None else (int(time) - self._zero) * self._fine

    def _doubtful(self, packet: av.Packet | None) -> bool:
        """Whether a packet is damaged or may be: the end of a stream without an index is never marked."""
        if packet is not None and packet.size:
            return bool(packet.is_corrupt)
        return self.broadcast

    def _hurt(self) -> None:
        """Count a frame that could not be decoded, or only by concealing lost data."""
        if self._threads != 1:
            raise _Damage
        self._hurts += 1


def _of_one_frame(stream: av.VideoStream) -> bool:
    """Whether a stream is a single picture, by its header or as far as FFmpeg read it.

    Examples are the first stream of an animated AVIF, and a poster in a track of its own.
    """
    rate = stream.average_rate  # None if FFmpeg read one frame
    return stream.frames == 1 or rate is None or 0 < _tagged(stream) * rate < FRAME_AND_HALF


def _tagged(stream: av.VideoStream) -> Fraction:
    """Duration in seconds of a Matroska track, from its statistics; 0 if it has none."""
    text = str(stream.metadata.get("DURATION", ""))
    match = re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,9})?)", text)
    if not match:
        return Fraction(0)
    hours, minutes, seconds = match.groups()
    return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)


def _check_memory(error: Exception) -> None:
    if isinstance(error, MemoryError):
        raise Unusable(Fault.NO_MEMORY) from error
