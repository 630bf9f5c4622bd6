"""What speaks for a person, against slow obvious computations; what answers teach; sheets."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from review_made import tables

from castlist.decisions import View, apply
from castlist.errors import InputError
from castlist.review import Session
from castlist.store import Stale
from castlist.suggest.batches import best_of
from castlist.suggest.membership import RIDGE, FaceEvidence
from castlist.suggest.pairs import cooccurrence_log_odds
from castlist.suggest.questions import Asker
from castlist.suggest.weights import STAY, answered, share_of
from castlist.types import NOISE, Video


def film(base: Any) -> Video:
    return Video(Path("film.mp4"), 640, 360, Fraction(25), base.clock.time(len(base.clock)), "d" * 40)


def seen(truth: list[int], label: list[int], noise: float = 0.6) -> tuple[Any, View]:
    base = tables(np.array(truth), np.array(label), noise=noise)
    return base, apply(base, film(base), ())


def test_faces_are_judged_by_a_fit_that_has_not_seen_them() -> None:
    """The closed form of leaving a track out, against fitting once for each track."""
    label = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    base, view = seen(label.tolist(), label.tolist())
    evidence = FaceEvidence(base)
    evidence.update([g.id for g in view.groups], view.label, np.zeros(10, np.bool_))
    scores = evidence._faces(np.arange(10))
    x = base.mean.astype(np.float64)
    x = x - x.mean(axis=0)
    y = np.eye(3)[view.label] - evidence.share
    for i in range(10):
        rest = np.arange(10) != i
        inverse = np.linalg.inv(x[rest].T @ x[rest] + RIDGE * np.eye(x.shape[1]))
        np.testing.assert_allclose(scores[i], x[i] @ inverse @ x[rest].T @ y[rest], atol=2e-3)


def test_a_track_alone_is_of_its_person_and_a_stranger_is_mostly_of_nobody() -> None:
    """Three people of ten tracks, and four tracks alone: of the first two people, and of two strangers."""
    truth, label = np.r_[np.repeat([0, 1, 2], 10), 0, 1, 3, 4], np.r_[np.repeat([0, 1, 2], 10), 3:7]
    nobody = []
    for seed in range(4):
        base = tables(truth, label, seed=seed)
        view = apply(base, film(base), ())
        evidence = FaceEvidence(base)
        evidence.update([g.id for g in view.groups], view.label, np.zeros(len(truth), np.bool_))
        found = evidence.alone(np.arange(30, 34), np.zeros((0, 2), np.int64))
        assert found.group[:2, 0].tolist() == view.label[[0, 10]].tolist()
        assert found.own[:2].max() < 0.1
        nobody += found.own[2:].tolist()
    assert np.mean(nobody) > 0.5


def test_who_meets_is_two_people_and_who_meets_the_same_but_not_one_another_may_be_one() -> None:
    """Ann and a part of her each meet Bob ten times; Cy meets no other person."""
    ann, bob, part, cy = np.arange(40).reshape(4, 10)
    label = np.repeat([0, 1, 2, 3], 10)
    meetings = np.concatenate([np.stack([ann, bob], 1), np.stack([part, bob], 1)])
    base = replace(tables(label, label), cannot=meetings)
    view = apply(base, film(base), ())
    a, b, p, c = view.label[[ann[0], bob[0], part[0], cy[0]]]
    odds = cooccurrence_log_odds(base, view)
    assert odds[a, b] < -5
    assert odds[p, b] < -5
    assert odds[a, p] > 1
    assert odds[c].tolist() == odds[:, c].tolist() == [0.0] * 4
    assert np.allclose(odds, odds.T)


def distrusted(monkeypatch: pytest.MonkeyPatch, group: int) -> None:
    """Let answers have taught that this group does not hold its tracks."""

    def doubt(self: FaceEvidence) -> None:
        self.stay[group] = STAY - 3

    monkeypatch.setattr(FaceEvidence, "_doubt", doubt)


def test_a_fit_to_groups_in_doubt_leaves_each_track_out_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, where undecided tracks of a group weigh less and count for several people."""
    truth = np.repeat([0, 1, 2], 8)
    label = np.where(np.arange(24) % 4 == 0, (truth + 1) % 3, truth)  # a quarter of each strays
    base, view = seen(truth.tolist(), label.tolist(), noise=0.9)
    decided = np.arange(24) % 8 == 1
    distrusted(monkeypatch, 1)
    evidence = FaceEvidence(base)
    evidence.update([g.id for g in view.groups], view.label, decided)
    weight = evidence._weight
    np.testing.assert_allclose(weight, np.where((view.label == 1) & ~decided, np.exp(-3), 1))
    y = np.eye(3)[view.label]
    shared = np.flatnonzero(evidence._place >= 0)
    group, share = (k[evidence._place[shared]] for k in evidence._shared)
    y[shared[:, None], group] = share
    np.testing.assert_allclose(y.sum(axis=1), 1)
    assert np.count_nonzero((y > 0.02) & (y < 0.98)) > 2
    y -= evidence.share
    scores, x = evidence._faces(np.arange(24)), evidence.x.astype(np.float64)
    for i in range(24):
        rest = np.arange(24) != i
        heavy = x[rest] * weight[rest, None]
        inverse = np.linalg.inv(heavy.T @ x[rest] + RIDGE * np.eye(x.shape[1]))
        np.testing.assert_allclose(scores[i], x[i] @ inverse @ heavy.T @ y[rest], atol=2e-3)


