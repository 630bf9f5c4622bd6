"""Choosing by frame and keys, dragging, name completion, the timeline, and the film with faces framed."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_steps import count, undo_all, until

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def server(
    found: Any, start: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """One server for all these tests; each undoes what it decided."""
    place = tmp_path_factory.mktemp("hands") / "a film.castlist"
    shutil.copytree(found.place, place)
    running = start(place)
    yield running
    running.stop()


@pytest.fixture
def wide(server: Any, opened: Callable[..., Any]) -> Callable[[int], Any]:
    return lambda width: opened(server.url(), width=width)


@pytest.fixture
def page(wide: Callable[[int], Any]) -> Iterator[Any]:
    page = wide(1280)
    yield page
    undo_all(page)


def chosen(page: Any) -> int:
    return int(page.locator("#rows .tick:checked").count())


def middle(page: Any, selector: str, number: int = 0) -> tuple[float, float]:
    box = page.locator(selector).nth(number).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def opens(page: Any, row: int) -> int:
    page.locator("#rows .open").nth(row).locator("> span").last.click()
    page.wait_for_selector("#person .tile")
    return int(page.locator("#person .tile").count())


def test_people_by_keyboard(page: Any) -> None:
    page.locator("#rows .open").first.focus()
    page.keyboard.press("Shift+ArrowDown")
    assert chosen(page) == 2
    page.keyboard.press("Control+a")
    assert chosen(page) == 3
    page.keyboard.press("Escape")
    assert chosen(page) == 0
    page.keyboard.press("Meta+a")
    page.keyboard.press("m")  # all people at once
    count(page, 1)
    page.keyboard.press("u")
    count(page, 3)


def test_people_by_frame(page: Any) -> None:
    rows = [page.locator("#rows li.row").nth(i).bounding_box() for i in range(3)]
    free = rows[0]["x"] + rows[0]["width"] - 6  # right of the faces
    drag(page, (free, rows[0]["y"] + 8), (free - 60, rows[1]["y"] + 30))
    assert chosen(page) == 2
    page.keyboard.down("Control")
    drag(page, (free, rows[2]["y"] + 30), (free - 20, rows[2]["y"] + 50))
    page.keyboard.up("Control")
    assert chosen(page) == 3
    assert page.locator(".band").count() == 0
    page.mouse.move(free, rows[0]["y"] + 8)
    page.mouse.down()
    page.mouse.move(free - 40, rows[0]["y"] + 40, steps=3)
    page.mouse.up()
    assert chosen(page) == 1


def test_drag_one_person_onto_another_merges(page: Any) -> None:
    name = page.locator("#rows .open b bdi").first.inner_text()
    drag(page, middle(page, "#rows .open", 1), middle(page, "#rows .open", 0))
    count(page, 2)
    assert page.locator("#rows .open b bdi").first.inner_text() == name
    assert not page.locator("#person").is_visible()  # the end of a drag is no click
    drag(page, middle(page, "#rows .open", 1), middle(page, "h1"))  # no person is there
    page.wait_for_timeout(200)
    count(page, 2)


def test_an_escaped_drag_does_nothing(page: Any) -> None:
    page.mouse.move(*middle(page, "#rows .open", 1))
    page.mouse.down()
    page.mouse.move(*middle(page, "#rows .open", 0), steps=4)
    assert page.locator(".ghost").inner_text() == "1 person"
    page.keyboard.press("Escape")
    page.mouse.up()
    page.wait_for_timeout(200)
    count(page, 3)
    assert page.locator(".ghost").count() == 0


def test_tracks_by_keys_frame_and_drag(page: Any) -> None:
    tiles = opens(page, 0)
    assert tiles == 3
    page.keyboard.press("Shift+ArrowRight")
    pressed = page.locator("#person .tile[aria-pressed=true]")
    assert pressed.count() == 2
    page.keyboard.press("Escape")  # chooses none; the next one closes
    assert pressed.count() == 0
    page.keyboard.press("Control+a")
    assert pressed.count() == 3
    page.keyboard.press("Escape")
    first = page.locator("#person .tile").first.bounding_box()
    last = page.locator("#person .tiles li").nth(1).bounding_box()
    dialog = page.locator("#person").bounding_box()
    drag(page, (dialog["x"] + 6, first["y"] + 20), (last["x"] + 10, last["y"] + 60))
    assert pressed.count() == 2
    target = page.locator("#person .target").nth(1)
    box = target.bounding_box()
    drag(page, middle(page, "#person .tile"), (box["x"] + 20, box["y"] + 12))
    count(page, 1, "#person .tile")
    page.keyboard.press("u")
    count(page, 3, "#person .tile")


def test_these_two_are_different(page: Any) -> None:
    opens(page, 0)
    page.locator("#person .tile").nth(0).click()
    page.locator("#person .tile").nth(1).click()
    page.get_by_role("button", name="These two are different").click()
    count(page, 4)


def test_names_are_completed(page: Any) -> None:
    for row, name in ((0, "Anna Lindqvist"), (1, "Bo Ånger")):
        page.locator("#rows .open").nth(row).focus()
        page.keyboard.press("n")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        until(page, "([n, t]) => document.querySelectorAll('#rows b bdi')[n].innerText === t", [row, name])
    page.locator("#rows .open").nth(2).focus()
    page.keyboard.press("n")
    page.keyboard.type("ang")  # a part, without its accent
    options = page.locator("#names li")
    assert options.all_inner_texts()[0].startswith("Bo Ånger")
    assert options.count() == 2  # and as a new name
    field = page.locator("#ask-name")
    assert field.get_attribute("aria-expanded") == "true"
    assert field.get_attribute("aria-activedescendant") == "name-0"  # a word of it begins so
    page.keyboard.press("Tab")
    assert field.input_value() == "Bo Ånger"
    assert "the two become one person" in page.locator("#ask-note").inner_text()
    page.keyboard.press("Enter")
    count(page, 2)


def test_move_to_somebody_by_name(page: Any) -> None:
    third = page.locator("#rows b bdi").nth(2).inner_text()
    opens(page, 0)
    page.keyboard.press("Space")
    page.keyboard.press("v")
    page.keyboard.type(third)
    assert page.locator("#names li").all_inner_texts()[0].startswith(third)
    page.keyboard.press("Enter")
    count(page, 2, "#person .tile")


def test_timeline_zooms_shows_the_picture_and_plays(page: Any) -> None:
    page.locator("[data-tab=timeline]").click()
    page.wait_for_selector("#lanes svg[viewBox]")
    view = "document.querySelector('#lanes svg').getAttribute('viewBox')"
    whole = page.evaluate(view)
    for key, back in (("+", "-"), ("+", "0")):
        page.keyboard.press(key)
        assert page.evaluate(view) != whole
        page.keyboard.press(back)
        assert page.evaluate(view) == whole
    strip = page.locator("#shots").bounding_box()
    x, y = strip["x"] + strip["width"] / 2, strip["y"] + 5
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    until(page, f"whole => {view} !== whole", whole)
    start, _, span, _ = map(float, page.evaluate(view).split())
    assert start + span / 2 == pytest.approx(float(whole.split()[2]) / 2, rel=0.05)  # about the pointer
    page.keyboard.press("0")
    lane = page.locator("#lanes svg").first.bounding_box()
    drag(page, (lane["x"] + 20, lane["y"] + 5), (lane["x"] + lane["width"] / 2, lane["y"] + 5))
    start, _, span, _ = map(float, page.evaluate(view).split())
    assert span == pytest.approx(float(whole.split()[2]) / 2, rel=0.1)
    page.keyboard.press("0")
    until(
        page,
        "() => document.querySelector('.tip video').readyState >= 2 || document.querySelector('.tip').hidden",
    )
    page.mouse.move(x, lane["y"] + 5)  # the middle of the film
    until(page, "() => Math.abs(document.querySelector('.tip video').currentTime - 4) < 0.1")
    assert page.locator(".tip").is_visible()
    page.mouse.click(x, lane["y"] + 5)
    until(page, "() => document.querySelector('#player').open")
    until(page, "() => document.querySelector('#player video').currentTime >= 3.9")


MARKS = """async (t) => {
  const v = document.querySelector("#player video"), c = document.querySelector("#player canvas");
  v.pause();
  const near = (f) => Math.abs(f.mediaTime - t) < 0.1;
  const shown = (go) => v.requestVideoFrameCallback((_, f) => (near(f) ? go(f.mediaTime) : shown(go)));
  const seen = new Promise(shown);
  v.currentTime = t;
  const at = await seen;
  await new Promise((go) => setTimeout(go, 500));  // the boxes of this piece come by a request
  const a = c.getBoundingClientRect(), b = v.getBoundingClientRect();
  const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  const ends = { x: [1e9, -1e9], y: [1e9, -1e9] };
  const widen = (e, k) => { e[0] = Math.min(e[0], k); e[1] = Math.max(e[1], k); };
  for (let y = 0; y < c.height; y++) {
    const row = [];
    for (let x = 0; x < c.width; x++) if (data[4 * (y * c.width + x) + 3] > 100) row.push(x);
    if (row.length > 0.1 * c.width) widen(ends.y, y);
    for (const x of row) widen(ends.x, x);
  }
  return [at, ...ends.x.map((x) => (a.left - b.left + (x * a.width) / c.width) / b.width),
    ...ends.y.map((y) => (a.top - b.top + (y * a.height) / c.height) / b.height)];
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_the_frame_is_where_the_face_is(found: Any, wide: Callable[[int], Any], width: int) -> None:
    page = wide(width)
    page.locator("#rows .strip button").first.click()
    until(page, "() => document.querySelector('#player video').readyState >= 2")
    truth = found.truth
    for seconds in (2.4, 4.0, 5.6):  # one close-up each
        at, left, right, top, bottom = page.evaluate(MARKS, seconds)
        frame = int(np.abs(truth.clock.seconds() - at).argmin())
        (row,) = np.flatnonzero(truth.frame == frame)
        x1, y1, x2, y2 = truth.box[row] / np.array([640, 360, 640, 360])
        inner = max(0, min(right, x2) - max(left, x1)) * max(0, min(bottom, y2) - max(top, y1))
        outer = (right - left) * (bottom - top) + (x2 - x1) * (y2 - y1) - inner
        assert at == pytest.approx(seconds, abs=0.05)
        assert inner / outer > 0.5
        assert page.locator("#playing button").count() == 1


def test_the_film_is_sought_in_by_ranges(page: Any) -> None:
    answers: list[int] = []
    page.on("response", lambda r: answers.append(r.status) if r.url.endswith("/film") else None)
    page.locator("#rows .strip button").first.click()
    until(page, "() => document.querySelector('#player video').readyState >= 2")
    page.evaluate("() => { document.querySelector('#player video').currentTime = 7; }")
    until(page, "() => Math.abs(document.querySelector('#player video').currentTime - 7) < 0.6")
    assert page.locator("#unplayable").inner_text() == ""
    assert 206 in answers  # 200 too: for what Chromium takes from its own cache
    assert set(answers) <= {200, 206}


def test_keys_of_one_character_can_be_switched_off(page: Any) -> None:
    page.keyboard.press("?")
    page.get_by_label("Keys of one character").uncheck()
    page.keyboard.press("Escape")
    page.locator("#rows .open").first.focus()
    page.keyboard.press("h")
    page.keyboard.press("Control+a")
    assert chosen(page) == 3
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.locator("#rows li.row").count() == 3
    page.locator("#keys").click()
    assert not page.get_by_label("Keys of one character").is_checked()


def test_enter_on_a_button_is_that_button(page: Any) -> None:
    page.locator("[data-tab=questions]").focus()
    page.keyboard.press("Enter")
    page.locator("[data-tab=history]").focus()
    page.keyboard.press("Enter")
    page.get_by_text("There are no decisions yet.").or_(page.locator("#history li").first).wait_for()
    assert page.locator("#history").is_visible()


def test_everything_can_be_reached_on_a_phone(wide: Callable[[int], Any]) -> None:
    page = wide(320)
    for tab in ("questions", "timeline", "background", "aside", "history", "people"):
        page.locator(f"[data-tab={tab}]").click()
        page.locator(f"#{tab}").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, tab
    page.locator("#rows .tick").nth(0).check()
    page.locator("#rows .tick").nth(1).check()
    page.locator("#dock .main").click()
    count(page, 2)
    undo_all(page)


def test_a_person_of_more_than_a_thousand_tracks_shows_all(
    serve: Callable[[Path], Any], opened: Callable[..., Any], tmp_path: Path
) -> None:
    path = Path(__file__).parents[2] / "benchmarks" / "review_page.py"
    spec = importlib.util.spec_from_file_location("review_page", path)
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    benchmark.workspace(tmp_path / "film.castlist", 1500, 1)
    page = opened(serve(tmp_path / "film.castlist").url())
    shown = opens(page, 0)
    total = int(
        page.locator("#rows .open span").first.inner_text().split(" · ")[2].split()[0].replace(",", "")
    )
    assert shown < 1000 < total
    page.locator("#person .more").scroll_into_view_if_needed()  # more come as one scrolls
    until(page, "n => document.querySelectorAll('#person .tile').length > n", shown)
    page.locator("#person .tile").first.focus()
    page.keyboard.press("End")
    count(page, total, "#person .tile")
    assert page.evaluate("document.activeElement === [...document.querySelectorAll('#person .tile')].at(-1)")
    assert not page.locator("#person .more").is_visible()
    page.keyboard.press("Control+a")
    assert page.locator("#person .picked b").inner_text() == f"{total:,} tracks chosen"
    page.locator("#person .tile").nth(1).click()  # all but one
    page.keyboard.press("o")
    count(page, 2)
    assert page.said == []
