"""The parent's side of rendering: start the child, hear it, and leave a whole file or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from castlist.decode import Limits, wire
from castlist.decode.files import digest, open_plain, printable
from castlist.decode.process import Child
from castlist.errors import InputError, VideoError
from castlist.render.codecs import container_of
from castlist.render.covers import STYLES, Covers
from castlist.types import Clock, Video

__all__ = ["Rendered", "render"]

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
    form = container_of(output)
    if style not in STYLES:
        raise InputError(f"style must be one of {', '.join(STYLES)}, got {style!r}")
    with suppress(OSError):
        if os.path.samefile(video.path, output):
            raise InputError(f"{printable(output)} is the film itself; name another file to write")
    part = output.absolute().with_name(f".{uuid4().hex}.part")
    fd = open_plain(video.path)
    try:
        if digest(fd) != video.digest:
            raise VideoError(f"{printable(video.path)} is another film than the one whose cast was found")
        job = {"target": str(part), "container": form, "style": style, "mute": mute, "unit": str(clock.unit)}
        job |= {"width": video.width, "height": video.height, "frames": len(clock)}
        with tempfile.TemporaryFile() as table:
            covers.save(table)
            table.flush()
            told = _run(video.path, fd, limits, table.fileno(), job, watch)
        if told["frames"] != len(clock):
            raise VideoError(
                f"{told['frames']} of {len(clock)} frames of {printable(video.path)} could be decoded; "
                "run castlist find again, and then the same command"
            )
        _publish(part, output)
    finally:
        os.close(fd)
        with suppress(OSError):
            part.unlink()
    return Rendered(output, told["frames"], told["codec"], tuple(told["sound"]))


def _run(
    path: Path, fd: int, limits: Limits, table: int, job: dict[str, Any], watch: Callable[[int], None]
) -> dict[str, Any]:
    """What the child says at its end."""
    child = Child(path, fd, limits, module="castlist.render.child", fds=(table,), table=table, **job)
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
