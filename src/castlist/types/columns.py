"""The columns of tables: checked once, then read-only; comparison of tables."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.vectors import converted, unmasked

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Rows: TypeAlias = slice | NDArray[np.bool_ | np.integer]  # picks rows of a table: a slice, a mask, indices


def freeze(table: DataclassInstance, **columns: tuple[type, tuple[int | None, ...]]) -> None:
    """Check the columns of a frozen dataclass and make them read-only arrays of their own dtype.

    Each column is given as `name=(dtype, shape)`; None in a shape is the number of rows, equal for all
    columns.

    Raises:
        InputError: a column has the wrong shape or number of rows, masked values, or values outside its type,
            such as text, NaN or fractions for whole numbers; the message has the column's name.
    """
    kind = type(table).__name__
    rows: int | None = None
    for name, (dtype, shape) in columns.items():
        given = unmasked(getattr(table, name), f"{kind}.{name}")
        frozen = isinstance(given, np.ndarray) and given.dtype == dtype and not given.flags.writeable
        kept = frozen and given.flags.c_contiguous  # sums over another layout differ in their last digits
        array: NDArray[np.generic] = given if kept else converted(given, dtype, f"{kind}.{name}")
        if array.size == 0 and array.ndim != len(shape):
            if 0 not in (n or 0 for n in shape):
                raise InputError(f"{kind}.{name} is empty; it needs {' x '.join(map(str, shape))} values")
            array = array.reshape(tuple(0 if n is None else n for n in shape))
        fits = array.ndim == len(shape) and all(
            n is None or n == m for n, m in zip(shape, array.shape, strict=False)
        )
        if not fits:
            wanted = ", ".join("n" if n is None else str(n) for n in shape) + "," * (len(shape) == 1)
            raise InputError(f"{kind}.{name} must have shape ({wanted}), got {array.shape}")
        if shape and shape[0] is None:
            if rows is None:
                rows = len(array)
            if len(array) != rows:
                raise InputError(f"{kind}.{name} has {len(array)} rows, expected {rows}")
        array.flags.writeable = False
        object.__setattr__(table, name, array)


def same(a: DataclassInstance, b: DataclassInstance) -> bool:
    """Whether two tables have the same values; NaN equals NaN (`==` does not work on columns)."""
    if type(a) is not type(b):
        return False
    for column in fields(a):
        x, y = getattr(a, column.name), getattr(b, column.name)
        if isinstance(x, np.ndarray):
            floats = np.issubdtype(x.dtype, np.floating)
            if x.dtype != y.dtype or not np.array_equal(x, y, equal_nan=floats):
                return False
        elif x != y:
            return False
    return True
