"""Rectangles drawn over planes."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.render import BLACK, BODY, CORE, HEAD, HOLE, MARGIN, STYLES, WHOLE, Covers
from castlist.render.codecs import container_of, encoder_for, pixel_format
from castlist.render.covers import cover
from castlist.types import same


def drawn(kinds, boxes, style="solid", size=(8, 8)):
    luma = np.arange(1, 1 + size[0] * size[1], dtype=np.uint8).reshape(size)
    chroma = luma[: size[0] // 2, : size[1] // 2].copy()
    before = [luma.copy(), chroma.copy()]
    cover([luma, chroma], [0, 0], np.array(kinds), np.array(boxes, float), style)
    return before, [luma, chroma]


def test_a_rectangle_is_filled_outward_on_every_plane() -> None:
    before, after = drawn([BODY], [(1.5, 2, 4.2, 5)])
    hidden = np.zeros((8, 8), bool)
    hidden[2:5, 1:5] = True
    assert (after[0][hidden] == 0).all()
    assert (after[0][~hidden] == before[0][~hidden]).all()
    assert (after[1][1:3, 0:3] == 0).all()
    assert (after[1] != before[1]).sum() == 6


def test_a_hole_is_open_again_and_a_core_over_it_is_not() -> None:
    before, after = drawn([BODY, HOLE, CORE], [(0, 0, 8, 8), (2, 2, 6, 6), (4, 2, 6, 6)])
    opened = np.zeros((8, 8), bool)
    opened[2:6, 2:4] = True
    assert (after[0][opened] == before[0][opened]).all()
    assert (after[0][~opened] == 0).all()


def test_a_head_opens_the_margin_of_another_but_not_their_face() -> None:
    before, after = drawn([MARGIN, HEAD, BODY], [(0, 0, 8, 8), (2, 2, 6, 6), (4, 2, 6, 6)])
    opened = np.zeros((8, 8), bool)
    opened[2:6, 2:4] = True
    assert (after[0][opened] == before[0][opened]).all()
    assert (after[0][~opened] == 0).all()


@pytest.mark.parametrize("style", ["blur", "pixels"])
@pytest.mark.parametrize(("kind", "cells"), [(MARGIN, 4), (BODY, 2), (CORE, 2)])
def test_so_few_cells_are_left_of_what_is_hidden(style, kind, cells) -> None:
    before, after = drawn([kind], [(0, 0, 64, 64)], style, (64, 64))
    few = before[0].reshape(cells, 64 // cells, cells, 64 // cells).mean((1, 3))
    assert few.min() - 1 <= after[0].min()
    assert after[0].max() <= few.max() + 1
    assert len(np.unique(after[0])) <= cells**2 or style == "blur"


@pytest.mark.parametrize("style", sorted(STYLES))
def test_what_was_found_again_is_black_in_every_style(style) -> None:
    _, after = drawn([MARGIN, HOLE, BLACK], [(0, 0, 8, 8), (0, 0, 8, 8), (2, 2, 6, 6)], style)
    assert (after[0][2:6, 2:6] == 0).all()


@pytest.mark.parametrize("style", sorted(STYLES))
def test_the_whole_picture_can_be_hidden_in_every_style(style) -> None:
    before, after = drawn([WHOLE], [(0, 0, 0, 0)], style, (64, 64))
    assert len(np.unique(after[0])) <= 30 or style == "blur"
    assert (after[0] != before[0]).mean() > 0.8


@pytest.mark.parametrize("box", [(-9, -9, 0, 0), (9, 9, 20, 20), (3, 3, 3, 3), (5, 5, 2, 2)])
def test_a_rectangle_outside_or_without_area_hides_nothing(box) -> None:
    before, after = drawn([BODY], [box])
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


def test_planes_of_sixteen_bits_are_drawn_over_too() -> None:
    plane = np.full((8, 8), 512, np.uint16)
    for style in STYLES:
        cover([plane], [64], np.array([BODY]), np.array([(0, 0, 4, 4)]), style)
    assert set(np.unique(plane)) == {64, 512}


def test_covers_are_kept_by_frame_and_in_the_order_of_kinds() -> None:
    made = Covers.of([([5, 2], CORE, [(0, 0, 1, 1)] * 2), ([2], BODY, [(0, 0, 2, 2)])])
    assert made.frame.tolist() == [2, 2, 5]
    assert made.kind.tolist() == [BODY, CORE, CORE]
    file = BytesIO()
    made.save(file)
    file.seek(0)
    assert same(Covers.load(file), made)


def test_the_share_of_a_box_that_is_hidden() -> None:
    made = Covers.of(
        [([0], BODY, [(0, 0, 50, 100)]), ([0], HOLE, [(0, 0, 25, 100)]), ([1], WHOLE, [(0,) * 4])]
    )
    assert made.share(0, (0, 0, 100, 100)) == 0.25
    assert made.share(1, (3, 3, 4, 4)) == 1
    assert made.share(2, (0, 0, 100, 100)) == 0


def test_a_suffix_says_which_container() -> None:
    from pathlib import Path

    assert container_of(Path("a.MKV")) == "matroska"
    with pytest.raises(InputError, match=r"film.txt: a film can be written as .mp4"):
        container_of(Path("film.txt"))


@pytest.mark.parametrize(
    ("codec", "container", "encoder"),
    [
        ("hevc", "mp4", "libx265"), ("mpeg2video", "mp4", "libx264"), ("h264", "webm", "libvpx-vp9"),
        ("prores", "mov", "prores_ks"), ("prores", "mp4", "libx264"),
    ],
)  # fmt: skip
def test_the_encoder_is_the_films_own_where_the_container_can_hold_it(codec, container, encoder) -> None:
    supported = {"mp4": {"h264", "hevc"}, "webm": {"vp9"}, "mov": {"prores", "h264"}}[container]
    assert encoder_for(codec, container, supported).name == encoder


@pytest.mark.parametrize(
    ("name", "bits", "size", "chosen"),
    [
        ("yuv420p", 8, (640, 360), "yuv420p"), ("nv12", 8, (640, 360), "yuv420p"),
        ("yuv420p", 8, (641, 360), "yuv444p"), ("p010le", 10, (640, 360), "yuv420p10le"),
        ("rgb24", 8, (640, 360), "yuv420p"), ("yuv444p16le", 16, (640, 360), "yuv422p10le"),
    ],
)  # fmt: skip
def test_the_pixel_format_that_keeps_most(name, bits, size, chosen) -> None:
    offered = ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12", "yuv420p10le", "yuv422p10le"]
    assert pixel_format(name, bits, offered, *size) == chosen
