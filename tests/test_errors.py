"""Errors stay complete between processes: a process pool passes them by pickle."""

from __future__ import annotations

import ast
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


CATCHES_OURS = {"ValueError", "Exception", "CastlistError", "InputError"}
OURS = {"InputError", "VideoError", "RecipeError"}


def swallowed(code: str) -> list[int]:
    """The lines that raise a complete message within a `try` that puts it into another message."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Try):
            types = [h.type for h in node.handlers if h.type and not _passes(h)]
            caught = {name.id for t in types for name in ast.walk(t) if isinstance(name, ast.Name)}
            passed = any(_passes(h) for h in node.handlers)
            raises = (r for inside in node.body for r in ast.walk(inside) if isinstance(r, ast.Raise))
            if caught & CATCHES_OURS and not passed:
                found += [r.lineno for r in raises if isinstance(r.exc, ast.Call) and _name(r.exc) in OURS]
    return found


def _passes(handler: ast.ExceptHandler) -> bool:
    """Whether a handler only raises the error again."""
    return isinstance(handler.body[0], ast.Raise) and handler.body[0].exc is None


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def test_no_sentence_is_put_into_another_sentence():
    """InputError is a ValueError: a `try` for ValueError would put its message into another one."""
    assert swallowed("try:\n    raise InputError('x')\nexcept ValueError as e:\n    print(e)\n") == [2]
    folder = Path(errors.__file__).parent
    found = {path: lines for path in folder.rglob("*.py") if (lines := swallowed(path.read_text("utf-8")))}
    assert found == {}
