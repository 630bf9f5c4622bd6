"""Opens a film as a regular file, whatever its name; computes the digest of its content."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from castlist.errors import InputError, VideoError
from castlist.outputs import kind_of_folder
from castlist.web_addresses import refuse_address

__all__ = ["OF_PICTURES", "Limits", "digest", "open_plain", "plain_path", "printable"]

OF_PICTURES = (
    "ffmpeg -framerate 24 -pattern_type glob -i 'FOLDER/*.png' film.mkv"  # how a sequence becomes a film
)
# The message for a system error while a film is read; the detail is the system's own text.
UNREADABLE = (
    "{name} could not be read: its disk or network drive reports an error ({detail}); check the disk, cable "
    "or network and run the same command again; if the error stays, copy the film to another disk first"
)
_WHOLE = 64 << 20  # bytes; the digest of a file up to this size covers all bytes
_END = 8 << 20  # of a larger file: the first and the last bytes,
_BLOCKS, _BLOCK = 64, 256 << 10  # and this many evenly spaced blocks of this size


# Pixels; for smaller frames, two threads take an eighth more processor time, and one is fast enough.
SMALL = 640 * 480


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on decoding one film; a film beyond these is refused with one sentence."""

    seconds: float = 60.0  # without a sign of life, after which the decoder counts as hung
    memory: int = 4 << 30  # bytes of address space of the decoding child (Linux)
    max_pixels: int = 1 << 26  # of a frame: 67 megapixels, twice 8K
    threads: int = 0  # decoding threads; 0: FFmpeg's choice for the machine
    ahead: int = 64 << 20  # bytes of frames decoded ahead (at least two frames, at most 16)


def decoding_threads(width: int, height: int, most: int = 0) -> int:
    """Threads that decode frames of a size in pixels, at most `most`; 0: FFmpeg's choice."""
    return 1 if width * height <= SMALL else most


def printable(path: str | bytes | os.PathLike[str]) -> str:
    """A file name that is safe to print: control characters and undecodable bytes are escaped."""
    name = os.fsdecode(path)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def plain_path(path: str | os.PathLike[str]) -> Path:
    """The path of a file, taken literally: never a URL, a protocol or an option.

    Raises:
        InputError: it is no path.
    """
    try:
        name = os.fsdecode(path)
    except TypeError:
        raise InputError(f"a video is given by its path, not by {type(path).__name__}") from None
    if not name:
        raise InputError("the name of the video is empty; give the path of a film file")
    if "\0" in name:
        raise InputError(f"{printable(name)!r} cannot be the name of a file: it contains a zero character")
    refuse_address(name)
    if not Path(name).name:
        raise InputError(f"{printable(name)!r} is a folder; give the path of a film file")
    return Path(name)


def open_plain(path: Path) -> int:
    """A file descriptor of a regular file that is not empty; the caller closes it.

    Raises:
        VideoError: the file does not exist, cannot be read, or is no regular file.
    """
    name = printable(path)
    try:
        mode = os.stat(path).st_mode  # before opening, which can have side effects on a device or a pipe
        if stat.S_ISDIR(mode):
            if kind_of_folder(path) == "workspace":
                raise VideoError(
                    f"{name} is the workspace of a film, not the film; give the film, or read its cast by "
                    "castlist info, in Python by castlist.Workspace.open(..., write=False).cast()"
                )
            raise VideoError(f"{name} is a directory; give the path of one film file")
        if not stat.S_ISREG(mode):
            raise VideoError(f"{name} is a pipe, socket or device; save the film to a file and give that")
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise VideoError(f"{name} does not exist; check the path") from None
    except PermissionError:
        raise VideoError(f"{name} may not be read; check its permissions") from None
    except OSError as e:
        raise VideoError(f"{name} cannot be opened: {system_words(e)}") from None
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode) and status.st_size:
        return fd
    os.close(fd)
    raise VideoError(f"{name} is empty (0 bytes); copy or record the film again")


def digest_of(path: Path) -> str:
    """The digest of a file's content; see `digest`.

    Raises:
        VideoError: see `open_plain` and `digest`.
    """
    fd = open_plain(path)
    try:
        return digest(fd, path)
    finally:
        os.close(fd)


def check_content(path: Path, found: str, wanted: str) -> None:
    """Refuse a file whose digest differs from that of the film whose cast was found.

    Raises:
        VideoError: it is another film, or was changed.
    """
    if found != wanted:
        raise VideoError(
            f"{printable(path)} is another film than the one whose cast was found, or was changed since "
            "then; bring the former film back to this path, or, if it was moved, run castlist find with its "
            "new path and --out WORKSPACE, this workspace; if it was being copied or recorded then, run "
            "castlist find again; the cast of another film needs a workspace of its own (castlist find FILM "
            "--out FOLDER)"
        )


def read_at(fd: int, size: int, place: int) -> bytes:
    """`size` bytes of an open file from an offset on; fewer only at the end of the file.

    A failing disk first gives the bytes before the bad place, and the error at the next call.

    Raises:
        OSError: the system cannot read them.
    """
    data = os.pread(fd, size, place)
    while len(data) < size and (more := os.pread(fd, size - len(data), place + len(data))):
        data += more
    return data


def unreadable(path: Path, error: OSError) -> VideoError:
    """The error to raise if the system cannot read an open film: the disk is faulty, not the film."""
    return VideoError(UNREADABLE.format(name=printable(path), detail=system_words(error)))


def system_words(error: OSError) -> str:
    """The system's text for a failed call, for use within a message."""
    return (error.strerror or str(error)).lower()


def has_grown(path: Path, size: int, before: str) -> bool:
    """Whether a file was the film of the digest `before` when it had `size` bytes, and has more now.

    Raises:
        VideoError: see `open_plain` and `digest`.
    """
    fd = open_plain(path)
    try:
        return 0 < size < os.fstat(fd).st_size and digest(fd, path, size) == before
    finally:
        os.close(fd)


def digest(fd: int, path: Path, size: int | None = None) -> str:
    """The key of a file's content: SHA-256, in hexadecimal, over its size and bytes.

    Of a file larger than 64 MiB only the first and last 8 MiB and 64 evenly spaced blocks of 256 KiB
    are read, so that a film of any size takes a moment.

    Args:
        path: of the file, for the message.
        size: bytes of its beginning of which the key is computed; None: all of it.

    Raises:
        VideoError: its disk cannot be read.
    """
    size = os.fstat(fd).st_size if size is None else size
    key = hashlib.sha256(f"castlist content key 1, {size} bytes\n".encode())
    if size <= _WHOLE:
        parts = [(start, min(_END, size - start)) for start in range(0, size, _END)]
    else:
        parts = [(0, _END), (size - _END, _END)]
        parts += [(_END + (size - 2 * _END - _BLOCK) * i // (_BLOCKS - 1), _BLOCK) for i in range(_BLOCKS)]
    for start, length in parts:
        try:
            key.update(read_at(fd, length, start))
        except OSError as error:
            raise unreadable(path, error) from error
    return key.hexdigest()
