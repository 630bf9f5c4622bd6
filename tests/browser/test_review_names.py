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
