"""Dark pictures are brightened by one factor; any other picture is unchanged."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from castlist.detect import DETECTORS
from castlist.low_light import BLACK, LEAST, brightened
from castlist.models import MODELS


def shaded(brightest: int) -> np.ndarray:
    """(40, 60, 3) a picture from black to one brightness, in which red is half as bright."""
    row = np.linspace(0, brightest, 60)
    return np.stack([row, row, row / 2], 1)[None].repeat(40, 0).round().astype(np.uint8)


def test_a_dark_picture_gets_one_factor() -> None:
    dark = shaded(40)
    light = brightened(dark)
    bright = np.percentile(dark[..., 1], 99)
    np.testing.assert_allclose(light, (dark * (LEAST / bright)).clip(0, 255), atol=0.5)
    assert brightened(light) is light


@pytest.mark.parametrize("picture", [shaded(255), shaded(LEAST + 10), np.full((9, 16, 3), LEAST, np.uint8)])
def test_a_well_lit_picture_is_returned_as_it_is(picture: np.ndarray) -> None:
    assert brightened(picture) is picture


@pytest.mark.parametrize(
    "picture",
    [np.zeros((9, 16, 3), np.uint8), shaded(BLACK - 1), np.zeros((0, 5, 3), np.uint8)],
    ids=["black", "noise", "no pixels"],
)
def test_where_there_is_no_picture_none_is_made(picture: np.ndarray) -> None:
    assert brightened(picture) is picture


def test_a_lamp_in_the_dark_does_not_stay_the_measure() -> None:
    dark = shaded(40)
    dark[:3, :5] = 255  # 0.6 % of the picture
    assert brightened(dark).max() == 255
    assert np.median(brightened(dark)) > 2 * np.median(dark)


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("factor", [0.5, 0.15, 0.08])
def test_faces_are_found_in_the_dark(name: str, factor: float, small_film: tuple) -> None:
    detector = DETECTORS[name]()
    if MODELS[detector.model].extra:
        pytest.importorskip(MODELS[detector.model].package)
    reader = cv2.VideoCapture(str(small_film[0]))
    reader.set(cv2.CAP_PROP_POS_FRAMES, 15)
    picture = reader.read()[1]
    clear, dark = detector(picture), detector((picture * factor).round().astype(np.uint8))
    assert len(dark) == len(clear) == 2
    np.testing.assert_allclose(np.sort(dark.box, 0), np.sort(clear.box, 0), atol=6)
