"""Films made here with PyAV: exact times, right colours and shapes, resuming, damage, and hostile names."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.decode import Limits, open_video, read_frames
from castlist.errors import InputError, VideoError
from castlist.types import Video

FILMS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "h264": ("mp4", "libx264", "yuv420p", {"bf": "3", "g": "12"}),
    "open gop": ("mkv", "libx264", "yuv420p", {"bf": "3", "g": "12", "x264-params": "open-gop=1"}),
    "ten bits": ("mkv", "libx264", "yuv420p10le", {"g": "12"}),
    "4:4:4": ("mkv", "libx264", "yuv444p", {"g": "12"}),
    "4:2:2": ("mkv", "libx264", "yuv422p", {"g": "12"}),
    "ts": ("ts", "libx264", "yuv420p", {"bf": "2", "g": "12"}),
    "mpeg2 ts": ("ts", "mpeg2video", "yuv420p", {"bf": "2", "g": "12", "b": "4M"}),
    "mpeg4 avi": ("avi", "mpeg4", "yuv420p", {"g": "12", "b": "4M"}),
    "mpeg4 b avi": ("avi", "mpeg4", "yuv420p", {"bf": "2", "g": "12", "b": "4M"}),
    "vp9": ("webm", "libvpx-vp9", "yuv420p", {"g": "12", "cpu-used": "8", "deadline": "realtime"}),
    "mjpeg": ("avi", "mjpeg", "yuvj420p", {}),
    "rgb": ("mov", "qtrle", "rgb24", {}),
    "gray": ("mkv", "ffv1", "gray", {}),
}
COLOURS = [(40, 60, 200), (200, 70, 40), (60, 180, 60)]  # BGR


def drawn(i: int, width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """Frame i: three bars of known colours and a white mark that walks down the left edge."""
    image = np.zeros((height, width, 3), np.uint8)
    for k, colour in enumerate(COLOURS):
        image[:, k * width // 3 : (k + 1) * width // 3] = colour
    image[(2 * i) % (height - 8) :][:8, :8] = 255
    return image


def make(
    path: Path, n: int = 40, *, kind: str = "h264", pts: Any = None, size: tuple[int, int] = (96, 64),
    aspect: Fraction | None = None, rotate: int = 0,
) -> Path:  # fmt: skip
    container, codec, pixels, options = FILMS[kind]
    path = path if path.suffix else path.with_suffix("." + container)
    with av.open(
        f"file:{path}", "w", format={"mkv": "matroska", "ts": "mpegts"}.get(container, container)
    ) as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.time_base = Fraction(1, 25)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotate:
            stream.set_display_rotation(rotate)
        for i in range(n):
            frame = av.VideoFrame.from_ndarray(drawn(i, *size), "bgr24").reformat(format=pixels)
            frame.pts, frame.time_base = (i if pts is None else pts[i]), Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def read(film: Path | Video, **options: Any) -> list[tuple[int, bytes]]:
    video = film if isinstance(film, Video) else open_video(film)
    with read_frames(video, **options) as reader:
        return [(f.pts, f.image.tobytes()) for f in reader]


@pytest.mark.parametrize("kind", FILMS)
def test_every_frame_comes_with_its_time_and_its_colours(kind: str, tmp_path: Path) -> None:
    video = open_video(make(tmp_path / "film", kind=kind))
    assert (video.width, video.height, video.frame_rate) == (96, 64, 25)
    with read_frames(video) as reader:
        frames = list(reader)
        guessed = kind == "mpeg4 b avi"  # AVI stores no time at which a frame is shown
        assert (reader.damaged, reader.retimed) == (0, 40 if guessed else 0)
    assert len(frames) == 40
    first = 0 if frames[0].pts == 0 else frames[0].pts  # a delay of the encoder is the file's own
    times = [(f.pts - first) * reader.unit for f in frames]
    assert all(abs(t - Fraction(i, 25)) < Fraction(1, 900) for i, t in enumerate(times))
    if kind != "gray":
        for k, colour in enumerate(COLOURS):
            seen = frames[20].image[40:60, k * 32 + 12 : k * 32 + 24].reshape(-1, 3).mean(0)
            assert np.abs(seen - colour).max() < 12


@pytest.mark.parametrize("kind", FILMS)
def test_a_resumed_read_gives_the_same_frames(kind: str, tmp_path: Path) -> None:
    video = open_video(make(tmp_path / "film", kind=kind))
    whole = read(video)
    for i in (11, 24, 39):  # before a key frame, at one, at the end
        assert read(video, start_pts=whole[i][0]) == whole[i:], f"from frame {i}"


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    pts = np.cumsum(np.random.default_rng(0).integers(1, 9, 40)).tolist()
    path = make(tmp_path / "vfr.mkv", kind="open gop", pts=pts)
    with read_frames(open_video(path)) as reader:
        times = [f.pts * reader.unit for f in reader]
    assert [round((t - times[0]) * 25) for t in times] == [p - pts[0] for p in pts]
    whole = read(path)
    assert read(path, start_pts=whole[17][0] - 1) == whole[17:]


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_rotation_and_pixel_aspect_are_applied(rotate: int, tmp_path: Path) -> None:
    path = make(tmp_path / "turned", rotate=rotate, aspect=Fraction(2))
    video = open_video(path)
    assert (video.width, video.height) == ((192, 64) if rotate == 180 else (64, 192))
    with read_frames(video) as reader:
        image = next(reader).image
    assert image.shape == (video.height, video.width, 3)
    turned = np.rot90(np.repeat(drawn(0), 2, axis=1), rotate // 90)  # FFmpeg's angles turn to the left
    assert np.abs(image.astype(int) - turned).mean() < 12


def test_frames_are_scaled_down_never_up(tmp_path: Path) -> None:
    video = open_video(make(tmp_path / "film"))
    with read_frames(video, max_side=48) as reader:
        assert next(reader).image.shape == (32, 48, 3)
    with read_frames(video, max_side=500) as reader:
        assert next(reader).image.shape == (64, 96, 3)
    with pytest.raises(InputError, match="max_side"):
        read_frames(video, max_side=-1)
    with pytest.raises(InputError, match="on_demand"):
        read_frames(video, on_demand=-1)


@pytest.mark.parametrize("rotate", [0, 90])
def test_pictures_on_demand_are_the_same_pictures(rotate: int, tmp_path: Path) -> None:
    video = open_video(make(tmp_path / "film", rotate=rotate))
    whole = read(video)
    with read_frames(video, on_demand=2, limits=Limits(ahead=1)) as reader:
        before = None
        for (pts, image), frame in zip(whole, reader, strict=True):
            assert frame.pts == pts
            if pts % 3 == 0:
                assert frame.image.tobytes() == image
            elif before is not None:
                assert before.image.shape == frame.image.shape  # one frame back is still there
            before = frame
        assert before.image.tobytes() == whole[-1][1]  # and so is the last one
        assert next(reader, None) is None


def test_a_picture_asked_for_too_late_is_refused_and_those_taken_stay(tmp_path: Path) -> None:
    with read_frames(open_video(make(tmp_path / "film")), on_demand=2) as reader:
        taken, missed = next(reader), next(reader)
        kept = taken.image
        next(reader), next(reader)
        assert taken.image is kept
        with pytest.raises(InputError, match="for the last 2 frames"):
            missed.image  # noqa: B018
        last = next(reader)
    with pytest.raises(InputError, match="in time"):
        last.image  # noqa: B018


def test_thumbs_are_means_of_areas(tmp_path: Path) -> None:
    video = open_video(make(tmp_path / "film", kind="4:4:4", rotate=90))
    with read_frames(video, thumb=(8, 12)) as reader:
        for frame in reader:
            areas = frame.image.reshape(12, 8, 8, 8, 3).mean((1, 3))
            assert np.abs(frame.thumb - areas).max() < 4
    with pytest.raises(InputError, match="thumb"):
        read_frames(video, thumb=(0, 9))


def test_a_decoder_killed_while_a_picture_is_asked_for_is_one_error(tmp_path: Path) -> None:
    with read_frames(open_video(make(tmp_path / "film", n=200)), on_demand=2) as reader:
        frame = next(reader)
        os.kill(reader._child._process.pid, signal.SIGKILL)
        with pytest.raises(VideoError, match="crashed with SIGKILL"):
            frame.image  # noqa: B018


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory as Linux tells it")
def test_frames_that_were_read_are_let_go(tmp_path: Path) -> None:
    path = make(tmp_path / "film", n=400, size=(640, 480))
    with read_frames(open_video(path), thumb=(64, 36), on_demand=2) as reader:
        status = Path(f"/proc/{reader._child._process.pid}/status")
        held = []
        for number, _ in enumerate(reader):
            if number % 100 == 99:
                held.append(int(re.findall(r"RssAnon:\s*(\d+)", status.read_text())[0]) / 1024)
    assert held[3] - held[0] < 25  # MB; the 300 frames between are 130, and 50 were kept once


def test_odd_sizes(tmp_path: Path) -> None:
    path = make(tmp_path / "odd", kind="4:4:4", size=(97, 63))
    with read_frames(open_video(path)) as reader:
        assert next(reader).image.shape == (63, 97, 3)


NAMES = [
    "with space.mp4", "new\nline.mp4", "-leading.mp4", "$(touch x).mp4", "é" * 125 + ".mp4", "http:x.mp4",
    "concat:a|b.mp4", "subfile,,start,0,end,9,,:x.mp4", "%d.mp4", os.fsdecode(b"\xff\xfe.mp4"),
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_are_taken_literally(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = make(tmp_path / "film").read_bytes()
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    assert len(read(Path(name))) == 40


def sentence(path: Any) -> str:
    with pytest.raises(InputError) as caught:
        open_video(path)
    text = str(caught.value)
    assert text.isprintable()
    return text


def test_what_is_no_film_gets_one_sentence(tmp_path: Path) -> None:
    text, empty, fifo = tmp_path / "a.txt", tmp_path / "empty.mp4", tmp_path / "fifo"
    text.write_text("no film\n" * 500)
    empty.touch()
    os.mkfifo(fifo)
    assert "not a video" in sentence(text)
    assert "empty" in sentence(empty)
    assert "pipe" in sentence(fifo)
    assert "device" in sentence("/dev/zero")
    assert "directory" in sentence(tmp_path)
    assert "does not exist" in sentence(tmp_path / "none\n.mp4")
    assert "cannot be opened" in sentence(tmp_path / ("x" * 300))
    assert "empty" in sentence("")
    assert "zero character" in sentence("a\0b")
    assert "by its path" in sentence(3.5)
    (tmp_path / "list.m3u8").write_text(f"#EXTM3U\n#EXTINF:1,\n{make(tmp_path / 'film')}\n#EXT-X-ENDLIST\n")
    (tmp_path / "list.ffconcat").write_text("ffconcat version 1.0\nfile film.mp4\n")
    assert "not a video" in sentence(tmp_path / "list.m3u8")
    assert "not a video" in sentence(tmp_path / "list.ffconcat")


def test_sound_and_pictures_are_no_film(tmp_path: Path) -> None:
    sound, picture = tmp_path / "a.wav", tmp_path / "a.png"
    with av.open(str(sound), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert "sound" in sentence(sound)
    for kind in ("png", "dpx", "tiff", "sgi", "qoi"):
        codec = av.CodecContext.create(kind, "w")
        codec.width, codec.height, codec.pix_fmt, codec.time_base = 96, 64, "rgb24", Fraction(1, 25)
        coded = codec.encode(av.VideoFrame.from_ndarray(drawn(0), "bgr24").reformat(format="rgb24"))
        picture.write_bytes(b"".join(bytes(p) for p in coded))
        assert "single picture" in sentence(picture), kind


def test_a_truncated_film_gives_the_frames_it_holds(tmp_path: Path) -> None:
    path = make(tmp_path / "film", kind="open gop")
    whole, data = read(path), path.read_bytes()
    path.write_bytes(data[: len(data) * 9 // 10])
    part = read(path)
    assert 9 < len(part) < 40
    assert part[:9] == whole[:9]


def test_a_film_whose_index_is_missing_is_told_so(tmp_path: Path) -> None:
    path = make(tmp_path / "film.mp4")
    data = path.read_bytes()
    assert data.index(b"mdat") < data.index(b"moov")
    for end in (data.index(b"moov") - 4, data.index(b"moov") - 100):
        path.write_bytes(data[:end])
        assert "its index (moov)" in sentence(path)
    path.write_bytes(data[: data.index(b"mdat") - 4])
    assert "not a video" in sentence(path)


def test_damage_never_hangs_or_crashes(tmp_path: Path) -> None:
    data, rng = make(tmp_path / "film").read_bytes(), np.random.default_rng(1)
    for i in range(6):
        broken = bytearray(data[: rng.integers(1, len(data))] if i % 3 == 0 else data)
        for at in rng.integers(0, len(broken), 20):
            broken[at] ^= int(rng.integers(1, 256))
        path = tmp_path / f"{i}.mp4"
        path.write_bytes(broken)
        try:
            times = [pts for pts, _ in read(path)]
        except VideoError as error:
            assert str(error).isprintable()  # noqa: PT017
        else:
            assert times == sorted(set(times))


def test_frames_beyond_the_limits_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "film")
    with pytest.raises(VideoError, match="96x64 pixels, more than the limit"):
        open_video(path, limits=Limits(max_pixels=96 * 63))


def test_a_killed_decoder_is_one_error_and_no_zombie(tmp_path: Path) -> None:
    with read_frames(open_video(make(tmp_path / "film", n=200)), limits=Limits(ahead=1)) as reader:
        next(reader)
        child = reader._child._process
        os.kill(child.pid, signal.SIGSEGV)
        with pytest.raises(VideoError, match="crashed with SIGSEGV"):
            list(reader)
    assert child.poll() is not None


def test_a_hung_decoder_is_stopped(tmp_path: Path) -> None:
    limits = Limits(ahead=1, seconds=0.5)
    video = open_video(make(tmp_path / "film", n=200))
    with read_frames(video, limits=Limits(ahead=1, seconds=20)) as reader:
        reader._child._limits = limits
        os.kill(reader._child._process.pid, signal.SIGSTOP)
        with pytest.raises(VideoError, match="hung"):
            list(reader)


def test_the_decoder_ends_with_its_parent(tmp_path: Path) -> None:
    code = f"""
        import os, signal
        from castlist.decode import *
        reader = read_frames(open_video({str(make(tmp_path / "film", n=200))!r}), limits=Limits(ahead=1))
        next(reader)
        print(reader._child._process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    child, deadline = int(done.stdout), time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            break  # ended; its new parent has not waited for it yet
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{child}").exists()


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    path = make(tmp_path / "film")
    other = tmp_path / "copy.mp4"
    other.write_bytes(path.read_bytes())
    assert open_video(path).digest == open_video(other).digest
    other.write_bytes(path.read_bytes() + b"\0")
    assert open_video(path).digest != open_video(other).digest
