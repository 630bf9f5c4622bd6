"""Deinterlaces frames where they show a comb. Runs in the decoding child.

The two fields of an interlaced frame were taken at different times, so that the edges of moving things look
like a comb. There, the lines of the second field are interpolated from the first; still parts show both
fields. Whether the fields of a block differ is measured as MPEG-2 encoders do, since many copies of tapes are
marked as progressive and many progressive films as interlaced: in a comb, neighbouring lines differ more than
every other line. [ISO/IEC JTC1/SC29/WG11 N0400, Test Model 5, field/frame DCT]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.decode.planes import Plane, planes

if TYPE_CHECKING:
    import av

__all__ = ["combed", "deinterlaced"]

BLOCK = 16  # pixels; a macroblock of MPEG-2
TALLEST = 1088  # lines: no standard has taller interlaced pictures
EVERY = 4  # every fourth column is measured
# Least ratio, in a comb, of the squared differences of neighbouring lines to those of every other line.
TIMES = 2.0
VISIBLE = 4  # of 255: least mean difference of neighbouring lines in a comb
# Packed formats, and planar formats of the same samples.
PACKED = {"uyvy422": "yuv422p", "yuyv422": "yuv422p", "nv12": "yuv420p"}


def deinterlaced(frame: av.VideoFrame) -> av.VideoFrame:
    """The frame without combs; the same frame if it has none, or if its format cannot be measured."""
    name = frame.format.name
    if frame.height > TALLEST or frame.height < 2 * BLOCK or not name.startswith(("yuv", "gray", *PACKED)):
        return frame
    if name.endswith("be") or (name.startswith("gray") and frame.format.components[0].bits > 16):
        return frame
    stored = frame.reformat(format=PACKED[name]) if name in PACKED else frame
    if any(plane.line_size < 0 for plane in stored.planes):  # rows stored from the bottom up
        return frame
    source = planes(stored)
    blocks = combed(source[0], stored.format.components[0].bits)
    return _first_field(stored, source, blocks) if blocks.any() else frame


def combed(luma: Plane, bits: int = 8) -> NDArray[np.bool_]:
    """(rows, columns) whether each block of a picture (h, w), 16 pixels to a side, shows a comb."""
    lines = luma[:, ::EVERY].astype(np.float32)
    near, far = lines[1:-1] - lines[:-2], lines[2:] - lines[:-2]
    near, far = _sums(near * near), _sums(far * far)
    least = _sums(np.full((len(lines) - 2, lines.shape[1]), (VISIBLE << (bits - 8)) ** 2, np.float32))
    return (near > TIMES * far) & (near >= least)


def _sums(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sum over each block."""
    rows = np.arange(0, len(values), BLOCK)
    columns = np.arange(0, values.shape[1], BLOCK // EVERY)
    summed: NDArray[np.float32] = np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)
    return summed


def _first_field(frame: av.VideoFrame, source: list[Plane], blocks: NDArray[np.bool_]) -> av.VideoFrame:
    """A new frame whose second field is interpolated in these blocks and their neighbours."""
    import av

    around = np.pad(blocks, 1)
    wide = around[:, :-2] | around[:, 1:-1] | around[:, 2:]
    near = wide[:-2] | wide[1:-1] | wide[2:]
    made = av.VideoFrame(frame.width, frame.height, frame.format.name)
    made.color_range, made.colorspace = frame.color_range, frame.colorspace
    made.color_primaries, made.color_trc = frame.color_primaries, frame.color_trc
    for target, plane in zip(planes(made), source, strict=True):
        target[:] = plane
        height, width = plane.shape
        row = np.minimum(np.arange(1, height, 2) * frame.height // height // BLOCK, len(near) - 1)
        column = np.minimum(np.arange(width) * frame.width // width // BLOCK, near.shape[1] - 1)
        above = plane[: 2 * len(row) : 2]
        below = plane[2::2] if height % 2 else np.concatenate([plane[2::2], above[-1:]])
        middle = ((above.astype(np.uint32) + below.astype(np.uint32) + 1) // 2).astype(plane.dtype)
        np.copyto(target[1::2], middle, where=near[row[:, None], column])
    return made
