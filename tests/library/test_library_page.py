"""The review page of a library in a real browser: questions, names, corrections, undo."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from library_made import made_film

from castlist.dark_pictures import DIM, brightness
from castlist.library import Library
from castlist.library.review.routes import application
from castlist.review.server import serve_page
from castlist.store import Workspace

pytestmark = pytest.mark.xdist_group("browser")
HOSTILE = '<img src=x onerror="document.title=1">'


class Client:
    """Asks the page as a browser does that opened the link."""

    def __init__(self, address: str, *, opens: bool = True) -> None:
        self.port = urlsplit(address).port
        self.headers = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{self.port}"}
        if opens:
            link = urlsplit(address)
            status, headers, _ = self.ask("GET", f"/?{link.query}")
            assert status == 303
            self.headers["Cookie"] = headers["set-cookie"].split(";")[0]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and content of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = json.dumps(body).encode() if body is not None else None
        with closing(connection):
            connection.request(method, path, sent, {**self.headers, **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()


@pytest.fixture
def lib(tmp_path) -> Library:
    """A library with two questions: two people of film b may be two of film a."""
    found = Library(tmp_path / "a library")
    found.add(made_film(tmp_path, "a", [[1, 2], [1], [2]], noise=0.1))
    found.add(made_film(tmp_path, "b", [[1, 2], [1], [2], [3]], noise=0.1, older=0.42))
    assert len(found.questions()) == 2
    assert len(found.people) == 5
    return found


@pytest.fixture
def address(lib) -> Iterator[list[str]]:
    """The page's addresses with their one-time tokens, as they are made."""
    ended, ready, urls = threading.Event(), threading.Event(), []

    def say(url: str) -> None:
        urls.append(url)
        ready.set()

    def page(access: Any, tell: Any) -> Any:
        return application(lib, access, invited=tell)

    server = threading.Thread(target=serve_page, args=(page, ended), kwargs={"ready": say, "invited": say})
    server.start()
    assert ready.wait(20)
    yield urls
    ended.set()
    server.join(20)
    assert not server.is_alive()


@pytest.fixture
def client(address) -> Client:
    return Client(address[0])


@pytest.fixture
def page(browser, address) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text))
    page.on("pageerror", lambda e: said.append(str(e)))
    page.goto(address[0])
    page.wait_for_selector("html[data-ready]")
    yield page
    context.close()
    assert [s for s in said if "404" not in s] == []  # the made films have no pictures


def count(page: Any, selector: str, number: int) -> None:
    page.wait_for_function(
        "([s, n]) => document.querySelectorAll(s).length === n", arg=[selector, number], timeout=10_000
    )


def test_questions_are_answered_and_taken_back(page, lib):
    count(page, ".asked", 2)
    first = page.locator(".asked.on").get_attribute("data-id")
    assert first == lib.questions()[0].id  # the most useful one is the one that keys answer
    page.keyboard.press("y")
    count(page, ".asked", 1)
    assert len(lib.people) == 4
    assert "the same person" in page.locator("#message").inner_text()
    page.locator("#message button").click()  # undo
    count(page, ".asked", 2)
    assert len(lib.people) == 5
    page.locator(f'.asked[data-id="{first}"]').get_by_text("Different people").click()
    count(page, ".asked", 1)
    page.keyboard.press("s")
    page.wait_for_selector("#questions .empty")
    named = page.locator("#merge").text_content()  # what is still to be done by hand is where the page says
    assert f"choose both in the People tab and press “{named}”" in page.locator("#questions").inner_text()
    page.keyboard.press("u")
    count(page, ".asked", 1)
    page.reload()
    count(page, ".asked", 1)
    page.locator("[data-tab=history]").click()
    count(page, ".log li", 3)
    page.set_viewport_size({"width": 1600, "height": 900})
    box = page.locator(".log").bounding_box()
    assert abs(2 * box["x"] + box["width"] - page.evaluate("document.body.clientWidth")) < 2  # as other tabs
    page.locator(".log li").nth(1).get_by_text("Undo").click()
    page.locator("[data-tab=questions]").click()
    count(page, ".asked", 2)
    assert [d.undone for d in lib.history()] == [True, True, True]


