"""A name that a file proposes, answered by a key and by a click."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import castlist

pytestmark = pytest.mark.xdist_group("browser")


def test_a_proposed_name_is_taken_by_a_key_and_refused_by_a_click(
    film: Any, serve: Callable[[Path], Any], opened: Callable[..., Any], tmp_path: Path
) -> None:
    with castlist.Workspace.open(film.place, write=False) as workspace:
        one, two = workspace.cast().people[:2]
    rows = [f"{name},{float(a.start)},{float(a.stop)}"
            for name, p in (("<b>Anna", one), ("Bob", two)) for a in p.appearances]  # fmt: skip
    (tmp_path / "names.csv").write_text("\n".join(["person,in,out", *rows]))
    found = castlist.propose(film.place, tmp_path / "names.csv")
    assert [p["person"] for p in found] == [one.key, two.key]
    page = opened(serve(film.place).url())
    row = {p.key: page.locator(f'#rows li[data-id="{p.key}"]') for p in (one, two)}
    shown = " ".join(row[one.key].locator(".proposed").inner_text().split())
    assert shown == "<b>Anna? (from names.csv) Yes y No w"
    row[one.key].locator(".open").focus()
    page.keyboard.press("y")
    page.wait_for_function("() => document.querySelector('#rows .open bdi').textContent === '<b>Anna'")
    row[two.key].get_by_role("button", name=f"No, {two.name} is not Bob").click()
    page.wait_for_function("() => document.querySelectorAll('.proposed').length === 0")
    assert castlist.proposals(film.place) == []
    page.locator("#message button").click()  # a no can be taken back as well
    page.wait_for_function("() => document.querySelectorAll('.proposed').length === 1")
    row[two.key].get_by_role("button", name=f"No, {two.name} is not Bob").click()
    page.wait_for_function("() => document.querySelectorAll('.proposed').length === 0")
    page.keyboard.press("u")  # the name is taken away again, and proposed again
    page.wait_for_function("() => document.querySelectorAll('.proposed').length === 1")
    assert page.said == []


def test_news_that_a_decision_overtook_are_dropped(
    film: Any,
    serve: Callable[[Path], Any],
    opened: Callable[..., Any],
    hold: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """The page asks whether anything changed; the answer arrives after a no and its undo."""
    with castlist.Workspace.open(film.place, write=False) as workspace:
        person = workspace.cast().people[0]
    rows = [f"Anna,{float(a.start)},{float(a.stop)}" for a in person.appearances]
    (tmp_path / "names.csv").write_text("\n".join(["person,in,out", *rows]))
    castlist.propose(film.place, tmp_path / "names.csv")
    page = opened(serve(film.place).url())
    request = hold(page, "**/api/changes*")()
    page.get_by_role("button", name=f"No, {person.name} is not Anna").click()
    page.wait_for_function("() => document.querySelectorAll('.proposed').length === 0")
    late = request.fetch()
    page.locator("#message button").click()
    page.wait_for_function("() => document.querySelectorAll('.proposed').length === 1")
    with page.expect_response("**/api/changes*"):
        request.fulfill(response=late)
    page.wait_for_timeout(100)
    assert page.locator(".proposed").count() == 1
    assert "have changed" not in page.locator("#message").inner_text()


def test_a_long_name_is_changed_whole_and_one_from_right_to_left_steers_nothing_else(
    film: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    name, hebrew = "Anna " + "x" * 200, "\u05d9\u05e2\u05dc \u05db\u05d4\u05df"
    with castlist.Workspace.open(film.place, write=False) as workspace:
        one, two = workspace.cast().people[:2]
    castlist.rename(film.place, one.name, name)
    castlist.rename(film.place, two.name, hebrew)
    page = opened(serve(film.place).url())
    called = page.locator(f'#rows li[data-id="{one.key}"] .open bdi')
    assert called.inner_text() == name[:79] + "\u2026"
    page.locator(f'#rows li[data-id="{one.key}"] .open').focus()
    page.keyboard.press("n")
    field = page.locator("#ask-name")
    assert field.input_value() == name
    field.press("End")
    field.press_sequentially("y")
    field.press("Enter")
    page.wait_for_function("() => document.querySelector('#message').textContent.includes('named Anna')")
    with castlist.Workspace.open(film.place, write=False) as workspace:
        assert workspace.decisions.all()[-1].value == name + "y"
    page.locator('[data-tab="history"]').click()
    page.wait_for_selector("#history-list li")
    row = page.locator("#history-list li .what", has_text=hebrew).first
    assert row.locator("bdi bdi").inner_text() == hebrew
    assert page.said == []
