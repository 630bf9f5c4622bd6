"""Casts -> files in the formats of others: `EXPORTS["webvtt"].write(cast, "film.vtt")`.

A file appears whole or not at all. Text is UTF-8 whatever the terminal or the locale says.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from castlist.cast import Cast
from castlist.errors import CastlistError
from castlist.io import cast_json, faces_csv, mot, webvtt

__all__ = ["EXPORTS", "Export"]


@dataclass(frozen=True, slots=True)
class Export:
    """A format in which a cast can be written."""

    lines: Callable[[Cast], Iterator[str]]  # the text, piece by piece
    suffix: str
    about: str

    def text(self, cast: Cast) -> str:
        """The whole text."""
        return "".join(self.lines(cast))

    def write(self, cast: Cast, target: str | Path | BinaryIO) -> None:
        """Write a cast to a file, which appears whole or not at all, or to an open binary stream.

        Raises:
            CastlistError: the file cannot be written; what was there before is untouched.
        """
        if not isinstance(target, str | os.PathLike):
            self._pour(cast, target)
            return
        path = Path(os.path.realpath(target))
        try:
            self._replace(cast, path)
        except OSError as error:
            raise CastlistError(f"{target}: cannot be written ({error.strerror or error})") from error

    def _replace(self, cast: Cast, path: Path) -> None:
        if path.exists() and not path.is_file():  # a device or a pipe
            with open(path, "wb") as file:
                self._pour(cast, file)
            return
        part = path.with_name(f".{uuid4().hex}.part")
        try:
            with open(part, "xb") as file:
                self._pour(cast, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)

    def _pour(self, cast: Cast, stream: BinaryIO) -> None:
        for piece in self.lines(cast):
            stream.write(piece.encode("utf-8", "backslashreplace"))


EXPORTS: dict[str, Export] = {
    "csv": Export(faces_csv.lines, ".csv", "one row a face: frame, time, box, track, person, score"),
    "json": Export(cast_json.lines, ".json", "the cast with exact times, as docs/cast.schema.json says"),
    "webvtt": Export(webvtt.lines, ".vtt", "one cue an appearance, to play with the film"),
    "mot": Export(mot.lines, ".txt", "MOTChallenge rows, one a face, for tools that score tracking"),
}
