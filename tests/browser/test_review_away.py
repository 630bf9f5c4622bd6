"""Decisions on the page while castlist does not answer: none is lost, and none is made twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_steps import until_decided

pytestmark = pytest.mark.xdist_group("browser")

DECIDE = "**/api/decide"


def made(page: Any) -> list[str]:
    """What was decided, the last first."""
    history = "fetch('/api/history').then((r) => r.json()).then((all) => all.map((d) => d.what))"
    return [str(text) for text in page.evaluate(history)]


def message(page: Any, text: str) -> None:
    page.locator("#message").filter(has_text=text).wait_for()


def give_name(page: Any, row: int, name: str) -> None:
    page.locator("#rows .open").nth(row).focus()
    page.keyboard.press("n")
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def away(page: Any, path: str = DECIDE) -> Callable[[], None]:
    """Let no request to a path arrive, until what comes back is called."""
    page.route(path, lambda route: route.abort())
    return lambda: page.unroute(path)


def test_a_name_stays_in_its_field_until_it_is_saved_once(page: Any) -> None:
    back = away(page)
    give_name(page, 0, "Anna")
    message(page, "Not saved yet: named Anna. castlist does not answer.")
    assert page.locator("#ask").is_visible()
    assert page.locator("#ask-name").input_value() == "Anna"
    page.wait_for_timeout(3000)  # sent again meanwhile
    assert page.locator("#ask-name").input_value() == "Anna"
    back()
    until_decided(page, 1)
    page.locator("#ask").wait_for(state="hidden")
    message(page, "named Anna")
    page.wait_for_timeout(2000)
    assert len(made(page)) == 1


def test_enter_sends_a_name_again_or_another_in_its_place(page: Any) -> None:
    back = away(page)
    give_name(page, 0, "Ana")
    message(page, "Not saved yet: named Ana")
    page.locator("#ask-name").fill("Anna")
    page.keyboard.press("Enter")
    message(page, "Not saved yet: named Anna")
    page.locator("#ask").wait_for()
    back()
    page.keyboard.press("Enter")
    until_decided(page, 1)
    page.wait_for_timeout(2000)
    assert len(made(page)) == 1
    assert "named Anna" in made(page)[0]


def test_whoever_closes_the_field_gives_the_name_up(page: Any) -> None:
    back = away(page)
    give_name(page, 0, "Anna")
    message(page, "Not saved yet")
    page.keyboard.press("Escape")
    message(page, "Your decision is not sent any more.")
    back()
    page.wait_for_timeout(2000)
    assert made(page) == []


def test_a_decision_whose_answer_was_lost_is_made_once(page: Any) -> None:
    lost: list[int] = []

    def lose(route: Any) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route(DECIDE, lose, times=1)
    page.locator("#rows .open").nth(0).focus()
    page.keyboard.press("h")
    message(page, "hidden")
    page.wait_for_timeout(1500)
    assert lost == [200]
    assert len(made(page)) == 1


@pytest.mark.parametrize(
    ("path", "act", "says"),
    [
        (DECIDE, "mm", "one person"),
        (DECIDE, "b", "in the background"),
        (DECIDE, "f", "not a face"),
        ("**/api/undo", "u", "undone"),
    ],
)
def test_every_decision_waits_and_is_sent_once(page: Any, path: str, act: str, says: str) -> None:
    before = 0
    if act == "u":
        page.locator("#rows .open").nth(0).focus()
        page.keyboard.press("h")
        until_decided(page, 1)
        message(page, "hidden")
        before = 1
    back = away(page, path)
    if act == "mm":
        page.locator("#rows .tick").nth(0).check()
        page.locator("#rows .tick").nth(1).check()
    else:
        page.locator("#rows .open").nth(0).focus()
    page.keyboard.press(act[0])
    message(page, "Not saved yet")
    message(page, says)
    page.wait_for_timeout(2000)
    back()
    until_decided(page, before + 1)
    page.wait_for_timeout(2000)
    assert len(made(page)) == before + 1


def test_what_waits_is_given_up_by_its_button_and_by_undo(page: Any) -> None:
    back = away(page)
    page.locator("#rows .open").nth(0).focus()
    page.keyboard.press("h")
    message(page, "Not saved yet")
    page.locator("#message").get_by_role("button", name="Do not save").click()
    message(page, "is not sent any more")
    page.locator("#rows .open").nth(0).focus()
    page.keyboard.press("b")
    message(page, "Not saved yet")
    page.keyboard.press("u")
    message(page, "is not sent any more")
    back()
    page.wait_for_timeout(2000)
    assert made(page) == []


def test_a_page_goes_on_with_the_next_review_of_its_workspace(
    film: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    first = serve(film.place)
    page = opened(first.url())
    first.process.kill()
    first.process.wait(20)
    give_name(page, 0, "Anna")
    message(page, "Not saved yet")
    second = serve(film.place).url()
    message(page, "Open the address that the new one shows in its terminal")
    assert page.locator("#ask-name").input_value() == "Anna"
    page.context.new_page().goto(second)
    page.bring_to_front()
    until_decided(page, 1)
    assert "named Anna" in made(page)[0]
    page.locator("#ask").wait_for(state="hidden")


def test_a_name_that_was_refused_stands_in_its_field(page: Any) -> None:
    page.route(DECIDE, lambda route: route.fulfill(status=422, json={"error": "the disk is full"}), times=1)
    give_name(page, 0, "Anna")
    message(page, "Not saved: the disk is full.")
    assert page.locator("#ask-name").input_value() == "Anna"
    page.keyboard.press("Enter")
    until_decided(page, 1)
    assert "named Anna" in made(page)[0]
