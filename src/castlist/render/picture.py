"""A decoded frame as a new one that may be drawn on: upright, in the encoder's format, with nothing attached.

The frame that an encoder gets is made anew and takes over pixels, time and colours only: captions, user data
and whatever else a decoder hangs on its frames stay behind. Runs in the rendering child.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from castlist.decode.picture import Orientation, orientation
from castlist.decode.planes import planes

if TYPE_CHECKING:
    import av
    from av.filter import Graph

__all__ = ["Upright", "black", "fitted", "fresh", "planes"]


class Upright:
    """Turns frames the way they are shown, in whatever pixel format they have."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._for: tuple[object, ...] = ()

    def __call__(self, frame: av.VideoFrame, turn: Orientation | None = None) -> av.VideoFrame:
        """The frame as shown, but for the shape of its pixels; the same one where it lies right already.

        Args:
            turn: how it is turned, by default as the frame itself says.
        """
        turn = orientation(frame) if turn is None else turn
        if not any(turn):
            return frame
        key = (turn, frame.width, frame.height, frame.format.name)
        if key != self._for or self._graph is None:
            self._graph, self._for = _graph(frame, turn), key
        self._graph.push(frame)
        turned: av.VideoFrame = self._graph.pull()
        return turned


def _graph(frame: av.VideoFrame, turn: tuple[bool, bool, bool]) -> Graph:
    """A filter graph of transposition and flips."""
    from av.filter import Graph

    graph = Graph()
    unit = frame.time_base or Fraction(1, 1000)
    chain = [graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=unit)]
    transpose, flip_x, flip_y = turn
    if transpose:
        chain.append(graph.add("transpose", "dir=cclock_flip"))  # rows become columns, nothing else
    chain += [graph.add(name) for name, wanted in (("hflip", flip_x), ("vflip", flip_y)) if wanted]
    chain.append(graph.add("buffersink"))
    graph.link_nodes(*chain).configure()
    return graph


def fresh(frame: av.VideoFrame, width: int, height: int, pixel_format: str) -> av.VideoFrame:
    """A new frame of a size and format with the pixels and the colours of another."""
    import av

    primaries, curve = frame.color_primaries, frame.color_trc  # which a change of the format drops
    if (frame.width, frame.height, frame.format.name) != (width, height, pixel_format):
        frame = frame.reformat(width, height, pixel_format)
    made = av.VideoFrame(width, height, pixel_format)
    for target, source in zip(planes(made), planes(frame), strict=True):
        target[:] = source
    made.color_range, made.colorspace = frame.color_range, frame.colorspace
    made.color_primaries, made.color_trc = primaries, curve  # ProRes keeps them in its frames
    return made


def fitted(
    frame: av.VideoFrame, width: int, height: int, pixel_format: str, shape: Fraction
) -> av.VideoFrame:
    """A frame as `fresh` makes it, black beside or above a picture of another shape (width to height)."""
    import av

    inner = (width, height)
    if shape > Fraction(width, height):
        inner = (width, max(2, round(width / shape / 2) * 2))
    elif shape < Fraction(width, height):
        inner = (max(2, round(height * shape / 2) * 2), height)
    small = fresh(frame, *inner, pixel_format)
    if inner == (width, height):
        return small
    made = av.VideoFrame(width, height, pixel_format)
    made.color_range, made.colorspace = small.color_range, small.colorspace
    made.color_primaries, made.color_trc = small.color_primaries, small.color_trc
    left, top = (width - inner[0]) // 4 * 2, (height - inner[1]) // 4 * 2
    for plane, value, picture in zip(planes(made), black(small), planes(small), strict=True):
        x, y = left * plane.shape[1] // width, top * plane.shape[0] // height
        plane[:] = value
        plane[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return made


def black(frame: av.VideoFrame) -> list[int]:
    """The value of each plane where the picture is black."""
    bits = frame.format.components[0].bits
    if frame.format.is_rgb:
        return [0] * len(frame.planes)
    full = frame.format.name.startswith("yuvj") or int(frame.color_range) == 2  # AVCOL_RANGE_JPEG
    chroma = 1 << (bits - 1)
    return [0 if full else 16 << (bits - 8), *[chroma] * (len(frame.planes) - 1)]