def test_people_are_named_joined_and_parted(page, lib):
    page.locator("[data-tab=people]").click()
    count(page, "#rows li", 5)
    page.locator("#rows li").first.get_by_text("Name", exact=True).click()
    page.keyboard.type(HOSTILE)
    page.keyboard.press("Enter")
    page.wait_for_function("n => document.querySelector('#rows b').innerText === n", arg=HOSTILE)
    assert HOSTILE in {p.name for p in lib.people}
    assert page.title() != "1"
    page.locator("#search").fill("img")
    count(page, "#rows li", 1)
    page.locator("#search").fill("")
    count(page, "#rows li", 5)
    rows = page.locator("#rows li")
    for film in ("a.mp4", "b.mp4"):
        rows.filter(has_text=film).first.locator("input").check()
    page.locator("#merge").click()
    count(page, "#rows li", 4)
    page.locator("#rows li").filter(has_text="2 films").locator(".open").click()
    count(page, "#films .film-row", 2)
    page.get_by_label("Not this person in b.mp4").click()
    count(page, "#films .film-row", 1)
    assert len(lib.people) == 5


def test_what_is_decided_elsewhere_is_shown(page, lib):
    lib.answer(lib.questions()[0].id, "same")
    count(page, ".asked", 1)


def test_only_who_was_invited_comes_in(address, lib):
    stranger = Client(address[0], opens=False)
    for path in ("/", "/api/state", "/api/people", "/static/library.js", "/thumb/1/x", "/film/1"):
        assert stranger.ask("GET", path)[0] == 403
    assert stranger.ask("POST", "/api/answer", {})[0] == 403
    client = Client(address[0])
    assert client.ask("GET", "/")[0] == 200
    assert client.ask("GET", "/api/state", Host="evil.example")[0] == 403
    assert client.ask("POST", "/api/undo", {}, Origin="http://evil.example")[0] == 403
    assert len(lib.history()) == 0


WRONG = [
    ("answer", {}),
    ("answer", {"question": "x", "said": "same"}),
    ("answer", {"question": 1, "said": "same"}),
    ("answer", {"question": "", "said": "perhaps"}),
    ("sheet", {"person": "nobody", "replies": {}, "wrong": []}),
    ("sheet", {"person": "nobody", "replies": [], "wrong": []}),
    ("sheet", {"person": "nobody", "replies": {"x": 1}, "wrong": []}),
    ("sheet", {"person": "nobody", "replies": {}, "wrong": [1]}),
    ("sheet", {"replies": {}, "wrong": ["a.mp4"]}),
    ("name", {"person": "nobody", "name": "Anna"}),
    ("name", {"person": "", "name": ""}),
    ("merge", {"people": ["x"]}),
    ("merge", {"people": [1, 2]}),
    ("merge", {"people": "ab"}),
    ("split", {"person": "x", "member": "y"}),
    ("undo", {"decision": "1"}),
    ("undo", {"decision": 10**30}),
    ("undo", {}),
    ("undo", []),
]


def test_a_wrong_request_is_one_sentence(client, lib):
    for path, body in WRONG:
        status, _, answer = client.ask("POST", f"/api/{path}", body)
        assert status == 422, (path, body)
        assert json.loads(answer)["error"]
    assert lib.history() == []


