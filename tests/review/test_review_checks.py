"""Who does not belong, and sheets that are left open: what is asked, what the answers mean, when it ends."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from castlist.decisions import apply
from castlist.errors import InputError
from castlist.review import Session
from castlist.suggest import checks
from castlist.suggest.checks import pieces
from castlist.suggest.new_person import NEUTRAL, intercept, neutral
from castlist.suggest.questions import Asker
from castlist.types import NOISE
from castlist.vectors import unit


def people(session: Session) -> list[list[int]]:
    return sorted(g.tracks.tolist() for g in session.view.groups)


def test_neutral_is_half_way() -> None:
    own = np.tile([[0.5, 0.9]], (8, 1))
    assert neutral(own, own - [[0.4, 0.6]]) == pytest.approx([0.3, 0.6])
    assert neutral(own[:3], own[:3]).tolist() == NEUTRAL.tolist()


@pytest.mark.parametrize("known", [True, False])
def test_the_intercept_follows_the_answers_and_no_further(known: bool) -> None:
    odds = np.zeros(10)
    moved = [intercept(odds[:n], np.full(n, known)) for n in (0, 1, 3, 10)]
    assert moved[0] == 0
    assert (np.diff(moved) > 0 if known else np.diff(moved) < 0).all()
    assert abs(moved[-1]) < 5
    grid = np.linspace(-8, 8, 4001)  # the maximum of the posterior, looked for
    chance = 1 / (1 + np.exp(-grid))
    posterior = 10 * np.log(chance if known else 1 - chance) - grid**2 / (2 * 1.5**2)
    assert moved[-1] == pytest.approx(grid[posterior.argmax()], abs=0.02)


def test_pieces_put_the_largest_first_and_the_least_alike_next() -> None:
    turn = np.radians([0, 2, 4, 90, 30])
    vector = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    found = pieces(np.arange(10, 15), np.array([5, 5, 5, 4, 4]), vector, np.ones(5))
    assert [p.tolist() for p in found] == [[11, 10, 12], [13], [14]]  # the most typical track first
    doubted = pieces(np.arange(10, 15), np.array([5, 5, 5, 4, 4]), vector, np.array([1, 0.5, 1, 1, 1]))
    assert [11] in [p.tolist() for p in doubted]
    assert [p.tolist() for p in pieces(np.array([7]), np.ones(1, int), vector[:1], np.zeros(1))] == [[7]]


@pytest.mark.parametrize("n", [2, 3, 50, 900])
def test_every_track_is_in_one_piece(n: int) -> None:
    rng = np.random.default_rng(n)
    vector = rng.normal(size=(n, 8)).astype(np.float32)
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    found = pieces(np.arange(n), rng.integers(1, 9, n), vector, rng.random(n))
    assert sorted(np.concatenate(found).tolist()) == list(range(n))
    assert all(len(piece) for piece in found)


def test_strangers_leave_and_all_others_are_confirmed_by_one_action(made: Callable[..., Any]) -> None:
    workspace = made([0, 0, 0, 1, 1, 2, 2], [0, 0, 0, 0, 0, 1, 1])
    with Session.open(workspace.place) as session:
        before = people(session)
        assert session.checks()["left"] == 2
        request = {"action": "check", "items": [{"person": "p1", "strangers": [[3, 4]]}, {"person": "p2"}]}
        session.decide(request)
        assert people(session) == [[0, 1, 2], [3, 4], [5, 6]]
        assert session.view.group("p1") is not None
        assert session.view.group("p1").tracks.tolist() == [0, 1, 2]  # type: ignore[union-attr]
        assert session.checks()["left"] == 0
        assert session.checks()["people"] == []
        session.undo()
        assert people(session) == before
        assert session.checks()["left"] == 2


def test_what_was_set_aside_is_taken_back_with_a_check(made: Callable[..., Any]) -> None:
    workspace = made([0, 0, 1, 1, 1], [0, 0, NOISE, 1, 1])
    with Session.open(workspace.place) as session:
        assert session.checks()["aside"] == [2]
        session.decide({"action": "check", "items": [{"person": "p1"}], "back": [2]})
        assert people(session) == [[0, 1], [2], [3, 4]]
        assert session.checks()["aside"] == []
        session.undo()
        assert session.view.label[2] == NOISE


def test_strangers_go_where_they_belong_in_the_same_decision(made: Callable[..., Any]) -> None:
    workspace = made([0, 0, 1, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1, NOISE])
    with Session.open(workspace.place) as session:
        before = people(session)
        # Track 3 itself moves, so that another track stands for the person that track 2 joins.
        items = [
            {"person": "p1", "moved": [{"tracks": [2], "to": 3}]},
            {"person": "p2", "moved": [{"tracks": [3], "to": 0}]},
        ]
        session.decide({"action": "check", "items": items, "back": [{"track": 6, "to": 4}]})
        assert people(session) == [[0, 1, 3], [2, 4, 5, 6]]
        assert all(g.confirmed for g in session.view.groups)
        assert session.history()[0]["what"] == "3 tracks moved, 2 people confirmed"
        session.undo()
        assert people(session) == before


def test_pieces_say_whom_else_they_may_show(made: Callable[..., Any]) -> None:
    with Session.open(made([0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1]).place) as session:
        check = session.checks()
        for p in check["people"]:
            assert len(p["others"]) == len(p["pieces"])
            for piece, others in zip(p["pieces"], p["others"], strict=True):
                assert p["id"] not in [who for who, _ in others]
                assert not set(piece) & {t for _, t in others}
        assert len(check["homes"]) == len(check["aside"]) == 0


@pytest.mark.parametrize("answer", ["nobody of these", "left open", "somebody"])
def test_everybody_is_asked_about_once(made: Callable[..., Any], answer: str) -> None:
    """Also confirmed people, and those that castlist is sure about."""
    truth = [0] * 8 + [1] * 8 + [2] * 2
    with Session.open(made(truth, truth).place) as session:
        session.decide({"action": "confirm", "people": ["p1", "p2", "p3"]})
        asked = [i for i in session.sheet()["items"] if i["of"] == "p3"]
        (item,) = asked
        assert item["whole"]
        assert item["guess"] is None  # nothing is proposed that would join
        shown = [o["track"] for o in item["others"]]
        assert {o["person"] for o in item["others"]} == {"p1", "p2"}
        track = item["track"]["track"]
        line = {
            "nobody of these": {"track": track, "whole": True, "to": None, "not": shown},
            "left open": {"track": track, "open": shown},
            "somebody": {"track": track, "whole": True, "to": shown[0]},
        }[answer]
        session.decide({"action": "sort", "items": [line]})
        assert all(i["of"] != "p3" for i in session.sheet()["items"])
        assert len(session.view.groups) == (2 if answer == "somebody" else 3)


def test_people_who_are_always_seen_together_are_not_compared(made: Callable[..., Any]) -> None:
    it = made([0, 0, 1, 1], [0, 0, 1, 1])
    asker = Asker(it.base)
    asker.look(apply(it.base, it.video, []))
    assert [i.whole for i in asker.sheet().items] == [True]
    asker = Asker(replace(it.base, cannot=np.array([[0, 2], [1, 3]])))
    asker.look(apply(it.base, it.video, []))
    assert asker.sheet().items == ()


@pytest.mark.parametrize(
    ("items", "back"),
    [
        ([{"person": "p1", "moved": 3}], []), ([{"person": "p1", "moved": [{"tracks": [0]}]}], []),
        ([{"person": "p1", "moved": [{"tracks": [0], "to": 1}]}], []),
        ([{"person": "p1", "moved": [{"tracks": [0], "to": 99}]}], []),
        ([{"person": "p1", "moved": [{"tracks": [], "to": 2}]}], []), ([{"person": "p1"}], [{"to": 1}]),
        ([{"person": "p1"}], [{"track": 0, "to": 1}]),
        (None, []), ([], []), ([{}], []), ([{"person": "p9"}], []), ([{"person": "p1"}] * 2, []),
        ([{"person": "p1", "strangers": [[2]]}], []), ([{"person": "p1", "strangers": [[0], [0]]}], []),
        ([{"person": "p1", "strangers": [[0, 1]]}], []), ([{"person": "p1", "strangers": 3}], []),
        ([{"person": "p1", "strangers": [3]}], []), ([{"person": "p1", "strangers": [[]]}], []),
        ([{"person": "p1"}], [0]), ([{"person": "p1"}], ["x"]), ([{"person": "p1"}], 3),
    ],
)  # fmt: skip
def test_bad_checks_are_one_sentence_and_leave_no_trace(
    made: Callable[..., Any], items: Any, back: Any
) -> None:
    with Session.open(made([0, 0, 1, 1], [0, 0, 1, 1]).place) as session:
        with pytest.raises(InputError) as error:
            session.decide({"action": "check", "items": items, "back": back})
        assert "\n" not in str(error.value)
        assert session.history() == []


def test_an_item_left_open_changes_nothing_and_is_not_asked_again(made: Callable[..., Any]) -> None:
    workspace = made([0, 0, 0, 1, 1, 1, 2], [0, 0, 0, 1, 1, 1, 2])
    with Session.open(workspace.place) as session:
        before = people(session)
        number = session.view.group("p3").number  # type: ignore[union-attr]
        session.decide({"action": "sort", "items": [{"track": 6, "open": [0, 3]}]})
        assert people(session) == before
        assert session.history()[0]["what"] == "not sure about 1 face (Person 3)"
        assert not len(session.view.cannot)
        assert all(i["track"]["track"] != 6 for i in session.sheet()["items"])
        session.decide({"action": "merge", "people": ["p1", "p3"]})  # nothing was cut
        assert people(session) == [[0, 1, 2, 6], [3, 4, 5]]
        session.decide({"action": "split", "tracks": [6]})
        assert max(g.number for g in session.view.groups) == number + 1  # no number was spent on it


def test_who_stays_on_a_sheet_stays_whoever_else_stands_on_it(made: Callable[..., Any]) -> None:
    workspace = made([0, 0, 0, 1, 1], [0, 0, 1, 2, 2])
    with Session.open(workspace.place) as session:
        items = [{"track": 2, "whole": True, "to": 0}, {"track": 0, "to": 1}, {"track": 1, "to": 0}]
        session.decide({"action": "sort", "items": items})
        assert people(session) == [[0, 1, 2], [3, 4]]


def test_a_person_with_a_name_is_not_asked_about_while_likely_right(made: Callable[..., Any]) -> None:
    truth = [0] * 8 + [1] * 8 + [2] * 8
    label = list(truth)
    label[7] = 1
    with Session.open(made(truth, label).place) as session:
        assert session.sheet()["items"] or session.questions()
        home = session.view.groups[int(session.view.label[0])].id
        session.decide({"action": "move", "tracks": [7], "person": home})
        for group in list(session.view.groups):
            session.decide({"action": "name", "person": group.id, "name": f"Name {group.number}"})
        assert session.questions() == []
        assert session.sheet()["items"] == []
        assert session.checks()["people"] == []
        assert session.checks()["left"] == 0


def test_a_name_does_not_hide_who_is_likely_wrong(made: Callable[..., Any]) -> None:
    truth = [0] * 8 + [1] * 8 + [2] * 8
    label = list(truth)
    label[7] = 1
    with Session.open(made(truth, label).place) as session:
        for group in list(session.view.groups):
            session.decide({"action": "name", "person": group.id, "name": f"Name {group.number}"})
        assert 7 in [i["track"]["track"] for i in session.sheet()["items"]]


def answered(session: Session, truth: Any) -> int:
    """Answer whatever is asked first, knowing the truth; how many answers were not what was proposed."""
    check = session.checks()
    if check["first"] == "check":
        items = []
        for p in check["people"]:
            who = [int(np.bincount(truth[piece]).argmax()) for piece in p["pieces"]]
            strangers = [q for q, w in zip(p["pieces"], who, strict=True) if w != who[0]]
            items.append({"person": p["id"], "strangers": strangers})
        session.decide({"action": "check", "items": items})
        return sum(len(i["strangers"]) for i in items)
    clicks, answer = 0, []
    for item in session.sheet()["items"]:
        track, guess = item["track"]["track"], item["guess"]
        shown = [o["track"] for o in ([guess] if guess else []) + item["others"]]
        right = next((t for t in shown if truth[t] == truth[track]), None)
        clicks += right != (guess["track"] if guess else None)
        left = guess is None and right is None
        more = {"open": shown} if left else {"whole": item["whole"], "to": right, "not": shown}
        answer.append({"track": track, **more})
    session.decide({"action": "sort", "items": answer})
    return clicks


@pytest.mark.parametrize("seed", range(3))
def test_questions_end_only_when_everybody_is_right(made: Callable[..., Any], seed: int) -> None:
    """Six people in pieces, some seen once, and a junk person of four people."""
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.repeat(np.arange(6), 10), np.arange(6, 10)])
    label = truth.copy()
    label[:60][rng.random(60) < 0.2] += 6
    junk = np.flatnonzero(label >= 6)
    label[junk] = np.where(rng.random(len(junk)) < 0.5, 6, 7 + np.arange(len(junk)))
    label = np.unique(label, return_inverse=True)[1]
    with Session.open(made(truth.tolist(), label.tolist()).place) as session:
        sheets = 0
        while session.checks()["first"] and sheets < 40:
            answered(session, truth)
            sheets += 1
        assert people(session) == sorted(np.flatnonzero(truth == k).tolist() for k in range(10))
        assert sheets < 20
        assert session.checks()["left"] == 0


@pytest.mark.parametrize("seed", range(12))
def test_a_sheet_means_the_same_on_other_tracks(made: Callable[..., Any], seed: int) -> None:
    """Items that name the same people, moved and whole, in any order: no person made by them falls apart."""
    rng = np.random.default_rng(seed)
    label = np.unique(rng.integers(0, 7, 10), return_inverse=True)[1].tolist()
    with Session.open(made([0] * 10, label).place) as session:
        items: list[dict[str, Any]] = []
        for track in rng.choice(10, 4, replace=False).tolist():
            other = int(rng.choice([t for t in range(10) if t != track]))
            items.append({"track": track, "to": other, "whole": bool(rng.random() < 0.6)})
        session.decide({"action": "sort", "items": items})
        log = session._workspace.decisions.all()
        again = apply(replace(session.base, digest="other tracks"), session.video, log)
        decided = {tuple(g.tracks.tolist()) for g in session.view.groups if g.by}
        assert decided == {tuple(g.tracks.tolist()) for g in again.groups if g.by}


def test_undo_and_redo_take_no_earlier_decision_again(
    made: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    applying = importlib.import_module(
        "castlist.decisions.apply"
    )  # `castlist.decisions.apply` is its function

    rng = np.random.default_rng(0)
    with Session.open(made([0] * 12, list(range(12))).place) as session:
        for i in range(20):
            a, b = rng.choice(12, 2, replace=False).tolist()
            kinds: list[dict[str, Any]] = [
                {"action": "same", "tracks": [a, b]}, {"action": "different", "tracks": [a, b]},
                {"action": "key", "track": a}, {"action": "background", "tracks": [b]},
                {"action": "name", "person": session.view.groups[0].id, "name": f"Name {i}"},
            ]  # fmt: skip
            session.decide(kinds[int(rng.integers(len(kinds)))])
        taken: list[int] = []
        take = applying.take
        monkeypatch.setattr(
            applying, "take", lambda state, made: (taken.append(made.id), take(state, made))[1]
        )
        for _ in range(3):
            session.undo()
        session.undo(redo=True)
        assert taken == []
        session.undo(12)  # those after it are taken again
        assert taken == [13, 14, 15, 16, 17, 18]
        monkeypatch.undo()
        for number in (None, None, 3, 8, None):
            session.undo(number)
            log = session._workspace.decisions.all()
            fresh = apply(session.base, session.video, log)
            assert fresh.label.tolist() == session.view.label.tolist()
            facts = [(g.number, g.name, g.fate, g.by, g.key) for g in fresh.groups]
            assert facts == [(g.number, g.name, g.fate, g.by, g.key) for g in session.view.groups]
            assert fresh.conflicts == session.view.conflicts


def test_the_history_says_what_a_sheet_did(made: Callable[..., Any]) -> None:
    with Session.open(made([0] * 7, [0, 0, 0, 1, 1, 2, 3]).place) as session:
        session.decide({"action": "check", "items": [{"person": "p1", "strangers": [[2]]}, {"person": "p2"}]})
        assert session.history()[0]["what"] == "1 track now Person 5, 2 people confirmed"
        session.decide({"action": "sort", "items": [{"track": 5, "whole": True, "to": 0}]})
        assert session.history()[0]["what"] == "1 track joined Person 1"
        session.decide({"action": "check", "items": [{"person": "p1"}, {"person": "p2"}]})
        assert session.history()[0]["what"] == "Person 1 and Person 2: confirmed"
        items = [{"track": 3, "to": 0}, {"track": 6, "open": [0]}]
        session.decide({"action": "sort", "items": items})
        said = "1 track of Person 2: moved to Person 1; not sure about 1 face (Person 4)"
        assert session.history()[0]["what"] == said


def test_the_history_counts_everybody_who_joined_one_person(made: Callable[..., Any]) -> None:
    with Session.open(made([0] * 6 + [1, 1], [0, 1, 2, 2, 3, 3, 4, 4]).place) as session:
        items = [{"track": 0, "whole": True, "to": 2}, {"track": 1, "whole": True, "to": 3}]
        items += [{"track": 4, "whole": True, "to": 6}]
        session.decide({"action": "sort", "items": items})
        joined = [session.view.groups[int(session.view.label[t])].called for t in (2, 6)]
        assert session.history()[0]["what"] == f"4 tracks joined {' and '.join(joined)}"


def test_the_history_says_about_whom_nothing_was_decided(made: Callable[..., Any]) -> None:
    truth = [*np.repeat(np.arange(6), 3), 0, 1]
    with Session.open(made(truth, [*truth[:18], NOISE, NOISE]).place) as session:

        def said(**request: Any) -> str:
            session.decide(request)
            return str(session.history()[0]["what"])

        def cards(*tracks: int) -> list[dict[str, Any]]:
            return [{"track": t, "open": [0, 3]} for t in tracks]

        assert said(action="sort", items=cards(7, 10)) == "not sure about 2 faces (Person 3 and Person 4)"
        assert said(action="sort", items=cards(6, 7)) == "not sure about 2 faces (Person 3)"
        assert said(action="sort", items=cards(6, 9, 12, 15)) == (
            "not sure about 4 faces (Person 3, Person 4, Person 5 and 1 more)"
        )
        assert said(action="check", items=[], stay=[18]) == "1 track stays set aside"
        assert said(action="check", items=[{"person": "p1"}], stay=[18, 19]) == (
            "Person 1: confirmed; 2 tracks stay set aside"
        )
        assert said(action="unsure", tracks=[0, 3]) == "not sure whether Person 1 and Person 2 are one person"
        assert said(action="unsure", tracks=[0, 1]) == "not sure whether 2 tracks of Person 1 are one person"
        session.decide({"action": "not-a-face", "tracks": [7]})
        assert (
            session.history()[-1]["what"] == "not sure about 2 faces (Person 4)"
        )  # it was not set aside then


def test_a_stranger_without_evidence_may_be_anybody_of_the_cast(made: Callable[..., Any]) -> None:
    """Large people are offered before small ones of slightly higher similarity; impossible ones never."""
    truth = [*[0] * 6, *[1] * 6, *[2] * 6, *range(3, 15)]
    workspace = made(truth, truth)
    mean = workspace.base.vector.copy()
    mean[18:] = unit(mean[18:] + 0.05 * mean[0])  # all people seen once resemble the first person a little
    base = replace(workspace.base, vector=mean, mean=mean, cannot=np.array([[1, 12]]))
    asker = Asker(base)
    asker.look(apply(base, workspace.video, []))

    def offered(track: int) -> list[int]:
        found = asker.elsewhere([np.array([track])], [int(asker.view.label[track])])[0]
        return [truth[t] for t in found]

    assert set(offered(0)[:2]) == {1, 2}
    assert 1 in offered(1)[:1]
    assert 2 not in offered(1)[:2]  # they are seen together


def test_pieces_are_found_without_importing_scipy() -> None:
    code = (
        "import sys, numpy as np; from castlist.suggest.checks import pieces; n = np.arange(9);"
        "pieces(n, n + 1, np.eye(9, dtype=np.float32), np.ones(9)); print('scipy' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


@pytest.mark.parametrize("tracks", [3, 9, 40, 450])
def test_tracks_are_linked_into_the_pieces_of_scipy(tracks: int) -> None:
    from scipy.cluster.hierarchy import fcluster, linkage

    rng = np.random.default_rng(tracks)
    vector = unit(rng.normal(size=(tracks, 16)) + rng.normal(size=(5, 16))[rng.integers(5, size=tracks)])
    core = np.argsort(-np.arange(tracks), kind="stable")[: checks.LINKED]
    theirs = fcluster(linkage(vector[core], "ward"), min(checks.MOST, (len(core) + 1) // 2), "maxclust")
    ours = checks._linked(vector, np.arange(tracks))[core]
    assert len(np.unique(ours)) == len(np.unique(theirs))
    assert np.unique(np.stack([ours, theirs]), axis=1).shape[1] == len(np.unique(ours))
