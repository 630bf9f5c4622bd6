"""The process that makes a proxy: it reads one open file, writes another, and reports its progress.

maker.py starts it with a job (JSON) as the only argument. It ends when its work is done, when it is killed,
or when its parent has ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, TypedDict

import numpy as np

from castlist.child_process import end_when_parent_ends, limit_memory
from castlist.decode.child import trouble_of
from castlist.decode.readable import FilmDescriptor
from castlist.decode.wire import Unusable

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer

    from castlist.decode.source import Source

TOLD_EVERY = 0.2  # seconds between reports of progress
SOUND_RATE = 48000  # samples a second; every browser plays this rate
ENCODERS = {
    # Constant quality; no frame is predicted from later ones (so that no time is shifted); and a key frame
    # every second or two, for quick seeking.
    "mp4": ("mp4", "libx264", {"preset": "veryfast", "crf": "25", "bf": "0"}, "aac"),
    "webm": ("webm", "libvpx", {"deadline": "realtime", "cpu-used": "8", "b": "1500k"}, "libopus"),
}


def main(text: str) -> None:
    """Do the job; prints lines of JSON: the progress, and at last the outcome."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    job = json.loads(text)
    end_when_parent_ends(job["life"])
    limit_memory(job["memory"])
    with contextlib.suppress(OSError):
        os.nice(10)  # lower priority than the review
    try:
        with open(job["target"], "wb") as target:
            make(job["file"], target, job)
        _send({"end": True})
    except BrokenPipeError:
        pass
    except BaseException as error:
        with contextlib.suppress(BrokenPipeError):
            _send({"unwritten": _system_error(error)} if _system_error(error) else _trouble(error))
    os._exit(0)  # no clean-up: a damaged codec state could make it hang


def make(film: int, target: BinaryIO, job: ProxyJob) -> None:
    """Write the proxy of an open film, given by its descriptor."""
    import av
    import av.logging

    from castlist.decode.source import Source

    av.logging.set_level(None)
    source = Source(FilmDescriptor(film), threads=job["threads"], max_pixels=job["max_pixels"])
    name, codec, options, sound_codec = ENCODERS[job["kind"]]
    with av.open(target, "w", format=name) as container:
        picture = _Picture(container, source, (job["width"], job["height"]), codec, options)
        sound = _Sound.of(film, container, source, sound_codec)
        reported = time.monotonic()
        for pts, frame in source.frames():
            if frame is None:
                continue
            picture.put(pts, frame)
            sound.until(pts * source.unit)
            if time.monotonic() - reported > TOLD_EVERY:
                reported = time.monotonic()
                _send({"at": float(pts * source.unit)})
        picture.end()
        sound.end()


def _system_error(error: BaseException) -> int:
    """The number of the system's error by which the proxy cannot be written; 0 for another error.

    Reading the film raises Unusable, and FFmpeg's own errors are about its content.
    """
    from av.error import FFmpegError

    own = isinstance(error, OSError) and not isinstance(error, FFmpegError)
    return (error.errno or 0) if own and isinstance(error, OSError) else 0


def _trouble(error: BaseException) -> dict[str, str]:
    """What is wrong with the film, as decode's child says it."""
    return dict(json.loads(trouble_of(error)))


class ProxyJob(TypedDict):
    """The proxy to make; passed as JSON."""

    file: int  # descriptor of the film
    life: int  # descriptor whose other end the parent holds
    memory: int  # bytes
    threads: int
    max_pixels: int
    target: str  # file to write
    kind: str  # of ENCODERS
    width: int
    height: int


class _Picture:
    """The pictures, scaled and upright, each at its own time."""

    def __init__(
        self,
        container: OutputContainer,
        source: Source,
        size: tuple[int, int],
        codec: str,
        options: dict[str, str],
    ) -> None:
        import av

        from castlist.decode.picture import Painter

        self._container = container
        self._painter = Painter(*size)
        self._unit = source.unit
        stream = container.add_stream(codec, rate=max(Fraction(1), min(Fraction(120), source.rate)))
        assert isinstance(stream, av.VideoStream)  # noqa: S101 - ENCODERS names encoders of pictures
        self._stream = stream
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = source.unit
        context.gop_size = max(1, round(source.rate))
        context.options = options
        self._last = -1

    def put(self, pts: int, frame: av.VideoFrame) -> None:
        if self._last < 0 < pts:  # a player's time begins at 0, even if the first picture comes later
            self._encode(0, np.zeros((self._painter.height, self._painter.width, 3), np.uint8))
        if pts > self._last:
            self._encode(pts, np.ascontiguousarray(self._painter(frame)))
        self._last = max(pts, self._last)

    def _encode(self, pts: int, image: np.ndarray) -> None:
        import av

        picture = av.VideoFrame.from_ndarray(image, format="bgr24")
        picture.pts, picture.time_base = pts, self._unit
        self._container.mux(self._stream.encode(picture))

    def end(self) -> None:
        self._container.mux(self._stream.encode(None))


class _Sound:
    """The film's sound; from a place where it cannot be read on, the proxy is silent."""

    def __init__(
        self, frames: Iterator[av.AudioFrame], container: OutputContainer, stream: av.AudioStream | None
    ) -> None:
        self._frames, self._container, self._stream = frames, container, stream
        self._waiting: av.AudioFrame | None = None

    @classmethod
    def of(cls, fd: int, container: OutputContainer, source: Source, codec: str) -> _Sound:
        """The sound of an open film; silent if it has none."""
        import av

        try:
            frames = _sound_frames(fd, source)
            first = next(frames)
            stream = container.add_stream(codec, rate=SOUND_RATE, layout="stereo")
            assert isinstance(stream, av.AudioStream)  # noqa: S101 - ENCODERS names encoders of sound
        except Unusable:
            raise
        except Exception:  # including StopIteration, if there is no sound
            return cls(iter(()), container, None)
        made = cls(frames, container, stream)
        made._waiting = first
        return made

    def until(self, seconds: Fraction) -> None:
        """Write the sound up to a time."""
        try:
            while self._stream is not None and self._waiting is not None:
                if (self._waiting.pts or 0) > seconds * SOUND_RATE:
                    return
                self._container.mux(self._stream.encode(self._waiting))
                self._waiting = next(self._frames, None)
        except Unusable:
            raise
        except Exception:
            self._waiting = None

    def end(self) -> None:
        self.until(Fraction(1 << 40))
        if self._stream is not None:
            with contextlib.suppress(Exception):
                self._container.mux(self._stream.encode(None))


def _sound_frames(fd: int, source: Source) -> Iterator[av.AudioFrame]:
    """Stereo sound of the film from its time 0 on, with increasing times in samples."""
    from av.audio.resampler import AudioResampler

    from castlist.decode.container import opened
    from castlist.decode.sound_packets import sound_frames, sound_packets

    with opened(FilmDescriptor(fd)) as container:
        stream = container.streams.best("audio")
        if stream is None:
            return
        resampler = AudioResampler("fltp", "stereo", SOUND_RATE)
        zero, written_until = source.start * SOUND_RATE, -1
        packets = sound_packets(source, container, [stream])
        for frame in chain.from_iterable(map(sound_frames, packets)):
            at = round(frame.pts * Fraction(frame.time_base) * SOUND_RATE - zero)
            frame.pts = None
            for piece in resampler.resample(frame):
                if at >= max(0, written_until):
                    piece.pts, piece.time_base = at, Fraction(1, SOUND_RATE)
                    written_until = at + piece.samples
                    yield piece
                at += piece.samples


def _send(words: Mapping[str, bool | float | str]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()