def test_pictures_and_the_film_are_shown(client, lib):
    film = lib.films[0]
    with Workspace.open(film.workspace) as keep:
        name = keep.put_image(cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    assert client.ask("GET", f"/thumb/{film.id}/{name}")[2][:2] == b"\xff\xd8"
    with Workspace.open(film.workspace) as keep:
        grey = cv2.imencode(".jpg", np.full((64, 64, 3), 9, np.uint8))[1].tobytes()
        dark = keep.put_image(grey)
    assert brightness(client.ask("GET", f"/thumb/{film.id}/{dark}")[2]) > DIM > brightness(grey)
    assert client.ask("GET", f"/film/{film.id}")[0] == 404  # no film lies there
    for missing in ("api/person/x", "thumb/x/y", "thumb/1/../../x", "film/9", "film/x"):
        assert client.ask("GET", f"/{missing}")[0] in (404, 422)


def test_questions_about_one_person_are_one_answer(page, lib, tmp_path):
    lib.add(made_film(tmp_path, "c", [[1], [1], [35, 36, 37]], noise=0.1))
    lib.add(made_film(tmp_path, "d", [[1, 6], [1], [6], [38, 39]], noise=0.1, older=0.35, age=2000))
    page.reload()
    group = page.locator(".group").filter(has=page.locator(".asked >> nth=1")).first
    group.wait_for()
    number, before = group.locator(".asked").count(), len(lib.people)
    asked_in_all = len(lib.questions())
    assert number >= 2
    first = group.locator(".asked").first
    first.get_by_role("button", name="Same person").click()
    assert first.get_by_role("button", name="Same person").get_attribute("aria-pressed") == "true"
    assert lib.history() == []  # nothing is decided yet
    group.locator("footer button").first.click()
    count(page, ".asked", asked_in_all - number)
    assert len(lib.people) == before - 1
    assert len(lib.history()) == 1
    page.locator("#message button").click()  # undo
    count(page, ".asked", asked_in_all)
    group = page.locator(".group").filter(has=page.locator(".own-film")).first
    group.locator(".own-film").first.click()
    group.locator(".take-out").click()
    page.wait_for_function("() => document.querySelector('#message').innerText.includes('1 film taken out')")
    assert len(lib.people) == before + 1


def test_links_are_confirmed_and_taken_apart_page_by_page(page, lib, tmp_path):
    for name, who in (("c", 1), ("d", 1), ("e", 2)):
        lib.add(made_film(tmp_path, name, [[who], [who]], noise=0.1))
    open_links = len(lib.links(None))
    assert open_links >= 3
    page.wait_for_function(
        f"() => document.querySelector('[data-tab=links] .n').innerText === '{open_links}'"
    )
    page.locator(".to-links button").click()
    count(page, "#links button.own-film", open_links)
    assert page.locator("#links .own-film.fixed").count() >= 2  # people that the links are compared with
    page.locator("#links button.own-film").first.click()
    assert page.locator("#links button.own-film").first.get_attribute("aria-pressed") == "true"
    assert "1 is somebody else" in page.locator("#links .confirm button").inner_text()
    assert lib.history() == []  # nothing is decided yet
    people = len(lib.people)
    page.locator("#links h2").click()
    page.wait_for_timeout(600)  # a page shown too briefly to be read is not confirmed
    page.keyboard.press("Enter")
    page.wait_for_selector("#links .empty")
    assert len(lib.people) == people + 1
    assert len(lib.history()) == 1
    page.locator("#message button").click()  # undo
    count(page, "#links button.own-film", open_links)
    assert len(lib.people) == people


def test_the_keyboard_marks_links_and_keys_that_are_held_or_pressed_twice_confirm_one_page(
    page, lib, tmp_path
):
    for i in range(30):
        lib.add(made_film(tmp_path, f"x{i:02}", [[1]], noise=0.1))
    open_links = len(lib.links(None))
    assert open_links > 2 * 12
    page.wait_for_function(
        f"() => document.querySelector('[data-tab=links] .n').innerText === '{open_links}'", timeout=20_000
    )
    page.locator("[data-tab=links]").click()
    count(page, "#links button.own-film", 24)
    tile = page.locator("#links button.own-film").nth(3)
    tile.focus()
    for pressed in ("true", "false", "true"):
        page.keyboard.press("Enter")
        assert tile.get_attribute("aria-pressed") == pressed
        assert tile.evaluate("e => e === document.activeElement")
    page.keyboard.press("Space")
    assert tile.get_attribute("aria-pressed") == "false"
    assert lib.history() == []
    page.wait_for_timeout(600)
    page.locator("#links .confirm button").dblclick()
    count(page, "#links button.own-film", open_links - 24)
    page.wait_for_timeout(200)
    assert len(lib.history()) == 1


def test_pairs_are_judged_page_by_page(page, lib):
    page.wait_for_selector(".to-pairs button")
    assert page.locator("#asked article").first.evaluate("e => e.classList.contains('to-pairs')")
    pairs, people = lib.pairs(), len(lib.people)
    assert len(pairs) >= 2
    page.locator(".to-pairs button").click()
    count(page, "#pairs button.own-film", len(pairs))
    assert page.locator("#pairs .own-film.fixed").count() >= 1  # people that the others are compared with
    tile, done = page.locator("#pairs button.own-film").first, page.locator("#pairs .confirm .main")
    for pressed in ("true", "false", "true"):
        tile.focus()
        page.keyboard.press("Space")
        assert tile.get_attribute("aria-pressed") == pressed
        assert tile.evaluate("e => e === document.activeElement")
    assert "1 is the same" in done.inner_text()
    assert lib.history() == []  # nothing is decided yet
    page.wait_for_timeout(600)  # a page shown too briefly to be read is not answered
    page.locator("#pairs h2").click()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => document.querySelector('#message').innerText.startsWith('1 pair the same person, 1 pair diff')"
    )
    assert len(lib.people) == people - 1
    assert lib.questions() == []
    assert len(lib.history()) == 1
    page.locator("#message button").click()  # undo
    count(page, "#pairs button.own-film", len(pairs))
    assert len(lib.people) == people
    tile.click()
    page.wait_for_timeout(600)
    page.locator("#pairs .confirm button").last.click()  # the rest is left open
    page.wait_for_function("() => document.querySelector('#message').innerText.includes('1 pair the same')")
    assert [made.undone for made in lib.history()] == [False, True]
    assert len(lib.questions()) == 1
    count(page, "#pairs button.own-film", len(lib.pairs()))


