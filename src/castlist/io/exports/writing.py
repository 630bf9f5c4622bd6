"""A format that a cast can be written in, and writing its file: completely, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from castlist.argument_types import typed_arguments
from castlist.cast import Cast
from castlist.errors import CastlistError, InputError
from castlist.io.exports.options import Options
from castlist.io.exports.stays import chosen_stays
from castlist.outputs import check_output, unwritten, whole

__all__ = ["Export", "replace_file"]


@dataclass(frozen=True, slots=True)
class Export:
    """A format that a cast can be written in."""

    name: str
    lines: Callable[[Cast, Options], Iterator[str]]  # the text, piece by piece
    suffixes: tuple[str, ...]  # of its files, the usual one first
    title: str
    about: str  # its contents and purpose
    checked: str  # the reader that tests use to read it back
    options: frozenset[str] = frozenset()  # fields of Options that it uses

    @typed_arguments
    def pieces(self, cast: Cast, options: Options | None = None) -> Iterator[str]:
        """The text piece by piece; errors are raised before the first piece.

        Raises:
            InputError: `cast` is no Cast; the format does not use an option, or cannot express the cast.
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

    @typed_arguments
    def write(self, cast: Cast, target: str | Path | BinaryIO, options: Options | None = None) -> None:
        """Write a cast to a file, completely or not at all, or to an open binary stream.

        Raises:
            CastlistError: the file cannot be written; the previous file is untouched.
            InputError: the format does not use an option, or cannot express the cast; or castlist does not
                replace this file (`castlist.outputs`).
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
    """Write a file, completely or not at all; devices and pipes are written to directly.

    Raises:
        InputError: the path is that of a film, a database or a folder, or of a workspace or library.
        CastlistError: it cannot be written; the previous file is untouched.
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
