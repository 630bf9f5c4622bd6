"""A whole review in a real browser: a drawn film found by the real models, and put right."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on the PATH, and CI needs one")
        pytest.skip("NO BROWSER: the review's browser tests did not run; install chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn film of a few seconds, its cast found."""
    from castlist.drawn import FILMS, render
    from castlist.pipeline import find
    from castlist.store import Workspace

    film = tmp_path_factory.mktemp("review") / "<b>a film.mp4"
    render(FILMS["short"](), film)
    find(film)
    return Workspace.beside(film)


@pytest.fixture
def server(place: Path) -> Iterator[Server]:
    running = Server(place)
    yield running
    if running.process.poll() is None:
        running.stop()


def opened(browser: Any, url: str, *, width: int = 1280, scheme: str = "light") -> Any:
    """The page in a browser of its own, with what it complains about in `said`."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.said, page.asked = [], []
    page.on("console", lambda m: page.said.append(m.text))
    page.on("pageerror", lambda e: page.said.append(str(e)))
    page.on("request", lambda r: page.asked.append(r.url))
    page.goto(url)
    page.wait_for_selector("html[data-ready]")
    return page


def people(page: Any) -> list[str]:
    return [text.split("\n")[0] for text in page.locator("#rows .open").all_inner_texts()]


def until(page: Any, check: str, argument: Any = None) -> None:
    page.wait_for_function(check, arg=argument, timeout=10_000)


def count(page: Any, number: int) -> None:
    until(page, "n => document.querySelectorAll('#rows li.row').length === n", number)


def test_whole_flow(browser: Any, server: Server, place: Path) -> None:
    page = opened(browser, server.url())
    before = people(page)
    assert len(before) >= 2
    assert page.locator("h1").inner_text() == "<b>a film"

    page.locator(".row .open").first.focus()  # name by keyboard
    page.keyboard.press("n")
    page.keyboard.type('Anna <script>alert("x")</script>')
    page.keyboard.press("Enter")
    until(page, "() => document.querySelector('#rows .open').innerText.startsWith('Anna <script>')")

    page.locator(".row .open").first.focus()  # choose two by keyboard and merge them
    for key in ("x", "j", "x", "m"):
        page.keyboard.press(key)
    count(page, len(before) - 1)
    assert people(page)[0].startswith("Anna")
    page.keyboard.press("u")
    count(page, len(before))
    page.keyboard.press("r")
    count(page, len(before) - 1)

    page.reload()  # everything is still there
    page.wait_for_selector("html[data-ready]")
    count(page, len(before) - 1)

    other = opened(browser, server.url())  # a second browser sees it, and is seen
    count(other, len(before) - 1)
    other.locator("#undo").click()
    count(other, len(before))
    count(page, len(before))

    page.locator(".row .open").first.click()  # open a person, take a track out
    page.wait_for_selector("#person .tile")
    tiles = page.locator("#person .tile").count()
    if tiles > 1:
        page.locator("#person .tile").first.click()
        page.get_by_role("button", name="A person of their own").click()
        count(page, len(before) + 1)
        until(page, "n => document.querySelectorAll('#person .tile').length === n", tiles - 1)
        page.keyboard.press("u")
        count(page, len(before))
    page.keyboard.press("Escape")

    page.locator(".row .open").nth(1).focus()  # not a face, and back again from the drawer
    page.keyboard.press("f")
    count(page, len(before) - 1)
    page.locator("[data-tab=aside]").click()
    assert "Not a face, as was decided" in page.locator("#aside").inner_text()
    page.locator("#undo").click()
    page.locator("[data-tab=people]").click()
    count(page, len(before))

    page.locator("[data-tab=history]").click()
    page.wait_for_selector("#history li")
    assert "named Anna" in page.locator("#history").inner_text()
    assert page.said == []
    assert all(u.startswith(("http://127.0.0.1", "data:")) for u in page.asked)
    server.stop()

    again = Server(place)  # after a restart of the server, and found again
    try:
        page = opened(browser, again.url())
        assert people(page)[0].startswith("Anna <script>")
    finally:
        again.stop()
    from castlist.pipeline import find

    cast = find(next(place.parent.glob("*.mp4")))
    assert any(p.named and p.name.startswith("Anna <script>") for p in cast)


def test_film_plays_at_the_face(browser: Any, server: Server) -> None:
    page = opened(browser, server.url())
    page.locator(".row .strip button").first.click()
    video = page.locator("#player video")
    until(
        page,
        "() => { const v = document.querySelector('#player video'); return v.readyState >= 1 || v.error; }",
    )
    assert video.evaluate("v => v.error === null")
    assert page.locator("#player p").inner_text() == ""


@pytest.mark.parametrize("width", [1280, 390])
def test_every_view_fits(browser: Any, server: Server, width: int) -> None:
    page = opened(browser, server.url(), width=width, scheme="dark" if width == 390 else "light")
    for tab in ("questions", "timeline", "background", "aside", "history", "people"):
        page.locator(f"[data-tab={tab}]").click()
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
        assert page.locator(f"#{tab}").is_visible()
    assert page.said == []