def test_a_page_of_pairs_that_arrives_late_shows_what_was_decided(page, lib):
    """The answer is reported once the page shows what follows; the older of two answers is dropped."""
    page.wait_for_selector(".to-pairs button")
    pairs = len(lib.pairs())
    page.locator(".to-pairs button").click()
    count(page, "#pairs button.own-film", pairs)
    page.locator("#pairs button.own-film").first.click()
    page.evaluate(
        """() => { const ask = fetch, wait = [900, 100];
        window.fetch = async (url, ...rest) => { const answer = await ask(url, ...rest);
            if (`${url}`.includes("/api/pairs")) await new Promise((r) => setTimeout(r, wait.shift() ?? 0));
            return answer; }; }"""
    )
    page.wait_for_timeout(600)
    page.locator("#pairs .confirm .main").click()
    page.wait_for_function("() => document.querySelector('#message').innerText.startsWith('1 pair')")
    assert page.locator("#pairs button.own-film").count() == len(lib.pairs()) != pairs
    page.locator("#message button").click()  # undo
    page.wait_for_function("() => document.querySelector('#message').innerText.startsWith('Undone')")
    assert page.locator("#pairs button.own-film").count() == pairs
    assert page.locator("#pairs button.own-film[aria-pressed=true]").count() == 0
    page.wait_for_timeout(1000)
    assert page.locator("#pairs button.own-film").count() == pairs


def test_people_of_several_films_are_compared_side_by_side(page, lib, tmp_path):
    for name in ("c", "d"):
        lib.add(made_film(tmp_path, name, [[21, 22, 23], [21], [22], [23]], noise=0.1))
    recurring = [person.id for person in lib.recurring()]
    assert len(recurring) >= 3
    page.wait_for_function(
        f"() => document.querySelector('[data-tab=recurring] .n').innerText === '{len(recurring)}'"
    )
    page.locator(".to-recurring button").click()
    count(page, "#recurring .somebody", len(recurring))
    tiles, people = page.locator("#recurring .somebody"), len(lib.people)
    tiles.nth(0).click()
    assert page.locator("#recurring .confirm .main").is_disabled()  # one alone is not twice there
    tiles.nth(1).click()
    page.keyboard.press("y")
    assert "1" in tiles.nth(0).inner_text()
    tiles.nth(2).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Space")  # and not after all
    assert tiles.nth(2).evaluate("e => e === document.activeElement")
    assert lib.history() == []
    page.wait_for_timeout(600)
    page.locator("#recurring h2").click()
    page.keyboard.press("Enter")
    page.wait_for_selector("#recurring .empty")
    assert len(lib.people) == people - 1
    assert len(lib.history()) == 1
    page.locator("#message button").click()  # undo
    count(page, "#recurring .somebody", len(recurring))
    assert len(lib.people) == people
    page.wait_for_timeout(600)
    page.locator("#recurring .confirm .main").dblclick()
    page.wait_for_selector("#recurring .empty")
    assert [made.undone for made in lib.history()] == [False, True]
    assert len(lib.people) == people


