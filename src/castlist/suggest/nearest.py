"""How much a track resembles the one of each group that it resembles most, kept from view to view.

An answer changes a few groups. Cosines with the tracks of the others are not computed again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.types import NOISE

__all__ = ["NearestOfGroups"]

COMPARED = 4096  # tracks that a track is compared with one by one; of more, every so manieth of each group
AT_ONCE = 512  # tracks that are compared at once: their cosines stay in the processor's cache

Labels = NDArray[np.int64]
Column = NDArray[np.float32]
EMPTY: Column = np.zeros(0, np.float32)


class NearestOfGroups:
    """Cosines of tracks and the most alike track of each group."""

    def __init__(self, unit: NDArray[np.float32]) -> None:
        """
        Args:
            unit: (t, d) unit vectors of the tracks.
        """
        self._unit = unit
        self._track = np.zeros(0, np.int64)  # tracks that were asked about, in the order of the columns
        self._row = np.full(len(unit), NOISE)  # where each of them stands in the columns
        self._column: dict[bytes, Column] = {}  # of a group's members: the cosines, as far as they are known
        self._used = np.zeros(0, np.bool_), set[bytes]()  # rows and columns, since the last `forget`
        self._members: list[tuple[bytes, Labels]] = []  # of each group, those that are compared

    def forget(self) -> None:
        """Let go of what was not asked for since the last call."""
        rows, columns = self._used
        self._column = {key: c[rows[: len(c)]] for key, c in self._column.items() if key in columns}
        self._row[self._track] = NOISE
        self._track = self._track[rows]
        self._row[self._track] = np.arange(len(self._track))
        self._used = np.zeros(len(self._track), np.bool_), set()

    def go_by(self, order: Labels, label: Labels, groups: int) -> None:
        """Compare with these groups from now on.

        Args:
            order: tracks to compare with, by their group.
            label: (t,) the group of each track, NOISE for none.
            groups: how many there are.
        """
        edges = np.searchsorted(label[order], np.arange(groups + 1))
        step = 1 + int(edges[-1] - edges[0]) // COMPARED
        members = (order[a:b:step] for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
        self._members = [(m.tobytes(), m) for m in members]

    def cosines(self, rows: Labels) -> NDArray[np.float64]:
        """(n, g) cosine of tracks and the most alike other track of each group; 0 where there is none."""
        self._add(rows)
        place = self._row[rows]
        self._used[0][place] = True
        self._used[1].update(key for key, _ in self._members)
        self._complete()
        found = np.zeros((len(self._members), len(rows)), np.float32)
        for line, (key, _) in zip(found, self._members, strict=True):
            if key and len(rows):
                line[:] = self._column[key][place]
        return np.ascontiguousarray(found.T, np.float64)

    def _add(self, rows: Labels) -> None:
        """Have a place for these tracks."""
        new = np.unique(rows[self._row[rows] < 0])
        self._row[new] = len(self._track) + np.arange(len(new))
        self._track = np.concatenate([self._track, new])
        self._used = np.concatenate([self._used[0], np.zeros(len(new), np.bool_)]), self._used[1]

    def _complete(self) -> None:
        """Compute what the columns lack."""
        lacking: dict[int, list[tuple[bytes, Labels]]] = {}
        for key, members in self._members:
            known = len(self._column.get(key, EMPTY))
            if key and known < len(self._track):
                lacking.setdefault(known, []).append((key, members))
        for known, those in lacking.items():
            best = self._compare(self._track[known:], [members for _, members in those])
            for (key, _), column in zip(those, best, strict=True):
                self._column[key] = np.concatenate([self._column.get(key, EMPTY), column])

    def _compare(self, tracks: Labels, members: list[Labels]) -> Column:
        """(g, n) the largest cosine of n tracks with other tracks, these members of g groups."""
        others = np.concatenate(members)
        start = np.cumsum([0, *(len(m) for m in members[:-1])])
        place = np.full(len(self._row), NOISE)
        place[others] = np.arange(len(others))
        vectors, best = self._unit[others].T, np.empty((len(members), len(tracks)), np.float32)
        for first in range(0, len(tracks), AT_ONCE):
            some = tracks[first : first + AT_ONCE]
            cosine = self._unit[some] @ vectors
            inside = np.flatnonzero(place[some] >= 0)
            cosine[inside, place[some[inside]]] = -1  # a track is no evidence for itself
            best[:, first : first + AT_ONCE] = np.maximum.reduceat(cosine, start, axis=1).T
        return best
