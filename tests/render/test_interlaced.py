"""Interlaced films stay interlaced if their copy supports it; otherwise they have no combs."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from render_seen import clock_of, video_of

from castlist.decode.fields import combed
from castlist.render import BODY, Covers, Film, joined, render
from castlist.render.interlaced import FLAGS, Marked, field_order

FRAMES = 8
FIRST = {"tff": (0, 1), "bff": (1, 0)}  # the line of each field that is shown first, second
WAYS = [("libx264", "mkv"), ("libx264", "mp4"), ("prores_ks", "mov"), ("ffv1", "mkv"), ("mpeg2video", "mkv")]


def interlaced(path: Path, order: str, codec: str = "ffv1", height: int = 96) -> Path:
    """A light bar that moves by 16 pixels from field to field, in frames that say which comes first."""
    lines, mark = FIRST[order], Marked(order)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25, options={"flags": FLAGS, "b": "9M"})
        stream.width, stream.height = 192, height
        stream.pix_fmt = "yuv422p10le" if codec == "prores_ks" else "yuv420p"
        for i in range(FRAMES):
            image = np.full((height, 192, 3), 60, np.uint8)
            for half in (0, 1):
                left = 16 * (2 * i % 6 + half)
                image[lines[half] :: 2, left : left + 32] = 200
            frame = av.VideoFrame.from_ndarray(image, "bgr24").reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(mark(frame)))
        out.mux(stream.encode(None))
    return path


def stored(path: Path) -> tuple[list[str], int]:
    """The marked field order of each frame, and the number of frames with combs."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        frames = list(file.decode(stream))
        orders = [field_order(f, stream) if f.interlaced_frame else "" for f in frames]
        return orders, sum(bool(combed(f.to_ndarray(format="gray")).any()) for f in frames)


@pytest.mark.parametrize(("codec", "form"), WAYS)
@pytest.mark.parametrize("order", FIRST)
def test_a_copy_says_which_field_comes_first(order: str, codec: str, form: str, tmp_path: Path) -> None:
    source = interlaced(tmp_path / f"film.{form}", order, codec)
    assert stored(source) == ([order] * FRAMES, FRAMES)
    covers = Covers.of([([3], BODY, [(0, 0, 8, 8)])])
    render(video_of(source), clock_of(source), tmp_path / f"again.{form}", covers=covers)
    assert stored(tmp_path / f"again.{form}") == ([order] * FRAMES, FRAMES)


@pytest.mark.parametrize("order", FIRST)
def test_a_format_without_fields_gets_no_combs(order: str, tmp_path: Path) -> None:
    source = interlaced(tmp_path / "film.mkv", order)
    render(video_of(source), clock_of(source), tmp_path / "again.webm", covers=Covers.of([]))
    assert stored(tmp_path / "again.webm") == ([""] * FRAMES, 0)


def test_a_film_of_another_height_gets_no_combs_in_a_reel(tmp_path: Path) -> None:
    films = [interlaced(tmp_path / f"{h}.mkv", "tff", "libx264", h) for h in (192, 96)]
    parts = [Film(video_of(f), clock_of(f), [(2, 5)]) for f in films]
    joined(parts, tmp_path / "reel.mp4")
    orders, combs = stored(tmp_path / "reel.mp4")
    assert orders == ["tff"] * 6
    assert combs == 3  # of the film that the reel is made like, which a player takes apart


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs the ffmpeg command to turn a film")
def test_a_turned_film_gets_no_combs_and_is_upright(tmp_path: Path) -> None:
    source = interlaced(tmp_path / "film.mp4", "tff", "libx264")
    turn = ["-metadata:s:v:0", "rotate=90"]
    command = ["ffmpeg", "-v", "error", "-i", str(source), "-c", "copy", *turn, str(tmp_path / "turned.mp4")]
    subprocess.run(command, check=True)
    turned = video_of(tmp_path / "turned.mp4")
    if turned.width > turned.height:
        pytest.skip("this ffmpeg writes no rotation so")
    render(turned, clock_of(turned.path), tmp_path / "again.mp4", covers=Covers.of([]))
    orders, _ = stored(tmp_path / "again.mp4")
    assert orders == [""] * FRAMES
    with av.open(str(tmp_path / "again.mp4")) as file:
        frame = next(file.decode(video=0))
        assert (frame.width, frame.height) == (96, 192)
        assert not combed(frame.to_ndarray(format="gray").T.copy()).any()


def test_a_progressive_film_stays_so(film: Path, tmp_path: Path) -> None:
    render(video_of(film), clock_of(film), tmp_path / "again.mp4", covers=Covers.of([]))
    assert set(stored(tmp_path / "again.mp4")[0]) == {""}
