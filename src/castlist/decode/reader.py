"""Open a film and read its frames with exact times, decoded in a child process."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.decode import wire
from castlist.decode.files import Limits, digest, open_plain, plain_path, printable
from castlist.decode.picture import fitted
from castlist.decode.process import Child
from castlist.errors import InputError, VideoError
from castlist.types import Video

_MOST_SLOTS = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a film."""

    pts: int  # when it is shown: ticks of Reader.unit from the start of the file
    image: NDArray[np.uint8]  # (h, w, 3) BGR as shown; its own memory


def open_video(path: str | os.PathLike[str], *, limits: Limits | None = None) -> Video:
    """The film at `path`, as its header and its first frame describe it.

    Raises:
        VideoError: it is missing, unreadable, no video, or beyond the limits.
        InputError: `path` is no path.
    """
    plain, limits = plain_path(path), limits or Limits()
    fd = open_plain(plain)
    try:
        child = Child(plain, fd, limits, slots=0)
        try:
            _, header = child.hear()
        finally:
            child.close()
        return Video(
            path=plain,
            width=header["width"],
            height=header["height"],
            frame_rate=Fraction(header["rate"]),
            duration=Fraction(header["duration"]),
            digest=digest(fd),
            codec=header["codec"],
            pixel_format=header["pixel_format"],
        )
    finally:
        os.close(fd)


def read_frames(
    video: Video, *, start_pts: int = 0, max_side: int = 0, limits: Limits | None = None
) -> Reader:
    """A reader of the frames with pts >= `start_pts`, in order; the same frames wherever it starts.

    Args:
        start_pts: ticks of the reader's unit; 0 or less reads everything.
        max_side: pixels of the long side to which frames are scaled down; 0 leaves them as they are.

    Raises:
        VideoError: the file is gone, or is another than the one that was opened.
    """
    if max_side < 0:
        raise InputError(f"max_side must be 0 or a number of pixels, got {max_side}")
    return Reader(video, start_pts, max_side, limits or Limits())


class Reader:
    """Iterates over the frames of a film in the order in which they are shown, their times rising.

    Use it in a `with` statement: leaving that ends the child that decodes. A frame that is damaged is
    skipped and counted in `damaged`; one whose time does not rise is skipped and counted in `dropped`.

    Attributes:
        unit: seconds per tick of `Frame.pts`.
        damaged: frames skipped because they could not be decoded, up to the frame last given.
        dropped: frames skipped because their time did not come after the frame before.

    Iterating raises:
        VideoError: the decoder crashed, hung, or ran into a limit, or the file changed meanwhile.
    """

    def __init__(self, video: Video, start_pts: int, max_side: int, limits: Limits) -> None:
        width, height = fitted(video.width, video.height, max_side)
        slots = max(2, min(_MOST_SLOTS, limits.ring // (3 * width * height)))
        self.damaged = self.dropped = 0
        self._child: Child | None = None
        self._video, self._fd = video, -1
        ring = -1
        try:
            self._fd = fd = open_plain(video.path)
            self._state = _state(fd)
            self._check_content()
            ring = _anonymous_file(slots * height * width * 3)
            memory = mmap.mmap(ring, slots * height * width * 3, prot=mmap.PROT_READ)
            self._ring = np.frombuffer(memory, np.uint8).reshape(slots, height, width, 3)
            self._child = Child(
                video.path, fd, limits, slots=slots, ring=ring, start=start_pts, max_side=max_side,
                width=video.width, height=video.height,
            )  # fmt: skip
            _, header = self._child.hear()
        except BaseException:
            self.close()
            raise
        finally:
            if ring >= 0:
                os.close(ring)
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
        while self._child is not None:
            record, _ = self._child.hear()
            self.damaged, self.dropped = record.damaged, record.dropped
            if record.kind == wire.FRAME:
                image = self._ring[record.slot].copy()
                self._child.give_back(record.slot)
                return Frame(record.pts, image)
            if record.kind == wire.END:
                if _state(self._fd) != self._state:
                    self._check_content()
                self.close()
        raise StopIteration

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self.close()

    def close(self) -> None:
        """End the child that decodes; the frames given stay valid."""
        child, self._child = getattr(self, "_child", None), None
        if child is not None:
            child.close()
        fd, self._fd = getattr(self, "_fd", -1), -1
        if fd >= 0:
            os.close(fd)

    def _check_content(self) -> None:
        """Raise if the file is not, or no longer, the one that `open_video` saw."""
        if digest(self._fd) != self._video.digest:
            name = printable(self._video.path)
            self.close()
            raise VideoError(
                f"{name} changed while it was read; wait until it is complete and run the same command again"
            )


def _state(fd: int) -> tuple[int, int]:
    """Size and time of the last change of a file: the same as long as nobody writes to it."""
    status = os.fstat(fd)
    return status.st_size, status.st_mtime_ns


def _anonymous_file(size: int) -> int:
    """A descriptor of memory without a name, so that it is gone with the last process that holds it."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("castlist frames")
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, size)
    return fd
