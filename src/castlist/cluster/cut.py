"""Cuts of a tree into people: by calibrated log odds, at a number of people, or at a height."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.calibrate import Calibration
from castlist.cluster.likeness import Likeness
from castlist.cluster.links import must_groups
from castlist.cluster.means import how_many_tracks, track_means
from castlist.cluster.tree import cut_tree
from castlist.errors import InputError
from castlist.option_values import check_options
from castlist.types import NOISE, Clustering, Constraints, Embeddings, Tree

__all__ = ["AutoCut", "CountCut", "HeightCut", "PeopleCut", "ProbabilityCut"]

SEEN = 0.01  # share of a film's faces from which a person counts, as in `castlist.metrics.faces`


@dataclass(frozen=True, slots=True)
class AutoCut:
    """The most likely people of the tree, by the film's own calibration.

    A branch is one person where the sum of its pairs' log odds (`Calibration.log_odds`) is more than the sum
    for the best people within its two halves. So branches may be cut at different heights. Tracks without a
    face are NOISE. Must-links and cannot-links hold.
    """

    odds: float = 0.0  # log odds added to each pair; higher values join more tracks

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, tree: Tree, embeddings: Embeddings, constraints: Constraints) -> Clustering:
        likeness, faces = Likeness.from_embeddings(embeddings, how_many_tracks(embeddings, constraints))
        if tree.leaves < len(faces):
            raise InputError(f"the tree has {tree.leaves} leaves for {len(faces)} tracks; link them anew")
        if not faces.any():
            return Clustering(np.full(len(faces), NOISE, np.int32))
        calibration = Calibration.fit(embeddings, constraints)
        kept = np.flatnonzero(faces)
        evidence = np.zeros((tree.leaves, tree.leaves), np.float32)
        evidence[np.ix_(kept, kept)] = calibration.log_odds(likeness[kept].matrix()) + self.odds
        return _finish(_best_branches(tree, evidence), faces, constraints)


@dataclass(frozen=True, slots=True)
class CountCut:
    """A given number of people (`n_clusters`), as in papers; fewer where there are fewer tracks.

    More where cannot-links require more. Tracks without a face are NOISE and do not count.
    """

    n_clusters: int

    def __post_init__(self) -> None:
        if not isinstance(self.n_clusters, int | np.integer) or self.n_clusters < 1:
            raise InputError(
                f"CountCut.n_clusters must be a whole number, at least 1, got {self.n_clusters!r}"
            )

    def __call__(self, tree: Tree, embeddings: Embeddings, constraints: Constraints) -> Clustering:
        _, faces = track_means(embeddings, how_many_tracks(embeddings, constraints))
        finite = int(np.isfinite(tree.height).sum())
        merges = max(_decided(faces, constraints), min(finite, int((faces > 0).sum()) - self.n_clusters))
        return _finish(cut_tree(tree, merges), faces, constraints)


@dataclass(frozen=True, slots=True)
class HeightCut:
    """Tracks joined at or below a height of the tree are one person, as in photo managers."""

    height: float

    def __call__(self, tree: Tree, embeddings: Embeddings, constraints: Constraints) -> Clustering:
        _, faces = track_means(embeddings, how_many_tracks(embeddings, constraints))
        joined = (tree.height <= self.height) & np.isfinite(tree.height)
        merges = max(_decided(faces, constraints), int(joined.sum()))
        return _finish(cut_tree(tree, merges), faces, constraints)


@dataclass(frozen=True, slots=True)
class ProbabilityCut:
    """The people of a `GroupLinkage` tree: both sides of a merge are one person from `probability` on."""

    probability: float = 0.5

    def __post_init__(self) -> None:
        check_options(self)
        if not 0 < self.probability <= 1:
            raise InputError(f"ProbabilityCut.probability must lie in (0, 1], got {self.probability}")

    def __call__(self, tree: Tree, embeddings: Embeddings, constraints: Constraints) -> Clustering:
        return HeightCut(1 - self.probability)(tree, embeddings, constraints)


@dataclass(frozen=True, slots=True)
class PeopleCut:
    """As `ProbabilityCut`, but with `least` to `most` people, for a user who knows how many there are.

    Only people with at least 1 % of the faces count: a user does not count strangers seen for a moment. Among
    all cuts of the tree with `least` to `most` people it is the one nearest to the likeliest cut; where there
    is none (cannot-links forbid it, or there are too few tracks), the cut with the nearest number of people.
    Tracks without a face are NOISE. Must-links and cannot-links hold.
    """

    least: int = 1
    most: int = 1_000_000
    probability: float = 0.5

    def __post_init__(self) -> None:
        check_options(self)
        if not 1 <= self.least <= self.most:
            raise InputError(
                f"PeopleCut needs 1 <= least <= most, got least {self.least} and most {self.most}"
            )
        ProbabilityCut(self.probability)

    def __call__(self, tree: Tree, embeddings: Embeddings, constraints: Constraints) -> Clustering:
        _, faces = track_means(embeddings, how_many_tracks(embeddings, constraints))
        finite = np.isfinite(tree.height)
        usual = int((finite & (tree.height <= 1 - self.probability)).sum())
        first = min(_decided(faces, constraints), int(finite.sum()))
        merges = np.arange(first, int(finite.sum()) + 1)
        number = _people(tree, faces)[merges]
        off = np.maximum(self.least - number, 0) + np.maximum(number - self.most, 0)
        best = np.lexsort((merges, np.abs(merges - usual), off))[0]
        return _finish(cut_tree(tree, int(merges[best])), faces, constraints)


def _people(tree: Tree, faces: NDArray[np.int64]) -> NDArray[np.int64]:
    """(m + 1,) number of nodes with at least a share SEEN of the faces after 0, 1, ... m merges of a tree."""
    weight = np.zeros(tree.leaves + len(tree.merge))
    weight[: len(faces)] = faces
    for i, pair in enumerate(tree.merge):
        weight[tree.leaves + i] = weight[pair].sum()
    large = weight >= SEEN * max(int(faces.sum()), 1)
    large &= weight > 0
    step = large[tree.leaves :].astype(np.int64) - large[tree.merge].sum(axis=1)
    return np.concatenate([[0], np.cumsum(step)]) + int(large[: tree.leaves].sum())


def _decided(faces: NDArray[np.int64], constraints: Constraints) -> int:
    """The number of merges that the must-links require; these are the first merges of the tree."""
    present = np.flatnonzero(faces)
    group, _ = must_groups(len(faces), constraints.must, constraints.cannot, of="tracks")
    return len(present) - len(np.unique(group[present]))


def _best_branches(tree: Tree, evidence: NDArray[np.float32]) -> Clustering:
    """The partition along the tree with the largest sum of evidence over the pairs within its parts."""
    n = tree.leaves
    members = [np.array([i]) for i in range(n)]
    whole, best = np.zeros(n + len(tree.merge)), np.zeros(n + len(tree.merge))
    joined = np.zeros(n + len(tree.merge), np.bool_)
    for i, (a, b) in enumerate(tree.merge):
        node = n + i
        members.append(np.concatenate([members[a], members[b]]))
        if not np.isfinite(tree.height[i]):
            whole[node], best[node] = -np.inf, best[a] + best[b]
            continue
        across = float(evidence[np.ix_(members[a], members[b])].sum())
        whole[node] = whole[a] + whole[b] + across
        joined[node] = tree.height[i] == 0 or whole[node] > best[a] + best[b]
        best[node] = whole[node] if joined[node] else best[a] + best[b]
    return _top_branches(tree, joined)


def _top_branches(tree: Tree, joined: NDArray[np.bool_]) -> Clustering:
    label = np.arange(tree.leaves + len(tree.merge))
    held = joined.copy()
    for i in range(len(tree.merge) - 1, -1, -1):
        node = tree.leaves + i
        if held[node]:
            label[tree.merge[i]] = label[node]
            held[tree.merge[i]] = True
    return Clustering(label[: tree.leaves].astype(np.int32))


def _finish(clustering: Clustering, faces: NDArray[np.int64], constraints: Constraints) -> Clustering:
    """The clustering with NOISE for tracks without a face, unless a must-link gives their person."""
    label = clustering.label[: len(faces)].copy()
    label[faces == 0] = NOISE
    group, _ = must_groups(len(faces), constraints.must, constraints.cannot, of="tracks")
    for track in np.flatnonzero(faces == 0):
        known = label[(group == group[track]) & (faces > 0)]
        if len(known):
            label[track] = known[0]
    return Clustering(label)