def test_a_double_click_marks_nobody_and_the_keyboard_stays_where_it_was(page, lib, tmp_path):
    for name in "pq":
        lib.add(made_film(tmp_path, name, [[21, 22, 23], [21], [22], [23]], noise=0.1))
    page.wait_for_selector(".to-recurring button")
    page.locator(".to-recurring button").dblclick()  # the second click lands on a person's faces
    page.wait_for_selector("#recurring .somebody")
    page.wait_for_timeout(600)
    assert page.locator("#recurring .somebody[aria-pressed=true]").count() == 0
    tiles, done = page.locator("#recurring .somebody"), page.locator("#recurring .confirm .main")
    tiles.nth(0).focus()
    page.keyboard.press("Space")
    assert "Choose one more" in done.inner_text()
    tiles.nth(1).focus()
    page.keyboard.press("Space")
    page.keyboard.press("y")
    assert tiles.nth(1).evaluate("e => e === document.activeElement")
    for tab in ("questions", "recurring"):
        page.locator(f"[data-tab={tab}]").click()
    done.click()  # at once, before a user could look
    page.wait_for_timeout(300)
    assert lib.history() == []


def test_hostile_bodies_are_one_short_sentence_that_blames_nobody(client, lib):
    before = lib.people
    member = f"{lib.films[0].digest}:p1"
    for path, body in (
        ("compare", {"people": ["\ud800"], "same": []}),
        ("compare", {"people": [], "same": [["a"]]}),
        ("compare", {"people": [], "same": [[1, 2]]}),
        ("compare", {"people": "all", "same": 3}),
        ("compare", {"people": ["x" * 100_000]}),
        ("compare", {}),
        ("judge", {"same": [["\ud800:p1", member]]}),
        ("judge", {"same": [[member]]}),
        ("judge", {"same": "all", "different": 3}),
        ("judge", {"different": [[member, member]]}),
        ("judge", {}),
        ("answer", {"question": "x" * 100_000, "said": "same"}),
        ("answer", {"question": "x", "said": "x" * 100_000}),
        ("merge", {"people": ["x" * 100_000, "y"]}),
        ("confirm", {"right": ["\ud800:p1"]}),
        ("confirm", {"right": ["x" * 100_000]}),
        ("confirm", {"right": [member], "wrong": [member]}),
        ("confirm", {"right": {"a": 1}}),
        ("sheet", {"person": before[0].id, "replies": {"\ud800": "same"}}),
        ("sheet", {"person": "\ud800", "replies": {}}),
    ):
        status, _, answer = client.ask("POST", f"/api/{path}", body)
        sentence = json.loads(answer)["error"]
        assert status == 422
        assert "damaged" not in sentence
        assert "log" not in sentence
        assert len(sentence) < 300
    assert lib.people == before
    status, _, _ = client.ask("POST", "/api/name", {"person": before[0].id, "name": "A", "author": "\ud800"})
    assert status == 200


def test_tabs_and_people_have_addresses(page, lib):
    """Back closes what was opened last, and a reload shows the same."""
    page.locator("[data-tab=people]").click()
    page.locator("#rows .open").first.click()
    page.wait_for_selector("#person[open] .film-row")
    who, address = page.locator("#who").inner_text(), page.evaluate("location.hash")
    assert address.startswith("#/people/person=")
    page.reload()
    page.wait_for_selector("#person[open] .film-row")
    assert page.locator("#who").inner_text() == who
    assert page.locator("[data-tab=people]").get_attribute("aria-current") == "page"
    page.locator("#person [aria-label=Close]").click()
    page.wait_for_function("() => location.hash === '#/people'")
    page.locator("#rows .open").first.click()
    page.wait_for_selector("#person[open]")
    page.go_back()
    page.wait_for_selector("#person", state="hidden")
    page.locator("[data-tab=history]").click()
    page.go_back()
    page.wait_for_selector("#people:not([hidden])")
    page.go_forward()
    page.wait_for_selector("#history:not([hidden])")
    page.evaluate("location.hash = '#nothing'")
    page.locator("[data-tab=questions]").click()
    page.wait_for_selector(".asked")
