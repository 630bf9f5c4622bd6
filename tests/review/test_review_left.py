"""What is asked until nothing is left: all tracks set aside, page by page, and all pairs of people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from review_made import tables

from castlist.decisions import Base, Decision, View, apply, completed
from castlist.errors import InputError
from castlist.review import Session
from castlist.review.actions import decision
from castlist.suggest.checks import SHOWN, pieces
from castlist.suggest.known import AGAIN, ENOUGH, MOST, KnownPeople
from castlist.suggest.pairs import closed_pairs, share_seen_together
from castlist.suggest.questions import LONGEST, Asker
from castlist.types import NOISE, SET_ASIDE, Video


class Review:
    """Decisions in memory."""

    def __init__(self, base: Base, film: Video) -> None:
        self.base, self.film = base, film
        self.log: list[Decision] = []
        self.view: View = apply(base, film, ())
        self.asker = Asker(base)
        self.asker.look(self.view)

    def act(self, request: dict[str, Any]) -> None:
        made = replace(decision(request, self.base, self.film, self.view), id=len(self.log) + 1)
        self.log.append(completed(made, self.view, self.base, self.film))
        self.view = apply(self.base, self.film, self.log, self.view)
        self.asker.look(self.view)


def set_aside(
    count: int, people: int = 2, each: int = 4
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    truth = np.concatenate([np.repeat(np.arange(people), each), np.arange(count) % people])
    label = np.concatenate([np.repeat(np.arange(people), each), np.full(count, NOISE)])
    return truth, label


def test_everything_set_aside_is_shown_once_page_by_page(made: Callable[..., Any]) -> None:
    count = 2 * LONGEST + 5
    with Session.open(made(*set_aside(count)).place) as session:
        seen: list[int] = []
        while session.checks()["first"]:
            page = session.checks()
            assert page["asides"] == count - len(seen)
            if page["first"] == "sheet":
                items = [
                    {"track": i["track"]["track"], "open": [o["track"] for o in i["others"]]}
                    for i in session.sheet()["items"]
                ]
                session.decide({"action": "sort", "items": items})
                continue
            # One of each page is a person after all, so the rest goes on being worth a look.
            back, stay = [{"track": page["aside"][0], "to": 0}], page["aside"][1:]
            items = [{"person": p["id"]} for p in page["people"]]
            assert not set(seen) & set(page["aside"])
            seen += page["aside"]
            session.decide({"action": "check", "items": items, "back": back, "stay": stay})
        assert sorted(seen) == list(range(8, 8 + count))
        assert (session.view.fate == SET_ASIDE).sum() == count - 3
        session.undo()
        assert session.checks()["first"] == "check"


def test_set_aside_tracks_that_nobody_marks_end_the_pages_early(made: Callable[..., Any]) -> None:
    truth, label = set_aside(3 * LONGEST, people=3, each=40)
    base = made(truth, label).base
    review = Review(base, made(truth, label).video)
    pages = 0
    while review.asker.first() == "check":
        checks = review.asker.checks()
        items = [{"person": review.view.groups[c.group].id} for c in checks]
        review.act({"action": "check", "items": items, "stay": review.asker.asides()})
        pages += not checks
    assert pages == 0  # none of 24 was a person: the other 48, a tenth of all faces, are not worth a page


@pytest.mark.parametrize("stay", [[0], [4, 99], 3, ["x"], [4, 0]])
def test_only_what_is_set_aside_can_stay_so(made: Callable[..., Any], stay: Any) -> None:
    with Session.open(made([0, 0, 1, 1, 1], [0, 0, 1, 1, NOISE]).place) as session:
        with pytest.raises(InputError) as error:
            session.decide({"action": "check", "items": [{"person": "p1"}], "stay": stay})
        assert "\n" not in str(error.value)
        with pytest.raises(InputError, match="not taken back"):
            session.decide({"action": "check", "items": [], "back": [4], "stay": [4]})
        assert session.history() == []


def test_who_stays_aside_is_not_asked_about_and_closes_nobody(made: Callable[..., Any]) -> None:
    made_ = made([0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, NOISE])
    review = Review(made_.base, made_.video)
    before = review.asker.closed.copy()
    review.act({"action": "check", "items": [], "stay": [6]})
    assert review.asker.asides() == []
    assert (review.asker.closed == before).all()
    assert [g.tracks.tolist() for g in review.view.groups] == [[0, 1, 2], [3, 4, 5]]


def test_people_of_many_faces_are_compared_with_everybody_in_the_end(made: Callable[..., Any]) -> None:
    people = 14
    truth = np.repeat(np.arange(people), 3)
    made_ = made(truth, truth)
    review, met = Review(made_.base, made_.video), set()
    for _ in range(40):
        if not review.asker.first():
            break
        if review.asker.first() == "check":
            ids = [review.view.groups[c.group].id for c in review.asker.checks()]
            review.act({"action": "check", "items": [{"person": i} for i in ids]})
            continue
        items = []
        for item in review.asker.sheet().items:
            shown = [t for t in (item.guess, *item.others) if t != NOISE]
            fresh = {frozenset((int(truth[item.track]), int(truth[t]))) for t in shown}
            assert not (fresh & met and item.whole)  # nothing is asked twice
            met |= fresh if item.whole else set()
            items.append({"track": item.track, "open": shown})
        review.act({"action": "sort", "items": items})
    assert review.asker.first() == ""
    assert len(met) == people * (people - 1) // 2


def test_who_was_compared_with_enough_is_asked_about_again_only_where_somebody_is_likely(
    made: Callable[..., Any],
) -> None:
    truth = np.repeat(np.arange(MOST + 4), 3)
    made_ = made(truth, truth)
    review, last = Review(made_.base, made_.video), int(np.flatnonzero(truth == truth.max())[0])

    def asked(probability: float) -> bool:
        """About the last person, who is the first one with this probability."""
        who, view = int(review.view.label[last]), review.view
        chance = np.zeros((len(view.groups), len(view.groups)))
        chance[who, view.label[0]] = chance[view.label[0], who] = probability
        faces = np.where(np.arange(len(view.groups)) == who, 1.0, 3.0)  # who has least is asked about
        worth, closed = (np.ones(len(truth)), faces), closed_pairs(view)
        share = share_seen_together(review.asker.together, view)
        known = KnownPeople(share, view, review.asker.evidence, worth, chance, closed)
        found = [likely for likely in known.all() if likely.group == who]
        assert all(sum(p for _, p in one.shown) + one.none == pytest.approx(1) for one in found)
        return bool(found)

    assert asked(0)  # no other person was shown with this person yet
    assert asked(AGAIN - 0.05)
    others = [int(np.flatnonzero(truth == k)[0]) for k in range(1, ENOUGH + 1)]
    review.act({"action": "sort", "items": [{"track": last, "whole": True, "to": None, "not": others}]})
    assert not asked(0)
    assert not asked(AGAIN - 0.05)
    assert asked(AGAIN + 0.05)


def test_somebody_without_a_face_to_compare_is_compared_with_who_has_one(made: Callable[..., Any]) -> None:
    truth = np.repeat(np.arange(3), [2, 9, 3])
    base = tables(truth, truth)
    mean, vector = base.mean.copy(), base.vector.copy()
    mean[2:11] = vector[2:11] = 0  # the largest person is too blurred
    review = Review(replace(base, mean=mean, vector=vector), made(truth, truth).video)
    label, lines = review.view.label, review.asker._known()[1]
    offered = {int(truth[t]): shown for t, shown in zip(lines.track, lines.shown, strict=True)}
    assert {int(truth[label == k][0]) for k in offered[1]} == {0, 2}


def test_a_second_person_is_a_piece_of_its_own_beside_outliers() -> None:
    rng = np.random.default_rng(1)
    centre = rng.normal(size=(2, 64))
    centre[1] = 0.55 * centre[0] + 0.85 * centre[1]
    vector = np.concatenate([
        centre[0] + 0.5 * rng.normal(size=(40, 64)),
        centre[1] + 0.5 * rng.normal(size=(8, 64)),
        centre[0] + 1.6 * rng.normal(size=(8, 64)),  # blurred
    ])  # fmt: skip
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    found = pieces(np.arange(56), np.full(56, 10), vector.astype(np.float32), np.ones(56))
    hidden = [piece[SHOWN:] for piece in found]
    second = np.arange(40, 48)
    for piece, rest in zip(found, hidden, strict=True):  # the shown faces include the second person
        assert not np.isin(rest, second).any() or np.isin(piece[:SHOWN], second).any()
