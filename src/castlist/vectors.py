"""Rows of length one: the one thing that every room does to vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["unit"]


def unit(vectors: NDArray[Any]) -> NDArray[Any]:
    """(n, d) the rows at length 1, in the precision they came in; a row of zeros stays zeros.

    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    x = np.asarray(vectors)
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(x / np.maximum(length, np.finfo(x.dtype).tiny), x.dtype)
