"""Hidden frames in QuickTime and MP4: damaged time scales are repaired, edit lists are followed."""

from __future__ import annotations

import struct
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from castlist.decode import open_video, read_frames
from castlist.decode.container import opened
from castlist.decode.quicktime import time_scales

FRAMES, RATE = 60, 25


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two seconds in MP4, reordered frames and so an edit list; every frame has its own grey."""
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for i in range(FRAMES):
            picture = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 4 * i, np.uint8), "bgr24")
            picture.pts, picture.time_base = i, Fraction(1, RATE)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


def changed(path: Path, atom: bytes, offset: int, value: int) -> Path:
    """The film with four bytes changed in the first atom of a name, at an offset from the end of the name."""
    data = bytearray(path.read_bytes())
    struct.pack_into(">I", data, data.index(atom) + 4 + offset, value % (1 << 32))
    path.write_bytes(data)
    return path


def times(path: Path) -> list[float]:
    with read_frames(open_video(path)) as reader:
        return [float(frame.pts * reader.unit) for frame in reader]


def time_base(path: Path) -> Fraction | None:
    """Seconds of a tick of the first stream."""
    with path.open("rb") as file, opened(file) as container:
        return container.streams[0].time_base


SCALE, LENGTH, BEGIN = 12, 8, 12  # where mvhd and mdhd have their time scale, elst the length and the begin
SIZE, DURATION = -8, 20  # where an atom has its size, and tkhd the duration


@pytest.mark.parametrize("scale", [0, 1, 2, 12, 1 << 31, (1 << 32) - 1, 12_800_000, 2_000_000_000])
def test_a_time_scale_that_cannot_be_is_put_right(film: Path, scale: int) -> None:
    usual = times(film)
    assert times(changed(film, b"mdhd", SCALE, scale)) == pytest.approx(usual, abs=0.002)
    assert len(usual) == FRAMES


def test_the_time_scale_of_sound_is_put_right(tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=8000, layout="mono")
        for i in range(20):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            sound.pts, sound.sample_rate = 1024 * i, 8000
            out.mux(stream.encode(sound))
        out.mux(stream.encode(None))
    assert time_base(changed(path, b"mdhd", SCALE, 0)) == Fraction(1, 8000)


@pytest.mark.parametrize("scale", [6400, 12801, 25600])
def test_a_time_scale_that_may_be_stands(film: Path, scale: int) -> None:
    assert time_base(changed(film, b"mdhd", SCALE, scale)) == Fraction(1, scale)


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A picture every ten seconds."""
    path = tmp_path / "slow.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=Fraction(1, 10))
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for i in range(12):
            picture = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 20 * i, np.uint8), "bgr24")
            picture.pts, picture.time_base = i, Fraction(10)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


def test_a_picture_every_ten_seconds_is_no_damage(slow: Path) -> None:
    assert times(slow) == [10.0 * i for i in range(12)]


@pytest.mark.parametrize("length", [6_000, 0])  # cut to six seconds; not known
def test_the_length_that_a_track_has_after_cutting_proves_no_damage(slow: Path, length: int) -> None:
    assert times(changed(slow, b"tkhd", DURATION, length)) == [10.0 * i for i in range(12)]


class Recorded(BytesIO):
    """A file in memory that records how many bytes each read asks for."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.sizes: list[int | None] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.sizes.append(size)
        return super().read(size)


@pytest.mark.parametrize("size", [8, 12, 15, 16, 20])
def test_a_table_of_lengths_that_is_too_short_is_not_read_beyond(film: Path, size: int) -> None:
    file = Recorded(changed(film, b"stts", SIZE, size).read_bytes())
    assert time_scales(file) == {}
    assert all(size is not None and 0 <= size <= 32 for size in file.sizes)


@pytest.mark.parametrize(
    ("atom", "offset", "value"),
    [
        (b"elst", LENGTH, 0), (b"elst", LENGTH, 1), (b"elst", BEGIN, 10**9), (b"elst", BEGIN, -1),
        (b"mvhd", SCALE, 10**9),
    ],
)  # fmt: skip
def test_an_edit_list_that_shows_nothing_is_not_followed(
    film: Path, atom: bytes, offset: int, value: int
) -> None:
    found = open_video(changed(film, atom, offset, value))
    assert len(times(film)) == FRAMES
    assert found.hidden == 0


@pytest.mark.parametrize(("length", "kept"), [(1000, 25), (400, 10), (2400, FRAMES)])
def test_frames_that_an_edit_list_leaves_out_are_counted(film: Path, length: int, kept: int) -> None:
    found = open_video(changed(film, b"elst", LENGTH, length))
    assert (len(times(film)), found.hidden) == (kept, FRAMES - kept)


def with_edits(path: Path, *edits: tuple[int, int]) -> Path:
    """The film with this edit list: for each entry milliseconds that are shown, and the first frame of them.

    The atoms around it are last in the file and grow with it, so that nothing else moves.
    """
    data = path.read_bytes()
    at = data.index(b"elst") - 4
    list_ = b"".join(struct.pack(">IiI", length, 1024 + 512 * first, 1 << 16) for length, first in edits)
    new = struct.pack(">I4sII", 16 + len(list_), b"elst", 0, len(edits)) + list_
    old = int.from_bytes(data[at : at + 4], "big")
    path.write_bytes(data[:at] + new + data[at + old :])
    for name in (b"moov", b"trak", b"edts"):
        size = int.from_bytes(path.read_bytes()[data.index(name) - 4 :][:4], "big")
        changed(path, name, SIZE, size + len(new) - old)
    return path


@pytest.mark.parametrize(
    ("edits", "shown", "hidden"),
    [
        ([(1000, 0), (1000, 0)], 50, 35),  # the same second twice
        ([(2000, 0), (2000, 0)], 100, 10),
        ([(800, 30), (800, 0)], 40, 20),  # the later part first
        ([(400, 0), (400, 20), (400, 40)], 30, 30),
    ],
)
def test_of_several_parts_every_frame_that_is_nowhere_shown_is_counted_once(
    film: Path, edits: list[tuple[int, int]], shown: int, hidden: int
) -> None:
    found = open_video(with_edits(film, *edits))
    assert (len(times(film)), found.hidden) == (shown, hidden)


def test_a_film_without_edit_list_hides_nothing(tmp_path: Path, film: Path) -> None:
    assert open_video(film).hidden == 0
    for name in ("film.mkv", "film.ts", "fragments.mp4"):
        options = {"movflags": "frag_keyframe+empty_moov"} if "fragments" in name else {}
        with av.open(str(film)) as source, av.open(str(tmp_path / name), "w", options=options) as out:
            stream = out.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    out.mux(packet)
        assert open_video(tmp_path / name).hidden == 0
