"""The questions by keyboard: after a click on their tab, after an undo, with every key that they know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_steps import until_decided

import castlist
from castlist.types import NOISE, SET_ASIDE

pytestmark = pytest.mark.xdist_group("browser")

FRESH = "() => !document.querySelector('#questions .old') && document.querySelector('#questions h2')"


def asked(page: Any, way: str = "") -> Any:
    """The Questions tab by a click, and the way of asking by another; what is asked then."""
    page.locator("[data-tab=questions]").click()
    page.wait_for_function(FRESH)
    if way:
        page.locator(".way button", has_text=way).click()
        page.wait_for_function(FRESH)
        page.locator("#questions .loading").wait_for(state="detached")
    return page.locator("#questions h2").first


def answered(page: Any, decisions: int) -> None:
    """Wait until so many decisions were made and the page asks on."""
    until_decided(page, decisions)
    page.wait_for_function("n => document.querySelector('#undo').disabled === !n", arg=decisions)


def settled(page: Any) -> None:
    """What stands below the last answer was asked for anew, and had time to be looked at."""
    page.wait_for_function("() => document.querySelector('.sheet').ariaBusy !== 'true'")


@pytest.mark.parametrize(
    ("way", "key", "ready"),
    [
        ("Who is who", "Enter", ".sheet .card"),
        ("Who does not belong", "Enter", ".check [data-piece]"),
        ("One at a time", "s", ".question .pair"),
    ],
)
def test_a_key_answers_right_after_a_click_on_the_tab(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any], way: str, key: str, ready: str
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, way)
    page.locator(ready).first.wait_for()
    page.locator("[data-tab=people]").click()
    page.locator("[data-tab=questions]").click()  # the way is kept, and the click leaves no focus behind
    page.locator(ready).first.wait_for()
    page.wait_for_function(FRESH)
    page.keyboard.press("Escape")  # decides nothing
    page.keyboard.press(key)
    answered(page, 1)
    page.wait_for_function(FRESH)
    page.keyboard.press("u")
    page.wait_for_function("() => document.querySelector('#undo').disabled")
    page.wait_for_function(FRESH)
    page.locator(ready).first.wait_for()
    page.keyboard.press(key)  # and it is answered again
    page.wait_for_function("() => !document.querySelector('#undo').disabled")
    assert page.said == []


@pytest.mark.parametrize(("kind", "decided"), [("belongs", 1), ("same", 0)])
def test_enter_confirms_that_a_face_belongs_and_joins_nobody(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any], kind: str, decided: int
) -> None:
    page = opened(serve(mixed.place).url())

    def one_kind(route: Any) -> None:
        answer = route.fetch()
        work = answer.json()
        for question in work["questions"]:
            question["kind"] = kind
        route.fulfill(response=answer, json=work)

    page.route("**/api/questions", one_kind)
    asked(page, "One at a time")
    page.locator(".question .pair").wait_for()
    people = page.locator("#people li.row, #background li.row").count()
    page.keyboard.press("Enter")
    if decided:
        answered(page, 1)
    else:
        page.locator("#message", has_text="Press y").wait_for()
    assert page.evaluate("fetch('/api/state').then((r) => r.json()).then((s) => s.revision)") == decided
    assert kind == "belongs" or page.locator("#people li.row, #background li.row").count() == people


def test_enter_pressed_twice_answers_no_question_that_was_just_drawn(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, "Who is who")
    page.locator(".sheet .card").nth(1).wait_for()
    page.route("**/api/sheet", lambda route: route.abort())

    def single(route: Any) -> None:
        """Then one question is asked, about a face."""
        answer = route.fetch()
        work = answer.json()
        question = {**work["questions"][0], "kind": "belongs"} if work["questions"] else before[0]
        work["questions"], work["sheet"]["items"] = [question], []
        route.fulfill(response=answer, json=work)

    before = page.evaluate("fetch('/api/questions').then((r) => r.json()).then((w) => w.questions)")
    page.route("**/api/questions", single)
    page.evaluate(
        """() => new MutationObserver(() => {
          if (!document.querySelector('.question .pair') || window.pressed) return;
          window.pressed = true;  // as soon as the question is drawn
          setTimeout(() => document.activeElement.dispatchEvent(
            new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })));
        }).observe(document.querySelector('#questions'), { childList: true, subtree: true })"""
    )
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.pressed")
    page.wait_for_timeout(700)
    assert page.evaluate("fetch('/api/state').then((r) => r.json()).then((s) => s.revision)") == 1
    page.keyboard.press("Enter")  # after the user looked at it
    until_decided(page, 2)


def test_one_undo_takes_back_a_page_on_which_a_face_was_none(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, "Who is who")
    page.locator(".sheet .card").nth(1).wait_for()
    before = page.evaluate("fetch('/api/state').then((r) => r.json()).then((s) => s.aside.length)")
    page.keyboard.press("f")
    settled(page)
    page.keyboard.press("Enter")
    answered(page, 2)
    made = page.evaluate("fetch('/api/history').then((r) => r.json()).then((all) => all.map((d) => d.what))")
    assert (
        page.evaluate("fetch('/api/state').then((r) => r.json()).then((s) => s.aside.length)") == before + 1
    ), made
    message = page.locator("#message").filter(has_text="not a face")
    message.get_by_role("button", name="Undo").click()
    page.wait_for_function("() => document.querySelector('#undo').disabled")
    assert page.evaluate("fetch('/api/state').then((r) => r.json()).then((s) => s.aside.length)") == before
    page.keyboard.press("r")  # the whole page again
    answered(page, 6)
    page.wait_for_function("() => document.querySelector('#redo').disabled")
    page.keyboard.press("u")
    page.keyboard.press("r")  # pressed before the undo is saved: it waits for its turn
    answered(page, 10)
    page.wait_for_function("() => document.querySelector('#redo').disabled")
    page.keyboard.press("u")
    page.wait_for_function("() => document.querySelector('#undo').disabled")
    assert page.evaluate("fetch('/api/state').then((r) => r.json()).then((s) => s.aside.length)") == before
    assert page.said == []


def test_what_stands_below_an_answer_is_asked_for_anew_and_looked_at_before_it_is_confirmed(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    sent: list[Any] = []
    held: list[Any] = []

    def anew(route: Any) -> None:
        """castlist's new items: the last face first, with one offered person fewer."""
        sent.append(route.request.post_data_json)
        answer, (first, *others) = route.fetch(), held[::-1]
        fewer = {**first, "others": first["others"][:-1]}
        route.fulfill(response=answer, json={**answer.json(), "items": [fewer, *others[:-1]]})

    def asking(route: Any) -> None:
        answer = route.fetch()
        held[:] = answer.json()["sheet"]["items"]
        route.fulfill(response=answer)

    page.route("**/api/questions", asking)
    page.route("**/api/sheet", anew)
    asked(page, "Who is who")
    page.locator(".sheet .card").nth(1).wait_for()
    count, last = len(held), held[-1]["track"]["track"]
    assert page.locator(".card").count() == count
    above = page.locator(".card").first.get_attribute("aria-label")
    page.set_viewport_size({"width": 600, "height": 320})
    page.locator(".card").first.locator("[data-fate='not-a-face']").click()
    page.locator(".card.renewed").wait_for()
    assert page.locator(".card").count() == count
    assert page.locator(".card").first.get_attribute("aria-label") == above
    assert page.locator(".card").last.get_attribute("class") == "card renewed"  # and no card moved
    assert [step["action"] for step in sent[0]["steps"]] == ["not-a-face"]
    assert page.locator("#undo").is_disabled()  # nothing is decided yet
    page.locator(".card.renewed [aria-pressed=true]").wait_for()
    page.keyboard.press("Enter")
    page.locator("#message").filter(has_text="have changed").wait_for()
    assert page.locator("#undo").is_disabled()
    page.wait_for_function("() => document.querySelector('.sheet').ariaBusy !== 'true'")
    page.locator(".card.renewed").scroll_into_view_if_needed()
    page.keyboard.press("Enter")
    answered(page, 2)
    history = page.evaluate("fetch('/api/history').then((r) => r.json())")
    assert last in history[0]["tracks"] + history[1]["tracks"]
    message = page.locator("#message").filter(has_text="not a face")
    message.get_by_role("button", name="Undo").click()
    page.wait_for_function("() => document.querySelector('#undo').disabled")
    assert page.said == []


