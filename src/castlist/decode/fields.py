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
STRIPE = 16 * BLOCK  # rows measured at a time: their differences fit into the cache
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
    lines = luma[:, ::EVERY]
    high, wide = len(lines) - 2, lines.shape[1]
    near, far = zip(*(_unlike(lines[top : top + STRIPE + 2]) for top in range(0, high, STRIPE)), strict=True)
    size = np.outer(_sizes(high, BLOCK), _sizes(wide, BLOCK // EVERY)).astype(np.float32)
    least, between = size * np.float32(VISIBLE << (bits - 8)) ** 2, np.concatenate(near)
    return (between > TIMES * np.concatenate(far)) & (between >= least)


def _unlike(lines: Plane) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sums of squares over each block: of the differences to the next line, and to the next but one."""
    values = lines.astype(np.float32)
    return _squares(values[1:-1] - values[:-2]), _squares(values[2:] - values[:-2])


def _squares(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The sum of the squares over each block."""
    wide = values.shape[1]
    if short := -len(values) % BLOCK:
        values = np.concatenate([values, np.zeros((short, wide), np.float32)])
    rows = values.reshape(-1, BLOCK, wide)
    columns = np.arange(0, wide, BLOCK // EVERY)
    summed: NDArray[np.float32] = np.add.reduceat(np.einsum("brc,brc->bc", rows, rows), columns, axis=1)
    return summed


def _sizes(n: int, block: int) -> NDArray[np.int64]:
    """The sizes of the blocks into which n rows or columns are divided, the last of them smaller or not."""
    return np.minimum(block, n - np.arange(0, n, block))


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
