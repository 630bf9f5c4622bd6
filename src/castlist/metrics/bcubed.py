"""B-cubed precision and recall: means over all items of a clustering."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from castlist.metrics.contingency import Contingency, Ratio, contingency

__all__ = ["BCubed", "b_cubed", "b_cubed_ratios", "harmonic"]


@dataclass(frozen=True, slots=True)
class BCubed:
    """B-cubed precision, recall and their harmonic mean, 0 to 1."""

    precision: float
    recall: float
    f1: float


def b_cubed(truth: ArrayLike, label: ArrayLike, *, weight: ArrayLike | None = None) -> BCubed:
    """Mean over items: the share of its cluster that shows its person, and of its person in its cluster.

    The element-weighted form of Bagga and Baldwin (1998), as in the ACCIO tables: an item counts itself, so
    neither value is ever 0.

    Args:
        truth: (n,) the true person of each item.
        label: (n,) the cluster of each item.
        weight: (n,) weight of each item: 3 is the same as the item written three times.

    >>> b_cubed(["ann", "ann", "bob", "bob"], [0, 0, 0, 0])
    BCubed(precision=0.5, recall=1.0, f1=0.6666666666666666)
    """
    precision, recall = b_cubed_ratios(contingency(truth, label, weight=weight))
    return BCubed(precision.value, recall.value, harmonic(precision.value, recall.value))


def b_cubed_ratios(table: Contingency) -> tuple[Ratio, Ratio]:
    """Precision and recall as sums over items, with the total weight."""
    square = table.weight**2
    precision = (square / table.of_cluster[table.column]).sum()
    recall = (square / table.of_person[table.row]).sum()
    return Ratio(float(precision), table.total), Ratio(float(recall), table.total)


def harmonic(a: float, b: float) -> float:
    """The harmonic mean of two values, 0 where both are 0."""
    return 2 * a * b / (a + b) if a + b else 0.0
