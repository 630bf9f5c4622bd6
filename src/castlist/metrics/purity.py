"""Clustering accuracy as in the SSiam slides, and a stricter one with at most one cluster for each person."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from castlist.metrics.contingency import Contingency, Ratio, contingency

__all__ = ["hungarian_accuracy", "hungarian_ratio", "purity_ratio", "weighted_cluster_purity"]


def weighted_cluster_purity(truth: ArrayLike, label: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """The share of items that belong to the commonest person of their cluster, 0 to 1.

    It is the "clustering accuracy" of SSiam and TSiam (Sharma et al., FG 2019), elsewhere weighted cluster
    purity (WCP). Several clusters may belong to one person, so it never falls when clusters are split: report
    it with the number of clusters.

    Args:
        truth: (n,) the true person of each item.
        label: (n,) the cluster of each item.
        weight: (n,) weight of each item.

    >>> weighted_cluster_purity(["ann", "ann", "bob", "bob"], [0, 0, 0, 1])
    0.75
    """
    return purity_ratio(contingency(truth, label, weight=weight)).value


def hungarian_accuracy(truth: ArrayLike, label: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """The share of items in the right cluster when each person gets at most one cluster, 0 to 1.

    The best one-to-one match of persons and clusters (Kuhn 1955; "bestMap" in older releases). Never
    above `weighted_cluster_purity`.

    >>> hungarian_accuracy(["ann", "ann", "ann", "bob"], [0, 0, 1, 2])
    0.75
    """
    return hungarian_ratio(contingency(truth, label, weight=weight)).value


def purity_ratio(table: Contingency) -> Ratio:
    """Weight of the commonest person of every cluster, of the total weight."""
    largest = np.zeros(len(table.cluster))
    np.maximum.at(largest, table.column, table.weight)
    return Ratio(float(largest.sum()), table.total)


def hungarian_ratio(table: Contingency) -> Ratio:
    """Weight in the best one-to-one match, of the total weight."""
    from scipy.optimize import linear_sum_assignment

    count = table.count
    row, column = linear_sum_assignment(count, maximize=True)
    return Ratio(float(count[row, column].sum()), table.total)
