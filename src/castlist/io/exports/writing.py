"""A format in which a cast can be written, and how its file comes to be: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from castlist.cast import Cast
from castlist.errors import CastlistError, InputError
from castlist.io.exports.options import Options
from castlist.io.exports.stays import chosen_stays
from castlist.outputs import check_output, unwritten, whole

__all__ = ["Export", "replace_file"]


@dataclass(frozen=True, slots=True)
class Export:
    """A format in which a cast can be written."""

    name: str
    lines: Callable[[Cast, Options], Iterator[str]]  # the text, piece by piece
    suffixes: tuple[str, ...]  # of its files, the usual one first
    title: str
    about: str  # what it holds and what it is for
    checked: str  # what reads it back in the tests
    options: frozenset[str] = frozenset()  # fields of Options that it heeds

    def pieces(self, cast: Cast, options: Options | None = None) -> Iterator[str]:
        """The text piece by piece; whatever is wrong is said before the first.

        Raises:
            InputError: the format has no use for an option, or the cast does not go into it.
        """
        wishes = options or Options()
        for name in wishes.wished():
            if name not in self.options:
                raise InputError(f"{self.name} has no use for {name.replace('_', '-')}; leave it out")
        chosen_stays(cast, wishes)
        text = self.lines(cast, wishes)
        first = next(text, "")

        def whole() -> Iterator[str]:
            yield first
            yield from text

        return whole()

    def text(self, cast: Cast, options: Options | None = None) -> str:
        """The whole text. Raises as `pieces` does."""
        return "".join(self.pieces(cast, options))

    def write(self, cast: Cast, target: str | Path | BinaryIO, options: Options | None = None) -> None:
        """Write a cast to a file, which appears whole or not at all, or to an open binary stream.

        Raises:
            CastlistError: the file cannot be written; what was there before is untouched.
            InputError: the format has no use for an option, the cast does not go into it, or the file is one
                that castlist does not replace (`castlist.outputs`).
        """
        if isinstance(target, str | os.PathLike):
            check_output(target, films=[cast.video.path])
        data = (p.encode("utf-8", "backslashreplace") for p in self.pieces(cast, options))
        if isinstance(target, str | os.PathLike):
            replace_file(target, data)
        elif hasattr(target, "write"):
            _pour(data, target)
        else:
            raise InputError(
                f"write to the path of a file, or to an open binary file; got {type(target).__name__}"
            )


def replace_file(target: str | Path, data: Iterator[bytes]) -> None:
    """Write a file, which appears whole or not at all; devices and pipes are written to as they are.

    Raises:
        InputError: a film, a database or a folder lies there, or it belongs to a workspace or library.
        CastlistError: it cannot be written; what was there before is untouched.
    """
    check_output(target)
    path = Path(os.path.realpath(target))
    try:
        _replace(path, data)
    except OSError as error:
        raise CastlistError(unwritten(target, error)) from error


def _replace(path: Path, data: Iterator[bytes]) -> None:
    with whole(path) as part, open(part, "wb") as file:
        _pour(data, file)


def _pour(data: Iterator[bytes], stream: BinaryIO) -> None:
    for piece in data:
        stream.write(piece)
