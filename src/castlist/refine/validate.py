"""Validation: whether a refinement helps on a film, measured on pairs that it was not trained on."""

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
SHARE = 0.2  # least share of the wrongly ordered held-out pairs that a refinement must correct


@dataclass(frozen=True, slots=True)
class Best:
    """The refinement that corrects most held-out pairs, of several candidates, or none."""

    candidates: tuple[str, ...] = ("tsiam-beside", "ssiam-beside")
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether to use refined features, and the measurements behind it."""

    better: bool
    before: float  # separation of held-out pairs by base features, 0 to 1; NaN where there are too few
    after: float
    pairs: int  # held-out pairs
    name: str = ""  # of the refinement
    others: tuple[tuple[str, float], ...] = ()  # other refinements that were tried, with their separations
    share: float = 0.0  # weight of refined features mixed with the base features, where nothing was tried
    networks: int = 0  # number of networks in that mixture

    @classmethod
    def untried(cls) -> Self:
        """The validation without any measurement: base features stay."""
        return cls(False, float("nan"), float("nan"), 0)

    @classmethod
    def mixed(cls, refined: Embeddings) -> Self:
        """The validation where refined features are further views of the embeddings."""
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
    """The validation of the refinement that separates held-out pairs best, with `others` for the rest."""
    tried = {name: v for name, v in validations.items() if v.pairs}
    if not tried:
        return Validation.untried()
    best = max(tried, key=lambda name: tried[name].after)
    others = tuple((name, v.after) for name, v in tried.items() if name != best)
    return replace(tried[best], name=best, others=others)


def pair_cosines(
    embeddings: Embeddings, constraints: Constraints
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosines of positive pairs (the two halves of a track) and of negative pairs (co-occurring tracks)."""
    count = int(max(embeddings.track.max(initial=-1), constraints.cannot.max(initial=-1))) + 1
    first, second = np.zeros((count, 2, embeddings.vector.shape[1])), np.zeros(count, np.int64)
    faces = unit(embeddings.vector)
    for track, vector, quality in zip(embeddings.track, faces, embeddings.quality, strict=True):
        first[track, second[track] % 2] += quality * vector
        second[track] += 1
    halves = first[np.any(first, axis=2).all(axis=1)]  # without halves of blurred faces only
    whole = first.sum(1)
    a, b = constraints.cannot.T
    finite = np.any(whole[a], axis=1) & np.any(whole[b], axis=1)
    positive = _cosine(halves[:, 0], halves[:, 1])
    return positive, _cosine(whole[a[finite]], whole[b[finite]])


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float32]:
    length = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(1) / np.maximum(length, 1e-12), np.float32)


def separation(positive: NDArray[np.floating], negative: NDArray[np.floating]) -> float:
    """The area under ROC: the share of (positive, negative) pairs that the cosine orders right.

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
    """Cosines of the hardest pairs of faces: the least alike of a track, and the most alike of two tracks.

    A positive pair has a face of a track's first half and a face of its second half, in tracks of four faces
    and more; a negative pair has faces of two co-occurring tracks. Means of tracks are separated without
    error in almost every film, and so show no difference between features; these pairs do.
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
    """Two-fold cross-validation over shots: learn from half of the shots, measure hard pairs of the others.

    Base features stay unless the refinement corrects a clear share of the wrongly ordered pairs: a refinement
    that gains little there may still confuse people who never co-occur, for which no pairs are known.

    Args:
        refine: (faces to learn from, their constraints, faces to refine) -> refined faces.
        shot: (t,) the shot of each track; co-occurring tracks share a shot, so no pair is in both folds.
        least: number of positive and of negative pairs below which the result is `untried`.
        share: least share of the error (1 - separation) that must be corrected.
    """
    fold = np.unique(shot, return_inverse=True)[1] % 2
    halves = [_of_fold(embeddings, constraints, fold == side) for side in (0, 1)]
    before = [hard_pairs(*half) for half in halves]
    if any(sum(len(pair[i]) for pair in before) < least for i in (0, 1)):
        return Validation.untried()
    try:
        after = [hard_pairs(refine(*halves[1 - side], halves[side][0]), halves[side][1]) for side in (0, 1)]
    except InputError:  # half of the film has too few faces to learn from
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
