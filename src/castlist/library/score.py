"""The similarity of two members from their prototypes, calibrated to a probability.

Nobody is ever reduced to one mean vector. The score of two sets of prototypes is the mean of two cosines:
that of the sets' means, which averages noise away, and that of the most alike tenth of all pairs, which
finds the pose and light that both sets have. Each errs where the other does not. What all faces of a
library have in common beyond what the model's faces always have (a drawn world, old film stock, one camera)
is subtracted first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.cluster.calibrate import Prior
from castlist.vectors import unit

__all__ = ["CommonPart", "ScoreOdds", "ScoreTable", "independent_scores", "pair_score", "posterior"]

ALIKE = 10  # one in so many pairs of prototypes counts as the most alike ones
OTHER_WORTH = 20.0  # pairs of a library that the model's prior of two people counts for
SAME_WORTH = 20.0  # pairs of one person's; few are known for sure, so this moves slowly
WIDER = 1.3  # one person's cosines spread wider between films than between two pictures of a day
OTHER_ANCHOR = 3.0  # pairs of a library that the prior's mean of two people counts for: films differ by more
MIRRORS = 0.03  # share of people seen together who are one: mirrors, split screens
ROUNDS = 30  # of expectation maximisation
# Of pairs of people of two films, the share who are one person, before anything is known, and the pairs of a
# library that this counts for.
SAME_SHARE, SHARE_WORTH = 0.05, 20
# Two pictures taken on different days, as the faces of two films are: half of the people of LFW (1,070
# aligned pictures of 250 people). `cluster.calibrate` has what tracks of one film are like.
PRIORS = {
    "sface": Prior(0.68, 0.10, 0.11, 0.087),
    "arcface-mbf": Prior(0.60, 0.115, 0.007, 0.066),
}
UNKNOWN = Prior(0.6, 0.12, 0.1, 0.09)  # for a model of which nothing is known
LEAST_PEOPLE = 50  # among whom one looks at least: a library of three films does not know who else there is
RECURS = 0.5  # of the people of a further film, the share that a library is expected to have
# How much scores of the same two people have in common, where they share a picture and where they share none:
# the means of one person's (.49, .25) and two people's (.64, .42) correlations on LFW (289 people with four
# pictures each).
SHARED, UNSHARED = 0.57, 0.33


def pair_score(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The score of two sets of unit vectors (m, d) and (n, d), -1 to 1; symmetric."""
    x, y = a.sum(0), b.sum(0)
    return _score(a, b, float(x @ y) / max(float(np.sqrt((x @ x) * (y @ y))), 1e-30))


def _score(a: NDArray[np.float32], b: NDArray[np.float32], of_means: float) -> float:
    """The mean of the cosine of two sets' means and that of their most alike pairs."""
    cosine = (a @ b.T).ravel()
    best = ceil(len(cosine) / ALIKE)
    cosine.partition(len(cosine) - best)
    return (float(cosine[len(cosine) - best :].mean()) + of_means) / 2


class ScoreTable:
    """The scores of pairs of sets of unit vectors, each made once, when it is asked for."""

    def __init__(self, sets: Sequence[NDArray[np.float32]]) -> None:
        self.sets = sets
        total = [s.sum(0) for s in sets]
        self.mean = unit(np.stack(total)) if total else np.zeros((0, 0), np.float32)  # (n, d)
        self._known: dict[tuple[int, int], float] = {}

    def of(self, a: int, b: int) -> float:
        """The score of two sets by their numbers, -1 to 1."""
        key = (a, b) if a < b else (b, a)
        if key not in self._known:
            self._known[key] = _score(
                self.sets[key[0]], self.sets[key[1]], float(self.mean[a] @ self.mean[b])
            )
        return self._known[key]


def independent_scores(rows: int, columns: int) -> float:
    """For how many independent scores the mean of (rows, columns) scores counts.

    Each side is one person, in so many films: the variance of the mean of correlated scores.
    """
    shared, unshared = rows + columns - 2, (rows - 1) * (columns - 1)
    return rows * columns / (1 + SHARED * shared + UNSHARED * unshared)


def posterior(log_odds: ArrayLike, people: int) -> NDArray[np.float64]:
    """The probability that somebody new is a given one of so many people.

    Args:
        log_odds: the evidence, natural.
        people: among whom one looks: the more there are, the more of them look alike by chance.
    """
    odds = np.asarray(log_odds) + np.log(RECURS / max(people, LEAST_PEOPLE))
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -500, 500))))


