"""The evaluation protocol, as a value that is printed with every score."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from castlist.errors import InputError, one_of
from castlist.metrics.bcubed import b_cubed_ratios, harmonic
from castlist.metrics.checked import as_array, cluster_numbers, item_weights
from castlist.metrics.contingency import Ratio, contingency
from castlist.metrics.information import Information, information
from castlist.metrics.purity import hungarian_ratio, purity_ratio
from castlist.metrics.rand import adjusted_rand_ratio
from castlist.types import NOISE

__all__ = ["UNITS", "NoiseCounts", "Protocol", "Scores", "Unit"]

NAMED = 12  # most persons that are printed by name; of more, the number is printed


class Unit(StrEnum):
    """The item of a score."""

    TRACK = "track"
    FRAME = "frame"  # only here are frames clustered one by one
    WEIGHTED = "track weighted by frames"


UNITS = tuple(Unit)


class NoiseCounts(StrEnum):
    """The treatment of items in no cluster."""

    SINGLETONS = "singletons"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Protocol:
    """The persons that are scored, the unit, and the number of clusters if it was given to the method.

    Two scores are comparable only if their protocols are equal.
    """

    unit: Unit = Unit.TRACK
    cast: tuple[str, ...] = ()  # the persons scored; empty: all persons with a label
    excluded: str = "tracks without a label"  # items removed before the method ran, in words
    clusters: int | None = None  # number of clusters given to the method; None: the method found it
    noise: NoiseCounts = NoiseCounts.SINGLETONS

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", one_of(Unit, "unit", self.unit))  # text is accepted, too
        object.__setattr__(self, "noise", one_of(NoiseCounts, "noise", self.noise))
        if self.clusters is not None and not _is_count(self.clusters):
            raise InputError(f"clusters must be a whole number, 1 or more, got {self.clusters!r}")

    def __str__(self) -> str:
        many = len(self.cast) > NAMED
        scored = f"{len(self.cast)} persons" if many else ", ".join(self.cast) or "all persons with a label"
        count = "K found by the method" if self.clusters is None else f"K = {self.clusters} given"
        return f"unit: {self.unit}; scored: {scored}; excluded: {self.excluded}; {count}; noise: {self.noise}"


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= 1)


@dataclass(frozen=True, slots=True)
class Scores:
    """All clustering scores of one labeling, as components, with their protocol.

    Scores of one protocol add up to the scores of a corpus, each a ratio of sums.
    """

    protocol: Protocol
    clusters: int  # number of clusters in the labeling, without NOISE
    purity: Ratio
    hungarian: Ratio
    b_cubed_precision: Ratio
    b_cubed_recall: Ratio
    information: Information
    rand: Ratio
    coverage: Ratio  # weight of the items that are not NOISE, of all

    @classmethod
    def of(
        cls, protocol: Protocol, truth: ArrayLike, label: ArrayLike, *, weight: ArrayLike | None = None
    ) -> Scores:
        """The scores of integer labels (NOISE allowed) against the true persons, (n,) each.

        Raises:
            InputError: lengths differ, there are no items, labels are not whole numbers, persons are
                missing, or weights are invalid.
        """
        numbers, persons = cluster_numbers(label), as_array(truth, "truth")
        weights = item_weights(weight, len(numbers))
        if persons.shape != numbers.shape:
            raise InputError(
                f"truth has {persons.size} items and label {len(numbers)}; give one of each per item"
            )
        noise = numbers == NOISE
        coverage = Ratio(float(weights[~noise].sum()), float(weights.sum()))
        distinct, labels = np.unique(numbers, return_inverse=True)
        clusters = len(np.unique(labels[~noise]))
        if protocol.noise == NoiseCounts.EXCLUDED and noise.any():
            if noise.all():
                raise InputError("nothing to score: no item is in a cluster, and noise is excluded")
            persons, labels, weights = persons[~noise], labels[~noise], weights[~noise]
        else:
            labels = np.where(noise, len(distinct) + np.cumsum(noise), labels)
        table = contingency(persons, labels, weight=weights)
        precision, recall = b_cubed_ratios(table)
        purity, hungarian = purity_ratio(table), hungarian_ratio(table)
        rand = adjusted_rand_ratio(table)
        return cls(
            protocol, clusters, purity, hungarian, precision, recall, information(table), rand, coverage
        )

    def __add__(self, other: Scores) -> Scores:
        if self.protocol != other.protocol:
            raise InputError("scores of two protocols cannot be added; score both sets the same way")
        return Scores(
            self.protocol,
            self.clusters + other.clusters,
            self.purity + other.purity,
            self.hungarian + other.hungarian,
            self.b_cubed_precision + other.b_cubed_precision,
            self.b_cubed_recall + other.b_cubed_recall,
            self.information + other.information,
            self.rand + other.rand,
            self.coverage + other.coverage,
        )

    @property
    def b_cubed_f1(self) -> float:
        return harmonic(self.b_cubed_precision.value, self.b_cubed_recall.value)

    def values(self) -> dict[str, float]:
        """All scores by name, as plain numbers, for a table or a file."""
        return {
            "wcp": self.purity.value,
            "hungarian": self.hungarian.value,
            "b_cubed_precision": self.b_cubed_precision.value,
            "b_cubed_recall": self.b_cubed_recall.value,
            "b_cubed_f1": self.b_cubed_f1,
            "nmi_arithmetic": self.information.arithmetic,
            "nmi_geometric": self.information.geometric,
            "homogeneity": self.information.v_measure.homogeneity,
            "completeness": self.information.v_measure.completeness,
            "v_measure": self.information.v_measure.v,
            "ari": self.rand.value,
            "coverage": self.coverage.value,
            "clusters": float(self.clusters),
        }

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {value:.4g}" for name, value in self.values().items())
        return f"{parts} ({self.protocol})"
