"""The parent's side of the rendering child: starts it, reads its progress, and keeps only complete files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.argument_types import typed_arguments
from castlist.decode import Limits, wire
from castlist.decode.files import check_content, digest, digest_of, open_plain, printable
from castlist.decode.process import Child
from castlist.decode.wire import RecordKind
from castlist.errors import InputError, VideoError, one_of
from castlist.outputs import check_output, part_file
from castlist.render.codecs import container_of
from castlist.render.covers import Covers, CoverStyle
from castlist.render.job import RenderJob, RenderResult
from castlist.types import Clock, Video

__all__ = ["Film", "Rendered", "cut", "joined", "render"]

LIMITS = Limits(seconds=600.0, memory=12 << 30)  # an encoder looks ahead, and the index is moved at the end


@dataclass(frozen=True, eq=False, slots=True)
class Film:
    """A film, and the parts of it to write."""

    video: Video
    clock: Clock
    spans: Sequence[tuple[int, int]]  # (first, stop) frames of each part, stop not included


@dataclass(frozen=True, slots=True)
class Rendered:
    """A description of the written film."""

    path: Path
    frames: int
    codec: str  # of the picture
    sound: tuple[str, ...]  # for each sound track, as in "aac, copied"


def render(
    video: Video,
    clock: Clock,
    output: Path,
    *,
    covers: Covers,
    style: CoverStyle | str = CoverStyle.SOLID,
    mute: bool = False,
    watch: Callable[[int], None] = lambda frames: None,
    limits: Limits = LIMITS,
) -> Rendered:
    """Write a film again with parts of its frames covered; the file is complete, or is not written.

    Frames keep their times, and sound its place; metadata, chapters, subtitles, attached pictures and data
    are left out.

    Args:
        video, clock: the film and the times of its frames.
        output: its suffix selects the container.
        covers: the covers of each frame, drawn in this `style`.
        mute: leave sound out.
        watch: called after each frame with the number of frames written.

    Raises:
        InputError: the output is the film itself, its name has no known suffix, or castlist does not replace
            such a file (`castlist.outputs`).
        VideoError: the film cannot be read to its end, has changed since it was opened, or the output cannot
            be written.
    """
    style = one_of(CoverStyle, "style", style)
    with tempfile.TemporaryFile() as table:
        covers.save(table)
        table.flush()
        job: RenderJob = {"table": table.fileno(), "style": style, "mute": mute}
        return _produced(
            [video], clock, output, job, frames=len(clock), fds=(table.fileno(),), watch=watch, limits=limits
        )


@typed_arguments
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
    """Write parts of a film one after another, every frame encoded again; complete, or not at all.

    Args:
        video, clock: the film and the times of its frames.
        output: its suffix selects the container.
        spans: (first, stop) frames of each part, stop excluded, in the order of the output.
        fade: seconds over which sound fades in at the start of each part, and out at its end.
        mute: leave sound out.
        watch: called after each frame with the number of frames written.

    Raises:
        InputError: there is no part, a part has no frames, or the output must not be written.
        VideoError: see `render`.
    """
    return joined([Film(video, clock, spans)], output, fade=fade, mute=mute, watch=watch, limits=limits)


@typed_arguments
def joined(
    films: Sequence[Film],
    output: Path,
    *,
    fade: float = 0.02,
    mute: bool = False,
    watch: Callable[[int], None] = lambda frames: None,
    limits: Limits = LIMITS,
) -> Rendered:
    """Write parts of several films one after another, as `cut` does for one.

    The output has the format of the film with the largest picture; smaller or differently shaped pictures are
    fitted into its frame with black bars. Every frame keeps its own duration, so the rate varies if the
    films' rates differ.

    Raises:
        InputError: see `cut`.
        VideoError: see `render`; or only some of the films have high dynamic range.
    """
    for film in films:
        count = len(film.clock)
        if not film.spans or any(not 0 <= first < stop <= count for first, stop in film.spans):
            raise InputError(
                f"spans must each lie within the {count} frames of the film, got {list(film.spans)}"
            )
    videos = [film.video for film in films]
    model = max(range(len(videos)), key=lambda k: (videos[k].width * videos[k].height, -k))
    parts = [[k, *span] for k, film in enumerate(films) for span in _ticks(film)]
    job: RenderJob = {"parts": parts, "fade": fade, "mute": mute, "style": CoverStyle.SOLID, "model": model}
    job["exact"] = [film.clock.retimed > 0 for film in films]
    frames = sum(stop - first for film in films for first, stop in film.spans)
    return _produced(
        videos, films[model].clock, output, job, frames=frames, fds=(), watch=watch, limits=limits
    )


def _ticks(film: Film) -> list[list[int]]:
    """Beginning and end of each part, in ticks of the film's clock."""
    ends = np.append(film.clock.pts, film.clock.pts[-1] + film.clock.tick())
    return [[int(film.clock.pts[first]), int(ends[stop])] for first, stop in film.spans]


