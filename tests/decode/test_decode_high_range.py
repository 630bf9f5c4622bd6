"""Films of high dynamic range or wide gamut look like the ordinary film of the same scene."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.decode import open_video, read_frames
from castlist.decode.high_range import BT709, BT2020, HLG, PQ, shown
from castlist.drawn import people, render, still

# BGR: skin, red cloth, leaves, the sky, two greys
SCENE = [(110, 135, 190), (40, 30, 140), (60, 120, 70), (170, 140, 110), (40, 40, 40), (120, 120, 120)]
TO_BT2020 = np.array(  # of light in BT.709's primaries [ITU-R BT.2087, section 2]
    [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
)


def bars() -> NDArray[np.uint8]:
    return np.broadcast_to(np.repeat(np.array(SCENE, np.uint8), 32, axis=0), (64, 192, 3)).copy()


def coded(image: NDArray[np.uint8], curve: int) -> NDArray[np.float64]:
    """(h, w, 3) RGB from 0 to 1: an ordinary picture graded for BT.2020, its white at 203 cd/m²."""
    light = (image[..., ::-1] / 255.0) ** 2.4 @ TO_BT2020.T
    if curve == PQ:  # [SMPTE ST 2084]
        power = (light * 203 / 10_000) ** 0.1593017578125
        return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    if curve == HLG:  # [ITU-R BT.2100, table 5: inverse OOTF, then OETF]
        luminance = light @ [0.2627, 0.6780, 0.0593] * 0.203
        scene = 0.203 * light * np.maximum(luminance, 1e-9)[..., None] ** (1 / 1.2 - 1)
        logarithm = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        return np.where(scene <= 1 / 12, np.sqrt(3 * scene), logarithm)
    return light ** (1 / 2.4)


def film(path: Path, image: NDArray[np.uint8], curve: int, matrix: int) -> Path:
    values = np.round(coded(image, curve) * 65535).astype(np.uint16)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = *image.shape[:2], "yuv444p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace = curve, BT2020, matrix
        context.color_range = 1
        for i in range(3):
            frame = av.VideoFrame.from_ndarray(values, "rgb48le").reformat(
                format="yuv444p10le", dst_colorspace="BT2020", dst_color_range="MPEG"
            )
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("matrix", [9, 2])  # BT.2020, and not stated
@pytest.mark.parametrize("curve", [PQ, HLG])
def test_a_film_of_high_range_looks_like_the_ordinary_one(curve: int, matrix: int, tmp_path: Path) -> None:
    with read_frames(open_video(film(tmp_path / "film.mkv", bars(), curve, matrix)), thumb=(6, 2)) as reader:
        frame = next(iter(reader))
        assert frame.thumb is not None
        for picture in (frame.image[::32, 16::32], frame.thumb):
            assert np.abs(picture.astype(int) - SCENE).max() <= 9  # white paper gets less white, nothing more


def test_a_film_of_a_wide_gamut_has_the_colours_of_the_ordinary_one(tmp_path: Path) -> None:
    with read_frames(open_video(film(tmp_path / "film.mkv", bars(), 14, 9))) as reader:
        assert np.abs(next(iter(reader)).image[:1, 16::32].astype(int) - SCENE).max() <= 3


@pytest.mark.parametrize("curve", [PQ, HLG])
def test_a_drawn_face_looks_the_same_in_high_range(curve: int, tmp_path: Path) -> None:
    render(still(people(1)[0]), tmp_path / "plain.mp4")
    with read_frames(open_video(tmp_path / "plain.mp4")) as reader:
        image = next(iter(reader)).image
    with read_frames(open_video(film(tmp_path / "film.mkv", image, curve, 9))) as reader:
        assert np.abs(next(iter(reader)).image.astype(int) - image).mean() < 4


@pytest.mark.parametrize(
    ("value", "light"),
    [(0.0, 0.0), (0.3001, 10.0), (0.5081, 100.0), (0.5807, 161.0), (0.7518, 203.0), (1.0, 203.0)],
)
def test_the_light_of_pq(value: float, light: float) -> None:
    """Light up to about 90 cd/m² is unchanged; 1000 cd/m² and more become the screen's white, 203."""
    seen = shown(np.full((1, 3), value), PQ, BT2020)
    assert np.allclose(203 * seen**2.4, light, rtol=0.03, atol=1e-3)
    assert np.ptp(seen) < 1e-3  # grey stays grey


def test_diffuse_white_of_hlg_is_that_of_pq() -> None:
    assert np.allclose(
        shown(np.full((1, 3), 0.75), HLG, BT2020), shown(np.full((1, 3), 0.5807), PQ, BT2020), atol=0.01
    )


def test_primaries_of_the_screen_stay_as_they_are() -> None:
    red = np.array([[0.5, 0.1, 0.1]])
    assert np.allclose(shown(red, 1, BT709), red)
    assert shown(red, 1, BT2020)[0, 0] > 0.5  # the same numbers are a stronger red in wider primaries
