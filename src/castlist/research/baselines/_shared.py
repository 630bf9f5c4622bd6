"""Functions that several baselines use: means, neighbours, cuts of a tree, spectral clustering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.extras import needed
from castlist.research.baselines._track_set import TrackSet

__all__ = [
    "allowed",
    "chunk_means",
    "components",
    "cut",
    "group_means",
    "hac",
    "hac_of_distances",
    "k_means",
    "neighbours",
    "pca",
    "reconcile",
    "spectral",
    "squared_distances",
    "track_set_means",
    "unit64",
]

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def unit64(x: NDArray[np.generic]) -> Floats:
    """Rows at length 1; a zero row stays zero."""
    rows = np.asarray(x, np.float64)
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def group_means(x: NDArray[np.generic], group: Labels, count: int) -> Floats:
    """(count, d) the mean row of each group; zero where a group is empty."""
    from scipy.sparse import csr_matrix

    rows = np.arange(len(x))
    sums = csr_matrix((np.ones(len(x)), (group, rows)), shape=(count, len(x))) @ np.asarray(x, np.float64)
    return np.asarray(sums / np.maximum(np.bincount(group, minlength=count), 1)[:, None])


def track_set_means(track_set: TrackSet, view: NDArray[np.generic] | None = None) -> Floats:
    """(t, d) the mean of each track's raw features (or of another view of them), at length 1."""
    return unit64(
        group_means(track_set.features if view is None else view, track_set.track, track_set.tracks)
    )


def chunk_means(track_set: TrackSet, parts: int | Labels) -> tuple[Floats, Labels]:
    """Means of up to `parts` (one number, or one for each track) successive parts of every track, at length
    1, and the track of each part, in track order."""
    order = np.argsort(track_set.track, kind="stable")
    if track_set.frame is not None:
        order = np.lexsort((track_set.frame, track_set.track))
    size = np.bincount(track_set.track, minlength=track_set.tracks)
    place = np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size)
    count = np.minimum(size, parts)
    part = place * np.repeat(count, size) // np.repeat(size, size)
    chunk = part + np.repeat(np.cumsum(count) - count, size)
    return unit64(group_means(track_set.features[order], chunk, int(count.sum()))), np.repeat(
        np.arange(len(size)), count
    )


def pca(x: Floats, dimensions: int) -> Floats:
    """(n, r) the leading principal components, r at most `dimensions`; signs fixed by the largest loading."""
    centred = x - x.mean(0)
    _, s, v = np.linalg.svd(centred.T @ centred)
    count = min(dimensions, int((s > 1e-9 * max(s[0], 1e-30)).sum()) or 1)
    v = v[:count]
    v = v * np.sign(v[np.arange(count), np.abs(v).argmax(1)])[:, None]
    return np.asarray(centred @ v.T)


