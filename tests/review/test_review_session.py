"""Decisions through a session: people keep their identity, nothing is lost, nothing contradicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from castlist.dark_pictures import DIM, brightness
from castlist.errors import InputError, WorkspaceError
from castlist.review import Session
from castlist.store import Stale, Workspace
from castlist.suggest.questions import questions


def members(session: Session) -> dict[str, list[int]]:
    return {g.id: g.tracks.tolist() for g in session.view.groups}


def test_a_dark_picture_is_shown_brighter(made: Callable[..., Any]) -> None:
    it = made([0, 0], [0, 0])
    grey = bytes(cv2.imencode(".jpg", np.full((64, 64, 3), 9, np.uint8))[1])
    with Workspace.open(it.place) as keep:
        name, (run,) = keep.put_image(grey), keep.runs()
        portraits = replace(it.base.portraits, image=(name, name))
        keep.put("machine", f"run {run.id}", replace(it.base, portraits=portraits))
    with Session.open(it.place) as session:
        assert brightness(session.picture(name)) > DIM > brightness(grey)


def test_merge_keeps_identity_and_place(made: Callable[..., Any]) -> None:
    film = made([0, 0, 0, 1, 1, 2, 2], [0, 0, 1, 2, 2, 3, 3])
    with Session.open(film.place) as session:
        before = members(session)
        assert list(before) == ["p1", "p2", "p3", "p4"]
        small = next(p for p, t in before.items() if t == [2])
        large = next(p for p, t in before.items() if t == [0, 1])
        session.decide({"action": "merge", "people": [small, large]})
        after = members(session)
        assert after[large] == [0, 1, 2]
        assert list(after) == [p for p in before if p != small]
        session.undo()
        assert {tuple(t) for t in members(session).values()} == {tuple(t) for t in before.values()}
        assert members(session)[large] == [0, 1]
        session.undo(redo=True)
        assert members(session)[large] == [0, 1, 2]


def test_split_stands_after_what_it_came_from(made: Callable[..., Any]) -> None:
    film = made([0, 0, 0, 1, 2, 2], [0, 0, 0, 0, 1, 1])
    with Session.open(film.place) as session:
        session.decide({"action": "split", "tracks": [3]})
        assert list(members(session).values()) == [[0, 1, 2], [3], [4, 5]]


def test_move_takes_tracks_to_another_person(made: Callable[..., Any]) -> None:
    film = made([0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1])
    with Session.open(film.place) as session:
        session.decide({"action": "move", "tracks": [3], "person": "p2"})
        assert members(session) == {"p1": [0, 1, 2], "p2": [3, 4, 5]}


def test_name_hide_background_face(made: Callable[..., Any]) -> None:
    film = made([0, 0, 1, 1, 2], [0, 0, 1, 1, -1])
    with Session.open(film.place) as session:
        session.decide({"action": "name", "person": "p1", "name": " Anna\nB "})
        assert session.state()["people"][0]["name"] == "Anna B"
        session.decide({"action": "background", "people": ["p2"]})
        assert session.state()["people"][1]["fate"] == 1
        session.decide({"action": "foreground", "people": ["p2"]})
        assert session.state()["people"][1]["fate"] == 0
        session.decide({"action": "not-a-face", "tracks": [1]})
        session.decide({"action": "hide", "people": ["p2"]})
        assert members(session) == {"p1": [0]}
        assert {g["reason"]: g["count"] for g in session.state()["aside"]} == {
            "hidden, as was decided": 2,
            "not a face": 1,
            "not a face, as was decided": 1,
        }
        session.decide({"action": "restore", "tracks": [1]})
        session.decide({"action": "restore", "tracks": [2, 3]})
        session.decide({"action": "restore", "tracks": [4]})
        assert sorted(members(session).values()) == [[0, 1], [2, 3], [4]]
        session.decide({"action": "name", "person": "p1", "name": ""})
        assert session.state()["people"][0]["name"] == ""


def test_everything_holds_after_opening_again(made: Callable[..., Any]) -> None:
    film = made([0, 0, 0, 1, 1, 2, 2], [0, 0, 1, 2, 2, 3, 3])
    with Session.open(film.place) as session:
        ids = {tuple(t): p for p, t in members(session).items()}
        session.decide({"action": "merge", "people": [ids[(0, 1)], ids[(2,)]]})
        session.decide({"action": "name", "person": ids[(0, 1)], "name": "Anna"})
        expected = {tuple(t) for t in members(session).values()}
    with Session.open(film.place) as session:
        assert {tuple(t) for t in members(session).values()} == expected
    with Workspace.open(film.place, write=False) as keep:
        assert keep.cast()["Anna"].tracks == (0, 1, 2)


def test_two_sessions_see_each_other_and_old_views_are_refused(made: Callable[..., Any]) -> None:
    film = made([0, 0, 1, 1], [0, 1, 2, 2])
    with Session.open(film.place) as one, Session.open(film.place) as two:
        seen = two.view.revision
        one.decide({"action": "name", "person": "p1", "name": "Anna"}, author="A")
        with pytest.raises(Stale) as refused:
            two.decide({"action": "hide", "people": ["p1"]}, revision=seen)
        assert [d.author for d in refused.value.decisions] == ["A"]
        assert two.state()["people"][0]["name"] == "Anna"
        two.decide({"action": "hide", "people": ["p1"]}, revision=two.view.revision)
        assert len(one.state()["people"]) == 2


def test_the_later_decision_wins_and_says_so(made: Callable[..., Any]) -> None:
    film = made([0, 0, 1, 1], [0, 0, 1, 1])
    with Session.open(film.place) as session:
        session.decide({"action": "different", "tracks": [0, 2]})
        session.decide({"action": "same", "tracks": [0, 2]})
        assert members(session) == {"p1": [0, 1, 2, 3]}
        what = session.history()[0]["what"]
        assert what == (
            "Person 2, 2 tracks: joined Person 1; "
            "this outranks decision 1: they were decided to be two people before"
        )
        assert len(session.state()["conflicts"]) == 1


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"action": "explode"},
        {"action": ["merge"]},
        {"action": "merge", "people": ["p1"]},
        {"action": "merge", "people": ["p1", "p1"]},
        {"action": "merge", "people": ["p1", "p99"]},
        {"action": "merge", "people": "p0p1"},
        {"action": "split", "tracks": []},
        {"action": "split", "tracks": [0, 1]},
        {"action": "split", "tracks": ["0"]},
        {"action": "split", "tracks": [True]},
        {"action": "split", "tracks": [-1]},
        {"action": "split", "tracks": [10**20]},
        {"action": "move", "tracks": [0], "person": None},
        {"action": "move", "tracks": [0], "person": "p1"},
        {"action": "name", "person": "p1"},
        {"action": "name", "person": "p1", "name": 7},
        {"action": "name", "person": "p1", "name": ""},
        {"action": "name", "person": "p1", "name": "x" * 10_001},
        {"action": "restore", "tracks": [0]},
        {"action": "different", "tracks": [0]},
        {"action": "hide"},
    ],
)
def test_bad_requests_are_one_sentence_and_leave_no_trace(
    made: Callable[..., Any], request_: dict[str, Any]
) -> None:
    film = made([0, 0, 1, 1], [0, 0, 1, 1])
    with Session.open(film.place) as session:
        with pytest.raises(InputError) as error:
            session.decide(request_)
        assert "\n" not in str(error.value)
        assert session.history() == []
        with pytest.raises(InputError, match="nothing to undo"):
            session.undo()
        with pytest.raises(InputError, match="nothing to redo"):
            session.undo(redo=True)


def test_no_cast_yet(tmp_path: Any) -> None:
    with pytest.raises(WorkspaceError):
        Session.open(tmp_path / "none.castlist")
    Workspace.open(tmp_path / "new.castlist", create=True).close()
    with pytest.raises(WorkspaceError, match="run castlist find first"):
        Session.open(tmp_path / "new.castlist")


def test_nobody_at_all(made: Callable[..., Any]) -> None:
    film = made([0], [-1])
    with Session.open(film.place) as session:
        assert session.state()["people"] == []
        assert session.questions() == []


def test_split_person_is_asked_about_first_and_never_again(made: Callable[..., Any]) -> None:
    film = made([0] * 8 + [1] * 6 + [2] * 2, [0] * 4 + [1] * 4 + [2] * 6 + [3] * 2)
    with Session.open(film.place) as session:
        first = session.questions()[0]
        assert first["kind"] == "same"
        a, b = first["a"]["track"], first["b"]["track"]
        assert {film.truth[a], film.truth[b]} == {0}
        session.decide({"action": "unsure", "tracks": [a, b]})
        assert all({q["a"]["track"], q["b"]["track"]} != {a, b} for q in session.questions())
        session.undo()
        session.decide({"action": "same", "tracks": [a, b]})
        assert [0, 1, 2, 3, 4, 5, 6, 7] in members(session).values()


def test_stray_track_is_asked_about(made: Callable[..., Any]) -> None:
    film = made([0] * 6 + [1] * 6, [0] * 6 + [0] + [1] * 5)
    with Session.open(film.place) as session:
        asked = questions(session.base, session.view)
        assert (asked[0].kind, asked[0].a) == ("belongs", 6)
        session.decide({"action": "split", "tracks": [6]})
        nxt = questions(session.base, session.view)[0]
        assert nxt.kind == "same"
        assert 6 in (nxt.a, nxt.b)


def test_the_history_says_whom_a_face_does_not_show(made: Callable[..., Any]) -> None:
    film = made([0] * 4 + [1] * 4 + [2], [0] * 4 + [1] * 4 + [2])
    with Session.open(film.place) as session:
        session.decide({"action": "name", "person": "p2", "name": "Ben"})
        item = {"track": 8, "to": None, "whole": True, "not": [0, 4]}
        session.decide({"action": "sort", "items": [item]})
        assert session.history()[0]["what"] == "Person 3: not Person 1 and Ben"
        session.decide({"action": "sort", "items": [{"track": 8, "to": None, "whole": True, "not": [4]}]})
        assert session.history()[0]["what"] == "Person 3: not Ben"


def test_a_reviewer_who_knows_ends_with_the_truth(made: Callable[..., Any]) -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 5, 60)
    label = truth.copy()
    label[rng.random(60) < 0.3] += 5  # all people in two parts
    label[:3] = (truth[:3] + 1) % 5  # and three tracks at the wrong person
    film = made(truth.tolist(), label.tolist())
    with Session.open(film.place) as session:
        for _ in range(40):
            asked = session.questions(1)
            if not asked:
                break
            q = asked[0]
            tracks = [q["a"]["track"], q["b"]["track"]]
            same = truth[tracks[0]] == truth[tracks[1]]
            if same or q["kind"] == "same":
                session.decide({"action": "same" if same else "different", "tracks": tracks})
            else:
                session.decide({"action": "split", "tracks": tracks[:1], "against": tracks[1:]})
        found = {tuple(t) for t in members(session).values()}
    assert found == {tuple(np.flatnonzero(truth == k).tolist()) for k in range(5)}


def page_of_questions(session: Session) -> list[int]:
    """One action of three decisions, as a page of questions makes them."""
    steps = [
        {"action": "merge", "people": ["p1", "p2"]},
        {"action": "not-a-face", "tracks": [5]},
        {"action": "name", "person": "p1", "name": "Anna"},
    ]
    return session.decide_all(steps, action_id="a-1")


def test_undo_and_redo_know_the_whole_action_in_another_session(made: Callable[..., Any]) -> None:
    film = made([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2])
    with Session.open(film.place) as session:
        session.decide({"action": "hide", "tracks": [4]})
        before = session.state()["people"]
        page_of_questions(session)
        after = session.state()["people"]
    with Session.open(film.place) as session:
        assert all(part in session.state()["undo"] for part in ("joined", "not a face", "named Anna"))
        session.undo()
        assert session.state()["people"] == before
        assert "hidden" in session.state()["undo"]
        session.undo(redo=True)
        assert session.state()["people"] == after
        session.undo()
        session.undo()
        assert session.state()["undo"] == ""
        session.undo(redo=True)
        session.undo(redo=True)
        assert session.state()["people"] == after


def test_undo_of_an_action_leaves_what_was_undone_of_it_before(made: Callable[..., Any]) -> None:
    film = made([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2])
    with Session.open(film.place) as session:
        _, no_face, _ = page_of_questions(session)
        session.undo(no_face)  # a row of the history
        assert len(session.undo_all()) == 2
        assert session.state()["undo"] == ""


def test_an_action_that_is_sent_twice_is_carried_out_once(made: Callable[..., Any]) -> None:
    film = made([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2])
    with Session.open(film.place) as session:
        numbers = page_of_questions(session)
    with Session.open(film.place) as session:  # the answer was lost, and the server started again
        assert page_of_questions(session) == numbers
        undone = session.undo_all(revision=3, action_id="a-2")
        assert session.undo_all(revision=3, action_id="a-2") == undone
        with pytest.raises(InputError, match="64 letters"):
            session.decide({"action": "hide", "tracks": [4]}, action_id="a b")
        assert len(session.history()) == 6
