"""Membership confidence: the probability that a track shows its person, from that person's other tracks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.cluster.calibrate import Calibration
from castlist.cluster.group_linkage import Scale
from castlist.cluster.likeness import Likeness
from castlist.cluster.links import cannot_table
from castlist.cluster.whiten import measure, whitened
from castlist.errors import InputError
from castlist.types import NOISE, Clustering, Constraints, Embeddings

__all__ = ["SURENESS", "membership_confidence", "membership_odds", "shares"]

SURENESS = 0.8  # factor of log odds: tracks of one scene share light and pose, so their errors are dependent
SURPRISES = 0.03  # share of wrong links among the surest: .05 in labelled films, .01 in track sets


@typed_arguments
def membership_confidence(
    embeddings: Embeddings, constraints: Constraints, clustering: Clustering
) -> NDArray[np.float64]:
    """(t,) the probability that each track shows its person, against all other people and a new person.

    A track is compared with the other tracks of its person. For a person of one track, it is the probability
    that this track shows none of the other people. Must-linked tracks have 1; cannot-linked people are
    excluded; NOISE and tracks without a face have 0.

    Raises:
        InputError: the clustering has fewer tracks than the embeddings.
    """
    likeness, faces = Likeness.from_embeddings(embeddings)
    if len(clustering) < len(faces):
        raise InputError(f"the clustering has {len(clustering)} tracks, the embeddings name {len(faces)}")
    probability = np.zeros(len(clustering))
    rows = np.flatnonzero((faces > 0) & (clustering.label[: len(faces)] != NOISE))
    if not len(rows):
        return probability
    label = np.unique(clustering.label[rows], return_inverse=True)[1].astype(np.int64)
    prior = Calibration.fit(embeddings, constraints).scale
    cosine = whitened(likeness[rows], label)
    odds = membership_odds(cosine, label, measure(cosine, label, prior))
    place = np.full(len(clustering), -1)
    place[rows] = np.arange(len(rows))
    cannot = constraints.cannot[(constraints.cannot < len(place)).all(axis=1)]
    person = np.full(len(place), -1)
    person[rows] = label
    apart = cannot_table(cannot, place, person, odds.shape)
    apart[np.arange(len(rows)), label] = False
    odds[apart] = -np.inf
    probability[rows] = (1 - SURPRISES) * _share(SURENESS * odds, label)
    linked = constraints.must.ravel()
    probability[linked[linked < len(clustering)]] = 1.0
    return probability


def membership_odds(
    cosine: NDArray[np.float32], label: NDArray[np.int64], scale: Scale
) -> NDArray[np.float64]:
    """(t, p) log odds that each track shows each person, from the person's other tracks; -inf without any."""
    t, p = len(label), int(label.max()) + 1
    same_person = np.zeros((t, p))
    same_person[np.arange(t), label] = 1
    count = same_person.sum(axis=0) - same_person
    total = np.asarray(cosine, np.float64) @ same_person - same_person * np.diagonal(cosine)[:, None]
    self_sum = np.bincount(label, np.diagonal(cosine), minlength=p)
    inside = (same_person * (total + same_person * np.diagonal(cosine)[:, None])).sum(axis=0) - self_sum
    inside = inside - 2 * same_person * total
    length = np.sqrt(np.maximum(inside + self_sum - same_person * np.diagonal(cosine)[:, None], 1e-9))
    many = np.maximum(count, 1)
    level = scale.level(inside, count) * (scale.same - scale.other)
    odds = scale.log_odds(total / many, level, length / many) + np.log(many)
    odds[count == 0] = -np.inf
    return np.asarray(odds, np.float64)


def shares(odds: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(t, p) probability of each person and (t,) of a new person, from log odds against a new person."""
    top = np.maximum(odds.max(axis=1, keepdims=True), 0.0)
    each, rest = np.exp(odds - top), np.exp(-top)
    total = each.sum(axis=1, keepdims=True) + rest
    return np.asarray(each / total), np.asarray((rest / total)[:, 0])


def _share(odds: NDArray[np.float64], label: NDArray[np.int64]) -> NDArray[np.float64]:
    """(t,) probability of each track's own person; for a person of one track, that of a new person."""
    each, rest = shares(odds)
    alone = np.bincount(label)[label] == 1
    return np.asarray(np.where(alone, rest, each[np.arange(len(label)), label]))
