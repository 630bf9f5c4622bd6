"""Workspaces to review, made of random tables: people whose vectors are known, some split or mixed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.decisions import Base
from castlist.decode.files import digest
from castlist.store import Workspace
from castlist.types import INTERPOLATED, SET_ASIDE, Clock, Portraits, Shots, Tracks, Video

RATE = 25
LENGTH = 10  # frames of a track


@dataclass
class Made:
    """A workspace and the truth about it."""

    place: Path
    truth: NDArray[np.int64]
    base: Base
    video: Video


def tables(truth: NDArray[np.int64], label: NDArray[np.int64], seed: int = 0, noise: float = 0.6) -> Base:
    """A base of tracks one after another; of each person a direction, of each track a noisy copy."""
    rng, n = np.random.default_rng(seed), len(truth)
    centre = rng.normal(size=(int(truth.max(initial=0)) + 1, 64))
    vector = centre[truth] + noise * rng.normal(size=(n, 64))
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    frame = np.arange(n * LENGTH)
    box = np.tile(np.float32([100, 50, 200, 170]), (n * LENGTH, 1))
    zero = np.full(n * LENGTH, INTERPOLATED)
    tracks = Tracks(frame, box, np.full(n * LENGTH, 0.9), zero, np.arange(n + 1) * LENGTH, np.arange(n))
    edges = np.arange(n + 1) * LENGTH
    middle = edges[:-1] + LENGTH // 2
    portraits = Portraits(middle, box[:n], np.arange(n), rng.random(n), ("",) * n)
    return Base(
        Clock(frame, Fraction(1, RATE)),
        Shots(edges[:-1], edges[1:], np.zeros(n)),
        tracks,
        portraits,
        label,
        np.where(np.asarray(label) < 0, SET_ASIDE, 0),
        tuple("not a face" if k < 0 else "" for k in label),
        vector,
        np.zeros((0, 2)),
        np.array([0.7, 0.0, 0.12, -1.0]),
    )


def workspace(
    place: Path,
    truth: NDArray[np.int64],
    label: NDArray[np.int64],
    path: str = "film.mp4",
    content: bytes = b"",
) -> Made:
    """A workspace as a finished run leaves it."""
    base = tables(truth, label)
    size = len(base.clock)
    key = written(place.parent / path, content) if content else "d" * 40
    video = Video(place.parent / path, 640, 360, Fraction(RATE), Fraction(size, RATE), key)
    cast = Cast.of(video, base.clock, base.shots, base.tracks, label, portraits=base.portraits)
    with Workspace.open(place, create=True) as keep:
        keep.put_video(video)
        run = keep.run_started("", version="0", models={})
        keep.put_cast(cast, base.portraits, run=run)
        keep.run_finished(run, {}, {})
        keep.put("machine", f"run {run}", base)
    return Made(place, truth, base, video)


def written(path: Path, content: bytes) -> str:
    """Write a film file; the key of its content."""
    path.write_bytes(content)
    with open(path, "rb") as file:
        return digest(file.fileno(), path)


class Served:
    """A review server in a process of its own, and a browser-like client that holds its cookie."""

    def __init__(
        self, place: Path, *, before: str = "pass", options: str = "", said: Path | None = None
    ) -> None:
        code = (
            f"import sys\n{before}\nfrom castlist.review import serve\n"
            f"say = lambda url: print(url, flush=True)\nserve(sys.argv[1], ready=say, invited=say{options})"
        )
        command = [sys.executable, "-c", code, str(place)]
        errors = said.open("w") if said else None
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        if errors:
            errors.close()
        self.url = self.next_url()
        self.port = int(self.url.split(":")[2].split("/")[0])
        self.cookie = ""

    def next_url(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(
        self, path: str, *, method: str = "GET", body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; a header given as "" is not sent."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie}
        if method == "POST":
            sent |= {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/json"}
        sent |= headers or {}
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        with closing(connection):  # also where the server was killed
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value:
                    connection.putheader(name, value)
            if data is not None:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()

    def enter(self) -> None:
        """Use the token."""
        status, headers, _ = self.ask(self.url[self.url.index("/", 8) :])
        assert status == 303
        self.cookie = headers["set-cookie"].split(";")[0]

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        status, _, data = self.ask(path, method="POST", body=body)
        return status, json.loads(data)

    def get(self, path: str) -> Any:
        status, _, data = self.ask(path)
        assert status == 200, data
        return json.loads(data)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for tests that leave no trace in it."""
    place = tmp_path_factory.mktemp("standing") / "film.castlist"
    truth, label = np.array([0, 0, 0, 1, 1, 2, 2]), np.array([0, 0, 1, 2, 2, 3, 3])
    workspace(place, truth, label, "secret name.mp4", bytes(range(256)) * 40)
    server = Served(place)
    server.enter()
    yield server
    server.stop()


@pytest.fixture
def served() -> Iterator[Callable[[Path], Served]]:
    """Serves workspaces until the test ends."""
    running: list[Served] = []

    def start(place: Path, enter: bool = True, **options: Any) -> Served:
        running.append(Served(place, **options))
        if enter:
            running[-1].enter()
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop()
        elif one.process.stdout:
            one.process.stdout.close()


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Made]:
    """Makes a workspace: made(truth, label), both lists."""

    def make(truth: list[int], label: list[int], path: str = "film.mp4", content: bytes = b"") -> Made:
        return workspace(tmp_path / "film.castlist", np.array(truth), np.array(label), path, content)

    return make
