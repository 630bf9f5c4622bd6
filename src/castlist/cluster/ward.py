"""Ward's linkage of points without their distance matrix: exact, weighted, constrained, in O(n d) memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.cluster.duplicates import duplicate_pairs
from castlist.cluster.large.reciprocal import WARD, DenseCentres, Forest, exact_search
from castlist.cluster.links import check_pairs, must_groups
from castlist.cluster.tree import assemble, group_merges
from castlist.errors import InputError
from castlist.types import Tree
from castlist.vectors import LARGEST_WEIGHT, converted

__all__ = ["ward"]


def ward(
    points: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    cannot: ArrayLike | None = None,
    must: ArrayLike | None = None,
) -> Tree:
    """Ward's tree of points (n, d): each merge joins the allowed pair that adds least to the sum of squares.

    A point of weight w counts as w points in one place. Must-linked points are joined first, at height 0.
    Clusters that hold a cannot-linked pair are never joined at a finite height. Heights are SciPy's:
    sqrt(2 w_a w_b / (w_a + w_b)) times the distance of the centroids. The order of ties is not defined.

    Raises:
        InputError: points are not a finite table, weights are not positive, a pair names a point outside 0 to
            n - 1, or must-links and cannot-links contradict each other.
    """
    x, w = _checked(points, weights)
    n = len(x)
    cannot_pairs, must_pairs = check_pairs(cannot, n, "cannot"), check_pairs(must, n, "must")
    must_groups(n, must_pairs, cannot_pairs)  # alone first, so that an error names the links as given
    group, apart = must_groups(
        n, np.concatenate([must_pairs, duplicate_pairs(x, cannot_pairs)]), cannot_pairs
    )
    first, node = group_merges(group)
    total = np.bincount(group, w, minlength=len(node)).astype(np.float64)
    if len(first):
        centre = np.zeros((len(node), x.shape[1]))
        np.add.at(centre, group, x * w[:, None])
        x = centre / total[:, None]
    searches = (exact_search(np.float32), exact_search(np.float64))
    merge, height = Forest(DenseCentres(x), total, apart, WARD, searches).grow()
    name = np.concatenate([node, n + len(first) + np.arange(len(merge))])
    merges = np.concatenate([first, name[merge]])
    return assemble(merges, np.concatenate([np.zeros(len(first)), height]), n)


def _checked(points: ArrayLike, weights: ArrayLike | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = converted(points, np.float64, "points")
    if x.ndim != 2 or not len(x):
        raise InputError(f"points must be a table of shape (n, d) with a row at least, got shape {x.shape}")
    if not np.isfinite(x).all():
        raise InputError("points hold NaN or infinite values; remove those rows first")
    w = np.ones(len(x)) if weights is None else converted(weights, np.float64, "weights")
    if w.shape != (len(x),) or not np.all((w > 0) & (w < LARGEST_WEIGHT)):
        raise InputError(
            f"weights must be {len(x)} positive numbers below {LARGEST_WEIGHT:g}, one for each point"
        )
    x -= x.mean(0)
    return x, w
