"""The timecode at which a film starts, wherever its file keeps it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from castlist.decode import open_video


def film(path: Path, codec: str, rate: Fraction, **tags: str) -> Path:
    """Five grey frames; `tags` are of the file, those that begin with "stream_" of its video."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for name, value in tags.items():
            where = stream.metadata if name.startswith("stream_") else out.metadata
            where[name.removeprefix("stream_")] = value
        for i in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 90, np.uint8), "bgr24")
            frame.pts, frame.time_base = i, 1 / rate
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "rate", "said"),
    [
        ("a.mov", "mpeg4", Fraction(25), "10:00:00:00"),  # a tmcd track
        ("a.mov", "mpeg4", Fraction(30000, 1001), "10:00:00;02"),  # drop-frame
        ("a.mov", "mpeg4", Fraction(30000, 1001), "10:00:00:02"),
        ("a.mov", "mpeg4", Fraction(24000, 1001), "23:59:59:23"),
        ("a.mov", "mpeg4", Fraction(60000, 1001), "01:00:00;59"),
        ("a.mxf", "mpeg2video", Fraction(25), "01:02:03:04"),
        ("a.mxf", "mpeg2video", Fraction(30000, 1001), "01:02:03;04"),
        ("a.mkv", "mpeg4", Fraction(25), "01:02:03:04"),  # a tag, written in capitals
    ],
)
def test_timecode_is_read(tmp_path: Path, name: str, codec: str, rate: Fraction, said: str) -> None:
    video = open_video(film(tmp_path / name, codec, rate, timecode=said))
    assert video.timecode == said
    assert video.frame_rate == rate


def test_the_pictures_own_timecode_comes_before_the_files(tmp_path: Path) -> None:
    path = film(
        tmp_path / "a.mkv", "mpeg4", Fraction(25), timecode="01:00:00:00", stream_timecode="02:00:00:00"
    )
    assert open_video(path).timecode == "02:00:00:00"


@pytest.mark.parametrize("said", ["", "noon", "24:00:00:00", "01:60:00:00", "1:2:3:4", "01:00:00:00\n<x>"])
def test_what_is_no_timecode_is_none(tmp_path: Path, said: str) -> None:
    assert open_video(film(tmp_path / "a.mkv", "mpeg4", Fraction(25), timecode=said)).timecode == ""
