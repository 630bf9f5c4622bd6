"""Stores tables of arrays as bytes in database rows, and reads them back. No pickle.

A column's kind is NumPy's dtype string ("<f4"), or the type of a text column: json, fraction, path. Nested
tables (`Scan.clock`) are flattened: "clock.pts"; lists of tables (`Base.stood`): "stood.0.taken".
"""

from __future__ import annotations

import json
import math
import os
import re
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError, WorkspaceError
from castlist.store.rows import blob, damaged, exact, rows, text, whole
from castlist.types import Json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["delete", "read", "read_table", "strings", "write"]

PART = 1 << 24  # bytes in one part of a column; SQLite's limit is 10^9
LARGEST = 1 << 30  # bytes of a column: the boxes of 60 million faces
LARGEST_TEXT = 1 << 26  # bytes of a column of text: the names of 1.8 million pictures
LARGEST_BLOCK = 1 << 31  # bytes of all columns of a table
_DTYPE = re.compile(r"[<>|][biuf][1248]")
_DEEPEST = 8  # nested lists
Plain: TypeAlias = "bool | int | float | str | tuple[Plain, ...] | dict[str, Plain] | None"
Stored: TypeAlias = "NDArray[np.generic] | Fraction | Path | Plain"  # what a column can hold
Data: TypeAlias = bytes | memoryview
T = TypeVar("T")


class Column(NamedTuple):
    """A field of a dataclass in stored form."""

    name: str  # of the field, after the names of the tables that contain it
    kind: str
    shape: tuple[int, ...]
    data: Data


def write(db: sqlite3.Connection, table: DataclassInstance, *, skip: tuple[str, ...] = ()) -> int:
    """Store the columns of a dataclass, inside the caller's transaction; returns the block's id.

    Raises:
        InputError: a field is not an array, number, text or a table of these.
    """
    block = int(db.execute("INSERT INTO blocks DEFAULT VALUES").lastrowid or 0)
    for name, kind, shape, data in _columns(table, ""):
        if name in skip:
            continue
        view = memoryview(data).cast("B") if len(data) else b""
        if len(view) > (LARGEST_TEXT if kind in _TEXTS else LARGEST):
            raise InputError(f"{name} has {len(view):,} bytes, more than a workspace can store in one column")
        for part, begin in enumerate(range(0, max(len(view), 1), PART)):
            packed = zlib.compress(view[begin : begin + PART], 1)
            row = (block, name, part, kind, json.dumps(shape), packed)
            db.execute("INSERT INTO block_columns VALUES (?, ?, ?, ?, ?, ?)", row)
    return block


def delete(db: sqlite3.Connection, block: int) -> None:
    """Remove a block and its columns."""
    db.execute("DELETE FROM blocks WHERE id = ?", (block,))


def read(db: sqlite3.Connection, block: int, *names: str) -> dict[str, Stored]:
    """Columns of a block by name, by default all of them; arrays are read-only.

    Raises:
        WorkspaceError: the stored bytes were changed.
    """
    wanted = f" AND name IN ({', '.join('?' * len(names))})" if names else ""
    query = f"SELECT name, kind, shape, data FROM block_columns WHERE block = ?{wanted} ORDER BY name, part"  # noqa: S608
    parts: dict[str, list[bytes]] = {}
    heads: dict[str, tuple[str, str]] = {}
    for name, kind, shape, data in rows(db, query, (text, text, text, blob), (block, *names)):
        heads[name] = (kind, shape)
        parts.setdefault(name, []).append(data)
    found: dict[str, Stored] = {}
    room = LARGEST_BLOCK
    try:
        for name in list(parts):
            found[name] = _value(*heads[name], parts.pop(name), room)
            room -= getattr(found[name], "nbytes", 0)
    except (ValueError, TypeError, OverflowError, RecursionError, zlib.error) as error:
        raise damaged(error, f"column {name[:40]}: ") from error
    return found


def strings(value: object) -> tuple[str, ...]:
    """A column that must be a list of text.

    Raises:
        WorkspaceError: it is of another type.
    """
    if not isinstance(value, tuple) or not all(isinstance(each, str) for each in value):
        raise damaged("a column of names holds something else")
    return value


def read_table(db: sqlite3.Connection, block: int, kind: type[T]) -> T:
    """The table of type `kind` in a block.

    Raises:
        WorkspaceError: the block has another table.
    """
    try:
        return _build(kind, read(db, block), "")
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise WorkspaceError(
            f"the workspace's cast.db does not hold a {kind.__name__} where it should"
        ) from error


def _columns(table: DataclassInstance, prefix: str) -> Iterator[Column]:
    hints = _hints(type(table))
    for field in fields(table):
        value, name = getattr(table, field.name), prefix + field.name
        if is_dataclass(value) and not isinstance(value, type):
            yield from _columns(value, name + ".")
        elif _item(hints[field.name]) is not None:
            for i, item in enumerate(value):
                yield from _columns(item, f"{name}.{i}.")
        else:
            yield _encode(name, value)


