"""Cosines -> probabilities that two tracks show one person, calibrated on the film's own pairs of tracks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.cluster.group_linkage import SAME_SPREAD, Scale
from castlist.cluster.likeness import MAX_PAIRS, Likeness, first_view
from castlist.types import Constraints, Embeddings
from castlist.vectors import unit

__all__ = ["PRIORS", "Calibration", "Prior"]


@dataclass(frozen=True, slots=True)
class Prior:
    """Mean and deviation of a face model's cosines on other data, for one person and for two people."""

    same_mean: float
    same_std: float
    other_mean: float
    other_std: float
    worth: float = 20.0  # weight of `other_std`, in pairs of the film
    same_worth: float = 20.0  # weight of `same_mean` and `same_std`, in pairs of the film
    other_worth: float = 120.0  # weight of `other_mean` without co-occurrences, in pairs of the film
    # Rise of two people's mean for each rise of one person's mean. In 24 drawn films two people's mean is .20
    # to .41, one person's .78 to .90. B-cubed F over these films differs by .01 for values of .6 to 1.
    other_rise: float = 0.75


# SFace: cosines of track means in six labelled television clips and films (docs/cluster.md names these, and
# gives the results on others). ArcFace: half of the people of LFW, one picture for each vector.
PRIORS = {
    "sface": Prior(0.55, 0.15, 0.15, 0.11),
    "arcface-mbf": Prior(0.60, 0.115, 0.007, 0.066),
}
EMPTY = np.zeros(0)
# Weight of the prior's mean of two people, in pairs of the film: OTHER_PAIRS, plus `Prior.other_worth`
# multiplied by OTHER_FADE for each co-occurring pair. A film without co-occurrences may show one person only,
# and pairs of this person would be taken for pairs of two people.
OTHER_PAIRS, OTHER_FADE = 1.0, 0.8
UNLIKE_PRIOR = 20.0  # most of `Prior.other_worth` in films unlike those that the prior was measured on
FILM_SPREAD = 0.15  # deviation of two people's mean cosine between films
# Prior log odds that a track shows a person who has one track; F on films differs by .008 over -2.5 to -1.
GROUP_ODDS = -2.0
# Share of the pairs of tracks that show one person, below which most people have one track. It is .005 and
# more in labelled films, also at half their size, blurred, grey and mirrored (.0008 in one of six at a very
# low bit rate), and less than .001 for one photograph each of 60 people and more.
RARE_SHARE = 0.002
SHORT_FILM = 65  # tracks up to which GROUP_ODDS holds unchanged: the most of any film that it was chosen on
# Distance (1 - cosine) of a person's tracks in two scenes, as a multiple of the distance of a track's halves:
# 2.2 to 2.7 in films with clear tracks, drawn films included; films with noisy tracks keep the prior.
SCENES_APART = 2.5
HALVES_WORTH = 8.0  # weight of a mean derived from SCENES_APART, in pairs of the film: less than a prior has
HALF = 3  # most faces of a half: means of more faces would make long tracks look more even than short ones
USUAL_HALVES = 0.8  # median cosine of the two halves of a track in labelled films
USUAL_TRACKS = 0.5  # weight of USUAL_HALVES, in tracks of the film
# Steps of the cosines from -1 to 1 in which the pairs of a film are counted, where there are more pairs.
STEPS = 10_000
MIRRORS = 0.03  # share of co-occurring pairs of tracks that show one person: mirrors, split screens


