"""Tracks -> people by log odds, in a space whitened on the film: clear tracks first, others join them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist import _former
from castlist.cluster.calibrate import SHORT_FILM, Calibration
from castlist.cluster.dense import Update, agglomerate
from castlist.cluster.group_linkage import GroupSums, Scale, join_groups, merge_all
from castlist.cluster.hints import Hints
from castlist.cluster.likeness import Likeness
from castlist.cluster.links import must_groups
from castlist.cluster.means import how_many_tracks, track_quality
from castlist.cluster.tree import among, assemble, cut_tree, group_merges, present_tracks, unjoined
from castlist.cluster.whiten import measure, whitened
from castlist.errors import InputError
from castlist.option_values import check_options
from castlist.types import Constraints, Embeddings, Tree

__all__ = ["GroupLinkage", "find_people"]

# Least mean cosine of a seed cluster, on a scale from the mean of two people (0) to that of one person (1):
# SEED in a short film, more by SEED_RISE for each doubling of the tracks in a longer film, at most 1. Among
# more people, more pairs look alike by chance.
SEED, SEED_RISE = 0.6, 0.1
MANY = 40  # tracks from which low-quality tracks wait: in a film of fewer they may be a person's only links
Pairs = NDArray[np.int64]


@_former.option("poor", "low_quality")
@dataclass(frozen=True, slots=True)
class GroupLinkage:
    """A tree whose heights are probabilities: the cut at 0.5 gives the likeliest people and their number.

    1. Tracks are joined into small seed clusters (average linkage), and these into people (`group_linkage`)
       by the cosine of their means, corrected for the noise of single tracks. A few cannot-links, caused by
       misplaced tracks, do not keep two large groups apart in this step.
    2. The features are whitened by the scatter within these people (`whiten`), and step 1 is repeated in the
       new space, `rounds` times.
    3. In a film of at least MANY tracks, the share `low_quality` of the tracks, those of the lowest quality,
       is left out until the people are found, and then joins them: blurred faces look more like each other
       than like their person, and would join different people. So people found apart without these tracks
       are not joined because of them.
    4. Of two cannot-linked tracks that ended in one person, the less fitting one leaves.

    A height is the probability that the two sides are two people, and at least that of the merges below;
    forbidden merges have height infinity. Memory and time grow with the square of the number of tracks: 12
    bytes for each pair of tracks, 28 with refined features and hints.
    """

    rounds: int = 2
    low_quality: float = 0.25  # share of the tracks

    def __post_init__(self) -> None:
        check_options(self)
        if self.rounds < 0:
            raise InputError(f"GroupLinkage.rounds must not be negative, got {self.rounds}")
        if not 0 <= self.low_quality < 1:
            raise InputError(f"GroupLinkage.low_quality must lie in [0, 1), got {self.low_quality}")

    def __call__(
        self, embeddings: Embeddings, constraints: Constraints, hints: NDArray[np.float32] | None = None
    ) -> Tree:
        """The tree of the tracks.

        Args:
            hints: (t, t) log odds that two tracks show one person, from cues other than the face; NaN where
                unknown.
        """
        likeness, faces = Likeness.from_embeddings(embeddings, how_many_tracks(embeddings, constraints))
        present, must, cannot = present_tracks(faces, constraints)
        if not len(present):
            return unjoined(len(faces))
        group, apart = must_groups(len(present), must, cannot)
        quality = track_quality(embeddings, len(faces))[present]
        count = np.bincount(group).astype(np.float64)
        calibration = Calibration.fit(embeddings, constraints)
        beside = None if hints is None else Hints.from_odds(hints, len(faces), present)
        if beside is not None and len(count) < len(group):
            beside = beside.grouped(group)
        label, cosine, scale = find_people(
            likeness[present].grouped(group),
            np.bincount(group, quality) / count,
            apart,
            calibration.scale,
            rounds=self.rounds,
            low_quality=self.low_quality,
            hints=beside,
        )
        merge, height = _two_storeys(cosine, label, apart, scale, beside)
        first, node = group_merges(group)
        name = np.concatenate([node, len(present) + len(first) + np.arange(len(merge))])
        merges = np.concatenate([first, name[merge]])
        tree = assemble(merges, np.concatenate([np.zeros(len(first)), height]), len(present))
        return among(tree, present, len(faces))


class FoundPeople(NamedTuple):
    """A clustering of t tracks, and the space in which it was found."""

    label: NDArray[np.int64]  # (t,) a person for each track
    cosine: NDArray[np.float32]  # (t, t) likeness in the final space
    scale: Scale  # of that likeness


def find_people(
    likeness: Likeness,
    quality: NDArray[np.float64],
    cannot: Pairs,
    prior: Scale,
    *,
    rounds: int = 2,
    low_quality: float = 0.25,
    hints: Hints | None = None,
) -> FoundPeople:
    """The people of t tracks.

    Cannot-links (q, 2) hold. Only the order of `quality` (t,) counts.
    """
    limit = np.quantile(quality, low_quality) if len(quality) >= MANY else -np.inf
    clear = np.flatnonzero(quality >= limit)
    scale, cosine = prior, likeness.matrix()
    label = _one_round(cosine, clear, cannot, scale, hints)
    for _ in range(rounds):
        cosine = whitened(likeness, label)
        scale = measure(cosine, label, prior)
        label = _one_round(cosine, clear, cannot, scale, hints)
    return FoundPeople(_enforced(cosine, label, cannot), cosine, scale)


def _one_round(
    cosine: NDArray[np.float32], clear: NDArray[np.int64], cannot: Pairs, scale: Scale, hints: Hints | None
) -> NDArray[np.int64]:
    t = len(cosine)
    place = np.full(t, -1)
    place[clear] = np.arange(len(clear))
    inner = place[cannot]
    inner = inner[(inner >= 0).all(axis=1)]
    sub = cosine[np.ix_(clear, clear)]
    label = np.full(t, -1, np.int64)
    label[clear] = _sure_groups(sub, inner, scale, _seed(t))
    inside = None if hints is None else hints[clear]
    label[clear] = join_groups(GroupSums(sub, label[clear], inner, scale, hints=inside), label[clear])
    people = int(label.max(initial=-1)) + 1
    label = _attach(cosine, label, cannot, scale, hints)
    return join_groups(GroupSums(cosine, label, cannot, scale, hints=hints, compared=people), label)


def _seed(tracks: int) -> float:
    """Least mean cosine of seed clusters, on a scale from two people (0) to one person (1)."""
    return min(1.0, SEED + SEED_RISE * float(np.log2(max(1.0, tracks / SHORT_FILM))))


def _sure_groups(cosine: NDArray[np.float32], cannot: Pairs, scale: Scale, seed: float) -> NDArray[np.int64]:
    """Seed clusters: average linkage, cut at a mean cosine `seed` of the way from two people to one."""
    gap = _distances(cosine)
    gap[cannot[:, 0], cannot[:, 1]] = gap[cannot[:, 1], cannot[:, 0]] = np.inf
    merge, height = agglomerate(gap, np.ones(len(gap)), Update.AVERAGE)
    tree = assemble(merge, height, len(gap))
    limit = 1.0 - (scale.other + seed * (scale.same - scale.other))
    return cut_tree(tree, int((tree.height <= limit).sum())).label.astype(np.int64)


def _distances(cosine: NDArray[np.float32]) -> NDArray[np.float64]:
    """(t, t) cosine distances, without a second table: this is the largest one that the linkage needs."""
    gap = cosine.astype(np.float64)
    np.subtract(1.0, gap, out=gap)
    return np.maximum(gap, 0.0, out=gap)


def _attach(
    cosine: NDArray[np.float32], label: NDArray[np.int64], cannot: Pairs, scale: Scale, hints: Hints | None
) -> NDArray[np.int64]:
    """The labels, where tracks without one (-1) join their likeliest person, surest first, or stay alone."""
    k = int(label.max(initial=-1)) + 1
    waiting = np.flatnonzero(label < 0)
    label = label.copy()
    label[waiting] = k + np.arange(len(waiting))
    if not k or not len(waiting):
        return label
    groups = GroupSums(cosine, label, np.zeros((0, 2), np.int64), scale, hints=hints)
    odds = np.stack([groups.log_odds(int(label[w]), slice(0, k)) for w in waiting])
    met: dict[int, list[int]] = {}
    for a, b in cannot:
        met.setdefault(int(a), []).append(int(b))
        met.setdefault(int(b), []).append(int(a))
    for row in np.argsort(-odds.max(axis=1), kind="stable"):
        track = int(waiting[row])
        taken = [label[other] for other in met.get(track, ()) if label[other] < k]
        odds[row, taken] = -np.inf
        if odds[row].max() > 0:
            label[track] = odds[row].argmax()
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _enforced(cosine: NDArray[np.float32], label: NDArray[np.int64], cannot: Pairs) -> NDArray[np.int64]:
    """The labels, where of two cannot-linked tracks of one person the less fitting one is a new person."""
    label = label.copy()
    new = int(label.max(initial=-1)) + 1
    for a, b in cannot:
        if label[a] == label[b]:
            others = label == label[a]
            others[[a, b]] = False
            leaves = b if cosine[a, others].sum() >= cosine[b, others].sum() else a
            label[leaves] = new
            new += 1
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _two_storeys(
    cosine: NDArray[np.float32], label: NDArray[np.int64], cannot: Pairs, scale: Scale, hints: Hints | None
) -> tuple[Pairs, NDArray[np.float64]]:
    """Merges and heights: the tree of each person's tracks up to 0.5, merges of people by odds above it."""
    t, k = len(label), int(label.max()) + 1
    merges: list[tuple[int, int]] = []
    heights: list[float] = []
    root = np.zeros(k, np.int64)
    for person in range(k):
        rows = np.flatnonzero(label == person)
        gap = _distances(cosine[np.ix_(rows, rows)])
        merge, height = agglomerate(gap, np.ones(len(rows)), Update.AVERAGE)
        name = np.concatenate([rows, t + len(merges) + np.arange(len(merge))])
        merges += [tuple(pair) for pair in name[merge].tolist()]
        heights += np.minimum(height / 4, 0.5).tolist()  # a cosine distance of 2 is the limit
        root[person] = t + len(merges) - 1 if len(merge) else rows[0]
    pairs, odds, _ = merge_all(GroupSums(cosine, label, cannot, scale, stray=0.0, hints=hints))
    for (a, b), chance in zip(pairs, odds, strict=True):
        merges.append((int(root[a]), int(root[b])))
        heights.append(float(np.clip(1 / (1 + np.exp(np.clip(chance, -500, 500))), 0.5 + 1e-9, 1.0)))
        root[a] = t + len(merges) - 1
    return np.array(merges, np.int64).reshape(-1, 2), np.array(heights)
