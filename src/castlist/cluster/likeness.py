"""Likeness of tracks: the cosine in one view, or a mean of several views on the scale of the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.means import track_means
from castlist.types import Embeddings
from castlist.vectors import products, unit

__all__ = ["Likeness", "first_view"]

MAX_PAIRS = 2_000_000  # pairs of tracks used to find the scale; more change nothing
FEWEST_PAIRS = 10  # pairs of tracks below which later views cannot be scaled, and are left out
Floats = NDArray[np.float32]
Pairs = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Likeness:
    """Unit vectors of t tracks in one or several views, and their cosines mixed into one likeness.

    Cosines of later views are distributed differently: features trained on the film have much in common. So
    the mean of the later views' cosines is shifted and stretched to the mean and deviation of the first
    view's cosines over all pairs of tracks, and mixed with the first view with weight `share`. A calibration
    of the first view's cosines then holds for the mixture.
    """

    views: tuple[Floats, ...]  # each (t, d) of length 1; zeros for a track without a face
    share: float = 0.0  # weight of the later views
    shift: float = 0.0
    stretch: float = 1.0

    @classmethod
    def from_embeddings(
        cls, embeddings: Embeddings, tracks: int = 0, *, length: bool = True
    ) -> tuple[Self, NDArray[np.int64]]:
        """The likeness of all tracks (at least `tracks`), and the number of faces of each track.

        `length` as in `track_means`.
        """
        mean, faces = track_means(embeddings, tracks, length=length)
        edges = np.cumsum(embeddings.views)[:-1]
        parts = tuple(unit(part) for part in np.split(mean, edges, axis=1)) if len(edges) else (mean,)
        return cls(parts, embeddings.share)._scaled(faces > 0), faces

    def __len__(self) -> int:
        return len(self.views[0])

    def __getitem__(self, rows: NDArray[np.int64]) -> Likeness:
        return replace(self, views=tuple(view[rows] for view in self.views))

    def each(self, change: Callable[[Floats], Floats]) -> Likeness:
        """The likeness with every view changed by `change`, and scaled again."""
        return replace(self, views=tuple(change(view) for view in self.views))._scaled()

    def grouped(self, group: NDArray[np.int64]) -> Likeness:
        """The likeness of the mean vectors of groups; `group` (t,) is the group of each track, 0, 1, ...."""
        if len(np.unique(group)) == len(group):
            return self[np.argsort(group)]

        def mean(view: Floats) -> Floats:
            total = np.zeros((int(group.max()) + 1, view.shape[1]), np.float32)
            np.add.at(total, group, view)
            return np.asarray(unit(total), np.float32)

        return replace(self, views=tuple(mean(view) for view in self.views))

    def matrix(self) -> Floats:
        """(t, t) likeness of all pairs, -1 to 1; of a track with itself 1."""
        first = self.views[0] @ self.views[0].T
        if self._single:
            return first
        later, table = np.zeros_like(first), np.empty_like(first)
        for view in self.views[1:]:
            np.matmul(view, view.T, out=table)
            table /= np.float32(len(self.views) - 1)
            later += table
        mixed = self._mixed(first, later)
        np.fill_diagonal(mixed, 1.0)
        return mixed

    def pairs(self, pairs: Pairs) -> NDArray[np.float64]:
        """(q,) likeness of pairs (q, 2)."""
        cosines = [products(view, pairs) for view in self.views]
        if self._single:
            return np.asarray(cosines[0], np.float64)
        return np.asarray(self._mixed(cosines[0], np.mean(cosines[1:], axis=0)), np.float64)

    def by_view(self, a: int, b: int) -> tuple[float, ...]:
        """The cosine of two tracks in the first view, and the mean of the later views on the same scale."""
        first, *later = (float(view[a] @ view[b]) for view in self.views)
        if self._single:
            return (first,)
        return first, min(1.0, max(-1.0, self.stretch * float(np.mean(later)) + self.shift))

    @property
    def _single(self) -> bool:
        return len(self.views) == 1 or not self.share

    def _mixed(self, first: Floats, later: Floats) -> Floats:
        """The mixed likeness; both tables are large, and are overwritten."""
        later *= np.float32(self.stretch)
        later += np.float32(self.shift)
        later *= np.float32(self.share)
        first *= np.float32(1 - self.share)
        first += later
        return np.clip(first, -1, 1, out=first)

    def _scaled(self, present: NDArray[np.bool_] | None = None) -> Self:
        if self._single:
            return self
        rows = np.arange(len(self)) if present is None else np.flatnonzero(present)
        step = max(1, int(np.ceil(len(rows) / np.sqrt(2 * MAX_PAIRS))))
        rows = rows[::step]
        place = np.triu_indices(len(rows), 1)
        if len(place[0]) < FEWEST_PAIRS:
            return replace(self, share=0.0)
        first, *later = ((view[rows] @ view[rows].T)[place].astype(np.float64) for view in self.views)
        mean = np.mean(later, axis=0)
        stretch = float(first.std() / max(mean.std(), 1e-9))
        return replace(self, stretch=stretch, shift=float(first.mean() - stretch * mean.mean()))


def first_view(embeddings: Embeddings) -> Embeddings:
    """The embeddings with the first view only: the base features."""
    if len(embeddings.views) < 2:
        return embeddings
    return replace(embeddings, vector=embeddings.vector[:, : embeddings.views[0]], views=())