@dataclass(frozen=True, eq=False, slots=True)
class CommonPart:
    """What the faces of a library have in common beyond the faces that the model was measured on.

    A part that all vectors share says nothing about who is who, but how much of it a face has varies, and
    moves cosines. Subtracting the mean is usual before vectors of another domain are compared (speaker
    recognition: Garcia-Romero and Espy-Wilson 2011); here only the excess over the model's own mean goes.
    """

    vector: NDArray[np.float32]  # (d,) subtracted from every unit vector

    @classmethod
    def of(cls, model: str, films: Sequence[Sequence[NDArray[np.float32]]]) -> CommonPart:
        """The common part of sets of unit vectors.

        Args:
            films: of each film a set a person. What people have in common is measured within films, which
                took them for different people.
        """
        means = [unit(np.stack([s.mean(0) for s in film])) for film in films if film]
        pairs = sum(len(own) * (len(own) - 1) / 2 for own in means)
        if not pairs:
            return cls(np.zeros(1, np.float32))
        usual = PRIORS.get(model, UNKNOWN).other_mean
        alike = sum(float(np.square(own.sum(0)).sum() - len(own)) / 2 for own in means)
        common = (alike + OTHER_ANCHOR * usual) / (pairs + OTHER_ANCHOR)  # mean cosine of two people
        if common <= usual:
            return cls(np.zeros(1, np.float32))
        # With (1 - k) of the mean left, two people's mean cosine is that of the model.
        k = 1 - np.sqrt(usual * (1 - common) / (common * (1 - usual)))
        return cls((k * np.concatenate(means).mean(0)).astype(np.float32))

    def without(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(m, d) unit vectors without the common part, of length 1 again."""
        return unit(vectors - self.vector) if len(vectors) else vectors


@dataclass(frozen=True, slots=True)
class ScoreOdds:
    """What a score says about two people of two films.

    Two normal distributions of scores, of one person's and of two people's, begin at the model's prior and
    move to what the library holds. Nearly all pairs of people of two films are two people, and those seen
    together are for sure; what is left of what all films have in common moves both distributions alike.
    """

    same_mean: float
    same_std: float
    other_mean: float
    other_std: float

    @classmethod
    def fit(cls, model: str, pairs: ArrayLike, apart: ArrayLike = ()) -> ScoreOdds:
        """Fit to the scores of a library by expectation maximisation.

        Args:
            model: that made the vectors.
            pairs: (p,) scores of pairs of people of different films.
            apart: (q,) scores of pairs of people who are seen together.
        """
        prior = PRIORS.get(model, UNKNOWN)
        x, two = np.asarray(pairs, np.float64), np.asarray(apart, np.float64)
        now = _shifted(prior, prior.other_mean, prior.other_std)
        share = SAME_SHARE
        for _ in range(ROUNDS if len(x) + len(two) else 1):
            same = share * now.density_same(x)
            chance = same / (same + (1 - share) * now.density_other(x) + 1e-300)
            share = float((chance.sum() + SAME_SHARE * SHARE_WORTH) / (len(x) + SHARE_WORTH))
            mirror = MIRRORS * now.density_same(two)
            sure = 1 - mirror / (mirror + (1 - MIRRORS) * now.density_other(two) + 1e-300)
            mean, std = _two(prior, np.concatenate([x, two]), np.concatenate([1 - chance, sure]))
            now = _step(_shifted(prior, mean, std), x, chance)
        return now

    def density_same(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """(p,) density of one person's scores at the scores x (p,); above their mean as at the mean."""
        z = np.minimum(x - self.same_mean, 0) / self.same_std
        return np.asarray(np.exp(-0.5 * z**2) / self.same_std)

    def density_other(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """(p,) density of two people's scores at the scores x (p,); below their mean as at the mean."""
        z = np.maximum(x - self.other_mean, 0) / self.other_std
        return np.asarray(np.exp(-0.5 * z**2) / self.other_std)

    @property
    def middle(self) -> float:
        """The score that speaks neither for one person nor for two."""
        spread = self.same_std + self.other_std
        return (self.same_mean * self.other_std + self.other_mean * self.same_std) / spread

    def log_odds(self, score: ArrayLike) -> NDArray[np.float64]:
        """Evidence for one person, natural; rises with the score: both are compared at one common width."""
        gap = self.same_mean - self.other_mean
        return np.asarray(
            gap / (self.same_std * self.other_std) * (np.asarray(score, np.float64) - self.middle)
        )


def _shifted(prior: Prior, other_mean: float, other_std: float) -> ScoreOdds:
    """The prior where all faces share something that carries two people's mean score to `other_mean`.

    A common part of squared length c makes a cosine x into (x + c) / (1 + c).
    """
    common = max(0.0, (other_mean - prior.other_mean) / max(1 - other_mean, 0.05))
    same_mean = (prior.same_mean + common) / (1 + common)
    return ScoreOdds(same_mean, WIDER * prior.same_std / (1 + common), other_mean, other_std)


def _two(prior: Prior, x: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and deviation of two people's scores: the mean is the library's own; the deviation less so."""
    n = weight.sum()
    mean = float((weight @ x + OTHER_ANCHOR * prior.other_mean) / (n + OTHER_ANCHOR))
    spread = weight @ (x - mean) ** 2 + OTHER_WORTH * prior.other_std**2
    return mean, float(np.sqrt(spread / (n + OTHER_WORTH)))


def _step(now: ScoreOdds, x: NDArray[np.float64], chance: NDArray[np.float64]) -> ScoreOdds:
    """One person's mean moved to what the library's sure pairs have."""
    n = chance.sum() + SAME_WORTH
    mean = float((chance @ x + SAME_WORTH * now.same_mean) / n)
    return ScoreOdds(mean, now.same_std, now.other_mean, now.other_std)
