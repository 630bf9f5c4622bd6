"""The speed of the review page: first paint, and each action from the key to the picture, in Chromium.

    python benchmarks/review_page.py                    # 5,000 tracks of 40 people, 100,000 of 500
    python benchmarks/review_page.py 5000x40 --times 20

A synthetic workspace (people are random directions, tracks are noisy copies of these, with two pictures
each), the real server in a separate process, the real page. Times are milliseconds, as the page itself
measures them: from the key until the change is painted.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from castlist.cast import Cast
from castlist.decisions import Base
from castlist.store import Workspace
from castlist.types import INTERPOLATED, SET_ASIDE, Clock, Portraits, Shots, Tracks, Video

LENGTH = 10  # frames of a track
GOAL = {"first paint": 1500, "action": 200}
PICTURES = 400
# Milliseconds in which the page ignores a repeated answer to a question (core.js).
GLANCE = 500
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")

# Does an action, then waits until the page has measured it and painted.
ACT = """async ([name, what]) => {
  const done = () => performance.getEntriesByType("measure").length, before = done();
  const key = (k) => (document.activeElement || document.body).dispatchEvent(
    new KeyboardEvent("keydown", { key: k, bubbles: true, cancelable: true }));
  const start = performance.now();
  if (what === "submit") document.querySelector("#ask form").requestSubmit(); else key(what);
  while (done() === before) {
    const late = performance.now() - start > 20000;
    if (late) throw new Error(name + ": " + document.querySelector("#message").textContent);
    await new Promise((go) => setTimeout(go, 1));
  }
  await new Promise((go) => requestAnimationFrame(() => setTimeout(go, 0)));
  return performance.now() - start;
}"""


def workspace(place: Path, tracks: int, people: int, seed: int = 0) -> None:
    """A workspace as after a finished run; one track in fifty is assigned to a wrong person."""
    import cv2

    rng = np.random.default_rng(seed)
    truth = rng.integers(0, people, tracks)
    label = np.where(rng.random(tracks) < 0.02, rng.integers(0, people, tracks), truth)
    label[rng.random(tracks) < 0.02] = -1
    centre = rng.normal(size=(people, 128)).astype(np.float32)
    vector = centre[truth] + 0.6 * rng.normal(size=(tracks, 128)).astype(np.float32)
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    frame, edges = np.arange(tracks * LENGTH), np.arange(tracks + 1) * LENGTH
    box = np.tile(np.float32([100, 50, 200, 170]), (len(frame), 1))
    video = Video(
        place.parent / "film.mp4", 640, 360, Fraction(25), Fraction(len(frame), 25), f"{tracks:040}"
    )
    with Workspace.open(place, create=True) as keep:
        pixels = rng.integers(0, 255, (PICTURES, 14, 14, 3)).astype(np.uint8)
        images = [
            keep.put_image(cv2.imencode(".jpg", cv2.resize(p, (112, 112)))[1].tobytes()) for p in pixels
        ]
        twice = np.repeat(np.arange(tracks), 2)
        portraits = Portraits(
            edges[twice] + np.tile([3, 6], tracks), box[twice], twice, rng.random(2 * tracks),
            tuple(images[i] for i in rng.integers(0, PICTURES, 2 * tracks)),
        )  # fmt: skip
        base = Base(
            Clock(frame, Fraction(1, 25)),
            Shots(edges[:-1], edges[1:], np.zeros(tracks)),
            Tracks(
                frame,
                box,
                np.full(len(frame), 0.9),
                np.full(len(frame), INTERPOLATED),
                edges,
                np.arange(tracks),
            ),
            portraits,
            label,
            np.where(label < 0, SET_ASIDE, 0),
            tuple("not a face" if k < 0 else "" for k in label),
            vector,
            np.zeros((0, 2)),
            np.array([0.7, 0.0, 0.12, -1.0]),
        )
        keep.put_video(video)
        cast = Cast.of(
            video, base.clock, base.shots, base.tracks, label,
            fate=base.fate, reason=base.reason, portraits=portraits,
        )  # fmt: skip
        run = keep.run_started("", version="0", models={})
        keep.put_cast(cast, portraits, run=run)
        keep.run_finished(run, {}, {})
        keep.put("machine", f"run {run}", base)


class Server:
    """`castlist review` on a workspace."""

    def __init__(self, place: Path) -> None:
        began = time.perf_counter()
        command = [sys.executable, "-m", "castlist", "review", str(place), "--no-browser"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.url = self.next_url()
        self.seconds = time.perf_counter() - began

    def next_url(self) -> str:
        """The next address that it prints."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if "http://" in line:
                return line[line.index("http://") :].strip()
        raise SystemExit("castlist review ended before it said where it is")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(300)


