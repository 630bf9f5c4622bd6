"""Look-alikes of a person: the most probable first, those seen together with the person last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from castlist.review import Session
from castlist.review.alike import alike


def test_the_other_half_of_somebody_comes_first(made: Callable[..., Any]) -> None:
    film = made([0, 0, 1, 1, 2, 2, 0], [0, 0, 1, 1, 2, 2, 3])
    with Session.open(film.place) as session:
        view = session.view
        (half,) = [g for g in view.groups if 6 in g.tracks.tolist()]
        (whole,) = [g for g in view.groups if 0 in g.tracks.tolist()]
        found = alike(session.base, view, whole)
        assert found[0][0] == half.id
        assert found[0][1] > found[1][1]
        assert len(found) == 3
        assert next(i for i, _, _ in alike(session.base, view, half)) == whole.id


def test_nobody_is_alike_whom_one_stands_beside(made: Callable[..., Any]) -> None:
    film = made([0, 0, 0, 1], [0, 0, 1, 2])
    with Session.open(film.place) as session:
        base, view = session.base, session.view
        frame = base.tracks.frame.copy()
        frame[20:30] = frame[:10]  # the third track is in the picture with the first
        beside = replace(base, tracks=replace(base.tracks, frame=frame))
        (group,) = [g for g in view.groups if 0 in g.tracks.tolist()]
        (third,) = [g for g in view.groups if 2 in g.tracks.tolist()]
        assert alike(base, view, group)[0][0] == third.id
        assert alike(base, view, group)[0][2]
        assert alike(beside, view, group)[-1][0] == third.id
        assert [possible for _, _, possible in alike(beside, view, group)] == [True, False]


def test_whom_somebody_was_compared_with_may_not_be_them(made: Callable[..., Any]) -> None:
    film = made([0, 0, 0, 1], [0, 0, 1, 2])
    with Session.open(film.place) as session:
        session.decide({"action": "different", "tracks": [0, 2]})
        (group,) = [g for g in session.view.groups if 0 in g.tracks.tolist()]
        (third,) = [g for g in session.view.groups if 2 in g.tracks.tolist()]
        possible = {person: may for person, _, may in alike(session.base, session.view, group)}
        assert not possible.pop(third.id)
        assert list(possible.values()) == [True]


def test_alone(made: Callable[..., Any]) -> None:
    film = made([0, 0], [0, 0])
    with Session.open(film.place) as session:
        assert alike(session.base, session.view, session.view.groups[0]) == []
        assert np.isfinite(session.base.vector).all()
