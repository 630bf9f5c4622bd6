"""The questions count clothes as the linkage does, where the film taught what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from review_made import LENGTH, Made

from castlist.cluster.cue_pairs import cue_odds
from castlist.decisions import Base, apply
from castlist.errors import InputError
from castlist.store import Workspace
from castlist.suggest.membership import FaceEvidence
from castlist.suggest.pairs import cue_log_odds
from castlist.suggest.questions import Asker
from castlist.types import CuePairs

TRUTH = [0] * 5 + [1] * 5 + [2] * 2
Make = Callable[..., Made]


def dressed(base: Base, outfit: NDArray[np.int64], *, hidden: tuple[int, ...] = ()) -> Base:
    """The same tracks, dressed so; the clothes of those who are `hidden` are not seen."""
    n = len(outfit)
    vector = np.eye(int(outfit.max()) + 1, dtype=np.float32)[outfit]
    vector[list(hidden)] = 0
    start = np.arange(n) * LENGTH / 25
    spans = np.array([[1.0, 6.0, 0.5], [np.inf, 3.0, 0.5]])
    pairs = CuePairs(vector, np.stack([start, start + LENGTH / 25], 1), spans, np.array([1.5, 2.5]))
    return replace(base, cue=pairs)


def test_groups_have_the_mean_of_their_pairs(made: Make) -> None:
    film = made(TRUTH, [0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 3, 3])
    base = dressed(film.base, np.array(TRUTH), hidden=(3, 10, 11))
    view = apply(base, film.video, [])
    found = cue_log_odds(base, view)
    odds, label = cue_odds(base.cue, np.arange(12), np.arange(12)), view.label
    seen = base.cue.vector.any(axis=1)
    for one in range(4):
        for other in set(range(4)) - {one}:
            pairs = [odds[a, b] for a in np.flatnonzero(seen & (label == one))
                     for b in np.flatnonzero(seen & (label == other))]  # fmt: skip
            assert found[one, other] == pytest.approx(np.mean(pairs) if pairs else 0.0, abs=1e-5)


def test_a_track_is_no_evidence_for_itself(made: Make) -> None:
    film = made(TRUTH, TRUTH)
    base = dressed(film.base, np.array(TRUTH))
    evidence, label = FaceEvidence(base), np.array(TRUTH)
    evidence.update(["p1", "p2", "p3"], label, np.zeros(12, bool))
    odds = cue_odds(base.cue, np.arange(12), np.arange(12))
    found = evidence._clothes(np.array([0, 7]))
    assert found[0, 0] == pytest.approx(odds[0, 1:5].mean(), abs=1e-5)
    assert found[1, 1] == pytest.approx(np.delete(odds[7, 5:10], 2).mean(), abs=1e-5)


def test_the_same_clothes_make_two_people_likelier_to_be_one(made: Make) -> None:
    film = made(TRUTH, [0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 3, 3])

    def probability(base: Base) -> float:
        asker = Asker(base)
        asker.look(apply(base, film.video, []))
        one, other = asker.view.label[[0, 3]].tolist()
        return asker.alike(one)[other]

    chance = probability(film.base)
    assert probability(dressed(film.base, np.array(TRUTH))) > chance
    assert probability(dressed(film.base, np.arange(12))) < chance
    assert probability(dressed(film.base, np.array(TRUTH), hidden=(0, 1, 2))) == pytest.approx(chance)


def test_what_clothes_say_is_stored_with_what_the_machine_found(made: Make) -> None:
    film = made(TRUTH, TRUTH)
    base = dressed(film.base, np.array(TRUTH))
    with Workspace.open(film.place) as keep:
        run = keep.runs()[-1].id
        keep.put("machine", f"run {run}", base)
        again: Any = keep.machine()
    rows = np.arange(12)
    assert np.array_equal(cue_odds(again.cue, rows, rows), cue_odds(base.cue, rows, rows))
    with pytest.raises(InputError, match="cue"):
        replace(base, cue=CuePairs(np.eye(3), np.zeros((3, 2)), np.array([[np.inf, 1, 0]]), np.ones(2)))  # type: ignore[arg-type]
