"""The similarity of two members from their prototypes, calibrated to a probability.

A member is never reduced to one mean vector. The score of two sets of prototypes is the mean of two cosines:
that of the sets' means, which averages noise away, and that of the most alike tenth of all pairs, which finds
the pose and light that both sets have. The two cosines err in different cases. The faces of a library may
have more in common than all faces have for the model (a drawn world, old film stock, one camera): this common
part is subtracted first.
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

ALIKE = 10  # one in so many pairs of prototypes counts among the most alike
OTHER_WORTH = 20.0  # pairs of a library that the model's prior of two people counts as
SAME_WORTH = 20.0  # pairs that the prior of one person counts as; few pairs are certain, so this moves slowly
WIDER = 1.3  # one person's cosines spread wider between films than between two pictures of a day
OTHER_ANCHOR = 3.0  # pairs of a library that the prior's mean of two people counts as: films differ by more
MIRRORS = 0.03  # share of co-occurring pairs that are one person: mirrors, split screens
ROUNDS = 30  # iterations of expectation maximisation
# Prior share of one person among pairs of people of two films, and the pairs of a library that it counts as.
SAME_SHARE, SHARE_WORTH = 0.05, 20
# Pictures taken on different days, as the faces of two films are: half of the people of LFW (1,070 aligned
# pictures of 250 people). `cluster.calibrate` has the priors of tracks of one film.
PRIORS = {
    "sface": Prior(0.68, 0.10, 0.11, 0.087),
    "arcface-mbf": Prior(0.60, 0.115, 0.007, 0.066),
}
UNKNOWN = Prior(0.6, 0.12, 0.1, 0.09)  # for a model without a measured prior
LEAST_PEOPLE = 50  # least number of people to choose from: a library of three films knows few of all people
RECURS = 0.5  # expected share of the people of a further film that are in the library already
# Correlation of two scores of the same two people that share a picture, and that share none: the means of one
# person's (.49, .25) and two people's (.64, .42) correlations on LFW (289 people with four pictures each).
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
    """The scores of pairs of sets of unit vectors, each computed once, when it is needed."""

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
    """The number of independent scores that the mean of (rows, columns) scores is worth.

    By the variance of the mean of correlated scores. Each side is one person, in so many films.
    """
    shared, unshared = rows + columns - 2, (rows - 1) * (columns - 1)
    return rows * columns / (1 + SHARED * shared + UNSHARED * unshared)


def posterior(log_odds: ArrayLike, people: int) -> NDArray[np.float64]:
    """The probability that a person is a given one of so many people.

    Args:
        log_odds: natural log odds of the evidence.
        people: number of people to choose from: among more people, more look alike by chance.
    """
    odds = np.asarray(log_odds) + np.log(RECURS / max(people, LEAST_PEOPLE))
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -500, 500))))


@dataclass(frozen=True, eq=False, slots=True)
class CommonPart:
    """The part that faces of a library have in common, beyond that of faces the model was measured on.

    A part that all vectors share does not identify a person, but faces have more or less of it, which changes
    cosines. Subtracting the mean is usual before vectors of another domain are compared (speaker recognition:
    Garcia-Romero and Espy-Wilson 2011); here only the excess over the model's own mean is subtracted.
    """

    vector: NDArray[np.float32]  # (d,) subtracted from every unit vector

    @classmethod
    def of(cls, model: str, films: Sequence[Sequence[NDArray[np.float32]]]) -> CommonPart:
        """The common part of sets of unit vectors.

        Args:
            films: for each film, one set of vectors for each person. The common part is measured within
                films, as the people of one film are different people.
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
    """The evidence of a score about two people of two films.

    The scores of one person and of two people have a normal distribution each. Both begin at the model's
    prior and are fitted to the library. Nearly all pairs of people of two films are two people, and those who
    co-occur certainly are; a common part that remains moves both distributions alike.
    """

    same_mean: float
    same_std: float
    other_mean: float
    other_std: float

    @classmethod
    def fit(cls, model: str, pairs: ArrayLike, apart: ArrayLike = ()) -> ScoreOdds:
        """Fit to the scores of a library by expectation maximisation.

        Args:
            model: name of the model that made the vectors.
            pairs: (p,) scores of pairs of people of different films.
            apart: (q,) scores of pairs of people who co-occur.
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
        """(p,) density of one person's scores at the scores x (p,); constant above their mean."""
        z = np.minimum(x - self.same_mean, 0) / self.same_std
        return np.asarray(np.exp(-0.5 * z**2) / self.same_std)

    def density_other(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """(p,) density of two people's scores at the scores x (p,); constant below their mean."""
        z = np.maximum(x - self.other_mean, 0) / self.other_std
        return np.asarray(np.exp(-0.5 * z**2) / self.other_std)

    @property
    def middle(self) -> float:
        """The score that is evidence neither for one person nor for two."""
        spread = self.same_std + self.other_std
        return (self.same_mean * self.other_std + self.other_mean * self.same_std) / spread

    def log_odds(self, score: ArrayLike) -> NDArray[np.float64]:
        """Log odds of one person, natural; rises with the score: both distributions get one common width."""
        gap = self.same_mean - self.other_mean
        return np.asarray(
            gap / (self.same_std * self.other_std) * (np.asarray(score, np.float64) - self.middle)
        )


def _shifted(prior: Prior, other_mean: float, other_std: float) -> ScoreOdds:
    """The prior where a part common to all faces moves the mean score of two people to `other_mean`.

    A common part of squared length c makes a cosine x into (x + c) / (1 + c).
    """
    common = max(0.0, (other_mean - prior.other_mean) / max(1 - other_mean, 0.05))
    same_mean = (prior.same_mean + common) / (1 + common)
    return ScoreOdds(same_mean, WIDER * prior.same_std / (1 + common), other_mean, other_std)


def _two(prior: Prior, x: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and deviation of two people's scores; the prior counts less for the mean."""
    n = weight.sum()
    mean = float((weight @ x + OTHER_ANCHOR * prior.other_mean) / (n + OTHER_ANCHOR))
    spread = weight @ (x - mean) ** 2 + OTHER_WORTH * prior.other_std**2
    return mean, float(np.sqrt(spread / (n + OTHER_WORTH)))


def _step(now: ScoreOdds, x: NDArray[np.float64], chance: NDArray[np.float64]) -> ScoreOdds:
    """The distribution with one person's mean updated by the pairs, each weighted by its probability."""
    n = chance.sum() + SAME_WORTH
    mean = float((chance @ x + SAME_WORTH * now.same_mean) / n)
    return ScoreOdds(mean, now.same_std, now.other_mean, now.other_std)
