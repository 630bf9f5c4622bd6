"""Interlaced frames: where the two fields differ one of them is shown, and other parts are unchanged."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.decode import open_video, read_frames
from castlist.decode.fields import (
    BLOCK,
    EVERY,
    PACKED,
    STRIPE,
    TALLEST,
    TIMES,
    VISIBLE,
    combed,
    deinterlaced,
)
from castlist.decode.planes import planes
from castlist.drawn import people, render, still
from castlist.recipe import Recipe

FORMATS = [
    "yuv420p",
    "yuvj420p",
    "yuv411p",
    "yuv422p",
    "yuv422p10le",
    "yuv444p12le",
    "uyvy422",
    "nv12",
    "gray",
]
STEP = 24  # pixels that a face moves from field to field


def picture(height: int = 144, width: int = 192) -> NDArray[np.uint8]:
    """(h, w, 3) a smooth picture with fine grain and slanted edges."""
    grain = np.random.default_rng(7).normal(0, 6, (height, width, 1))
    y, x = np.mgrid[:height, :width]
    edges = 60 * ((x + y) // 20 % 2)
    return np.clip(90 + edges[..., None] + grain + [0, 10, 20], 0, 255).astype(np.uint8)


def frame(image: NDArray[np.uint8], pixels: str) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(image, "bgr24").reformat(format=pixels)


def woven(first: NDArray[np.uint8], second: NDArray[np.uint8], pixels: str) -> av.VideoFrame:
    """One frame of the even lines of the first and the odd lines of the second, of every plane."""
    planar = PACKED.get(pixels, pixels)
    both = frame(first, planar)
    for target, source in zip(planes(both), planes(frame(second, planar)), strict=True):
        target[1::2] = source[1::2]
    return both if planar == pixels else both.reformat(format=pixels)


def seen(one: av.VideoFrame) -> NDArray[np.uint8]:
    return one.to_ndarray(format="bgr24")


@pytest.mark.parametrize("pixels", FORMATS)
def test_where_something_moves_the_first_field_is_seen(pixels: str) -> None:
    """A bar of vertical edges moves by half its width: no line between is needed to know it again."""
    first, second = np.full((96, 128, 3), 60, np.uint8), np.full((96, 128, 3), 60, np.uint8)
    first[:, 32:64] = second[:, 48:80] = 190
    stored = woven(first, second, pixels)
    assert combed(stored.to_ndarray(format="gray")).any()
    shown = seen(deinterlaced(stored)).astype(int)
    inside = np.ones(128, bool)
    inside[[31, 32, 63, 64, 28, 29, 30, 33, 34, 35, 60, 61, 62, 65, 66, 67]] = False  # chroma of four pixels
    assert np.abs(shown - seen(frame(first, PACKED.get(pixels, pixels))))[:, inside].max() <= 3


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize(
    ("height", "width"), [(32, 16), (33, 5), (146, 131), (STRIPE + 2, 640), (2 * STRIPE + 3, 997)]
)
def test_a_comb_is_measured_block_by_block(bits: int, height: int, width: int) -> None:
    rng = np.random.default_rng(height)
    luma = rng.integers(0, 32 << (bits - 8), (height, width)).astype(np.uint8 if bits == 8 else np.uint16)
    luma[1::2] += 13 << (bits - 8)  # as much comb as noise: each line may decide
    lines = luma[:, ::EVERY].astype(float)
    near, far = (lines[1:-1] - lines[:-2]) ** 2, (lines[2:] - lines[:-2]) ** 2
    found = combed(luma, bits)
    assert found.shape == (-(-(height - 2) // BLOCK), -(-width // BLOCK))
    for row, column in np.ndindex(found.shape):
        block = np.s_[
            row * BLOCK : (row + 1) * BLOCK, column * BLOCK // EVERY : (column + 1) * BLOCK // EVERY
        ]
        beside, beyond = near[block].sum(), far[block].sum()
        seen = beside > TIMES * beyond and beside >= near[block].size * (VISIBLE << (bits - 8)) ** 2
        assert found[row, column] == seen


@pytest.mark.parametrize("pixels", FORMATS)
@pytest.mark.parametrize("height", [144, 145, 151])
def test_where_nothing_moves_nothing_changes(pixels: str, height: int) -> None:
    if pixels in ("uyvy422", "nv12", "yuv420p", "yuvj420p") and height % 2:
        height += 1
    stored = frame(picture(height), pixels)
    assert deinterlaced(stored) is stored


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_thin_lines_and_text_are_no_comb(lines: int) -> None:
    image = np.full((144, 192, 3), 40, np.uint8)
    image[20 : 20 + lines] = 220
    image[60 : 60 + lines, 40:100] = 220
    cv2.putText(image, "The End", (20, 120), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), lines)
    stored = frame(image, "yuv420p")
    assert deinterlaced(stored) is stored


def test_still_parts_of_a_picture_keep_all_their_lines() -> None:
    first = picture(192, 256)
    second = first.copy()
    first[64:128, 32:64] = second[64:128, 56:88] = 255
    stored = woven(first, second, "yuv420p")
    before, after = seen(stored), seen(deinterlaced(stored))
    assert (before[:, 88 + 2 * BLOCK :] == after[:, 88 + 2 * BLOCK :]).all()
    assert (before[: 64 - 2 * BLOCK] == after[: 64 - 2 * BLOCK]).all()
    assert not (before == after).all()


def test_an_odd_last_line_and_lines_that_no_interlaced_picture_has() -> None:
    first, second = np.full((97, 128, 3), 60, np.uint8), np.full((97, 128, 3), 60, np.uint8)
    first[:, 32:64] = second[:, 48:80] = 190
    shown = seen(deinterlaced(woven(first, second, "yuv444p"))).astype(int)
    assert np.abs(shown - first).max() <= 3
    tall = woven(*(np.repeat(i, 12, axis=0)[: TALLEST + 2] for i in (first, second)), "yuv420p")
    assert tall.height > TALLEST
    assert deinterlaced(tall) is tall


@pytest.mark.parametrize("said", [True, False])
def test_a_moving_face_is_seen_as_clearly_as_in_one_field(said: bool, tmp_path: Path) -> None:
    """Whether the film is marked as interlaced or not: many copies of tapes are not."""
    render(still(people(1)[0]), tmp_path / "still.mp4")
    with av.open(str(tmp_path / "still.mp4")) as file:
        face = seen(next(file.decode(video=0)))
    moved = woven(face, np.roll(face, STEP, axis=1), "yuv420p")
    with av.open(str(tmp_path / "film.mkv"), "w") as out:
        options = {"b": "9M", "flags": "+ildct+ilme"} if said else {"b": "9M"}
        stream = out.add_stream("mpeg2video", rate=25, options=options)
        stream.height, stream.width = face.shape[:2]
        stream.pix_fmt = "yuv420p"
        for i in range(3):
            one = moved.reformat(format="yuv420p", width=face.shape[1])
            one.pts, one.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(one))
        out.mux(stream.encode(None))
    with av.open(str(tmp_path / "film.mkv")) as file:
        assert next(file.decode(video=0)).interlaced_frame == said
    with read_frames(open_video(tmp_path / "film.mkv")) as reader:
        image = next(iter(reader)).image
    errors = [np.abs(i.astype(int) - face).mean() for i in (image, seen(moved))]
    assert errors[0] < errors[1] / 2
    clear, comb, read = (Recipe().detect(np.ascontiguousarray(i)) for i in (face, seen(moved), image))
    assert float(read.score[0]) > float(clear.score[0]) - 0.02 > float(comb.score[0])
    assert np.abs(read.box[0] - clear.box[0]).max() < 3
