"""Precision, recall and F1 of each person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.metrics.contingency import contingency

__all__ = ["PersonScores", "person_scores"]


@dataclass(frozen=True, eq=False, slots=True)
class PersonScores:
    """One row for each person, sorted by name."""

    person: NDArray[np.generic]  # (p,) the persons' labels
    precision: NDArray[np.float64]  # (p,) of the items in the person's clusters; 0 without a cluster
    recall: NDArray[np.float64]  # (p,) of the person's items
    f1: NDArray[np.float64]  # (p,)
    weight: NDArray[np.float64]  # (p,) total weight of the person's items

    def __len__(self) -> int:
        return len(self.person)


def person_scores(truth: ArrayLike, label: ArrayLike, *, weight: ArrayLike | None = None) -> PersonScores:
    """Precision, recall and F1 of each person, where each cluster belongs to its commonest person.

    Of two equally common persons the first in sorted order gets the cluster. A person without a cluster has 0
    in all columns. The macro scores of SSiam's release are the unweighted means of these columns.

    Args:
        truth: (n,) the true person of each item.
        label: (n,) the cluster of each item.
        weight: (n,) weight of each item.
    """
    table = contingency(truth, label, weight=weight)
    persons = len(table.person)
    count = table.count
    owner = count.argmax(axis=0)  # (c,) the person of each cluster
    right = np.bincount(owner, count.max(axis=0), persons)
    claimed = np.bincount(owner, table.of_cluster, persons)
    totals = table.of_person
    precision = np.divide(right, claimed, out=np.zeros(persons), where=claimed > 0)
    recall = right / totals
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros(persons), where=total > 0)
    return PersonScores(table.person, precision, recall, f1, totals)
