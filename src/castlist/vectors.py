"""Rows of length one: the one thing that every room does to vectors."""

from __future__ import annotations

from typing import TypeVar, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["unit"]

Float = TypeVar("Float", bound=np.floating)


@overload
def unit(vectors: NDArray[Float]) -> NDArray[Float]: ...
@overload
def unit(vectors: NDArray[np.integer | np.bool_]) -> NDArray[np.float64]: ...
def unit(vectors: NDArray[np.number | np.bool_]) -> NDArray[np.floating]:
    """(n, d) the rows at length 1, in the precision they came in; a row of zeros stays zeros.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    x: NDArray[np.floating] = np.asarray(vectors, vectors.dtype if vectors.dtype.kind == "f" else np.float64)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(x / np.maximum(length, np.finfo(x.dtype).tiny), x.dtype)
