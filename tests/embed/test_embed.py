"""Alignment and vectors against OpenCV's own, quality, and the choice of faces."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from castlist.detect import YuNet
from castlist.embed import EMBEDDERS, SFace, align_faces, best_faces, detail, face_quality, sharpness
from castlist.embed.align import TEMPLATE, similarity
from castlist.embed.quality import TELLS, frontality, turned
from castlist.errors import InputError
from castlist.models import MODELS, _providers, find
from castlist.types import Clock, Machine, Tracks


@pytest.fixture(scope="module")
def faces(small_film):
    """[(picture, landmarks (5, 2), YuNet's row as OpenCV takes it)] of some frames."""
    reader, found = cv2.VideoCapture(str(small_film[0])), []
    for frame in (5, 60, 100, 140, 170):  # a two-shot, three close-ups, all three
        reader.set(cv2.CAP_PROP_POS_FRAMES, frame)
        picture = reader.read()[1]
        d = YuNet(min_score=0.6)(picture)
        for i in range(len(d)):
            box = [*d.box[i, :2], *(d.box[i, 2:] - d.box[i, :2])]
            row = np.array([*box, *d.landmarks[i].ravel(), d.score[i]], np.float32)
            found.append((picture, d.landmarks[i], row))
    return found


@pytest.fixture(scope="module")
def recogniser():
    return cv2.FaceRecognizerSF.create(str(find(MODELS["sface"])), "")


def cosine(a, b):
    return float(np.ravel(a) @ np.ravel(b) / np.linalg.norm(a) / np.linalg.norm(b))


def test_sface_gives_opencvs_vectors(faces, recogniser):
    """Oracle: cv2.FaceRecognizerSF of OpenCV 4, its alignment and its network."""
    assert len(faces) >= 5
    for picture, landmarks, row in faces:
        theirs = recogniser.feature(recogniser.alignCrop(picture, row))
        (ours,) = SFace()(align_faces(picture, landmarks)[None])
        assert cosine(theirs, ours) > 0.995
        (network_alone,) = SFace()(recogniser.alignCrop(picture, row)[None])
        assert cosine(theirs, network_alone) > 0.99999


def test_one_person_is_nearer_than_another(faces):
    vectors = SFace()(np.array([align_faces(p, points) for p, points, _ in faces]))
    # the two-shot: persons 0 and 1, in any order; then close-ups of 0 and of 1
    left, right = sorted((0, 1), key=lambda i: faces[i][1][0, 0])
    assert cosine(vectors[left], vectors[2]) > cosine(vectors[left], vectors[3]) + 0.1
    assert cosine(vectors[right], vectors[3]) > cosine(vectors[right], vectors[2]) + 0.1


def test_batches_do_not_change_vectors(faces):
    chips = np.array([align_faces(p, points) for p, points, _ in faces] * 4)
    together = SFace()(chips)
    alone = np.concatenate([SFace()(c[None]) for c in chips[:3]])
    np.testing.assert_allclose(together[:3], alone, atol=1e-3)


def test_the_batches_of_a_gpu_give_the_same_vectors(faces, monkeypatch):
    from castlist.models import OnnxNetwork

    chips = np.array([align_faces(picture, points) for picture, points, _ in faces])
    expected, sizes, run = SFace()(chips), [], OnnxNetwork.__call__
    monkeypatch.setattr(OnnxNetwork, "provider", property(lambda self: "CUDAExecutionProvider"))
    monkeypatch.setattr("castlist.embed.network.BATCH_ELSEWHERE", 5)
    monkeypatch.setattr(OnnxNetwork, "__call__", lambda self, x: sizes.append(len(x)) or run(self, x))
    np.testing.assert_allclose(SFace()(chips), expected, atol=1e-3)
    assert max(sizes) == min(5, len(chips))


@pytest.mark.parametrize("name", EMBEDDERS)
def test_embedders_keep_their_laws(name):
    embedder = EMBEDDERS[name]()
    if MODELS[embedder.model].extra:
        pytest.importorskip(MODELS[embedder.model].package)
    chips = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), dtype=np.uint8)
    vectors = embedder(chips)
    assert np.isfinite(vectors).all()
    assert embedder(chips[:0]).shape == (0, vectors.shape[1])
    with pytest.raises(InputError, match="112"):
        embedder(np.zeros((1, 96, 96, 3), np.uint8))


def test_similarity_undoes_what_was_done():
    turn, scale = np.deg2rad(30), 0.4
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = TEMPLATE @ matrix.T + (200, 80)
    back = similarity(points)
    np.testing.assert_allclose(points @ back[:, :2].T + back[:, 2], TEMPLATE, atol=1e-9)


def test_similarity_is_the_least_squares_solution():
    rng = np.random.default_rng(0)
    for _ in range(20):
        points = TEMPLATE * rng.uniform(0.2, 8) + rng.normal(0, 20, (5, 2)) + rng.uniform(0, 1000, 2)
        # x' = s x - t y + u, y' = t x + s y + v, for s, t, u and v
        x, y, ones, zeros = *points.T, np.ones(5), np.zeros(5)
        rows = np.concatenate([np.stack([x, -y, ones, zeros], 1), np.stack([y, x, zeros, ones], 1)])
        s, t, u, v = np.linalg.lstsq(rows, TEMPLATE.T.ravel(), rcond=None)[0]
        np.testing.assert_allclose(similarity(points), [[s, -t, u], [t, s, v]], atol=1e-8)