def test_a_resting_mouse_enlarges_nothing_over_what_a_key_brings(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, "Who is who")
    picture = page.locator(".card .options img").first
    picture.wait_for()
    size = "(e) => e.getBoundingClientRect().width / e.offsetWidth"
    picture.hover()
    page.wait_for_function(f"() => ({size})(document.querySelector('.card .options img')) > 2")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(f"() => ({size})(document.querySelector('.card .options img')) === 1")
    box = picture.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.wait_for_function(f"() => ({size})(document.querySelector('.card .options img')) > 2")


def test_a_stranger_goes_to_whom_a_number_names(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, "Who does not belong")
    page.locator(".check [data-piece]").first.wait_for()
    piece, other = (page.locator(".check [data-piece]").nth(k) for k in (0, 1))
    piece.hover()
    whom = page.locator(".whom button").first
    page.keyboard.press("1")
    called = whom.locator("bdi").inner_text()
    assert piece.locator(".to").inner_text() == f"→\u00a0{called}"
    assert whom.get_attribute("aria-pressed") == "true"
    page.keyboard.press("1")  # the same again: no stranger
    assert piece.get_attribute("aria-pressed") == "false"
    other.hover()
    page.wait_for_function("() => document.querySelectorAll('.check [data-piece]')[1].matches('.here')")
    page.keyboard.press("0")
    assert other.get_attribute("aria-pressed") == "true"
    page.keyboard.press("ArrowLeft")
    page.locator(".whom button").first.click()
    assert piece.locator(".to").inner_text() == f"→\u00a0{called}"
    page.keyboard.press("Enter")
    answered(page, 1)
    page.locator("[data-tab=history]").click()
    assert "confirmed" in page.locator("#history li").first.inner_text()
    assert page.said == []


