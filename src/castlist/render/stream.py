"""The output's stream of pictures, in the format of the film's own. Runs in the rendering child."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.decode.fields import deinterlaced
from castlist.decode.picture import orientation
from castlist.render.codecs import Encoder, encoder_for, pixel_format
from castlist.render.covers import cover
from castlist.render.interlaced import CODED, FLAGS, Marked, field_order
from castlist.render.picture import Upright, black, fitted, planes

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer

    from castlist.decode.source import Source
    from castlist.render.job import RenderJob

__all__ = ["Pictures"]

ALIKE = 0.01  # largest relative difference of picture shapes that needs no black bars


class Pictures:
    """The output's stream of pictures."""

    def __init__(
        self, source: Source, target: OutputContainer, job: RenderJob, unit: Fraction | None = None
    ) -> None:
        self._source, self._target, self._job = source, target, job
        self._unit: Fraction = source.unit if unit is None else unit
        self._upright = Upright()
        self._stream: av.VideoStream | None = None
        self._marked: Marked | None = None  # set if the stream is interlaced
        self._interlaced = False  # whether the film that sets the stream's format is interlaced
        codec = source.stream.codec_context.name
        self._encoder = encoder_for(codec, job["container"], set(target.supported_codecs))
        self.codec = self._encoder.name

    def like(self, frame: av.VideoFrame) -> None:
        """Begin the stream in the size of this frame of the source."""
        self._stream = self._new_stream(frame)

    def encode(
        self,
        pts: int,
        frame: av.VideoFrame,
        kinds: NDArray[np.int8],
        boxes: NDArray[np.floating],
        source: Source | None = None,
    ) -> list[av.Packet]:
        """The packets that one more frame completes.

        Args:
            pts: time of the frame, in ticks of the stream.
            kinds: (n,) kinds of the boxes.
            boxes: (n, 4) left, top, right, bottom, in pixels of the film as shown.
            source: the film of the frame, if it is not the one that sets the stream's format.
        """
        if self._stream is None:
            self._stream = self._new_stream(frame)
        context = self._stream.codec_context
        turn = orientation(frame)  # deinterlacing drops it from the frame
        if self._inseparable(frame, context.height):
            frame = deinterlaced(frame)
        frame = self._upright(frame, turn)
        shape = self._shape(frame, self._source if source is None else source)
        made = fitted(frame, context.width, context.height, context.pix_fmt, shape)
        scale = [context.width / self._job["width"], context.height / self._job["height"]] * 2
        cover(planes(made), black(made), kinds, boxes * scale, self._job["style"])
        made.pts, made.time_base = pts, self._unit
        return list(self._stream.encode(made if self._marked is None else self._marked(made)))

    def _inseparable(self, frame: av.VideoFrame, height: int) -> bool:
        """Whether a player could not separate the two fields of a frame in the stream."""
        if self._marked is None:
            return self._interlaced or bool(frame.interlaced_frame)
        return bool(frame.height != height)

    def _shape(self, frame: av.VideoFrame, source: Source) -> Fraction:
        """The width of a frame divided by its height, in pixels of the stream."""
        assert self._stream is not None  # noqa: S101 - a frame was begun with
        context = self._stream.codec_context
        whole = Fraction(context.width, context.height)
        if source is self._source or len(self._job["files"]) == 1:
            return whole
        source_aspect, target_aspect = (
            _pixel(frame, source),
            Fraction(context.sample_aspect_ratio or 1) or Fraction(1),
        )
        shape = Fraction(frame.width, frame.height) * source_aspect / target_aspect
        return whole if abs(shape / whole - 1) < ALIKE else shape

    def end(self) -> list[av.Packet]:
        """The last packets."""
        return list(self._stream.encode()) if self._stream else []

    def _new_stream(self, frame: av.VideoFrame) -> av.VideoStream:
        """Begin the stream, in the format of the film's first frame."""
        import av

        order = field_order(frame, self._source.stream)
        upright = self._upright(frame)
        self._interlaced = bool(order)
        source = self._source.stream.codec_context
        encoder: Encoder = self._encoder
        options = dict(encoder.options)
        if order and encoder.name in CODED and upright is frame:
            self._marked, options["flags"] = Marked(order), FLAGS
        frame = upright
        stream = self._target.add_stream(encoder.name, rate=self._source.rate, options=options)
        assert isinstance(stream, av.VideoStream)  # noqa: S101 - the encoder is one of pictures
        context = stream.codec_context
        context.width, context.height = frame.width, frame.height
        offered = [f.name for f in context.codec.video_formats or ()]
        bits = frame.format.components[0].bits
        context.pix_fmt = pixel_format(frame.format.name, bits, offered, frame.width, frame.height)
        context.time_base = stream.time_base = self._unit
        context.thread_count = self._job["threads"]
        aspect = _pixel(frame, self._source)
        if aspect != 1:
            context.sample_aspect_ratio = aspect
        context.color_range, context.colorspace = source.color_range, source.colorspace
        context.color_primaries, context.color_trc = source.color_primaries, source.color_trc
        return stream


def _pixel(frame: av.VideoFrame, source: Source) -> Fraction:
    """The width of the pixels of an upright frame divided by their height."""
    stream = source.stream
    aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
    turned = (frame.width, frame.height) != (stream.codec_context.width, stream.codec_context.height)
    return 1 / aspect if turned else aspect
