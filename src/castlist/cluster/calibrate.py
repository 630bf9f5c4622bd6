"""Cosines -> probabilities: what this film's own pairs say about one person and two."""

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
    """Cosines of a model's unit vectors on other data: of two pictures of one person, and of two people."""

    same_mean: float
    same_std: float
    other_mean: float
    other_std: float
    worth: float = 20.0  # pairs of a film that it counts for, of two people
    same_worth: float = 20.0  # and of one person
    other_worth: float = 120.0  # and of two people's mean, where nobody is seen with anybody
    # By how much two people's mean is higher where one person's is: in 24 drawn films, it is .20 to .41 and
    # one person's .78 to .90. B-cubed F over these differs by .01 for .6 to 1.
    other_rise: float = 0.75


# SFace: cosines of track means in six labelled television clips and films (docs/cluster.md says which and
# how it does on the others). ArcFace: half of the people of LFW, one picture a vector.
PRIORS = {
    "sface": Prior(0.55, 0.15, 0.15, 0.11),
    "arcface-mbf": Prior(0.60, 0.115, 0.007, 0.066),
}
EMPTY = np.zeros(0)
# Pairs of a film that the prior's mean of two people counts for: this in a film of many pairs seen together.
# Each such pair lowers what it counts for without any (`Prior.other_worth`) to the given part. Without them
# there may be one person only, whose pairs would be taken for two people's.
OTHER_PAIRS, OTHER_FADE = 1.0, 0.8
UNLIKE_PRIOR = 20.0  # most that it counts for in films unlike those that the prior was measured on
FILM_SPREAD = 0.15  # deviation of two people's mean cosine between films
GROUP_ODDS = -2.0  # log odds of a second track for a person of one; -2.5 to -1 differ by .008 of F on films
# Share of the pairs of tracks that are one person, below which everybody is in the film about once. It is
# found to be .005 and more in labelled films, also at half their size, blurred, grey and mirrored (.0008 in
# one of six at a very low bit rate), and less than .001 of one photograph each of 60 people and more.
RARE_SHARE = 0.002
SHORT_FILM = 65  # tracks up to which that holds: the most that the films have on which it was chosen
# How far a person is from herself in two scenes (1 - cosine), for the two halves of a track being 1 apart:
# 2.2 to 2.7 in films whose tracks are clear, drawn ones included; films of noisy tracks stay with the prior.
SCENES_APART = 2.5
HALVES_WORTH = 8.0  # pairs of a film that this counts for: less than what other films say
HALF = 3  # faces of a half at most: a track of a minute is no more even than one of ten seconds
USUAL_HALVES = 0.8  # median cosine of the two halves of a track in labelled films, ...
USUAL_TRACKS = 0.5  # ... and tracks of a film that it counts for
MIRRORS = 0.03  # share of tracks seen together that are one person: mirrors, split screens


@dataclass(frozen=True, slots=True)
class Calibration:
    """A probability that two tracks are one person, given the cosine of their mean vectors.

    `fit` finds two normal distributions of cosines in the film: of two people (from cannot-linked tracks and
    the model's prior) and of one person (by expectation maximisation over all pairs, between that of two
    people and that of the two halves of a track, which look more alike than a person in two scenes).
    [Brümmer, Garcia-Romero, "Generative modelling for unsupervised score calibration", ICASSP 2014]
    """

    same_mean: float = 0.6
    same_std: float = 0.12
    other_mean: float = 0.05
    other_std: float = 0.08
    share: float = 0.2  # of the pairs of tracks that are one person
    evenness: float = 1.0  # how much less a person's groups differ than those of other films, 0 to 1
    within: NDArray[np.float64] = field(default_factory=lambda: EMPTY)  # cosines of the halves of tracks
    apart: NDArray[np.float64] = field(default_factory=lambda: EMPTY)  # cosines of cannot-linked tracks
    tracks: int = 0  # with a face, in the film

    def log_odds(self, cosine: ArrayLike) -> NDArray[np.float64]:
        """Evidence that two tracks are one person: log of the odds, natural, the share not counted.

        Rises with the cosine everywhere: the two normals are compared at one common width.
        """
        c = np.asarray(cosine, np.float64)
        gap = self.same_mean - self.other_mean
        middle = (self.same_mean * self.other_std + self.other_mean * self.same_std) / (
            self.same_std + self.other_std
        )
        return np.asarray(gap / (self.same_std * self.other_std) * (c - middle))

    @property
    def scale(self) -> Scale:
        """The calibration as the linkage by evidence takes it.

        The share of single pairs says little of groups, which are few for each person: counted in full it
        left the people of labelled films in many parts. Only a share below RARE_SHARE counts, of films in
        which everybody is seen about once. Groups start at `GROUP_ODDS`; in a film of more tracks than usual
        at less, so that a person's share of the tracks counts and not their number: nine times as many
        tracks of the same people do not make it likelier that two of them are one.
        """
        spread = SAME_SPREAD * self.evenness
        odds = GROUP_ODDS - float(np.log(max(1.0, self.tracks / SHORT_FILM)))
        odds -= float(np.log(max(1.0, RARE_SHARE / self.share)))
        return Scale(self.same_mean, self.other_mean, self.other_std, odds, spread)

    def probability(self, cosine: ArrayLike) -> NDArray[np.float64]:
        """The probability that two tracks with this cosine are one person."""
        odds = self.log_odds(cosine) + np.log(self.share / (1 - self.share))
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -500, 500))))

    @classmethod
    def fit(cls, embeddings: Embeddings, constraints: Constraints, prior: Prior | None = None) -> Self:
        """The calibration of this film; `prior` is that of `embeddings.model` unless given."""
        likeness, faces = Likeness.from_embeddings(embeddings)
        within, apart = halves(first_view(embeddings)), _apart(likeness, faces, constraints)
        prior = prior or PRIORS.get(embeddings.model) or _guess(within, apart)
        pairs = _all_pairs(likeness, np.flatnonzero(faces))
        ceiling = float(np.median(within)) if len(within) > 10 else max(prior.same_mean, 0.8)
        fitted = _mixture(pairs, _believed(apart, prior), _of_these_tracks(prior, within), ceiling)
        evenness = min(1.0, (1 - fitted.same_mean) / max(1 - prior.same_mean, 0.05))
        return cls(*fitted, evenness, within, apart, int(np.count_nonzero(faces)))


