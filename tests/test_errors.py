"""Errors reach another process whole: a pool of processes hands them over by pickle."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import pytest

from castlist import errors
from castlist.decisions import Anchor, Decision, DecisionKind
from castlist.errors import CastlistError, MissingExtra, VideoError, WorkspaceError
from castlist.review.saving import NotUpdated, SaveKilled
from castlist.store.log import Stale

FACE = Anchor(Fraction(1), (0.1, 0.1, 0.2, 0.2))
PLAIN = [
    getattr(errors, name)("film.mp4: what is wrong; what to do")
    for name in errors.__all__
    if name[0].isupper() and name != "MissingExtra"
]
ALL = [
    *PLAIN,
    WorkspaceError("film.castlist: cannot be written", elsewhere=True),
    MissingExtra("the chart", "plots"),
    Stale((Decision(DecisionKind.NAME, (FACE,), "Anna", author="Ann"),)),
    NotUpdated(Path("film.castlist"), WorkspaceError("film.castlist: no space left")),
    SaveKilled("ended by the system"),
]


@pytest.mark.parametrize("error", ALL, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("again", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])  # noqa: S301
def test_an_error_is_the_same_after_a_pickle(error, again):
    found = again(error)
    assert type(found) is type(error)
    assert str(found) == str(error)
    assert found.args == error.args
    assert found.__dict__ == error.__dict__


def _missing(_: int) -> None:
    raise MissingExtra("the chart", "plots")


def test_an_error_of_a_process_reaches_who_asked():
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(MissingExtra, match="matplotlib") as raised,
    ):
        list(pool.map(_missing, [0]))
    assert raised.value.extra == "plots"
    assert isinstance(raised.value, CastlistError)
    assert not isinstance(raised.value, VideoError)
