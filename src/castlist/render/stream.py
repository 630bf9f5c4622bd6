"""The stream of pictures that is written, made like the film's own. Runs in the rendering child."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from castlist.render.codecs import Encoder, encoder_for, pixel_format
from castlist.render.covers import cover
from castlist.render.picture import Upright, black, fresh, planes

__all__ = ["Pictures"]


class Pictures:
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
