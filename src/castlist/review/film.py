"""The film of a workspace for the player: found by its content, sent in byte ranges."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import AsyncIterator, Callable
from io import FileIO
from mimetypes import guess_type
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from castlist.decode.files import digest, printable
from castlist.errors import InputError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from castlist.types import Video

__all__ = ["FilmFile", "part"]

PIECE = 1 << 18  # bytes read at once
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
# Codecs that some browsers play; the page asks the browser itself [caniuse.com, 2025].
PLAYED = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "theora"})


class FilmFile:
    """The file of a workspace's film, opened once its content was checked.

    Args:
        video: the film as the workspace describes it.
        place: the workspace; a moved film is searched for beside it.
        found: called with the path of the film after a user pointed to it.
    """

    def __init__(self, video: Video, place: Path, found: Callable[[Path], None] | None = None) -> None:
        self.video, self.place = video, place
        self._found = found
        self._pointed: Path | None = None
        self._lock = Lock()
        self._good: dict[tuple[int, ...], bool] = {}  # by device, inode, size and time of the last change

    @property
    def plays(self) -> bool:
        """Whether any browser plays this codec."""
        return not self.video.codec or self.video.codec in PLAYED

    def point(self, path: Path) -> None:
        """Set the path of the film.

        Raises:
            InputError: there is no such file, or it is another film.
        """
        self._checked(path).close()
        self._pointed = path
        if self._found is not None:
            self._found(path)

    def file(self) -> tuple[FileIO, Path]:
        """The open film, to be closed by the caller, and its path.

        Raises:
            InputError: the film is not at its path, or another file is there.
        """
        first: InputError | None = None
        for path in self._places():
            try:
                file = self._checked(path)
            except InputError as error:
                first = first or error
                continue
            return file, path
        raise first or InputError("the workspace does not say where its film is")

    def _places(self) -> list[Path]:
        stored = self.video.path
        beside = self.place.absolute().parent
        found = [self._pointed, stored, beside / stored.name]
        return list(dict.fromkeys(p for p in found if p is not None))

    def _checked(self, path: Path) -> FileIO:
        """The open file if its content is this film's; checked once, and again after the file changes."""
        file = _open_regular(path)
        try:
            status = os.fstat(file.fileno())
            state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            with self._lock:
                if state not in self._good:
                    self._good = {state: digest(file.fileno(), path) == self.video.digest}
                if not self._good[state]:
                    raise InputError(
                        f"{printable(path)} is not the film of this workspace, or was changed after its "
                        "cast was found"
                    )
        except BaseException:
            file.close()
            raise
        return file


def _open_regular(path: Path) -> FileIO:
    """An open regular file: never a pipe or a device, and the same file if a link is replaced meanwhile.

    Raises:
        InputError: there is no such file, or it may not be read.
    """
    name = printable(path)
    try:
        real = os.path.realpath(path)
        regular = stat.S_ISREG(os.stat(real).st_mode)  # before opening: opening a pipe can have effects
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        file = FileIO(os.open(real, flags | getattr(os, "O_BINARY", 0))) if regular else None
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{name} does not exist") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{name} cannot be opened: {getattr(error, 'strerror', None) or error}") from None
    if file is not None and stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    if file is not None:
        file.close()
    raise InputError(f"{name} is not a film file")


def part(file: FileIO, name: str, request: Request) -> Response:
    """The response with a file, or with the requested range; closes the file after sending."""
    from starlette.responses import Response, StreamingResponse

    size = os.fstat(file.fileno()).st_size
    headers = {"Accept-Ranges": "bytes", "Content-Type": guess_type(name)[0] or "application/octet-stream"}
    wanted = RANGE.fullmatch(request.headers.get("range", ""))
    start, stop = _range(wanted[1], wanted[2], size) if wanted else (0, size)
    if wanted and start >= stop:
        file.close()
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Length"] = str(stop - start)
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    if request.method == "HEAD":
        file.close()
        return Response(status_code=206 if wanted else 200, headers=headers)
    return StreamingResponse(_pieces(file, start, stop), 206 if wanted else 200, headers)


def _range(first: str, last: str, size: int) -> tuple[int, int]:
    """Start and stop of a range of a file, from its two numbers; empty if start is not before stop."""
    if not first:
        return max(0, size - int(last or 0)), size
    return int(first), min(size, int(last) + 1) if last else size


async def _pieces(file: FileIO, start: int, stop: int) -> AsyncIterator[bytes]:
    from starlette.concurrency import run_in_threadpool

    with file:
        while start < stop:
            data = await run_in_threadpool(os.pread, file.fileno(), min(PIECE, stop - start), start)
            if not data:
                return  # the file became shorter: close the connection
            start += len(data)
            yield data
