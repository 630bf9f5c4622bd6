"""The sound of the output: all of the film's, unchanged, or parts with short fades. Rendering child."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.decode.readable import FilmDescriptor
from castlist.render.codecs import SOUND

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer

    from castlist.decode.source import Source
    from castlist.render.job import RenderJob

__all__ = ["SoundCut", "Whole"]

RUN_UP = 1  # seconds before a part at which decoding of its sound begins, for the codec to settle
DRIFT = 0.002  # seconds; sound times may be rounded by this, and a larger difference is a gap


class Whole:
    """All sound of the film: packets copied, or encoded again if the container does not support the codec."""

    def __init__(self, source: Source, target: OutputContainer, job: RenderJob) -> None:
        from castlist.decode.container import opened

        self._source, self._target = source, target
        self._zero: Fraction = source.zero  # seconds
        # Matroska has no times before 0 and would shift all streams; the sound before 0 only primes the
        # codec.
        self._from_zero = job["container"] in ("matroska", "webm")
        self._container = opened(FilmDescriptor(job["file"]))
        self.summary: list[str] = []
        self._way: dict[int, av.AudioStream] = {}  # output stream, by the index of the input stream
        self._encoded: set[int] = set()
        self._last: dict[int, int] = {}  # time of the last packet written, by index
        for stream in self._container.streams.audio:
            self._take(stream)
        self._waiting = self._packets()
        self._next = next(self._waiting, None)

    def _take(self, stream: av.AudioStream) -> None:
        codec = stream.codec_context.name if stream.codec_context else ""
        if codec in self._target.supported_codecs:
            self._way[stream.index] = self._target.add_stream_from_template(stream)
            self.summary.append(f"{codec}, copied")
        elif codec:
            name = SOUND.get(self._target.format.name, "aac")
            self._way[stream.index] = self._target.add_stream(name, rate=stream.codec_context.sample_rate)
            self._way[stream.index].codec_context.layout = stream.codec_context.layout
            self._encoded.add(stream.index)
            self.summary.append(f"{codec}, encoded as {name}")

    def _packets(self) -> Iterator[av.Packet[av.AudioStream]]:
        from castlist.decode.sound_packets import sound_packets

        streams = [s for s in self._container.streams.audio if s.index in self._way]
        if streams:
            yield from sound_packets(self._source, self._container, streams)

    def until(self, seconds: Fraction | None) -> None:
        """Write the sound before a time; all the rest if it is None."""
        while self._next is not None:
            packet, stamp = self._next, self._stamp(self._next)
            if seconds is not None and stamp is not None and stamp > seconds:
                return
            self._write(packet)
            self._next = next(self._waiting, None)

    def _stamp(self, packet: av.Packet[av.AudioStream]) -> Fraction | None:
        at = packet.dts if packet.dts is not None else packet.pts
        return None if at is None else at * Fraction(packet.time_base) - self._zero

    def _write(self, packet: av.Packet[av.AudioStream]) -> None:
        from castlist.decode.sound_packets import sound_frames

        to = self._way[packet.stream.index]
        shift = round(self._zero / packet.time_base)
        if packet.stream.index in self._encoded:
            for frame in sound_frames(packet):
                frame.pts -= round(self._zero / frame.time_base)
                if self._goes_on(packet.stream.index, frame.pts):
                    self._target.mux(to.encode(frame))
            if not packet.size:
                self._target.mux(to.encode())
        elif packet.dts is not None and packet.size:
            packet.pts = (packet.dts if packet.pts is None else packet.pts) - shift
            packet.dts -= shift
            if packet.pts < 0 and self._from_zero:
                return
            if self._goes_on(packet.stream.index, packet.dts):
                packet.stream = to
                self._target.mux(packet)

    def _goes_on(self, index: int, time: int) -> bool:
        """Whether a time is later than the last one: a joined film may have two sounds at the same time."""
        later = time > self._last.get(index, time - 1)
        self._last[index] = max(time, self._last.get(index, time))
        return later


class SoundCut:
    """The films' first sound tracks in parts, one after another, decoded and encoded again.

    Part k begins at the sample nearest to its place in the output, so that errors do not add up over many
    parts. A film without sound gives silence.
    """

    def __init__(self, sources: Sequence[Source], target: OutputContainer, job: RenderJob) -> None:
        self._sources, self._target, self._files, self._fade = sources, target, job["files"], job["fade"]
        self._spans = [(k, a * sources[k].unit, b * sources[k].unit) for k, a, b in job["parts"]]
        self.summary: list[str] = []
        self._stream: av.AudioStream = None
        known = [t for source in sources if (t := _first_sound(source)) is not None]
        if not known:
            return
        name = SOUND.get(target.format.name, "aac")
        self._rate = 48_000 if name == "libopus" else max(context.sample_rate for context in known)
        self._layout = "stereo" if any(context.channels > 1 for context in known) else "mono"
        self._stream = target.add_stream(name, rate=self._rate)
        self._stream.codec_context.layout = self._layout
        self.summary.append(f"{', '.join(dict.fromkeys(t.name for t in known))}, encoded as {name}")
        self._waiting = self._pieces()
        self._next = next(self._waiting, None)

    def until(self, seconds: Fraction | None) -> None:
        """Write the sound before a time of the output; all the rest if it is None."""
        if self._stream is None:
            return
        while self._next is not None and (seconds is None or Fraction(self._next[0], self._rate) <= seconds):
            self._write(*self._next)
            self._next = next(self._waiting, None)
        if seconds is None:
            self._target.mux(self._stream.encode())

    def _write(self, at: int, samples: NDArray[np.float32]) -> None:
        import av

        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, at, Fraction(1, self._rate)
        self._target.mux(self._stream.encode(frame))

    def _pieces(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """(first sample in the output, samples (channels, n)), without gaps and overlaps."""
        shown, done = Fraction(0), 0
        for film, begin, end in self._spans:
            first, last = round(shown * self._rate), round((shown + end - begin) * self._rate)
            for at, samples in self._of_span(film, begin, last - first):
                yield done, self._faded(samples, at, last - first)
                done += samples.shape[1]
            shown += end - begin

    def _of_span(self, film: int, begin: Fraction, length: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """(place within the part, samples) of one part; silence where the film has no sound."""
        channels, at = 2 if self._layout == "stereo" else 1, 0
        for start, samples in self._decoded(film, begin):
            place = start - round(begin * self._rate)
            if place >= length:
                break
            samples = samples[:, max(0, at - place) :]
            place = max(place, at)
            samples = samples[:, : max(0, length - place)]
            if not samples.shape[1]:
                continue
            if place > at:
                yield at, np.zeros((channels, place - at), np.float32)
            yield place, samples
            at = place + samples.shape[1]
        if at < length:
            yield at, np.zeros((channels, length - at), np.float32)

    def _decoded(self, film: int, begin: Fraction) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """(sample of the film, samples), beginning somewhat before a time."""
        import av

        from castlist.decode.container import opened
        from castlist.decode.sound_packets import sound_frames, sound_packets

        if _first_sound(self._sources[film]) is None:
            return
        zero: Fraction = self._sources[film].zero
        with opened(FilmDescriptor(self._files[film])) as container:
            stream = container.streams.audio[0]
            resampler = av.AudioResampler("fltp", self._layout, self._rate)
            start = begin + zero - RUN_UP
            if begin > RUN_UP and not self._sources[film].broadcast:
                container.seek(int(start / Fraction(stream.time_base or 1)), stream=stream, backward=True)
            place: int | None = None
            for packet in sound_packets(self._sources[film], container, [stream]):
                if packet.dts is not None and packet.dts * packet.time_base < start:
                    continue
                for frame in sound_frames(packet):
                    expected = round((frame.pts * Fraction(frame.time_base or 1) - zero) * self._rate)
                    if place is None or abs(expected - place) > self._rate * DRIFT:
                        place = expected
                    for part in resampler.resample(frame):
                        samples = part.to_ndarray().astype(np.float32)
                        yield place, samples
                        place += samples.shape[1]

    def _faded(self, samples: NDArray[np.float32], at: int, length: int) -> NDArray[np.float32]:
        """Samples of a part, from place `at`, faded in at the part's start and out at its end."""
        place = at + np.arange(samples.shape[1]) + 0.5
        ramp = np.minimum(place, length - place) / max(1.0, self._fade * self._rate)
        return np.asarray(samples * np.clip(ramp, 0, 1), np.float32)


def _first_sound(source: Source) -> av.AudioCodecContext | None:
    """The codec of the first sound track of a film; None if there is none that can be decoded."""
    streams = source.container.streams.audio
    return streams[0].codec_context if streams else None
