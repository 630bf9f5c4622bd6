"""Clustering accuracy as the SSiam slides use it, and the stricter one that gives each person one cluster."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from castlist.metrics.contingency import Contingency, Ratio, contingency

__all__ = ["hungarian_accuracy", "hungarian_ratio", "purity_ratio", "weighted_cluster_purity"]


def weighted_cluster_purity(truth: ArrayLike, label: ArrayLike, *, weight: ArrayLike | None = None) -> float:
    """The share of items that belong to the commonest person of their cluster, 0 to 1.

    "Clustering accuracy" of SSiam and TSiam (Sharma et al., FG 2019), weighted cluster purity (WCP)
    elsewhere. Several clusters may map to one person, so it never falls when clusters are split:
    read it beside the number of clusters.

    Args:
        truth: (n,) the true person of each item.
        label: (n,) the cluster of each item.
        weight: (n,) how often each item counts.

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
    """Weight of the commonest person of every cluster, of all weight."""
    largest = np.zeros(len(table.cluster))
    np.maximum.at(largest, table.column, table.weight)
    return Ratio(float(largest.sum()), table.total)


def hungarian_ratio(table: Contingency) -> Ratio:
    """Weight on the best one-to-one match, of all weight."""
    from scipy.optimize import linear_sum_assignment

    count = table.count
    row, column = linear_sum_assignment(count, maximize=True)
    return Ratio(float(count[row, column].sum()), table.total)
