"""Agglomeration over a full matrix of distances, for as many tracks as a film has."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Update", "agglomerate"]


class Update(StrEnum):
    """The rule for the distance between a merged cluster and a third cluster."""

    AVERAGE = "average"
    WARD = "ward"


def agglomerate(
    distance: NDArray[np.float64], weight: NDArray[np.float64], update: Update
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Merges (m, 2) and their heights (m,): each joins the closest pair still allowed, until none is allowed.

    `distance` (n, n) is symmetric, infinite between points that may not be joined, and is overwritten. The
    distance of a merged cluster to a third is the weighted mean of its parts' distances ("average"), or
    Ward's increase of the sum of squares ("ward", on squared distances times w_a w_b / (w_a + w_b)); it is
    infinite where the distance of one part is. Node n + i is merge i.  [Lance, Williams 1967; Müllner 2011]
    """
    n = len(distance)
    weight, node = weight.astype(np.float64), np.arange(n)
    np.fill_diagonal(distance, np.inf)
    nearest = distance.argmin(1) if n else np.zeros(0, np.int64)
    gap = distance[np.arange(n), nearest]
    merges: list[tuple[int, int]] = []
    heights: list[float] = []
    for step in range(n - 1):
        a = int(gap.argmin())
        between = float(gap[a])
        if not np.isfinite(between):
            break
        b = int(nearest[a])
        merges.append((int(node[a]), int(node[b])))
        heights.append(between)
        row = _joined(distance[a], distance[b], between, weight, a, b, update)
        row[a] = row[b] = np.inf
        distance[a] = distance[:, a] = row
        distance[b] = distance[:, b] = np.inf
        weight[a] += weight[b]
        node[a], gap[b] = n + step, np.inf
        changed = ((nearest == a) | (nearest == b)) & (gap < np.inf)
        changed[a] = True
        stale = changed.nonzero()[0]
        nearest[stale] = distance[stale].argmin(1)
        gap[stale] = distance[stale, nearest[stale]]
    return np.array(merges, np.int64).reshape(-1, 2), np.array(heights)


def _joined(
    to_a: NDArray[np.float64],
    to_b: NDArray[np.float64],
    between: float,
    weight: NDArray[np.float64],
    a: int,
    b: int,
    update: Update,
) -> NDArray[np.float64]:
    weight_a, weight_b = float(weight[a]), float(weight[b])
    if update == Update.AVERAGE:
        return np.asarray((weight_a * to_a + weight_b * to_b) / (weight_a + weight_b))
    total = weight_a + weight_b + weight
    row = ((weight_a + weight) * to_a + (weight_b + weight) * to_b - weight * between) / total
    return np.asarray(np.maximum(row, between))
