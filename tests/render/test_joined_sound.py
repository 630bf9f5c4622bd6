"""Sound of films whose clock restarts in the middle: it stays with its pictures in all outputs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from io import FileIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from render_seen import clock_of, pictures, video_of

from castlist.decode.sound_packets import WAITING, sound_packets
from castlist.decode.times import Restarts
from castlist.proxy import Proxy
from castlist.render import Covers, cut, render

RATE, FRAMES, LIGHT = 48_000, 40, 10  # frame 10 is white, and a tone sounds while it is shown


def beeping(path: Path, size: tuple[int, int], seconds: float) -> None:
    """A recording of 40 frames, its sound as long as said."""
    with av.open(str(path), "w") as film:
        picture = film.add_stream("mpeg2video", rate=25, options={"bf": "2"})
        picture.width, picture.height = size
        picture.pix_fmt = "yuv420p"
        tone = film.add_stream("mp2", rate=RATE)
        for number in range(FRAMES):
            image = np.full((size[1], size[0], 3), 240 if number == LIGHT else 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            film.mux(picture.encode(frame))
        film.mux(picture.encode())
        at = np.arange(round(seconds * RATE))
        loud = at // (RATE // 25) == LIGHT
        wave = (12000 * loud * np.sin(at * 880 * 2 * np.pi / RATE)).astype(np.int16)
        for start in range(0, len(wave), 1152):
            piece = wave[None, start : start + 1152]
            sound = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = RATE, start, Fraction(1, RATE)
            film.mux(tone.encode(sound))
        film.mux(tone.encode())


def beeps(path: Path) -> list[float]:
    """Seconds at which the tone sets in."""
    found: list[float] = []
    with av.open(str(path)) as film:
        for frame in film.decode(audio=0):
            samples = np.abs(frame.to_ndarray()[0].astype(float))
            samples /= 32768 if frame.format.name.startswith("s16") else 1
            for at in np.flatnonzero(samples > 0.1) / frame.sample_rate + float(frame.time):
                if not found or at - found[-1] > 0.2:
                    found.append(float(at))
                else:
                    found[-1:] = [min(found[-1], float(at))]
    return found


def lights(path: Path) -> list[float]:
    """Seconds at which a white frame is shown."""
    clock = clock_of(path)
    return [float(clock.time(i)) for i, image in enumerate(pictures(path)) if image.mean() > 128]


@pytest.fixture(scope="module", params=["ts", "vob"])
def joined(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings one after another, as the clock of each starts anew; larger than `SMALL`."""
    folder = tmp_path_factory.mktemp("joined")
    data = b""
    for seconds in (1.4, 2.0, 1.6):  # sound ends before its pictures, after them, and with them
        beeping(folder / f"one.{request.param}", (720, 480), seconds)
        data += (folder / f"one.{request.param}").read_bytes()
    path = folder / f"film.{request.param}"
    path.write_bytes(data)
    return path


def test_the_three_recordings_are_seen(joined: Path) -> None:
    assert len(clock_of(joined)) == 3 * FRAMES
    assert len(lights(joined)) == 3


@pytest.mark.parametrize("name", ["all.mp4", "all.mkv", "all.webm"])  # mp2 is copied, copied, encoded anew
def test_a_film_written_again_has_its_sound_beside_its_pictures(
    joined: Path, tmp_path: Path, name: str
) -> None:
    render(video_of(joined), clock_of(joined), tmp_path / name, covers=Covers.of([]))
    assert lights(tmp_path / name) == pytest.approx(lights(joined), abs=0.001)
    assert beeps(tmp_path / name) == pytest.approx(lights(joined), abs=0.04)


def test_parts_have_their_sound(joined: Path, tmp_path: Path) -> None:
    spans = [(5, 30), (2 * FRAMES + 5, 2 * FRAMES + 30), (FRAMES + 5, FRAMES + 30)]
    reel = cut(video_of(joined), clock_of(joined), tmp_path / "reel.mp4", spans).path
    assert len(lights(reel)) == 3
    assert beeps(reel) == pytest.approx(lights(reel), abs=0.04)


def test_the_copy_for_the_browser_has_its_sound_beside_its_pictures(joined: Path, tmp_path: Path) -> None:
    proxy = Proxy(video_of(joined), lambda: FileIO(str(joined)), tmp_path)
    proxy.want("mp4")
    deadline = time.monotonic() + 60
    while proxy.state().name == "making" and time.monotonic() < deadline:
        time.sleep(0.02)
    copy = next(tmp_path.glob("*.mp4"))
    assert beeps(copy) == pytest.approx(lights(copy), abs=0.04)


def film(order: str, **clocks: list[int]) -> tuple[Any, Any, list[Any]]:
    """A film of packets in this order: p of pictures, s of sound, 100 ticks a second, each with its time."""
    streams = [SimpleNamespace(index=i, time_base=Fraction(1, 100)) for i in range(2)]
    left = {name: iter(times) for name, times in clocks.items()}

    def demux(wanted: list[Any]) -> Iterator[Any]:
        for name in order:
            at = next(left[name])
            stream = streams["ps".index(name)]
            yield SimpleNamespace(stream=stream, dts=at, pts=at, duration=10, size=1)
        for stream in streams:
            yield SimpleNamespace(stream=stream, dts=None, pts=None, duration=None, size=0)

    source = SimpleNamespace(
        broadcast=True, stream=streams[0], restarts=lambda: Restarts(second=100.0, step=10, jumps=True)
    )
    return source, SimpleNamespace(streams=streams, demux=demux), streams[1:]


def moved(order: str, **clocks: list[int]) -> list[int]:
    return [packet.pts for packet in sound_packets(*film(order, **clocks)) if packet.size]


def test_sound_is_moved_as_far_as_the_pictures_by_pencil() -> None:
    """The pictures last 30 ticks and begin again at 5: what was 5 is 30, whatever the sound is like."""
    pictures = [0, 10, 20, 5, 15]
    assert moved("psppspsps", p=pictures, s=[0, 10, 5, 15]) == [0, 10, 30, 40]
    # a restart that the sound meets before the pictures do, and one that it meets after them
    assert moved("pspspsspsp", p=pictures, s=[0, 10, 20, 5, 15]) == [0, 10, 20, 30, 40]
    assert moved("pspsppsspp"[:9], p=pictures, s=[0, 10, 20, 5]) == [0, 10, 20, 30]
    # sound of 50 ticks beside pictures of 30: both sounds have their places, one over the other
    assert moved("ppp" + "s" * 5 + "ppss", p=pictures, s=[0, 10, 20, 30, 40, 5, 15])[-2:] == [30, 40]


def test_a_gap_in_the_sound_alone_is_none_in_the_film() -> None:
    """After 20 s of silence the sound goes on where it is, though it waits for a restart."""
    late = [2000 + 10 * i for i in range(WAITING + 5)]
    assert moved("ps" + "s" * len(late), p=[0], s=[0, *late]) == [0, *late]
    assert moved("pss", p=[0], s=[0, 2000]) == [0, 2000]
