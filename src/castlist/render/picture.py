"""A decoded frame as a new, upright one to draw on, in the encoder's format, without attached data.

The new frame has only the pixels, time and colours of the decoded one: captions, user data and other
attachments of the decoder are dropped. Runs in the rendering child.
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
    """Rotates frames to their orientation on display, in any pixel format."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._for: tuple[object, ...] = ()

    def __call__(self, frame: av.VideoFrame, turn: Orientation | None = None) -> av.VideoFrame:
        """The frame as shown, except for the shape of its pixels; the same frame if it is already upright.

        Args:
            turn: its rotation; by default that in the frame itself.
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
        chain.append(graph.add("transpose", "dir=cclock_flip"))  # only exchanges rows and columns
    chain += [graph.add(name) for name, wanted in (("hflip", flip_x), ("vflip", flip_y)) if wanted]
    chain.append(graph.add("buffersink"))
    graph.link_nodes(*chain).configure()
    return graph


def fresh(frame: av.VideoFrame, width: int, height: int, pixel_format: str) -> av.VideoFrame:
    """A new frame of a size and format with the pixels and colours of another one."""
    import av

    primaries, curve = frame.color_primaries, frame.color_trc  # a conversion of the format drops these
    if (frame.width, frame.height, frame.format.name) != (width, height, pixel_format):
        frame = frame.reformat(width, height, pixel_format)
    made = av.VideoFrame(width, height, pixel_format)
    for target, source in zip(planes(made), planes(frame), strict=True):
        target[:] = source
    made.color_range, made.colorspace = frame.color_range, frame.colorspace
    made.color_primaries, made.color_trc = primaries, curve  # ProRes stores these in its frames
    return made


def fitted(
    frame: av.VideoFrame, width: int, height: int, pixel_format: str, shape: Fraction
) -> av.VideoFrame:
    """A frame as from `fresh`, with black bars if the shape of the picture (width to height) differs."""
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
    """The value of black in each plane."""
    bits = frame.format.components[0].bits
    if frame.format.is_rgb:
        return [0] * len(frame.planes)
    full = frame.format.name.startswith("yuvj") or int(frame.color_range) == 2  # AVCOL_RANGE_JPEG
    chroma = 1 << (bits - 1)
    return [0 if full else 16 << (bits - 8), *[chroma] * (len(frame.planes) - 1)]
