"""The rendering child: decodes a film, hides parts of its frames, encodes it again.

Started by process.py with a job (JSON) as its only argument.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from castlist.decode import child, wire
from castlist.render.codecs import SOUND, Encoder, encoder_for, pixel_format
from castlist.render.covers import Covers, cover
from castlist.render.picture import Upright, black, fresh, planes

__all__ = ["main"]


def main(text: str) -> None:
    """Do the job and say how it went; never raises."""
    child.main(text, work)


def work(job: dict[str, Any], out: int) -> None:
    """Write the film again with its covers."""
    import av
    import av.logging

    from castlist.decode.source import Source, Unusable

    av.logging.set_level(None)
    with open(job["table"], "rb", closefd=False) as table:
        table.seek(0)
        covers = Covers.load(table)
    with open(job["file"], "rb", buffering=0, closefd=False) as file:
        source = Source(file, threads=job["threads"], max_pixels=job["max_pixels"])
        try:
            with av.open(
                f"file:{job['target']}", "w", format=job["container"], options=_flags(job)
            ) as target:
                written = _write(source, target, covers, job, out)
        except (av.error.FFmpegError, OSError) as error:
            raise Unusable(wire.UNWRITTEN, _unwritten(error)) from error
    child.say(out, wire.Record(wire.END), wire.dump(written))


def _flags(job: dict[str, Any]) -> dict[str, str]:
    """Muxer options: the index comes first, so that a film plays while it loads."""
    return {"movflags": "+faststart"} if job["container"] in ("mp4", "mov") else {}


def _unwritten(error: Exception) -> str:
    why = getattr(error, "strerror", None) or str(error)
    return f"the film could not be written ({why}); free some space, or name another file"


def _write(source: Any, target: Any, covers: Covers, job: dict[str, Any], out: int) -> dict[str, Any]:
    picture = _Picture(source, target, job)
    sound = None if job["mute"] else _Sound(source, target, job)
    frames = 0
    for number, (pts, frame) in enumerate(source.frames()):
        rows = covers.at(number)
        packets = picture.encode(pts, frame, covers.kind[rows], covers.box[rows])
        if sound:
            sound.until(pts * source.unit)
        target.mux(packets)
        frames += 1
        child.say(out, wire.Record(wire.FRAME, 0, pts, source.damaged, source.retimed, source.unread))
    target.mux(picture.end())
    if sound:
        sound.until(None)
    return {"frames": frames, "codec": picture.codec, "sound": sound.told if sound else []}


class _Picture:
    """The stream of pictures that is written."""

    def __init__(self, source: Any, target: Any, job: dict[str, Any]) -> None:
        self._source, self._target, self._job = source, target, job
        self._upright = Upright()
        self._stream: Any = None
        codec = source.stream.codec_context.name
        self._encoder = encoder_for(codec, job["container"], set(target.supported_codecs))
        self.codec = self._encoder.name

    def encode(self, pts: int, frame: Any, kinds: Any, boxes: Any) -> list[Any]:
        """The packets that one more frame completes."""
        frame = self._upright(frame)
        if self._stream is None:
            self._stream = self._begun(frame)
        context = self._stream.codec_context
        made = fresh(frame, context.width, context.height, context.pix_fmt)
        scale = [context.width / self._job["width"], context.height / self._job["height"]] * 2
        cover(planes(made), black(made), kinds, boxes * scale, self._job["style"])
        made.pts, made.time_base = pts, self._source.unit
        return list(self._stream.encode(made))

    def end(self) -> list[Any]:
        """The last packets."""
        return list(self._stream.encode()) if self._stream else []

    def _begun(self, frame: Any) -> Any:
        """The stream, made like the film's first frame."""
        source = self._source.stream
        encoder: Encoder = self._encoder
        stream = self._target.add_stream(encoder.name, rate=self._source.rate, options=dict(encoder.options))
        context = stream.codec_context
        context.width, context.height = frame.width, frame.height
        offered = [f.name for f in context.codec.video_formats or ()]
        bits = frame.format.components[0].bits
        context.pix_fmt = pixel_format(frame.format.name, bits, offered, frame.width, frame.height)
        context.time_base = stream.time_base = self._source.unit
        context.thread_count = self._job["threads"]
        aspect = source.sample_aspect_ratio or Fraction(1)
        turned = (frame.width, frame.height) != (source.codec_context.width, source.codec_context.height)
        if aspect != 1:
            context.sample_aspect_ratio = 1 / aspect if turned else aspect
        theirs = source.codec_context
        context.color_range, context.colorspace = theirs.color_range, theirs.colorspace
        context.color_primaries, context.color_trc = theirs.color_primaries, theirs.color_trc
        return stream