def paints(browser: Any, server: Server, times: int) -> dict[str, list[float]]:
    """First paint, and the time until all people are drawn, of pages opened one after another."""
    found: dict[str, list[float]] = {"first paint": [], "people drawn": []}
    for _ in range(times):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(server.url)
        page.wait_for_selector("html[data-ready]")
        page.wait_for_timeout(300)
        marks = page.evaluate(
            "() => [performance.getEntriesByName('first-contentful-paint')[0].startTime,"
            " performance.getEntriesByName('ready')[0].startTime]"
        )
        for name, value in zip(found, marks, strict=True):
            found[name].append(value)
        context.close()
        server.url = server.next_url()
    return found


class Reviewer:
    """Does every action on one page, and records its time."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.took: dict[str, list[float]] = {}

    def act(self, name: str, what: str) -> None:
        self.took.setdefault(name, []).append(self.page.evaluate(ACT, [name, what]))

    def row(self, number: int) -> None:
        self.page.locator("#rows .open").nth(number).focus()

    def name(self, i: int) -> None:
        self.row(i)
        self.page.keyboard.press("n")
        self.page.keyboard.type(f"Name {i}")
        self.act("name", "submit")

    def merge(self, i: int) -> None:
        self.page.locator("#rows .tick").nth(i).check()
        self.page.locator("#rows .tick").nth(i + 1).check()
        self.act("merge", "m")

    def opened(self, i: int) -> None:
        """Open a person, and choose a track."""
        start = time.perf_counter()
        self.page.locator("#rows .open").nth(i).click()
        self.page.wait_for_selector("#person .tile")
        self.took.setdefault("(open a person)", []).append(1000 * (time.perf_counter() - start))
        self.page.locator("#person .tile").first.click()

    def split(self, i: int) -> None:
        self.opened(2 * i)  # the new person is listed after the person it was split from
        self.act("split", "o")
        self.close()

    def move(self, i: int) -> None:
        self.opened(self.page.locator("#rows .open").count() - 1 - i)  # a person without changes so far
        self.page.keyboard.press("v")
        self.act("move", "submit")
        self.close()

    def close(self) -> None:
        button = self.page.locator("#person [aria-label=Close]")
        if button.is_visible():  # a person without tracks is closed already
            button.click()

    def key(self, name: str, key: str) -> Callable[[int], None]:
        def press(i: int) -> None:
            self.row(i)
            self.act(name, key)

        return press

    def answer(self, i: int) -> None:
        if i == 0:
            self.page.locator("[data-tab=questions]").click()
        asked = ".question:not(.old), .sheet:not(.old):not(:has(.loading))"
        self.page.wait_for_selector(asked + ", #questions .empty", timeout=60_000)
        if not self.page.locator(asked).count():
            return  # nothing is left to ask
        self.page.wait_for_timeout(GLANCE)
        start = time.perf_counter()
        self.act("answer", "y")
        self.page.wait_for_selector(asked + ", #questions .empty", timeout=60_000)
        self.took.setdefault("(next question)", []).append(1000 * (time.perf_counter() - start))

    def everything(self, times: int) -> None:
        actions = {
            "name": self.name, "merge": self.merge, "split": self.split, "move": self.move,
            "not a face": self.key("not a face", "f"), "hide": self.key("hide", "h"),
            "background": self.key("background", "b"), "undo": self.key("undo", "u"),
            "redo": self.key("redo", "r"), "answer": self.answer,
        }  # fmt: skip
        for work in actions.values():
            for i in range(times):
                work(i)


def report(took: dict[str, list[float]]) -> None:
    for name, values in took.items():
        goal = GOAL.get(name, None if name.startswith("(") or name == "people drawn" else GOAL["action"])
        p50, p95 = np.percentile(values, [50, 95])
        verdict = "" if goal is None else f"  goal {goal}: {'reached' if p95 < goal else 'MISSED'}"
        print(f"  {name:16} p50 {p50:7.0f}  p95 {p95:7.0f}{verdict}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", default=["5000x40", "100000x500"], help="tracks x people")
    parser.add_argument("--times", type=int, default=10, help="of each action")
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    for size in given.sizes:
        tracks, people = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            place = Path(folder) / "film.castlist"
            workspace(place, tracks, people)
            server = Server(place)
            try:
                print(f"{tracks} tracks, {people} people; the server is there after {server.seconds:.1f} s")
                measure(playwright, server, given.times)
            finally:
                server.stop()


def measure(playwright: Any, server: Server, times: int) -> None:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    report(paints(browser, server, 5))
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(server.url)
    page.wait_for_selector("html[data-ready]")
    reviewer = Reviewer(page)
    try:
        reviewer.everything(times)
    finally:
        report(reviewer.took)
        browser.close()


if __name__ == "__main__":
    main()
