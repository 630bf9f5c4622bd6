"""Open a film and read its frames with exact times, decoded in a child process."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from castlist.decode import wire
from castlist.decode.files import Limits, check_content, digest, open_plain, plain_path, printable
from castlist.decode.picture import fitted_size
from castlist.decode.process import Child
from castlist.decode.wire import RecordKind
from castlist.errors import InputError, VideoError
from castlist.types import Video

_MOST_AHEAD = 16  # frames that are decoded and not yet read


class Frame:
    """One picture of a film."""

    __slots__ = ("_image", "_paint", "pts", "thumb")

    def __init__(
        self, pts: int, thumb: NDArray[np.uint8] | None, paint: Callable[[int], NDArray[np.uint8]]
    ) -> None:
        self.pts = pts  # time at which it is shown: ticks of Reader.unit from the start of the file
        self.thumb = thumb  # (h, w, 3) BGR, each pixel the mean of its area; None if not asked for
        self._paint = paint
        self._image: NDArray[np.uint8] | None = None

    @property
    def image(self) -> NDArray[np.uint8]:
        """(h, w, 3) BGR as shown; its own memory.

        Raises:
            InputError: the reader makes pictures on demand, and has released this frame.
            VideoError: the decoder crashed or hung.
        """
        if self._image is None:
            self._image = self._paint(self.pts)
        return self._image


class WaitingDecoder:
    """A decoder that describes a film, and then waits until a `Reader` uses it.

    To start a decoder takes as long as to decode some seconds of a film; this saves the second decoder, since
    one describes the film and another one reads it. The `with` block ends it, unless a `Reader` has taken it.
    """

    def __init__(self, path: str | os.PathLike[str], *, limits: Limits | None = None) -> None:
        """Start the decoder, and return at once.

        Raises:
            VideoError: the file is missing, or is no regular file.
            InputError: `path` is no path.
        """
        self._path = plain_path(path)
        self._started: _Started | None = None
        fd, canvas = open_plain(self._path), -1
        try:
            canvas = _anonymous_file()
            job = wire.DecodeJob(canvas=canvas, waits=True)
            self._started = _Started(Child(self._path, fd, limits or Limits(), job=job), fd, canvas)
        finally:
            if self._started is None:
                _close(fd, canvas)

    def video(self) -> Video:
        """The film, as its header and its first frame describe it. Call it once, before the film is read.

        Raises:
            VideoError: the file is no readable video, or exceeds the limits.
            InputError: the decoder has ended.
        """
        if self._started is None:
            raise InputError("this decoder has ended; open the film again")
        header = wire.load(self._started.child.hear()[1], wire.Header)
        return _video(self._path, header, self._started.fd)

    def take(self) -> _Started | None:
        """The decoder and its descriptors, which the caller must end and close; None if it has ended."""
        started, self._started = self._started, None
        return started

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the decoder, unless a reader has taken it."""
        started = self.take()
        if started is not None:
            started.child.close()
            _close(started.fd, started.canvas)


class _Started(NamedTuple):
    """A started decoder, and the descriptors of its film and of its pictures."""

    child: Child
    fd: int
    canvas: int


def _close(*descriptors: int) -> None:
    for fd in descriptors:
        if fd >= 0:
            os.close(fd)


def open_video(path: str | os.PathLike[str], *, limits: Limits | None = None) -> Video:
    """The film at `path`, as its header and its first frame describe it.

    Raises:
        VideoError: it is missing, unreadable, no video, or exceeds the limits.
        InputError: `path` is no path.
    """
    plain = plain_path(path)
    fd = open_plain(plain)
    try:
        return _video(plain, _header(plain, fd, limits or Limits()), fd)
    finally:
        os.close(fd)


def open_again(video: Video) -> Video:
    """The film of a cast, as the file is now.

    Raises:
        VideoError: the file is missing, is another film, or cannot be read.
    """
    if not os.path.lexists(video.path):
        raise VideoError(
            f"{printable(video.path)} does not exist; if the film was moved or renamed, run castlist find "
            "with its new path and --out WORKSPACE, this workspace: decisions stay"
        )
    found = open_video(video.path)
    check_content(video.path, found.digest, video.digest)
    return found


