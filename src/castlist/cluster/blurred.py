"""Tracks too blurred to be linked: each joins the person it most likely shows; none makes a new person."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.cluster.calibrate import Calibration
from castlist.cluster.confidence import SURENESS, shares
from castlist.cluster.group_linkage import Scale
from castlist.cluster.hints import Hints
from castlist.cluster.links import cannot_table
from castlist.cluster.means import track_labels, track_means
from castlist.types import NOISE, Constraints, Embeddings
from castlist.vectors import shaped

__all__ = ["BlurredJoined", "join_blurred"]

JOINED = 0.5  # probability from which a blurred track joins a person: likelier than all alternatives together
USUAL_PAIRS = 20.0  # weight of the clear tracks' scale, in pairs of a blurred track and a person
DEVIATION = 1.4826  # of a normal distribution, for a median absolute deviation of 1


class BlurredJoined(NamedTuple):
    """The people with the blurred tracks that joined them."""

    label: NDArray[np.int64]  # (t,) the given labels; a blurred track that joined has its person's label
    probability: NDArray[np.float64]  # (t,) that a blurred track that joined shows its person; else NaN


@typed_arguments
def join_blurred(
    embeddings: Embeddings,
    constraints: Constraints,
    label: NDArray[np.int64],
    blurred: NDArray[np.bool_],
    hints: NDArray[np.float32] | None = None,
) -> BlurredJoined:
    """The labels, where each blurred track has the label of a person that it more likely shows than not.

    Blurred faces look like each other, and more like other people than clear faces do. So the mean and the
    deviation of two people's cosines are measured again on the blurred tracks (median and median absolute
    deviation over all people), and mixed with those of the clear tracks. Only clear tracks define the
    people: a blurred track has no weight when another track is placed. Cannot-links hold.

    Args:
        embeddings: faces of clear and of blurred tracks.
        label: (t,) person of each clear track; NOISE for all others.
        blurred: (t,) the tracks that may join.
        hints: as for `GroupLinkage`.

    Raises:
        InputError: labels, `blurred` or hints do not match the t tracks.
    """
    label = track_labels(label, embeddings, constraints)
    blurred = shaped(blurred, np.bool_, (len(label),), "blurred")
    mean, faces = track_means(embeddings, len(label), length=True)
    clear, waiting = (label != NOISE) & (faces > 0), np.flatnonzero(blurred & (faces > 0))
    people = np.unique(label[clear])
    sureness = np.full(len(label), np.nan)
    if not len(people) or not len(waiting):
        return BlurredJoined(label, sureness)
    pairs = constraints[clear[constraints.a] & clear[constraints.b]]
    scale = Calibration.fit(embeddings[clear[embeddings.track]], pairs).scale
    column = np.where(clear, np.searchsorted(people, label), NOISE)
    odds = _log_odds(mean[clear], column[clear], mean[waiting], scale)
    if hints is not None:
        odds += Hints.from_odds(hints, len(label)).between(waiting, label, people)
    place = np.full(len(label), NOISE)
    place[waiting] = np.arange(len(waiting))
    odds[cannot_table(constraints.cannot, place, column, odds.shape)] = -np.inf
    probability = shares(SURENESS * odds)[0]
    joined, sure = label.copy(), probability.max(axis=1) >= JOINED
    joined[waiting[sure]] = people[probability[sure].argmax(axis=1)]
    sureness[waiting[sure]] = probability[sure].max(axis=1)
    return BlurredJoined(joined, sureness)


def _log_odds(
    clear: NDArray[np.float32], column: NDArray[np.int64], waiting: NDArray[np.float32], scale: Scale
) -> NDArray[np.float64]:
    """(w, p) log odds that each waiting track shows each person.

    Args:
        clear: (c, d) mean vectors of the clear tracks.
        column: (c,) person of each clear track, from 0.
        waiting: (w, d) mean vectors of the waiting tracks.
    """
    count = np.bincount(column).astype(np.float64)
    total = np.zeros((len(count), clear.shape[1]))
    np.add.at(total, column, clear.astype(np.float64))
    square = (total**2).sum(axis=1)
    length = np.sqrt(np.maximum(square, 1e-9)) / count
    cosine = waiting @ total.T / count
    scale = _blurred_scale(cosine, length, scale)
    level = scale.level(square - count, count) * scale.level(np.zeros(1), np.ones(1))
    return np.asarray(scale.log_odds(cosine, level, length) + np.log(count))


def _blurred_scale(cosine: NDArray[np.float64], length: NDArray[np.float64], scale: Scale) -> Scale:
    """The scale where one track of a pair is blurred; two people's mean and deviation never get smaller."""
    middle = float(np.median(cosine))
    spread = DEVIATION * float(np.median(np.abs(cosine - middle) / length))
    share = cosine.size / (cosine.size + USUAL_PAIRS)
    other = share * middle + (1 - share) * scale.other
    variance = share * spread**2 + (1 - share) * scale.spread**2
    return replace(scale, other=max(scale.other, other), spread=max(scale.spread, float(np.sqrt(variance))))
