"""A compact (tracks, groups) table in which most cells of a row are equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cells"]

Labels = NDArray[np.int64]
Table = NDArray[np.float64]
Dense = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Cells:
    """A compact table of n rows by g groups: a default value for each row, and the cells that differ."""

    rest: Table  # (n,) the default value of each row
    line: Labels  # (m,) row of each other cell; sorted by row, then by group
    group: Labels  # (m,) its group
    value: Table  # (m,) its value
    groups: int

    def at(self, group: Labels) -> Table:
        """(n, c) the cells of these groups, c in each row."""
        found = np.tile(self.rest[:, None], (1, group.shape[1]))
        if len(self.value):
            cell = self.line * self.groups + self.group
            wanted = np.arange(len(group))[:, None] * self.groups + group
            place = np.minimum(np.searchsorted(cell, wanted), len(cell) - 1)
            found_cells = cell[place] == wanted
            found[found_cells] = self.value[place[found_cells]]
        return found

    def add_to(self, table: Dense, worth: float) -> None:
        """Add `worth` times these cells, less the `rest` of their row, to an (n, g) table."""
        table[self.line, self.group] += (worth * (self.value - self.rest[self.line])).astype(np.float32)

    def table(self) -> Table:
        """(n, g) all cells."""
        found = np.tile(self.rest[:, None], (1, self.groups))
        found[self.line, self.group] = self.value
        return found
