"""The cards of a sheet and the field "Who is this?": their contents, and the card that keys act on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_steps import count, until

pytestmark = pytest.mark.xdist_group("browser")

PRESSED = "[aria-pressed=true]"


@pytest.fixture
def sheet(mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]) -> Callable[..., Any]:
    """Opens the page with many faces to be sorted; `change` alters what castlist asks."""

    def open_sheet(change: Callable[[Any], None] = lambda work: None, width: int = 1280) -> Any:
        page = opened(serve(mixed.place).url(), width=width)

        def asking(route: Any) -> None:
            answer = route.fetch()
            work = answer.json()
            change(work)
            route.fulfill(response=answer, json=work)

        page.route("**/api/questions", asking)
        page.locator("[data-tab=questions]").click()
        page.locator(".way button", has_text="Who is who").click()
        page.locator(".sheet .card").nth(1).wait_for()
        return page

    return open_sheet


def marks(page: Any) -> list[str]:
    """What is marked on each card."""
    return page.locator(".card").evaluate_all(
        f"(all) => all.map((c) => [...c.querySelectorAll('{PRESSED}')].map((b) => b.textContent).join())"
    )


@pytest.mark.parametrize("touched", ["film", "card"])
def test_keys_are_about_the_card_that_was_looked_at(sheet: Callable[..., Any], touched: str) -> None:
    """After its film was watched, or after a click beside its choices."""
    page = sheet()
    before, second = marks(page), page.locator(".card").nth(1)
    if touched == "film":
        second.locator(".play").click()
        page.locator("#player").wait_for()
        page.keyboard.press("Escape")
        page.locator("#player").wait_for(state="hidden")
    else:
        second.locator(".whole").click()
    assert page.locator(".card.here").count() == 1
    assert second.evaluate("(c) => c.classList.contains('here')")
    page.keyboard.press("f")
    after = marks(page)
    assert after[0] == before[0]
    assert after[1].startswith("Not a face")
    assert page.said == []


def test_the_card_that_keys_are_about_is_framed_while_the_focus_is_elsewhere(
    sheet: Callable[..., Any],
) -> None:
    page = sheet()
    page.keyboard.press("ArrowRight")
    page.locator("#keys").focus()
    framed = "(c) => getComputedStyle(c).borderTopColor"
    first, second = (page.locator(".card").nth(k).evaluate(framed) for k in (0, 1))
    assert first != second
    page.keyboard.press("f")
    assert marks(page)[1].startswith("Not a face")


def test_what_was_clicked_is_not_enlarged_over_its_mark(sheet: Callable[..., Any]) -> None:
    page = sheet()
    size = """(n) => ((e) => e.getBoundingClientRect().width / e.offsetWidth)(
      document.querySelectorAll(".card .options img")[n])"""
    choice = page.locator(".card .options img").first
    choice.hover()
    until(page, f"() => ({size})(0) > 2")
    choice.click()
    until(page, f"() => ({size})(0) === 1")
    box = choice.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)  # a hand that shakes
    page.wait_for_timeout(400)  # longer than enlarging takes
    assert page.evaluate(f"({size})(0)") == 1
    page.locator(".card .whole").first.hover()
    choice.hover()
    until(page, f"() => ({size})(0) > 2")


def test_one_key_says_nobody_of_these_of_all_who_are_still_open_and_says_of_how_many(
    sheet: Callable[..., Any],
) -> None:
    def unknown(work: Any) -> None:
        items = work["sheet"]["items"]
        items.append({**items[1], "track": {**items[1]["track"], "track": items[0]["track"]["track"]}})
        for item in items[1:]:
            item["others"] = [*([item["guess"]] if item["guess"] else []), *item["others"]]
            item["guess"] = None

    page = sheet(unknown)
    page.route("**/api/sheet", lambda route: route.abort())  # nothing is asked for anew
    cards = page.locator(".card").count()
    rest = page.locator(".confirm .rest")
    assert rest.inner_text().startswith(f"All {cards - 1} still “Not sure”: nobody of these")
    first = marks(page)[0]
    rest.click()
    assert ["nobody of these" in m for m in marks(page)[1:]] == [True] * (cards - 1)
    assert marks(page)[0] == first
    rest.wait_for(state="hidden")  # no card is open any more
    assert page.evaluate("document.activeElement.closest('.card') !== null")


@pytest.mark.parametrize(
    ("gain", "says"),
    [
        (0.7, "2 clicks should correct 1 face."),
        (2.4, "2 clicks should correct 5 faces."),
        (0.1, "2 clicks should correct less than 1 face."),
    ],
)
def test_faces_are_counted_in_whole_ones(sheet: Callable[..., Any], gain: float, says: str) -> None:
    page = sheet(lambda work: work["sheet"].update(gain=gain, clicks=2.0))
    assert page.locator(".confirm .soft").inner_text().endswith(says)


@pytest.mark.parametrize("width", [390, 900, 1280, 1360])
def test_no_word_of_a_choice_is_broken(sheet: Callable[..., Any], width: int) -> None:
    def five(work: Any) -> None:
        for item in work["sheet"]["items"]:
            item["others"] = (item["others"] * 5)[: 5 - bool(item["guess"])]

    page = sheet(five, width)
    lines = """(all) => all.map((bdi) => [...bdi.childNodes].filter((n) => n.data).flatMap((n) =>
      [...n.data.matchAll(/\\w+/g)].map((word) => {
        const range = document.createRange();
        range.setStart(n, word.index);
        range.setEnd(n, word.index + word[0].length);
        return new Set([...range.getClientRects()].map((r) => r.top)).size;
      })))"""
    found = page.locator("[data-pick] bdi").evaluate_all(lines)
    assert found
    assert {n for words in found for n in words} == {1}


def test_the_field_shows_whom_it_is_about(sheet: Callable[..., Any]) -> None:
    page = sheet()
    page.keyboard.press("ArrowRight")
    shown = page.locator(".card.here .look img").first.get_attribute("src")
    page.keyboard.press("v")
    assert page.locator("#ask-faces img").first.get_attribute("src") == shown
    page.keyboard.press("Escape")
    page.locator("[data-tab=people]").click()
    row = page.locator("#rows li.row").nth(1)
    pictures = row.locator(".strip img").evaluate_all("(all) => all.map((i) => i.getAttribute('src'))")
    row.locator(".open bdi").click()
    asked = page.locator("#ask-faces img").evaluate_all("(all) => all.map((i) => i.getAttribute('src'))")
    assert asked
    assert asked == pictures[: len(asked)]


def test_everybody_can_be_chosen_without_typing(sheet: Callable[..., Any]) -> None:
    page = sheet()

    def more(route: Any) -> None:
        """A film of twenty people more."""
        answer = route.fetch()
        state = answer.json()
        others = [{**state["people"][0], "id": f"p{n}", "name": ""} for n in range(101, 121)]
        state["people"] += others
        state["order"] += [p["id"] for p in others]
        route.fulfill(response=answer, json=state)

    page.route("**/api/state", more)
    page.locator("[data-tab=people]").click()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.keyboard.press("n")
    page.locator("#ask").wait_for()
    count(page, page.evaluate("document.querySelectorAll('#people li.row, #background li.row').length"),
          "#names [role=option]")  # fmt: skip
    assert page.locator("#names [role=option]").count() > 20


def test_cards_offer_everybody_in_the_order_of_the_cast(sheet: Callable[..., Any]) -> None:
    """The most likely person is first; the same person has about the same place on each card."""
    meant = []

    def shuffled(work: Any) -> None:
        items = work["sheet"]["items"]
        shown = {t["person"]: t for i in items for t in (i["guess"], *i["others"]) if t}
        pool = [shown[person] for person in sorted(shown, reverse=True)]
        for k, item in enumerate(items):
            meant.append((item["guess"] or {}).get("person"))
            others = [t for t in pool if t["person"] not in (item["of"], meant[k])]
            item["others"] = others[k % len(others) :] + others[: k % len(others)]

    page = sheet(shuffled)
    cast = page.locator("#people li.row bdi, #background li.row bdi").all_text_contents()
    offered = page.locator(".card").evaluate_all(
        "(all) => all.map((c) => [...c.querySelectorAll('[data-pick] bdi')].map((b) => b.textContent))"
    )
    assert max(map(len, offered)) > 3
    for guess, (*people, nobody) in zip(meant, offered, strict=True):
        assert nobody in ("nobody of these", "somebody else")
        rest = people[1:] if guess else people
        assert rest == sorted(rest, key=cast.index)
        assert not guess or people[0] == f"Person {guess[1:]}"


def test_faces_to_be_marked_offer_everybody_in_the_order_of_the_cast(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())

    def backwards(route: Any) -> None:
        answer = route.fetch()
        work = answer.json()
        for row in work["check"]["people"]:
            row["others"] = [sorted(o, key=lambda q: q[0], reverse=True) for o in row["others"]]
        route.fulfill(response=answer, json=work)

    page.route("**/api/questions", backwards)
    page.locator("[data-tab=questions]").click()
    page.locator(".way button", has_text="Who does not belong").click()
    page.locator("[data-piece]").first.click()
    names = page.locator(".confirm .whom button bdi").all_text_contents()
    cast = page.locator("#people li.row bdi, #background li.row bdi").all_text_contents()
    people = [name for name in names if name in cast]
    assert len(people) > 1
    assert people == sorted(people, key=cast.index)


def test_whoever_begins_is_shown_the_questions(page: Any) -> None:
    page.locator("#begin").get_by_role("button", name="Questions").click()
    page.locator("#questions h2").wait_for()
    page.locator("[data-tab=people]").click()
    page.locator("#rows .open").first.focus()
    page.keyboard.press("b")
    page.locator("#begin").wait_for(state="hidden")  # a decision was made
    page.keyboard.press("u")
    page.locator("#begin").wait_for()


def test_people_of_one_group_each_are_asked_about_in_words_of_their_own(
    film: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    """Nothing can be marked: each is shown by several faces, and can be left open by keys, too."""
    page = opened(serve(film.place).url())

    def single(route: Any) -> None:
        answer = route.fetch()
        work = answer.json()
        for row in work["check"]["people"]:
            row["pieces"], row["others"] = [row["pieces"][0][:1]], [row["others"][0]]
        work["check"].update(aside=[], homes=[], first="check")
        work["sheet"]["items"], work["questions"] = [], []
        route.fulfill(response=answer, json=work)

    page.route("**/api/questions", single)
    page.locator("[data-tab=questions]").click()
    page.get_by_role("heading", name="Does each row show one person?").wait_for()
    assert page.locator(".piece.most").first.locator("img").count() > 1
    assert "Point at such a face" not in page.locator("#questions").inner_text()
    page.locator(".confirm .main").focus()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.textContent") == "Not sure"
    page.keyboard.press("Enter")
    assert page.locator(".d-row.open-row").count() == 1
    assert page.locator(".confirm .whom").is_hidden()
    assert page.said == []


@pytest.mark.parametrize("button", [".card.here .fates button:last-child", ".confirm .rest"])
def test_enter_on_a_button_beside_the_faces_confirms_nothing(sheet: Callable[..., Any], button: str) -> None:
    def unknown(work: Any) -> None:
        for item in work["sheet"]["items"]:
            item["others"] = [*([item["guess"]] if item["guess"] else []), *item["others"]]
            item["guess"] = None

    page = sheet(unknown)
    page.route("**/api/sheet", lambda route: route.abort())  # nothing is asked for anew
    page.locator(button).focus()
    page.keyboard.press("Enter")
    if "rest" in button:
        assert all("nobody of these" in m for m in marks(page))
    else:
        page.locator("#ask").wait_for()
    assert page.evaluate("fetch('/api/state').then((r) => r.json()).then((s) => s.revision)") == 0
