"""The choice of the film's stream, its colours, and files beyond the limits."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

import castlist
from castlist.decode import Limits, open_video, read_frames
from castlist.decode.files import digest
from castlist.errors import VideoError

BARS = np.repeat(np.array([[40, 60, 200], [200, 70, 40], [60, 180, 60]], np.uint8), 32, axis=0)  # BGR


def bars(height: int = 64) -> NDArray[np.uint8]:
    return np.broadcast_to(BARS, (height, 96, 3)).copy()


def write(path: Path, streams: list[tuple[str, str, NDArray[np.uint8], int]], **marks: object) -> Path:
    """A file of video streams, each (codec, pixel format, image, frames), with marks on its frames."""
    with av.open(str(path), "w") as out:
        made = []
        for codec, pixels, image, n in streams:
            stream = out.add_stream(codec, rate=25)
            stream.height, stream.width = image.shape[:2]
            stream.pix_fmt = pixels
            for name, value in marks.items():
                setattr(stream.codec_context, name, value)
            made.append((stream, image, pixels, n))
        for stream, image, pixels, n in made:
            for i in range(n):
                frame = av.VideoFrame.from_ndarray(image, "bgr24").reformat(
                    format=pixels,
                    dst_colorspace="ITU709" if marks.get("colorspace") == 1 else "ITU601",
                    dst_color_range="JPEG" if marks.get("color_range") == 2 else "MPEG",
                )
                frame.pts, frame.time_base = i, Fraction(1, 25)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return path


def first_image(path: Path) -> NDArray[np.uint8]:
    with read_frames(open_video(path)) as reader:
        return next(iter(reader)).image


@pytest.mark.parametrize("matrix", [1, 5])  # BT.709, BT.601
@pytest.mark.parametrize("span", [1, 2])  # limited, full
def test_the_matrix_and_range_that_a_film_states_are_used(matrix: int, span: int, tmp_path: Path) -> None:
    path = write(
        tmp_path / "film.mkv", [("libx264", "yuv444p", bars(), 3)], colorspace=matrix, color_range=span
    )
    with av.open(str(path)) as file:
        context = file.streams.video[0].codec_context
        assert (int(context.colorspace), int(context.color_range)) == (matrix, span)
    seen = first_image(path)[20:40].mean(0)
    for k in range(3):
        assert np.abs(seen[32 * k + 10 : 32 * k + 22] - BARS[32 * k]).max() < 8


def test_of_several_video_streams_the_largest_is_the_film(tmp_path: Path) -> None:
    small, large = bars(32), bars(64)
    path = write(tmp_path / "two.mkv", [("mpeg4", "yuv420p", small, 9), ("mpeg4", "yuv420p", large, 4)])
    with av.open(str(path)) as file:
        default = av.stream.Disposition.default
        marked = [s.height for s in file.streams.video if s.disposition & default]
    video = open_video(path)
    assert video.height == (marked[0] if len(marked) == 1 else 64)
    with read_frames(video) as reader:
        assert len(list(reader)) == (9 if video.height == 32 else 4)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs the ffmpeg command for tracks of one picture")
@pytest.mark.parametrize("name", ["film.mov", "film.mkv", "film.ts", "film.vob"])
@pytest.mark.parametrize("poster", ["first", "last"])
def test_a_picture_in_a_track_of_its_own_is_no_film(name: str, poster: str, tmp_path: Path) -> None:
    write(tmp_path / "film.mp4", [("mpeg4", "yuv420p", bars(), 9)])
    write(tmp_path / "poster.mp4", [("mpeg4", "yuv420p", bars(96), 1)])
    inputs = ["poster.mp4", "film.mp4"] if poster == "first" else ["film.mp4", "poster.mp4"]
    command = ["ffmpeg", "-v", "error", "-y", *(f"-i {inputs[0]} -i {inputs[1]} -map 0 -map 1".split())]
    marks = ["-disposition:v:0", "default", "-disposition:v:1", "default"]
    subprocess.run([*command, "-c", "mpeg2video", *marks, f"all-{name}"], check=True, cwd=tmp_path)
    video = open_video(tmp_path / f"all-{name}")
    assert video.height == 64
    with read_frames(video) as reader:
        assert len(list(reader)) == 9


def test_an_animated_picture_that_begins_with_a_still_one_is_read_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "film.avif", [("libsvtav1", "yuv420p", bars(128), 9)])
    with av.open(str(path)) as file:
        assert [s.frames for s in file.streams.video] == [1, 9]
    with read_frames(open_video(path)) as reader:
        assert len(list(reader)) == 9


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs the ffmpeg command to attach a picture")
@pytest.mark.parametrize("film", [True, False])
def test_cover_art_is_no_film(film: bool, tmp_path: Path) -> None:
    def ffmpeg(*arguments: str) -> None:
        subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, cwd=tmp_path)

    ffmpeg("-f", "lavfi", "-i", "color=red:s=640x640", "-frames:v", "1", "cover.png")
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", "sound.m4a")
    inputs = ["-i", "sound.m4a", "-i", "cover.png"]
    maps = ["-map", "0", "-map", "1"]
    if film:
        write(tmp_path / "film.mp4", [("mpeg4", "yuv420p", bars(), 9)])
        inputs, maps = [*inputs, "-i", "film.mp4"], ["-map", "2", *maps]
    art = f"-disposition:v:{int(film)}"
    ffmpeg(*inputs, *maps, "-c", "copy", art, "attached_pic", "out.mp4")
    if film:
        assert open_video(tmp_path / "out.mp4").height == 64
    else:
        with pytest.raises(VideoError, match="sound but no moving pictures"):
            open_video(tmp_path / "out.mp4")


@pytest.mark.parametrize(
    ("side", "words"),
    [(12000, r"12000x12000 pixels, more than the limit"), (30000, r"no frame")],  # FFmpeg knows no such size
)
def test_a_header_that_claims_huge_frames_is_refused(side: int, words: str, tmp_path: Path) -> None:
    path = write(tmp_path / "film.avi", [("rawvideo", "bgr24", bars(), 2)])
    data = bytearray(path.read_bytes())
    for height in (64, -64):  # of the film, and of the stream, whose first row is the top one
        assert struct.pack("<ii", 96, height) in data
        data = data.replace(struct.pack("<ii", 96, height), struct.pack("<ii", side, side))
    path.write_bytes(data)
    with pytest.raises(VideoError, match=words):
        open_video(path, limits=Limits(memory=1 << 30))


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
def test_a_film_that_needs_more_memory_than_the_limit_is_one_sentence(tmp_path: Path) -> None:
    big = np.zeros((2160, 3840, 3), np.uint8)
    path = write(tmp_path / "film.mkv", [("mpeg4", "yuv420p", big, 2)])
    assert open_video(path).width == 3840
    with pytest.raises(VideoError, match=r"memory|could not be decoded|no frame") as caught:
        open_video(path, limits=Limits(memory=260 << 20))
    assert str(caught.value).isprintable()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to be somebody else")
def test_a_film_that_may_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "film.mp4", [("mpeg4", "yuv420p", bars(), 2)])
    path.chmod(0)
    for folder in [tmp_path, *tmp_path.parents[:2]]:
        folder.chmod(folder.stat().st_mode | 0o11)
    source = str(Path(castlist.__file__).parents[1])
    code = f"""if True:
        import os, sys
        sys.path.insert(0, {source!r})
        from pathlib import Path
        from castlist.decode.files import open_plain
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        try:
            open_plain(Path(sys.argv[1]))
        except Exception as error:
            print(type(error).__name__, error)
    """
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.stdout.startswith("VideoError"), done
    assert "may not be read" in done.stdout


def test_the_digest_of_a_large_file_sees_its_size_ends_and_blocks(tmp_path: Path) -> None:
    path = tmp_path / "sparse"

    def key(size: int, at: int | None = None) -> str:
        with path.open("wb") as file:
            file.truncate(size)
            if at is not None:
                file.seek(at)
                file.write(b"x")
        fd = os.open(path, os.O_RDONLY)
        try:
            return digest(fd, path)
        finally:
            os.close(fd)

    size = 100 << 20
    keys = [key(size), key(size + 1), key(size, 0), key(size, size - 1), key(size, 8 << 20), key(65 << 20)]
    assert len(set(keys)) == len(keys)
    assert key(size) == keys[0]
