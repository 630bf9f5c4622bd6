"""How well people are found if their number is unknown, compared with other methods at their best parameter.

    python benchmarks/people.py tracks SET.npz ...            labelled tracks (features, track_id, label, ...)
    python benchmarks/people.py pictures FOLDER --model M --weights FILE     <person>/<picture>, aligned crops
    python benchmarks/people.py films FILM.castlist ...     FILM.truth.csv beside it: reliability of links

castlist runs at its defaults. Rivals that need a threshold, a number or a density get the value that scores
best on this very set (marked "best"), which a user does not know; Ward and average linkage also get the true
number of people. Scores are over tracks: B-cubed precision, recall and F, weighted purity, the number of
people with at least 1 % of the faces, and the expected calibration error of the links.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.cluster import (
    AutoCut,
    Average,
    CountCut,
    GroupLinkage,
    ProbabilityCut,
    Ward,
    membership_confidence,
    reliability,
    track_means,
)
from castlist.metrics import b_cubed, weighted_cluster_purity
from castlist.types import CO_OCCURRENCE, Clustering, Constraints, Embeddings

Labels = NDArray[np.int64]


def tracks(path: Path) -> tuple[Embeddings, Constraints, Labels, NDArray[np.int64]]:
    """A set of labelled tracks: its faces, co-occurrences, true people, and faces in each track."""
    with np.load(path, allow_pickle=False) as file:
        z = {name: file[name] for name in file.files if name != "box"}
    track = np.searchsorted(z["tracks"], z["track_id"])
    n, t = len(track), len(z["tracks"])
    if "track_first" in z:
        first, last, size = z["track_first"], z["track_last"], z["track_faces"]
    else:
        first, last = np.full(t, np.iinfo(np.int64).max), np.full(t, -1)
        np.minimum.at(first, track, z["frame"])
        np.maximum.at(last, track, z["frame"])
        size = np.bincount(track)
    a, b = np.nonzero(np.triu((first[:, None] <= last) & (first <= last[:, None]), 1))
    constraints = Constraints(a, b, np.zeros(len(a), np.bool_), np.full(len(a), CO_OCCURRENCE, np.int8))
    table = Embeddings(
        z["features"].astype(np.float32), track, np.full(n, -1), np.ones(n, np.float32), "arcface-mbf"
    )
    return table, constraints, np.unique(z["label"], return_inverse=True)[1], size


def pictures(
    folder: Path, model: str, path: Path
) -> tuple[Embeddings, Constraints, Labels, NDArray[np.int64]]:
    """Aligned pictures, one folder for each person, each picture as a track of its own."""
    import cv2

    files = sorted(p for p in folder.glob("*/*") if p.is_file())
    images = [cv2.imread(str(p)) for p in files]
    if model == "sface":
        net = cv2.FaceRecognizerSF.create(str(path), "")
        vector = np.concatenate([net.feature(i) for i in images])
    else:
        from castlist.models.runtime import onnx_runtime

        run = onnx_runtime().InferenceSession(str(path), providers=["CPUExecutionProvider"])
        name = run.get_inputs()[0].name
        ready = ((i[None, :, :, ::-1].astype(np.float32) - 127.5) / 127.5 for i in images)
        vector = np.concatenate([run.run(None, {name: r.transpose(0, 3, 1, 2).copy()})[0] for r in ready])
    n = len(files)
    who = np.unique([p.parent.name for p in files], return_inverse=True)[1]
    table = Embeddings(vector, np.arange(n), np.full(n, -1), np.ones(n, np.float32), model)
    return table, Constraints.empty(), who, np.ones(n, np.int64)


def films(places: list[Path]) -> None:
    """Print how reliable the membership probability is, over all tracks of workspaces with truth."""
    said: list[float] = []
    right: list[bool] = []
    for place in places:
        p, who, label = of_film(place)
        others = contingency(who, label).T[label]
        others[np.arange(len(who)), who] -= 1
        linked = others.sum(axis=1) > 0
        said += p[linked].tolist()
        right += (others.argmax(axis=1) == who)[linked].tolist()
    table = reliability(said, right)
    print(
        f"{len(said)} links of {len(places)} films, calibration error {table.expected_calibration_error:.4f}"
    )
    sure = np.array(said) >= 0.9
    print(f"at 0.9 and more: {sure.sum()}, right {np.array(right)[sure].mean():.4f}")
    for a, b, n in zip(table.predicted, table.true, table.count, strict=True):
        if n:
            print(f"  said {a:.3f}  right {b:.3f}  links {n}")


def of_film(place: Path) -> tuple[NDArray[np.float64], Labels, NDArray[np.int32]]:
    """For a workspace's tracks with a person and a true person: probability, true people, and people."""
    from castlist import Workspace, identify
    from castlist.recipe import Recipe

    with Workspace.open(place, write=False) as keep:
        video, recipe = keep.video(), Recipe.parse(keep.runs()[-1].recipe)
        assert video is not None
        seen = keep.scan(recipe.scan_key(video))
        assert seen is not None
        found = identify(video, seen, recipe)
    cast = found.cast  # castlist's own cast, without decisions
    p = membership_confidence(found.refined, found.constraints, Clustering(cast.person))
    who = true_persons(place.with_suffix(".truth.csv"), cast)
    rows = np.flatnonzero((cast.person >= 0) & (who >= 0) & (p > 0))
    return p[rows], np.unique(who[rows], return_inverse=True)[1], cast.person[rows]