def test_a_group_that_is_no_face_leaves_by_one_key_and_comes_back_by_one_undo(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, "Who does not belong")
    piece = page.locator(".check [data-piece]").first
    piece.hover()
    page.keyboard.press("f")
    assert "no-face" in (piece.get_attribute("class") or "")
    page.keyboard.press("Enter")
    answered(page, 2)
    message = page.locator("#message").filter(has_text="not a face")
    aside = "fetch('/api/state').then((r) => r.json()).then((s) => s.aside.map((g) => g.reason))"
    assert "not a face" in " ".join(page.evaluate(aside))
    message.get_by_role("button", name="Undo").click()
    page.wait_for_function("() => document.querySelector('#undo').disabled")
    assert page.said == []


def test_what_is_marked_of_a_person_who_is_left_open_is_decided(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, "Who does not belong")
    for row in page.locator(".check .leave", has_text="Not sure").all():
        row.click()
    page.keyboard.press("Enter")
    page.locator("#message").filter(has_text="nothing to confirm").wait_for()
    page.locator(".check [data-piece]").first.click()
    page.keyboard.press("Enter")
    answered(page, 1)
    page.locator("#message").filter(has_text="track").wait_for()
    history = page.evaluate("fetch('/api/history').then((r) => r.json())")
    assert "confirmed" not in history[0]["what"]
    assert page.said == []


