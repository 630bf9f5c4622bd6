"""Detectors against OpenCV's own, and when they look."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from castlist.detect import DETECTORS, Sampling, YuNet
from castlist.errors import InputError
from castlist.models import MODELS, find, read
from castlist.types import Detections, Machine


@pytest.fixture(scope="module")
def picture(small_film):
    reader = cv2.VideoCapture(str(small_film[0]))
    reader.set(cv2.CAP_PROP_POS_FRAMES, 15)
    return reader.read()[1]


@pytest.mark.parametrize("crop", [(360, 640), (357, 611), (100, 640)])
def test_yunet_finds_what_opencv_finds(picture, crop):
    """Oracle: cv2.FaceDetectorYN of OpenCV 4 on the same file, to the sixteenth of a pixel."""
    picture = np.ascontiguousarray(picture[: crop[0], : crop[1]])
    theirs = cv2.FaceDetectorYN.create(str(find(MODELS["yunet"])), "", picture.shape[1::-1], 0.5, 0.3)
    rows = theirs.detect(picture)[1]
    rows = np.zeros((0, 15)) if rows is None else rows
    ours = YuNet(min_score=0.5, max_overlap=0.3)(picture)
    order, their_order = np.argsort(-ours.score), np.argsort(-rows[:, 14])
    rows = rows[their_order]
    assert len(ours) == len(rows)
    np.testing.assert_allclose(ours.score[order], rows[:, 14], atol=1e-4)
    np.testing.assert_allclose(ours.box[order, :2], rows[:, :2], atol=1 / 16)
    np.testing.assert_allclose((ours.box[:, 2:] - ours.box[:, :2])[order], rows[:, 2:4], atol=1 / 16)
    np.testing.assert_allclose(ours.landmarks[order].reshape(-1, 10), rows[:, 4:14], atol=1 / 16)


def test_boxes_are_in_pixels_of_the_picture_at_any_scale(picture):
    once, twice = YuNet()(picture), YuNet()(picture, scale=1.5)
    assert len(once) == len(twice) == 2
    np.testing.assert_allclose(np.sort(once.box[:, 0]), np.sort(twice.box[:, 0]), atol=12)  # faces of 90


@pytest.mark.parametrize("name", DETECTORS)
def test_detectors_keep_their_laws(name, picture):
    detector = DETECTORS[name]()
    if MODELS[detector.model].extra:
        pytest.importorskip(MODELS[detector.model].package)
    found = detector(picture)
    assert len(found) == 2
    assert (found.frame == 0).all()
    assert ((found.score >= detector.min_score) & (found.score <= 1)).all()
    inside = (found.landmarks >= found.box[:, None, :2] - 9) & (found.landmarks <= found.box[:, None, 2:] + 9)
    assert inside.all()
    assert len(detector(np.zeros((64, 64, 3), np.uint8))) == 0
    with pytest.raises(InputError, match=r"shape \(height, width, 3\)"):
        detector(np.zeros((64, 64), np.uint8))


def test_several_pictures_at_once_give_what_each_gives_alone(picture):
    detector, other = YuNet(), np.ascontiguousarray(picture[:, ::-1])
    pictures, scales = [picture, other, picture[:100], other, picture[:4]], [1.0, 1.0, 1.0, 0.5, 1.0]
    together = detector.many(pictures, scales)
    for image, scale, theirs in zip(pictures, scales, together, strict=True):
        alone = detector(image, scale=scale)
        assert len(alone) == len(theirs)
        np.testing.assert_allclose(alone.box, theirs.box, atol=1e-3)
        np.testing.assert_allclose(alone.score, theirs.score, atol=1e-4)
        np.testing.assert_allclose(alone.landmarks, theirs.landmarks, atol=1e-3)


class Counting:
    """A detector that finds one face and counts how often it was asked."""

    model = "counting"

    def __init__(self, small_from=99.0):
        self.asked, self.small_from = [], small_from

    def __call__(self, image, *, scale=1.0, machine=None):
        self.asked.append(scale)
        boxes = [[10, 10, 60, 60]] + [[80, 10, 95, 25]] * (scale >= self.small_from)
        n = len(boxes)
        return Detections([0] * n, boxes, [0.9] * n, np.zeros((n, 5, 2)))


def watch(look, detector, signals, rate=24):
    watcher = look.watch(detector)
    image = np.zeros((90, 160, 3), np.uint8)
    looked = []
    for frame, level in enumerate(signals):
        for faces in watcher.see(frame, frame / rate, lambda: image, np.full(8, level, np.uint8)):
            looked.append(int(faces.frame[0]))
    looked += [int(f.frame[0]) for f in watcher.finish()]
    return looked


def test_looks_come_at_their_rate_and_at_the_end():
    assert watch(Sampling(per_second=6), Counting(), [0] * 23) == [0, 4, 8, 12, 16, 20, 22]


def test_both_sides_of_a_cut_are_looked_at():
    looked = watch(Sampling(per_second=6), Counting(), [0] * 6 + [200] * 8)
    assert looked == [0, 4, 5, 6, 10, 13]


def test_close_looks_go_on_only_while_they_find_something():
    look = Sampling(per_second=6, side=160, other_sides=(320,), patience=1.0)
    idle, busy = Counting(), Counting(small_from=1.5)
    watch(look, idle, [0] * 48)
    watch(look, busy, [0] * 48)
    assert sum(s > 1 for s in idle.asked) == 2  # at 0 s and at 1 s
    assert sum(s > 1 for s in busy.asked) == len(busy.asked) / 2


def test_a_small_picture_is_enlarged_twice_at_most_and_looked_at_once_at_each_size():
    detector = Counting()
    watch(Sampling(side=640, other_sides=(80, 1152)), detector, [0])  # the picture is 160 pixels long
    assert detector.asked == [2.0, 0.5]


def test_faces_too_small_to_tell_are_not_kept():
    watcher = Sampling(smallest=60.0).watch(Counting())
    assert list(watcher.see(0, 0.0, lambda: np.zeros((90, 160, 3), np.uint8), np.zeros(8, np.uint8))) == []


def test_models_are_the_files_we_know(tmp_path, monkeypatch):
    from castlist.errors import ModelError

    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("raise RuntimeError('models are never imported')")
    (tmp_path / "pack" / "m.onnx").write_bytes(b"not the model")
    monkeypatch.syspath_prepend(str(tmp_path))
    wrong = replace(MODELS["yunet"], package="pack", file="m.onnx")
    with pytest.raises(ModelError, match="not the one castlist knows"):
        read(wrong)
    with pytest.raises(ModelError, match="missing"):
        find(replace(wrong, file="none.onnx"))
    assert Path(find(MODELS["yunet"])).is_file()


def test_a_face_that_moves_fast_is_looked_at_twice_as_often():
    class Runner(Counting):
        def __call__(self, image, *, scale=1.0, machine=None):
            self.asked.append(scale)
            x = 40 * len(self.asked)
            return Detections([0], [[x, 10, x + 20, 40]], [0.9], np.zeros((1, 5, 2)))

    assert watch(Sampling(per_second=6, side=160, patience=9), Runner(), [0] * 13) == [0, 2, 4, 6, 8, 10, 12]


class Visitor(Counting):
    """A face that is there at some looks only."""

    def __init__(self, there):
        super().__init__()
        self.there = iter(there)

    def __call__(self, image, *, scale=1.0, machine=None):
        faces = super().__call__(image, scale=scale)
        return faces[[0] if next(self.there) else []]


def test_where_a_face_came_or_went_halves_are_looked_at_too():
    look = Sampling(per_second=6, side=160, other_sides=())
    came = Visitor([0, 1, 1, 1, 1, 1])  # frames 0, 4, then 2; 6, 10, 11
    assert watch(look, came, [0] * 12) == [2, 4, 6, 10, 11]
    went = Visitor([1, 1, 0, 1, 0])  # frames 0, 4, 8, then 6; 9
    assert watch(look, went, [0] * 10) == [0, 4, 6]
    quick = Visitor([0, 1, 1, 0, 1])  # frames 0, 5, then 3, then 2; 6
    assert watch(look, quick, [0] * 7, rate=30) == [3, 5, 6]


def test_no_look_goes_back_over_a_cut():
    cut = Visitor([1, 1, 0, 0, 0])  # frames 0, 2 before the cut, 3 after it
    assert watch(Sampling(per_second=6, side=160, other_sides=()), cut, [0] * 3 + [200] * 4) == [0, 2]


def test_too_little_memory_for_a_model_is_told_as_that(monkeypatch):
    import onnxruntime

    from castlist import models

    def refuse(*_, **__):
        raise RuntimeError("std::bad_alloc")

    monkeypatch.setattr(models, "_LOADED", {})
    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)
    with pytest.raises(MemoryError, match="yunet"):
        models.load("yunet")


def test_a_model_that_cannot_be_written_again_for_want_of_memory_is_told_as_that(monkeypatch):
    from google.protobuf.message import EncodeError

    from castlist import models
    from castlist.models import surgery

    def refuse(*_):
        raise EncodeError("Failed to serialize proto")

    monkeypatch.setattr(models, "_LOADED", {})
    monkeypatch.setattr(models, "is_prepared", lambda name: False)
    monkeypatch.setattr(surgery, "plain_graph", refuse)
    with pytest.raises(MemoryError, match="yunet"):
        models.load("yunet")


@pytest.mark.parametrize("name", ["yunet", "sface"])
def test_graphs_prepared_in_advance_are_what_surgery_makes(name):
    from castlist.models.prepared import put_together
    from castlist.models.surgery import plain_graph

    data = read(MODELS[name])
    assert put_together(name, data) == plain_graph(data)


def test_the_usual_networks_are_loaded_without_onnx():
    code = "import sys; from castlist.models import load; load('yunet'), load('sface')"
    code += "; print('onnx' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_a_model_that_needs_onnx_says_how_to_install_it(monkeypatch):
    from castlist import models
    from castlist.errors import MissingExtra

    monkeypatch.setattr(models, "_LOADED", {})
    monkeypatch.setattr(models, "is_prepared", lambda name: False)
    monkeypatch.setitem(models.MODELS, "yunet", replace(MODELS["yunet"], extra="research"))
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtra, match="yunet needs packages"):
        models.load("yunet")


def test_the_provider_of_a_loaded_network_is_told_without_loading_another(monkeypatch):
    from castlist import models

    monkeypatch.setattr(models, "_LOADED", {})
    models.load("yunet", Machine(threads=1))
    assert models.provider("yunet", Machine()) == "CPUExecutionProvider"
    assert len(models._LOADED) == 1


@pytest.mark.parametrize("shape", [(1, 3, 96, 160), (2, 3, 64, 32)])
def test_heads_together_give_what_heads_apart_give(shape, monkeypatch):
    from castlist import models
    from castlist.models import surgery

    x = np.random.default_rng(7).uniform(0, 255, shape).astype(np.float32)
    together = models.load("yunet")(x)
    monkeypatch.setattr(models, "_LOADED", {})
    monkeypatch.setattr(models, "is_prepared", lambda name: False)
    monkeypatch.setattr(surgery, "_join_heads", lambda graph, weights: None)
    apart = models.load("yunet")(x)
    assert list(together) == list(apart)
    for name, values in apart.items():
        np.testing.assert_allclose(together[name], values, atol=1e-5)


def test_the_heads_of_each_size_are_two_convolutions(monkeypatch):
    import onnx

    from castlist.models import surgery

    def convolutions():
        graph = onnx.load_model_from_string(surgery.plain_graph(read(MODELS["yunet"]))).graph
        return sum(node.op_type == "Conv" for node in graph.node)

    together = convolutions()
    monkeypatch.setattr(surgery, "_join_heads", lambda graph, weights: None)
    assert convolutions() - together == 3 * (8 - 2)  # three sizes of cells, four heads of two
