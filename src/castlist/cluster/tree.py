"""Merges in the order found -> a Tree in SciPy's order; and the partition after some merges of a tree."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.links import must_groups
from castlist.types import Clustering, Constraints, Tree

__all__ = ["among", "assemble", "cut_tree", "group_merges", "present_tracks", "unjoined"]


def group_merges(group: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(m, 2) merges that join the points of each group in order, and (g,) the node of each group."""
    n, node = len(group), np.full(int(group.max(initial=-1)) + 1, -1, np.int64)
    merges: list[tuple[int, int]] = []
    for point, g in enumerate(group):
        if node[g] < 0:
            node[g] = point
        else:
            merges.append((int(node[g]), point))
            node[g] = n + len(merges) - 1
    return np.array(merges, np.int64).reshape(-1, 2), node


def assemble(merge: NDArray[np.int64], height: NDArray[np.float64], leaves: int) -> Tree:
    """A Tree of merges given in any order in which children come first (node leaves + i is merge i).

    Args:
        merge: (m, 2) the two nodes that each merge joins.
        height: (m,) of each merge.
        leaves: the number of tracks.

    A parent that rounding made lower than a child gets the child's height; nodes left unjoined are joined at
    height infinity, smallest node first.
    """
    merge, height = _join_rest(merge.reshape(-1, 2), height, leaves)
    rising: list[float] = height.tolist()  # lists: single numbers of an array take ten times as long
    for i, children in enumerate(merge.tolist()):
        for child in children:
            if child >= leaves:
                rising[i] = max(rising[i], rising[child - leaves])
    height = np.array(rising)
    order = np.argsort(height, kind="stable")
    name = np.arange(leaves + len(merge))
    name[leaves + order] = leaves + np.arange(len(merge))
    merge = np.sort(name[merge[order]], axis=1)
    size = [1] * leaves
    for a, b in merge.tolist():
        size.append(size[a] + size[b])
    return Tree(merge, height[order], np.array(size[leaves:], np.int64))


def _join_rest(
    merge: NDArray[np.int64], height: NDArray[np.float64], leaves: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    root = np.ones(leaves + len(merge), np.bool_)
    root[merge.ravel()] = False
    rest = np.flatnonzero(root)
    if len(rest) < 2:
        return merge, height
    nodes = np.concatenate([rest[:1], leaves + len(merge) + np.arange(len(rest) - 2)])
    chain = np.stack([nodes, rest[1:]], axis=1)
    return np.concatenate([merge, chain]), np.concatenate([height, np.full(len(chain), np.inf)])


def cut_tree(tree: Tree, merges: int) -> Clustering:
    """The partition after the first `merges` merges of a tree."""
    label = np.arange(tree.leaves + merges)
    for i in range(merges - 1, -1, -1):
        label[tree.merge[i]] = label[tree.leaves + i]
    return Clustering(label[: tree.leaves].astype(np.int32))


class PresentTracks(NamedTuple):
    """Tracks that have a face, and the links among them, by their place in that list."""

    track: NDArray[np.int64]  # (p,)
    must: NDArray[np.int64]  # (q, 2)
    cannot: NDArray[np.int64]  # (q, 2)


def present_tracks(faces: NDArray[np.int64], constraints: Constraints) -> PresentTracks:
    """The tracks that have a face, from the number of faces of each track (t,), with their links.

    A chain of must-links through a track without faces still joins its ends.
    """
    kept = faces > 0
    place = np.cumsum(kept) - 1
    must, cannot = constraints.must, constraints.cannot
    group, _ = must_groups(len(faces), must, cannot, of="tracks")
    linked = np.flatnonzero(kept)
    chains = linked[np.lexsort((linked, group[linked]))]
    follows = group[chains[1:]] == group[chains[:-1]]
    must = np.stack([chains[:-1][follows], chains[1:][follows]], axis=1)
    ends = np.full(int(group.max(initial=-1)) + 1, -1, np.int64)
    ends[group[linked]] = linked
    cannot = ends[group[cannot]]
    cannot = cannot[(cannot >= 0).all(axis=1)]
    return PresentTracks(np.flatnonzero(kept), place[must], place[cannot])


def unjoined(tracks: int) -> Tree:
    """The tree of `tracks` tracks, all joined at height infinity."""
    return assemble(np.zeros((0, 2), np.int64), np.zeros(0), max(tracks, 1))


def among(tree: Tree, present: NDArray[np.int64], tracks: int) -> Tree:
    """The tree of all tracks, from a tree of the `present` ones; others are joined at height infinity."""
    known = np.isfinite(tree.height)
    name = np.concatenate([present, tracks + np.arange(len(tree.height))])
    return assemble(name[tree.merge[known]], tree.height[known], tracks)
