"""People keep their number and their place, and an undo brings them back as who they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from castlist.review import Session
from castlist.review.view import look
from castlist.types import BACKGROUND


def ids(session: Session) -> list[str]:
    return [g.id for g in session.view.groups]


@pytest.mark.parametrize(
    "request_",
    [
        {"action": "merge", "people": ["p0", "p3"]},
        {"action": "merge", "people": ["p0", "p1", "p2", "p3"]},
        {"action": "hide", "people": ["p0"]},
        {"action": "not-a-face", "people": ["p2"]},
        {"action": "split", "tracks": [0]},
        {"action": "move", "tracks": [6, 7], "person": "p0"},
    ],
)
def test_undo_gives_numbers_and_places_back(made: Callable[..., Any], request_: dict[str, Any]) -> None:
    label = [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
    with Session.open(made(label, label).place) as session:
        before = ids(session)
        session.decide(request_)
        decided = ids(session)
        assert decided != before
        for _ in range(2):
            session.undo()
            assert ids(session) == before
            session.undo(redo=True)
            assert ids(session) == decided


def test_whoever_is_new_gets_a_number_that_nobody_had(made: Callable[..., Any]) -> None:
    label = [0, 0, 0, 1, 1, 1]
    with Session.open(made(label, label).place) as session:
        session.decide({"action": "hide", "people": ["p1"]})
        session.decide({"action": "split", "tracks": [0]})
        assert ids(session) == ["p0", "p2"]
        session.decide({"action": "restore", "tracks": [3, 4, 5]})
        assert ids(session) == ["p0", "p2", "p1"] or ids(session) == ["p0", "p1", "p2"]


def test_the_cast_is_numbered_before_the_background(made: Callable[..., Any]) -> None:
    label = [0, 0, 0, 1, 1, 2]
    it = made(label, label)
    fate = it.base.fate.copy()
    fate[:3] = BACKGROUND  # longest on screen, and too blurred to tell
    groups = look(replace(it.base, fate=fate), it.video, []).groups
    assert [(g.id, g.tracks.tolist()) for g in groups] == [("p0", [3, 4]), ("p1", [5]), ("p2", [0, 1, 2])]
