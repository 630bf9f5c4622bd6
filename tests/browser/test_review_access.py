"""Every view of the review page, light and dark, wide and narrow: WCAG A and AA by axe-core, and it fits."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("browser")

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # all that a scheme changes
RUN = """async (rules) => {
  const { violations } = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  const line = (v, n) => [v.id, n.target.join(" "), ...n.any.map((a) => a.message)].join(" | ");
  return violations.flatMap((v) => v.nodes.map((n) => line(v, n)));
}"""


def axe() -> str:
    """The source of axe-core, as the package that brings it holds it."""
    try:
        return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    except ModuleNotFoundError:
        if os.environ.get("CI"):
            pytest.fail("axe-playwright-python is not installed, and CI needs it")
        pytest.skip("NO AXE: accessibility was not tested; pip install axe-playwright-python")


def person(page: Any) -> None:
    page.locator("#rows .open > span").first.click()
    page.wait_for_selector("#person .tile")


def person_chosen(page: Any) -> None:
    person(page)
    page.locator("#person .tile").first.click()


def moving(page: Any) -> None:
    person_chosen(page)
    page.keyboard.press("v")


def naming(page: Any) -> None:
    page.locator("#rows .open").first.focus()
    page.keyboard.press("n")


def chosen(page: Any) -> None:
    page.locator("#rows .open").first.focus()
    page.keyboard.press("Control+a")


def one_question(page: Any) -> None:
    page.locator("[data-tab=questions]").click()
    page.get_by_role("button", name="One at a time").click()
    page.wait_for_selector(".question")


def checking(page: Any) -> None:
    page.locator("[data-tab=questions]").click()
    page.locator(".way button", has_text="Who does not belong").click()
    page.wait_for_selector(".check [data-piece]")


def player(page: Any) -> None:
    page.locator("#rows .strip button").first.click()
    page.wait_for_function("() => document.querySelector('#player video').readyState > 1")
    page.locator("#player video").evaluate("v => v.pause()")


STATES: dict[str, Callable[[Any], None]] = {
    **{
        tab: (lambda page, tab=tab: page.locator(f"[data-tab={tab}]").click())  # type: ignore[misc]
        for tab in ("questions", "timeline", "background", "aside", "history", "people")
    },
    "one question": one_question,
    "checking": checking,
    "chosen": chosen,
    "person": person,
    "person chosen": person_chosen,
    "moving": moving,
    "naming": naming,
    "player": player,
    "help": lambda page: page.keyboard.press("?"),
}


@pytest.mark.parametrize("width", [1280, 390])
def test_wcag_aa_in_every_state(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any], width: int
) -> None:
    source = axe()
    page = opened(serve(mixed.place).url(), width=width)
    naming(page)  # so that there is something in every view
    page.keyboard.type("Anna")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#rows .open').innerText.startsWith('Anna')")
    page.evaluate(source)  # by the debugger: the page's own policy stays as it is
    found = {}
    for state, reach in STATES.items():
        reach(page)
        page.wait_for_timeout(250)
        for scheme, rules in (("light", {"type": "tag", "values": TAGS}), ("dark", COLOURS)):
            page.emulate_media(color_scheme=scheme)
            if violations := page.evaluate(RUN, rules):
                found[state, scheme] = violations
        page.emulate_media(color_scheme="light")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, state
        for _ in range(3):
            page.keyboard.press("Escape")
        page.locator("[data-tab=people]").click()
    assert found == {}
    assert page.said == []
