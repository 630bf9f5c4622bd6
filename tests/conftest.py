"""Fixtures and settings of all tests: drawn films with their truth and casts, and a browser."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from chromium import ARGS, CHROMIUM

# One thread of BLAS and OpenMP for each test process and its children: each core has a pytest worker already,
# and threads that wait for a core spin. Set before NumPy is imported, since NumPy reads it then.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_threads, "1")

from castlist.drawn import Actor, Scene, Script, people, render  # noqa: E402 - reads NumPy

os.environ["CASTLIST_STRICT"] = "1"  # a defect shows its traceback, so that tests for messages fail on it
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background shell; children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In CI, run a failed test of a page a second time: a browser on a busy machine sometimes answers late.

    pytest's last line counts these second runs. Other tests, and tests outside CI, run only once.
    """
    if os.environ.get("CI"):
        for item in items:
            if "browser" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.flaky(reruns=1))


def small_script(seconds: float = 1.6) -> Script:
    """Three people: a two-shot, a close-up of each, and all three together, `seconds` for each scene."""
    looks = people(3)
    return Script(
        "small",
        looks,
        (
            Scene(seconds, (Actor(0, 0.3, 0.44, 0.3, yaw=8), Actor(1, 0.7, 0.44, 0.3, yaw=-8))),
            Scene(seconds, (Actor(0, 0.5, 0.45, 0.46),), "kitchen"),
            Scene(seconds, (Actor(1, 0.5, 0.45, 0.46),), "cafe"),
            Scene(seconds, (Actor(2, 0.4, 0.45, 0.42),), "garden"),
            Scene(seconds, tuple(Actor(i, 0.2 + 0.3 * i, 0.44, 0.26) for i in range(3)), "street"),
        ),
        frame_rate=Fraction(25),
    )


@pytest.fixture(scope="session")
def small_film(tmp_path_factory):
    """(path, truth) of a drawn film of three people, eight seconds at 640 x 360."""
    path = tmp_path_factory.mktemp("film") / "small.mp4"
    return path, render(small_script(), path)


@pytest.fixture(scope="session")
def matroska_film(small_film, tmp_path_factory) -> Path:
    """The pictures of the small film in Matroska, of which a truncated file can be read up to its end."""
    import av

    path = tmp_path_factory.mktemp("matroska") / "whole.mkv"
    with av.open(str(small_film[0])) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path


@pytest.fixture(scope="session")
def found_film(small_film, tmp_path_factory):
    """(cast, workspace folder) of the small film, found once with the real models."""
    from castlist import find

    folder = tmp_path_factory.mktemp("found") / "small.castlist"
    return find(small_film[0], workspace=folder), folder


@pytest.fixture(scope="session")
def two_people(tmp_path_factory) -> Path:
    """A folder with film.mp4, two people in a second and a half of 320 x 180, and its film.castlist."""
    from castlist import find

    folder = tmp_path_factory.mktemp("two")
    left, right = Actor(0, 0.28, 0.44, 0.34, yaw=8), Actor(1, 0.72, 0.44, 0.34, yaw=-8)
    script = Script("two", people(2), (Scene(0.8, (left, right)), Scene(0.6, (left,), "kitchen")), 320, 180)
    render(script, folder / "film.mp4")
    assert len(find(folder / "film.mp4")) == 2
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of measured material beside the checkout; skips the test if it is missing."""
    place = Path(__file__).resolve().parents[1].parent / "shared"
    if not place.is_dir():
        pytest.skip("the measured material is not beside this checkout")
    return place


def in_ci() -> bool:
    """Whether tests that need a browser or other parts must run and must not be skipped."""
    return bool(os.environ.get("CI"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of pages, since a process can drive only one at a time."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on the PATH, and CI needs one")
        pytest.skip("NO BROWSER: the tests of pages did not run; install chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield chromium
        chromium.close()
