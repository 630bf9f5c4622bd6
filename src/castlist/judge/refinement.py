"""Does refinement help on this film? Asked of pairs that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.types import Constraints, Embeddings

__all__ = ["Verdict", "pair_cosines", "separation", "try_refinement"]

Refine = Callable[[Embeddings, Constraints, Embeddings], Embeddings]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether refined features are to be used, and what it was judged by."""

    better: bool
    before: float  # separation of held-out pairs by base features, 0 to 1; NaN where there are too few
    after: float
    pairs: int  # held-out pairs

    @classmethod
    def untried(cls) -> Self:
        """Where nothing can be said."""
        return cls(False, float("nan"), float("nan"), 0)

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if not self.pairs:
            return (
                "Base features were used: the film has too few faces seen together to judge a refinement by."
            )
        judged = (
            f"on {self.pairs:,} held-out pairs, separation went from {self.before:.4f} to {self.after:.4f}"
        )
        return f"{'Refined' if self.better else 'Base'} features were used: {judged}."


def pair_cosines(
    embeddings: Embeddings, constraints: Constraints
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosines of positive pairs (the two halves of a track) and of negative ones (tracks seen together)."""
    count = int(max(embeddings.track.max(initial=-1), constraints.cannot.max(initial=-1))) + 1
    first, second = np.zeros((count, 2, embeddings.vector.shape[1])), np.zeros(count, np.int64)
    unit = embeddings.vector / np.maximum(np.linalg.norm(embeddings.vector, axis=1, keepdims=True), 1e-12)
    for track, vector, quality in zip(embeddings.track, unit, embeddings.quality, strict=True):
        first[track, second[track] % 2] += quality * vector
        second[track] += 1
    halves = first[second >= 2]
    whole = first.sum(1)
    a, b = constraints.cannot.T
    both = (second[a] > 0) & (second[b] > 0)
    positive = _cosine(halves[:, 0], halves[:, 1])
    return positive, _cosine(whole[a[both]], whole[b[both]])


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float32]:
    length = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(1) / np.maximum(length, 1e-12), np.float32)


def separation(positive: NDArray[np.floating], negative: NDArray[np.floating]) -> float:
    """The share of (positive, negative) pairs that the cosine puts in the right order: the area under ROC.

    NaN where either is empty.
    """
    if not len(positive) or not len(negative):
        return float("nan")
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")
    return float(below.mean() / 2 / len(negative))


def try_refinement(
    refine: Refine,
    embeddings: Embeddings,
    constraints: Constraints,
    shot: NDArray[np.int64],
    *,
    least: int = 20,
    margin: float = 0.001,
) -> Verdict:
    """Two-fold cross-validation over shots: learn from half of them, judge by the pairs of the others.

    Args:
        refine: (learn from these, their constraints, apply to these) -> refined.
        shot: (t,) of each track; pairs seen together share a shot, so no pair straddles the folds.
        least: positive and negative pairs each, below which nothing can be said.
        margin: by how much separation must rise.
    """
    fold = np.unique(shot, return_inverse=True)[1] % 2
    halves = [_of_fold(embeddings, constraints, fold == side) for side in (0, 1)]
    before = [pair_cosines(*half) for half in halves]
    if any(sum(len(pair[i]) for pair in before) < least for i in (0, 1)):
        return Verdict.untried()
    try:
        after = [pair_cosines(refine(*halves[1 - side], halves[side][0]), halves[side][1]) for side in (0, 1)]
    except InputError:  # one half of the film is too little to learn from
        return Verdict.untried()
    scores = [separation(*(np.concatenate(x) for x in zip(*pairs, strict=True))) for pairs in (before, after)]
    pairs = sum(len(p) + len(n) for p, n in before)
    return Verdict(scores[1] > scores[0] + margin, scores[0], scores[1], pairs)


def _of_fold(
    embeddings: Embeddings, constraints: Constraints, track: NDArray[np.bool_]
) -> tuple[Embeddings, Constraints]:
    """The faces and constraints of some tracks."""
    return embeddings[track[embeddings.track]], constraints[track[constraints.a] & track[constraints.b]]