@dataclass(frozen=True, slots=True)
class Calibration:
    """The probability that two tracks show one person, given the cosine of their mean vectors.

    `fit` finds two normal distributions of cosines in the film: of two people (from cannot-linked tracks and
    the model's prior) and of one person (by expectation maximisation over all pairs of tracks; its prior mean
    is at most that of the two halves of a track, which look more alike than a person in two scenes).
    [Brümmer, Garcia-Romero, "Generative modelling for unsupervised score calibration", ICASSP 2014]
    """

    same_mean: float = 0.6
    same_std: float = 0.12
    other_mean: float = 0.05
    other_std: float = 0.08
    share: float = 0.2  # of the pairs of tracks that show one person
    evenness: float = 1.0  # spread of one person's groups, as a share of that in other films, 0 to 1
    within: NDArray[np.float64] = field(default_factory=lambda: EMPTY)  # cosines of the halves of tracks
    apart: NDArray[np.float64] = field(default_factory=lambda: EMPTY)  # cosines of cannot-linked tracks
    tracks: int = 0  # number of tracks with a face in the film

    def log_odds(self, cosine: ArrayLike) -> NDArray[np.float64]:
        """Natural log odds that two tracks with this cosine show one person; the prior odds are left out.

        They rise with the cosine everywhere: both normal distributions get one common width.
        """
        c = np.asarray(cosine, np.float64)
        gap = self.same_mean - self.other_mean
        middle = (self.same_mean * self.other_std + self.other_mean * self.same_std) / (
            self.same_std + self.other_std
        )
        return np.asarray(gap / (self.same_std * self.other_std) * (c - middle))

    @property
    def scale(self) -> Scale:
        """The calibration as the scale of `GroupLinkage`.

        `share` is a share of pairs of tracks. Groups are fewer, and with the full share as prior odds the
        people of labelled films stayed in many parts. So it counts only below RARE_SHARE, in films where
        most people have one track. The prior log odds are GROUP_ODDS, and less in a film of more than
        SHORT_FILM tracks, so that a person's share of the tracks counts and not their number: nine times as
        many tracks of the same people do not make it likelier that two of them show one person.
        """
        spread = SAME_SPREAD * self.evenness
        odds = GROUP_ODDS - float(np.log(max(1.0, self.tracks / SHORT_FILM)))
        odds -= float(np.log(max(1.0, RARE_SHARE / self.share)))
        return Scale(self.same_mean, self.other_mean, self.other_std, odds, spread)

    def probability(self, cosine: ArrayLike) -> NDArray[np.float64]:
        """The probability that two tracks with this cosine show one person."""
        odds = self.log_odds(cosine) + np.log(self.share / (1 - self.share))
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -500, 500))))

    @classmethod
    def fit(cls, embeddings: Embeddings, constraints: Constraints, prior: Prior | None = None) -> Self:
        """The calibration of a film; without `prior`, the prior of `embeddings.model` is used."""
        likeness, faces = Likeness.from_embeddings(embeddings)
        within, apart = halves(first_view(embeddings)), _apart(likeness, faces, constraints)
        prior = prior or PRIORS.get(embeddings.model) or _guess(within, apart)
        pairs = _all_pairs(likeness, np.flatnonzero(faces))
        ceiling = float(np.median(within)) if len(within) > 10 else max(prior.same_mean, 0.8)
        fitted = _mixture(pairs, _believed(apart, prior), _of_these_tracks(prior, within), ceiling)
        evenness = min(1.0, (1 - fitted.same_mean) / max(1 - prior.same_mean, 0.05))
        return cls(*fitted, evenness, within, apart, int(np.count_nonzero(faces)))


def _of_these_tracks(prior: Prior, within: NDArray[np.float64]) -> Prior:
    """The prior, with higher mean cosines where the faces of a track hardly change.

    Faces that hardly change within a track (drawn, sharp, evenly lit) also change less between scenes, and
    have more in common with the faces of other people.
    """
    n = len(within)
    inside = (n * float(np.median(within)) + USUAL_TRACKS * USUAL_HALVES) / (n + USUAL_TRACKS) if n else 0.0
    same_mean = 1 - SCENES_APART * (1 - inside)
    if same_mean <= prior.same_mean:
        return prior
    return replace(
        prior,
        same_mean=same_mean,
        other_mean=prior.other_mean + prior.other_rise * (same_mean - prior.same_mean),
        same_worth=min(prior.same_worth, HALVES_WORTH),
        other_worth=min(prior.other_worth, UNLIKE_PRIOR),
    )


