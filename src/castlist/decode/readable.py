"""The interface of an open file with random access, for FFmpeg and for the readers of single formats."""

from __future__ import annotations

import errno
import os
from typing import Protocol

from castlist.decode.files import read_at, system_words
from castlist.decode.wire import Fault, Unusable

__all__ = ["FilmDescriptor", "Readable", "beginning"]

_FARTHEST = (1 << 63) - 1  # largest offset in a file: 64 bits, signed


class Readable(Protocol):
    """A file with random access."""

    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, whence: int = ..., /) -> int: ...
    def tell(self) -> int: ...


class FilmDescriptor:
    """An open film with a read position of its own, independent of other users of the descriptor."""

    def __init__(self, fd: int) -> None:
        self._fd, self._place = fd, 0

    def read(self, size: int, /) -> bytes:
        """`size` bytes; fewer only at the end of the file.

        Raises:
            Unusable: the system cannot read them: the disk is faulty, not the film.
        """
        try:
            data = read_at(self._fd, max(0, size), self._place)
        except OSError as error:
            raise Unusable(Fault.UNREADABLE, system_words(error)) from error
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move the read position, and return it; raises OSError for an impossible offset."""
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