def test_who_looks_like_a_group_belongs_to_it_though_others_left_it(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = [0] * 40 + [1] * 30 + [2] * 30
    base, view = seen(truth, truth)
    mine = int(view.label[0])
    distrusted(monkeypatch, mine)
    evidence = FaceEvidence(base)
    evidence.update([g.id for g in view.groups], view.label, np.arange(100) % 10 == 0)
    found = evidence.membership(np.arange(40))
    assert (found.group[:, 0] == mine).all()
    assert (1 - found.own).sum() < 1  # of 40 tracks, all of which are right


def test_tracks_around_and_tracks_at_the_same_time() -> None:
    base, view = seen([0, 0, 1, 1], [0, 0, 1, 1])
    object.__setattr__(base, "cannot", np.array([[0, 2]]))
    evidence = FaceEvidence(base)
    evidence.update([g.id for g in view.groups], view.label, np.zeros(4, np.bool_))
    assert evidence._met(np.arange(4)).table().tolist() == [[0, 1], [0, 0], [1, 0], [0, 0]]
    share = np.array([0.5, 0.5])  # two of four tracks each
    count = np.array([[1, 2], [1, 2], [2, 1], [2, 1]])  # among the other three
    np.testing.assert_allclose(evidence._around(np.arange(4)).table(), np.log((count / share + 2) / (3 + 2)))


def test_a_stray_track_belongs_elsewhere_and_an_answer_is_learnt() -> None:
    truth = [0] * 8 + [1] * 8 + [2] * 8
    label = [0] * 7 + [1] + [1] * 8 + [2] * 8
    base, view = seen(truth, label)
    asker = Asker(base)
    asker.look(view)
    found = asker.evidence.membership(np.arange(24))
    assert found.group[7, 0] == view.label[0]
    assert found.own[7] < 0.5
    assert (np.delete(found.own, 7) > 0.9).all()
    first = asker.sheet().items[0]
    assert (first.track, view.label[first.guess], first.whole) == (7, view.label[0], False)


def test_a_group_whose_tracks_are_sent_elsewhere_is_trusted_less() -> None:
    """Of ten tracks that were considered for group 1 and had been put there, all went to group 0."""
    group, odds = np.tile([0, 1], (10, 1)), np.zeros((10, 2))
    mine, stays = group == 0, group == 1
    temper, attracts, holds = answered(group, odds, mine, stays, 2)
    share = share_of(temper * odds + attracts[group] + np.where(stays, holds[group], 0.0))
    assert share[0, 0] > 0.8
    assert attracts[0] > attracts[1]
    nothing = answered(group[:0], odds[:0], mine[:0], stays[:0], 2)
    assert nothing[0] == 1.0
    assert (nothing[1] == 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_the_best_sheet_against_all_sheets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gain, cost = rng.random(7) * 100, rng.random(7) * 2
    chosen = best_of(gain, cost, 4)

    def worth(items: tuple[int, ...]) -> float:
        return float(gain[list(items)].sum() / (1 + cost[list(items)].sum()))

    best = max((c for n in range(1, 5) for c in itertools.combinations(range(7), n)), key=worth)
    assert worth(tuple(chosen)) == pytest.approx(worth(best))


def test_no_items() -> None:
    assert best_of(np.zeros(0), np.zeros(0), 4).tolist() == []
    base, view = seen([0, 0], [NOISE, NOISE])
    asker = Asker(base)
    asker.look(view)
    assert asker.sheet().items == ()
    assert asker.questions() == []


def test_one_sheet_sorts_many_tracks_and_is_undone_at_once(made: Callable[..., Any]) -> None:
    truth = [0] * 9 + [1] * 9 + [2] * 2
    workspace = made(truth, [0] * 6 + [1] * 3 + [1] * 6 + [0] * 3 + [2] * 2)
    with Session.open(workspace.place) as session:
        before = {tuple(g.tracks.tolist()) for g in session.view.groups}
        first, second = (g.id for g in session.view.groups[:2])
        assert {first, second} == {"p1", "p2"}
        items = [{"track": t, "to": 0} for t in (6, 7, 8)] + [{"track": t, "to": 9} for t in (15, 16, 17)]
        session.decide({"action": "sort", "items": items})
        assert {tuple(g.tracks.tolist()) for g in session.view.groups} == {
            tuple(range(9)), tuple(range(9, 18)), (18, 19),
        }  # fmt: skip
        assert session.history()[0]["what"] == "6 tracks moved"
        session.undo()
        assert {tuple(g.tracks.tolist()) for g in session.view.groups} == before


def test_a_sheet_joins_whole_people_and_parts_others(made: Callable[..., Any]) -> None:
    workspace = made([0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 2, 2])
    with Session.open(workspace.place) as session:
        items: list[dict[str, Any]] = [
            {"track": 2, "whole": True, "to": 0},
            {"track": 4, "whole": True, "to": None, "not": [0]},
        ]
        session.decide({"action": "sort", "items": items})
        assert sorted(g.tracks.tolist() for g in session.view.groups) == [[0, 1, 2, 3], [4, 5]]
        assert session.sheet()["items"] == []
        session.decide({"action": "same", "tracks": [0, 4]})
        assert "this outranks decision 1" in session.history()[0]["what"]


def test_a_sheet_after_answers_is_that_after_the_same_decisions_and_decides_nothing(
    made: Callable[..., Any],
) -> None:
    rng = np.random.default_rng(1)
    truth = np.repeat(np.arange(4), 12)
    label = np.where(rng.random(48) < 0.2, (truth + 1) % 4, truth)
    workspace = made(truth.tolist(), label.tolist())
    with Session.open(workspace.place) as session:
        first = session.sheet()["items"]
        assert len(first) > 1
        row = first[0]
        shown = [t["track"] for t in [row["guess"], *row["others"]] if t]
        answer = {"action": "sort", "items": [{"track": row["track"]["track"], "to": None, "not": shown}]}
        none = {"action": "not-a-face", "tracks": [first[1]["track"]["track"]]}
        before = session.view
        ahead = session.sheet_after([answer, none], revision=before.revision)
        assert session.view is before
        assert session.history() == []
        assert ahead["revision"] == before.revision
        assert session.sheet()["items"] == first
        assert session.decide_all([answer, none]) == [1, 2]
        assert session.sheet()["items"] == ahead["items"]
        together = session.view.label
        session.undo()
        assert [session.decide(answer), session.decide(none)] == [5, 6]
        np.testing.assert_array_equal(session.view.label, together)
        with pytest.raises(Stale):
            session.sheet_after([answer], revision=before.revision)


@pytest.mark.parametrize("people", [6, 12])
def test_a_person_is_asked_about_once_on_a_page(made: Callable[..., Any], people: int) -> None:
    """After "not sure" a person can be compared with others; this is a question of the next page."""
    workspace = made(list(range(people)) * 2, list(range(people)) * 2)
    with Session.open(workspace.place) as session:
        items = session.sheet()["items"]
        assert len(items) > 1
        tracks = {item["track"]["track"] for item in items}
        answers = [
            {
                "track": item["track"]["track"],
                "whole": item["whole"],
                "open": [item["others"][0]["track"]],  # and not yet with the others
            }
            for item in items
        ]
        after = session.sheet_after([{"action": "sort", "items": answers}])["items"]
        assert not tracks & {item["track"]["track"] for item in after}
        session.decide({"action": "sort", "items": answers})
        assert tracks & {item["track"]["track"] for item in session.sheet()["items"]}


def test_several_decisions_are_made_all_or_none(made: Callable[..., Any]) -> None:
    workspace = made([0, 0, 1, 1], [0, 0, 1, 1])
    with Session.open(workspace.place) as session:
        good = {"action": "split", "tracks": [0]}
        for bad in ({"action": "split", "tracks": [0]}, {"action": "move", "tracks": [99]}, {}):
            with pytest.raises(InputError):
                session.decide_all([good, bad])
            assert session.history() == []
        with pytest.raises(InputError, match="at least one"):
            session.decide_all([])
        fresh = f"p{max(g.number for g in session.view.groups) + 1}"
        session.decide_all([good, {"action": "name", "person": fresh, "name": "Anna"}])
        named = session.view.group("Anna") or session.view.group(fresh)
        assert named is not None
        assert named.tracks.tolist() == [0]
        assert named.name == "Anna"
    with Session.open(workspace.place) as again:
        assert [(g.id, g.name, g.tracks.tolist()) for g in again.view.groups] == [
            (g.id, g.name, g.tracks.tolist()) for g in session.view.groups
        ]


def test_who_is_confirmed_keeps_the_name(made: Callable[..., Any]) -> None:
    workspace = made([0, 0, 1, 1], [0, 0, 1, 1])
    with Session.open(workspace.place) as session:
        session.decide({"action": "name", "person": "p1", "name": "Anna"})
        for track in (0, 1):
            session.decide({"action": "sort", "items": [{"track": track, "to": 1 - track}]})
        assert [g.name for g in session.view.groups] == ["Anna", ""]


def test_nobody_of_those_shown(made: Callable[..., Any]) -> None:
    workspace = made([0, 0, 1, 2, 2], [0, 0, 0, 1, 1])
    with Session.open(workspace.place) as session:
        session.decide({"action": "sort", "items": [{"track": 2, "to": None, "not": [0, 3]}]})
        assert sorted(g.tracks.tolist() for g in session.view.groups) == [[0, 1], [2], [3, 4]]
        assert all(i["track"]["track"] != 2 for i in session.sheet()["items"])


@pytest.mark.parametrize(
    "items",
    [
        None, [], "x", [1], [{}], [{"track": 99, "to": 0}], [{"track": "1", "to": 0}], [{"track": True}],
        [{"track": 1, "to": 1}], [{"track": 1, "to": 77}], [{"track": 1, "to": [0]}],
        [{"track": 1, "to": None, "not": [1]}], [{"track": 1, "to": None, "not": 0}],
        [{"track": 1, "to": 0}, {"track": 1, "to": 2}], [{"track": 1, "to": 0}] * 3,
    ],
)  # fmt: skip
def test_bad_sheets_are_one_sentence_and_leave_no_trace(made: Callable[..., Any], items: Any) -> None:
    workspace = made([0, 0, 1, 1], [0, 0, 1, 1])
    with Session.open(workspace.place) as session:
        with pytest.raises(InputError) as error:
            session.decide({"action": "sort", "items": items})
        assert "\n" not in str(error.value)
        assert session.history() == []


@pytest.mark.parametrize("seed", range(3))
def test_a_reviewer_who_answers_sheets_ends_with_the_truth(made: Callable[..., Any], seed: int) -> None:
    """Five people in parts, a tenth of the tracks strays: sheet after sheet, in fewer clicks than strays."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(5), 16)
    label = truth.copy()
    label[rng.random(80) < 0.3] += 5
    stray = rng.random(80) < 0.1
    label[stray] = (label[stray] + 1) % 5
    workspace = made(truth.tolist(), label.tolist())
    clicks = 0
    with Session.open(workspace.place) as session:
        while (sheet := session.sheet())["items"] and clicks < 100:
            answer = []
            for item in sheet["items"]:
                track, guess = item["track"]["track"], item["guess"]
                shown = [o["track"] for o in ([guess] if guess else []) + item["others"]]
                right = next((t for t in shown if truth[t] == truth[track]), None)
                clicks += right != (guess["track"] if guess else None)
                answer.append({"track": track, "whole": item["whole"], "to": right, "not": shown})
            clicks += 1
            session.decide({"action": "sort", "items": answer}, revision=sheet["revision"])
        found = sorted(g.tracks.tolist() for g in session.view.groups)
    assert found == [np.flatnonzero(truth == k).tolist() for k in range(5)]
    assert clicks < stray.sum() + 5
