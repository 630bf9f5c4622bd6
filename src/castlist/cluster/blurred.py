"""Tracks too blurred to be linked join the person they most likely show; nobody is made of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.calibrate import Calibration
from castlist.cluster.confidence import SURENESS
from castlist.cluster.group_linkage import Scale
from castlist.cluster.hints import Hints
from castlist.cluster.means import track_means
from castlist.types import NOISE, Constraints, Embeddings

__all__ = ["join_blurred"]

JOINED = 0.5  # probability from which a blurred track joins: likelier than all others and nobody together
USUAL_PAIRS = 20.0  # pairs of a blurred track and a person that the film's clear tracks count for
DEVIATION = 1.4826  # of a normal distribution, for a median absolute deviation of 1


def join_blurred(
    embeddings: Embeddings,
    constraints: Constraints,
    label: NDArray[np.int64],
    blurred: NDArray[np.bool_],
    hints: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """(t,) the labels, with each blurred track given that of a person where this is likelier than not.

    A blurred face is like every other blurred face, and more like anybody than a clear face is. So what two
    people's cosines are is measured anew on the blurred tracks: their median over all people and its
    deviation, mixed with those of the clear tracks. The people stay as the clear tracks made them: a
    blurred track counts for nothing when another one is judged. Cannot-links hold.

    Args:
        embeddings: faces of clear and of blurred tracks.
        label: (t,) person of each clear track; NOISE for all others.
        blurred: (t,) the tracks that may join.
        hints: as for `GroupLinkage`.
    """
    mean, faces = track_means(embeddings, len(label), length=True)
    people, clear = np.unique(label[label != NOISE]), label != NOISE
    waiting = np.flatnonzero(blurred & (faces > 0))
    if not len(people) or not len(waiting):
        return label
    pairs = constraints[clear[constraints.a] & clear[constraints.b]]
    scale = Calibration.fit(embeddings[clear[embeddings.track]], pairs).scale
    odds = _log_odds(mean, np.searchsorted(people, label), clear & (faces > 0), waiting, scale)
    if hints is not None:
        odds += Hints.of(hints, len(label)).between(waiting, label, people)
    odds[_together(constraints, label, people, waiting)] = -np.inf
    probability = _probability(SURENESS * odds)
    joined, sure = label.copy(), probability.max(axis=1) >= JOINED
    joined[waiting[sure]] = people[probability[sure].argmax(axis=1)]
    return joined


def _log_odds(
    mean: NDArray[np.float32],
    own: NDArray[np.int64],
    clear: NDArray[np.bool_],
    waiting: NDArray[np.int64],
    scale: Scale,
) -> NDArray[np.float64]:
    """(w, p) log odds of each waiting track being each person; `own` numbers the clear tracks' people."""
    p = int(own[clear].max()) + 1
    total = np.zeros((p, mean.shape[1]))
    np.add.at(total, own[clear], mean[clear].astype(np.float64))
    count = np.bincount(own[clear], minlength=p).astype(np.float64)
    many, square = np.maximum(count, 1), (total**2).sum(axis=1)
    length = np.sqrt(np.maximum(square, 1e-9)) / many
    cosine = mean[waiting] @ total.T / many
    scale = _blurred_scale(cosine[:, count > 0], length[count > 0], scale)
    level = scale.level(square - count, count) * scale.level(np.zeros(1), np.ones(1))
    odds = scale.log_odds(cosine, level, length) + np.log(many)
    odds[:, count == 0] = -np.inf
    return odds


def _blurred_scale(cosine: NDArray[np.float64], length: NDArray[np.float64], scale: Scale) -> Scale:
    """What two people's cosines are where one of the two is blurred; never less than where both are clear."""
    middle = float(np.median(cosine))
    spread = DEVIATION * float(np.median(np.abs(cosine - middle) / length))
    share = cosine.size / (cosine.size + USUAL_PAIRS)
    other = share * middle + (1 - share) * scale.other
    variance = share * spread**2 + (1 - share) * scale.spread**2
    return replace(scale, other=max(scale.other, other), spread=max(scale.spread, float(np.sqrt(variance))))


def _together(
    constraints: Constraints, label: NDArray[np.int64], people: NDArray[np.int64], waiting: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """(w, p) whether a waiting track was seen together with a person."""
    seen = np.zeros((len(waiting), len(people)), np.bool_)
    place = np.full(len(label), -1)
    place[waiting] = np.arange(len(waiting))
    for a, b in np.concatenate([constraints.cannot, constraints.cannot[:, ::-1]]):
        if place[a] >= 0 and label[b] != NOISE:
            seen[place[a], np.searchsorted(people, label[b])] = True
    return seen


def _probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """(w, p) of each person, "nobody here" having log odds of 0."""
    top = np.maximum(odds.max(axis=1, keepdims=True), 0.0)
    each = np.exp(odds - top)
    return np.asarray(each / (each.sum(axis=1, keepdims=True) + np.exp(-top)))
