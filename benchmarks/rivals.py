"""Clusterers of faces compared, in one process and in turn: time, memory, B-cubed F.

    python benchmarks/rivals.py --sizes 2000 5000 10000

Faces as in faces.py: people with a long tail. Methods that take the number of people get it (K); the others
run with the parameter in the table, since this compares speed: docs/cluster.md compares quality. Rivals that
are not installed are left out; each runs up to the size at which it still takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from faces import draw_faces
from measure import Rows, cost_of, gemm_rate, installed
from numpy.typing import NDArray
from ward import all_pairs

from castlist.cluster import knn_tree, ward
from castlist.cluster.tree import cut_tree
from castlist.metrics import b_cubed
from castlist.types import Tree

Faces = NDArray[np.float32]
Labels = NDArray[np.int64]


def _cut(tree: Tree, k: int) -> Labels:
    return cut_tree(tree, tree.leaves - k).label.astype(np.int64)


def castlist_average(x: Faces, k: int) -> Labels:
    return _cut(knn_tree(x), k)


def castlist_graph(x: Faces, k: int) -> Labels:
    return _cut(knn_tree(x, exact=max(1, len(x) // 10)), k)


def castlist_ward(x: Faces, k: int) -> Labels:
    return _cut(ward(x), k)


def scipy_average(x: Faces, k: int) -> Labels:
    from scipy.cluster.hierarchy import fcluster, linkage

    return np.asarray(fcluster(linkage(x, "average", "cosine"), k, "maxclust"))


def scipy_ward(x: Faces, k: int) -> Labels:
    from scipy.cluster.hierarchy import fcluster, linkage

    return np.asarray(fcluster(linkage(x, "ward"), k, "maxclust"))


def fastcluster_ward(x: Faces, k: int) -> Labels:
    import fastcluster
    from scipy.cluster.hierarchy import fcluster

    return np.asarray(fcluster(fastcluster.linkage_vector(x.astype(np.float64), "ward"), k, "maxclust"))


def sklearn_average(x: Faces, k: int) -> Labels:
    from sklearn.cluster import AgglomerativeClustering

    return np.asarray(AgglomerativeClustering(k, metric="cosine", linkage="average").fit_predict(x))


def sklearn_hdbscan(x: Faces, k: int) -> Labels:
    from sklearn.cluster import HDBSCAN

    return alone(HDBSCAN(min_cluster_size=2, copy=True).fit_predict(x))


def hdbscan_package(x: Faces, k: int) -> Labels:
    import hdbscan

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return alone(hdbscan.HDBSCAN(min_cluster_size=2, core_dist_n_jobs=-1).fit_predict(x))


def genie(x: Faces, k: int) -> Labels:
    import genieclust

    return np.asarray(genieclust.Genie(n_clusters=k).fit_predict(x))


def faiss_kmeans(x: Faces, k: int) -> Labels:
    import faiss

    means = faiss.Kmeans(x.shape[1], k, niter=25, spherical=True, seed=1, min_points_per_centroid=1)
    means.train(x)
    return np.asarray(means.index.search(x, 1)[1].ravel())


def finch(x: Faces, k: int) -> Labels:
    # its licence forbids commercial use; it runs here only if the user has installed it
    from finch import FINCH

    partitions, counts, _ = FINCH(x, distance="cosine", verbose=False)
    return np.asarray(partitions[:, int(np.abs(np.log(np.array(counts) / k)).argmin())])


def alone(label: Labels) -> Labels:
    """The labels, with each noise point as a person of its own."""
    label = np.array(label, np.int64)
    noise = np.flatnonzero(label < 0)
    label[noise] = label.max(initial=-1) + 1 + np.arange(len(noise))
    return label


@dataclass(frozen=True, slots=True)
class Rival:
    """A method to compare with."""

    package: str
    how: str
    run: Callable[[Faces, int], Labels]
    largest: int = 10**9


RIVALS = {
    "castlist knn_tree": Rival("castlist", "average linkage, K", castlist_average),
    "castlist knn_tree, cells": Rival("faiss", "average linkage on cells beyond a tenth, K", castlist_graph),
    "castlist ward": Rival("castlist", "Ward, K", castlist_ward),
    "scipy average": Rival("scipy", "linkage average, cosine, K", scipy_average, 20_000),
    "scipy ward": Rival("scipy", "linkage ward, K", scipy_ward, 20_000),
    "fastcluster": Rival("fastcluster", "linkage_vector ward, K", fastcluster_ward, 10_000),
    "scikit-learn agglomerative": Rival("sklearn", "average, cosine, K", sklearn_average, 20_000),
    "scikit-learn HDBSCAN": Rival("sklearn", "min_cluster_size 2, noise alone", sklearn_hdbscan, 10_000),
    "hdbscan": Rival("hdbscan", "min_cluster_size 2, noise alone", hdbscan_package, 10_000),
    "genieclust": Rival("genieclust", "Genie, K", genie, 20_000),
    "faiss k-means": Rival("faiss", "spherical, 25 rounds, K", faiss_kmeans),
    "finch-clust": Rival("finch", "the level nearest to K", finch, 20_000),
}


def compare(n: int, d: int, repeat: int, only: list[str], seed: int) -> dict[str, Any]:
    load = os.getloadavg()[0]
    row: dict[str, Any] = {
        "n": n,
        "d": d,
        "repeat": repeat,
        "load": load,
        "gemm_gflops": gemm_rate(),
        "runs": {},
    }
    chosen = {
        name: rival
        for name, rival in RIVALS.items()
        if n <= rival.largest and installed(rival.package) and (not only or name in only)
    }
    runs: dict[str, list[tuple[float, float, float, int]]] = {name: [] for name in chosen}
    floors = []
    for turn in range(repeat):
        x, truth = draw_faces(n, d, seed + turn)
        k = int(truth.max()) + 1
        floors.append(cost_of(lambda x=x: all_pairs(x)).seconds)  # type: ignore[misc]
        for name, rival in chosen.items():
            try:
                cost = cost_of(lambda rival=rival, x=x, k=k: rival.run(x, k))  # type: ignore[misc]
            except Exception as error:  # the row of a failed rival shows the failure
                row["runs"][name] = {"failed": f"{type(error).__name__}: {error}"}
                continue
            f = b_cubed(truth, cost.result).f1
            runs[name].append((cost.seconds, cost.bytes_over_start, f, len(np.unique(cost.result))))
            print(
                f"  {n} {name}: {cost.seconds:.2f} s, {cost.bytes_over_start / 1e9:.2f} GB, F {f:.4f}",
                flush=True,
            )
    for name, taken in runs.items():
        if len(taken) == repeat:
            seconds, held, f, clusters = (np.array(column) for column in zip(*taken, strict=True))
            row["runs"][name] = {
                "how": chosen[name].how,
                "seconds": float(np.median(seconds)),
                "all_seconds": seconds.tolist(),
                "times_all_pairs": float(np.median(seconds / np.array(floors))),
                "bytes_over_input": float(held.max()),
                "f": float(np.median(f)),
                "clusters": int(np.median(clusters)),
            }
    row["people"], row["all_pairs_seconds"] = k, float(np.median(floors))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[2000, 5000])
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rivals", nargs="+", default=[], choices=list(RIVALS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", help="the row's name in results/rivals.json; the size, if not given")
    given = parser.parse_args()
    rows = Rows("rivals")
    for n in given.sizes:
        row = compare(n, given.dimensions, given.repeat, given.rivals, given.seed)
        rows.put(given.case or str(n), row)
        ours = row["runs"].get("castlist knn_tree", {}).get("seconds")
        shares = {
            name: round(r["seconds"] / ours, 2) for name, r in row["runs"].items() if ours and "seconds" in r
        }
        print(json.dumps({"n": n, "times castlist knn_tree": shares}))


if __name__ == "__main__":
    main()
