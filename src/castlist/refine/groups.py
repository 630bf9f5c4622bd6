"""Tracks that must-links make one, and what is known between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError

__all__ = ["known_pairs", "shared_groups"]


def shared_groups(
    rows: int, track: NDArray[np.generic] | None, cannot: NDArray[np.int64], must: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The group 0, 1, ... of each row, must-linked tracks in one, and the cannot-linked groups."""
    if track is None:
        raise InputError("TSiam needs to know the track of each face; without tracks use SSiam")
    track = np.asarray(track)
    if track.shape != (rows,):
        raise InputError(f"the tracks must have shape ({rows},), one a face, got {track.shape}")
    names, place = np.unique(track, return_inverse=True)
    must, cannot = known_pairs(must, names), known_pairs(cannot, names)
    if not len(must):
        return place, cannot[cannot[:, 0] != cannot[:, 1]]
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(must)), (must[:, 0], must[:, 1])), shape=(len(names),) * 2)
    group = connected_components(graph, directed=False)[1].astype(np.int64)
    cannot = group[cannot]
    return group[place], cannot[cannot[:, 0] != cannot[:, 1]]


def known_pairs(pairs: NDArray[np.generic] | None, names: NDArray[np.generic]) -> NDArray[np.int64]:
    """(q, 2) pairs of tracks as places in `names` (sorted); pairs that name another track are left out."""
    pairs = np.zeros((0, 2), np.int64) if pairs is None else np.asarray(pairs, np.int64).reshape(-1, 2)
    place = np.minimum(np.searchsorted(names, pairs), len(names) - 1)
    known: NDArray[np.int64] = place[(names[place] == pairs).all(1)]
    return known
