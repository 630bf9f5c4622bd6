"""What several tests do with a review page in a browser: wait for a state, count rows, undo everything."""

from __future__ import annotations

import time
from typing import Any

PATIENCE = 30_000  # milliseconds: a busy machine plays and draws slowly


def until(page: Any, check: str, argument: Any = None, polling: float | None = None) -> None:
    """Wait until a JavaScript function returns true; called at every frame, or every `polling` ms."""
    page.wait_for_function(check, arg=argument, timeout=PATIENCE, polling=polling or "raf")


def count(page: Any, number: int, selector: str = "#rows li.row") -> None:
    """Wait until so many elements are on the page."""
    until(page, "([n, s]) => document.querySelectorAll(s).length === n", [number, selector])


def until_decided(page: Any, decisions: int) -> None:
    """Wait until castlist has so many decisions.

    `until` cannot: a promise is always true for it.
    """
    end = time.monotonic() + PATIENCE / 1000
    revision = "fetch('/api/state').then((r) => r.json()).then((s) => s.revision)"
    while (found := page.evaluate(revision)) != decisions:
        assert time.monotonic() < end, f"{found} decisions, {decisions} expected"
        page.wait_for_timeout(50)


def undo_all(page: Any) -> None:
    page.evaluate(
        """async () => {
          let state = await (await fetch("/api/state")).json();
          while (state.undo) {
            const body = JSON.stringify({ revision: state.revision });
            const headers = { "Content-Type": "application/json" };
            state = (await (await fetch("/api/undo", { method: "POST", headers, body })).json()).state;
          }
        }"""
    )


def until_film_rests(page: Any) -> None:
    """Wait until the film is paused and has shown the same frame for 300 ms."""
    until(
        page,
        """() => {
          const video = document.querySelector("#player video");
          const shown = document.querySelector("#timecode").textContent;
          const rests = video.paused && !video.seeking && window.shownBefore === shown;
          window.shownBefore = shown;
          return rests;
        }""",
        polling=300,
    )
