"""The decoding child: a separate process, so that a damaged file cannot crash the reader.

process.py starts it with a job (JSON) as the only argument; it imports only PyAV and NumPy. It ends when its
work is done, when it is killed, or when its parent has ended.
"""

from __future__ import annotations

import gc
import json
import math
import mmap
import os
import select
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from castlist.child_process import end_when_parent_ends, limit_memory
from castlist.decode import wire
from castlist.decode.readable import FilmDescriptor
from castlist.decode.wire import Fault, RecordKind, Unusable, WishKind

if TYPE_CHECKING:
    import av

    from castlist.decode.readable import Readable
    from castlist.decode.source import Source

ALIVE_EVERY = 0.5  # seconds between signs of life while no frame is ready
TIMES = 4096  # times of frames in one record
# Frames between garbage collections: a frame whose side data was read refers to itself, so that hundreds
# would pile up.
COLLECT_EVERY = 4


J = TypeVar("J")


def main(text: str) -> None:
    """Decode a film as the job (JSON) describes; never raises."""
    run(text, decode)


def run(text: str, work: Callable[[J, int], None]) -> None:
    """Do the job and report its outcome; never raises.

    Args:
        text: the job as JSON.
        work: does the job; gets it and the descriptor to which records are written.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    job = json.loads(text)
    end_when_parent_ends(job["life"])
    out = job["out"]
    try:
        limit_memory(job["memory"])
        work(job, out)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    except BaseException as error:
        send_record(out, wire.Record(RecordKind.ERROR), trouble_of(error))
    os._exit(0)  # no clean-up: a damaged codec state could make it hang


def decode(job: wire.DecodeJob, out: int) -> None:
    """Describe the file; send its frames, if the job has memory for their pictures; or do both in turn.

    If the job asks for it, send only the times of the frames.
    """
    import av.logging

    av.logging.set_level(None)
    film = FilmDescriptor(job["file"])
    if job.get("packets"):
        _send_times(_source(film, job), out)
        return
    if job["canvas"] < 0 or job.get("waits"):
        send_record(out, wire.Record(RecordKind.HEADER), wire.dump(_header(film, job)))
    if job.get("waits"):
        job = job | wire.read_more(partial(os.read, 0))
    if job["canvas"] >= 0:
        source = _source(film, job)
        send_record(out, wire.Record(RecordKind.HEADER), wire.dump({"unit": str(source.unit)}))
        _Sender(source, job, out).send()


def _source(film: Readable, job: wire.DecodeJob) -> Source:
    from castlist.decode.source import Source

    exact = job.get("exact", False)
    return Source(film, threads=job["threads"], max_pixels=job["max_pixels"], exact=exact)


def _send_times(source: Source, out: int) -> None:
    """Send the times of the frames from the packets, or report that the packets do not have them."""
    from castlist.decode.source import Unforetold

    times: list[int] = []
    reported, complete = time.monotonic(), True
    try:
        for pts in source.packet_times():
            if pts is not None:
                times.append(pts)
            if time.monotonic() - reported > ALIVE_EVERY or len(times) == TIMES:
                send_record(out, wire.Record(RecordKind.TIMES), np.array(times, np.int64).tobytes())
                times, reported = [], time.monotonic()
    except Unforetold:
        complete = False
    send_record(out, wire.Record(RecordKind.TIMES), np.array(times, np.int64).tobytes())
    send_record(out, wire.Record(RecordKind.END), wire.dump(wire.PacketsRead(complete=complete)))


def _header(film: Readable, job: wire.DecodeJob) -> wire.Header:
    """The properties of the film, from its header and its first frame."""
    from castlist.decode.picture import orientation, shown_size

    source = _source(film, job)
    first = next((f for _, f in source.frames() if f is not None), None)
    if first is None:
        raise Unusable(Fault.NO_FRAME)
    aspect = source.stream.sample_aspect_ratio
    width, height = shown_size(first.width, first.height, aspect, orientation(first).transpose)
    if width * height > job["max_pixels"]:
        raise Unusable(Fault.TOO_LARGE, f"{width}x{height}")
    return _describe(source, first, width, height)


def _describe(source: Source, first: av.VideoFrame, width: int, height: int) -> wire.Header:
    return {
        "unit": str(source.unit),
        "width": width,
        "height": height,
        "rate": str(source.rate),
        "duration": str(source.duration),
        "codec": source.stream.codec_context.name,
        "pixel_format": first.format.name,
        "timecode": source.timecode,
        "hidden": source.hidden,
        "sound": _sound(source),
    }


def _sound(source: Source) -> list[int] | None:
    """Channels and samples a second of the first sound track; None if there is none."""
    context = next((s.codec_context for s in source.container.streams.audio), None)
    return [context.channels, context.sample_rate] if context and context.sample_rate else None


class _Sender:
    """Reports each frame to the parent, and paints the frames that the parent asks for."""

    def __init__(self, source: Source, job: wire.DecodeJob, out: int) -> None:
        from castlist.decode.picture import Painter, fitted_size

        self._source, self._start, self._most, self._out = source, job["start"], job["ahead"], out
        self._painter = Painter(*fitted_size(job["width"], job["height"], job["max_side"]))
        self._thumb = Painter(*job["thumb"], smooth=True) if job["thumb"] else None
        shape = (self._painter.height, self._painter.width, 3)
        self._canvas = np.frombuffer(mmap.mmap(job["canvas"], math.prod(shape)), np.uint8).reshape(shape)
        self._held: dict[int, av.VideoFrame] = {}  # frames by time, until the parent releases them
        self._wishes = wire.Wishes()

    def send(self) -> None:
        """Send all frames; then wait until the parent ends: it may ask for the last frames at any time."""
        try:
            self._send_frames()
        except Exception as error:
            failed = wire.Record(RecordKind.ERROR)  # the frames before it are good
            send_record(self._out, failed, trouble_of(error))
        while True:
            self._serve()

    def _send_frames(self) -> None:
        source, reported = self._source, time.monotonic()
        gc.freeze()  # a garbage collection then examines only later objects
        for number, (pts, frame) in enumerate(source.frames(self._start)):
            if number % COLLECT_EVERY == 0:
                gc.collect()
            if frame is None:
                if time.monotonic() - reported > ALIVE_EVERY:
                    self._send_record(RecordKind.ALIVE)
                    reported = time.monotonic()
                continue
            self._held[pts] = frame
            self._send_record(RecordKind.FRAME, pts, self._thumb(frame).tobytes() if self._thumb else b"")
            while len(self._held) >= self._most or select.select([0], [], [], 0)[0]:
                self._serve()
        self._send_record(RecordKind.END)

    def _serve(self) -> None:
        """Wait for a request of the parent, and fulfil it."""
        data = os.read(0, 4096)
        if not data:
            raise BrokenPipeError  # the parent has ended
        for kind, pts in self._wishes(data):
            if kind == WishKind.ASK:
                self._send_record(RecordKind.PAINTED, pts, self._painted(self._held[pts]))
            else:
                self._held = {time: frame for time, frame in self._held.items() if time > pts}

    def _painted(self, frame: av.VideoFrame) -> bytes:
        """Paint a frame into the shared memory; returns the error message, empty on success."""
        try:
            self._canvas[:] = self._painter(frame)
        except Exception as error:
            return trouble_of(error)
        return b""

    def _send_record(self, kind: RecordKind, pts: int = 0, text: bytes = b"") -> None:
        source = self._source
        send_record(self._out, wire.Record(kind, 0, pts, source.damaged, source.retimed, source.unread), text)


def trouble_of(error: BaseException) -> bytes:
    """The error message for the parent."""
    given = getattr(error, "code", None)
    broken = Fault.NO_MEMORY if isinstance(error, MemoryError) else Fault.BROKEN
    code = given if isinstance(given, Fault) else broken
    detail = getattr(error, "detail", f"{type(error).__name__}: {error}")
    return wire.dump({"code": code, "detail": detail})


def send_record(out: int, record: wire.Record, text: bytes = b"") -> None:
    """Write a record, and its text if it has one, to the parent."""
    data = record.pack(text)
    while data:
        data = data[os.write(out, data) :]