def squared_distances(x: Floats, y: Floats | None = None) -> Floats:
    """(n, m) squared Euclidean distances, never below zero."""
    y = x if y is None else y
    d = (x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * (x @ y.T)
    return np.asarray(np.maximum(d, 0, out=d))


def neighbours(x: Floats, count: int) -> NDArray[np.int64]:
    """(n, count) the nearest other rows of each row by Euclidean distance, nearest first."""
    count = min(count, len(x) - 1)
    found = np.empty((len(x), count), np.int64)
    for start in range(0, len(x), 1000):
        d = squared_distances(x[start : start + 1000], x)
        d[np.arange(len(d)), np.arange(start, start + len(d))] = np.inf
        found[start : start + len(d)] = np.argsort(d, axis=1, kind="stable")[:, :count]
    return found


def allowed(pairs: NDArray[np.int64], cannot: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(p, 2) those pairs of `count` tracks that are not cannot-linked."""
    key = np.array([count, 1])
    return pairs[~np.isin(pairs @ key, np.concatenate([cannot, cannot[:, ::-1]]) @ key)]


def components(count: int, a: NDArray[np.generic], b: NDArray[np.generic]) -> Labels:
    """(count,) the connected component of each node of the graph with edges a-b."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def cut(linkage: Floats, k: int) -> Labels:
    """(t,) the k clusters that remain before the last k - 1 merges of a SciPy linkage."""
    t = len(linkage) + 1
    node = np.arange(2 * t - 1)
    for i, (a, b) in enumerate(linkage[: t - k, :2].astype(int)):
        node[[a, b]] = t + i
    for i in range(len(node) - 1, -1, -1):
        node[i] = node[node[i]]
    return np.asarray(node[:t], np.int64)


def hac(x: Floats, k: int, linkage: str = "ward") -> Labels:
    """(t,) k clusters by agglomeration of the rows with Euclidean distance."""
    from scipy.spatial.distance import pdist

    return hac_of_distances(pdist(x), len(x), k, linkage)


def hac_of_distances(condensed: Floats, count: int, k: int, linkage: str) -> Labels:
    """(t,) k clusters by agglomeration of `count` items whose distances are given as SciPy's `pdist` does."""
    from scipy.cluster.hierarchy import linkage as scipy_linkage

    return np.arange(count) if k >= count else cut(scipy_linkage(condensed, linkage), k)


def k_means(x: Floats, k: int, rng: np.random.Generator, restarts: int = 10) -> Labels:
    """(t,) k clusters by the best of several k-means."""
    import warnings

    with needed("this method", "features"):
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning

    model = KMeans(k, n_init=restarts, max_iter=1000, random_state=int(rng.integers(2**31)))
    with warnings.catch_warnings():
        # Fewer distinct rows than k: `reconcile` corrects the result.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(model.fit_predict(np.ascontiguousarray(x)), np.int64)


def spectral(affinity: NDArray[np.generic], k: int, rng: np.random.Generator) -> Labels:
    """(t,) k clusters by normalised cuts: k-means on the unit rows of the k leading eigenvectors."""
    return k_means(unit64(leading(normalised(affinity), k)), k, rng)


def normalised(affinity: NDArray[np.generic]) -> Floats:
    """D^-1/2 W D^-1/2 of a symmetric affinity W without negative entries."""
    scale = 1 / np.sqrt(np.maximum(affinity.sum(1), 1e-12))
    return np.asarray(affinity * scale[:, None] * scale, np.float64)


def leading(matrix: Floats, k: int) -> Floats:
    """(t, k) eigenvectors of the k largest eigenvalues of a symmetric matrix."""
    from scipy.linalg import eigh

    t = len(matrix)
    return np.asarray(eigh(matrix, subset_by_index=(max(t - k, 0), t - 1))[1])


def reconcile(label: Labels, x: Floats, k: int) -> Labels:
    """(t,) exactly k clusters and no noise, with as few changes of a labelling of the rows x as needed.

    Noise joins the nearest cluster; too many clusters are merged by average linkage of their means; of too
    few, the cluster of the largest scatter is split in two by Ward, again and again.
    """
    label = np.unique(label, return_inverse=True)[1] - int((np.asarray(label) < 0).any())
    if (label < 0).all():
        return hac(x, k)
    count = int(label.max()) + 1
    if (label < 0).any():
        centre = group_means(x[label >= 0], label[label >= 0], count)
        label = np.where(label < 0, squared_distances(x, centre).argmin(1), label)
    if count > k:
        label = hac(group_means(x, label, count), k, "average")[label]
    while (count := len(np.unique(label))) < k:
        label = _split_largest(np.unique(label, return_inverse=True)[1], x, count)
    return label


def _split_largest(label: Labels, x: Floats, count: int) -> Labels:
    scatter = np.bincount(label, ((x - group_means(x, label, count)[label]) ** 2).sum(1), minlength=count)
    scatter[np.bincount(label, minlength=count) < 2] = -1
    members = np.flatnonzero(label == scatter.argmax())
    halves = hac(x[members], 2)
    label[members[halves != halves[0]]] = count
    return label
