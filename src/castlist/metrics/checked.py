"""Checks of the scores' arguments: arrays, or an InputError that names the argument."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError
from castlist.vectors import LARGEST_WEIGHT, unmasked

__all__ = ["as_array", "cluster_numbers", "finite_rows", "item_weights", "track_pairs"]


def as_array(values: ArrayLike, name: str) -> NDArray[np.generic]:
    """The values as an array.

    Raises:
        InputError: rows have different lengths, or values are masked.
    """
    unmasked(values, name)
    try:
        return np.asarray(values)
    except (ValueError, TypeError):
        raise InputError(f"{name} must be an array, or a list whose rows have one length") from None


def cluster_numbers(label: ArrayLike, name: str = "label") -> NDArray[np.generic]:
    """(n,) whole numbers, NOISE (-1) among them.

    Raises:
        InputError: the labels are other values, or have another shape.
    """
    array = as_array(label, name)
    if array.ndim != 1:
        raise InputError(f"{name} must be one whole number per item, shape (n,), got shape {array.shape}")
    if array.dtype == object and all(isinstance(v, int | np.integer) for v in array.tolist()):
        array = np.array([int(v) for v in array.tolist()])
    whole = array.dtype.kind in "iub" or (
        array.dtype.kind == "f" and np.isfinite(array).all() and np.array_equal(array, np.round(array))
    )
    if len(array) and not whole:
        raise InputError(
            f"{name} must be whole numbers, -1 for an item in no cluster, got {array.dtype}; number the "
            "clusters"
        )
    return array if len(array) else np.zeros(0, np.int64)


def item_weights(weight: ArrayLike | None, n: int) -> NDArray[np.float64]:
    """(n,) weight of each item; 1 each by default.

    Raises:
        InputError: weights have another shape, or are not numbers above 0 and below `LARGEST_WEIGHT`.
    """
    if weight is None:
        return np.ones(n)
    array = as_array(weight, "weight")
    if array.shape != (n,):
        raise InputError(f"weight must have one value per item, shape ({n},), got {array.shape}")
    numbers = _numbers(array, "weight")
    if not np.all((numbers > 0) & (numbers < LARGEST_WEIGHT)):
        raise InputError(
            f"weight must be finite, above 0 and below {LARGEST_WEIGHT:g}; leave out items that do not count"
        )
    return numbers


def track_pairs(pairs: ArrayLike, tracks: int, name: str) -> NDArray[np.int64]:
    """(q, 2) pairs of tracks from 0 to `tracks` - 1.

    Raises:
        InputError: pairs have another shape, are not whole numbers, or name an unknown track.
    """
    array = as_array(pairs, name)
    if not array.size:
        return np.zeros((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise InputError(
            f"{name} must be pairs of track indices, whole numbers of shape (q, 2), got {array.dtype} of "
            f"shape {array.shape}"
        )
    if int(array.min()) < 0 or int(array.max()) >= tracks:
        raise InputError(f"{name} name tracks outside the {tracks} that have a label")
    return array.astype(np.int64)


def finite_rows(vectors: ArrayLike, n: int) -> NDArray[np.float64]:
    """(n, d) one vector for each item.

    Raises:
        InputError: vectors have another shape, or are not finite numbers.
    """
    array = as_array(vectors, "vectors")
    if array.ndim != 2 or len(array) != n:
        raise InputError(f"vectors must have shape ({n}, d), one row per item, got {array.shape}")
    numbers = _numbers(array, "vectors")
    if not np.isfinite(numbers).all():
        raise InputError("vectors hold NaN or infinite values; remove those items first")
    return numbers


def _numbers(array: NDArray[np.generic], name: str) -> NDArray[np.float64]:
    """Real numbers as float64."""
    if array.dtype.kind in "iubf":
        return array.astype(np.float64)
    if array.dtype == object and all(isinstance(v, int | float | np.number) for v in array.ravel().tolist()):
        return array.astype(np.float64)
    raise InputError(f"{name} must be numbers, got {array.dtype}")