class _Sound:
    """All sound of the film, packet by packet as it is; encoded anew where the container cannot hold it."""

    def __init__(self, source: Any, target: Any, job: dict[str, Any]) -> None:
        from castlist.decode.source import opened

        self._target = target
        self._zero: Fraction = source.zero  # seconds
        # Matroska has no times before 0 and would move all streams; what sounds there is a codec's run-up.
        self._from_zero = job["container"] in ("matroska", "webm")
        self._container = opened(_Apart(job["file"]))
        self.told: list[str] = []
        self._way: dict[int, Any] = {}  # stream that is written, by index of the one that is read
        self._encoded: set[int] = set()
        for stream in self._container.streams.audio:
            self._take(stream)
        self._waiting = self._packets()
        self._next = next(self._waiting, None)

    def _take(self, stream: Any) -> None:
        codec = stream.codec_context.name if stream.codec_context else ""
        if codec in self._target.supported_codecs:
            self._way[stream.index] = self._target.add_stream_from_template(stream)
            self.told.append(f"{codec}, copied")
        elif codec:
            name = SOUND.get(self._target.format.name, "aac")
            self._way[stream.index] = self._target.add_stream(name, rate=stream.codec_context.sample_rate)
            self._way[stream.index].codec_context.layout = stream.codec_context.layout
            self._encoded.add(stream.index)
            self.told.append(f"{codec}, encoded as {name}")

    def _packets(self) -> Iterator[Any]:
        streams = [s for s in self._container.streams.audio if s.index in self._way]
        if streams:
            yield from self._container.demux(streams)

    def until(self, seconds: Fraction | None) -> None:
        """Write what sounds before a time; all that is left where it is None."""
        while self._next is not None:
            packet, stamp = self._next, self._stamp(self._next)
            if seconds is not None and stamp is not None and stamp > seconds:
                return
            self._write(packet)
            self._next = next(self._waiting, None)

    def _stamp(self, packet: Any) -> Fraction | None:
        at = packet.dts if packet.dts is not None else packet.pts
        return None if at is None else at * Fraction(packet.time_base) - self._zero

    def _write(self, packet: Any) -> None:
        to = self._way[packet.stream.index]
        shift = round(self._zero / packet.time_base)
        if packet.stream.index in self._encoded:
            for frame in packet.decode():
                frame.pts -= round(self._zero / frame.time_base)
                self._target.mux(to.encode(frame))
            if packet.dts is None:
                self._target.mux(to.encode())
        elif packet.dts is not None and packet.size:
            packet.pts = (packet.dts if packet.pts is None else packet.pts) - shift
            packet.dts -= shift
            if packet.pts < 0 and self._from_zero:
                return
            packet.stream = to
            self._target.mux(packet)


class _Apart:
    """A file read at a place of its own, though others read the same descriptor."""

    def __init__(self, fd: int) -> None:
        self._fd, self._at, self._size = fd, 0, os.fstat(fd).st_size

    def read(self, size: int) -> bytes:
        """Up to so many bytes."""
        data = os.pread(self._fd, size, self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another place."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at
