"""The script that users write with face_recognition: dlib's HOG detector, its vectors, and DBSCAN.

    python benchmarks/script_dlib.py FILM -o faces.csv [--every 5]

As in the library's examples: every k-th frame, boxes kept in between, faces of at least 80 pixels (40 if the
picture is enlarged once, --upsample 1, the library's default), DBSCAN with eps 0.5 and three faces a person.
Needs dlib-bin (or dlib) and face_recognition_models; face_recognition itself is not needed.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

import dlib
import numpy as np
from sampled import every, write
from sklearn.cluster import DBSCAN


def model(name: str) -> str:
    """The file of a model, found without importing its package."""
    spec = importlib.util.find_spec("face_recognition_models")
    roots = spec.submodule_search_locations if spec else None
    if not roots:
        raise SystemExit("the models are missing: pip install face_recognition_models")
    return str(Path(next(iter(roots))) / "models" / name)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("film")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--upsample", type=int, default=1)
    given = parser.parse_args()
    find = dlib.get_frontal_face_detector()
    shape = dlib.shape_predictor(model("shape_predictor_5_face_landmarks.dat"))
    embed = dlib.face_recognition_model_v1(model("dlib_face_recognition_resnet_model_v1.dat"))
    frames, boxes, vectors, total = [], [], [], 0
    for total, image in every(given.film, given.every):
        if not image.size:
            break
        for box in find(image, given.upsample):
            frames.append(total)
            boxes.append((box.left(), box.top(), box.width(), box.height()))
            vectors.append(np.array(embed.compute_face_descriptor(image, shape(image, box), 1)))
    label = DBSCAN(eps=0.5, min_samples=3).fit_predict(np.array(vectors)) if vectors else np.zeros(0, int)
    write(given.out, frames, boxes, label, given.every, total)


if __name__ == "__main__":
    main()
