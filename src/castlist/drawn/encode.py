"""Frames -> a video file, by PyAV."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from castlist.drawn.script import Encoding, Script
from castlist.errors import InputError

if TYPE_CHECKING:
    from av.container import OutputContainer


def ticks(script: Script, frames: int) -> tuple[NDArray[np.int64], Fraction]:
    """(frames,) increasing presentation times and their unit; a constant frame rate has two ticks a frame."""
    unit = 1 / (2 * script.frame_rate)
    if not script.encoding.variable:
        return 2 * np.arange(frames, dtype=np.int64), unit
    steps = np.random.default_rng(frames).choice([1, 2, 2, 3, 4], size=frames)
    return np.concatenate([[0], np.cumsum(steps[:-1])]).astype(np.int64), unit


def stored_size(script: Script) -> tuple[int, int]:
    """Width and height of the frames in the file, before a player rotates and stretches them."""
    w, h = script.width, script.height
    if script.encoding.rotation in (90, 270):
        w, h = h, w
    return round(w / script.encoding.sample_aspect_ratio / 2) * 2, h


def stored(frame: NDArray[np.uint8], script: Script) -> NDArray[np.uint8]:
    """The frame as it is stored in the file."""
    import cv2

    turned = np.rot90(frame, script.encoding.rotation // 90)  # a player rotates it back, clockwise
    size = stored_size(script)
    if turned.shape[1::-1] != size:
        turned = cv2.resize(np.ascontiguousarray(turned), size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(turned)


@contextmanager
def writer(script: Script, path: Path) -> Iterator[Callable[[NDArray[np.uint8]], None]]:
    """A function that appends frames, (h, w, 3) uint8 red, green, blue as shown, to a film."""
    encoding, (width, height) = script.encoding, stored_size(script)
    pts, unit = ticks(script, script.frame_count)
    try:
        with av.open(str(path), "w") as container:
            stream = _stream(container, script, unit)
            container.start_encoding()
            count = 0

            def append(frame: NDArray[np.uint8]) -> None:
                nonlocal count
                picture = av.VideoFrame.from_ndarray(stored(frame, script), format="rgb24")
                picture.pts, picture.time_base = int(pts[count]), unit
                count += 1
                container.mux(stream.encode(picture))

            yield append
            container.mux(stream.encode())
    except av.error.FFmpegError as error:
        raise InputError(f"cannot write the film {path}: {error.strerror}; choose another place") from error
    if encoding.rotation:
        turn(path, encoding.rotation, width, height)


def _stream(container: OutputContainer, script: Script, unit: Fraction) -> av.VideoStream:
    encoding = script.encoding
    try:
        stream = container.add_stream(encoding.codec, rate=script.frame_rate, options=_options(encoding))
    except ValueError as error:
        raise InputError(f"cannot encode with {encoding.codec!r} into this kind of file: {error}") from error
    if not isinstance(stream, av.VideoStream):
        raise InputError(f"{encoding.codec!r} encodes no pictures")
    stream.width, stream.height = stored_size(script)
    stream.pix_fmt = encoding.pixel_format
    stream.codec_context.time_base = stream.time_base = unit
    stream.codec_context.thread_count = 1  # for the same bytes on every machine
    if encoding.sample_aspect_ratio != 1:
        stream.codec_context.sample_aspect_ratio = encoding.sample_aspect_ratio
    return stream


def _options(encoding: Encoding) -> dict[str, str]:
    if encoding.codec == "libx264":  # its lookahead does not always give the same result
        codec_options = {"x264-params": "rc-lookahead=0"}
        return {"crf": str(encoding.quality), "preset": encoding.preset, **codec_options}
    if encoding.codec == "libx265":
        return {"crf": str(encoding.quality), "preset": encoding.preset}
    return {"crf": str(encoding.quality)} if "vp" in encoding.codec or "av1" in encoding.codec else {}


def turn(path: Path, degrees: int, width: int, height: int) -> None:
    """Mark an mp4 or mov file so that players rotate its picture clockwise (ISO 14496-12, 8.3.2: tkhd)."""
    if path.suffix.lower() not in (".mp4", ".mov", ".m4v"):
        raise InputError(f"a rotation flag needs an .mp4 or .mov file, not {path.name}")
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    x, y = {90: (height, 0), 180: (width, height), 270: (0, width)}[degrees]
    fixed = 1 << 16
    matrix = struct.pack(
        ">9i", cos * fixed, sin * fixed, 0, -sin * fixed, cos * fixed, 0, x * fixed, y * fixed, 1 << 30
    )
    with open(path, "r+b") as file:
        at = find_box(file, (b"moov", b"trak", b"tkhd"))
        version = file.read(1)[0]
        file.seek(at + (40 if version == 0 else 52))
        file.write(matrix)


def find_box(file: BinaryIO, names: Iterable[bytes]) -> int:
    """The position of the content of a nested box, to which the file is moved."""
    start, end = 0, file.seek(0, os.SEEK_END)
    for name in names:
        while start < end:
            file.seek(start)
            size, kind = struct.unpack(">I4s", file.read(8))
            head = 8
            if size == 1:
                size, head = struct.unpack(">Q", file.read(8))[0], 16
            if kind == name:
                start, end = start + head, start + size
                break
            start += size or end
        else:
            raise InputError("the film just written has no track header")
    file.seek(start)
    return start
