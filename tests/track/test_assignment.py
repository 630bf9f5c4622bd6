"""SciPy's assignment by itself gives what it gives by the public way, and that way remains."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from castlist.track import assignment
from castlist.track.assignment import assign, assign_whole


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    assignment._solver.cache_clear()
    yield
    assignment._solver.cache_clear()


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 3), (5, 2), (4, 7)])
def test_the_pairs_are_those_of_the_public_function(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for cost in (rng.random(shape), rng.integers(0, 3, shape).astype(float), np.ones(shape)):
        for ours, theirs in zip(assign(cost), assign_whole(cost), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_by_hand() -> None:
    assert [x.tolist() for x in assign(np.array([[1.0, 2.0], [1.0, 9.0]]))] == [[0, 1], [1, 0]]


def test_nothing_else_of_scipy_is_imported_and_can_be_afterwards() -> None:
    code = (
        "import sys, numpy as np; from castlist.track.assignment import assign; assign(np.ones((2, 2)));"
        "assert 'scipy' not in sys.modules and 'scipy.optimize' not in sys.modules;"
        "from scipy.optimize import linear_sum_assignment as f; assert f(np.eye(2))[1].tolist() == [1, 0]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("content", [None, b"no module"])
def test_the_public_way_where_scipy_keeps_it_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    (tmp_path / "optimize").mkdir()
    if content:
        (tmp_path / "optimize" / f"_lsap{assignment.EXTENSION_SUFFIXES[0]}").write_bytes(content)
    spec = type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})
    monkeypatch.setattr(assignment.importlib.util, "find_spec", lambda name: spec)
    assert assignment._solver() is assign_whole