def test_a_track_is_watched_from_its_first_frame_and_not_from_the_shot_before(page: Any) -> None:
    asked(page)
    piece = page.locator(".check [data-piece]").first
    piece.hover()
    page.evaluate("() => { HTMLMediaElement.prototype.play = () => Promise.resolve(); }")  # it stays there
    page.keyboard.press("w")
    page.wait_for_function("() => document.querySelector('#player').open")
    track = page.evaluate("() => document.querySelector('.check [data-piece]').piece.tracks[0]")
    start = page.evaluate("t => fetch('/api/tracks?of=' + t).then((r) => r.json())", arg=track)[0]["start"]
    at = page.evaluate("() => 1000 * document.querySelector('#player video').currentTime")
    assert start <= at < start + 20


@pytest.mark.parametrize("tab", ["people", "questions", "timeline"])
def test_what_the_page_says_covers_nothing_that_can_be_pressed(page: Any, tab: str) -> None:
    if tab == "questions":
        asked(page)
    page.locator(f"[data-tab={tab}]").click()
    covered = """(length) => {
      const message = document.querySelector('#message'), box = (e) => e.getBoundingClientRect();
      const text = document.createElement('span'), undo = document.createElement('button');
      text.textContent = 'Person 1 and Person 20, 21 tracks: joined Anna. '.repeat(length);
      undo.textContent = 'Undo';
      message.replaceChildren(text, undo);
      const m = box(message), all = [...document.querySelectorAll('button, input, select')];
      const free = (b) => b.right <= m.left || b.left >= m.right || b.bottom <= m.top || b.top >= m.bottom;
      const under = (e) => e.offsetParent && !message.contains(e) && !free(box(e));
      return m.width ? all.filter(under).map((e) => e.textContent) : null;
    }"""
    assert [page.evaluate(covered, arg=length) for length in (1, 3, 20)] == [[], [], []]


def test_every_track_of_a_person_is_shown_on_its_own(page: Any) -> None:
    asked(page)
    page.locator(".check [data-piece]").first.wait_for()
    rows = page.evaluate("async () => (await (await fetch('/api/questions')).json()).check.people")
    tracks = sum(len(piece) for piece in rows[0]["pieces"])
    assert len(rows[0]["pieces"]) < tracks
    page.keyboard.press("e")
    page.wait_for_function(
        "n => document.querySelectorAll('[data-row=\"0\"] .piece').length === n", arg=tracks
    )
    page.keyboard.press("x")
    assert page.locator("[data-row='0'] [aria-pressed=true].piece").count() == 1
    assert page.said == []


@pytest.fixture
def strangers(film: Any) -> Any:
    """The same film without co-occurrences: any two people may be one."""
    with castlist.Workspace.open(film.place) as keep:
        base = keep.machine()
        run = [r for r in keep.runs() if r.finished][-1]
        keep.put("machine", f"run {run.id}", replace(base, cannot=np.zeros((0, 2))))
    return film


def test_whom_one_knows_is_asked_of_everybody_and_answered_by_one_key(
    strangers: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(strangers.place).url())
    asked(page, "Who is who")
    page.get_by_role("heading", name="you know already?").wait_for()
    card = page.locator(".card", has=page.locator("text=nobody of these")).first
    card.locator("[data-pick='0']").click()
    assert card.locator("[aria-pressed=true]").get_attribute("data-pick") == "0"
    page.keyboard.press("s")
    assert card.locator("[data-fate=unsure]").get_attribute("aria-pressed") == "true"
    page.keyboard.press("s")  # taken back: as before any answer
    assert card.locator("[data-fate=unsure]").get_attribute("aria-pressed") == "true"
    card.locator("[data-fate=unsure]").click()  # and answered again: it never becomes another answer
    page.keyboard.press("n")  # the others are none of these people
    assert card.locator("[data-fate=unsure]").get_attribute("aria-pressed") == "true"
    others = page.locator(".card", has=page.locator("text=nobody of these")).filter(has_not=card)
    pressed = [c.locator("[aria-pressed=true]").get_attribute("data-pick") for c in others.all()[1:]]
    assert pressed
    assert set(pressed) == {"-1"}
    page.keyboard.press("v")  # a person who is not shown, and back
    page.locator("#ask").wait_for()
    page.keyboard.press("Escape")
    page.locator("#ask").wait_for(state="hidden")
    page.set_viewport_size({"width": 900, "height": 320})
    page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    page.keyboard.press("Enter")
    answered(page, 1)
    page.wait_for_function("() => scrollY === 0")  # what is asked next is read from its beginning
    assert page.said == []