def _produced(
    videos: Sequence[Video],
    clock: Clock,
    output: Path,
    job: RenderJob,
    *,
    frames: int,
    fds: tuple[int, ...],
    watch: Callable[[int], None],
    limits: Limits,
) -> Rendered:
    """The child's description of the output, which gets its name once it is complete and has all frames."""
    form = check_target(videos, output)
    with ExitStack() as stack:
        opened = [_opened(video, stack) for video in videos]
        part = _new_part(output, stack)
        job = {**job, "target": str(part), "container": form, "unit": str(clock.unit), "files": opened}
        job |= {"width": videos[0].width, "height": videos[0].height}
        result = _run(videos[0].path, opened[0], limits, (*fds, *opened[1:]), job, watch)
        if result["frames"] != frames:
            films = ", ".join(printable(video.path) for video in videos)
            raise VideoError(
                f"{result['frames']} of {frames} frames of {films} could be decoded, so a film "
                "has changed; run castlist find again, and then the same command"
            )
        _publish(part, output)
    return Rendered(output, result["frames"], result["codec"], tuple(result["sound"]))


def check_target(videos: Sequence[Video], output: Path) -> str:
    """The container to write; refuses an output that must not be written; see `render`."""
    form = container_of(output)
    if any(_is_the_film(video, output) for video in videos):
        raise InputError(f"{printable(output)} is the film itself; name another file to write")
    check_output(output, film=True, folder=True)
    return form


def _opened(video: Video, stack: ExitStack) -> int:
    """The descriptor of a film, open as long as the stack is; raises VideoError if it is another film now."""
    fd = open_plain(video.path)
    stack.callback(os.close, fd)
    check_content(video.path, digest(fd, video.path), video.digest)
    return fd


def _new_part(output: Path, stack: ExitStack) -> Path:
    """An empty file beside the output, which exists as long as the stack is open."""
    try:
        return stack.enter_context(part_file(output.absolute()))
    except OSError as error:
        raise VideoError(f"{printable(output)} cannot be written: {error.strerror}") from error


def _is_the_film(video: Video, output: Path) -> bool:
    """Whether a file is the film itself, under any name, or a copy of it."""
    with suppress(OSError):
        if os.path.samefile(video.path, output):
            return True
    if not output.is_file() or not output.stat().st_size:
        return False
    return digest_of(output) == video.digest


def _run(
    path: Path, fd: int, limits: Limits, fds: tuple[int, ...], job: RenderJob,
    watch: Callable[[int], None],
) -> RenderResult:  # fmt: skip
    """Run the child, and return its final report."""
    child = Child(path, fd, limits, module="castlist.render.child", fds=fds, job=job)
    frames = 0
    try:
        while True:
            record, text = child.hear()
            if record.kind == RecordKind.FRAME:
                frames += 1
                watch(frames)
            elif record.kind == RecordKind.END:
                return wire.load(text, RenderResult)
    finally:
        child.close()


def _publish(part: Path, output: Path) -> None:
    """Give a finished file its name, after its contents are on the disk."""
    try:
        with open(part, "rb") as file:
            os.fsync(file.fileno())
        os.replace(part, output)
    except OSError as error:
        raise VideoError(f"{printable(output)} cannot be written: {error.strerror}") from error
