"""Proxies of films that browsers cannot play: the same pictures at the same times, small, made once."""

from __future__ import annotations

import time
from fractions import Fraction
from io import FileIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from castlist.decode import open_video, read_frames
from castlist.proxy import KINDS, Proxy, maker
from castlist.proxy.maker import SIDE

FILMS = {
    "prores.mov": ("prores_ks", "yuv422p10le", "pcm_s16le", (720, 406), 0),
    "mpeg2.mxf": ("mpeg2video", "yuv420p", None, (320, 240), 0),
    "mpeg4.avi": ("mpeg4", "yuv420p", "mp3", (320, 240), 0),
    "late.mkv": ("ffv1", "yuv420p", "pcm_s16le", (161, 121), 30),  # begins after 1.2 seconds; odd sides
}


def film(path: Path, codec: str, pixels: str, sound: str | None, size: tuple[int, int], late: int) -> Path:
    """A film of 40 frames, each brighter than the one before."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.time_base = Fraction(1, 25)
        voice = container.add_stream(sound, rate=48000, layout="stereo") if sound else None
        for n in range(40):
            image = np.full((size[1], size[0], 3), 40 + 4 * n, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = n + late, Fraction(1, 25)
            container.mux(stream.encode(frame))
        if voice:
            samples = np.zeros((1, 2 * 48000), np.int16)
            tone = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
            tone.rate, tone.pts = 48000, 0
            container.mux(voice.encode(tone))
            container.mux(voice.encode(None))
        container.mux(stream.encode(None))
    return path


def made(path: Path, kind: str, folder: Path) -> tuple[Proxy, Any]:
    proxy = Proxy(open_video(path), lambda: FileIO(str(path)), folder)
    proxy.want(kind)
    deadline = time.monotonic() + 60
    while proxy.state().name == "making" and time.monotonic() < deadline:
        time.sleep(0.02)
    return proxy, proxy.state()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FILMS)
def test_the_same_pictures_at_the_same_times(tmp_path: Path, name: str, kind: str) -> None:
    path = film(tmp_path / name, *FILMS[name])
    proxy, state = made(path, kind, tmp_path / "films")
    assert state.name == "ready", state
    with read_frames(open_video(path)) as reader:
        own = [(float(f.pts * reader.unit), float(f.image.mean())) for f in reader]
    file, called = proxy.file() or (None, "")
    assert file is not None
    with file, av.open(file) as copy:
        seen = [(float(f.time), float(f.to_ndarray(format="rgb24").mean())) for f in copy.decode(video=0)]
        width, height = copy.streams.video[0].width, copy.streams.video[0].height
    if own[0][0] > 0:  # a player's time begins at 0
        assert seen.pop(0)[0] == 0
    assert len(seen) == len(own)
    assert np.abs(np.array(seen) - own)[:, 0].max() <= 0.001
    assert np.abs(np.array(seen) - own)[:, 1].max() < 8
    assert (width % 2, height % 2) == (0, 0)
    assert max(width, height) <= SIDE
    assert called.endswith(kind)
    with av.open(str(next((tmp_path / "films").iterdir()))) as copy:
        assert len(copy.streams.audio) == (FILMS[name][2] is not None)


def test_sound_of_an_impossible_time_scale_keeps_its_length(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mov", *FILMS["prores.mov"])
    data = bytearray(path.read_bytes())
    at = data.rindex(b"mdhd") + 16  # the time scale of the second track
    data[at : at + 4] = bytes(4)
    path.write_bytes(data)
    assert made(path, "mp4", tmp_path / "films")[1].name == "ready"
    with av.open(str(next((tmp_path / "films").iterdir()))) as copy:
        times = [float(frame.time) + frame.samples / frame.sample_rate for frame in copy.decode(audio=0)]
    assert max(times) == pytest.approx(1, abs=0.1)


def test_made_once_and_again_when_the_cache_is_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(tmp_path / "a.avi", *FILMS["mpeg4.avi"])
    made(path, "mp4", tmp_path / "films")
    (kept,) = (tmp_path / "films").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(maker.Proxy, "_run", None)  # nothing more is started
        proxy, state = made(path, "mp4", tmp_path / "films")
        assert state.name == "ready"
    kept.unlink()
    assert proxy.file() is None
    assert proxy.state().name == "none"
    proxy.want("mp4")
    while proxy.state().name == "making":
        time.sleep(0.02)
    assert kept.is_file()


def test_what_cannot_be_made_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    path = film(tmp_path / "a.avi", *FILMS["mpeg4.avi"])
    video = open_video(path)
    path.write_bytes(b"no film any more" * 1000)
    folder = tmp_path / "films"
    proxy = Proxy(video, lambda: FileIO(str(path)), folder)
    proxy.want("mp4")
    while proxy.state().name == "making":
        time.sleep(0.02)
    assert proxy.state().name == "failed"
    assert proxy.state().why
    assert list(folder.iterdir()) == []
    assert proxy.want("exe").name == "failed"


def test_closing_ends_it(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mov", *FILMS["prores.mov"])
    proxy = Proxy(open_video(path), lambda: FileIO(str(path)), tmp_path / "films")
    proxy.want("webm")
    proxy.close()
    deadline = time.monotonic() + 20
    while proxy.state().name == "making" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert proxy.state().name == "failed"
    assert not [f for f in (tmp_path / "films").glob("*") if f.suffix != ".webm"]


def test_the_cache_keeps_to_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr(maker, "KEPT", 2)
    folder = tmp_path / "films"
    folder.mkdir()
    for n in range(4):
        (folder / f"{n}.mp4").write_bytes(b"x")
        os.utime(folder / f"{n}.mp4", (n + 1, n + 1))
    (folder / "notes.txt").write_text("not castlist's")
    (folder / ".old.part").write_bytes(b"")
    os.utime(folder / ".old.part", (1, 1))
    made(film(tmp_path / "a.avi", *FILMS["mpeg4.avi"]), "mp4", folder)
    left = {f.name for f in folder.iterdir()}
    assert {"3.mp4", "notes.txt"} < left
    assert len(left) == 3
