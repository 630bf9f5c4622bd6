"""Ward's clustering as a scikit-learn clusterer."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import validate_data

from castlist.cluster import ward
from castlist.cluster.links import check_pairs
from castlist.errors import InputError
from castlist.types import Clustering, Tree
from castlist.vectors import unmasked

__all__ = ["Ward"]


class Ward(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Clusters by Ward's linkage, with weights and constraints.

    After `fit`, `labels_` (n,) numbers the clusters by first appearance and `linkage_` (n - 1, 4) is the
    tree in the form of `scipy.cluster.hierarchy`.

    Args:
        n_clusters: number of clusters; more remain where cannot-links require more.
    """

    def __init__(self, n_clusters: int = 2) -> None:
        self.n_clusters = n_clusters

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        weights: ArrayLike | None = None,
        cannot_link: ArrayLike | None = None,
        must_link: ArrayLike | None = None,
    ) -> Self:
        """Cluster X (n, d).

        Args:
            weights: (n,) weight of each row; a row of weight w counts as w equal rows.
            cannot_link, must_link: (q, 2) pairs of rows that must be in two clusters, or in one.

        Raises:
            ValueError: there are fewer rows than clusters, NaN, or pairs that contradict each other.
        """
        x = validate_data(
            self, unmasked(X, "X"), order="C", dtype=[np.float64, np.float32], ensure_min_samples=2
        )
        if not isinstance(self.n_clusters, int | np.integer) or not 1 <= self.n_clusters <= len(x):
            raise InputError(
                f"n_clusters must lie in 1 to {len(x)}, the number of rows, got {self.n_clusters!r}"
            )
        cannot = check_pairs(cannot_link, len(x), "cannot_link")
        must = check_pairs(must_link, len(x), "must_link")
        tree = ward(x, weights=weights, cannot=cannot, must=must)
        self.linkage_ = tree.linkage
        self.labels_ = cut(tree, self.n_clusters)
        return self


def cut(tree: Tree, clusters: int) -> NDArray[np.int64]:
    """(n,) clusters after all merges but the last `clusters` - 1, without forbidden merges."""
    n = tree.leaves
    under = np.arange(2 * n - 1)
    for i in range(n - clusters):
        if np.isfinite(tree.height[i]):
            under[tree.merge[i]] = n + i
    for node in range(2 * n - 2, -1, -1):
        under[node] = under[under[node]]
    return Clustering(under[:n].astype(np.int32)).label.astype(np.int64)
