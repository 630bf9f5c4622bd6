"""Scores from information theory: mutual information of clusters and persons, and V-measure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import one_of
from castlist.metrics.contingency import Contingency, Ratio, contingency

__all__ = [
    "EntropyMean",
    "Information",
    "VMeasure",
    "information",
    "normalized_mutual_information",
    "v_measure",
]


@dataclass(frozen=True, slots=True)
class VMeasure:
    """Homogeneity (a cluster has one person), completeness (a person has one cluster), harmonic mean."""

    homogeneity: float
    completeness: float
    v: float


@dataclass(frozen=True, slots=True)
class Information:
    """Mutual information and both entropies, in nats times the weight, so that they add up in a corpus."""

    mutual: float
    person: float  # entropy of the persons
    cluster: float  # entropy of the clusters

    def __add__(self, other: Information) -> Information:
        return Information(
            self.mutual + other.mutual, self.person + other.person, self.cluster + other.cluster
        )

    @property
    def arithmetic(self) -> float:
        return Ratio(self.mutual, (self.person + self.cluster) / 2).value

    @property
    def geometric(self) -> float:
        if not self.person and not self.cluster:  # one person in one cluster: no error is possible
            return 1.0
        return self.mutual / float(np.sqrt(self.person * self.cluster)) if self.mutual else 0.0

    @property
    def v_measure(self) -> VMeasure:
        return VMeasure(
            Ratio(self.mutual, self.person).value, Ratio(self.mutual, self.cluster).value, self.arithmetic
        )


class EntropyMean(StrEnum):
    """The mean of two entropies that divides a mutual information."""

    ARITHMETIC = "arithmetic"
    GEOMETRIC = "geometric"


def normalized_mutual_information(
    truth: ArrayLike,
    label: ArrayLike,
    *,
    average: EntropyMean | str = EntropyMean.ARITHMETIC,
    weight: ArrayLike | None = None,
) -> float:
    """Mutual information of persons and clusters over the mean of their entropies, 0 to 1.

    The literature has two means, with different results: BallClustering (Tapaswi et al., ICCV 2019) divides
    by the arithmetic mean, SSiam's release by the geometric mean.

    Args:
        truth: (n,) the true person of each item.
        label: (n,) the cluster of each item.
        average: mean of the entropies, "arithmetic" or "geometric".
        weight: (n,) weight of each item.
    """
    mean = one_of(EntropyMean, "average", average)
    parts = information(contingency(truth, label, weight=weight))
    return parts.arithmetic if mean == EntropyMean.ARITHMETIC else parts.geometric


def v_measure(truth: ArrayLike, label: ArrayLike, *, weight: ArrayLike | None = None) -> VMeasure:
    """Homogeneity, completeness and their harmonic mean (Rosenberg and Hirschberg, EMNLP 2007).

    The harmonic mean equals the arithmetic NMI.
    """
    return information(contingency(truth, label, weight=weight)).v_measure


def information(table: Contingency) -> Information:
    """Mutual information and entropies of a contingency table, in nats times its weight."""
    n = table.total
    person = _entropy(table.of_person)
    cluster = _entropy(table.of_cluster)
    mutual = person + cluster - _entropy(table.weight)
    if mutual < 1e-12 * max(1.0, person + cluster):  # rounding of three sums that cancel
        mutual = 0.0
    return Information(n * min(mutual, person, cluster), n * person, n * cluster)


def _entropy(count: NDArray[np.float64]) -> float:
    share = count[count > 0] / count.sum()
    return float(-(share * np.log(share)).sum()) if len(share) > 1 else 0.0
