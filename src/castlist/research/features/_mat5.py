"""MATLAB's Level 5 MAT-files (v5, v6, v7): arrays, text, cells and structs, without executable content.

A few wrong bytes can crash SciPy's reader; this reader checks every length before it is used.
[MathWorks, "MAT-File Format", chapter 1]
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.research.features.table import check_amount

__all__ = ["Struct", "load"]

STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
TEXT = {1: "ascii", 2: "ascii", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
NUMERIC = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
MATRIX, COMPRESSED = 14, 15  # types of elements
CELL, STRUCT, CHAR = 1, 2, 4  # classes of arrays
OTHER = {3: "an object", 5: "a sparse array", 16: "a function", 17: "an object"}  # classes that are not read
COMPLEX = 0x0800  # flag of an array with an imaginary part
DEEPEST = 8  # levels of nested cells and structs; MATLAB allows more, feature files need 2
BOMB, RATIO = 64 << 20, 200  # size (bytes) and compression ratio above both of which a variable is refused
DAMAGED = "is damaged or cut short: an element is longer than what holds it"


Value: TypeAlias = "NDArray[np.generic] | str | list[Value] | Struct"  # numbers, text, a cell, a struct array


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct array of n elements: for each field its n values, in MATLAB's order."""

    fields: dict[str, list[Value]]


class Element(NamedTuple):
    """One data element and where the next one starts."""

    kind: int
    data: memoryview
    end: int


def load(path: Path, wanted: Callable[[str], bool], fields: Container[str] | None = None) -> dict[str, Value]:
    """The variables with wanted names: arrays, str, lists (cells) and Structs.

    Text of several rows is a list of its rows. Of struct arrays, only the given fields are read (None: all),
    so that fields of other classes do no harm.

    Raises:
        InputError: the file has another format, is damaged or truncated, or a variable is too large.
    """
    content = memoryview(path.read_bytes())
    if len(content) < 128 or bytes(content[126:128]) not in (b"IM", b"MI"):
        raise InputError("is damaged or cut short: it has no MATLAB header")
    order = "<" if bytes(content[126:128]) == b"IM" else ">"
    try:
        return _variables(content, order, wanted, fields)
    except zlib.error as error:
        raise InputError(f"is damaged or cut short: a variable does not unpack ({error})") from None


