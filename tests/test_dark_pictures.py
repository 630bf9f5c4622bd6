"""Dark pictures are brightened for viewers, without coloured noise; any other picture is unchanged."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from castlist.dark_pictures import BRIGHT, DIM, MOST, _raised, brightened_jpeg, brightness


def face(height: int = 128) -> np.ndarray:
    """(h, h, 3) a light face on a dark background, well lit."""
    image = np.full((height, height, 3), (70, 60, 50), np.uint8)
    middle, size = (height // 2, height // 2), (height // 4, height // 3)
    cv2.ellipse(image, middle, size, 0, 0, 360, (150, 175, 210), -1, cv2.LINE_AA)
    cv2.circle(image, (height // 2 - 12, height // 2 - 10), 5, (30, 30, 40), -1, cv2.LINE_AA)
    cv2.circle(image, (height // 2 + 12, height // 2 - 10), 5, (30, 30, 40), -1, cv2.LINE_AA)
    return image


def jpeg(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def seen(picture: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)


def darkened(share: float, noise: float = 0) -> bytes:
    """The face at a share of its light, with noise of this standard deviation in each colour."""
    grain = np.random.default_rng(0).normal(0, noise or 1e-9, (128, 128, 3))
    return jpeg((face() * share + grain).clip(0, 255).round().astype(np.uint8))


def colour_noise(image: np.ndarray) -> float:
    """How much the colour of the cheek differs from pixel to pixel."""
    cheek = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)[60:90, 50:78, 1:].astype(float)
    return float(cheek.std(axis=(0, 1)).max())


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("noise", [0, 2, 4])
def test_a_dark_face_is_seen_and_its_colour_is_even(share: float, noise: float) -> None:
    dark = darkened(share, noise)
    shown = seen(brightened_jpeg(dark))
    assert brightness(dark) < DIM
    assert shown.mean() > 2 * seen(dark).mean()
    assert shown.mean() > 30
    assert colour_noise(shown) < 2.4
    cheek, ground = shown[80, 64].astype(int), shown[10, 10].astype(int)
    assert (cheek > ground).all()
    assert cheek[2] > cheek[0]  # still the colour of skin


def test_the_brightest_parts_keep_their_shades() -> None:
    image = np.full((128, 128, 3), 6, np.uint8)
    image[40:80, 40:80] = np.linspace(90, 250, 40).astype(np.uint8)[None, :, None]  # a window
    shown = seen(brightened_jpeg(jpeg(image)))[60, 42:78, 1].astype(int)
    assert shown[-1] <= 255
    assert (np.diff(shown[::6]) > 0).all()
    assert seen(brightened_jpeg(jpeg(image)))[10, 10, 1] > 12


@pytest.mark.parametrize("top", [5, 20, 60, 120, 200, 255])
@pytest.mark.parametrize("exponent", [0.5, 1, 3])
def test_nothing_becomes_darker_and_nothing_much_brighter_than_allowed(top: int, exponent: float) -> None:
    values = (top * np.linspace(0, 1, 128 * 128) ** exponent).round().astype(np.uint8)
    values[:80] = 255  # bright lights, fewer than SHARE ignores
    dark = np.repeat(values.reshape(128, 128, 1), 3, axis=2)
    shown = _raised(dark).astype(int)
    assert (shown >= dark).all()
    assert (shown <= MOST * dark + 0.5).all()


def test_the_bright_parts_of_a_dark_picture_become_bright_and_not_white() -> None:
    shown = seen(brightened_jpeg(darkened(0.15)))
    assert 150 < np.percentile(shown, 99) <= BRIGHT + 15


@pytest.mark.parametrize(
    "picture",
    [
        jpeg(face()), jpeg(np.zeros((64, 64, 3), np.uint8)), jpeg(np.full((64, 64, 3), 2, np.uint8)), b"",
        b"\xff\xd8\xff", b"no picture", darkened(0.1)[:200], cv2.imencode(".png", face() // 9)[1].tobytes(),
        jpeg(np.full((16, 4000, 3), 9, np.uint8)),
    ],
    ids=["light", "black", "noise", "empty", "start", "text", "cut off", "png", "large"],
)  # fmt: skip
def test_any_other_picture_is_returned_as_it_is(picture: bytes) -> None:
    assert brightened_jpeg(picture) is picture
