"""A film scanned by several processes at once: the same scan, whatever goes wrong on the way."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
import numpy as np
import pytest

import castlist
from castlist import machine_limits
from castlist.decode import PacketTimes, open_video, read_frames
from castlist.drawn import Actor, Scene, Script, people, render
from castlist.errors import VideoError
from castlist.pipeline import parallel
from castlist.pipeline.scan import SEGMENT, scan
from castlist.recipe import Recipe
from castlist.store import Workspace
from castlist.types import Machine, Scan

SHARED = Machine(threads=4)  # two processes
RECIPE = Recipe().with_setting(
    "sampling.per_second=2"
)  # a third of the looks, so that the tests take less time


def picture_name(jpeg: bytes) -> str:
    return sha256(jpeg).hexdigest()[:32]


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seventeen seconds of three people: four segments and a half."""
    one, two, three = (Actor(i, 0.3 + 0.2 * i, 0.45, 0.4, turn=3) for i in range(3))
    scenes = (Scene(5.0, (one, two)), Scene(4.0, (three,), "cafe"), Scene(8.5, (two,)))
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    render(Script("long", people(3), scenes, width=320, height=180, frame_rate=Fraction(25)), path)
    return path


@pytest.fixture(scope="module")
def alone(long: Path) -> list[Scan]:
    """The pieces of its scan by one process."""
    return scanned_alone(long)


def scanned_alone(film: Path) -> list[Scan]:
    return list(scan(open_video(film), RECIPE, Machine(threads=1), keep_image=picture_name))


@pytest.fixture(autouse=True)
def _short_films_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "LEAST", 3)
    monkeypatch.setattr(machine_limits, "memory", lambda: None)


