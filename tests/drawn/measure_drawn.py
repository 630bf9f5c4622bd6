"""How well real models recognise a drawn film: python tests/drawn/measure_drawn.py demo [every]

YuNet at a score of 0.6 on every tenth frame (or every n-th); recall at an IoU of 0.4 over the faces that
have a person; SFace cosine of faces of one person in different shots, and of two people.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np
from test_drawn_models import SFACE, YUNET, embed, overlap

from castlist import drawn


def main(name: str, every: int = 10) -> None:
    detector = cv2.FaceDetectorYN.create(str(YUNET), "", (320, 320), 0.6)
    aligner = cv2.FaceRecognizerSF.create(str(SFACE), "")
    person, track, crops, asked, extra = [], [], [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.mp4"
        truth = drawn.render(drawn.FILMS[name](), path)
        with av.open(str(path)) as film:
            for number, frame in enumerate(film.decode(video=0)):
                if number % every:
                    continue
                image = frame.to_ndarray(format="bgr24")
                detector.setInputSize(image.shape[1::-1])
                found = detector.detect(image)[1]
                found = np.zeros((0, 15), np.float32) if found is None else found
                left = list(range(len(found)))
                for row in np.flatnonzero(truth.frame == number):
                    asked += int(truth.person[row] >= 0)
                    box = {
                        k: overlap(truth.box[row], np.append(found[k, :2], found[k, :2] + found[k, 2:4]))
                        for k in left
                    }
                    best = max(box, key=box.__getitem__, default=-1)
                    if best < 0 or box[best] < 0.4:
                        continue
                    left.remove(best)
                    if truth.person[row] >= 0:
                        person.append(int(truth.person[row]))
                        track.append(int(truth.track[row]))
                        crops.append(cv2.cvtColor(aligner.alignCrop(image, found[best]), cv2.COLOR_BGR2RGB))
                extra += len(left)
    print(f"{name}: recall {len(crops)}/{asked}, detections that are no face of the truth {extra}")
    if not crops:
        return
    vectors = np.concatenate([embed(crops[i : i + 64]) for i in range(0, len(crops), 64)])
    who, where = np.array(person), np.array(track)
    pair = np.triu_indices(len(who), 1)
    cosine, one = (vectors @ vectors.T)[pair], (who[:, None] == who)[pair]
    apart = (where[:, None] != where)[pair]
    for title, some in (("one person, two shots", one & apart), ("two people", ~one)):
        if some.any():
            print(f"  {title}: 5, 50, 95 % =", np.round(np.quantile(cosine[some], (0.05, 0.5, 0.95)), 2))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