def test_a_stranger_goes_to_somebody_who_is_not_among_the_likeliest(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    """As of a film with more people than there are number keys: the answer names one person for each face."""
    page = opened(serve(mixed.place).url())

    def fewer(route: Any) -> None:
        answer = route.fetch()
        work = answer.json()
        for row in work["check"]["people"]:
            row["others"] = [others[:1] for others in row["others"]]
        route.fulfill(response=answer, json=work)

    page.route("**/api/questions", fewer)
    asked(page, "Who does not belong")
    page.locator(".check [data-piece]").first.wait_for()
    piece = page.locator(".check [data-piece]").first
    piece.hover()
    offered = page.locator(".whom bdi").all_inner_texts()
    page.keyboard.press("v")
    page.locator("#ask [role=option]").first.wait_for()
    chosen = page.locator("#ask [role=option] bdi").first.inner_text()
    assert chosen not in offered
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.check [data-piece] .to')")
    assert piece.locator(".to").inner_text() == f"→\u00a0{chosen}"
    page.keyboard.press("Enter")
    answered(page, 1)
    page.locator("[data-tab=history]").click()
    assert "moved" in page.locator("#history li").first.inner_text()
    assert page.said == []


@pytest.mark.parametrize("same", [True, False])
def test_a_last_face_is_asked_about_itself(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any], same: bool
) -> None:
    """Alone as a question with two large pictures, but only where the first question is about that face."""
    page = opened(serve(mixed.place).url())
    track: list[int] = []

    def last(route: Any) -> None:
        answer = route.fetch()
        work = answer.json()
        item = next(i for i in work["sheet"]["items"] if not i["whole"])
        track[:] = [item["track"]["track"]]
        work["sheet"]["items"], work["check"]["first"] = [item], "sheet"
        rest = next(p["pieces"][0][0] for p in work["check"]["people"] if p["pieces"][0][0] != track[0])
        other = page.evaluate("t => fetch('/api/tracks?of=' + t).then((r) => r.json())", rest)[0]
        asked = {
            **work["questions"][0],
            "kind": "belongs",
            "a": item["track"] if same else other,
            "others": [],
        }
        work["questions"] = [asked]
        route.fulfill(response=answer, json=work)

    page.route("**/api/questions", last)
    asked(page)
    if same:
        page.locator(".question .pair").wait_for()
    else:
        page.locator(".sheet .card").wait_for()
    assert page.locator(".sheet .card").count() == (0 if same else 1)
    assert page.said == []


def test_names_from_files_are_asked_about_first(
    film: Any, serve: Callable[[Path], Any], opened: Callable[..., Any], tmp_path: Path
) -> None:
    with castlist.Workspace.open(film.place, write=False) as workspace:
        people = workspace.cast().people
    named = zip(("Anna", "Bob", "<b>Cy"), people, strict=True)
    rows = [f"{name},{float(a.start)},{float(a.stop)}" for name, p in named for a in p.appearances]
    (tmp_path / "names.csv").write_text("\n".join(["person,in,out", *rows]))
    assert len(castlist.propose(film.place, tmp_path / "names.csv")) == 3
    page = opened(serve(film.place).url())
    asked(page)
    text = "t => document.querySelector('#questions h2')?.textContent === t"
    page.wait_for_function(text, arg="Is this Anna?")
    assert "names.csv" in page.locator(".names").inner_text()
    page.keyboard.press("s")  # put off
    page.wait_for_function(text, arg="Is this Bob?")
    page.keyboard.press("y")
    page.wait_for_function(text, arg="Is this <b>Cy?")
    page.keyboard.press("n")
    page.wait_for_function("() => !document.querySelector('.names')")
    page.locator("#questions h2, #questions .empty").first.wait_for()
    assert [p["name"] for p in castlist.proposals(film.place)] == ["Anna"]
    page.keyboard.press("u")
    page.wait_for_function(text, arg="Is this Bob?")
    assert page.said == []


