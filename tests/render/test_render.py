"""A film written again: it keeps times, sound, size and pixels, and loses everything else."""

from __future__ import annotations

import errno
import os
import signal
import threading
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from render_seen import clock_of, pictures, video_of

from castlist.decode import Limits, open_video
from castlist.drawn import Encoding, Scene, Script
from castlist.drawn import render as draw
from castlist.errors import InputError, VideoError
from castlist.render import BODY, WHOLE, Covers, render
from castlist.render.child import _unwritten
from castlist.types import Clock

NONE = Covers.of([])


def rendered(film: Path, output: Path, **options):
    return render(video_of(film), clock_of(film), output, **{"covers": NONE, **options})


def times(path: Path) -> list[Fraction]:
    clock = clock_of(path)
    return [clock.time(frame) for frame in range(len(clock))]


def packets(path: Path) -> list[tuple[float, int]]:
    """(seconds, bytes) of each sound packet."""
    with av.open(str(path)) as container:
        return [(float(p.pts * p.time_base), p.size) for p in container.demux(audio=0) if p.size]


def test_nothing_covered_gives_the_same_frames_at_the_same_times_and_the_same_sound(film, tmp_path) -> None:
    done = rendered(film, tmp_path / "again.mp4")
    assert (done.frames, done.codec, done.sound) == (40, "libx264", ("aac, copied",))
    assert times(done.path) == times(film)
    assert packets(done.path) == packets(film)
    for before, after in zip(pictures(film), pictures(done.path), strict=True):
        assert np.abs(before.astype(int) - after).mean() < 4


def test_what_is_covered_is_black_and_the_rest_is_not(film, tmp_path) -> None:
    covers = Covers.of([(range(10, 20), BODY, [(16, 8, 32, 24)] * 10), ([30], WHOLE, [(0,) * 4])])
    rendered(film, tmp_path / "again.mp4", covers=covers)
    for number, image in enumerate(pictures(tmp_path / "again.mp4")):
        assert (image[10:22, 18:30].max() < 24) == (number in range(10, 20) or number == 30)
        assert (image.max() < 24) == (number == 30)


def test_metadata_titles_and_subtitles_stay_behind(film, tmp_path) -> None:
    rendered(film, tmp_path / "again.mp4")
    assert b"Carl" in film.read_bytes()
    assert b"Carl" not in (tmp_path / "again.mp4").read_bytes()


def test_muted_output_has_no_sound(film, tmp_path) -> None:
    assert rendered(film, tmp_path / "quiet.mp4", mute=True).sound == ()
    with av.open(str(tmp_path / "quiet.mp4")) as container:
        assert [s.type for s in container.streams] == ["video"]


@pytest.mark.parametrize(
    ("suffix", "codec", "sound"),
    [
        (".mkv", "libx264", "aac, copied"), (".mov", "libx264", "aac, copied"),
        (".webm", "libvpx-vp9", "aac, encoded as libopus"),
    ],
)  # fmt: skip
def test_other_containers(film, tmp_path, suffix, codec, sound) -> None:
    done = rendered(film, tmp_path / f"again{suffix}")
    assert (done.codec, done.sound) == (codec, (sound,))
    assert [round(t, 3) for t in map(float, times(done.path))] == [t / 25 for t in range(40)]
    assert abs(packets(done.path)[-1][0] - packets(film)[-1][0]) < 0.04


def test_variable_rates_and_a_late_start_are_kept(make_film, tmp_path) -> None:
    stamps = np.cumsum(np.random.default_rng(0).choice([1, 2, 5], 40)).tolist()
    film = make_film(tmp_path / "uneven.mp4", pts=stamps)
    rendered(film, tmp_path / "again.mp4")
    assert times(tmp_path / "again.mp4") == times(film) == [Fraction(s, 25) for s in stamps]
    assert packets(tmp_path / "again.mp4") == packets(film)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_film_comes_out_upright(tmp_path, rotation) -> None:
    script = Script("turned", (), (Scene(0.4, (), "kitchen"),), 96, 64, encoding=Encoding(rotation=rotation))
    draw(script, tmp_path / "turned.mp4")
    film = tmp_path / "turned.mp4"
    covers = Covers.of([(range(10), BODY, [(0, 0, 20, 10)] * 10)])
    rendered(film, tmp_path / "again.mp4", covers=covers)
    before, after = pictures(film)[5].astype(int), pictures(tmp_path / "again.mp4")[5].astype(int)
    assert before.shape == after.shape == (64, 96, 3)
    assert after[2:8, 2:18].max() < 24
    assert np.abs(before - after)[16:].mean() < 4
    with av.open(str(tmp_path / "again.mp4")) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (96, 64)