def test_similarity_never_mirrors():
    back = similarity(TEMPLATE * (-1, 1))
    assert np.linalg.det(back[:, :2]) > 0


def test_landmarks_on_one_point_give_a_blank_chip_and_no_error():
    assert align_faces(np.full((50, 50, 3), 200, np.uint8), np.full((5, 2), 20.0)).shape == (112, 112, 3)


def test_a_large_face_is_shrunk_by_areas_and_lies_where_a_small_one_does(faces):
    picture, landmarks, _ = faces[2]
    large = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    small, shrunk = align_faces(picture, landmarks), align_faces(large, (landmarks + 0.5) * 4 - 0.5)
    assert cosine(SFace()(small[None]), SFace()(shrunk[None])) > 0.97


def test_frontality_falls_as_the_nose_leaves_the_middle():
    faces = np.stack(
        [TEMPLATE + np.array([[0, 0], [0, 0], [shift, 0], [0, 0], [0, 0]]) for shift in (0, 4, 9, 30)]
    )
    front = frontality(faces)
    assert front[0] > 0.8
    assert (np.diff(front) < 0).all()
    assert front[3] == 0
    assert frontality(np.zeros((1, 5, 2)))[0] < 1e-5


def test_a_face_turns_to_where_its_nose_goes():
    nose = np.array([-20.0, -10, 0, 10, 20])
    faces = np.tile([[30.0, 40], [70, 40], [50, 60], [35, 80], [65, 80]], (5, 1, 1))
    faces[:, 2, 0] += nose
    assert np.allclose(turned(faces), nose / 17.5)  # halves of the 35 pixels between eyes and mouth corners


def test_sharpness_falls_with_blur_whatever_the_light(faces):
    chip = align_faces(*faces[2][:2])
    blurred = cv2.GaussianBlur(chip, (0, 0), 3)
    assert sharpness(chip) > 1.5 * sharpness(blurred)
    assert sharpness((chip * 0.5).astype(np.uint8)) == pytest.approx(sharpness(chip), abs=0.1)
    assert sharpness(np.zeros((112, 112, 3), np.uint8)) == 0


def test_detail_tells_a_face_of_few_pixels_however_large_it_was_made(faces):
    chip = align_faces(*faces[2][:2])
    gone = [detail(enlarged(chip, pixels)) for pixels in (6, 8, 16, 32)]
    assert (np.diff([*gone, detail(chip)]) > 0).all()
    assert gone[1] < TELLS < gone[2]
    dark = (enlarged(chip, 8) * 0.4).astype(np.uint8)
    assert detail(dark) == pytest.approx(gone[1], abs=0.003)
    grain = np.random.default_rng(0).normal(0, 6, chip.shape)
    assert detail(np.clip(enlarged(chip, 8) + grain, 0, 255).astype(np.uint8)) < TELLS
    assert detail(np.zeros((112, 112, 3), np.uint8)) == 0


def enlarged(chip, pixels):
    small = cv2.resize(chip, (pixels, pixels), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, chip.shape[:2], interpolation=cv2.INTER_CUBIC)


def test_quality_is_spoilt_by_any_one_fault():
    good = {"size": [100.0], "score": [0.9], "landmarks": TEMPLATE[None], "sharp": [0.7], "fine": [0.1]}
    best = face_quality(**{k: np.array(v) for k, v in good.items()})[0]
    assert 0.5 < best <= 1
    for fault in (
        {"size": [12.0]},
        {"score": [0.35]},
        {"landmarks": TEMPLATE[None] * [[[0.2, 1]]]},
        {"sharp": [0.0]},
    ):
        assert face_quality(**{k: np.array(v) for k, v in (good | fault).items()})[0] < 0.7 * best
    assert face_quality(**{k: np.array(v) for k, v in (good | {"fine": [0.01]}).items()})[0] == 0


def test_best_faces_are_spread_over_a_tracks_time():
    frame = np.arange(100)
    tracks = Tracks(
        frame, np.zeros((100, 4)), np.ones(100), np.where(frame % 4 == 0, frame // 4, -1), [0, 100], [0]
    )
    quality = np.zeros(25)
    quality[[3, 4, 20]] = 1, 2, 1
    chosen = best_faces(tracks, quality, Clock(frame, Fraction(1, 25)), per_second=1.0, least=3)
    assert len(chosen) == 4  # four seconds, one of each
    assert 4 in chosen
    assert 3 not in chosen
    assert 20 in chosen
    assert len(best_faces(Tracks.empty(), quality, Clock([], Fraction(1)), per_second=1.0, least=3)) == 0


def test_the_face_networks_run_on_a_gpu_only_where_that_is_asked_for_by_name():
    gpu, cpu = "CUDAExecutionProvider", "CPUExecutionProvider"
    assert _providers(Machine("auto"), [gpu, cpu]) == [cpu]
    assert _providers(Machine("cuda"), [gpu, cpu]) == [gpu, cpu]
    with pytest.raises(InputError, match="cannot use CUDA"):
        _providers(Machine("cuda"), [cpu])
