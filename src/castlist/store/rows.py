"""Rows of cast.db as typed values: the one place where what a database says is checked.

A database from a stranger may hold any value in any column, whatever the schema says. Each column is read by
a reader of its own; what does not fit is one sentence.

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
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from castlist.errors import WorkspaceError

__all__ = [
    "blob",
    "damaged",
    "exact",
    "line",
    "moment",
    "most_rows",
    "number",
    "numbers",
    "optional",
    "parsed",
    "rows",
    "text",
    "whole",
]

Reader = Callable[[Any], Any]
T = TypeVar("T")

LONGEST = 1 << 20  # characters of a text that is no column of arrays: a recipe has some 2,000
# 40 digits: a tick of 64 bits times a unit of 32 bits over 32 bits has at most 30
_FRACTION = re.compile(r"(-?[0-9]{1,40})(?:/([0-9]{1,40}))?")
SMALLEST = 6  # bytes: no row takes less in a table of SQLite (cell pointer, header, key)


def rows(
    db: sqlite3.Connection, query: str, readers: Sequence[Reader], parameters: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """All rows of a query, each column as its reader gives it.

    Raises:
        WorkspaceError: a value is not what its column holds, or there are more rows than fit into the file.
    """
    limit = most_rows(db)
    found: list[tuple[Any, ...]] = []
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
        may_lack: columns in which NULL is allowed, and becomes NaN.

    Raises:
        WorkspaceError: a value is no number, or there are more rows than the file has room for.
    """
    limit, total, blocks = most_rows(db), 0, []
    cursor = db.execute(query)
    while some := cursor.fetchmany(1 << 16):
        total += len(some)
        try:
            block = np.array(some, np.float64).reshape(len(some), width)
        except (ValueError, TypeError) as error:
            raise damaged(error) from None
        lacking = np.isnan(block)
        lacking[:, list(may_lack)] = False
        if total > limit or lacking.any() or np.isinf(block).any():
            raise damaged("a number is missing, or there are more than the file has room for")
        blocks.append(block)
    return np.concatenate(blocks) if blocks else np.zeros((0, width))


def most_rows(db: sqlite3.Connection) -> int:
    """How many rows a query of one table can give at most, by the size of the file."""
    return int(getattr(db, "size", 1 << 40)) // SMALLEST + 1000


def damaged(why: object) -> WorkspaceError:
    return WorkspaceError(f"the workspace's cast.db is damaged: {str(why)[:120]}")


def whole(value: Any) -> int:
    """A whole number."""
    if type(value) is not int:
        raise ValueError(f"a whole number was expected, not {_kind(value)}")
    return value


def number(value: Any) -> float:
    """A finite number."""
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"a number was expected, not {_kind(value)}")
    return float(value)


def text(value: Any) -> str:
    """Text of a reasonable length."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError(f"text was expected, not {_kind(value)}")
    return value


def line(value: Any) -> str:
    """Text on one line: characters that would steer a terminal, or end a line, become blanks."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text(value))


def blob(value: Any) -> bytes:
    """Bytes."""
    if not isinstance(value, bytes):
        raise ValueError(f"bytes were expected, not {_kind(value)}")
    return value


def exact(value: Any) -> Fraction:
    """An exact number written as "num/den"; never as 1e999999999, which would take for ever."""
    match = _FRACTION.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[2] or 1) == 0:
        raise ValueError(f"a number such as 24000/1001 was expected, not {_kind(value)}")
    return Fraction(int(match[1]), int(match[2] or 1))


def moment(value: Any) -> datetime:
    """A time in ISO 8601."""
    return datetime.fromisoformat(text(value))


def optional(reader: Reader) -> Reader:
    """NULL as None, anything else by the reader."""
    return lambda value: None if value is None else reader(value)


def parsed(kind: type[dict[Any, Any]] | type[list[Any]], inner: Reader | None = None) -> Reader:
    """JSON text that holds a list or an object, whose values another reader reads; NULL is an empty one."""

    def read(value: Any) -> Any:
        found = json.loads(text("{}" if value is None and kind is dict else value))
        if not isinstance(found, kind):
            raise ValueError(f"JSON {kind.__name__} was expected")
        if inner is None:
            return found
        if isinstance(found, dict):
            return {key: inner(each) for key, each in found.items()}
        return [inner(each) for each in found]

    return read


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"{type(value).__name__} {repr(value)[:40]}"