@pytest.fixture
def with_one_aside(film: Any) -> Any:
    """The same film, its longest track of a person of several set aside."""
    with castlist.Workspace.open(film.place) as keep:
        base = keep.machine()
        run = [r for r in keep.runs() if r.finished][-1]
        several = np.bincount(base.label[base.label >= 0])[base.label] > 1
        track = int(np.where(several, base.tracks.size, 0).argmax())
        label, fate = base.label.copy(), base.fate.copy()
        label[track], fate[track] = NOISE, SET_ASIDE
        reason = tuple("too unclear" if t == track else why for t, why in enumerate(base.reason))
        keep.put("machine", f"run {run.id}", replace(base, label=label, fate=fate, reason=reason))
    return film


def test_what_was_set_aside_below_the_screen_is_asked_about_by_itself(
    with_one_aside: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(with_one_aside.place).url())
    page.set_viewport_size({"width": 900, "height": 320})  # the first row alone has room
    asked(page)
    page.locator(".check [data-back]").wait_for(state="attached")
    page.keyboard.press("Enter")
    answered(page, 1)
    page.set_viewport_size({"width": 900, "height": 800})
    page.get_by_role("heading", name="Does one of these show a person?").wait_for()
    page.locator(".check [data-back]").click()
    page.keyboard.press("Enter")
    answered(page, 2)
    state = page.evaluate("async () => (await fetch('/api/state')).json()")
    assert sum(group["count"] for group in state["aside"]) == 0
    assert page.said == []


def test_what_was_looked_at_and_stays_set_aside_is_not_offered_again(
    with_one_aside: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(with_one_aside.place).url())
    asked(page)
    page.locator(".check [data-back]").wait_for(state="attached")
    mains = page.locator(".check [data-row]"), page.locator(".check .most", has_text="the person")
    assert mains[0].count() == mains[1].count() > 0  # the group that cannot be marked says why
    page.locator(".check [data-back]").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.check [data-back]').piece.lookedAt")
    page.keyboard.press("Enter")
    answered(page, 1)
    page.get_by_text("castlist has no more questions").wait_for()
    state = page.evaluate("async () => (await fetch('/api/state')).json()")
    assert sum(group["count"] for group in state["aside"]) == 1
    assert page.get_by_role("button", name="Look through them").count() == 0
    assert page.said == []


ROOM = """() => {
  const head = document.querySelector("header.top"), bar = document.querySelector(".check .confirm");
  const over = getComputedStyle(head).position === "sticky" ? head.offsetHeight : 0;
  return (innerHeight - over - bar.offsetHeight) / innerHeight;
}"""