def halves(embeddings: Embeddings) -> NDArray[np.float64]:
    """(h,) cosine of the means of a track's first and last faces, for the h tracks of four faces and more.

    First and last are half of the track's faces each, and HALF faces at most.
    """
    order = np.argsort(embeddings.track, kind="stable")
    track = embeddings.track[order]
    vectors = unit(embeddings.vector)[order]
    start = np.flatnonzero(np.diff(track, prepend=-1))
    size = np.diff(np.append(start, len(track)))
    long = size >= 4
    start, size = start[long], size[long]
    if not len(start):
        return np.zeros(0)
    half = np.minimum(size // 2, HALF)
    edges = np.stack([start, start + half, start + size - half, start + size], 1).ravel()
    sums = np.add.reduceat(vectors, edges[edges < len(vectors)], axis=0)
    return np.asarray((unit(sums[0::4]) * unit(sums[2::4])).sum(1), np.float64)


def _apart(likeness: Likeness, faces: NDArray[np.int64], constraints: Constraints) -> NDArray[np.float64]:
    pairs = constraints.cannot
    pairs = pairs[(pairs < len(faces)).all(1)]
    return likeness.pairs(pairs[(faces[pairs] > 0).all(1)])


def _all_pairs(likeness: Likeness, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """(q,) likeness of all pairs of the rows, or of evenly spaced rows where there are too many pairs."""
    step = max(1, int(np.ceil(len(rows) / np.sqrt(2 * MAX_PAIRS))))
    rows = rows[::step]
    return np.asarray(likeness[rows].matrix()[np.triu_indices(len(rows), 1)], np.float64)


def _guess(within: NDArray[np.float64], apart: NDArray[np.float64]) -> Prior:
    """A prior for a face model without one, from the film's pairs where there are any."""
    same = float(np.median(within)) if len(within) else 0.6
    other = float(np.median(apart)) if len(apart) else min(0.05, same - 0.1)
    spread = max(same - other, 0.1)
    return Prior(
        other + 0.8 * spread, 0.2 * spread, other, 0.15 * spread,
        worth=2.0, same_worth=2.0, other_worth=UNLIKE_PRIOR, other_rise=0.0,
    )  # fmt: skip


def _believed(apart: NDArray[np.float64], prior: Prior) -> NDArray[np.float64]:
    """Cosines of co-occurring tracks, without those that a mirror or a split screen explains better.

    Two tracks of one person in one frame are rare, and as alike as tracks of one person can be.
    """
    wide = float(np.hypot(prior.other_std, FILM_SPREAD))
    two = (1 - MIRRORS) * _normal(apart, prior.other_mean, wide)
    same = MIRRORS * _normal(np.minimum(apart, prior.same_mean), prior.same_mean, prior.same_std)
    return apart[two > same]


class _PairMixture(NamedTuple):
    """Means and deviations of the cosines of one person's pairs and of two people's."""

    same_mean: float
    same_std: float
    other_mean: float
    other_std: float
    share: float  # of one person's pairs among all


def _mixture(
    pairs: NDArray[np.float64], apart: NDArray[np.float64], prior: Prior, ceiling: float
) -> _PairMixture:
    """The mixture of two normal distributions that fits the cosines of all pairs of tracks.

    It is fitted by expectation maximisation; co-occurring tracks (`apart`) are known to be two people. Films
    (drawn, old, shot at night) differ from one another more than pairs of people within a film do. So the
    prior's mean of two people has the weight of one pair where many tracks co-occur, and a shift from the
    prior's mean is attributed to a part that all faces of the film have in common (`_shifted`).
    """
    here = _shifted(prior, *_two_people(apart, apart[:0], apart[:0], prior))
    same_mean, same_std, share = min(here.same_mean, ceiling), here.same_std, 0.1
    cosine, count = _counted(pairs)
    for _ in range(50 if len(pairs) else 0):
        same = share * _normal(cosine, same_mean, same_std)
        chance = same / (same + (1 - share) * _normal(cosine, here.other_mean, here.other_std) + 1e-300)
        same_count, other_count = count * chance, count * (1 - chance)
        share = min(float((same_count.sum() + 1) / (len(pairs) + 10)), 0.9)
        here = _shifted(prior, *_two_people(apart, cosine, other_count, prior))
        n, at = same_count.sum() + prior.same_worth, min(here.same_mean, ceiling)
        same_mean = float((same_count @ cosine + prior.same_worth * at) / n)
        spread = same_count @ (cosine - same_mean) ** 2 + prior.same_worth * here.same_std**2
        same_std = float(np.sqrt(spread / n))
    return _PairMixture(same_mean, same_std, here.other_mean, here.other_std, share)


def _counted(pairs: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cosines, and the number of pairs of each; with more than STEPS pairs, the mean cosine of each step.

    A film of 2,000 tracks has two million pairs, and each round computes two exponentials of every cosine.
    """
    if len(pairs) <= STEPS:
        return pairs, np.ones(len(pairs))
    step = ((np.clip(pairs, -1, 1) + 1) * (0.5 * STEPS)).astype(np.int64)
    count = np.bincount(step).astype(np.float64)
    filled = count > 0
    return np.bincount(step, pairs)[filled] / count[filled], count[filled]


def _shifted(prior: Prior, other_mean: float, other_std: float) -> Prior:
    """The prior, with a part common to all faces that moves two people's mean cosine to `other_mean`.

    A common part of squared length c changes a cosine x to (x + c) / (1 + c).
    """
    common = max(0.0, (other_mean - prior.other_mean) / max(1 - other_mean, 0.05))
    same_mean = (prior.same_mean + common) / (1 + common)
    return replace(
        prior,
        same_mean=same_mean,
        same_std=prior.same_std / (1 + common),
        other_mean=other_mean,
        other_std=other_std,
    )


def _two_people(
    apart: NDArray[np.float64], pairs: NDArray[np.float64], weight: NDArray[np.float64], prior: Prior
) -> tuple[float, float]:
    """Mean and deviation of two people's cosines, from known pairs, weighted unknown pairs and the prior."""
    n = len(apart) + weight.sum()
    anchor = OTHER_PAIRS + prior.other_worth * OTHER_FADE ** len(apart)
    mean = float((apart.sum() + weight @ pairs + anchor * prior.other_mean) / (n + anchor))
    spread = ((apart - mean) ** 2).sum() + weight @ (pairs - mean) ** 2
    return mean, float(np.sqrt((spread + prior.worth * prior.other_std**2) / (n + prior.worth)))


def _normal(x: NDArray[np.float64], mean: float, std: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-0.5 * ((x - mean) / std) ** 2) / std)
