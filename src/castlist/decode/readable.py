"""The interface of an open file with random access, for FFmpeg and for the readers of single formats."""

from __future__ import annotations

import errno
import os
from typing import Protocol

from castlist.decode.files import read_at, system_words
from castlist.decode.wire import Fault, Unusable

__all__ = ["FilmDescriptor", "Readable", "beginning"]

_FARTHEST = (1 << 63) - 1  # the largest place in a file that the system takes: 64 bits, signed


class Readable(Protocol):
    """A file with random access."""

    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, whence: int = ..., /) -> int: ...
    def tell(self) -> int: ...


class FilmDescriptor:
    """An open film read from a place of its own, whatever place others of the same descriptor are at."""

    def __init__(self, fd: int) -> None:
        self._fd, self._place = fd, 0

    def read(self, size: int, /) -> bytes:
        """So many bytes; fewer only where the file ends.

        Raises:
            Unusable: the system cannot read them: it is the disk, not the film.
        """
        try:
            data = read_at(self._fd, max(0, size), self._place)
        except OSError as error:
            raise Unusable(Fault.UNREADABLE, system_words(error)) from error
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """The place from which is read next; raises OSError where there cannot be one."""
        begins = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: os.fstat(self._fd).st_size}
        place = begins[whence] + offset if whence in begins else -1
        if not 0 <= place <= _FARTHEST:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._place = place
        return place

    def tell(self) -> int:
        return self._place


def beginning(file: Readable, size: int) -> bytes:
    """The first bytes of a file, up to `size`; its read position is unchanged."""
    place = file.tell()
    try:
        file.seek(0)
        return file.read(size)
    finally:
        file.seek(place)
