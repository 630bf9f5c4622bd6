"""Reads a small regular file that a user names; refuses pipes and devices."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from castlist.errors import InputError
from castlist.web_addresses import refuse_address

__all__ = ["read_plain"]


def read_plain(path: str | os.PathLike[str], most: int, content: str) -> bytes:
    """The bytes of a regular file, or of one that a link leads to.

    Args:
        most: largest size in bytes.
        content: what the file should be, such as "a file of names", for the message.

    Raises:
        InputError: it is no regular file, or larger than `most`.
        OSError: it does not exist or cannot be read.
    """
    refuse_address(path)
    # before opening: a pipe would block, a device has side effects
    _check(path, os.stat(path), most, content)
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(fd, "rb") as file:
        _check(path, os.fstat(file.fileno()), most, content)
        return file.read(most)


def _check(path: str | os.PathLike[str], status: os.stat_result, most: int, content: str) -> None:
    name = Path(path).name
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{name}: is not a regular file; save {content} to one and give that")
    if status.st_size > most:
        raise InputError(f"{name}: is larger than {most >> 20} MB, too large for {content}")
