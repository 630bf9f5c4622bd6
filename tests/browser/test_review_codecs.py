"""Films that the browser cannot play are played through a proxy; a film that is missing is named."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("browser")

PLAYS = """() => {
  const v = document.querySelector("#player video");
  return v.videoWidth > 0 && v.readyState >= 2 && v.currentSrc.endsWith("/film/proxy");
}"""


def found_in(film: Any, path: Path, *options: str) -> Path:
    """The workspace of a film encoded anew, its first two seconds."""
    from castlist.pipeline import find
    from castlist.store import Workspace

    command = ["ffmpeg", "-v", "error", "-y", "-i", film.path, "-t", "2", *options, path]
    subprocess.run(command, check=True)
    find(path)
    return Workspace.beside(path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("prores.mov", ["-c:v", "prores_ks", "-profile:v", "0"]),  # no browser plays it
        ("h264.avi", ["-c:v", "copy"]),  # browsers play the codec, but not in this container
    ],
)
def test_an_unplayable_film_plays(
    found: Any,
    serve: Callable[[Path], Any],
    opened: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    options: list[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    page = opened(serve(found_in(found, tmp_path / name, *options)).url())
    page.locator("#rows .strip button").first.click()
    page.wait_for_function(PLAYS, timeout=60_000)
    assert page.locator("#unplayable").inner_text() == ""
    assert page.locator("#player .screen").is_visible()
    assert len(list((tmp_path / "cache" / "castlist" / "films").iterdir())) == 1


def test_a_missing_film_is_named_and_pointed_at(
    film: Any, serve: Callable[[Path], Any], opened: Callable[..., Any], tmp_path: Path
) -> None:
    moved = tmp_path / "moved" / "renamed.mp4"
    moved.parent.mkdir()
    here = tmp_path / "here.mp4"
    here.write_bytes(film.path.read_bytes())
    with closing(sqlite3.connect(film.place / "cast.db")) as db, db:
        db.execute("UPDATE video SET path = ?", (str(here),))
    here.rename(moved)
    page = opened(serve(film.place).url())
    page.wait_for_selector("#film-note:not([hidden])")
    assert str(here) in page.locator("#film-note").inner_text()
    page.locator("#film-note input").fill("/etc/passwd")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('#film-note').innerText.includes('not the film of this workspace')"
    )
    page.locator("#film-note input").fill(str(moved))
    page.keyboard.press("Enter")
    page.wait_for_selector("#film-note", state="hidden")
    page.locator("#rows .strip button").first.click()
    page.wait_for_function("() => document.querySelector('#player video').readyState >= 2")