def true_persons(path: Path, cast: Any) -> Labels:
    """(t,) the true person on whose boxes most of a track's boxes lie (IoU 0.4); -1 for none."""
    truth: dict[int, list[tuple[str, NDArray[np.float64]]]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            x, y, w, h = (float(row[name]) for name in "xywh")
            truth.setdefault(int(row["frame"]), []).append((row["label"], np.array([x, y, x + w, y + h])))
    names = sorted({name for faces in truth.values() for name, _ in faces})
    out = np.full(len(cast.tracks), -1)
    for track in range(len(cast.tracks)):
        votes = np.zeros(len(names))
        for i in range(*cast.tracks.rows(track).indices(len(cast.tracks.frame))):
            for name, box in truth.get(int(cast.tracks.frame[i]), ()):
                votes[names.index(name)] += iou(cast.tracks.box[i], box) >= 0.4
        # NF is no face, UNK an unidentifiable one
        if votes.any() and names[votes.argmax()] not in ("NF", "UNK"):
            out[track] = votes.argmax()
    return out


def iou(a: NDArray[np.float32], b: NDArray[np.float64]) -> float:
    size = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(size / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - size))


def apart(label: NDArray[np.int32]) -> Labels:
    """The labels, with each track without a person as a cluster of its own."""
    alone = label.astype(np.int64)
    alone[label < 0] = label.max(initial=-1) + 1 + np.arange((label < 0).sum())
    return alone


def contingency(who: Labels, label: NDArray[np.int32]) -> NDArray[np.float64]:
    alone = apart(label)
    table = np.zeros((who.max() + 1, alone.max() + 1))
    np.add.at(table, (who, alone), 1)
    return table


def score(who: Labels, clustering: Clustering, size: NDArray[np.int64]) -> dict[str, float]:
    alone = apart(clustering.label)
    scored = b_cubed(who, alone)
    share = np.bincount(clustering.label[clustering.label >= 0], size[clustering.label >= 0]) / size.sum()
    true = np.bincount(who, size) / size.sum()
    return {
        "precision": scored.precision,
        "recall": scored.recall,
        "f": scored.f1,
        "purity": weighted_cluster_purity(who, alone),
        "people": int((share >= 0.01).sum()),
        "people_true": int((true >= 0.01).sum()),
        "clusters": clustering.count,
    }


def calibration_error(
    table: Embeddings, constraints: Constraints, clustering: Clustering, who: Labels
) -> tuple[float, float]:
    """Expected calibration error of links, and the share of correct ones among those at 0.9 and more.

    A link is correct if the other tracks of its person are mostly of the track's true person.
    """
    p = membership_confidence(table, constraints, clustering)
    others = contingency(who, clustering.label).T[clustering.label]
    others[np.arange(len(who)), who] -= 1
    linked = others.sum(axis=1) > 0
    right = (others.argmax(axis=1) == who)[linked]
    said = p[linked]
    sure = said >= 0.9
    return reliability(said, right).expected_calibration_error, float(
        right[sure].mean()
    ) if sure.any() else 1.0


def finch(x: NDArray[np.float32]) -> Iterator[Clustering]:
    """All levels of first-neighbour clustering, written from its description (Sarfraz et al., CVPR 2019)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    label = np.arange(len(x))
    centre = x.astype(np.float64)
    while len(centre) > 1:
        unit = centre / np.maximum(np.linalg.norm(centre, axis=1, keepdims=True), 1e-12)
        near = unit @ unit.T
        np.fill_diagonal(near, -np.inf)
        k = len(centre)
        graph = coo_matrix((np.ones(k), (np.arange(k), near.argmax(1))), shape=(k, k))
        part = connected_components(graph, directed=False)[1]
        label = part[label]
        yield Clustering(label.astype(np.int32))
        count = np.bincount(label)
        centre = np.zeros((len(count), x.shape[1]))
        np.add.at(centre, label, x)
        centre /= count[:, None]


def rivals(x: NDArray[np.float32]) -> Iterator[tuple[str, str, NDArray[np.int32]]]:
    """Name, parameter and labels of every rival at every parameter tried."""
    from sklearn.cluster import DBSCAN, HDBSCAN

    for level, clustering in enumerate(finch(x)):
        yield "FINCH, best level", f"level {level}", clustering.label
    distance = np.clip(1 - x.astype(np.float64) @ x.T, 0, 2)
    for eps in np.linspace(0.15, 0.95, 33):
        for least in (2, 4):
            label = DBSCAN(eps=eps, min_samples=least, metric="precomputed").fit_predict(distance)
            yield "DBSCAN, best", f"eps {eps:.3f} min_samples {least}", label.astype(np.int32)
    for size in (2, 3, 5, 10, 20):
        for least in (1, 2, 5):
            label = HDBSCAN(
                min_cluster_size=size, min_samples=least, metric="precomputed", copy=True
            ).fit_predict(distance)
            yield "HDBSCAN, best", f"min_cluster_size {size} min_samples {least}", label.astype(np.int32)
    yield "Ward, silhouette", "", by_silhouette(x)
    yield "spectral, eigengap", "", by_eigengap(x)
    for threshold in np.linspace(0.1, 0.7, 25):
        yield "Chinese Whispers, best", f"cosine {threshold:.3f}", whispers(1 - distance, threshold)


def by_silhouette(x: NDArray[np.float32], most: int = 60) -> NDArray[np.int32]:
    """Ward's tree cut at the number with the best mean silhouette (Rousseeuw 1987), 2 to `most`."""
    from sklearn.metrics import silhouette_score

    table = Embeddings(x, np.arange(len(x)), np.full(len(x), -1), np.ones(len(x)), "")
    nothing = Constraints.empty()
    tree = Ward()(table, nothing)
    distance = np.clip(1 - x.astype(np.float64) @ x.T, 0, 2)
    np.fill_diagonal(distance, 0)
    cuts = [CountCut(k)(tree, table, nothing).label for k in range(2, min(most, len(x) - 1) + 1)]
    return max(cuts, key=lambda label: silhouette_score(distance, label, metric="precomputed"))


