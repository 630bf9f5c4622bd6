"""Groups of must-linked tracks, and the cannot-links between groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError

__all__ = ["known_pairs", "shared_groups", "track_column"]


def shared_groups(
    rows: int,
    track: NDArray[np.generic] | None,
    cannot: NDArray[np.generic] | None,
    must: NDArray[np.generic] | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n,) the group 0, 1, ... of each row, one for must-linked tracks; and (q, 2) the cannot-linked groups.

    Args:
        rows: the number of rows, n.
        track: (n,) the track of each row.
        cannot: (c, 2) pairs of tracks of two people.
        must: (m, 2) pairs of tracks of one person.

    Raises:
        InputError: there are no tracks, or not one for each row; or pairs name tracks that have no row.
    """
    if track is None:
        raise InputError("TSiam needs to know the track of each face; without tracks use SSiam")
    names, place = np.unique(track_column(track, rows), return_inverse=True)
    known_must, known_cannot = (
        known_pairs(must, names, "must-links"),
        known_pairs(cannot, names, "cannot-links"),
    )
    if not len(known_must):
        return place, known_cannot
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(known_must)), known_must.T), shape=(len(names),) * 2)
    group = connected_components(graph, directed=False)[1].astype(np.int64)
    apart = group[known_cannot]
    return group[place], apart[apart[:, 0] != apart[:, 1]]


def track_column(track: NDArray[np.generic], rows: int) -> NDArray[np.generic]:
    """(rows,) the track of each row: whole numbers, or text.

    Raises:
        InputError: the tracks have another shape or type.
    """
    column = np.asarray(track)
    if column.shape != (rows,):
        raise InputError(f"the tracks must have shape ({rows},), one a face, got {column.shape}")
    return _names(column, "the tracks")


def known_pairs(
    pairs: NDArray[np.generic] | None, names: NDArray[np.generic], kind: str
) -> NDArray[np.int64]:
    """(q, 2) pairs of tracks as places in `names` (sorted).

    Args:
        kind: the noun for the pairs in an error message, such as "cannot-links".

    Raises:
        InputError: pairs are not of shape (q, 2), name a track that is not in `names`, or pair a track with
            itself.
    """
    array = np.zeros((0, 2), np.int64) if pairs is None else np.asarray(pairs)
    if not array.size:
        return np.zeros((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise InputError(f"{kind} must be pairs of tracks, of shape (q, 2), got shape {array.shape}")
    array = _names(array, kind)
    if (array.dtype.kind == "U") != (names.dtype.kind == "U"):
        kinds = {True: "text", False: "numbers"}
        named = kinds[array.dtype.kind == "U"], kinds[names.dtype.kind == "U"]
        raise InputError(f"{kind} name tracks by {named[0]}, but the tracks are {named[1]}")
    place = np.minimum(np.searchsorted(names, array), len(names) - 1)
    strange = array[names[place] != array]
    if len(strange):
        raise InputError(f"{kind} name track {strange[0]}, which has no face here; leave such pairs out")
    alone = array[place[:, 0] == place[:, 1]]
    if len(alone):
        raise InputError(f"{kind} pair track {alone[0, 0]} with itself; leave such pairs out")
    return place


def _names(array: NDArray[np.generic], kind: str) -> NDArray[np.generic]:
    """Names of tracks as int64 or text."""
    if array.dtype.kind in "iuU":
        return array if array.dtype.kind == "U" else array.astype(np.int64)
    if array.dtype.kind == "f" and np.array_equal(array, np.round(array)):
        return array.astype(np.int64)
    raise InputError(f"{kind} must be whole numbers or text, got {array.dtype}")
