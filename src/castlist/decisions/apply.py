"""Clusters within decisions: only people whom a decision is about change, everybody else stays.

`walk` takes the decisions one after another, each on the people as they stood when it was made, so that it
does what was seen. `regroup` then sees to it that every link holds: must-linked tracks bring their whole
clusters together; cannot-linked tracks part a cluster, and its other tracks go with whom they resemble.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from castlist.types import NOISE
from castlist.vectors import unit

__all__ = ["Step", "regroup", "walk"]

Pairs = NDArray[np.int64]
Labels = NDArray[np.int64]
Step = tuple[str, dict[int, list[int]]]  # a decision's kind, and the tracks on each of its sides
ROUNDS = 20


def walk(label: Labels, made: Iterable[Step], vector: NDArray[np.float32]) -> Labels:
    """(t,) labels after one decision after another; kinds that say nothing of who is who change nothing."""
    walker = _Walker(label.copy(), vector)
    for kind, sides in made:
        live = {side: [t for t in own if walker.label[t] != NOISE] for side, own in sides.items()}
        if kind in ("same", "name"):
            walker.join([t for own in live.values() for t in own])
        elif kind == "move":
            walker.move(live.get(0, []), live.get(1, []))
        elif kind == "different":
            walker.part(list(live.values()))
        elif kind == "sort":
            for k in sorted({side // 3 for side in live}):
                walker.sort(live.get(3 * k, []), live.get(3 * k + 1, []), live.get(3 * k + 2, []))
    return walker.label


class _Walker:
    """Labels that change, and the tracks of each label at hand."""

    def __init__(self, label: Labels, vector: NDArray[np.float32]) -> None:
        self.label, self.vector = label, vector
        order = np.argsort(label, kind="stable")
        edges = np.searchsorted(label[order], np.arange(int(label.max(initial=-1)) + 2))
        self.members = [order[a:b] for a, b in pairwise(edges.tolist())]

    def join(self, tracks: list[int]) -> None:
        """Everybody who is with one of these becomes one person, that of the first."""
        labels = list(dict.fromkeys(int(self.label[t]) for t in tracks))
        if len(labels) > 1:
            own = np.concatenate([self.members[k] for k in labels])
            for k in labels:
                self.members[k] = own[:0]
            self._put(labels[0], own)

    def move(self, moved: list[int], to: list[int]) -> None:
        """These tracks, and they alone, become the person of `to`, or a new one."""
        if not moved:
            return
        target = int(self.label[to[0]]) if to else len(self.members)
        if not to:
            self.members.append(np.zeros(0, np.int64))
        own = np.unique(moved)
        for k in np.unique(self.label[own]).tolist():
            self.members[k] = np.setdiff1d(self.members[k], own, assume_unique=True)
        self._put(target, np.concatenate([self.members[target], own]))

    def sort(self, moved: list[int], to: list[int], left: list[int]) -> None:
        """One move of many; with nobody to move, join `to` and part it from `left`."""
        if moved:
            self.move(moved, to)
            return
        self.join(to)
        if to and left:
            self.part([to, left])

    def part(self, sides: list[list[int]]) -> None:
        """Sides that are of one person become two; its other tracks go with whom they resemble."""
        sides = [own for own in sides if own]
        together = {int(self.label[own[0]]) for own in sides}
        for k in sorted(together):
            own = np.sort(self.members[k])
            inside = [side for side in sides if self.label[side[0]] == k]
            if len(inside) > 1:
                self._part(own, inside)

    def _part(self, own: Labels, sides: list[list[int]]) -> None:
        part = np.arange(len(self.label))
        for side in sides:
            part[side] = side[0]
        pairs = np.array([(a[0], b[0]) for i, b in enumerate(sides) for a in sides[:i]], np.int64)
        choice = _assign(own, part, pairs, self.vector)
        home = int(self.label[own[0]])
        for k in range(int(choice.max()) + 1):
            if k:
                self.members.append(np.zeros(0, np.int64))
            self._put(len(self.members) - 1 if k else home, own[choice == k])

    def _put(self, label: int, own: Labels) -> None:
        self.members[label] = own
        self.label[own] = label


def regroup(label: Labels, must: Pairs, cannot: Pairs, vector: NDArray[np.float32]) -> Labels:
    """(t,) labels in which must-links hold and cannot-links hold, given that they do not contradict.

    Args:
        label: (t,) clusters, NOISE where a track takes no part.
        must: (q, 2) tracks of one person.
        cannot: (r, 2) tracks of two people.
        vector: (t, d) unit vectors, to tell where the other tracks of a parted cluster belong.
    """
    live = label != NOISE
    must, cannot = must[live[must].all(axis=1)], cannot[live[cannot].all(axis=1)]
    part = _components(len(label), must)
    label = label.copy()
    for _ in range(ROUNDS):
        parted = _part(label, part, cannot, vector)
        joined = _join(label, part)
        if not (parted or joined):
            break
    return label


def _components(count: int, pairs: Pairs) -> Labels:
    """(n,) a number for each track, equal where pairs connect them."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _join(label: Labels, part: Labels) -> bool:
    """Make the clusters of each must-linked part one, in place; whether anything changed."""
    own = np.flatnonzero(label != NOISE)
    if not len(own):
        return False
    size = np.bincount(part[own])
    own = own[size[part[own]] > 1]
    count = int(label.max()) + 1
    order = own[np.argsort(part[own], kind="stable")]
    same = part[order[1:]] == part[order[:-1]]
    pairs = np.stack([label[order[:-1]], label[order[1:]]], 1)[same]
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    if not len(pairs):
        return False
    home = _components(count, pairs)
    lowest = np.full(home.max() + 1, count, np.int64)
    np.minimum.at(lowest, home, np.arange(count))
    live = label != NOISE
    label[live] = lowest[home[label[live]]]
    return True


