"""The timecode at which a film starts, in all places where files store it."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from castlist.decode import mxf, open_video
from castlist.decode.quicktime import timecode_rate, timecode_shift
from castlist.timecode import frame_number


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


def trimmed(path: Path, begin: int) -> Path:
    """The same film with the edit list of its timecode track begun later."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"elst")  # the last track is that of the timecode
    assert data[at + 4 : at + 12] == struct.pack(">II", 0, 1)
    struct.pack_into(">i", data, at + 16, begin)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("rate", "said", "begin", "shown"),
    [
        (Fraction(25), "10:00:00:00", 50, "10:00:02:00"),
        (Fraction(30000, 1001), "00:00:59;28", 3, "00:01:00;03"),  # over two numbers that are left out
        (Fraction(24000, 1001), "01:00:00:00", 0, "01:00:00:00"),
    ],
)
def test_a_trimmed_quicktime_film_starts_where_it_is_shown(
    tmp_path: Path, rate: Fraction, said: str, begin: int, shown: str
) -> None:
    path = film(tmp_path / "a.mov", "mpeg4", rate, timecode=said)
    with open(path, "rb") as file:
        assert timecode_shift(file) == 0
    data = path.read_bytes()
    at = data.rindex(b"mdhd") + 16
    ticks = int.from_bytes(data[at : at + 4], "big")
    trimmed(path, round(begin * ticks / rate))
    assert open_video(path).timecode == shown


def recounted(path: Path, rate: Fraction) -> Path:
    """The same film whose timecode track counts so many frames a second, as a camera writes it."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"tmcd", 0, data.rindex(b"stts"))  # the sample description of the last track
    struct.pack_into(">IIB", data, at + 20, rate.numerator, rate.denominator, round(rate))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("rate", "said", "counted", "shown"),
    [
        (Fraction(50), "10:00:00:12", Fraction(25), "10:00:00:24"),  # each label is that of two frames
        (Fraction(60000, 1001), "01:00:00;12", Fraction(30000, 1001), "01:00:00;24"),
        (Fraction(25), "10:00:00:12", Fraction(50), "10:00:00:06"),
        (Fraction(24000, 1001), "01:00:00:10", Fraction(30000, 1001), "01:00:00:08"),
        (Fraction(25), "10:00:00:12", Fraction(25), "10:00:00:12"),
    ],
)
def test_a_timecode_track_has_a_rate_of_its_own(
    tmp_path: Path, rate: Fraction, said: str, counted: Fraction, shown: str
) -> None:
    path = film(tmp_path / "a.mov", "mpeg4", rate, timecode=said)
    with open(path, "rb") as file:
        assert timecode_rate(file) == rate
    number = frame_number(said, counted)[0]
    data = bytearray(recounted(path, counted).read_bytes())
    data = data.replace(struct.pack(">I", frame_number(said, rate)[0]), struct.pack(">I", number))
    path.write_bytes(data)
    assert open_video(path).timecode == shown


@pytest.mark.parametrize(
    ("rate", "said", "counted", "shown"),
    [
        (Fraction(50), "10:00:00:12", Fraction(25), "10:00:00:24"),
        (Fraction(60000, 1001), "01:00:00;12", Fraction(30000, 1001), "01:00:00;24"),
        (Fraction(50), "10:00:00:12", Fraction(50), "10:00:00:12"),
    ],
)
def test_the_timecode_of_an_mxf_has_a_rate_of_its_own(
    tmp_path: Path, rate: Fraction, said: str, counted: Fraction, shown: str
) -> None:
    path = film(tmp_path / "a.mxf", "mpeg2video", rate, timecode=said)

    def component(at: Fraction) -> bytes:
        return struct.pack(">HHQHHH", 0x1501, 8, frame_number(said, at)[0], 0x1502, 2, round(at))

    data = path.read_bytes()
    assert component(rate) in data
    path.write_bytes(data.replace(component(rate), component(counted)))
    assert open_video(path).timecode == shown
    with open(path, "rb") as file:
        assert mxf.timecode_rate(file, said) == round(counted)
        assert mxf.timecode_rate(file, "03:00:00:00") is None  # of no component
        assert file.tell() == 0


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_mxf_header_is_as_good_as_none(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = film(tmp_path / "a.mxf", "mpeg2video", Fraction(50), timecode="10:00:00:12")
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    place = data.tobytes().index(bytes.fromhex("060e2b34025301010d01010101011400")) + 16
    spots = rng.integers(place, place + 90, 12)
    data[spots] = rng.integers(0, 256, 12)
    file = io.BytesIO(data.tobytes()[: int(rng.integers(place, place + 2000))])
    assert mxf.timecode_rate(file, "10:00:00:12") in (None, Fraction(50))


@pytest.mark.parametrize("seed", range(20))
def test_damaged_atoms_are_as_good_as_none(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = film(tmp_path / "a.mov", "mpeg4", Fraction(25), timecode="10:00:00:00")
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    place = data.tobytes().index(b"moov")
    spots = rng.integers(place, len(data), 40)
    data[spots] = rng.integers(0, 256, 40)
    file = io.BytesIO(data.tobytes()[: int(rng.integers(place, len(data) + 1))])
    file.seek(7)
    assert isinstance(timecode_shift(file), Fraction)
    assert isinstance(timecode_rate(file), Fraction | None)
    assert file.tell() == 7
