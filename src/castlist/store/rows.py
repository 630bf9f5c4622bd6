"""Reads rows of cast.db as typed values: all values are checked here.

A database from a stranger may have any value in any column, whatever the schema says. Each column has its own
reader; an invalid value is an error of one sentence.

    for number, name in rows(db, "SELECT id, name FROM people ORDER BY id", (whole, text)): ...
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from castlist.direction_marks import without_direction_marks
from castlist.errors import WorkspaceError

__all__ = [
    "Parameter",
    "Reader",
    "blob",
    "damaged",
    "exact",
    "line",
    "mapping",
    "moment",
    "most_rows",
    "number",
    "numbers",
    "optional",
    "rows",
    "text",
    "whole",
]

T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")
T5 = TypeVar("T5")
T6 = TypeVar("T6")
T7 = TypeVar("T7")
T8 = TypeVar("T8")
T9 = TypeVar("T9")
T10 = TypeVar("T10")
Reader: TypeAlias = Callable[[object], T]  # takes any value, since a stranger may have chosen it
Parameter: TypeAlias = str | bytes | int | float | None  # accepted by SQLite

LONGEST = 1 << 20  # characters of text outside columns of arrays: a recipe has some 2,000
# 40 digits: a tick of 64 bits times a unit of 32 bits over 32 bits has at most 30
_FRACTION = re.compile(r"(-?[0-9]{1,40})(?:/([0-9]{1,40}))?")
SMALLEST = 6  # bytes: the smallest row in a table of SQLite (cell pointer, header, key)


@overload
def rows(
    db: sqlite3.Connection, query: str, readers: tuple[Reader[T1]], parameters: Sequence[Parameter] = ()
) -> list[tuple[T1]]: ...
@overload
def rows(
    db: sqlite3.Connection,
    query: str,
    readers: tuple[Reader[T1], Reader[T2]],
    parameters: Sequence[Parameter] = (),
) -> list[tuple[T1, T2]]: ...
@overload
def rows(
    db: sqlite3.Connection,
    query: str,
    readers: tuple[Reader[T1], Reader[T2], Reader[T3]],
    parameters: Sequence[Parameter] = (),
) -> list[tuple[T1, T2, T3]]: ...
@overload
def rows(
    db: sqlite3.Connection,
    query: str,
    readers: tuple[Reader[T1], Reader[T2], Reader[T3], Reader[T4]],
    parameters: Sequence[Parameter] = (),
) -> list[tuple[T1, T2, T3, T4]]: ...
@overload
def rows(
    db: sqlite3.Connection,
    query: str,
    readers: tuple[Reader[T1], Reader[T2], Reader[T3], Reader[T4], Reader[T5]],
    parameters: Sequence[Parameter] = (),
) -> list[tuple[T1, T2, T3, T4, T5]]: ...
@overload
def rows(
    db: sqlite3.Connection,
    query: str,
    readers: tuple[Reader[T1], Reader[T2], Reader[T3], Reader[T4], Reader[T5], Reader[T6]],
    parameters: Sequence[Parameter] = (),
) -> list[tuple[T1, T2, T3, T4, T5, T6]]: ...
@overload
def rows(
    db: sqlite3.Connection,
    query: str,
    readers: tuple[Reader[T1], Reader[T2], Reader[T3], Reader[T4], Reader[T5], Reader[T6], Reader[T7]],
    parameters: Sequence[Parameter] = (),
) -> list[tuple[T1, T2, T3, T4, T5, T6, T7]]: ...
@overload
def rows(
    db: sqlite3.Connection,
    query: str,
    readers: tuple[
        Reader[T1], Reader[T2], Reader[T3], Reader[T4], Reader[T5], Reader[T6], Reader[T7], Reader[T8]
    ],
    parameters: Sequence[Parameter] = (),
) -> list[tuple[T1, T2, T3, T4, T5, T6, T7, T8]]: ...
@overload
def rows(
    db: sqlite3.Connection,
    query: str,
    readers: tuple[
        Reader[T1],
        Reader[T2],
        Reader[T3],
        Reader[T4],
        Reader[T5],
        Reader[T6],
        Reader[T7],
        Reader[T8],
        Reader[T9],
    ],
    parameters: Sequence[Parameter] = (),
) -> list[tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9]]: ...
@overload
def rows(
    db: sqlite3.Connection,
    query: str,
    readers: tuple[
        Reader[T1],
        Reader[T2],
        Reader[T3],
        Reader[T4],
        Reader[T5],
        Reader[T6],
        Reader[T7],
        Reader[T8],
        Reader[T9],
        Reader[T10],
    ],
    parameters: Sequence[Parameter] = (),
) -> list[tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9, T10]]: ...
@overload
def rows(
    db: sqlite3.Connection, query: str, readers: Sequence[Reader[T]], parameters: Sequence[Parameter] = ()
) -> list[tuple[T, ...]]: ...
def rows(
    db: sqlite3.Connection,
    query: str,
    readers: Sequence[Reader[object]],
    parameters: Sequence[Parameter] = (),
) -> list[tuple[Any, ...]]:  # Any: the overloads have the types
    """All rows of a query, each column converted by its reader.

    Raises:
        WorkspaceError: a value is invalid for its column, or there are more rows than fit into the file.
    """
    limit = most_rows(db)
    found: list[tuple[object, ...]] = []
    try:
        for row in db.execute(query, parameters):
            found.append(tuple(reader(value) for reader, value in zip(readers, row, strict=True)))
            if len(found) > limit:
                raise ValueError("more rows than the file has room for")
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged(error) from None
    return found


def numbers(
    db: sqlite3.Connection, query: str, width: int, *, may_lack: Sequence[int] = ()
) -> NDArray[np.float64]:
    """(n, width) rows of finite numbers; integers up to 2^53 are exact.

    Args:
        may_lack: columns that may be NULL, which becomes NaN.

    Raises:
        WorkspaceError: a value is not a number, or there are more rows than fit into the file.
    """
    limit, total, blocks = most_rows(db), 0, []
    cursor = db.execute(query)
    while batch := cursor.fetchmany(1 << 16):
        total += len(batch)
        try:
            block = np.array(batch, np.float64).reshape(len(batch), width)
        except (ValueError, TypeError) as error:
            raise damaged(error) from None
        lacking = np.isnan(block)
        lacking[:, list(may_lack)] = False
        if total > limit or lacking.any() or np.isinf(block).any():
            raise damaged("a number is missing, or there are more than the file has room for")
        blocks.append(block)
    return np.concatenate(blocks) if blocks else np.zeros((0, width))


def most_rows(db: sqlite3.Connection) -> int:
    """The largest number of rows in one table, by the size of the file."""
    return int(getattr(db, "size", 1 << 40)) // SMALLEST + 1000


def damaged(why: object, where: str = "") -> WorkspaceError:
    """The error for a cast.db with content that castlist does not write."""
    words = "values are nested too deeply" if isinstance(why, RecursionError) else str(why)[:120]
    return WorkspaceError(
        f"the workspace's cast.db is damaged ({where}{words}); bring back a copy of it", elsewhere=True
    )


def whole(value: object) -> int:
    """A whole number."""
    if type(value) is not int:
        raise ValueError(f"a whole number was expected, not {_kind(value)}")
    return value


def number(value: object) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"a number was expected, not {_kind(value)}")
    return float(value)


def text(value: object) -> str:
    """Text of a reasonable length."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError(f"text was expected, not {_kind(value)}")
    return value