@pytest.fixture
def by_itself(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The frames from which on this process scanned a film itself."""
    begun: list[int] = []

    def spied(*given: object, frames: int, **named: object) -> object:
        begun.append(frames)
        return scan(*given, frames=frames, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(parallel, "scan", spied)
    return begun


def same(a: object, b: object) -> bool:
    """Whether two pieces are equal bit for bit."""
    if dataclasses.is_dataclass(a):
        names = [field.name for field in dataclasses.fields(a)]
        return type(a) is type(b) and all(same(getattr(a, name), getattr(b, name)) for name in names)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return a == b


def assert_same(pieces: list[Scan], expected: list[Scan]) -> None:
    assert [len(p) for p in pieces] == [len(p) for p in expected]
    assert [same(a, b) for a, b in zip(pieces, expected, strict=True)] == [True] * len(expected)


def shared(film: Path, **given: object) -> list[Scan]:
    video, given = open_video(film), {"keep_image": picture_name, **given}
    return list(parallel.scan_in_parallel(video, RECIPE, SHARED, **given))  # type: ignore[arg-type]


def test_the_scan_is_that_of_one_process(long: Path, alone: list[Scan], by_itself: list[int]) -> None:
    pictures: dict[str, bytes] = {}
    frames: list[int] = []

    def keep(jpeg: bytes) -> str:
        pictures[picture_name(jpeg)] = jpeg
        return picture_name(jpeg)

    pieces = shared(long, keep_image=keep, watch=frames.append)
    assert_same(pieces, alone)
    assert by_itself == []
    assert {name for piece in alone for name in piece.image} <= set(pictures)
    assert frames == sorted(frames)
    assert frames[-1] <= sum(len(piece) for piece in alone)


def test_find_gives_the_same_cast(long: Path, by_itself: list[int], tmp_path: Path) -> None:
    seen: list[float] = []
    one = castlist.find(long, workspace=tmp_path / "one.castlist", machine=Machine(threads=1))
    assert by_itself == [0]
    two = castlist.find(long, workspace=tmp_path / "two.castlist", machine=SHARED, progress=seen.append)
    assert by_itself == [0]
    assert len(two) == len(one) == 3
    assert np.array_equal(one.person, two.person)
    assert seen == sorted(seen)
    with Workspace.open(tmp_path / "two.castlist", write=False) as opened:
        key = Recipe().scan_key(open_video(long))
        kept = opened.scan(key)
        assert kept is not None
        assert all(opened.has_image(name) for name in kept.image)


@pytest.mark.parametrize("done", [1, 2])
def test_an_interrupted_scan_goes_on_in_parallel(
    done: int, long: Path, alone: list[Scan], by_itself: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "LEAST", 2)
    last = int(alone[done - 1].clock.pts[-1])
    monkeypatch.setattr(Machine, "cores", property(lambda self: self.threads or 2))
    pieces = shared(long, frames=SEGMENT * done, last_pts=last)
    assert_same(pieces, alone[done:])


def test_processes_that_are_killed_cost_nothing_but_time(
    long: Path, alone: list[Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    begin = parallel._Workers._start

    def start(workers: parallel._Workers) -> None:
        begin(workers)
        started.append(workers._processes[-1])

    monkeypatch.setattr(parallel._Workers, "_start", start)
    killed: list[int] = []

    def watch(frames: int) -> None:
        if frames > 2 * SEGMENT and len(killed) < 1:
            killed.append(frames)
            started[0].kill()

    assert_same(shared(long, watch=watch), alone)
    assert killed


def test_where_no_process_can_be_started_the_film_is_scanned_all_the_same(
    long: Path, alone: list[Scan], by_itself: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(workers: parallel._Workers) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(parallel._Workers, "_start", refuse)
    assert_same(shared(long), alone)
    assert by_itself == [0]


@pytest.mark.parametrize("factor", [40, Fraction(1, 2)])
def test_a_header_that_gives_a_wrong_duration_changes_nothing(
    factor: Fraction, long: Path, alone: list[Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "LEAST", 2)
    video = open_video(long)
    video = dataclasses.replace(video, duration=video.duration * factor)
    assert_same(list(parallel.scan_in_parallel(video, RECIPE, SHARED, keep_image=picture_name)), alone)


@pytest.mark.parametrize("seed", [1, 3])
def test_a_damaged_film_gives_what_one_process_gives(seed: int, long: Path, tmp_path: Path) -> None:
    data, draw = bytearray(long.read_bytes()), np.random.default_rng(seed)
    for place in draw.integers(len(data) // 8, len(data) * 7 // 8, 1 + 3 * seed):
        data[place : place + 40] = draw.bytes(40)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    expected = scanned_alone(broken)
    if seed == 3:
        assert sum(piece.damaged for piece in expected)
    assert_same(shared(broken), expected)


@pytest.mark.parametrize("form", ["mkv", "ts"])
def test_every_container_gives_what_one_process_gives(
    form: str, long: Path, by_itself: list[int], tmp_path: Path
) -> None:
    film = tmp_path / f"film.{form}"
    with av.open(str(long)) as source, av.open(str(film), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert_same(shared(film), scanned_alone(film))
    complete = form == "mkv"
    assert by_itself == ([] if complete else [0])


def test_the_times_of_the_packets_are_those_of_the_frames(long: Path) -> None:
    video = open_video(long)
    packets = PacketTimes(video)
    with read_frames(video, on_demand=1) as reader:
        assert packets.read().tolist() == [frame.pts for frame in reader]
    packets.close()


def test_reading_the_packets_can_be_stopped(long: Path) -> None:
    packets = PacketTimes(open_video(long))
    packets.stop()
    with pytest.raises(VideoError):
        packets.read()
    packets.close()


def test_a_step_of_somebodys_own_stays_in_this_process(long: Path, by_itself: list[int]) -> None:
    class Own(type(Recipe().detect)):  # type: ignore[misc]
        pass

    recipe = dataclasses.replace(Recipe(), detect=Own())
    pieces = parallel.scan_in_parallel(open_video(long), recipe, SHARED, keep_image=picture_name)
    next(pieces)
    assert by_itself == [0]
    pieces.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("cores", "free", "frames", "expected"),
    [
        (2, None, 10_000, 1), (3, None, 10_000, 1), (4, None, 10_000, 2), (16, None, 10_000, 8),
        (16, 1 << 30, 10_000, 1), (16, 2 << 30, 10_000, 3), (16, None, 200, 1), (16, None, 500, 2),
    ],
)  # fmt: skip
def test_a_process_for_two_cores_and_what_memory_is_free(
    cores: int, free: int | None, frames: int, expected: int, long: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_limits, "memory", lambda: free)
    video = dataclasses.replace(open_video(long), duration=Fraction(frames, 25))
    done = parallel._Done(0, None, 0)
    assert max(1, parallel._processes(video, Recipe(), Machine(threads=cores), done)) == expected


def test_a_container_s_share_of_the_machine_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(machine_limits, "GROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    assert machine_limits.cores() == 16
    (tmp_path / "cpu.max").write_text("250000 100000\n")
    assert machine_limits.cores() == 3
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert machine_limits.cores() == 16
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("400000\n")
    assert machine_limits.memory() == 600_000
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   2048 kB\n")
    monkeypatch.setattr(machine_limits, "MEMINFO", tmp_path / "meminfo")
    assert machine_limits.memory() == 2 << 20


ENDLESS = """
import sys
from castlist import find
from castlist.pipeline import parallel
from castlist.types import Machine
parallel.LEAST = 3
find(sys.argv[1], workspace=sys.argv[2], machine=Machine(threads=4))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_end_with_the_one_that_started_them(long: Path, tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", ENDLESS, str(long), str(tmp_path / "w.castlist")])
    workers = waited(lambda: processes("castlist.pipeline.worker", parent.pid))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert waited(lambda: not any(alive(pid) for pid in workers))


def waited(found: Callable[[], list[int] | bool]) -> list[int]:
    """What is found within half a minute."""
    deadline = time.monotonic() + 30
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return result if isinstance(result, list) else [1]


def processes(word: str, parent: int) -> list[int]:
    """Processes of this parent whose command has a word, where there are two."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_text()
            above = int((place / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if word in command and above == parent:
            found.append(int(place.name))
    return found if len(found) == 2 else []


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
