"""A person's word against the film's, and against itself."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.decisions.constraints import conflicts, with_decisions
from castlist.errors import InputError
from castlist.types import CO_OCCURRENCE, USER, Constraints

SEEN = Constraints(np.array([0, 2]), np.array([1, 3]), np.zeros(2, bool), np.zeros(2, np.int8))  # type: ignore[arg-type]


def test_decisions_are_added_as_the_users() -> None:
    table = with_decisions(SEEN, must=[(4, 5)], cannot=[(6, 4)])
    assert table.must.tolist() == [[4, 5]]
    assert table.cannot.tolist() == [[0, 1], [2, 3], [4, 6]]
    assert table.origin.tolist() == [CO_OCCURRENCE, CO_OCCURRENCE, USER, USER]


def test_a_decision_outranks_what_was_seen() -> None:
    assert with_decisions(SEEN, must=[(1, 0)]).cannot.tolist() == [[2, 3]]


def test_a_chain_of_decisions_outranks_what_was_seen() -> None:
    assert with_decisions(SEEN, must=[(2, 7), (7, 3)]).cannot.tolist() == [[0, 1]]


def test_repeated_decisions_count_once() -> None:
    assert len(with_decisions(SEEN, cannot=[(0, 9), (9, 0), (0, 9)])) == 3


@pytest.mark.parametrize("must", [[(0, 1)], [(0, 5), (5, 1)]])
def test_decisions_that_exclude_each_other_are_an_error(must: list[tuple[int, int]]) -> None:
    with pytest.raises(InputError, match="tracks 0 and 1 were decided"):
        with_decisions(Constraints.empty(), must=must, cannot=[(0, 1)])


def test_conflicts_are_reported_not_resolved() -> None:
    a, b, together = np.array([0, 1, 0, 3]), np.array([1, 2, 2, 4]), np.array([True, True, False, False])
    table = Constraints(a, b, together, np.zeros(4, np.int8))  # type: ignore[arg-type]
    assert conflicts(table).tolist() == [[0, 2]]


def test_nothing_with_nothing_is_nothing() -> None:
    assert len(with_decisions(Constraints.empty())) == 0
    assert len(conflicts(Constraints.empty())) == 0


@pytest.mark.parametrize("bad", [[(-1, 2)], [(3, 3)]])
def test_pairs_that_are_none_are_refused(bad: list[tuple[int, int]]) -> None:
    with pytest.raises(InputError):
        with_decisions(Constraints.empty(), must=bad)
