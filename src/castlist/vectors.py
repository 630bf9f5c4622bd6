"""Checks of arrays that callers give, unit vectors, and products of pairs of rows."""

from __future__ import annotations

from typing import TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError

__all__ = [
    "LARGEST_WEIGHT",
    "converted",
    "group_sums",
    "picture",
    "products",
    "real_array",
    "shaped",
    "single_precision",
    "unit",
    "unmasked",
    "width",
]

LARGEST_WEIGHT = 1e100  # of an item: products of two sums of weights stay finite in double precision
BLOCK = 1 << 21  # values of each side of the pairs in a block: 8 MB of float32

Float = TypeVar("Float", bound=np.floating)
Given = TypeVar("Given")
Scalar = TypeVar("Scalar", bound=np.generic)


def unmasked(values: Given, name: str) -> Given:
    """The values, if none is masked.

    Raises:
        InputError: some are masked; NumPy would use the values under the mask.
    """
    if np.ma.is_masked(values):
        raise InputError(f"{name}: some values are masked; leave those rows out")
    return values


def converted(values: object, dtype: type[Scalar], name: str) -> NDArray[Scalar]:
    """The values as a C-contiguous array of a type; only their precision may change.

    Raises:
        InputError: values are masked, complex, not numbers, not whole for a type of whole numbers, or too
            large for the type; or rows differ in length.
    """
    given = np.asarray(_as_array(unmasked(values, name), name))
    if given.dtype == dtype or not given.size or dtype is np.str_:
        return np.array(given, dtype=dtype, order="C")
    if given.dtype.kind in "cMmSU":
        raise InputError(f"{name} holds {_KINDS[given.dtype.kind]}; give numbers")
    wanted = np.dtype(dtype)
    words = "true or false" if wanted.kind == "b" else "whole numbers" if wanted.kind in "iu" else "numbers"
    try:
        with np.errstate(over="raise", invalid="raise"):
            array = np.array(given, dtype=dtype, order="C")
    except (TypeError, ValueError):
        raise InputError(f"{name} holds values that are not numbers; give {words}") from None
    except (FloatingPointError, OverflowError):
        raise InputError(f"{name} holds values that are NaN, infinite or too large; give {words}") from None
    if wanted.kind == "b" and not np.array_equal(array, given):
        raise InputError(f"{name} holds values that are neither true nor false; give {words}")
    if wanted.kind in "iu" and not np.array_equal(array, given):
        raise InputError(f"{name} holds values that are not whole, or too large; give whole numbers")
    return array


_KINDS = {"c": "complex numbers", "M": "dates", "m": "durations", "S": "bytes", "U": "text"}


def _as_array(values: object, name: str) -> NDArray[np.generic]:
    try:
        return np.asarray(values)
    except ValueError:
        raise InputError(f"{name}: the rows differ in length; give as many values for each") from None


def shaped(
    values: object, dtype: type[Scalar], shape: tuple[int | str, ...], name: str, *, missing: bool = False
) -> NDArray[Scalar]:
    """The values as an array of a type and shape; an array that has both is returned itself, not a copy.

    Args:
        shape: the length of each axis, or a letter for any length, as in `("n", 5, 2)`; an empty list is
            allowed where the first axis may have length 0.
        missing: allow NaN, for unknown values.

    Raises:
        InputError: the shape is another; as `converted`; or a value is NaN or infinite.
    """
    fits = isinstance(values, np.ndarray) and values.dtype == dtype and not np.ma.is_masked(values)
    array: NDArray[Scalar] = np.asarray(values) if fits else converted(values, dtype, name)
    empty_list = array.shape == (0,) and (shape[0] == 0 or isinstance(shape[0], str))
    if empty_list:  # it has no other axes
        array = array.reshape(0, *(0 if isinstance(each, str) else each for each in shape[1:]))
    lengths = zip(array.shape, shape, strict=False)
    if array.ndim != len(shape) or any(isinstance(each, int) and n != each for n, each in lengths):
        wanted = ", ".join(map(str, shape)) + "," * (len(shape) == 1)
        raise InputError(f"{name} must have shape ({wanted}), got {array.shape}")
    if array.dtype.kind == "f" and not (np.isfinite(array) | (missing & np.isnan(array))).all():
        raise InputError(f"{name} holds {'' if missing else 'NaN or '}infinite values; leave those rows out")
    return array


def picture(values: object, name: str) -> NDArray[np.uint8]:
    """A picture (h, w, 3): blue, green and red from 0 to 255, at least one pixel.

    Raises:
        InputError: it has another shape or type; see `shaped`.
    """
    image = shaped(values, np.uint8, ("h", "w", 3), name)
    if not image.size:
        raise InputError(f"{name} is an empty picture, of shape {image.shape}; give one with pixels")
    return image


