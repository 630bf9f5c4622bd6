"""A drawn film found by the real models, served by a process of its own, in a real Chromium."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_steps import PATIENCE


class Server:
    """`castlist review` in a process of its own."""

    def __init__(self, place: Path) -> None:
        code = (
            "import sys\nfrom castlist.review import serve\n"
            "say = lambda url: print(url, flush=True)\nserve(sys.argv[1], ready=say, invited=say)"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, place], stdout=subprocess.PIPE, text=True
        )

    def url(self) -> str:
        """An unused address."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@dataclass
class Film:
    """A film, what it really shows, and its workspace."""

    path: Path
    truth: Any
    place: Path


@pytest.fixture(scope="session")
def found(small_film: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Film:
    """A drawn film of three people, eight seconds, its cast found; leave it as it is."""
    from castlist.pipeline import find
    from castlist.store import Workspace

    path, truth = tmp_path_factory.mktemp("review") / "<b>a film.mp4", small_film[1]
    shutil.copyfile(small_film[0], path)
    find(path)
    return Film(path, truth, Workspace.beside(path))


@pytest.fixture
def film(found: Film, tmp_path: Path) -> Film:
    """The same with a workspace of its own."""
    place = tmp_path / "a film.castlist"
    shutil.copytree(found.place, place)
    return Film(found.path, found.truth, place)


@pytest.fixture
def mixed(film: Film) -> Film:
    """The same found badly: two tracks with the wrong people, and one that stands alone."""
    from dataclasses import replace

    from castlist.pipeline.prepare import prepare
    from castlist.store import Workspace

    _, base = prepare(str(film.place))
    label = base.label.copy()
    tracks = [np.flatnonzero(label == k) for k in range(3)]
    label[tracks[0][0]], label[tracks[1][0]], label[tracks[0][1]] = 1, 0, 3
    with Workspace.open(film.place) as keep:
        run = [r for r in keep.runs() if r.finished][-1]
        keep.put("machine", f"run {run.id}", replace(base, label=label, number=[], next_number=0))
    return film


@pytest.fixture(scope="session")
def start() -> Callable[[Path], Server]:
    """Serves a workspace; the test that starts it must stop it."""
    return Server


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Server]]:
    """Serves workspaces until the test ends."""
    running: list[Server] = []

    def start_one(place: Path) -> Server:
        running.append(Server(place))
        return running[-1]

    yield start_one
    for server in running:
        if server.process.stdout and not server.process.stdout.closed:
            server.stop()


@pytest.fixture
def server(film: Film, serve: Callable[[Path], Server]) -> Server:
    return serve(film.place)


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens the page in a browser of its own, with what it complains about in `said`."""
    contexts = []

    def open_page(url: str, *, width: int = 1280, scheme: str = "light") -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.said, page.asked = [], []
        page.on("console", lambda m: page.said.append(m.text))
        page.on("pageerror", lambda e: page.said.append(str(e)))
        page.on("request", lambda r: page.asked.append(r.url))
        page.goto(url)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior="wait")  # what a test answers in the server's place ends with the test
        context.close()


@pytest.fixture
def hold() -> Iterator[Callable[[Any, str], Callable[[], Any]]]:
    """Holds a page's next request to an address; what comes back waits for it, for the test to answer."""
    held: list[Any] = []

    def hold_next(page: Any, address: str) -> Callable[[], Any]:
        page.route(address, lambda route: held.append(route), times=1)
        before = len(held)

        def request() -> Any:
            for _ in range(500):
                if len(held) > before:
                    break
                page.wait_for_timeout(20)
            return held[before]

        return request

    yield hold_next
    for route in held:
        with suppress(Exception):  # it was answered
            route.abort()


@pytest.fixture
def page(server: Server, opened: Callable[..., Any]) -> Any:
    return opened(server.url())
