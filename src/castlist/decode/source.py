"""The frames of one open file in the order in which they are shown. Runs in the decoding child.

A file is given as an open file object and read through it alone: FFmpeg never sees a name, may open
nothing else, and only formats that hold films are tried (a playlist names other files).
"""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO, NoReturn

import av
import av.error
from av.format import Flags

from castlist.decode import wire

# Demuxers that read the file they are given and nothing else.
FORMATS = (
    "3dostr,4xm,aac,ac3,aiff,amr,amv,apng,asf,au,av1,avi,avs,bink,caf,cavsvideo,dirac,dnxhd,dts,dv,eac3,ea,"
    "flac,flic,flv,gif,gxf,h261,h263,h264,hevc,ivf,ivr,live_flv,lvf,m4v,matroska,webm,mgsts,mjpeg,mjpeg_2000,"
    "mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,mpegts,mpegvideo,mpjpeg,msf,mtv,mv,mxf,nsv,nut,nuv,obu,ogg,pmp,pva,"
    "r3d,rl2,rm,roq,smk,smush,swf,thp,tmv,truehd,vc1,vc1test,vivo,vvc,wav,wc3movie,wtv,wv,yop,yuv4mpegpipe,"
    # single pictures, to name them as what they are
    "png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe,webp_pipe,jpegxl_pipe,gem_pipe,psd_pipe,dds_pipe,exr_pipe,"
    "j2k_pipe,pgm_pipe,ppm_pipe,pbm_pipe,pam_pipe,sunrast_pipe,xpm_pipe,svg_pipe,ico"
)
EARLIER = (2, 10, 60)  # seconds before the wanted time at which to look for a key frame to start from
SETTLED = 32  # frames after a key frame from which on a decoder knows all that it would have known
REORDER = 4  # frames that may be shown before a frame they are predicted from, where FFmpeg does not say
TIMECODE = re.compile(r"(?:[01]\d|2[0-3])(?::[0-5]\d){2}[:;.,]\d{2,3}", re.ASCII)
MAX_STUMBLES = 100  # reading errors in a row after which the rest of a file is given up


