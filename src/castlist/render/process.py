"""The parent's side of rendering: start the child, hear it, and leave a whole file or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from castlist.decode import Limits, wire
from castlist.decode.files import digest, open_plain, printable
from castlist.decode.process import Child
from castlist.errors import InputError, VideoError
from castlist.render.codecs import container_of
from castlist.render.covers import STYLES, Covers
from castlist.types import Clock, Video

__all__ = ["Rendered", "cut", "render"]

LIMITS = Limits(seconds=600.0, memory=12 << 30)  # an encoder looks ahead, and an index is moved at the end


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written."""

    path: Path
    frames: int
    codec: str  # of the picture
    sound: tuple[str, ...]  # of each sound track: "aac, copied"


def render(
    video: Video,
    clock: Clock,
    output: Path,
    *,
    covers: Covers,
    style: str = "solid",
    mute: bool = False,
    watch: Callable[[int], None] = lambda frames: None,
    limits: Limits = LIMITS,
) -> Rendered:
    """Write a film again with parts of its frames hidden: whole, or not at all.

    Frames keep their times, and sound its place; metadata, chapters, subtitles, attached pictures and data
    are left out.

    Args:
        video, clock: the film and the times of its frames.
        output: its suffix says which container is written.
        covers: what is hidden of each frame, `style` how (one of STYLES).
        mute: leave sound out.
        watch: told the number of frames written, after each.

    Raises:
        InputError: the output is the film itself, or its name has no known suffix.
        VideoError: the film cannot be read to its end or changed since it was looked at, or the output cannot
            be written.
    """
    if style not in STYLES:
        raise InputError(f"style must be one of {', '.join(STYLES)}, got {style!r}")
    with tempfile.TemporaryFile() as table:
        covers.save(table)
        table.flush()
        job = {"table": table.fileno(), "style": style, "mute": mute}
        return _produced(video, clock, output, job, len(clock), (table.fileno(),), watch, limits)


def cut(
    video: Video,
    clock: Clock,
    output: Path,
    spans: Sequence[tuple[int, int]],
    *,
    fade: float = 0.02,
    mute: bool = False,
    watch: Callable[[int], None] = lambda frames: None,
    limits: Limits = LIMITS,
) -> Rendered:
    """Write parts of a film one after another, every frame encoded again: whole, or not at all.

    Args:
        video, clock: the film and the times of its frames.
        output: its suffix says which container is written.
        spans: (first, stop) frames of each part, stop not included, in the order in which they are shown.
        fade: seconds in which sound comes up at the start of each part, and goes down at its end.
        mute: leave sound out.
        watch: told the number of frames written, after each.

    Raises:
        InputError: there is no part, a part has no frames, or the output cannot be.
        VideoError: see `render`.
    """
    if not spans or any(not 0 <= first < stop <= len(clock) for first, stop in spans):
        raise InputError(f"spans must each lie within the {len(clock)} frames of the film, got {list(spans)}")
    ends = np.append(clock.pts, clock.pts[-1] + clock.tick())
    parts = [[int(clock.pts[first]), int(ends[stop])] for first, stop in spans]
    job = {"spans": parts, "fade": fade, "mute": mute, "style": "solid", "exact": clock.retimed > 0}
    return _produced(video, clock, output, job, sum(b - a for a, b in spans), (), watch, limits)


def _produced(
    video: Video,
    clock: Clock,
    output: Path,
    job: dict[str, Any],
    frames: int,
    fds: tuple[int, ...],
    watch: Callable[[int], None],
    limits: Limits,
) -> Rendered:
    """What a job wrote, under the output's name once it is whole and has all the frames."""
    form = container_of(output)
    if _is_the_film(video, output):
        raise InputError(f"{printable(output)} is the film itself; name another file to write")
    part = output.absolute().with_name(f".{uuid4().hex}.part")
    fd = open_plain(video.path)
    try:
        if digest(fd) != video.digest:
            raise VideoError(f"{printable(video.path)} is another film than the one whose cast was found")
        job = job | {"target": str(part), "container": form, "unit": str(clock.unit)}
        job |= {"width": video.width, "height": video.height}
        told = _run(video.path, fd, limits, fds, job, watch)
        if told["frames"] != frames:
            raise VideoError(
                f"{told['frames']} of {frames} frames of {printable(video.path)} could be decoded; "
                "run castlist find again, and then the same command"
            )
        _publish(part, output)
    finally:
        os.close(fd)
        with suppress(OSError):
            part.unlink()
    return Rendered(output, told["frames"], told["codec"], tuple(told["sound"]))


def _is_the_film(video: Video, output: Path) -> bool:
    """Whether a file is the film, under whatever name, or a copy of it."""
    with suppress(OSError):
        if os.path.samefile(video.path, output):
            return True
    if not output.is_file() or not output.stat().st_size:
        return False
    fd = open_plain(output)
    try:
        return digest(fd) == video.digest
    finally:
        os.close(fd)


def _run(
    path: Path, fd: int, limits: Limits, fds: tuple[int, ...], job: dict[str, Any],
    watch: Callable[[int], None],
) -> dict[str, Any]:  # fmt: skip
    """What the child says at its end."""
    child = Child(path, fd, limits, module="castlist.render.child", fds=fds, **job)
    frames = 0
    try:
        while True:
            record, text = child.hear()
            if record.kind == wire.FRAME:
                frames += 1
                watch(frames)
            elif record.kind == wire.END:
                return wire.load(text)
    finally:
        child.close()


def _publish(part: Path, output: Path) -> None:
    """Give a finished file its name; what it holds is on the disk before."""
    try:
        with open(part, "rb") as file:
            os.fsync(file.fileno())
        os.replace(part, output)
    except OSError as error:
        raise VideoError(f"{printable(output)} cannot be written: {error.strerror}") from error