def _part(label: Labels, part: Labels, cannot: Pairs, vector: NDArray[np.float32]) -> bool:
    """Part clusters that hold a cannot-linked pair, in place; whether there were any."""
    broken = cannot[label[cannot[:, 0]] == label[cannot[:, 1]]]
    for cluster in np.unique(label[broken[:, 0]]).tolist():
        own = np.flatnonzero(label == cluster)
        inside = broken[label[broken[:, 0]] == cluster]
        choice = _assign(own, part, inside, vector)
        fresh = int(label.max()) + 1
        label[own] = np.where(choice == 0, cluster, fresh + choice - 1)
    return bool(len(broken))


def _assign(own: Labels, part: Labels, cannot: Pairs, vector: NDArray[np.float32]) -> Labels:
    """(n,) the new cluster 0, 1, ... of each track of a parted one; 0 is the largest."""
    members = {p: own[part[own] == p] for p in dict.fromkeys(part[cannot].ravel().tolist())}
    foes: dict[int, set[int]] = {p: set() for p in members}
    for a, b in part[cannot].tolist():
        foes[a].add(b)
        foes[b].add(a)
    classes: list[list[int]] = []
    for p in sorted(members, key=lambda p: (-len(members[p]), p)):
        allowed = [i for i, c in enumerate(classes) if not foes[p] & set(c)]
        sums = [_alike(members[p], np.concatenate([members[q] for q in classes[i]]), vector) for i in allowed]
        if allowed:
            classes[allowed[int(np.argmax(sums))]].append(p)
        else:
            classes.append([p])
    choice = np.full(len(own), NOISE, np.int64)
    for i, parts in enumerate(classes):
        choice[np.isin(part[own], parts)] = i
    _follow(own, part, choice, vector)
    size = np.bincount(choice)
    rank = np.empty(len(size), np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size))
    return rank[choice]


def _alike(a: Labels, b: Labels, vector: NDArray[np.float32]) -> float:
    return float(vector[a].mean(axis=0) @ vector[b].mean(axis=0))


def _follow(own: Labels, part: Labels, choice: Labels, vector: NDArray[np.float32]) -> None:
    """Tracks that nobody decided about go to the class they resemble most, must-linked ones together."""
    free = np.flatnonzero(choice == NOISE)
    if not len(free):
        return
    groups, member = np.unique(part[own[free]], return_inverse=True)
    x = np.zeros((len(groups), vector.shape[1]))
    np.add.at(x, member, vector[own[free]])
    fixed = [np.flatnonzero(choice == i) for i in range(int(choice.max()) + 1)]
    seed = np.stack([vector[own[rows]].sum(axis=0) for rows in fixed])
    centre = seed
    for _ in range(3):
        best = (x @ unit(centre).T).argmax(axis=1)
        centre = seed + np.stack([x[best == i].sum(axis=0) for i in range(len(seed))])
    choice[free] = best[member]
