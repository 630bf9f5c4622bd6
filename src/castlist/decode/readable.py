"""An open file that is read here and there: what FFmpeg and the readers of single formats need of it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Readable", "beginning"]


class Readable(Protocol):
    """What is read of a file."""

    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, whence: int = ..., /) -> int: ...
    def tell(self) -> int: ...


def beginning(file: Readable, size: int) -> bytes:
    """The first bytes of a file, up to `size`; the file is left at the place where it was."""
    place = file.tell()
    try:
        file.seek(0)
        return file.read(size)
    finally:
        file.seek(place)