def line(value: object) -> str:
    """Text on one line: line ends and control characters become blanks."""
    given = without_direction_marks(text(value))
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in given)


def blob(value: object) -> bytes:
    """Bytes."""
    if not isinstance(value, bytes):
        raise ValueError(f"bytes were expected, not {_kind(value)}")
    return value


def exact(value: object) -> Fraction:
    """An exact number written as "num/den"; 1e999999999, which would take forever, is invalid."""
    match = _FRACTION.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[2] or 1) == 0:
        raise ValueError(f"a number such as 24000/1001 was expected, not {_kind(value)}")
    return Fraction(int(match[1]), int(match[2] or 1))


def moment(value: object) -> datetime:
    """A time in ISO 8601."""
    return datetime.fromisoformat(text(value))


def optional(reader: Reader[T]) -> Reader[T | None]:
    """A reader that gives None for NULL."""
    return lambda value: None if value is None else reader(value)


def mapping(inner: Reader[T]) -> Reader[dict[str, T]]:
    """A reader for JSON objects whose values another reader reads; NULL is an empty object."""

    def read(value: object) -> dict[str, T]:
        found = json.loads("{}" if value is None else text(value))
        if not isinstance(found, dict):
            raise ValueError("a JSON object was expected")
        return {key: inner(each) for key, each in found.items()}

    return read


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    return f"{type(value).__name__} {repr(value)[:40]}"
