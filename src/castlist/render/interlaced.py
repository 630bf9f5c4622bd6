"""Writes interlaced films as interlaced films: which field of a frame is first, and frames marked so.

Without the mark, a player shows both fields at once, with combs where something moves. Runs in the rendering
child.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av
    from av.filter import Graph

__all__ = ["CODED", "FLAGS", "Marked", "field_order"]

CODED = ("libx264", "prores_ks", "ffv1")  # encoders that code both fields and mark which is first
FLAGS = "+ildct+ilme"  # options for this
# AVFieldOrder of a stream whose first frame is progressive -> the field shown first.
_STREAM = {2: "tff", 3: "bff", 4: "bff", 5: "tff"}
_FRAME = {"TOPFIRST": "tff", "BOTTOMFIRST": "bff"}  # interlace_type in FFmpeg's filter select


def field_order(frame: av.VideoFrame, stream: av.VideoStream) -> str:
    """The field of a film's frames that comes first: tff (top) or bff (bottom); "" for a progressive film."""
    if frame.interlaced_frame:
        for kind, order in _FRAME.items():
            graph = _graph(frame, "select", rf"eq(interlace_type\,{kind})")
            graph.push(frame)
            try:
                graph.pull()
            except BlockingIOError:  # the filter did not select the frame
                continue
            return order
    return _STREAM.get(int(stream.codec_context.field_order), "")


class Marked:
    """Marks frames with the field that is first."""

    def __init__(self, order: str) -> None:
        self._order = order
        self._made: Graph | None = None

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The same picture and time, marked; all frames must have the same size and format."""
        if self._made is None:
            self._made = _graph(frame, "setfield", self._order)
        self._made.push(frame)
        marked: av.VideoFrame = self._made.pull()
        marked.pts, marked.time_base = frame.pts, frame.time_base
        return marked


def _graph(frame: av.VideoFrame, name: str, options: str) -> Graph:
    """A graph of one filter."""
    from av.filter import Graph

    graph = Graph()
    unit = frame.time_base or Fraction(1, 1000)
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=unit)
    graph.link_nodes(source, graph.add(name, options), graph.add("buffersink")).configure()
    return graph
