"""What a person decided outranks what the machine saw; two decisions that exclude each other are an error."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError
from castlist.types import USER, Constraints

__all__ = ["conflicts", "with_decisions"]


def with_decisions(constraints: Constraints, *, must: ArrayLike = (), cannot: ArrayLike = ()) -> Constraints:
    """The constraints and a person's own, origin USER: pairs (q, 2) of tracks that are one person, or two.

    A decision outranks the film: a co-occurrence cannot-link between two tracks that the decisions join,
    directly or by a chain, is dropped (a mirror, a split screen). Repeated pairs are kept once.

    Raises:
        InputError: the decisions themselves contradict each other; the message names two tracks.
    """
    added = [_rows(must, True), _rows(cannot, False)]
    parts = [constraints, *added]
    a, b, same, origin = (
        np.concatenate([getattr(p, c) for p in parts]) for c in ("a", "b", "same", "origin")
    )
    low, high = np.minimum(a, b), np.maximum(a, b)
    _, first = np.unique(np.stack([low, high, same, origin], 1), axis=0, return_index=True)
    table = Constraints(low, high, same, origin)[np.sort(first)]
    if len(clash := conflicts(table[table.origin == USER])):
        a0, b0 = clash[0]
        raise InputError(
            f"tracks {a0} and {b0} were decided to be both one person and two; undo one decision"
        )
    users = table.origin == USER
    group = _groups(table, users & table.same)
    overruled = ~users & ~table.same & (group[table.a] == group[table.b])
    return table[~overruled]


def conflicts(constraints: Constraints) -> NDArray[np.int64]:
    """(q, 2) cannot-linked pairs that the must-links join, directly or by a chain; none is what one wants."""
    group = _groups(constraints, constraints.same)
    pairs = constraints.cannot
    return np.asarray(pairs[group[pairs[:, 0]] == group[pairs[:, 1]]])


def _rows(pairs: ArrayLike, same: bool) -> Constraints:
    table = np.asarray(pairs, np.int64).reshape(-1, 2)
    if table.min(initial=0) < 0:
        raise InputError(f"decisions must name tracks by their index, got {table.min()}")
    n = len(table)
    return Constraints(table[:, 0], table[:, 1], np.full(n, same), np.full(n, USER, np.int8))


def _groups(constraints: Constraints, joined: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A number for each track, equal where the rows picked by `joined` connect them."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = int(max(constraints.a.max(initial=-1), constraints.b.max(initial=-1))) + 1
    if n == 0:
        return np.zeros(0, np.int64)
    a, b = constraints.a[joined], constraints.b[joined]
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)