def _encode(name: str, value: object) -> Column:
    """The column for a value; raises InputError for values that a workspace cannot store."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise InputError(f"{name} has dtype {value.dtype}; a workspace keeps numbers and booleans only")
        array = np.ascontiguousarray(value)
        data = array.reshape(-1).view(np.uint8).data if array.size else b""
        return Column(name, array.dtype.str, value.shape, data)
    if isinstance(value, Fraction):
        return Column(name, "fraction", (), str(value).encode())
    if isinstance(value, Path):
        return Column(name, "path", (), os.fsencode(value))
    try:
        return Column(name, "json", (), json.dumps(value, default=_row).encode())
    except TypeError:
        raise InputError(f"{name} is a {type(value).__name__}; a workspace cannot keep that") from None


def _row(value: object) -> list[object]:
    """A dataclass inside a tuple, as the list of its fields."""
    if not is_dataclass(value):
        raise TypeError
    return [getattr(value, field.name) for field in fields(value)]


_HINTS: dict[type, dict[str, type]] = {}


def _hints(kind: type) -> dict[str, type]:
    """The types of a dataclass's fields, cached: reading them takes longer than reading a small row."""
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind)
    return _HINTS[kind]


def _item(hint: object) -> type | None:
    """The dataclass T of a field of type tuple[T, ...], if T has arrays."""
    if get_origin(hint) is not tuple or len(get_args(hint)) != 2:
        return None
    kind = get_args(hint)[0]
    tables = isinstance(kind, type) and is_dataclass(kind)
    arrays = tables and any(get_origin(h) is np.ndarray for h in _hints(kind).values())
    return kind if arrays and get_args(hint)[1] is Ellipsis else None


_TEXTS = ("fraction", "path", "json")


def _value(kind: str, shape: str, parts: list[bytes], room: int) -> Stored:
    if kind in _TEXTS:
        return _text(kind, parts)
    dtype, lengths = _layout(kind, shape)
    size = math.prod(lengths) * dtype.itemsize
    if size > min(LARGEST, room):
        raise ValueError(f"{size:,} bytes, more than a workspace can store")
    array = np.empty(size, np.uint8)
    at = 0
    while parts:
        data = _unpacked(parts.pop(0))
        if at + len(data) > size:
            raise ValueError("too many bytes")
        array[at : at + len(data)] = np.frombuffer(data, np.uint8)
        at += len(data)
    if at != size:
        raise ValueError("too few bytes")
    result = array.view(dtype).reshape(lengths)
    result.flags.writeable = False
    return result


def _text(kind: str, parts: list[bytes]) -> Fraction | Path | Plain:
    """The value of a text column."""
    if len(parts) > LARGEST_TEXT // PART:
        raise ValueError("more text than a workspace can store")
    data = b"".join(map(_unpacked, parts))
    if kind == "path":
        return Path(os.fsdecode(data))
    return exact(data.decode()) if kind == "fraction" else _tuples(json.loads(data), _DEEPEST)


def _layout(kind: str, shape: str) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    """Dtype and shape of a column of numbers; text from a stranger is never parsed by NumPy."""
    lengths = tuple(whole(n) for n in json.loads(shape[:200]))
    if not _DTYPE.fullmatch(kind) or any(not 0 <= n <= LARGEST for n in lengths) or len(lengths) > _DEEPEST:
        raise ValueError("a layout that castlist does not write")
    return np.dtype(kind), lengths


def _unpacked(data: bytes) -> bytes:
    """The bytes of one part; unpacking stops at PART bytes."""
    packer = zlib.decompressobj()
    plain = packer.decompress(data, PART + 1)
    if len(plain) > PART or not packer.eof:
        raise ValueError("a part that castlist does not write")
    return plain


def _tuples(value: Json, deepest: int) -> Plain:
    if isinstance(value, Mapping):
        return {key: _tuples(each, deepest) for key, each in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if not deepest:
        raise ValueError("lists within lists within lists")
    return tuple(_tuples(each, deepest - 1) for each in value)


def _build(kind: type[T], columns: dict[str, Stored], prefix: str) -> T:
    hints = _hints(kind)
    values: dict[str, object] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        hint, name = hints[field.name], prefix + field.name
        nested, item = isinstance(hint, type) and is_dataclass(hint), _item(hint)
        known = name in columns or (nested and any(c.startswith(name + ".") for c in columns))
        if item is not None:
            values[field.name] = _items(item, columns, name)
        elif known or (field.default is MISSING and field.default_factory is MISSING):
            # fields added by later versions have a default
            values[field.name] = _build(hint, columns, name + ".") if nested else _plain(hint, columns[name])
    return kind(**values)


def _plain(hint: object, value: Stored) -> Stored:
    """A stored value; a number, text or truth value must have the type of its field.

    Raises:
        ValueError: it has another type.
    """
    wanted = _PLAIN.get(hint) if isinstance(hint, type) else None
    if wanted is not None and (
        not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool)
    ):
        raise ValueError(f"{value!r} is no {hint.__name__}")  # type: ignore[attr-defined]
    return value


_PLAIN: dict[type, type | tuple[type, ...]] = {int: int, float: (int, float), str: str, bool: bool}


def _items(kind: type[T], columns: dict[str, Stored], name: str) -> tuple[T, ...]:
    """The numbered tables of a field, as many as are stored."""
    found: list[T] = []
    while any(column.startswith(f"{name}.{len(found)}.") for column in columns):
        found.append(_build(kind, columns, f"{name}.{len(found)}."))
    return tuple(found)
