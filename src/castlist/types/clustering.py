"""The identities of tracks: constraints on pairs, the tree of merges, and a person for each track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.types.columns import Rows, freeze
from castlist.vectors import converted

NOISE = -1  # Clustering.label of a track that belongs to no person


@dataclass(frozen=True, eq=False, slots=True)
class Constraints:
    """Pairs of tracks known to show one person (must-link) or two people (cannot-link).

    The faces of one track need no must-link: a track always shows one person.
    """

    a: NDArray[np.int64]  # (c,) a track
    b: NDArray[np.int64]  # (c,) another track
    same: NDArray[np.bool_]  # (c,) True: must-link, False: cannot-link
    origin: NDArray[np.int8]  # (c,) CO_OCCURRENCE or USER

    def __post_init__(self) -> None:
        freeze(
            self,
            a=(np.int64, (None,)),
            b=(np.int64, (None,)),
            same=(np.bool_, (None,)),
            origin=(np.int8, (None,)),
        )
        if np.any(self.a == self.b):
            raise InputError("Constraints must join two different tracks")

    @classmethod
    def empty(cls) -> Self:
        none = np.zeros(0, np.int64)
        return cls(none, none, np.zeros(0, np.bool_), np.zeros(0, np.int8))

    def __len__(self) -> int:
        return len(self.a)

    def __getitem__(self, rows: Rows) -> Constraints:
        return Constraints(self.a[rows], self.b[rows], self.same[rows], self.origin[rows])

    @property
    def cannot(self) -> NDArray[np.int64]:
        """(q, 2) the cannot-linked pairs."""
        return np.stack([self.a, self.b], 1)[~self.same]

    @property
    def must(self) -> NDArray[np.int64]:
        """(q, 2) the must-linked pairs."""
        return np.stack([self.a, self.b], 1)[self.same]


@dataclass(frozen=True, eq=False, slots=True)
class Tree:
    """A hierarchy of merges over k leaves in SciPy's order: merge i makes node k + i.

    Forbidden merges have infinite height, so a cut at any finite height respects all cannot-links.
    """

    merge: NDArray[np.int64]  # (k - 1, 2) the two nodes joined, smaller first
    height: NDArray[np.float64]  # (k - 1,) rising
    size: NDArray[np.int64]  # (k - 1,) leaves under the new node

    def __post_init__(self) -> None:
        freeze(self, merge=(np.int64, (None, 2)), height=(np.float64, (None,)), size=(np.int64, (None,)))

    @property
    def leaves(self) -> int:
        return len(self.height) + 1

    @property
    def linkage(self) -> NDArray[np.float64]:
        """(k - 1, 4) the linkage matrix of `scipy.cluster.hierarchy`."""
        return np.column_stack([self.merge.astype(np.float64), self.height, self.size.astype(np.float64)])


@dataclass(frozen=True, eq=False, slots=True)
class Clustering:
    """A person for each track, numbered by first appearance, so that equal partitions are equal arrays."""

    label: NDArray[np.int32]  # (t,) 0, 1, ... or NOISE

    def __post_init__(self) -> None:
        label = converted(self.label, np.int64, "Clustering.label")
        if label.ndim == 1 and len(label):
            values, first, inverse = np.unique(label, return_index=True, return_inverse=True)
            kept = values >= 0
            rank = np.full(len(values), NOISE, np.int32)
            rank[np.flatnonzero(kept)[np.argsort(first[kept])]] = np.arange(kept.sum())
            object.__setattr__(self, "label", rank[inverse])
        freeze(self, label=(np.int32, (None,)))

    def __len__(self) -> int:
        return len(self.label)

    @property
    def count(self) -> int:
        """Number of clusters, without NOISE."""
        return int(self.label.max(initial=-1)) + 1
