"""People keep their number and their place, and an undo brings them back as who they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from castlist.decisions import Anchor, Decision, apply, cast_of, renumbered
from castlist.review import Session
from castlist.review.people import Describe
from castlist.suggest.questions import Asker
from castlist.track import TOO_BLURRED
from castlist.types import BACKGROUND, NOISE, Portraits


def ids(session: Session) -> list[str]:
    return [g.id for g in session.view.groups]


@pytest.mark.parametrize(
    "request_",
    [
        {"action": "merge", "people": ["p1", "p4"]},
        {"action": "merge", "people": ["p1", "p2", "p3", "p4"]},
        {"action": "hide", "people": ["p1"]},
        {"action": "not-a-face", "people": ["p3"]},
        {"action": "split", "tracks": [0]},
        {"action": "move", "tracks": [6, 7], "person": "p1"},
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
        session.decide({"action": "hide", "people": ["p2"]})
        session.decide({"action": "split", "tracks": [0]})
        assert ids(session) == ["p1", "p3"]
        session.decide({"action": "restore", "tracks": [3, 4, 5]})
        assert ids(session) == ["p1", "p3", "p2"] or ids(session) == ["p1", "p2", "p3"]


def test_the_cast_is_numbered_before_the_background(made: Callable[..., Any]) -> None:
    label = [0, 0, 0, 1, 1, 2]
    it = made(label, label)
    fate = it.base.fate.copy()
    fate[:3] = BACKGROUND  # longest on screen, and too blurred to tell
    groups = apply(replace(it.base, fate=fate, next_number=0), it.video, []).groups
    assert [(g.id, g.tracks.tolist()) for g in groups] == [("p1", [3, 4]), ("p2", [5]), ("p3", [0, 1, 2])]


def test_people_are_numbered_in_the_order_of_the_cast(made: Callable[..., Any]) -> None:
    label = [0, 1, 1, 1]  # the first is larger in the picture, the second longer on screen
    it = made(label, label)
    fresh = renumbered(replace(it.base, next_number=0), None)
    assert fresh.number.tolist() == [1, 2]
    assert [g.id for g in apply(fresh, it.video, []).groups] == ["p1", "p2"]


def test_a_reason_to_be_in_the_background_stays_while_it_holds(made: Callable[..., Any]) -> None:
    label = [0, 0, 1, 1]
    it = made(label, label)
    fate, why = it.base.fate.copy(), ("", "", TOO_BLURRED, TOO_BLURRED)
    fate[2:] = BACKGROUND
    base = replace(it.base, fate=fate, reason=why)
    assert apply(base, it.video, []).reason == why
    face = Anchor.at(base.clock, it.video, int(base.tracks.first[2]), base.tracks.box[base.tracks.offset[2]])
    said = apply(base, it.video, [Decision("foreground", (face,), id=1)])
    assert said.reason == ("", "", "", "")


def test_a_person_without_a_vector_is_never_taken_for_another(made: Callable[..., Any]) -> None:
    label = [0, 0, 0, 1, 1, 1, 2]
    it = made(label, label)
    vector = it.base.vector.copy()
    vector[6] = 0
    base = replace(it.base, vector=vector, mean=vector, scale=np.array([0.7, -0.05, 0.12, -3.0]))
    asker = Asker(base)
    asker.look(apply(base, it.video, []))
    assert all(6 not in (q.a, q.b, *q.others) for q in asker.questions())
    assert all(6 not in (i.guess, *i.others) for i in asker.sheet().items)
    assert all(i.guess == NOISE for i in asker.sheet().items if i.track == 6)


def test_a_face_is_not_laid_at_the_door_of_somebody_without_a_vector(made: Callable[..., Any]) -> None:
    it = made([0, 1, 2], [0, 1, 2])  # a short clip: two strangers, and one too blurred to tell
    vector = it.base.vector.copy()
    vector[2] = 0
    base = replace(it.base, vector=vector, mean=vector)
    asker = Asker(base)
    asker.look(apply(base, it.video, []))
    assert all(2 not in (i.guess, *i.others) for i in asker.sheet().items)
    assert all(i.guess == NOISE for i in asker.sheet().items if i.track == 2)
    assert all(2 not in (q.a, q.b, *q.others) for q in asker.questions())


def test_a_picture_at_a_cut_is_shown_first_only_where_the_others_are_half_as_good(
    made: Callable[..., Any],
) -> None:
    with Session.open(made([0], [0]).place) as session:
        base, video = session.base, session.video
        start = int(base.shots.start[0])
        frame, quality = start + np.array([0, 4, 5]), np.array([0.8, 0.5, 0.3], np.float32)
        pictures = Portraits(frame, np.ones((3, 4)), np.zeros(3, int), quality, ("a", "b", "c"))
        describe = Describe(replace(base, portraits=pictures), video)
        assert [image for image, *_ in describe.pictures(0)] == ["b", "a", "c"]
        pictures = replace(pictures, quality=np.array([0.8, 0.3, 0.2], np.float32))
        describe = Describe(replace(base, portraits=pictures), video)
        assert [image for image, *_ in describe.pictures(0)] == ["a", "b", "c"]


@pytest.mark.parametrize("late", [0, 40])
def test_the_share_is_that_of_the_cast_also_where_pictures_begin_late(
    made: Callable[..., Any], late: int
) -> None:
    it = made([0, 0, 1], [0, 0, 1])
    clock = replace(it.base.clock, pts=it.base.clock.pts + late)
    base = replace(it.base, clock=clock)
    view = apply(base, it.video, [])
    cast, describe = cast_of(base, it.video, view), Describe(base, it.video)
    assert (
        clock.lasts(it.video.duration) == cast.whole == it.base.clock.time(len(clock)) - it.base.clock.time(0)
    )
    for group in view.groups:
        person = next(p for p in cast.everybody if p.id == group.number)
        share = describe._facts(np.asarray(group.tracks))["share"]
        assert share == pytest.approx(cast.share(person), abs=0.002)
