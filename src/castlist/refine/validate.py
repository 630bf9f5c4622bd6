"""Does refinement help on this film? Asked of pairs that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.types import Constraints, Embeddings
from castlist.vectors import unit

__all__ = ["Best", "Validation", "choose", "hard_pairs", "pair_cosines", "separation", "try_refinement"]

Refine = Callable[[Embeddings, Constraints, Embeddings], Embeddings]
SHARE = 0.2  # of the wrongly ordered held-out pairs that a refinement must put right


@dataclass(frozen=True, slots=True)
class Best:
    """Whichever of several refinements puts most held-out pairs right, or none of them."""

    candidates: tuple[str, ...] = ("tsiam-beside", "ssiam-beside")
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether refined features are to be used, and what it was judged by."""

    better: bool
    before: float  # separation of held-out pairs by base features, 0 to 1; NaN where there are too few
    after: float
    pairs: int  # held-out pairs
    name: str = ""  # of the refinement
    others: tuple[tuple[str, float], ...] = ()  # further ones that were tried, with their separations
    share: float = 0.0  # of refined features in a mixture with the base features, where nothing was tried
    networks: int = 0  # whose features are in that mixture

    @classmethod
    def untried(cls) -> Self:
        """Where nothing can be said."""
        return cls(False, float("nan"), float("nan"), 0)

    @classmethod
    def mixed(cls, refined: Embeddings) -> Self:
        """Where refined features are views beside the base features."""
        if len(refined.views) < 2:
            return cls.untried()
        return replace(cls.untried(), better=True, share=refined.share, networks=len(refined.views) - 1)

    @property
    def sentence(self) -> str:
        """The validation in words."""
        if self.share:
            plural = "" if self.networks == 1 else "s"
            return (
                f"Refined features were used: {self.networks} network{plural} trained on this film decide "
                f"{self.share:.0%} of how alike two tracks are, the base features the rest."
            )
        if not self.pairs:
            return (
                "Base features were used: the film has too few faces to learn from, "
                "or too few that are seen together to judge by."
            )
        method = f" by {self.name}" if self.name else ""
        rest = "".join(f", by {name} to {value:.4f}" for name, value in self.others)
        used = "Refined" if self.better else "Base"
        return (
            f"{used} features were used: on {self.pairs:,} hard held-out pairs "
            f"separation went from {self.before:.4f} to {self.after:.4f}{method}{rest}."
        )


def choose(validations: dict[str, Validation]) -> Validation:
    """The validation of the refinement that separates held-out pairs best, with the others beside it."""
    tried = {name: v for name, v in validations.items() if v.pairs}
    if not tried:
        return Validation.untried()
    best = max(tried, key=lambda name: tried[name].after)
    others = tuple((name, v.after) for name, v in tried.items() if name != best)
    return replace(tried[best], name=best, others=others)


def pair_cosines(
    embeddings: Embeddings, constraints: Constraints
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosines of positive pairs (the two halves of a track) and of negative ones (tracks seen together)."""
    count = int(max(embeddings.track.max(initial=-1), constraints.cannot.max(initial=-1))) + 1
    first, second = np.zeros((count, 2, embeddings.vector.shape[1])), np.zeros(count, np.int64)
    faces = unit(embeddings.vector)
    for track, vector, quality in zip(embeddings.track, faces, embeddings.quality, strict=True):
        first[track, second[track] % 2] += quality * vector
        second[track] += 1
    halves = first[np.any(first, axis=2).all(axis=1)]  # a half of blurred faces alone says nothing
    whole = first.sum(1)
    a, b = constraints.cannot.T
    finite = np.any(whole[a], axis=1) & np.any(whole[b], axis=1)
    positive = _cosine(halves[:, 0], halves[:, 1])
    return positive, _cosine(whole[a[finite]], whole[b[finite]])


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


def hard_pairs(
    embeddings: Embeddings, constraints: Constraints
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosines of the hardest pairs of faces: each track's least alike, and each two tracks' most alike.

    A positive pair is one of a face in a track's first half and one in its second, of tracks of four faces
    and more; a negative one is of two tracks seen together. Means of tracks are separated without fault in
    almost every film, and cannot tell one feature from another; these pairs can.
    """
    order = np.argsort(embeddings.track, kind="stable")
    face, track = unit(embeddings.vector)[order], embeddings.track[order]
    starts = np.flatnonzero(np.diff(track, prepend=-1))
    faces = dict(zip(track[starts].tolist(), np.split(face, starts[1:]), strict=True)) if len(track) else {}
    positive = [(f[: len(f) // 2] @ f[len(f) // 2 :].T).min() for f in faces.values() if len(f) >= 4]
    negative = [
        (faces[a] @ faces[b].T).max() for a, b in constraints.cannot.tolist() if a in faces and b in faces
    ]
    return np.array(positive, np.float32), np.array(negative, np.float32)


def try_refinement(
    refine: Refine,
    embeddings: Embeddings,
    constraints: Constraints,
    shot: NDArray[np.int64],
    *,
    least: int = 20,
    share: float = SHARE,
) -> Validation:
    """Two-fold cross-validation over shots: learn from half of them, judge by hard pairs of the others.

    Base features stay unless the refinement puts a clear share of the wrongly ordered pairs right: a
    refinement that gains little there can still confuse people who are never seen together, on whom
    nobody can judge it.

    Args:
        refine: (learn from these, their constraints, apply to these) -> refined.
        shot: (t,) of each track; pairs seen together share a shot, so no pair straddles the folds.
        least: positive and negative pairs each, below which nothing can be said.
        share: of the error of separation (1 less it) that must go.
    """
    fold = np.unique(shot, return_inverse=True)[1] % 2
    halves = [_of_fold(embeddings, constraints, fold == side) for side in (0, 1)]
    before = [hard_pairs(*half) for half in halves]
    if any(sum(len(pair[i]) for pair in before) < least for i in (0, 1)):
        return Validation.untried()
    try:
        after = [hard_pairs(refine(*halves[1 - side], halves[side][0]), halves[side][1]) for side in (0, 1)]
    except InputError:  # one half of the film is too little to learn from
        return Validation.untried()
    scores = [separation(*(np.concatenate(x) for x in zip(*pairs, strict=True))) for pairs in (before, after)]
    pairs = sum(len(p) + len(n) for p, n in before)
    better = 1 - scores[1] < (1 - share) * (1 - scores[0])
    return Validation(better, scores[0], scores[1], pairs)


def _of_fold(
    embeddings: Embeddings, constraints: Constraints, track: NDArray[np.bool_]
) -> tuple[Embeddings, Constraints]:
    """The faces and constraints of some tracks."""
    return embeddings[track[embeddings.track]], constraints[track[constraints.a] & track[constraints.b]]
