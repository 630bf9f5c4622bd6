"""Nothing happens by accident: the chosen are seen and let go of, names are meant, steps are undone."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page_steps import count, undo_all, until, until_film_rests

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def server(
    found: Any, start: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """One server for all these tests; each undoes what it decided."""
    place = tmp_path_factory.mktemp("accidents") / "a film.castlist"
    shutil.copytree(found.place, place)
    running = start(place)
    yield running
    running.stop()


@pytest.fixture
def page(server: Any, opened: Callable[..., Any]) -> Iterator[Any]:
    page = opened(server.url())
    yield page
    undo_all(page)


def names(page: Any) -> list[str]:
    return [str(t) for t in page.locator("#rows .open b bdi").all_inner_texts()]


def named(page: Any, row: int, name: str) -> None:
    page.locator("#rows .open").nth(row).focus()
    page.keyboard.press("n")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    until(page, "([n, t]) => document.querySelectorAll('#rows b bdi')[n].innerText === t", [row, name])


def chips(page: Any) -> list[str]:
    return [str(t) for t in page.locator("#dock:not([hidden]) .chip bdi").all_inner_texts()]


def said(page: Any, text: str) -> None:
    until(page, "t => document.querySelector('#message').textContent.includes(t)", text)


def test_whoever_was_named_is_not_chosen_any_more(page: Any) -> None:
    """Tick one, name them, tick another, press f: only the other one is no face."""
    page.locator("#rows .tick").nth(0).check()
    page.keyboard.press("n")
    page.keyboard.type("Al")
    page.keyboard.press("Enter")
    until(page, "() => document.querySelector('#rows b bdi').innerText === 'Al'")
    assert chips(page) == []
    page.locator("#rows .tick").nth(2).check()
    other = names(page)[2]
    assert chips(page) == [other]
    page.keyboard.press("f")
    count(page, 2)
    assert "Al" in names(page)
    said(page, "not a face")
    assert "Al" not in page.locator("#message").inner_text()
    page.locator("#message button").click()  # Undo, of this one
    count(page, 3)


def test_whoever_left_the_view_is_not_chosen_any_more(page: Any) -> None:
    page.locator("#rows .tick").nth(2).check()
    page.keyboard.press("b")
    count(page, 2)
    assert chips(page) == []
    page.locator("#rows .tick").nth(0).check()
    page.keyboard.press("m")
    said(page, "two or more people")
    count(page, 2)


def test_whom_a_search_hides_is_still_seen_in_the_dock(page: Any) -> None:
    named(page, 0, "Al")
    page.locator("#rows .tick").nth(1).check()
    (second,) = chips(page)
    page.locator("#search").fill("Al")
    count(page, 1)
    assert chips(page) == [second]
    assert page.locator("#dock .chip img").is_visible()
    page.locator("#dock .chip").click()  # and can be let go of
    assert chips(page) == []
    page.locator("#search").fill("")


def test_a_name_that_is_there_is_completed_whatever_its_case(page: Any) -> None:
    named(page, 0, "Phoebe")
    for typed in ("ph", "phoebe", "PHOEBE"):
        page.locator("#rows .open").nth(1).focus()
        page.keyboard.press("n")
        page.keyboard.type(typed)
        assert page.locator("#names [aria-selected=true] bdi").inner_text() == "Phoebe"
        assert "one person" in page.locator("#ask-note").inner_text()
        page.keyboard.press("Enter")
        count(page, 2)
        assert names(page).count("Phoebe") == 1
        page.keyboard.press("u")
        count(page, 3)
    page.locator("#rows .open").nth(1).focus()
    page.keyboard.press("n")
    page.keyboard.type("Ph")
    page.keyboard.press("ArrowDown")  # the name as it was typed
    page.keyboard.press("Enter")
    until(page, "() => document.querySelectorAll('#rows b bdi')[1].innerText === 'Ph'")
    count(page, 3)


def test_naming_offers_nobody_who_is_seen_beside_them(page: Any) -> None:
    with page.expect_response("**/api/alike/*") as answer:
        named(page, 0, "Anna")
    assert [possible for _, _, possible in answer.value.json()["people"]] == [False, False]
    page.wait_for_timeout(300)
    assert page.locator("#dock").is_hidden()


def test_a_page_of_a_review_that_has_ended_says_so(server: Any, opened: Callable[..., Any]) -> None:
    page = opened(server.url())
    page.context.clear_cookies()  # the server does not know the page, as after it was started again
    page.locator("#rows .open").nth(0).focus()
    page.keyboard.press("n")
    page.keyboard.type("Anna")
    page.keyboard.press("Enter")
    said(page, "Open the address that the new one shows in its terminal.")


def possible(page: Any) -> None:
    """As if the film had no co-occurrences."""

    def answer(route: Any) -> None:
        response = route.fetch()
        state = response.json()
        people = [[person, likeness, True] for person, likeness, _ in state["people"]]
        route.fulfill(response=response, json={**state, "people": people})

    page.route("**/api/alike/*", answer)


def test_naming_offers_who_else_it_may_be(page: Any) -> None:
    possible(page)
    named(page, 0, "Anna")
    page.wait_for_selector("#dock .offer")
    assert "Also Anna?" in page.locator("#dock").inner_text()
    assert page.locator("#dock .offer").count() == 2
    page.keyboard.press("1")
    count(page, 2)
    said(page, "Anna")
    page.wait_for_selector("#dock .offer")
    assert page.locator("#dock .offer").count() == 1
    page.keyboard.press("Escape")
    until(page, "() => document.querySelector('#dock').hidden")
    assert names(page)[0] == "Anna"


def test_escape_refuses_offers_while_they_are_asked_for_anew(page: Any, hold: Callable[..., Any]) -> None:
    possible(page)
    named(page, 0, "Anna")
    page.wait_for_selector("#dock .offer")
    held = hold(page, "**/api/alike/*")
    page.keyboard.press("1")
    count(page, 2)
    assert page.locator("#dock .offer").count() == 1  # the joined person is not offered again
    page.keyboard.press("Escape")
    until(page, "() => document.querySelector('#dock').hidden")
    request = held()
    with page.expect_response("**/api/alike/*"):
        request.continue_()
    page.wait_for_timeout(100)
    assert page.locator("#dock").is_hidden()  # what was refused does not come back


def test_a_click_is_not_lost_where_doubts_come_meanwhile(page: Any, hold: Callable[..., Any]) -> None:
    held = hold(page, "**/api/questions")
    named(page, 0, "Anna")
    request = held()
    answer = request.fetch()
    work = answer.json()
    work["check"]["doubts"] = [[page.locator("#rows li.row").nth(1).get_attribute("data-id"), "a reason"]]
    page.locator("#rows .tick").nth(1).hover()
    page.mouse.down()
    with page.expect_response("**/api/questions"):
        request.fulfill(response=answer, json=work)
    page.wait_for_timeout(100)
    page.mouse.up()
    until(page, "() => document.querySelector('#rows .doubt')")
    assert chips(page) == [names(page)[1]]


def test_a_click_on_the_name_names(page: Any) -> None:
    page.locator("#rows b bdi").nth(1).click()
    page.wait_for_selector("#ask[open]")
    page.keyboard.type("Bo")
    page.keyboard.press("Enter")
    until(page, "() => document.querySelectorAll('#rows b bdi')[1].innerText === 'Bo'")


def test_any_row_of_the_history_is_undone(page: Any) -> None:
    named(page, 0, "Anna")
    named(page, 1, "Bo")
    named(page, 2, "Cy")
    page.locator("[data-tab=history]").click()
    row = page.locator("#history .log li").filter(has_text="Anna")
    row.get_by_role("button", name="Undo").click()
    said(page, "Undone")
    page.locator("[data-tab=people]").click()
    until(page, "() => document.querySelector('#rows b bdi').innerText.startsWith('Person')")
    assert names(page)[1:] == ["Bo", "Cy"]


def test_single_faces_are_confirmed_rejected_and_made_the_picture(page: Any) -> None:
    page.locator("#rows .open > span").first.click()
    page.wait_for_selector("#person .tile")
    tiles = page.locator("#person .tile").count()
    page.locator("#person .tile").nth(1).focus()
    page.keyboard.press("c")
    said(page, "picture")
    picture = page.locator("#person .tile img").nth(1).get_attribute("src")
    until(page, "src => document.querySelector('#rows .strip img').getAttribute('src') === src", picture)
    page.locator("#person .tile").nth(0).focus()
    page.keyboard.press("y")
    said(page, "confirmed")
    page.locator("#person .verdict").nth(1).click()  # the first track shows another person
    count(page, tiles - 1, "#person .tile")
    count(page, 4)
    page.keyboard.press("u")
    count(page, tiles, "#person .tile")
    page.keyboard.press("Escape")


def test_what_was_set_aside_goes_straight_to_somebody(page: Any) -> None:
    named(page, 0, "Anna")
    tracks = page.locator("#rows .open > span").first.inner_text().split(" · ")[2]
    page.locator("#rows .open").nth(1).focus()
    page.keyboard.press("f")
    count(page, 2)
    page.locator("[data-tab=aside]").click()
    page.locator("#aside .tile").first.click()
    assert page.locator("#aside-dock img").count() == 1
    page.keyboard.press("v")
    page.keyboard.type("an")
    page.keyboard.press("Enter")
    said(page, "Anna")
    page.locator("[data-tab=people]").click()
    until(
        page,
        "t => document.querySelector('#rows .open > span').innerText.split(' · ')[2] !== t",
        tracks,
    )


def test_questions_end_when_everybody_is_confirmed_and_say_who_has_no_name(page: Any) -> None:
    named(page, 0, "Anna")
    left = "async () => (await (await fetch('/api/questions')).json()).check.left"
    assert page.evaluate(left) == 2
    page.locator("[data-tab=questions]").click()
    for _ in range(6):
        page.wait_for_selector("#questions .sheet:not(.old), #questions .empty:not(.loading)")
        page.wait_for_timeout(300)
        if page.get_by_text("castlist has no more questions").count():
            break
        page.keyboard.press("y")
        page.wait_for_timeout(1200)
    page.get_by_text("castlist has no more questions").wait_for()
    assert page.evaluate(left) == 0
    page.get_by_text("2 people have no name yet").wait_for()
    page.get_by_role("button", name="Name them").click()
    count(page, 2)
    assert "Anna" not in names(page)


def test_a_filter_that_nobody_fits_says_why_and_shows_everybody_by_a_click(page: Any) -> None:
    page.locator("#show").select_option("proposed")
    empty = page.locator("#people .empty")
    assert "No name is proposed." in empty.inner_text()
    empty.get_by_role("button", name="Show everybody").click()
    count(page, 3)


def test_sorting_by_likeness_and_showing_the_unnamed(page: Any) -> None:
    third = names(page)[2]
    page.locator("#rows .open").nth(2).focus()
    page.keyboard.press("s")
    until(page, "n => document.querySelector('#rows b bdi').innerText === n", third)
    assert page.locator("#sort").input_value() == "like"
    page.locator("#sort").select_option("place")
    named(page, 0, "Anna")
    page.locator("#show").select_option("unnamed")
    count(page, 2)
    assert "Anna" not in names(page)
    page.locator("#show").select_option("all")


def test_back_closes_what_was_opened_last(page: Any) -> None:
    page.locator("[data-tab=timeline]").click()
    page.locator("#lanes button").first.click()
    page.wait_for_selector("#person .tile")
    page.locator("#person .play").first.click()
    page.wait_for_selector("#player[open]")
    assert "#/timeline/person=" in page.url
    assert "/film=" in page.url
    page.go_back()
    until(page, "() => !document.querySelector('#player').open")
    assert page.locator("#person").is_visible()
    page.go_back()
    until(page, "() => !document.querySelector('#person').open")
    assert page.locator("#timeline").is_visible()
    page.go_back()
    until(page, "() => !document.querySelector('#people').hidden")
    page.go_forward()
    page.go_forward()
    page.wait_for_selector("#person .tile")
    page.keyboard.press("Escape")  # closing takes its step back
    until(page, "() => location.hash === '#/timeline'")
    page.locator("#lanes button").first.click()
    page.wait_for_selector("#person .tile")
    page.reload()
    page.wait_for_selector("#person .tile")
    assert page.said == []


def test_faces_in_the_film_are_chosen_and_keys_step(page: Any) -> None:
    page.locator("#rows .strip button").first.click()
    until(page, "() => document.querySelector('#player video').readyState >= 2")
    page.wait_for_selector("#hits .hit")
    until(page, "() => document.querySelector('#player video').paused")  # at the end of the track
    page.locator("#rows .strip button").first.evaluate("b => b.click()")
    page.wait_for_selector("#hits .hit")
    page.keyboard.press("j")
    count(page, 1, "#player #dock .chip")
    assert page.locator("#hits [aria-pressed=true]").count() == 1
    until_film_rests(page)  # j pauses the film; a frame that was decoded before may still be shown
    frame = "(() => Number(document.querySelector('#timecode').textContent.split(':')[3]))()"
    at = page.evaluate(frame)
    for _ in range(3):  # one frame on, and one back
        page.keyboard.press(".")
        until(page, f"n => {frame} === (n + 1) % 25", at)
        page.keyboard.press(",")
        until(page, f"n => {frame} === n", at)
    assert page.locator("#player-h").inner_text() == "<b>a film"
    page.keyboard.press("n")
    page.keyboard.type("Dora")
    page.keyboard.press("Enter")
    page.wait_for_selector("#playing :text('Dora')")
    page.keyboard.press("Escape")
    until(page, "() => document.querySelector('#rows').innerText.includes('Dora')")


def test_frame_keys_pressed_fast_miss_no_frame(page: Any) -> None:
    page.locator("#rows .strip button").first.click()
    until(page, "() => document.querySelector('#player video').readyState >= 2")
    until(page, "() => document.querySelector('#player video').paused")  # at the end of the track
    frame = "(() => Number(document.querySelector('#timecode').textContent.split(':')[3]))()"
    for _ in range(10):  # a frame of an earlier seek is shown late: the next step must not begin there
        page.evaluate("() => { document.querySelector('#player video').currentTime = 3.001; }")
        until(page, f"() => {frame} === 0 && !document.querySelector('#player video').seeking")
        for key in ".,.,.,..":
            page.keyboard.press(key)
            page.wait_for_timeout(8)
        until(page, f"() => {frame} === 2 && !document.querySelector('#player video').seeking")
        assert 3.08 <= page.locator("#player video").evaluate("v => v.currentTime") < 3.12


def test_a_film_paused_before_it_plays_stays_paused(page: Any) -> None:
    film = "document.querySelector('#player video')"
    for _ in range(3):
        page.locator("#rows .strip button").first.evaluate(f"b => {{ b.click(); {film}.pause(); }}")
        until(page, f"() => {film}.readyState >= 2")
        page.wait_for_timeout(200)
        assert page.evaluate(f"{film}.paused && !{film}.muted")


def test_the_space_bar_plays_and_pauses_the_film(page: Any) -> None:
    film = "document.querySelector('#player video')"
    page.locator("#rows .strip button").first.evaluate(f"b => {{ b.click(); {film}.pause(); }}")
    until(page, f"() => {film}.readyState >= 2")
    page.evaluate(f"() => {{ {film}.currentTime = 1; }}")
    for paused in (False, True, False):
        page.keyboard.press(" ")
        page.wait_for_timeout(300)
        assert page.evaluate(f"{film}.paused") is paused


def test_done_writes_the_cast_and_says_what_comes_next(page: Any, server: Any) -> None:
    from castlist.store import Workspace

    named(page, 0, "Anna")
    page.locator("#done").click()
    page.get_by_text("The cast was saved").wait_for()
    told = page.locator("#done-result").inner_text()
    assert "2 people have no name" in told
    assert "castlist export 'a film.castlist' -o" in told
    with Workspace.open(Path(server.process.args[-1]), write=False) as keep:
        assert [p.name for p in keep.cast() if p.named] == ["Anna"]
    with page.expect_download() as edl:
        page.get_by_role("button", name="Marker EDL").click()
    assert edl.value.suggested_filename == "_b_a film.edl"
    assert "Anna" in Path(edl.value.path()).read_text("utf-8")
    with page.expect_download() as report:
        page.get_by_role("button", name="Report (HTML)").click()
    assert (
        Path(report.value.path()).read_bytes() == (Path(server.process.args[-1]) / "report.html").read_bytes()
    )
    page.keyboard.press("Escape")


def test_a_tap_on_the_timeline_opens_the_film_and_leaves_it_open(server: Any, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(server.url())
    page.wait_for_selector("html[data-ready]")
    page.locator("[data-tab=timeline]").tap()
    lane = page.locator("#lanes svg").first.bounding_box()
    page.touchscreen.tap(lane["x"] + lane["width"] / 2, lane["y"] + lane["height"] / 2)
    page.wait_for_selector("#player[open]")
    page.wait_for_timeout(500)
    assert page.locator("#player").is_visible()
    page.touchscreen.tap(195, 8)  # beside it: closes
    until(page, "() => !document.querySelector('#player').open")
    context.close()


def test_a_person_who_is_closed_has_the_focus_again(page: Any) -> None:
    focus = "() => document.activeElement.closest('li.row')?.dataset.id"
    for close in (lambda: page.keyboard.press("Escape"), page.go_back):
        page.locator("#rows .open").nth(1).focus()
        before = page.evaluate(focus)
        page.keyboard.press("Enter")
        page.wait_for_selector("#person .tile")
        close()
        until(page, "() => !document.querySelector('#person').open")
        page.wait_for_timeout(300)  # the step back that closing takes has arrived
        assert page.evaluate(focus) == before


def test_letters_of_a_name_are_no_commands_where_nobody_is_chosen(page: Any) -> None:
    named(page, 0, "Anna")
    for tab in ("people", "background", "timeline", "history"):
        page.locator(f"[data-tab={tab}]").click()
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("n")
        page.keyboard.type("ubhfr", delay=20)
        page.keyboard.press("Enter")
        assert page.locator("#ask-note").inner_text() == "Nobody has such a name."
        page.keyboard.press("Escape")
    page.locator("[data-tab=people]").click()
    assert "Anna" in names(page)
    count(page, 3)
    page.keyboard.press("n")
    page.keyboard.type("ann")
    page.keyboard.press("Enter")
    until(page, "() => document.querySelector('#ask-h').innerText === 'Name Anna'")
    page.keyboard.type("Bea")
    page.keyboard.press("Enter")
    until(page, "() => document.querySelector('#rows b bdi').innerText === 'Bea'")


def test_letters_typed_after_back_closed_the_field_are_no_commands(page: Any) -> None:
    named(page, 0, "Anna")
    page.locator("#rows .open").nth(1).focus()
    page.keyboard.press("n")
    page.keyboard.type("Bu")
    page.go_back()
    until(page, "() => !document.querySelector('#ask').open")
    page.keyboard.type("urbh", delay=20)
    page.wait_for_timeout(500)
    assert "Anna" in names(page)
    count(page, 3)
    assert "not taken as keys" in page.locator("#message").inner_text()
    page.keyboard.press("Escape")  # another key returns to the keys
    page.keyboard.press("u")
    until(page, "() => ![...document.querySelectorAll('#rows b bdi')].some(b => b.innerText === 'Anna')")


@pytest.mark.parametrize("where", ["film", "person", "aside"])
def test_letters_after_a_field_that_did_not_open_are_no_commands(page: Any, where: str) -> None:
    named(page, 0, "Anna")
    if where == "aside":
        page.locator("[data-tab=aside]").click()
    elif where == "film":
        page.locator("#rows .strip button").first.click()
        page.wait_for_selector("#player[open]")
    else:
        page.locator("#rows .open").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#person .tile")
        page.locator("#person form button").focus()
    page.keyboard.press("v")
    page.keyboard.type("uu", delay=20)
    page.wait_for_timeout(300)
    assert "Anna" in page.evaluate(
        "async () => (await (await fetch('/api/state')).json()).people.map(p => p.name)"
    )


def test_an_address_of_another_person_shows_that_person(page: Any) -> None:
    first, second = page.evaluate("[...document.querySelectorAll('#rows li.row')].map(r => r.dataset.id)")[:2]
    page.locator("#rows .open").first.click(position={"x": 3, "y": 30})
    page.wait_for_selector("#person .tile")
    title = page.locator("#person-name").inner_text()
    page.evaluate(f"location.hash = location.hash.replace('{first}', '{second}')")
    until(page, "t => document.querySelector('#person-name').innerText !== t", title)
    page.go_back()
    until(page, "t => document.querySelector('#person-name').innerText === t", title)


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_times_on_the_timeline_stand_apart(page: Any, width: int) -> None:
    page.route("**/api/state", lambda route: hours(route))
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(page.url.split("#")[0] + "#/timeline")
    page.reload()
    page.wait_for_selector("#axis span")
    for _ in range(8):
        places = page.evaluate(
            "[...document.querySelectorAll('#axis span')].map(s => { const r = s.getBoundingClientRect();"
            " return [r.left, r.right]; })"
        )
        within = page.evaluate("document.querySelector('#axis').getBoundingClientRect().right")
        assert len(places) >= 2
        assert all(b[0] - a[1] >= 4 for a, b in itertools.pairwise(places)), places
        assert places[-1][1] <= within + 1
        page.keyboard.press("+")


def hours(route: Any) -> None:
    """The state of a film of 3 hours 21 minutes."""
    answer = route.fetch()
    state = answer.json()
    state["film"]["ms"] = 12_060_000
    route.fulfill(response=answer, json=state)


@pytest.mark.parametrize("ended", [True, False])
def test_that_castlist_does_not_answer_is_said_until_it_does(
    server: Any, opened: Callable[..., Any], ended: bool
) -> None:
    """It stays longer than other messages: a user who looks away would think that the page still works."""
    page = opened(server.url())
    page.clock.install()
    changes = "**/api/changes*"
    page.route(changes, lambda route: route.fulfill(status=403) if ended else route.abort())
    why = "a castlist review that has ended" if ended else "castlist does not answer"
    for _ in range(4):
        page.clock.run_for(1300)
        page.wait_for_timeout(100)
    said(page, why)
    page.clock.run_for(20_000)
    page.wait_for_timeout(200)
    said(page, why)
    page.evaluate("document.querySelector('#undo').disabled = false")
    page.route("**/api/undo", lambda route: route.fulfill(status=400, json={"error": "No reason"}))
    page.locator("#undo").click()
    said(page, "No reason")
    page.clock.run_for(9000)
    said(page, why)  # said again after what came between
    page.unroute(changes)
    page.clock.run_for(1300)
    said(page, "castlist answers again.")
    page.clock.run_for(3000)
    until(page, "() => !document.querySelector('#message').textContent")
