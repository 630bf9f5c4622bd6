"""Take the pictures of the documentation again, from two drawn films.

python scripts/make_pictures.py FOLDER      FOLDER: for the drawn films and their workspaces

Needs Chromium, Playwright and Pillow (pip install '.[test,plots]'). Check the pictures before you commit
them.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chromium import ARGS, CHROMIUM

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDE = 1000  # pixels of a picture at most
COLOURS = 255  # of a picture's palette: a third of the bytes, and no visible difference


def main(folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as temporary:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        copies = Path(temporary)
        with reviewed(film(folder, "crowd"), copies) as url:
            crowd(opened(chromium, url, 890))
        demo = film(folder, "demo")
        with reviewed(demo, copies) as url:
            six(opened(chromium, url, 780))
        page = chromium.new_page(viewport={"width": 768, "height": 900})
        page.goto((copies / demo.name / "report.html").as_uri())
        taken(page, "report")
        chromium.close()


def film(folder: Path, name: str) -> Path:
    """The workspace of a drawn film, made if missing."""
    workspace = folder / f"castlist-{name}.castlist"
    if not workspace.exists():
        castlist("demo", "--film", name, "-o", str(folder), "-q")
    return workspace


def castlist(*words: str) -> None:
    command = [sys.executable, "-m", "castlist", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own


@contextmanager
def reviewed(workspace: Path, copies: Path) -> Iterator[str]:
    """The address of the review page of a copy of a workspace."""
    copy = copies / workspace.name
    shutil.copytree(workspace, copy)
    shutil.copyfile(workspace.with_suffix(".mp4"), copy.with_suffix(".mp4"))
    command = [sys.executable, "-m", "castlist", "review", str(copy), "--no-browser"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own
    said = process.stderr or io.StringIO()
    try:
        yield said.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(60)
        said.close()


def opened(chromium: Any, url: str, height: int) -> Any:
    page = chromium.new_page(viewport={"width": 1280, "height": height})
    page.goto(url)
    page.wait_for_selector("html[data-ready]")
    return page


def crowd(page: Any) -> None:
    """A film of many people: the questions, and the film itself."""
    page.click("[data-tab=questions]")
    page.wait_for_selector("#questions .card")
    taken(page, "review-questions")
    page.click("text=Who does not belong")
    page.wait_for_selector(".check .piece")
    page.locator(".check [data-piece]").first.focus()
    taken(page, "review-check")
    page.click("[data-tab=people]")
    page.locator("#rows .strip button").nth(3).click()
    page.wait_for_selector("#player .hit")
    page.wait_for_timeout(800)  # until the film shows the face
    page.keyboard.press(" ")
    page.wait_for_timeout(400)
    page.locator("#player .hit").first.dispatch_event("click")
    taken(page, "review-film")


def six(page: Any) -> None:
    """A film of six people: naming, one person, and the timeline."""
    page.click("[data-tab=people]")
    page.locator("#rows .tick").first.click()
    page.keyboard.press("n")
    page.keyboard.type("Bruno")
    page.keyboard.press("Enter")
    page.wait_for_selector("#dock .offer")
    taken(page, "review-people")
    page.keyboard.press("Escape")
    page.locator("#rows .open").first.press("Enter")
    page.wait_for_selector("#person .tile")
    page.locator("#person .tile").nth(1).click()
    taken(page, "review-person")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.click("[data-tab=timeline]")
    page.reload()
    page.wait_for_selector("#lanes .lane")
    page.set_viewport_size({"width": 1280, "height": 540})
    page.mouse.move(540, 190)
    page.wait_for_timeout(1500)  # until the film's picture under the pointer is loaded
    page.mouse.move(541, 190)
    taken(page, "review-timeline")


def taken(page: Any, name: str) -> None:
    """A picture of the page as it is now."""
    from PIL import Image

    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    if picture.width > WIDE:
        picture = picture.resize(
            (WIDE, round(WIDE * picture.height / picture.width)), Image.Resampling.LANCZOS
        )
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