def test_on_a_phone_every_choice_can_be_tapped_and_read(
    mixed: Any, serve: Callable[[Path], Any], browser: Any
) -> None:
    """Also where a face may show many people."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(20_000)

    def many(route: Any) -> None:
        answer = route.fetch()
        work = answer.json()
        for item in work["sheet"]["items"]:
            item["others"] = (item["others"] * 9)[:8]
        route.fulfill(response=answer, json=work)

    page.route("**/api/questions", many)
    page.goto(serve(mixed.place).url())
    page.wait_for_selector("html[data-ready]")
    page.locator("[data-tab=questions]").tap()
    page.locator(".sheet .card [data-pick='7']").first.wait_for()
    narrow = page.evaluate(
        "Math.min(...[...document.querySelectorAll('[data-pick]')].map((b) => b.offsetWidth))"
    )
    assert narrow >= 44  # pixels [WCAG 2.2, 2.5.5]
    cut = "(b) => b.scrollHeight > b.clientHeight + 1 || b.scrollWidth > b.clientWidth + 1"
    assert not page.evaluate(f"[...document.querySelectorAll('[data-pick] bdi')].some({cut})")
    page.unroute_all(behavior="wait")
    context.close()


APART = """() => {
  const [a, b] = ["#message", ".confirm"].map((s) => document.querySelector(s).getBoundingClientRect());
  return a.height > 0 && (a.bottom <= b.top || a.top >= b.bottom);
}"""


@pytest.mark.parametrize(("width", "height"), [(390, 844), (740, 360), (900, 800)])
def test_what_is_said_does_not_cover_what_is_answered_by(
    mixed: Any, serve: Callable[[Path], Any], browser: Any, width: int, height: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(serve(mixed.place).url())
    page.wait_for_selector("html[data-ready]")
    page.locator("[data-tab=questions]").click()
    for kind in ("Who is who", "Who does not belong"):
        page.get_by_role("button", name=kind).click()
        page.wait_for_selector(".confirm")
        page.keyboard.press("u")
        page.wait_for_selector("#message span")
        page.wait_for_function(APART)
    context.close()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (740, 360)])
def test_on_a_phone_the_faces_have_most_of_the_screen(
    mixed: Any, serve: Callable[[Path], Any], browser: Any, width: int, height: int
) -> None:
    """Also where a face may show many people; a stranger is tapped, then the right person."""
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(20_000)

    def many(route: Any) -> None:
        answer = route.fetch()
        work = answer.json()
        for row in work["check"]["people"]:
            row["others"] = [(others * 9)[:9] for others in row["others"]]
        route.fulfill(response=answer, json=work)

    page.route("**/api/questions", many)
    page.goto(serve(mixed.place).url())
    page.wait_for_selector("html[data-ready]")
    page.locator("[data-tab=questions]").tap()
    page.get_by_role("button", name="Who does not belong").tap()
    face = page.locator("[data-piece]").first
    face.tap()
    page.locator(".whom button").nth(1).tap()
    assert "→" in face.inner_text()
    assert page.locator(".whom button").count() >= 9
    assert page.evaluate(ROOM) > 0.5
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.unroute_all(behavior="wait")
    context.close()


def test_faces_stay_in_place_when_one_is_marked(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    asked(page, "Who does not belong")
    piece, other = (page.locator(".check [data-piece]").nth(k) for k in (0, 1))
    other.wait_for()
    before = [b.bounding_box() for b in (piece, other)]
    for key in ("f", "0", "1"):
        piece.hover()
        page.keyboard.press(key)
        assert piece.get_attribute("aria-pressed") == "true"
        assert [b.bounding_box() for b in (piece, other)] == before
    other.hover()
    page.wait_for_function("() => document.querySelectorAll('.check [data-piece]')[1].matches('.here')")
    assert other.evaluate("b => b === document.activeElement")  # one face is framed, not two


def test_of_two_people_the_later_one_is_no_face(
    mixed: Any, serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    page = opened(serve(mixed.place).url())
    question = page.evaluate("fetch('/api/questions').then((r) => r.json())")
    first = next(iter(question if isinstance(question, list) else question["questions"]))
    asked(page, "One at a time")
    shown = page.locator(".answers button").last.inner_text()
    meant = first["b"] if first["kind"] == "same" else first["a"]
    assert ("Right" if first["kind"] == "same" else "Left") in shown
    page.keyboard.press("f")
    answered(page, 1)
    history = page.evaluate("fetch('/api/history').then((r) => r.json())")
    assert meant["track"] in history[0]["tracks"]
