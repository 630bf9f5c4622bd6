"""Keys and clicks while another decision is saved: they wait, or the page says that they were not taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("browser")

READY = (
    "() => document.querySelector('#questions h2') && !document.querySelector('#questions .old, .loading')"
)
UNTAKEN = "was not taken"


def made(page: Any) -> list[str]:
    """What was decided, the last first, with what was undone."""
    return [
        str(text)
        for text in page.evaluate(
            "fetch('/api/history').then((r) => r.json()).then((all) => all.map((d) => d.what))"
        )
    ]


def decided(page: Any, number: int) -> None:
    for _ in range(200):
        if len(made(page)) == number:
            return
        page.wait_for_timeout(50)
    raise AssertionError(made(page))


def message(page: Any, text: str) -> None:
    page.locator("#message").filter(has_text=text).wait_for()


def sent(page: Any) -> list[Any]:
    """The requests that change something, from now on."""
    requests: list[Any] = []

    def note(request: Any) -> None:
        if request.method == "POST" and not request.url.endswith(("/api/sheet", "/api/ahead")):
            requests.append(request)

    page.on("request", note)
    return requests


def test_decisions_wait_for_one_that_is_saved_and_the_same_key_twice_is_one(
    page: Any, hold: Callable[..., Any]
) -> None:
    rows = page.locator("#rows .open")
    saving = hold(page, "**/api/decide")
    requests = sent(page)
    rows.nth(0).focus()
    page.keyboard.press("b")
    page.keyboard.press("b")  # pressed twice
    first = saving()
    rows.nth(1).focus()
    page.keyboard.press("h")
    page.locator("#rows .tick").nth(2).check()
    page.wait_for_timeout(300)
    assert len(requests) == 1
    first.continue_()
    decided(page, 2)
    assert "hid" in made(page)[0]
    page.wait_for_function("() => document.querySelectorAll('#rows li.row').length === 1")
    assert page.locator("#rows .tick").is_checked()  # chosen while the others were saved
    saving = hold(page, "**/api/undo")
    page.locator("#undo").click()
    page.locator("#undo").click()
    saving().continue_()
    decided(page, 4)  # an undo of the last means another decision each time
    page.wait_for_function("() => document.querySelectorAll('#rows li.row').length === 3")
    assert page.said == []


def test_what_waited_for_a_decision_that_failed_is_not_taken_and_the_page_says_so(
    page: Any, hold: Callable[..., Any]
) -> None:
    saving = hold(page, "**/api/decide")
    page.locator("#rows .open").nth(0).focus()
    page.keyboard.press("b")
    first = saving()
    page.locator("#rows .open").nth(1).focus()
    page.keyboard.press("h")
    first.fulfill(status=400, json={"error": "the disk is full"})
    message(page, "Not saved: the disk is full. Your decision after it was not taken, either.")
    assert made(page) == []


def test_what_waited_for_a_decision_that_took_its_people_away_is_not_taken(
    page: Any, hold: Callable[..., Any]
) -> None:
    saving = hold(page, "**/api/decide")
    page.locator("#rows .tick").nth(0).check()
    page.locator("#rows .tick").nth(1).check()
    page.keyboard.press("m")
    first = saving()
    page.keyboard.press("b")
    first.continue_()
    message(page, "your decision before it changed the same people")
    assert len(made(page)) == 1


def asked(page: Any, way: str) -> None:
    page.locator("[data-tab=questions]").click()
    page.wait_for_function(READY)
    button = page.get_by_role("button", name=way, exact=False)
    if button.count():
        button.first.click()
    page.wait_for_function(READY)


@pytest.mark.parametrize(
    ("way", "answer", "other"),
    [
        ("Who is who", "Enter", "f"),
        ("One at a time", "y", "n"),
        ("Who does not belong", "Enter", "s"),
    ],
)
def test_another_answer_before_the_next_question_is_refused_in_words(
    mixed: Any,
    serve: Callable[[Path], Any],
    opened: Callable[..., Any],
    hold: Callable[..., Any],
    way: str,
    answer: str,
    other: str,
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, way)
    saving = hold(page, "**/api/decide")
    requests = sent(page)
    page.keyboard.press(answer)
    first = saving()
    page.keyboard.press(answer)  # pressed twice: nothing to be said
    page.wait_for_timeout(200)
    assert UNTAKEN not in page.locator("#message").inner_text()
    page.keyboard.press(other)
    message(page, UNTAKEN)  # at once
    asking = hold(page, "**/api/questions")
    first.continue_()
    message(page, UNTAKEN)
    page.locator("#message").get_by_role("button", name="Undo").wait_for()  # with what was decided
    late = asking()
    page.locator("#questions .old").first.wait_for()
    page.evaluate("document.querySelector('#message').replaceChildren()")
    page.keyboard.press(answer)
    page.keyboard.press(other)
    message(page, UNTAKEN)
    late.continue_()
    page.wait_for_function("() => !document.querySelector('#questions .old')")
    assert len(requests) == 1
    assert page.said == []


def test_a_key_that_is_held_or_pressed_twice_answers_once(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, "One at a time")
    page.wait_for_timeout(600)
    page.keyboard.down("s")
    for _ in range(30):
        page.keyboard.down("s")  # as the keyboard repeats it
        page.wait_for_timeout(50)
    page.keyboard.up("s")
    assert len(made(page)) == 1
    page.wait_for_function(READY)
    page.wait_for_timeout(600)
    requests = sent(page)
    page.keyboard.press("s")
    page.wait_for_function("() => document.querySelector('#questions .old')")
    page.wait_for_function(READY)
    page.keyboard.press("s")  # before anybody can have looked
    page.wait_for_timeout(600)
    assert len(requests) == 1
    page.keyboard.press("s")
    page.wait_for_timeout(600)
    assert len(requests) == 2
    assert page.said == []


def test_answers_that_are_not_confirmed_stay_while_something_else_is_looked_at(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, "Who is who")
    card = page.locator(".sheet .card").first
    face = card.get_attribute("aria-label")
    card.locator("[data-fate='not-a-face']").click()
    page.locator("[data-tab=people]").click()
    page.go_back()
    page.wait_for_function(READY)
    card = page.get_by_role("group", name=face, exact=True)
    assert card.locator("[data-fate='not-a-face'][aria-pressed='true']").count() == 1
    asked(page, "Who does not belong")
    page.locator(".check [data-piece]").first.click()
    page.locator("[data-tab=history]").click()
    page.locator("[data-tab=questions]").click()
    page.wait_for_function(READY)
    page.locator(".check [data-piece][aria-pressed='true']").first.wait_for()
    asked(page, "Who is who")
    assert card.locator("[data-fate='not-a-face'][aria-pressed='true']").count() == 1
    assert page.said == []


def test_done_waits_for_what_is_saved(page: Any, hold: Callable[..., Any]) -> None:
    saving = hold(page, "**/api/decide")
    page.locator("#rows .open").nth(0).focus()
    page.keyboard.press("b")
    first = saving()
    page.locator("#done").click()
    page.wait_for_timeout(300)
    assert page.locator("#done-list").inner_text() == "Saving the cast and the report …"
    first.continue_()
    page.get_by_text("The cast was saved").wait_for()
    assert "2 people" in page.locator("#done-list").inner_text()


def test_what_is_marked_and_not_confirmed_holds_where_the_page_is_loaded_again(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, "Who is who")
    page.locator(".card").first.locator("[data-fate='not-a-face']").click()
    asked(page, "Who does not belong")
    page.locator("[data-piece]").first.click()
    page.reload()
    asked(page, "Who does not belong")
    page.locator("[data-piece][aria-pressed=true]").wait_for()
    asked(page, "Who is who")
    page.locator(".card.out").wait_for()
    assert page.locator(".card.out").count() == 1
    page.locator(".card.out [data-fate='not-a-face']").click()  # taken back
    page.reload()
    asked(page, "Who is who")
    assert page.locator(".card").count()
    assert not page.locator(".card.out").count()
    page.evaluate(
        "fetch('/api/decide', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify({revision: 0, action: 'name', person: 'p1', name: 'Anna'})})"
    )
    decided(page, 1)
    page.reload()
    asked(page, "Who does not belong")
    assert not page.locator("[data-piece][aria-pressed=true]").count()  # the people were others then


@pytest.mark.parametrize("error", ["film.castlist: cannot be opened or written", "there is nothing to undo"])
def test_a_decision_that_is_refused_is_shown_as_not_saved(
    page: Any, hold: Callable[..., Any], error: str
) -> None:
    before = len(made(page))
    saving = hold(page, "**/api/decide")
    page.locator("#rows .open").nth(0).focus()
    page.keyboard.press("b")
    saving().fulfill(status=422, json={"error": error})
    message(page, f"Not saved: {error}.")
    assert len(made(page)) == before
