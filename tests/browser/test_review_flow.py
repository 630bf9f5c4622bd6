"""A whole review in a real browser: a drawn film found by the real models, and put right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_steps import count, until

from castlist.decisions.names import LONGEST

pytestmark = pytest.mark.xdist_group("browser")


def people(page: Any) -> list[str]:
    return [text.split("\n")[0] for text in page.locator("#rows .open").all_inner_texts()]


def rows(page: Any) -> Any:
    return page.locator("#rows .open")


def opens(page: Any, row: int) -> int:
    """Open a person; the number of tracks shown."""
    rows(page).nth(row).locator("> span").last.click()  # a click on the name would name
    page.wait_for_selector("#person .tile")
    return int(page.locator("#person .tile").count())


def test_whole_flow(film: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]) -> None:
    server = serve(film.place)
    page = opened(server.url())
    before = people(page)
    assert len(before) == 3
    assert page.locator("h1").inner_text() == "<b>a film"

    rows(page).first.focus()  # name by keyboard
    page.keyboard.press("n")
    page.keyboard.type('Anna <script>alert("x")</script>')
    page.keyboard.press("Enter")
    until(page, "() => document.querySelector('#rows .open').innerText.startsWith('Anna <script>')")

    rows(page).first.focus()  # choose two by keyboard and merge them
    for key in ("x", "j", "x", "m"):
        page.keyboard.press(key)
    count(page, 2)
    assert people(page)[0].startswith("Anna")
    page.keyboard.press("u")
    count(page, 3)
    page.keyboard.press("Control+Shift+Z")
    count(page, 2)

    page.reload()  # everything is still there
    page.wait_for_selector("html[data-ready]")
    count(page, 2)

    other = opened(server.url())  # a second browser sees it, and is seen
    count(other, 2)
    other.locator("#undo").click()
    count(other, 3)
    count(page, 3)

    tiles = opens(page, 0)  # open a person, take a track out by keyboard, and back again
    page.keyboard.press("Space")
    page.keyboard.press("o")
    count(page, 4)
    until(page, "n => document.querySelectorAll('#person .tile').length === n", tiles - 1)
    page.keyboard.press("u")
    count(page, 3)
    until(page, "n => document.querySelectorAll('#person .tile').length === n", tiles)
    page.keyboard.press("Escape")

    rows(page).nth(1).focus()  # not a face, and taken back from the drawer
    page.keyboard.press("f")
    count(page, 2)
    page.locator("[data-tab=aside]").click()
    page.get_by_text("Not a face, as was decided").wait_for()
    page.locator("#aside .tile").first.focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("b")
    page.get_by_text("No track was set aside.").wait_for()
    page.locator("[data-tab=people]").click()
    count(page, 3)

    page.locator("[data-tab=history]").click()
    page.get_by_text("named Anna").wait_for()
    assert page.said == other.said == []
    assert all(u.startswith(("http://127.0.0.1", "data:")) for u in page.asked)
    server.stop()

    page = opened(serve(film.place).url())  # after a restart of the server, and found again
    assert people(page)[0].startswith("Anna <script>")
    assert len(people(page)) == 3
    from castlist.pipeline import find

    cast = find(film.path, workspace=film.place, replace=True)
    assert [p.name.startswith("Anna <script>") for p in cast if p.named] == [True]


def test_a_stale_decision_is_refused_with_what_changed(server: Any, opened: Callable[..., Any]) -> None:
    page, other = opened(server.url()), opened(server.url())
    page.evaluate("() => Object.defineProperty(document, 'hidden', { value: true })")  # it does not look
    page.wait_for_timeout(1500)
    rows(other).first.focus()
    other.keyboard.press("n")
    other.keyboard.type("Bella")
    other.keyboard.press("Enter")
    until(other, "() => document.querySelector('#rows .open').innerText.startsWith('Bella')")
    assert not people(page)[0].startswith("Bella")
    rows(page).nth(1).focus()
    page.keyboard.press("h")
    until(page, "() => document.querySelector('#message').textContent.includes('named Bella')")
    assert "somebody: " not in page.locator("#message").inner_text()  # who is said where it is known
    until(page, "() => document.querySelector('#rows .open').innerText.startsWith('Bella')")  # drawn anew
    assert people(page)[0] == "Bella"  # what changed is shown, and what was asked for is not done
    assert len(people(page)) == 3
    page.keyboard.press("h")
    count(page, 2)


def test_many_faces_are_sorted_at_once(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    before = len(people(page))
    page.locator("[data-tab=questions]").click()
    page.wait_for_selector(".sheet .card")
    cards = page.locator(".card")
    first = cards.first
    options = first.locator("[data-pick]").count()
    page.keyboard.press("0")  # the first is another person
    assert first.locator("[aria-pressed=true] bdi").inner_text() == "somebody else"
    page.keyboard.press("1")
    assert first.locator("[aria-pressed=true]").get_attribute("data-pick") == "0"
    assert options >= 2
    page.keyboard.press("f")
    assert first.locator("[data-fate=not-a-face]").get_attribute("aria-pressed") == "true"
    page.keyboard.press("f")
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('#undo').disabled")
    page.locator("[data-tab=history]").click()
    page.locator("#history .log li").first.wait_for()
    page.keyboard.press("u")
    page.wait_for_function("() => document.querySelector('#undo').disabled")
    page.locator("[data-tab=people]").click()
    count(page, before)
    assert page.said == []


def test_one_answer_takes_effect_and_is_not_asked_again(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    page.locator("[data-tab=questions]").click()
    page.get_by_role("button", name="One at a time").click()
    asked = pair(page)
    page.keyboard.press("s")
    page.wait_for_function("() => !document.querySelector('#undo').disabled")
    page.wait_for_function("() => !document.querySelector('.question.old, .sheet.old')")
    assert not page.locator(".question").count() or pair(page) != asked
    page.keyboard.press("u")
    page.wait_for_function("() => document.querySelector('#undo').disabled")
    page.wait_for_selector(".question:not(.old)")
    assert pair(page) == asked
    page.keyboard.press("y")
    page.wait_for_function("() => !document.querySelector('#undo').disabled")
    assert page.said == []


def test_strangers_are_marked_and_all_others_confirmed(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    before = len(people(page))
    page.locator("[data-tab=questions]").click()
    page.locator(".way button", has_text="Who does not belong").click()
    page.wait_for_selector(".check [data-piece]")
    first = page.locator(".check [data-piece]").first
    page.keyboard.press("x")
    assert first.get_attribute("aria-pressed") == "true"
    page.keyboard.press("x")
    assert first.get_attribute("aria-pressed") == "false"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    first.click()
    assert first.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Enter")
    until(page, "() => !document.querySelector('#undo').disabled")
    page.locator("[data-tab=people]").click()
    count(page, before + 1)
    page.locator("#show").select_option("unconfirmed")
    assert page.locator("#rows li.row").count() < before
    page.locator("#show").select_option("all")
    page.keyboard.press("Escape")
    page.locator("#undo").click()
    count(page, before)
    assert page.said == []


def pair(page: Any) -> list[str]:
    return [page.locator(f".side:nth-child({k}) img").first.get_attribute("src") for k in (1, 2)]


HOSTILE = [
    "<script>document.title = 'x'</script>",
    '"><img src=x onerror=document.title=1>',
    "\u202eevil\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "x" * LONGEST,
]


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_names_are_text_in_every_view(
    film: Any, server: Any, opened: Callable[..., Any], width: int
) -> None:
    from castlist.review import Session

    with Session.open(film.place) as session:
        for group, name in zip(session.view.groups, HOSTILE, strict=False):
            session.decide({"action": "name", "person": group.id, "name": name}, author=name)
        session.decide({"action": "name", "person": session.view.groups[0].id, "name": HOSTILE[3]})
        session.decide({"action": "name", "person": session.view.groups[1].id, "name": HOSTILE[0]})
    page = opened(server.url(), width=width)
    for tab in ("people", "questions", "timeline", "background", "aside", "history"):
        page.locator(f"[data-tab={tab}]").click()
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
    page.locator("[data-tab=people]").click()
    opens(page, 0)
    assert page.evaluate("d => document.querySelector('#person').scrollWidth <= d", width)
    page.keyboard.press("Space")
    page.keyboard.press("v")
    page.wait_for_selector("#names li")
    assert page.locator("#ask").bounding_box()["width"] <= width
    for _ in range(3):
        page.keyboard.press("Escape")
    page.locator("#rows .strip button").nth(8).click()
    page.wait_for_selector("#playing button")
    assert page.locator("#player").bounding_box()["width"] <= width
    assert page.title() == "<b>a film – review"
    assert page.locator("main script, main img[src=x], dialog script, dialog img[src=x]").count() == 0
    assert page.said == []