def width(values: object, name: str) -> int:
    """The number of columns of a table (n, d); 0 if it is no table. Raises InputError as `converted` does."""
    array = _as_array(values, name)
    return array.shape[1] if array.ndim == 2 else 0


def real_array(values: ArrayLike, name: str = "the features") -> NDArray[np.generic]:
    """The values as an array.

    Raises:
        InputError: values are masked or complex (NumPy would drop the imaginary parts), or rows differ in
            length.
    """
    unmasked(values, name)
    array = _as_array(values, name)
    if array.dtype.kind == "c":
        raise InputError(f"{name} are complex numbers; give real ones")
    return array


def single_precision(values: ArrayLike, name: str = "the features") -> NDArray[np.float32]:
    """The values as C-contiguous float32: in other layouts, the last digits of sums differ.

    Raises:
        InputError: as `real_array`; or a value is not finite in single precision.
    """
    given = real_array(values, name)
    if given.dtype.kind in _KINDS:
        raise InputError(f"{name} are {_KINDS[given.dtype.kind]}; give numbers")
    try:
        with np.errstate(over="ignore"):  # too large values become infinite, and are refused below
            found = np.asarray(given, np.float32, order="C")
    except (TypeError, ValueError):
        raise InputError(f"{name} are not all numbers; give an array of numbers") from None
    is_finite = np.isfinite(found)
    if not is_finite.all():
        index = int(np.argwhere(~is_finite)[0, 0]) if found.ndim else 0
        raise InputError(
            f"{name} hold NaN, infinite values or values too large for single precision, the first at index "
            f"{index}; remove those faces first"
        )
    return found


@overload
def unit(vectors: NDArray[Float]) -> NDArray[Float]: ...
@overload
def unit(vectors: NDArray[np.integer | np.bool_]) -> NDArray[np.float64]: ...
def unit(vectors: NDArray[np.number | np.bool_]) -> NDArray[np.floating]:
    """(n, d) the rows scaled to length 1, in their precision; a row of zeros stays zero.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    x: NDArray[np.floating] = np.asarray(vectors, vectors.dtype if vectors.dtype.kind == "f" else np.float64)
    with np.errstate(over="ignore"):
        length = np.linalg.norm(x, axis=1, keepdims=True)
    rows = _squares_are_lost(x, length[:, 0])
    if len(rows):
        x = x.copy()
        x[rows] /= np.abs(x[rows]).max(axis=1, keepdims=True)
        length[rows] = np.linalg.norm(x[rows], axis=1, keepdims=True)
    return np.asarray(x / np.maximum(length, np.finfo(x.dtype).tiny), x.dtype)


def _squares_are_lost(x: NDArray[np.floating], length: NDArray[np.floating]) -> NDArray[np.int64]:
    """Finite rows whose squares overflow or underflow in their precision."""
    limits = np.finfo(x.dtype)
    odd: NDArray[np.int64] = np.flatnonzero(~(length < np.inf) | (length < np.sqrt(limits.tiny / limits.eps)))
    largest = np.abs(x[odd]).max(axis=1, initial=0)
    return np.asarray(odd[(largest > 0) & (largest < np.inf)], np.int64)


def products(vectors: NDArray[Float], pairs: NDArray[np.integer]) -> NDArray[Float]:
    """(q,) the inner product of the two rows of each pair (q, 2) of rows of vectors (n, d).

    Computed in blocks of pairs: the rows of two million pairs would take two gigabytes.

    >>> products(np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([[0, 1], [0, 0]])).tolist()
    [3.0, 25.0]
    """
    found = np.empty(len(pairs), vectors.dtype)
    step = max(1, BLOCK // max(1, vectors.shape[1]))
    for start in range(0, len(pairs), step):
        a, b = pairs[start : start + step].T
        found[start : start + step] = np.einsum("qd,qd->q", vectors[a], vectors[b])
    return found


def group_sums(table: NDArray[Float], label: NDArray[np.integer], groups: int) -> NDArray[Float]:
    """(groups, d) for each label, the sum of the rows of a table (n, d) with this label; label (n,), 0 to
    groups - 1.

    Rows are added in their order, whatever their number, so that equal rows give equal sums.

    >>> group_sums(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1]), 2).tolist()
    [[2.0], [5.0]]
    """
    order = np.argsort(label, kind="stable")
    ends = np.searchsorted(label[order], np.arange(1, groups))
    return np.stack([rows.sum(axis=0) for rows in np.split(table[order], ends)])