class Unusable(Exception):
    """The file cannot be used; `code` is one of wire's words, the text a detail for the sentence."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class _Damage(Exception):
    """A frame is damaged while several are decoded at once."""


class _TooLate(Exception):
    """Frames from this key frame on might differ from those of a read from the beginning."""


class Source:
    """One open file and its main video stream.

    Raises:
        Unusable: it is no video, or its frames are larger than `max_pixels`.
    """

    def __init__(self, file: BinaryIO, *, threads: int, max_pixels: int) -> None:
        self._file, self._threads, self._max_pixels = file, threads, max_pixels
        self.damaged = 0  # frames that could not be decoded
        self.dropped = 0  # frames whose time did not rise
        self._guessed = False  # some frame's time is a guess from the frames before
        self._dropped_before = 0
        self._open()

    def _open(self) -> None:
        self._file.seek(0)
        try:
            self.container = av.open(
                self._file,
                mode="r",
                options={"format_whitelist": FORMATS, "protocol_whitelist": "none"},
                metadata_errors="replace",
                buffer_size=1 << 18,
                io_open=_refuse,
            )
        except av.error.FFmpegError as e:
            raise Unusable(wire.NO_MEMORY if isinstance(e, MemoryError) else wire.NOT_A_VIDEO) from e
        self.stream = self._main_stream()
        context = self.stream.codec_context
        context.thread_type = "AUTO"
        context.thread_count = self._threads
        context.options = {"max_pixels": str(self._max_pixels)}
        self.unit = Fraction(self.stream.time_base or Fraction(1, 90000))
        self._zero = self._start_of_file()
        self._step = max(1, round(1 / (self.rate * self.unit)))
        self._last = -self._step

    def _main_stream(self) -> Any:
        """The default video stream, of several the largest; cover art and thumbnails are no video."""
        if "_pipe" in self.container.format.name or self.container.format.name == "ico":
            raise Unusable(wire.PICTURE)
        still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
        films = [s for s in self.container.streams.video if not s.disposition & still]
        if not films:
            raise Unusable(wire.AUDIO_ONLY if self.container.streams.audio else wire.NOT_A_VIDEO)
        default = av.stream.Disposition.default
        best = max(films, key=lambda s: (bool(s.disposition & default), s.width * s.height, -s.index))
        if best.codec_context is None:
            raise Unusable(wire.NO_DECODER)
        if best.width * best.height > self._max_pixels:
            raise Unusable(wire.TOO_LARGE, f"{best.width}x{best.height}")
        return best

    def _start_of_file(self) -> int:
        """The time at which players show 0, in units.

        In a film file that is time 0 of the file. Broadcast streams count from anywhere: there it is
        when the first of all their streams starts, as it is where that comes before 0.
        """
        starts = [self.stream.start_time]
        if self.container.start_time is not None:
            starts.append(round(Fraction(self.container.start_time, av.time_base) / self.unit))
        start = min((int(s) for s in starts if s is not None), default=0)
        return start if self.container.format.flags & Flags.ts_discont.value else min(start, 0)

    @property
    def rate(self) -> Fraction:
        """Average frames per second; 25 where the file does not say."""
        stream = self.stream
        for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
            if rate and 0 < rate <= 1000:
                return Fraction(rate)
        return Fraction(25)

    @property
    def duration(self) -> Fraction:
        """Seconds, as the header says; 0 where it does not."""
        if self.stream.duration is not None:
            return max(Fraction(0), int(self.stream.duration) * self.unit)
        return max(Fraction(0), Fraction(self.container.duration or 0, av.time_base))

    @property
    def timecode(self) -> str:
        """The timecode at which the film starts, as hh:mm:ss:ff (hh:mm:ss;ff: drop-frame); "" for none.

        QuickTime has a track of it (tmcd), MXF a component of the material package, others a tag; FFmpeg
        gives each as metadata. What is no timecode is as good as none.
        """
        streams = self.container.streams
        said = [self.stream.metadata, self.container.metadata, *(s.metadata for s in streams)]
        for tags in said:
            for name, value in tags.items():
                if name.lower() == "timecode" and TIMECODE.fullmatch(value.strip()):
                    return str(value.strip())
        return ""

    def frames(self, start: int = 0) -> Iterator[tuple[int, Any]]:
        """(pts, frame) of each frame with pts >= start, rising; (pts, None) of those on the way to it.

        Frames and counts are the same wherever it starts. What a decoder makes up for lost data depends
        on what else is decoded at that moment, so from the first damage on it decodes frame by frame.
        """
        last = start - 1
        try:
            for pts, frame in self._begun(start):
                yield pts, frame
                if frame is not None:
                    last, self._dropped_before = pts, self.dropped
        except _Damage:
            self._threads = 1
            self._reopen()
            yield from self._begun(last + 1)

    def _begun(self, start: int) -> Iterator[tuple[int, Any]]:
        """The same, begun at a key frame well before `start`, or at the beginning where there is none."""
        if start > 0:
            for seconds in EARLIER:
                target = start + self._zero - round(seconds / self.unit)
                if target <= self._zero:
                    break
                try:
                    self.container.seek(target, stream=self.stream, backward=True)
                except av.error.FFmpegError:
                    break
                with contextlib.suppress(_TooLate):
                    yield from self._rising(self._from_key_frame(), start, sought=True)
                    return
            self._reopen()
        yield from self._rising(self._decoded_all(), start)

    def _rising(
        self, frames: Iterator[tuple[int, Any]], start: int, *, sought: bool = False
    ) -> Iterator[tuple[int, Any]]:
        """Those whose time rises; `damaged` and `dropped` count what comes after the last before `start`."""
        last: int | None = None
        on_the_way = 0
        self.damaged, self.dropped = 0, self._dropped_before
        for pts, frame in self._late(frames):
            if last is not None and pts <= last:
                self.dropped += 1
            elif pts >= start:
                if sought and (on_the_way < SETTLED or self._guessed):
                    raise _TooLate
                last, sought = pts, False
                yield pts, frame
            else:
                if sought and self.damaged and on_the_way < SETTLED:
                    raise _TooLate
                last, on_the_way = pts, on_the_way + 1
                self.damaged, self.dropped = 0, self._dropped_before
                yield pts, None

    def _late(self, frames: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
        """The same frames; if several are decoded at once, only when those they need proved whole."""
        if self._threads == 1:
            yield from frames
            return
        depth = 1 + int(getattr(self.stream.codec_context, "reorder_depth", REORDER))
        waiting: deque[tuple[int, Any]] = deque()
        for item in frames:
            waiting.append(item)
            if len(waiting) > depth:
                yield waiting.popleft()
        yield from waiting

    def _reopen(self) -> None:
        self._guessed = False
        self.container.close()
        self._open()

    def _from_key_frame(self) -> Iterator[tuple[int, Any]]:
        """Frames from the next key frame on, without those before it that need frames we do not have."""
        key: int | None = None
        for packet in self._packets():
            if key is None:
                if not packet.is_keyframe or packet.pts is None:
                    continue
                key = packet.pts - self._zero
            for pts, frame in self._decoded(packet):
                if pts >= key:
                    yield pts, frame

    def _decoded_all(self) -> Iterator[tuple[int, Any]]:
        for packet in self._packets():
            yield from self._decoded(packet)

    def _packets(self) -> Iterator[Any]:
        """Packets of the stream; what cannot be read is skipped as far as the format allows."""
        stumbles = 0
        while stumbles < MAX_STUMBLES:
            try:
                for packet in self.container.demux(self.stream):
                    stumbles = 0
                    yield packet
                return
            except av.error.FFmpegError as e:
                _check_memory(e)
                stumbles += 1
        yield None  # flush

    def _decoded(self, packet: Any) -> Iterator[tuple[int, Any]]:
        """The frames that a packet completes; None flushes."""
        if self._threads != 1 and self._doubtful(packet):
            raise _Damage
        try:
            frames = self.stream.codec_context.decode(packet)
        except EOFError:
            return
        except av.error.FFmpegError as e:
            _check_memory(e)
            self._hurt()
            return
        for frame in frames:
            if frame.is_corrupt:
                self._hurt()
                continue
            if frame.width * frame.height > self._max_pixels:
                raise Unusable(wire.TOO_LARGE, f"{frame.width}x{frame.height}")
            self._last = self._time(frame)
            yield self._last, frame

    def _doubtful(self, packet: Any) -> bool:
        """Whether a packet is damaged, or may be without a word: the end of a stream without an index."""
        if packet is not None and packet.size:
            return bool(packet.is_corrupt)
        return bool(self.container.format.flags & Flags.ts_discont.value)

    def _hurt(self) -> None:
        """Count a frame that could not be decoded, or not without making up for lost data."""
        if self._threads != 1:
            raise _Damage
        self.damaged += 1

    def _time(self, frame: Any) -> int:
        """When a frame is shown, in units from the start of the file; a best guess where it is not said."""
        if frame.pts is not None:
            return int(frame.pts) - self._zero
        self._guessed = True
        if frame.dts is not None and frame.dts - self._zero > self._last:
            return int(frame.dts) - self._zero
        return self._last + self._step


def _refuse(*_: Any) -> NoReturn:
    raise PermissionError("a film may not open other files")


def _check_memory(error: Exception) -> None:
    if isinstance(error, MemoryError):
        raise Unusable(wire.NO_MEMORY) from error
