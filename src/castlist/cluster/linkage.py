"""Tracks -> a tree, by Ward's or by average linkage: steps of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.dense import Update, agglomerate
from castlist.cluster.likeness import Likeness
from castlist.cluster.links import must_groups
from castlist.cluster.means import how_many_tracks, track_means
from castlist.cluster.tree import among, assemble, group_merges, present_tracks, unjoined
from castlist.cluster.ward import ward
from castlist.errors import one_of
from castlist.types import Constraints, Embeddings, Tree
from castlist.vectors import group_sums

__all__ = ["Average", "Ward"]


class TrackWeight(StrEnum):
    """The weight of a track."""

    TRACK = "track"  # 1
    FACES = "faces"  # the number of its faces


@dataclass(frozen=True, slots=True)
class Ward:
    """Ward's tree of the unit track means; a track's weight is 1 ("track") or its number of faces ("faces").

    The leaves are the tracks 0 to the largest that embeddings or constraints name. Tracks without a face
    are joined last, at height infinity.  [Ward 1963; the paper's baseline]
    """

    weight: TrackWeight = TrackWeight.TRACK

    def __post_init__(self) -> None:
        # The text of a member is accepted, too.
        object.__setattr__(self, "weight", one_of(TrackWeight, "Ward.weight", self.weight))

    def __call__(self, embeddings: Embeddings, constraints: Constraints) -> Tree:
        mean, faces = track_means(embeddings, how_many_tracks(embeddings, constraints))
        present, must, cannot = present_tracks(faces, constraints)
        if not len(present):
            return unjoined(len(faces))
        weights = faces[present].astype(np.float64) if self.weight == TrackWeight.FACES else None
        tree = ward(mean[present], weights=weights, cannot=cannot, must=must)
        return among(tree, present, len(faces))


@dataclass(frozen=True, slots=True)
class Average:
    """Average linkage of the unit track means: clusters have the mean distance of their tracks.

    Heights are cosine distances, 0 to 2; otherwise as `Ward`.  [Sokal, Michener 1958]
    """

    def __call__(self, embeddings: Embeddings, constraints: Constraints) -> Tree:
        tracks = how_many_tracks(embeddings, constraints)
        likeness, faces = Likeness.from_embeddings(embeddings, tracks, length=False)
        present, must, cannot = present_tracks(faces, constraints)
        if not len(present):
            return unjoined(len(faces))
        group, apart = must_groups(len(present), must, cannot)
        first, node = group_merges(group)
        gap, count = _mean_gap(1.0 - likeness[present].matrix().astype(np.float64), group)
        gap[apart[:, 0], apart[:, 1]] = gap[apart[:, 1], apart[:, 0]] = np.inf
        merge, height = agglomerate(np.maximum(gap, 0), count, Update.AVERAGE)
        name = np.concatenate([node, len(present) + len(first) + np.arange(len(merge))])
        merges = np.concatenate([first, name[merge]])
        tree = assemble(merges, np.concatenate([np.zeros(len(first)), height]), len(present))
        return among(tree, present, len(faces))


def _mean_gap(
    gap: NDArray[np.float64], group: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(g, g) mean of a matrix over groups of rows and columns, and (g,) the groups' sizes."""
    count = np.bincount(group).astype(np.float64)
    total = group_sums(group_sums(gap, group, len(count)).T, group, len(count))
    return total / np.outer(count, count), count
