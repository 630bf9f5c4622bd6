"""Tracks -> a tree: the steps that a recipe names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.dense import agglomerate
from castlist.cluster.links import must_groups
from castlist.cluster.means import how_many_tracks, track_means
from castlist.cluster.tree import assemble, group_merges
from castlist.cluster.ward import ward
from castlist.errors import InputError
from castlist.types import Constraints, Embeddings, Tree

__all__ = ["Average", "Ward"]

WEIGHTS = ("track", "faces")


@dataclass(frozen=True, slots=True)
class Ward:
    """Ward's tree of the unit track means; a track counts once ("track"), or as its faces ("faces").

    The leaves are the tracks 0 to the largest that embeddings or constraints name. Tracks without a face
    are joined last, at height infinity.  [Ward 1963; the paper's baseline]
    """

    weight: str = "track"

    def __post_init__(self) -> None:
        if self.weight not in WEIGHTS:
            raise InputError(f"Ward.weight is {self.weight!r}; choose from {', '.join(WEIGHTS)}")

    def __call__(self, embeddings: Embeddings, constraints: Constraints) -> Tree:
        mean, faces = track_means(embeddings, how_many_tracks(embeddings, constraints))
        present, must, cannot = _present(faces, constraints)
        if not len(present):
            return _unjoined(len(faces))
        weights = faces[present].astype(np.float64) if self.weight == "faces" else None
        tree = ward(mean[present], weights=weights, cannot=cannot, must=must)
        return _among(tree, present, len(faces))


@dataclass(frozen=True, slots=True)
class Average:
    """Average linkage of the unit track means: clusters are as far apart as their tracks on average.

    Heights are cosine distances, 0 to 2; otherwise as `Ward`.  [Sokal, Michener 1958]
    """

    def __call__(self, embeddings: Embeddings, constraints: Constraints) -> Tree:
        mean, faces = track_means(embeddings, how_many_tracks(embeddings, constraints))
        present, must, cannot = _present(faces, constraints)
        if not len(present):
            return _unjoined(len(faces))
        group, apart = must_groups(len(present), must, cannot)
        first, node = group_merges(group)
        gap, count = _mean_gap(1.0 - mean[present].astype(np.float64) @ mean[present].T, group)
        gap[apart[:, 0], apart[:, 1]] = gap[apart[:, 1], apart[:, 0]] = np.inf
        merge, height = agglomerate(np.maximum(gap, 0), count, "average")
        name = np.concatenate([node, len(present) + len(first) + np.arange(len(merge))])
        merges = np.concatenate([first, name[merge]])
        tree = assemble(merges, np.concatenate([np.zeros(len(first)), height]), len(present))
        return _among(tree, present, len(faces))


def _mean_gap(
    gap: NDArray[np.float64], group: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(g, g) mean of a matrix over groups of rows and columns, and (g,) the groups' sizes."""
    from scipy.sparse import coo_matrix

    n = len(group)
    member = coo_matrix((np.ones(n), (group, np.arange(n)))).tocsr()
    count = np.bincount(group).astype(np.float64)
    total = member @ (member @ gap).T
    return np.asarray(total / np.outer(count, count)), count


def _present(
    faces: NDArray[np.int64], constraints: Constraints
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Tracks that have a face, and the links among them, by their place in that list.

    A must-linked chain through a track without faces still joins its ends, so such tracks stay in.
    """
    kept = faces > 0
    place = np.cumsum(kept) - 1
    must, cannot = constraints.must, constraints.cannot
    group, _ = must_groups(len(faces), must, cannot)
    linked = np.flatnonzero(kept)
    chains = linked[np.lexsort((linked, group[linked]))]
    follows = group[chains[1:]] == group[chains[:-1]]
    must = np.stack([chains[:-1][follows], chains[1:][follows]], axis=1)
    ends = np.full(int(group.max(initial=-1)) + 1, -1, np.int64)
    ends[group[linked]] = linked
    cannot = ends[group[cannot]]
    cannot = cannot[(cannot >= 0).all(axis=1)]
    return np.flatnonzero(kept), place[must], place[cannot]


def _unjoined(tracks: int) -> Tree:
    """The tree of tracks of which nothing is known."""
    return assemble(np.zeros((0, 2), np.int64), np.zeros(0), max(tracks, 1))


def _among(tree: Tree, present: NDArray[np.int64], tracks: int) -> Tree:
    """The tree with its leaves named as tracks; the others are joined at height infinity."""
    known = np.isfinite(tree.height)
    name = np.concatenate([present, tracks + np.arange(len(tree.height))])
    return assemble(name[tree.merge[known]], tree.height[known], tracks)
