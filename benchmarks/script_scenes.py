"""The script that users write with PySceneDetect: its shots, a detection a second in each, and linked faces.

    python benchmarks/script_scenes.py FILM -o faces.csv

Shots by ContentDetector at its defaults; faces by YuNet and vectors by SFace, which OpenCV distributes and
castlist uses, too, run by the same code as in castlist; average linkage at OpenCV's own limit for SFace, a
cosine of .363. A face keeps its place until the next detection or the end of its shot.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sampled import every, write
from scenedetect import ContentDetector, detect, open_video
from sklearn.cluster import AgglomerativeClustering

from castlist.detect import DETECTORS
from castlist.embed import EMBEDDERS, align_faces

ALIKE = 0.363  # https://docs.opencv.org/4.x/d0/dd4/tutorial_dnn_face.html


def people(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n,) labels."""
    if len(vectors) < 2:
        return np.zeros(len(vectors), np.int64)
    model = AgglomerativeClustering(None, distance_threshold=1 - ALIKE, metric="cosine", linkage="average")
    return np.asarray(model.fit_predict(vectors))


def looks(film: str) -> dict[int, int]:
    """The frames to examine, and for each the number of frames for which it stands."""
    rate, total = round(open_video(film).frame_rate), sum(1 for _ in every(film, 1)) - 1
    shots = [(a.frame_num, b.frame_num) for a, b in detect(film, ContentDetector())] or [(0, total)]
    return {k: min(rate, stop - k) for start, stop in shots for k in range(start, stop, rate)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("film")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--every", type=int, help="not used: this script looks once a second")
    given = parser.parse_args()
    find, embed, chosen = DETECTORS["yunet"](), EMBEDDERS["sface"](), looks(given.film)
    frames, boxes, vectors, held, total = [], [], [], [], 0
    for total, image in every(given.film, 1):
        if total not in chosen or not image.size:
            continue
        image = np.ascontiguousarray(image[..., ::-1])
        faces = find(image, scale=min(1.0, 640 / max(image.shape[:2])))
        if len(faces):
            vectors.append(embed(np.array([align_faces(image, points) for points in faces.landmarks])))
            frames += [total] * len(faces)
            held += [chosen[total]] * len(faces)
            boxes += [(x, y, r - x, b - y) for x, y, r, b in faces.box.tolist()]
    table = np.concatenate(vectors) if vectors else np.zeros((0, 128), np.float32)
    write(given.out, frames, boxes, people(table), held, total)


if __name__ == "__main__":
    main()