def by_eigengap(x: NDArray[np.float32], most: int = 60) -> NDArray[np.int32]:
    """Spectral clustering at the largest gap of the Laplacian's eigenvalues (von Luxburg 2007)."""
    from scipy.linalg import eigh
    from sklearn.cluster import KMeans

    weight = np.clip(x.astype(np.float64) @ x.T, 0, None)
    root = np.sqrt(weight.sum(1))
    laplacian = np.eye(len(x)) - weight / np.outer(root, root)
    value, vector = eigh(laplacian, subset_by_index=(0, min(most, len(x) - 1)))
    k = int(np.diff(value)[1:].argmax()) + 2
    rows = vector[:, :k] / np.maximum(np.linalg.norm(vector[:, :k], axis=1, keepdims=True), 1e-12)
    label: NDArray[np.int32] = KMeans(k, n_init=10, random_state=0).fit_predict(rows)
    return label


def whispers(
    cosine: NDArray[np.float64], threshold: float, rounds: int = 20, seed: int = 0
) -> NDArray[np.int32]:
    """Chinese Whispers on the graph of cosines above a threshold (Biemann 2006)."""
    weight = np.where(cosine >= threshold, cosine, 0.0)
    np.fill_diagonal(weight, 0.0)
    label, rng = np.arange(len(cosine)), np.random.default_rng(seed)
    near = [np.flatnonzero(row) for row in weight]
    for _ in range(rounds):
        before = label.copy()
        for i in rng.permutation(len(label)):
            if len(near[i]):
                label[i] = np.bincount(label[near[i]], weight[i, near[i]]).argmax()
        if (label == before).all():
            break
    return label.astype(np.int32)


def compare(
    table: Embeddings, constraints: Constraints, who: Labels, size: NDArray[np.int64], with_rivals: bool
) -> dict[str, dict[str, object]]:
    k = int(who.max()) + 1
    rows: dict[str, dict[str, object]] = {}
    tree = GroupLinkage()(table, constraints)
    ours = ProbabilityCut()(tree, table, constraints)
    error, sure = calibration_error(table, constraints, ours, who)
    rows["castlist"] = {**score(who, ours, size), "calibration_error": error, "right_at_0.9": sure}
    rows["castlist, number given"] = dict(score(who, CountCut(k)(tree, table, constraints), size))
    nothing = Constraints.empty()
    for name, linkage in (("Ward", Ward()), ("average", Average())):
        plain = linkage(table, nothing)
        rows[f"{name}, number given"] = dict(score(who, CountCut(k)(plain, table, nothing), size))
    tied = Average()(table, constraints)
    rows["average under constraints, auto"] = dict(score(who, AutoCut()(tied, table, constraints), size))
    if with_rivals:
        for name, parameter, label in rivals(track_means(table)[0]):
            row = {**score(who, Clustering(label), size), "parameter": parameter}
            if name not in rows or row["f"] > rows[name]["f"]:  # type: ignore[operator]
                rows[name] = row
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=("tracks", "pictures", "films"))
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--model", default="sface", choices=("sface", "arcface-mbf"))
    parser.add_argument("--weights", type=Path, help="ONNX file of the model, for pictures")
    parser.add_argument("--no-rivals", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.kind == "films":
        films(given.paths)
        return
    results = {}
    for path in given.paths:
        loaded = tracks(path) if given.kind == "tracks" else pictures(path, given.model, given.weights)
        rows = compare(*loaded, not given.no_rivals)
        results[path.stem] = rows
        print(path.stem)
        for name, row in rows.items():
            numbers = (f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items())
            print(f"  {name:34s}", ", ".join(numbers))
    if given.out:
        given.out.write_text(json.dumps(results, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
