"""SciPy's linear assignment without the slow import of scipy.optimize (0.4 s)."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["assign", "assign_whole"]

Rows = NDArray[np.int64]
Assign = Callable[[NDArray[np.float64]], tuple[Rows, Rows]]
NAME = "scipy.optimize._lsap"  # the compiled module with `linear_sum_assignment`


def assign(cost: NDArray[np.float64]) -> tuple[Rows, Rows]:
    """Rows and columns of the min(r, c) pairs with the least sum of costs (r, c).

    [Crouse: On implementing 2D rectangular assignment algorithms. IEEE TAES 52(4), 2016]
    """
    return _solver()(cost)


def assign_whole(cost: NDArray[np.float64]) -> tuple[Rows, Rows]:
    """As `assign`, by SciPy's public function: importing all of `scipy.optimize` takes longer."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(cost)
    return rows, columns


@cache
def _solver() -> Assign:
    """The compiled function alone; `assign_whole` where this version of SciPy has it elsewhere."""
    spec = importlib.util.find_spec("scipy")
    folders = spec.submodule_search_locations or () if spec else ()
    for file in (Path(f, "optimize", "_lsap" + end) for f in folders for end in EXTENSION_SUFFIXES):
        if file.is_file():
            try:
                return _loaded(file)
            except (ImportError, AttributeError):
                break
    return assign_whole


def _loaded(file: Path) -> Assign:
    loader = ExtensionFileLoader(NAME, str(file))
    spec = importlib.util.spec_from_file_location(NAME, file, loader=loader)
    if spec is None:
        raise ImportError(file)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    solve: Assign = module.linear_sum_assignment
    return solve