def test_pixels_that_are_not_square_stay_so(make_film, tmp_path) -> None:
    film = make_film(tmp_path / "wide.mp4", aspect=Fraction(2))
    covers = Covers.of([([3], BODY, [(64, 0, 128, 48)])])
    rendered(film, tmp_path / "again.mp4", covers=covers)
    video = open_video(tmp_path / "again.mp4")
    assert (video.width, video.height) == (128, 48)
    image = pictures(tmp_path / "again.mp4")[3]
    assert image[:, 68:].max() < 24 < image[:, :60].max()


@pytest.mark.parametrize(("pixel_format", "size"), [("yuv444p", (72, 48)), ("yuv420p10le", (64, 48))])
def test_deep_and_full_colour_are_kept(make_film, tmp_path, pixel_format, size) -> None:
    film = make_film(tmp_path / "fine.mkv", pixel_format=pixel_format, size=size)
    covers = Covers.of([([3], BODY, [(0, 0, 32, 48)])])
    rendered(film, tmp_path / "again.mkv", covers=covers)
    assert open_video(tmp_path / "again.mkv").pixel_format == pixel_format
    image = pictures(tmp_path / "again.mkv")[3]
    assert image[:, :28].max() < 24 < image[:, 36:].max()


@pytest.mark.parametrize(
    ("codec", "pixel_format", "suffix"),
    [
        ("prores_ks", "yuv422p10le", ".mov"),
        ("libx264", "yuv420p", ".mp4"),
        ("libvpx-vp9", "yuv420p", ".webm"),
    ],
)
def test_what_colours_mean_is_kept(tmp_path, codec, pixel_format, suffix) -> None:
    """Primaries of BT.2020, the curve of PQ: in ProRes they stand in the frames."""
    colours = (9, 16, 9, 1)  # numbers of ITU-T H.273; the range is the usual one
    film, again = tmp_path / f"film{suffix}", tmp_path / f"again{suffix}"
    with av.open(str(film), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixel_format
        context = stream.codec_context
        for i in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 * i, np.uint8), format="rgb24")
            frame = frame.reformat(format=pixel_format)
            for each in (context, frame):
                each.color_primaries, each.color_trc, each.colorspace, each.color_range = colours
            frame.pts = i
            container.mux(stream.encode(frame))
        container.mux(stream.encode())

    def told(path: Path) -> list[int]:
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            return [int(x) for x in (frame.color_primaries, frame.color_trc, frame.colorspace)]

    assert told(film) == [9, 16, 9]
    rendered(film, again)
    assert told(again) == told(film)


def test_the_film_itself_is_never_written_over(film, tmp_path) -> None:
    link = tmp_path / "link.mp4"
    os.link(film, link)
    before = film.read_bytes()
    for name in (film, link):
        with pytest.raises(InputError, match="is the film itself"):
            rendered(film, name)
    assert film.read_bytes() == before


def test_what_fails_leaves_nothing_behind_and_what_was_there_untouched(film, tmp_path) -> None:
    (tmp_path / "out.mp4").write_text("precious")
    clock = clock_of(film)
    more = Clock(np.append(clock.pts, clock.pts[-1] + 1), clock.unit)
    with pytest.raises(VideoError, match="40 of 41 frames"):
        render(open_video(film), more, tmp_path / "out.mp4", covers=NONE)
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]
    assert (tmp_path / "out.mp4").read_text() == "precious"


def test_a_folder_that_cannot_be_written_is_one_sentence(film, tmp_path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist; make it"):
        rendered(film, tmp_path / "nowhere" / "out.mp4")


def test_only_a_full_disk_is_told_to_be_emptied() -> None:
    full = _unwritten(OSError(errno.ENOSPC, "No space left on device"), "films")
    assert "free some space" in full
    assert "written into films" in full
    other = _unwritten(OSError(errno.EINVAL, "Invalid argument"), "films")
    assert "Invalid argument" in other
    assert "space" not in other
    assert ".mkv" in other


def test_a_film_that_changed_is_not_rendered(make_film, tmp_path) -> None:
    film = make_film(tmp_path / "film.mp4")
    video, clock = open_video(film), clock_of(film)
    film.write_bytes(film.read_bytes() + b"\0")
    with pytest.raises(VideoError, match="another film"):
        render(video, clock, tmp_path / "out.mp4", covers=NONE)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["film.mp4"]


def test_a_decoder_that_hangs_is_stopped(film, tmp_path) -> None:
    def stop_the_child(frames: int) -> None:
        for child in Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split():
            if b"castlist.render.child" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGSTOP)

    with pytest.raises(VideoError, match="hung after frame"):
        rendered(film, tmp_path / "out.mp4", watch=stop_the_child, limits=Limits(seconds=3.0))
    assert not list(tmp_path.iterdir())


def test_progress_is_told_of_every_frame(film, tmp_path) -> None:
    told: list[int] = []
    rendered(film, tmp_path / "out.mp4", watch=told.append)
    assert told[-1] == 40
    assert all(b == a + 1 for a, b in pairwise(told))