def _video(path: Path, header: wire.Header, fd: int) -> Video:
    return Video(
        path=path,
        width=header["width"],
        height=header["height"],
        frame_rate=Fraction(header["rate"]),
        duration=Fraction(header["duration"]),
        digest=digest(fd, path),
        codec=header["codec"],
        pixel_format=header["pixel_format"],
        timecode=header["timecode"],
        hidden=header["hidden"],
    )


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound track."""

    channels: int
    rate: int  # samples a second


def sound_of(video: Video, *, limits: Limits | None = None) -> Sound | None:
    """The film's first sound track; None if there is none.

    Raises:
        VideoError: the file is missing, is another film, or cannot be read.
    """
    fd = open_plain(video.path)
    try:
        check_content(video.path, digest(fd, video.path), video.digest)
        sound = _header(video.path, fd, limits or Limits())["sound"]
        return Sound(*sound) if sound else None
    finally:
        os.close(fd)


def _header(path: Path, fd: int, limits: Limits) -> wire.Header:
    """The child's description of a film."""
    child = Child(path, fd, limits, job=wire.DecodeJob(canvas=-1))
    try:
        return wire.load(child.hear()[1], wire.Header)
    finally:
        child.close()


def read_frames(
    video: Video,
    *,
    start_pts: int = 0,
    max_side: int = 0,
    thumb: tuple[int, int] | None = None,
    on_demand: int = 0,
    exact: bool = False,
    limits: Limits | None = None,
    decoder: WaitingDecoder | None = None,
) -> Reader:
    """A reader of the frames with pts >= `start_pts`, in order; the frames do not depend on the start.

    Args:
        start_pts: ticks of the reader's unit; 0 or less reads everything.
        max_side: pixels of the long side to which frames are scaled down; 0 leaves them unscaled.
        thumb: width and height of `Frame.thumb`, a small picture of little cost; None: no thumb.
        on_demand: make a picture only when `Frame.image` is read, which is possible for this many of the last
            frames; 0: make all pictures. To make a large picture takes as long as to decode the frame.
        exact: also decode everything before `start_pts`. Only needed if an earlier frame got another time
            than the file gives it (`Reader.retimed`), since later times depend on it.

    Raises:
        VideoError: the file is missing, or differs from the one that was opened.
    """
    if max_side < 0:
        raise InputError(f"max_side must be 0 or a number of pixels, got {max_side}")
    if on_demand < 0:
        raise InputError(f"on_demand must be 0 or a number of frames, got {on_demand}")
    if thumb and min(thumb) < 1:
        raise InputError(f"thumb must be None or a width and a height in pixels, got {thumb}")
    return Reader(
        video, start_pts=start_pts, max_side=max_side, thumb=thumb, on_demand=on_demand, exact=exact,
        limits=limits or Limits(), decoder=decoder,
    )  # fmt: skip


