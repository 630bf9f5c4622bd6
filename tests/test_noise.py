"""Noisy pictures are smoothed before a network gets them; any other picture is unchanged."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from castlist.decode import open_video
from castlist.detect import YuNet
from castlist.embed import SFace, align_faces
from castlist.noise import NOISY, noise_level, smoothed
from castlist.pipeline.scan import scan
from castlist.recipe import Recipe
from castlist.types import Detections, Machine
from castlist.vectors import unit

scanning = importlib.import_module("castlist.pipeline.scan")


def sloping(high: int = 180, wide: int = 320) -> np.ndarray:
    """(high, wide, 3) a gradient from dark to light, without noise."""
    row = np.linspace(40, 200, wide)
    return np.repeat(np.repeat(row[None, :, None], high, 0), 3, 2).round().astype(np.uint8)


def noisy(picture: np.ndarray, deviation: float) -> np.ndarray:
    """A picture with normally distributed noise."""
    noise = np.random.default_rng(0).normal(0, deviation, picture.shape)
    return (picture + noise).clip(0, 255).round().astype(np.uint8)


@pytest.mark.parametrize("deviation", [3.0, 6.0, 12.0])
def test_the_level_is_the_deviation_of_the_noise(deviation: float) -> None:
    assert noise_level(noisy(sloping(), deviation)) == pytest.approx(deviation, rel=0.15)
    patterned = noisy(sloping(), deviation)
    patterned[:, :160:2] += 15  # half of the picture is a pattern of lines
    assert noise_level(patterned) == pytest.approx(deviation, rel=0.15)


@pytest.mark.parametrize(
    "picture",
    [
        sloping(), noisy(sloping(), NOISY / 2), np.zeros((180, 320, 3), np.uint8), noisy(sloping(12, 90), 20),
        noisy(np.zeros((180, 320, 3), np.uint8), 8), noisy(np.full((180, 320, 3), 255, np.uint8), 8),
        np.zeros((0, 5, 3), np.uint8),
    ],
    ids=["clean", "hardly any noise", "black", "small", "in the dark", "overexposed", "no pixels"],
)  # fmt: skip
def test_any_other_picture_is_returned_as_it_is(picture: np.ndarray) -> None:
    assert smoothed(picture) is picture


def test_a_noisy_picture_has_less_noise_and_the_same_light() -> None:
    before = noisy(sloping(), 10)
    after = smoothed(before)
    assert noise_level(after) < 0.5 * noise_level(before)
    assert abs(after.mean() - before.mean()) < 0.5


@pytest.fixture(scope="module")
def grainy(small_film: tuple, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first two seconds of the small film with tape noise."""
    film = tmp_path_factory.mktemp("grainy") / "grainy.mp4"
    reader = cv2.VideoCapture(str(small_film[0]))
    frames = [reader.read()[1] for _ in range(50)]
    rng = np.random.default_rng(1)
    high, wide = frames[0].shape[:2]
    command = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{wide}x{high}"]
    command += ["-r", "25", "-i", "-", "-c:v", "libx264", "-qp", "10", "-pix_fmt", "yuv420p", str(film)]
    data = b"".join(
        (frame + rng.normal(0, 25, frame.shape)).clip(0, 255).astype(np.uint8).tobytes() for frame in frames
    )
    try:
        subprocess.run(command, input=data, check=True)
    except FileNotFoundError:
        pytest.skip("ffmpeg is not installed")
    return film


def faces_in(film: Path) -> list[Detections]:
    """The faces of a scan."""
    pieces = scan(open_video(film), Recipe(), Machine(threads=1), keep_image=lambda data: "picture.jpg")
    return [piece.detections for piece in pieces]


@pytest.mark.parametrize("deviation", [15, 25, 40])
def test_a_face_is_surer_and_more_like_itself(deviation: float, small_film: tuple) -> None:
    reader = cv2.VideoCapture(str(small_film[0]))
    reader.set(cv2.CAP_PROP_POS_FRAMES, 15)
    clear = reader.read()[1]
    grainy = noisy(clear, deviation)
    faces = YuNet()(clear)

    def vectors(picture: np.ndarray) -> np.ndarray:
        chips = np.array([align_faces(picture, points) for points in faces.landmarks])
        return unit(SFace()(chips, machine=Machine(threads=1)))

    def scores(picture: np.ndarray) -> float:
        return float(YuNet()(picture).score.sum())

    as_it_is, smooth = ((vectors(clear) * vectors(p)).sum(1) for p in (grainy, smoothed(grainy)))
    assert len(faces) == 2
    assert smooth.min() > as_it_is.min()
    assert scores(smoothed(grainy)) > scores(grainy)


def test_the_pictures_that_people_see_keep_the_grain(grainy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[float] = []
    find = YuNet.__call__

    def watched(self: YuNet, image: np.ndarray, **options: object) -> Detections:
        searched.append(noise_level(image))
        return find(self, image, **options)  # type: ignore[arg-type]

    shown: list[float] = []
    cut = scanning.portrait

    def portrait(image: np.ndarray, box: np.ndarray) -> np.ndarray:
        shown.append(noise_level(image))
        return cut(image, box)

    monkeypatch.setattr(YuNet, "__call__", watched)
    monkeypatch.setattr(scanning, "portrait", portrait)
    faces_in(grainy)
    assert shown
    assert min(shown) > 2 * max(level for level in searched if level < 100)
