"""The script that users write with InsightFace: SCRFD and ArcFace on every k-th frame, and DBSCAN.

    python benchmarks/script_insightface.py FILM -o faces.csv [--every 5] [--cluster average]

The networks are those of castlist[research] (weights for non-commercial research only), opened by path and
run by the same code as in castlist, so that the use of their results is compared: no shots, no tracks, no
quality, no constraints. DBSCAN: cosine distance 0.5, three faces a person. Average: 0.6.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sampled import every, write
from sklearn.cluster import DBSCAN, AgglomerativeClustering

from castlist.detect import DETECTORS
from castlist.embed import EMBEDDERS, align_faces


def people(vectors: np.ndarray, how: str) -> np.ndarray:
    """(n,) labels, -1 for no person."""
    if len(vectors) < 2:
        return np.zeros(len(vectors), np.int64)
    if how == "average":
        model = AgglomerativeClustering(None, distance_threshold=0.6, metric="cosine", linkage="average")
        return np.asarray(model.fit_predict(vectors))
    return np.asarray(DBSCAN(eps=0.5, min_samples=3, metric="cosine").fit_predict(vectors))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("film")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--cluster", choices=["dbscan", "average"], default="dbscan")
    given = parser.parse_args()
    find, embed = DETECTORS["scrfd"](), EMBEDDERS["arcface"]()
    frames, boxes, vectors, total = [], [], [], 0
    for total, image in every(given.film, given.every):
        if not image.size:
            break
        image = np.ascontiguousarray(image[..., ::-1])
        faces = find(image, scale=min(1.0, 640 / max(image.shape[:2])))  # InsightFace's det_size
        if len(faces):
            vectors.append(embed(np.array([align_faces(image, points) for points in faces.landmarks])))
            frames += [total] * len(faces)
            boxes += [(x, y, r - x, b - y) for x, y, r, b in faces.box.tolist()]
    table = np.concatenate(vectors) if vectors else np.zeros((0, 512), np.float32)
    write(given.out, frames, boxes, people(table, given.cluster), given.every, total)


if __name__ == "__main__":
    main()
