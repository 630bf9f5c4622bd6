"""The contingency table of persons and clusters, from which every score is computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError
from castlist.metrics.checked import as_array, item_weights

__all__ = ["Contingency", "Ratio", "contingency", "person_numbers"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A score as its two components, so that a corpus is scored by the ratio of sums.

    Two ratios add component by component. The value is 1.0 where `whole` is 0: no error was possible.
    """

    part: float
    whole: float

    @property
    def value(self) -> float:
        return self.part / self.whole if self.whole else 1.0

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.part + other.part, self.whole + other.whole)


@dataclass(frozen=True, eq=False, slots=True)
class Contingency:
    """Weights of the items of each person (rows) in each cluster (columns), for cells above 0 only.

    A million items in a quarter of a million clusters have few such cells, and the full table would not fit
    into memory: scores use the cells where possible.
    """

    row: NDArray[np.int64]  # (m,) of each cell above 0, in rising order, then by column
    column: NDArray[np.int64]  # (m,)
    weight: NDArray[np.float64]  # (m,) sums of weights
    person: NDArray[np.generic]  # (p,) the labels of the rows, sorted
    cluster: NDArray[np.generic]  # (c,) the labels of the columns, sorted

    @property
    def count(self) -> NDArray[np.float64]:
        """(p, c) the full table."""
        table = np.zeros((len(self.person), len(self.cluster)))
        table[self.row, self.column] = self.weight
        return table

    @property
    def of_person(self) -> NDArray[np.float64]:
        """(p,) the weight of each person."""
        return np.asarray(np.bincount(self.row, self.weight, len(self.person)), np.float64)

    @property
    def of_cluster(self) -> NDArray[np.float64]:
        """(c,) the weight of each cluster."""
        return np.asarray(np.bincount(self.column, self.weight, len(self.cluster)), np.float64)

    @property
    def total(self) -> float:
        return float(self.weight.sum())


def contingency(truth: ArrayLike, label: ArrayLike, *, weight: ArrayLike | None = None) -> Contingency:
    """The contingency table of two labelings of the same n items.

    Args:
        truth: (n,) the true person of each item; integers, strings or booleans.
        label: (n,) the cluster of each item; every distinct value is a cluster, -1 too.
        weight: (n,) weight of each item, above 0; 1 each by default.

    Raises:
        InputError: lengths differ, there are no items, labels are NaN or missing, or weights are invalid.
    """
    person, row = _codes(truth, "truth")
    cluster, column = _codes(label, "label")
    n = len(row)
    if len(column) != n:
        raise InputError(f"truth has {n} items and label {len(column)}; give one of each per item")
    if n == 0:
        raise InputError("nothing to score: truth and label are empty")
    cell, item = np.unique(row.astype(np.int64) * len(cluster) + column, return_inverse=True)
    met = np.asarray(np.bincount(item, item_weights(weight, n)), np.float64)
    return Contingency(*np.divmod(cell, len(cluster)), met, person, cluster)


def person_numbers(truth: ArrayLike) -> NDArray[np.intp]:
    """(n,) a number for each person, in sorted order of their labels.

    Raises:
        InputError: there are no labels, or labels are missing.
    """
    number = _codes(truth, "truth")[1]
    if not len(number):
        raise InputError("nothing to score: truth is empty")
    return number


def _codes(values: ArrayLike, name: str) -> tuple[NDArray[np.generic], NDArray[np.intp]]:
    """Sorted distinct labels, and each item's place among them."""
    array = as_array(values, name)
    if array.ndim != 1:
        raise InputError(f"{name} must be one label per item, shape (n,), got shape {array.shape}")
    if array.dtype == object:
        kept = array.tolist()
        if not any(all(isinstance(v, kind) for v in kept) for kind in (str, int | np.integer | np.bool_)):
            raise InputError(f"{name} must hold only strings or only integers; a label may not be missing")
        array = np.array(array.tolist())
    if np.issubdtype(array.dtype, np.inexact):
        number = array.astype(np.complex128)
        if not np.isfinite(number).all():
            raise InputError(f"{name} holds NaN or infinite values; every item needs a label")
        if np.any(number != np.round(number)):
            raise InputError(f"{name} holds fractions; labels are integers or strings")
    distinct, code = np.unique(array, return_inverse=True)
    return distinct, code
