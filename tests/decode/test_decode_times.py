"""Wrong, repeated and missing times in files: every frame is read, in order, at a time of its own."""

from __future__ import annotations

import itertools
import shutil
import struct
import subprocess
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from castlist.decode import open_video, read_frames
from castlist.decode.times import Count, Restarts, Times
from castlist.errors import VideoError
from castlist.types import Video

FRAMES, RATE = 60, 30
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs the ffmpeg command")


def ffmpeg(folder: Path, *arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, cwd=folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with base.mp4, two seconds at 30 frames a second with B-frames, and joined streams of it."""
    if not shutil.which("ffmpeg"):
        pytest.skip("needs the ffmpeg command")
    folder = tmp_path_factory.mktemp("times")
    source = f"testsrc2=s=96x64:r={RATE}:d={FRAMES / RATE}"
    ffmpeg(folder, "-f", "lavfi", "-i", source, "-c:v", "libx264", "-bf", "2", "-g", "15", "base.mp4")
    for name, kind in (("one.ts", "mpegts"), ("one.vob", "vob")):
        ffmpeg(folder, "-f", "lavfi", "-i", source, "-c:v", "mpeg2video", "-bf", "2", "-f", kind, name)
        (folder / f"twice{name[3:]}").write_bytes(2 * (folder / name).read_bytes())
    return folder


def times(film: Path | Video, **options: Any) -> tuple[list[float], Any]:
    """(seconds of each frame, the reader that gave them)."""
    with read_frames(film if isinstance(film, Video) else open_video(film), **options) as reader:
        return [float(frame.pts * reader.unit) for frame in reader], reader


WRONG = {  # what the ffmpeg command does to base.mp4, and how many frames there are
    "B-frames in AVI": (["-c:v", "libx264", "-bf", "2", "-preset", "veryfast", "out.avi"], 1),
    "MPEG-4 B-frames in AVI": (["-c:v", "mpeg4", "-bf", "2", "out.avi"], 1),
    "constant times in Matroska": (["-c", "copy", "-bsf:v", "setts=ts=1000", "out.mkv"], 1),
    "constant times in MP4": (["-c", "copy", "-bsf:v", "setts=ts=1000", "out.mp4"], 1),
    "constant times in TS": (["-c", "copy", "-bsf:v", "h264_mp4toannexb,setts=ts=1000", "out.ts"], 1),
    "falling times in TS": (["-c", "copy", "-bsf:v", "h264_mp4toannexb,setts=ts=900000-N*3000", "out.ts"], 1),
    "raw H.264": (["-c:v", "libx264", "-f", "h264", "out.h264"], 1),
    "raw HEVC": (["-c:v", "libx265", "-x265-params", "log-level=none", "-f", "hevc", "out.hevc"], 1),
}


@pytest.mark.parametrize("kind", WRONG)
def test_no_frame_is_lost_by_its_time(kind: str, place: Path, tmp_path: Path) -> None:
    how, parts = WRONG[kind]
    ffmpeg(tmp_path, "-i", str(place / "base.mp4"), "-an", *how)
    film = tmp_path / how[-1]
    seen, reader = times(film)
    assert len(seen) == parts * FRAMES
    assert reader.damaged == 0
    assert all(a < b for a, b in itertools.pairwise(seen))
    lasted = seen[-1] - seen[0]
    assert lasted == pytest.approx((FRAMES - 1) / RATE, abs=0.08)  # two frames and a half


@pytest.mark.parametrize("codec", [["libx264", "-bf", "2"], ["libx264", "-bf", "0"], ["mpeg4", "-bf", "2"]])
@pytest.mark.parametrize("form", ["mkv", "webm", "mp4", "mov", "ts", "avi", "flv"])
def test_pictures_begin_after_the_sound(form: str, codec: list[str], place: Path, tmp_path: Path) -> None:
    """The film is as long as its file says, and nothing of it is missing."""
    if (form, codec[0]) == ("flv", "mpeg4"):
        pytest.skip("FLV takes no MPEG-4 part 2")
    codec = ["libvpx"] if form == "webm" else codec
    sound = ["-f", "lavfi", "-i", "sine=d=3"]
    inputs = ["-itsoffset", "0.9", "-i", str(place / "base.mp4"), *sound, "-map", "0:v", "-map", "1:a"]
    ffmpeg(tmp_path, *inputs, "-c:v", *codec, "-fps_mode", "passthrough", f"late.{form}")
    seen, reader = times(tmp_path / f"late.{form}")
    assert len(seen) == FRAMES
    assert seen[1:] == pytest.approx([0.9 + i / RATE for i in range(1, FRAMES)], abs=0.08)
    held = form == "avi" and seen[0] == 0  # AVI has the first picture at 0, and nothing until the second
    assert reader.unread * reader.unit == (pytest.approx(0.9, abs=0.08) if held else 0)


@pytest.mark.parametrize("name", ["twice.ts", "twice.vob"])
def test_a_clock_that_starts_again_goes_on(name: str, place: Path) -> None:
    seen, reader = times(place / name)
    assert len(seen) == 2 * FRAMES
    steps = np.diff(seen)
    assert (steps > 0).all()
    assert np.delete(steps, FRAMES - 1) == pytest.approx(1 / RATE, abs=1e-3)
    assert steps[FRAMES - 1] == pytest.approx(1 / RATE, abs=0.1)
    assert (reader.unread, reader.retimed) == (0, 0)


@pytest.mark.parametrize("name", ["twice.ts", "twice.vob", "b.avi", "constant.mkv", "raw.h264"])
def test_a_resumed_read_of_wrong_times_gives_the_same_frames(name: str, place: Path) -> None:
    made = {
        "b.avi": ["-c:v", "libx264", "-bf", "2"],
        "constant.mkv": ["-c", "copy", "-bsf:v", "setts=ts=1000"],
        "raw.h264": ["-c:v", "libx264", "-f", "h264"],
    }
    if name in made:
        ffmpeg(place, "-i", "base.mp4", "-an", *made[name], name)
    video = open_video(place / name)
    with read_frames(video) as reader:
        whole = [(frame.pts, frame.image.tobytes(), reader.retimed) for frame in reader]
    for i in (len(whole) // 3, len(whole) // 2 + 1, len(whole) - 1):
        so_far = whole[i - 1][2]
        with read_frames(video, start_pts=whole[i - 1][0] + 1, exact=so_far > 0) as reader:
            on = [(frame.pts, frame.image.tobytes(), reader.retimed + so_far) for frame in reader]
        assert on == whole[i:], f"from frame {i}"


@pytest.mark.parametrize("kind", ["h264", "hevc"])
def test_a_raw_stream_has_its_own_rate(kind: str, place: Path) -> None:
    encoder = {"h264": ["-c:v", "libx264"], "hevc": ["-c:v", "libx265", "-x265-params", "log-level=none"]}
    ffmpeg(place, "-i", "base.mp4", "-an", *encoder[kind], "-f", kind, f"own.{kind}")
    assert open_video(place / f"own.{kind}").frame_rate == RATE


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_what_a_film_that_was_cut_lacks_is_told(share: float, place: Path) -> None:
    ffmpeg(place, "-i", "base.mp4", "-c", "copy", "whole.mkv")
    data = (place / "whole.mkv").read_bytes()
    (place / "cut.mkv").write_bytes(data[: int(share * len(data))])
    seen, reader = times(place / "cut.mkv")
    lacking = float(reader.unread * reader.unit)
    assert (len(seen) + reader.damaged) / RATE + lacking == pytest.approx(FRAMES / RATE, abs=0.1)
    assert times(place / "whole.mkv")[1].unread == 0
    if len(seen) > 3:
        video = open_video(place / "cut.mkv")
        with read_frames(video) as again:
            pts = [frame.pts for frame in again]
        assert times(video, start_pts=pts[-2])[1].unread == reader.unread


def test_rows_from_the_bottom_up_are_read(tmp_path: Path) -> None:
    if not shutil.which("ffmpeg"):
        pytest.skip("needs the ffmpeg command")
    how = ["-f", "lavfi", "-i", "testsrc2=s=98x64:r=25:d=0.2", "-c:v", "rawvideo", "-pix_fmt", "bgr24"]
    ffmpeg(tmp_path, *how, "top.avi")
    data = bytearray((tmp_path / "top.avi").read_bytes())
    at = data.find(b"strf") + 16
    assert struct.unpack_from("<i", data, at) == (-64,)
    struct.pack_into("<i", data, at, 64)
    (tmp_path / "bottom.avi").write_bytes(data)
    with (
        read_frames(open_video(tmp_path / "top.avi")) as a,
        read_frames(open_video(tmp_path / "bottom.avi")) as b,
    ):
        pairs = [(one.image, other.image) for one, other in zip(a, b, strict=True)]
    assert len(pairs) == 5
    assert all(np.array_equal(one, other[::-1]) for one, other in pairs)


@needs_ffmpeg
def test_an_unknown_codec_is_named_as_one(place: Path) -> None:
    (place / "unknown.mp4").write_bytes((place / "base.mp4").read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(VideoError, match="in a video format that FFmpeg cannot decode here"):
        open_video(place / "unknown.mp4")


@pytest.mark.skipif(not hasattr(cv2, "imwriteanimation"), reason="needs an OpenCV that writes animations")
def test_an_animated_webp_is_named_as_one(tmp_path: Path) -> None:
    moving = cv2.Animation()
    moving.frames = [np.full((64, 64, 4), 40 * i, np.uint8) for i in range(4)]
    moving.durations = np.full(4, 40, np.int32)
    assert cv2.imwriteanimation(str(tmp_path / "a.webp"), moving)
    with pytest.raises(VideoError, match="animated WebP"):
        open_video(tmp_path / "a.webp")
    cv2.imwrite(str(tmp_path / "b.webp"), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(VideoError, match="single picture"):
        open_video(tmp_path / "b.webp")


def given(pairs: list[tuple[int | None, int | None]], **options: Any) -> list[int]:
    clock = Times(step=10, second=250.0, **options)
    clock.read(pairs[0][1] if pairs else None)
    return [clock(pts, dts) for pts, dts in pairs]


def test_times_by_pencil() -> None:
    """Ten ticks a frame, 250 ticks a second."""
    good = [0, 10, 20, 30, 40]
    assert given([(t, t) for t in good]) == good
    assert given([(0, 0), (25, 25), (27, 27)]) == [0, 25, 27]  # uneven times are the film's own
    assert given([(0, 0), (0, 0), (0, 0)]) == [0, 10, 20]  # standing still
    assert given([(40, 40), (30, 30), (20, 20)]) == [40, 50, 60]  # falling
    assert given([(None, None)] * 3) == [0, 10, 20]
    assert given([(0, None), (None, None), (20, None)]) == [0, 10, 20]
    # one frame twice at a time: those after come to their own times again
    assert given([(0, 0), (10, 10), (10, 20), (20, 30), (30, 40), (40, 50)]) == [0, 10, 20, 30, 40, 50]
    # presentation times that step back: decoding times from there on
    assert given([(10, 20), (20, 30), (30, 40), (50, 50), (40, 60), (60, 70)]) == [10, 20, 30, 50, 60, 70]
    # presentation times that are guesses: decoding times, without the delay of the decoder
    assert given([(3, 20), (1, 30), (4, 40)], trusts_dts=True)[1:] == [30, 40]


def test_restarts_by_pencil() -> None:
    """Ten ticks a packet, 250 ticks a second: a clock that starts again, one that jumps, and a pause."""

    def carried(dts: list[int], *, jumps: bool = True) -> list[int]:
        carry = Restarts(250.0, 10, jumps)
        packets = [SimpleNamespace(pts=t + 5, dts=t, duration=10) for t in dts]
        for packet in packets:
            carry(packet)
        assert all(packet.pts == packet.dts + 5 for packet in packets)
        return [packet.dts for packet in packets]

    assert carried([0, 10, 20, 30]) == [0, 10, 20, 30]
    assert carried([500, 510, 520, 0, 10]) == [500, 510, 520, 530, 540]
    assert carried([0, 10, 9000, 9010]) == [0, 10, 20, 30]
    assert carried([0, 10, 9000, 9010], jumps=False) == [0, 10, 9000, 9010]
    assert carried([0, 10, 2000, 2010]) == [0, 10, 2000, 2010]  # less than ten seconds: a pause


def test_a_stream_without_times_is_counted_exactly() -> None:
    clock = Count(Fraction(1001, 30))
    assert [clock(None, None) for _ in range(31)][-1] == 1001
