"""The next question is computed while a user looks at this one: sooner, and never a different one."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.review.session import Session
from castlist.store import Stale
from castlist.suggest.questions import Asker


def mixed(made: Callable[..., Any], seed: int = 1) -> Any:
    """Four people; a fifth of their tracks is with another person, and a few are set aside."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(4), 12)
    label = np.where(rng.random(48) < 0.2, (truth + 1) % 4, truth)
    label[rng.random(48) < 0.1] = -1
    return made(truth.tolist(), label.tolist())


def as_it_stands(session: Session) -> list[dict[str, Any]]:
    """What is asked first, answered as castlist proposes it."""
    check: dict[str, Any] = session.checks()
    if check["first"] == "check":
        items = [{"person": p["id"], "strangers": []} for p in check["people"]]
        return [{"action": "check", "items": items, "back": [], "stay": check["aside"]}]
    items = []
    sheet: Any = session.sheet()["items"]
    for item in sheet:
        shown = [t["track"] for t in item["others"]]
        to = {"to": item["guess"]["track"], "not": []} if item["guess"] else {"open": shown}
        items.append({"track": item["track"]["track"], "whole": item["whole"], **to})
    return [{"action": "sort", "items": items}]


def asked(session: Session) -> list[Any]:
    return [session.questions(), session.sheet(), session.checks()]


@pytest.mark.parametrize("seed", range(4))
def test_what_was_found_ahead_is_what_would_be_asked(
    made: Callable[..., Any], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some answers are those that were thought of, others are not, and some are thought of by halves."""
    rng = np.random.default_rng(seed)
    place = mixed(made, seed).place
    plain, quick = (
        Session.open(place),
        Session.open(shutil.copytree(place, place.with_name("quick.castlist"))),
    )
    here: list[str] = []
    look = Asker.look

    def watched(self: Asker, view: Any) -> None:
        here.append(threading.current_thread().name)
        look(self, view)

    with plain, quick:
        for _ in range(8):
            assert asked(quick) == asked(plain)
            if not plain.checks()["first"]:
                break
            answer = as_it_stands(plain)
            if rng.random() < 0.3:
                quick.think_ahead([{"action": "not-a-face", "tracks": [0]}])
            quick.think_ahead(answer, revision=quick.view.revision)
            given = answer
            if rng.random() < 0.3:
                track = int(rng.choice(np.flatnonzero(plain.view.label >= 0)))
                given = [{"action": "not-a-face", "tracks": [track]}]
            plain.decide_all(given)
            quick.decide_all(given)
            with monkeypatch.context() as patch:
                patch.setattr(Asker, "look", watched)
                here.clear()
                quick.sheet()
                assert here in ([], ["castlist ahead"]) or given is not answer
        assert quick.history() != []


def test_an_answer_that_is_wrong_or_late_is_not_thought_of(made: Callable[..., Any]) -> None:
    with Session.open(mixed(made).place) as session:
        before = session.view
        with pytest.raises(InputError):
            session.think_ahead([{"action": "move", "tracks": [999]}])
        session.think_ahead([{"action": "split", "tracks": [0]}])
        assert session.view is before
        assert session.history() == []
        session.decide({"action": "confirm", "people": ["p1"]})
        with pytest.raises(Stale):
            session.think_ahead([{"action": "split", "tracks": [0]}], revision=before.revision)


def test_nothing_is_thought_of_after_the_end(made: Callable[..., Any]) -> None:
    with Session.open(mixed(made).place) as session:
        session.think_ahead(as_it_stands(session))
    assert not [t for t in threading.enumerate() if t.name == "castlist ahead"]


def test_views_that_differ_in_what_questions_go_by(made: Callable[..., Any]) -> None:
    with Session.open(mixed(made).place) as session:
        first = session.view
        assert Asker.would_ask_alike(first, first)
        for action in (
            {"action": "name", "person": "p1", "name": "Anna"},
            {"action": "confirm", "people": ["p2"]},
            {"action": "unsure", "tracks": [0, 40]},
        ):
            before = session.view
            session.decide(action)
            assert not Asker.would_ask_alike(before, session.view)
            session.undo()
            assert Asker.would_ask_alike(before, session.view)
