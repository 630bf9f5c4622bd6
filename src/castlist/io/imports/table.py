"""Names from a table with a header: a row is a person from one time to another, or one face at one time.

Columns are found by name, in any order and case: `person` (or `name`, `marker name`, `label`); `in` (`start`,
`time`, `timecode`, `in_timecode`, `record in`); and, optionally, `out` (`stop`, `end`, `out_timecode`,
`record out`), `length` (`duration`), and `x`, `y`, `w`, `h` in pixels. The tables that castlist exports can
be read unchanged. Columns are separated by commas, semicolons or tabs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from fractions import Fraction

from castlist.errors import InputError
from castlist.io.imports.files import cleaned, moment
from castlist.suggest.names import Hint
from castlist.timecode import Timebase
from castlist.types import Video

__all__ = ["hints"]

_NAME = ("person", "name", "marker name", "label")
_START = ("in", "start", "time", "in_timecode", "timecode", "record in")
_STOP = ("out", "stop", "end", "out_timecode", "record out")
_LENGTH = ("length", "duration")
_BOX = ("x", "y", "w", "h")


def hints(data: bytes, video: Video, base: Timebase, path: str) -> list[Hint]:
    """A hint for each row with a name.

    Raises:
        InputError: the file is no such table, or a row has an invalid time or box.
    """
    rows = csv.DictReader(io.StringIO(_text(data, path), newline=""), delimiter=_delimiter(data))
    try:
        columns = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
        name, start, stop, length = (_column(columns, c) for c in (_NAME, _START, _STOP, _LENGTH))
        if name is None or start is None:
            missing = "person" if name is None else "in"
            raise InputError(f"{path}: has no column {missing}; a table of names has person and in")
        box = [columns[c] for c in _BOX] if all(c in columns for c in _BOX) else None
        found = []
        for row in rows:
            if any((more or "").strip() for more in row.get(None) or ()):
                raise InputError(
                    f"{path}, line {rows.line_num}: has more columns than the first line; put a text that "
                    "contains the separator in quotes"
                )
            if person := cleaned(row.get(name) or ""):
                where = f"line {rows.line_num}"
                try:
                    begin, end = _span(row, start, stop, length, base)
                    place = _box(row, box, video) if box else None
                except InputError as error:
                    raise InputError(f"{path}, {where}: {error}") from error
                found.append(Hint(person, begin, end, place, where))
        return found
    except csv.Error as error:
        raise InputError(f"{path}: is not a table ({error})") from error


def _text(data: bytes, path: str) -> str:
    coding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(coding)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not text in UTF-8; save the table as CSV in UTF-8") from error


def _delimiter(data: bytes) -> str:
    """The character that separates the columns of the header."""
    head = data.replace(b"\0", b"")[:4096].split(b"\n", 1)[0]
    return max(",;\t", key=lambda c: head.count(c.encode()))


def _column(columns: Mapping[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((columns[c] for c in wanted if c in columns), None)


def _span(
    row: Mapping[str, str | None], start: str, stop: str | None, length: str | None, base: Timebase
) -> tuple[Fraction, Fraction]:
    begin = moment(row.get(start) or "", base)
    if stop is not None and (row.get(stop) or "").strip():
        return begin, moment(row[stop] or "", base)
    if length is not None and (row.get(length) or "").strip():
        return begin, begin + moment(row[length] or "", _from_zero(base))
    return begin, begin


def _from_zero(base: Timebase) -> Timebase:
    """The same frames counted from 00:00:00:00, for lengths."""
    return Timebase(base.rate, base.drop, 0, Fraction(0))


def _box(
    row: Mapping[str, str | None], columns: list[str], video: Video
) -> tuple[float, float, float, float]:
    try:
        x, y, w, h = (float(row.get(c) or "") for c in columns)
    except ValueError:
        raise InputError("x, y, w and h must be numbers of pixels") from None
    box = (x / video.width, y / video.height, (x + w) / video.width, (y + h) / video.height)
    if not (w > 0 and h > 0 and all(-1 <= v <= 2 for v in box)):
        raise InputError("x, y, w and h must be a box in the picture")
    return box