def _variables(
    content: memoryview, order: str, wanted: Callable[[str], bool], fields: Container[str] | None
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    at = 128
    while at < len(content):
        element = _element(content, at, order)
        at = element.end
        if element.kind == COMPRESSED:
            name = _name(_unpack(element.data, order, 1024), order)
            if wanted(name):
                found[name] = _matrix(_unpack(element.data, order, None), order, 0, fields)
        elif element.kind == MATRIX:
            name = _name(element.data, order)
            if wanted(name):
                found[name] = _matrix(element.data, order, 0, fields)
    return found


def _element(data: memoryview, at: int, order: str) -> Element:
    """The element that starts at byte `at`, with its length checked against the data."""
    if at + 8 > len(data):
        raise InputError(DAMAGED)
    kind, size = (int(v) for v in np.frombuffer(data[at : at + 8], f"{order}u4"))
    if kind >> 16:  # a small one: its length in the upper half, its data in the tag
        kind, size = kind & 0xFFFF, kind >> 16
        if size > 4:
            raise InputError(DAMAGED)
        return Element(kind, data[at + 4 : at + 4 + size], at + 8)
    end = at + 8 + size
    if end > len(data):
        raise InputError(DAMAGED)
    padded = end if kind == COMPRESSED else end + -size % 8
    return Element(kind, data[at + 8 : end], padded)


def _unpack(packed: memoryview, order: str, most: int | None) -> memoryview:
    """The content of a compressed matrix, or only its first `most` bytes."""
    machine = zlib.decompressobj()
    tag = machine.decompress(packed, 8)
    if len(tag) < 8:
        raise InputError(DAMAGED)
    kind, size = (int(v) for v in np.frombuffer(tag, f"{order}u4"))
    if kind != MATRIX:
        raise InputError("is damaged: a compressed variable is not an array")
    if most is None:
        check_amount(size, 1, "a variable")
        if size > BOMB and size > RATIO * len(packed):
            raise InputError(f"a variable unpacks to {RATIO} times its size; such a file is not opened")
    wanted = size if most is None else min(size, most)
    data = machine.decompress(machine.unconsumed_tail, wanted) if wanted else b""
    if len(data) < wanted:
        raise InputError(DAMAGED)
    if most is None and machine.decompress(machine.unconsumed_tail, 1):
        raise InputError("is damaged: a variable is longer than it says")
    return memoryview(data)


class _Head(NamedTuple):
    """The data before the values of an array."""

    word: int  # class with flags
    shape: tuple[int, ...]
    name: str
    end: int  # where the values start


def _head(data: memoryview, order: str) -> _Head:
    """The head of an array; raises InputError if it is damaged."""
    flags = _element(data, 0, order)
    dimensions = _element(data, flags.end, order)
    name = _element(data, dimensions.end, order)
    if flags.kind != 6 or len(flags.data) != 8 or dimensions.kind != 5 or len(dimensions.data) % 4:
        raise InputError("is damaged: an array has no proper head")
    shape = tuple(int(n) for n in np.frombuffer(dimensions.data, f"{order}i4"))
    if len(shape) < 2 or min(shape) < 0:
        raise InputError(f"is damaged: an array has the dimensions {shape}")
    word = int(np.frombuffer(flags.data[:4], f"{order}u4")[0])
    return _Head(word, shape, bytes(name.data).decode("latin-1"), name.end)


def _name(data: memoryview, order: str) -> str:
    return _head(data, order).name if len(data) else ""


def _matrix(
    data: memoryview, order: str, depth: int, wanted: Container[str] | None, field: str = ""
) -> Value:
    """The value of an array; of structs, only the wanted fields. `field` is the name of an unnamed array."""
    if not len(data):
        return np.zeros((0, 0))
    if depth > DEEPEST:
        raise InputError(f"cells or structs are nested more than {DEEPEST} deep")
    word, shape, name, at = _head(data, order)
    name, kind, count = name or field, word & 0xFF, math.prod(shape)
    if kind in NUMERIC:
        if word & COMPLEX:
            raise InputError(f"`{name}` is complex; expected real numbers")
        return _numbers(_element(data, at, order), NUMERIC[kind], shape, order)
    if kind == CHAR:
        return _rows(_text(_element(data, at, order), order), shape)
    if kind == CELL:
        return _cells(data, at, count, order, depth, wanted, name)
    if kind == STRUCT:
        return _struct(data, at, count, order, depth, wanted)
    other = OTHER.get(kind, f"of class {kind}")
    raise InputError(f"`{name}` is {other}; expected numbers, text, cells or structs")


def _numbers(element: Element, dtype: str, shape: tuple[int, ...], order: str) -> NDArray[np.generic]:
    if element.kind not in STORED:
        raise InputError(f"is damaged: numbers are stored as type {element.kind}")
    stored = np.dtype(order + STORED[element.kind])
    count = math.prod(shape)
    if len(element.data) != count * stored.itemsize:
        raise InputError(f"is damaged: an array {shape} has {len(element.data)} bytes of {stored.name}")
    check_amount(count, np.dtype(dtype).itemsize, "an array")
    flat = np.frombuffer(element.data, stored) if count else np.zeros(0, dtype)
    return flat.astype(dtype, copy=False).reshape(shape, order="F")


def _text(element: Element, order: str) -> str:
    encoding = TEXT.get(element.kind)
    if encoding is None:
        raise InputError(f"is damaged: text is stored as type {element.kind}")
    if encoding in ("utf-16", "utf-32"):
        encoding += "-le" if order == "<" else "-be"
    return bytes(element.data).decode(encoding, "replace")


def _rows(text: str, shape: tuple[int, ...]) -> Value:
    """One text, or the rows of a character matrix, whose characters are stored column after column."""
    if math.prod(shape) == 0 or min(shape) == 1 or len(shape) > 2:
        return text
    if len(text) != math.prod(shape):
        raise InputError(f"is damaged: text of the dimensions {shape} has {len(text)} characters")
    return [text[i :: shape[0]] for i in range(shape[0])]


def _parts(data: memoryview, at: int, count: int, order: str) -> Iterator[memoryview]:
    """The contents of `count` arrays, one after another."""
    if count * 8 > len(data):  # each one has a tag of 8 bytes at least
        raise InputError(DAMAGED)
    for _ in range(count):
        element = _element(data, at, order)
        if element.kind != MATRIX:
            raise InputError("is damaged: a cell or field does not hold an array")
        yield element.data
        at = element.end


def _cells(
    data: memoryview, at: int, count: int, order: str, depth: int, wanted: Container[str] | None, field: str
) -> list[Value]:
    return [_matrix(part, order, depth + 1, wanted, field) for part in _parts(data, at, count, order)]


def _struct(
    data: memoryview, at: int, count: int, order: str, depth: int, wanted: Container[str] | None
) -> Struct:
    width = _element(data, at, order)
    names = _element(data, width.end, order)
    size = int(np.frombuffer(width.data, f"{order}i4")[0]) if len(width.data) == 4 else 0
    if size < 1 or len(names.data) % size:
        raise InputError("is damaged: a struct has no proper field names")
    text = bytes(names.data)
    fields = [text[i : i + size].split(b"\0")[0].decode("latin-1") for i in range(0, len(text), size)]
    if len(set(fields)) < len(fields):
        raise InputError("is damaged: a struct has two fields of one name")
    found: dict[str, list[Value]] = {name: [] for name in fields if wanted is None or name in wanted}
    for i, part in enumerate(_parts(data, names.end, count * len(fields), order)):
        name = fields[i % len(fields)]
        if name in found:
            found[name].append(_matrix(part, order, depth + 1, wanted, name))
    return Struct(found)