def _of_these_tracks(prior: Prior, within: NDArray[np.float64]) -> Prior:
    """The prior where tracks are as even in themselves as these: the mean cosines may be higher.

    Faces that hardly change within a track (drawn, sharp, evenly lit) change less between scenes too, and
    have more in common with other people's.
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
    """Cosine of each track's first and last faces, for tracks of four faces and more.

    First and last are half of its faces each, HALF of them at most.
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
    """Likeness of all pairs, or of an even sample of the tracks where there are too many."""
    step = max(1, int(np.ceil(len(rows) / np.sqrt(2 * MAX_PAIRS))))
    rows = rows[::step]
    return np.asarray(likeness[rows].matrix()[np.triu_indices(len(rows), 1)], np.float64)


def _guess(within: NDArray[np.float64], apart: NDArray[np.float64]) -> Prior:
    """What any model's cosines look like, from this film's pairs where it has some."""
    same = float(np.median(within)) if len(within) else 0.6
    other = float(np.median(apart)) if len(apart) else min(0.05, same - 0.1)
    spread = max(same - other, 0.1)
    return Prior(
        other + 0.8 * spread, 0.2 * spread, other, 0.15 * spread,
        worth=2.0, same_worth=2.0, other_worth=UNLIKE_PRIOR, other_rise=0.0,
    )  # fmt: skip


def _believed(apart: NDArray[np.float64], prior: Prior) -> NDArray[np.float64]:
    """Cosines of tracks seen together, without those that a mirror or a split screen explains better.

    One person seen twice at once is as alike as a person can be, and rare.
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
    """The two normals of which all pairs' cosines are a mixture.

    Expectation maximisation of two normals over the cosines of all pairs of tracks, those seen together
    (`apart`) known to be two people. Films differ from one another (a drawn one, an old one, one shot at
    night) by more than pairs of people within a film do: of two people's mean the prior is worth one pair
    where many are seen together, and what shifts it is taken for something that all faces of the film have
    in common (`_shifted`).
    """
    here = _shifted(prior, *_two_people(apart, apart[:0], apart[:0], prior))
    same_mean, same_std, share = min(here.same_mean, ceiling), here.same_std, 0.1
    for _ in range(50 if len(pairs) else 0):
        same = share * _normal(pairs, same_mean, same_std)
        chance = same / (same + (1 - share) * _normal(pairs, here.other_mean, here.other_std) + 1e-300)
        share = min(float((chance.sum() + 1) / (len(pairs) + 10)), 0.9)
        here = _shifted(prior, *_two_people(apart, pairs, 1 - chance, prior))
        n, at = chance.sum() + prior.same_worth, min(here.same_mean, ceiling)
        same_mean = float((chance @ pairs + prior.same_worth * at) / n)
        spread = chance @ (pairs - same_mean) ** 2 + prior.same_worth * here.same_std**2
        same_std = float(np.sqrt(spread / n))
    return _PairMixture(same_mean, same_std, here.other_mean, here.other_std, share)


def _shifted(prior: Prior, other_mean: float, other_std: float) -> Prior:
    """The prior where all faces have something in common that carries two people's mean cosine there.

    A common part of squared length c makes a cosine x into (x + c) / (1 + c).
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
    """Mean and deviation of two people's cosines: known pairs, weighted unknown ones, and the prior."""
    n = len(apart) + weight.sum()
    anchor = OTHER_PAIRS + prior.other_worth * OTHER_FADE ** len(apart)
    mean = float((apart.sum() + weight @ pairs + anchor * prior.other_mean) / (n + anchor))
    spread = ((apart - mean) ** 2).sum() + weight @ (pairs - mean) ** 2
    return mean, float(np.sqrt((spread + prior.worth * prior.other_std**2) / (n + prior.worth)))


def _normal(x: NDArray[np.float64], mean: float, std: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-0.5 * ((x - mean) / std) ** 2) / std)
