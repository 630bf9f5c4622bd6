"""Where a tree ends and people begin: by calibrated evidence, at a number, or at a height."""

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

SEEN = 0.01  # share of a film's faces from which on somebody counts as one of its people, as scores count


@dataclass(frozen=True, slots=True)
class AutoCut:
    """The people of the tree that the film's own calibration calls most likely.

    Every branch is one person where the summed evidence of its pairs (log odds, see `Calibration`) is more
    than that of the best people within its two halves; so branches may be cut at different heights.
    Tracks without a face are NOISE. Must-links and cannot-links hold.
    """

    odds: float = 0.0  # log odds added to each pair: more joins more

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
    """So many people (`n_clusters`), as papers do it; fewer where there are fewer tracks.

    More where cannot-links ask for more. Tracks without a face are NOISE and do not count.
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
    """Everything joined below a height of the tree is one person, as photo managers do it."""

    height: float

    def __call__(self, tree: Tree, embeddings: Embeddings, constraints: Constraints) -> Clustering:
        _, faces = track_means(embeddings, how_many_tracks(embeddings, constraints))
        joined = (tree.height <= self.height) & np.isfinite(tree.height)
        merges = max(_decided(faces, constraints), int(joined.sum()))
        return _finish(cut_tree(tree, merges), faces, constraints)


@dataclass(frozen=True, slots=True)
class ProbabilityCut:
    """The people of a `GroupLinkage` tree: two sides of a merge are one where that is at least so likely."""

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

    Only who has at least 1 % of the faces counts: strangers seen for a moment are not what a user counts.
    Of all cuts of the tree with so many people it is the one nearest to the likeliest cut; where there is
    none (cannot-links forbid it, or there are too few tracks), the cut that comes nearest to the number.
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
    """(m + 1,) how many nodes hold a share of SEEN of the faces after 0, 1, ... m merges of a tree."""
    weight = np.zeros(tree.leaves + len(tree.merge))
    weight[: len(faces)] = faces
    for i, pair in enumerate(tree.merge):
        weight[tree.leaves + i] = weight[pair].sum()
    large = weight >= SEEN * max(int(faces.sum()), 1)
    large &= weight > 0
    step = large[tree.leaves :].astype(np.int64) - large[tree.merge].sum(axis=1)
    return np.concatenate([[0], np.cumsum(step)]) + int(large[: tree.leaves].sum())


def _decided(faces: NDArray[np.int64], constraints: Constraints) -> int:
    """How many of the tree's merges the must-links ask for; they are its first."""
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
    """NOISE for tracks without a face, unless a must-link says who they are."""
    label = clustering.label[: len(faces)].copy()
    label[faces == 0] = NOISE
    group, _ = must_groups(len(faces), constraints.must, constraints.cannot, of="tracks")
    for track in np.flatnonzero(faces == 0):
        known = label[(group == group[track]) & (faces > 0)]
        if len(known):
            label[track] = known[0]
    return Clustering(label)
