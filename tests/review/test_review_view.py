"""People keep their number and their place, and an undo brings them back as who they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from castlist.review import Session


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