class Reader:
    """Iterates over the frames of a film in the order of display, with increasing times.

    Use it in a `with` statement, whose end ends the decoding child. A damaged frame is skipped and counted in
    `damaged`; a frame whose time is wrong or missing gets another (see decode/times.py) and is counted in
    `retimed`.

    Attributes:
        unit: seconds per tick of `Frame.pts`.
        damaged: frames skipped because they could not be decoded or read, up to the last frame given.
        retimed: frames whose time differs from that in the file, up to the last frame given.
        unread: ticks of the film for which no picture could be read: gaps in a film of an even frame rate,
            and after the last frame the rest of the duration in the header.

    Iterating raises:
        VideoError: the decoder crashed, hung, or reached a limit, or the file changed meanwhile.
    """

    def __init__(
        self,
        video: Video,
        *,
        start_pts: int,
        max_side: int,
        thumb: tuple[int, int] | None,
        on_demand: int,
        exact: bool,
        limits: Limits,
        decoder: WaitingDecoder | None,
    ) -> None:
        width, height = fitted_size(video.width, video.height, max_side)
        ahead = max(2, min(_MOST_AHEAD, limits.ahead // (3 * video.width * video.height)))
        # Number of frames read, and interval at which the child is told of it.
        self._read, self._rest = 0, max(1, ahead // 4)
        self.damaged = self.retimed = self.unread = 0
        self._child: Child | None = None
        self._video, self._fd = video, -1
        self._thumb, self._on_demand = thumb, on_demand
        self._ended = False  # the child has reported all frames
        kept = max(1, on_demand)
        self._held: deque[int] = deque(maxlen=kept)  # times of the frames whose pictures are available
        job = wire.DecodeJob(
            start=start_pts, max_side=max_side, thumb=thumb, width=video.width, height=video.height,
            ahead=kept + ahead, exact=exact,
        )  # fmt: skip
        waiting = decoder.take() if decoder is not None else None
        canvas = -1
        try:
            if waiting is None:
                self._fd, canvas = open_plain(video.path), _anonymous_file()
            else:
                self._child, self._fd, canvas = waiting
            self._state = _state(self._fd)
            self._check_content()
            self._canvas = _shared_picture(canvas, height, width)
            if self._child is None:
                self._child = Child(video.path, self._fd, limits, job=job | {"canvas": canvas})
            else:
                self._child.go_on(job)
            header = wire.load(self._child.hear()[1], wire.Begun)
        except BaseException:
            self.close()
            raise
        finally:
            _close(canvas)
        self.unit = Fraction(header["unit"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        while self._child is not None and not self._ended:
            record, text = self._child.hear()
            self.damaged, self.retimed, self.unread = record.damaged, record.retimed, record.unread
            if record.kind == RecordKind.FRAME:
                if len(self._held) == self._held.maxlen:
                    self._done(self._held[0])
                self._held.append(record.pts)
                frame = Frame(record.pts, self._small(text), self._paint)
                if not self._on_demand:
                    frame.image  # noqa: B018
                return frame
            if record.kind == RecordKind.END:
                self._ended = True
                if _state(self._fd) != self._state:
                    self._check_content()
                if not self._on_demand:
                    self.close()
        raise StopIteration

    def _done(self, pts: int) -> None:
        """Let the child continue; not for every frame, since each message wakes it."""
        self._read += 1
        if self._read % self._rest == 0 and self._child is not None:
            self._child.done(pts)

    def _small(self, pixels: bytes) -> NDArray[np.uint8] | None:
        if self._thumb is None:
            return None
        width, height = self._thumb
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)

    def _paint(self, pts: int) -> NDArray[np.uint8]:
        """The picture of one of the last frames read, in its own memory."""
        if self._child is None or pts not in self._held:
            raise InputError(
                "this frame's picture was not asked for in time; it can be for the last "
                f"{self._held.maxlen} frames read"
            )
        self._child.ask(pts)
        return self._canvas.copy()

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self.close()

    def close(self) -> None:
        """End the decoding child; the frames given stay valid."""
        child, self._child = getattr(self, "_child", None), None
        if child is not None:
            child.close()
        fd, self._fd = getattr(self, "_fd", -1), -1
        if fd >= 0:
            os.close(fd)

    def _check_content(self) -> None:
        """Raise if the file differs from the one that `open_video` read."""
        if digest(self._fd, self._video.path) != self._video.digest:
            name = printable(self._video.path)
            self.close()
            raise VideoError(
                f"{name} changed while it was read; wait until it is complete and run the same command again"
            )


def _state(fd: int) -> tuple[int, int]:
    """Size and time of the last change of a file; unchanged as long as no process writes to it."""
    status = os.fstat(fd)
    return status.st_size, status.st_mtime_ns


def _shared_picture(canvas: int, height: int, width: int) -> NDArray[np.uint8]:
    """The memory of a descriptor as a picture (height, width, 3), which the decoder fills."""
    size = height * width * 3
    os.ftruncate(canvas, size)
    return np.frombuffer(mmap.mmap(canvas, size, prot=mmap.PROT_READ), np.uint8).reshape(height, width, 3)


def _anonymous_file() -> int:
    """A descriptor of memory without a name, which is freed when the last process closes it."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("castlist frames")
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    return fd
