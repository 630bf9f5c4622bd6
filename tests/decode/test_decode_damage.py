"""Damage: lost frames are counted, the others are read, and a resumed read gives the same."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.decode import open_video, read_frames
from castlist.decode.asf import stated_duration
from castlist.decode.source import Source

KINDS = {
    "h264": ("mkv", "libx264", {"bf": "2", "g": "12"}),
    "ts": ("ts", "libx264", {"bf": "2", "g": "12"}),
    "mpeg4": ("avi", "mpeg4", {"bf": "2", "g": "12", "b": "2M"}),
    "wmv": ("wmv", "wmv2", {"b": "2M"}),
    "vp9": ("webm", "libvpx-vp9", {"g": "12", "cpu-used": "8", "deadline": "realtime", "b": "1M"}),
}


def textured(n: int) -> Iterator[NDArray[np.uint8]]:
    """Frames of a camera that moves over coloured patches."""
    patches = np.random.default_rng(0).integers(0, 255, (30, 120, 3), np.uint8)
    scene = cv2.resize(patches, (1200, 300), interpolation=cv2.INTER_CUBIC)
    return (np.ascontiguousarray(scene[60:180, 5 * i : 5 * i + 160]) for i in range(n))


def make(path: Path, kind: str, n: int) -> Path:
    suffix, codec, options = KINDS[kind]
    path = path.with_suffix("." + suffix)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for i, image in enumerate(textured(n)):
            frame = av.VideoFrame.from_ndarray(image, "bgr24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def spoil(path: Path, seed: int) -> Path:
    """A copy with a few bytes changed in the middle of one packet."""
    with av.open(str(path)) as file:
        packets = [(p.pos, p.size) for p in file.demux(video=0) if p.size]
    rng = np.random.default_rng(seed)
    position, size = packets[int(rng.integers(len(packets) // 5, len(packets)))]
    raw = bytearray(path.read_bytes())
    for at in range(position + size // 2, min(position + size // 2 + 8, len(raw))):
        raw[at] ^= int(rng.integers(1, 255))
    broken = path.with_stem(f"broken {seed}")
    broken.write_bytes(raw)
    return broken


def read(path: Path, start: int = 0, threads: int = 0) -> list[tuple[int, bytes, int, int]]:
    """(pts, pixels, damaged before, retimed before) of each frame; a last row for the end."""
    with path.open("rb", buffering=0) as file:
        source = Source(file, threads=threads, max_pixels=1 << 26)
        rows = [
            (pts, frame.to_ndarray(format="gray").tobytes(), source.damaged, source.retimed)
            for pts, frame in source.frames(start)
            if frame is not None
        ]
    return [*rows, (0, b"", source.damaged, source.retimed)]


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_film_read_on_from_anywhere_is_the_same(seed: int, tmp_path: Path) -> None:
    path = spoil(make(tmp_path / "film", "h264", 120), seed)
    whole = read(path)
    assert whole[-1][2] > 0
    for i in range(3, len(whole) - 1, 13):
        before = whole[i - 1]
        on = [(p, image, damaged + before[2], retimed + before[3]) for p, image, damaged, retimed in
              read(path, before[0] + 1)]  # fmt: skip
        assert on == whole[i:], f"from frame {i}"


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_alike_whether_frames_are_decoded_side_by_side_or_not(kind: str, tmp_path: Path) -> None:
    path = make(tmp_path / "film", kind, 60)
    for seed in range(4):
        broken = spoil(path, seed)
        alone = read(broken, threads=1)
        assert read(broken) == alone
        assert read(broken, threads=16) == alone  # as on a machine of many cores


@pytest.mark.parametrize("kind", KINDS)
def test_no_frame_before_the_end_of_a_truncated_film_is_lost_without_a_count(
    kind: str, tmp_path: Path
) -> None:
    """Frames read plus frames counted equal those of a separate decoder of one thread on the same bytes."""
    path = make(tmp_path / "film", kind, 60)
    data = path.read_bytes()
    for share in np.random.default_rng(5).uniform(0.3, 1, 8):
        path.write_bytes(data[: int(len(data) * share)])
        expected = 0
        with av.open(str(path)) as file:
            stream = file.streams.video[0]
            stream.codec_context.thread_count = 1
            for packet in file.demux(stream):
                try:
                    expected += len(stream.codec_context.decode(packet))
                except av.error.FFmpegError:
                    expected += bool(packet.size)  # a frame that does not come out at all
        rows = read(path)
        assert len(rows) - 1 + rows[-1][2] == expected


def test_the_reader_tells_what_was_damaged(tmp_path: Path) -> None:
    path = make(tmp_path / "film", "h264", 60)
    video = open_video(path)
    with read_frames(video) as reader:
        assert (len(list(reader)), reader.damaged) == (60, 0)
    with read_frames(open_video(spoil(path, 1))) as reader:
        assert (len(list(reader)), reader.damaged) == (59, 1)


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_a_windows_media_film_that_is_cut_short_is_as_long_as_its_header_says(
    tmp_path: Path, share: float
) -> None:
    path = make(tmp_path / "film", "wmv", 200)
    raw = path.read_bytes()
    path.write_bytes(raw[: round(share * len(raw))])
    video = open_video(path)
    assert video.duration == pytest.approx(8, abs=0.05)
    with read_frames(video) as reader:
        frames = sum(1 for _ in reader)
    assert (frames + reader.damaged) / 25 + reader.unread * reader.unit == pytest.approx(8, abs=0.3)
    assert (frames == 200) == (share == 1)


@pytest.mark.parametrize(
    ("ticks", "preroll", "flags", "seconds"),
    [(80_000_000, 3000, 2, 5), (80_000_000, 3000, 3, 0), (10_000_000, 3000, 2, 0)],  # 3: a broadcast
)
def test_a_windows_media_file_says_how_long_it_is(ticks: int, preroll: int, flags: int, seconds: int) -> None:
    properties = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365") + bytes(48)
    file = BytesIO(b"header" + properties + struct.pack("<QQQI", ticks, ticks, preroll, flags))
    file.seek(3)
    assert stated_duration(file) == seconds
    assert file.tell() == 3
    assert stated_duration(BytesIO(file.getvalue()[:-1])) == 0
