"""A table as rows of bytes, and back: how arrays lie in the database. No pickle.

A column's kind is NumPy's own dtype string ("<f4"), or says what the text is: json, fraction, path.
Tables within tables (`Scan.clock`) are flattened: "clock.pts".
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np

from castlist.errors import InputError, WorkspaceError

__all__ = ["delete", "read", "read_table", "write"]

PART = 1 << 24  # bytes of one part of a column; SQLite's own limit is 10^9
Column = tuple[str, str, tuple[int, ...], Any]  # name, kind, shape, bytes-like
T = TypeVar("T")


def write(db: sqlite3.Connection, table: Any, *, skip: tuple[str, ...] = ()) -> int:
    """Store the columns of a dataclass; the block's id. Belongs into the caller's transaction.

    Raises:
        InputError: a field holds something else than arrays, numbers, text and tables of those.
    """
    block = int(db.execute("INSERT INTO blocks DEFAULT VALUES").lastrowid or 0)
    for name, kind, shape, data in _columns(table, ""):
        if name in skip:
            continue
        view = memoryview(data).cast("B") if len(data) else b""
        for part, begin in enumerate(range(0, max(len(view), 1), PART)):
            packed = zlib.compress(view[begin : begin + PART], 1)
            row = (block, name, part, kind, json.dumps(shape), packed)
            db.execute("INSERT INTO block_columns VALUES (?, ?, ?, ?, ?, ?)", row)
    return block


def delete(db: sqlite3.Connection, block: int) -> None:
    """Remove a block and its columns."""
    db.execute("DELETE FROM blocks WHERE id = ?", (block,))


def read(db: sqlite3.Connection, block: int, *names: str) -> dict[str, Any]:
    """Columns of a block by name, all of them by default; arrays are read-only.

    Raises:
        WorkspaceError: the stored bytes are not what was written.
    """
    wanted = f" AND name IN ({', '.join('?' * len(names))})" if names else ""
    rows = db.execute(
        f"SELECT name, kind, shape, data FROM block_columns WHERE block = ?{wanted} ORDER BY name, part",  # noqa: S608
        (block, *names),
    )
    found: dict[str, Any] = {}
    heads: dict[str, tuple[str, str]] = {}
    for name, kind, shape, data in rows:
        heads[name] = (kind, shape)
        found.setdefault(name, []).append(data)
    try:
        return {name: _value(*heads[name], found.pop(name)) for name in list(found)}
    except (ValueError, TypeError, KeyError, ZeroDivisionError, zlib.error) as error:
        raise WorkspaceError(f"the workspace's cast.db holds a damaged column ({error})") from error


def read_table(db: sqlite3.Connection, block: int, kind: type[T]) -> T:
    """The table of that type which a block holds.

    Raises:
        WorkspaceError: the block holds something else.
    """
    try:
        return _build(kind, read(db, block), "")
    except (KeyError, TypeError, ValueError) as error:
        raise WorkspaceError(
            f"the workspace's cast.db does not hold a {kind.__name__} where it should"
        ) from error


def _columns(table: Any, prefix: str) -> Iterator[Column]:
    for field in fields(table):
        value, name = getattr(table, field.name), prefix + field.name
        if is_dataclass(value):
            yield from _columns(value, name + ".")
        else:
            yield (name, *_encode(name, value))


def _encode(name: str, value: Any) -> tuple[str, tuple[int, ...], Any]:
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise InputError(f"{name} has dtype {value.dtype}; a workspace keeps numbers and booleans only")
        array = np.ascontiguousarray(value)
        return array.dtype.str, value.shape, array.reshape(-1).view(np.uint8) if array.size else b""
    if isinstance(value, Fraction):
        return "fraction", (), str(value).encode()
    if isinstance(value, Path):
        return "path", (), os.fsencode(value)
    try:
        return "json", (), json.dumps(value).encode()
    except TypeError:
        raise InputError(f"{name} is a {type(value).__name__}; a workspace cannot keep that") from None


def _value(kind: str, shape: str, parts: list[bytes]) -> Any:
    if kind in ("fraction", "path", "json"):
        text = b"".join(map(zlib.decompress, parts))
        if kind == "path":
            return Path(os.fsdecode(text))
        return Fraction(text.decode()) if kind == "fraction" else _tuples(json.loads(text))
    dtype, lengths = np.dtype(kind), tuple(map(int, json.loads(shape)))
    if dtype.kind not in "biuf" or any(n < 0 for n in lengths):
        raise ValueError(f"dtype {kind!r}, shape {shape}")
    size = math.prod(lengths) * dtype.itemsize
    array = np.empty(size, np.uint8)
    at = 0
    while parts:
        data = zlib.decompressobj().decompress(parts.pop(0), PART + 1)
        if at + len(data) > size:
            raise ValueError("too many bytes")
        array[at : at + len(data)] = np.frombuffer(data, np.uint8)
        at += len(data)
    if at != size:
        raise ValueError("too few bytes")
    result = array.view(dtype).reshape(lengths)
    result.flags.writeable = False
    return result


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _build(kind: type[T], columns: dict[str, Any], prefix: str) -> T:
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):  # type: ignore[arg-type]
        hint, name = hints[field.name], prefix + field.name
        nested = isinstance(hint, type) and is_dataclass(hint)
        if nested or name in columns or field.default is MISSING:  # what later castlists added has a default
            values[field.name] = _build(hint, columns, name + ".") if nested else columns[name]
    return kind(**values)
