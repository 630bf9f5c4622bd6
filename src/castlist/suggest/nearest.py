"""The similarity of each track to its nearest track in each group, cached between views.

An answer changes a few groups only; the cosines with tracks of other groups are not computed again.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.types import NOISE

__all__ = ["NearestOfGroups"]

COMPARED = 4096  # most tracks compared with a track; of more, every n-th of each group
AT_ONCE = 512  # tracks compared at once, so that their cosines fit into the processor's cache

Labels = NDArray[np.int64]
Table = NDArray[np.float32]


class NearestOfGroups:
    """Cosines of tracks with the nearest track of each group, cached."""

    def __init__(self, unit: NDArray[np.float32]) -> None:
        """
        Args:
            unit: (t, d) unit vectors of the tracks.
        """
        self._unit = unit
        self._track = np.zeros(0, np.int64)  # (r,) tracks with a row, in the order of the rows
        self._row = np.full(len(unit), NOISE)  # (t,) row of each track, NOISE for none
        self._table = np.zeros((0, 0), np.float32)  # (r, k) cosines of these tracks and k sets of members
        self._known = np.zeros(0, np.int64)  # (k,) number of rows that are filled
        self._place: dict[bytes, int] = {}  # column of each set of members
        # rows and columns used since the last `forget`
        self._used = np.zeros(0, np.bool_), np.zeros(0, np.bool_)
        self._members: list[Labels] = []  # (g,) compared tracks of each group
        self._column = np.zeros(0, np.int64)  # (g,) column of each group, NOISE for a group without members

    def __copy__(self) -> Self:
        """A copy that can be updated independently."""
        twin = object.__new__(type(self))
        own = {name: getattr(self, name).copy() for name in ("_row", "_table", "_known", "_place")}
        twin.__dict__.update(self.__dict__, **own, _used=(self._used[0].copy(), self._used[1].copy()))
        return twin

    def forget(self) -> None:
        """Drop the cached columns that were not used since the last call."""
        rows, columns = self._used
        if not rows.all():
            known = np.concatenate([[0], np.cumsum(rows)])
            self._row[self._track] = NOISE
            self._track, self._known = self._track[rows], known[self._known]
            self._row[self._track] = np.arange(len(self._track))
        if not (rows.all() and columns.all()):
            self._table = self._table[np.ix_(rows, columns)]
        if not columns.all():
            place = (np.cumsum(columns) - 1).tolist()
            self._place = {key: place[k] for key, k in self._place.items() if columns[k]}
            self._known = self._known[columns]
        self._used = np.zeros(len(self._track), np.bool_), np.zeros(len(self._known), np.bool_)

    def go_by(self, order: Labels, label: Labels, groups: int) -> None:
        """Set the groups to compare with.

        Args:
            order: tracks to compare with, by their group.
            label: (t,) the group of each track, NOISE for none.
            groups: number of groups.
        """
        edges = np.searchsorted(label[order], np.arange(groups + 1))
        step = 1 + int(edges[-1] - edges[0]) // COMPARED
        self._members = [order[a:b:step] for a, b in pairwise(edges.tolist())]
        place = self._place
        self._column = np.array(
            [place.setdefault(m.tobytes(), len(place)) if len(m) else NOISE for m in self._members], np.int64
        )
        self._widen(len(self._track), len(place))

    def cosines(self, rows: Labels) -> Table:
        """(n, g) cosine of each track with the most similar other track of each group; 0 for none."""
        new = np.unique(rows[self._row[rows] < 0])
        self._row[new] = len(self._track) + np.arange(len(new))
        self._track = np.concatenate([self._track, new])
        self._widen(len(self._track), len(self._known))
        self._used[0][self._row[rows]] = True
        self._used[1][self._column[self._column >= 0]] = True
        if len(rows):
            self._complete()
        found = np.zeros((len(rows), len(self._column)), np.float32)
        compared = self._column >= 0
        if compared.all():
            self._table[self._row[rows]].take(self._column, axis=1, out=found, mode="clip")
        elif compared.any():
            found[:, compared] = self._table[self._row[rows]][:, self._column[compared]]
        return found

    def _widen(self, rows: int, columns: int) -> None:
        """Enlarge the cache to `rows` and `columns`."""
        more = rows - len(self._used[0]), columns - len(self._known)
        if more == (0, 0):
            return
        wider = np.zeros((rows, columns), np.float32)
        wider[: len(self._table), : self._table.shape[1]] = self._table
        self._table, self._known = wider, np.pad(self._known, (0, more[1]))
        self._used = np.pad(self._used[0], (0, more[0])), np.pad(self._used[1], (0, more[1]))

    def _complete(self) -> None:
        """Fill the missing cells of the cache."""
        columns = np.flatnonzero(self._column >= 0)
        columns = columns[self._known[self._column[columns]] < len(self._track)]
        known = self._known[self._column[columns]]
        for start in np.unique(known).tolist():
            groups = columns[known == start]
            best = self._compare(self._track[start:], [self._members[k] for k in groups.tolist()])
            self._table[start:, self._column[groups]] = best.T
        self._known[self._column[columns]] = len(self._track)

    def _compare(self, tracks: Labels, members: list[Labels]) -> Table:
        """(g, n) largest cosine of n tracks with other tracks among the members of each group."""
        others = np.concatenate(members)
        start = np.cumsum([0, *(len(m) for m in members[:-1])])
        place = np.full(len(self._row), NOISE)
        place[others] = np.arange(len(others))
        vectors, best = self._unit[others].T, np.empty((len(members), len(tracks)), np.float32)
        for first in range(0, len(tracks), AT_ONCE):
            block = tracks[first : first + AT_ONCE]
            cosine = self._unit[block] @ vectors
            inside = np.flatnonzero(place[block] >= 0)
            cosine[inside, place[block[inside]]] = -1  # a track is no evidence for itself
            best[:, first : first + AT_ONCE] = np.maximum.reduceat(cosine, start, axis=1).T
        return best
