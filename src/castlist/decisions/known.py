"""Finds the decisions of another copy of a film that a log has already.

An imported decision keeps its author, kind and time, but several decisions may have all three in common:
castlist 0.2 gave decisions made together the same time, and a log may be written by hand. Their faces
distinguish them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from castlist.decisions.decision import Anchor, Decision
from castlist.decisions.groups import Groups
from castlist.decisions.locate import TOLERANCE

__all__ = ["known_before"]

NEAR = 2 * float(TOLERANCE)  # seconds: the import moved a face by up to the tolerance, and this one may again


def known_before(
    given: Sequence[tuple[Decision, Sequence[Anchor]]], existing: Sequence[Decision]
) -> set[int]:
    """Indices of the given decisions that the log has already; each row of the log matches one at most.

    Args:
        given: decisions of another copy in this copy's time, each with those of its faces that this copy has,
            or with faces of the same person in their place.
        existing: the log, including undone decisions.
    """
    rows: dict[tuple[object, ...], list[Decision]] = {}
    for row in existing:
        rows.setdefault(_mark(row), []).append(row)
    known: set[int] = set()
    for alike in (_equal, _with_fewer_faces):  # the strictest comparison first
        for k, (decision, found) in enumerate(given):
            candidates = rows.get(_mark(decision), [])
            same = next((row for row in candidates if k not in known and alike(decision, found, row)), None)
            if same is not None:
                known.add(k)
                candidates[:] = [row for row in candidates if row is not same]
    return known


def _mark(decision: Decision) -> tuple[object, ...]:
    """Fields that are equal in all copies; not the name, which is blank where the person was erased."""
    return decision.kind, decision.author, decision.time


def _equal(decision: Decision, found: Sequence[Anchor], row: Decision) -> bool:
    return (
        decision.value == row.value
        and len(decision.anchors) == len(row.anchors)
        and _all_in(decision.anchors, row.anchors)
        and _same_groups(decision.groups, row.groups)
    )


def _with_fewer_faces(decision: Decision, found: Sequence[Anchor], row: Decision) -> bool:
    """Whether the decisions can be equal but for faces that one of the copies lacks."""
    if decision.value != row.value and decision.value and row.value:
        return False
    if decision.groups is not None and _same_groups(decision.groups, row.groups):
        return True
    made, here = decision.anchors, row.anchors
    return _all_in(here, made) or _all_in(made, here) or _all_in(here, found)


def _all_in(faces: Sequence[Anchor], others: Sequence[Anchor]) -> bool:
    """Whether each face is among the others, each matched once; boxes are fractions of the frame."""
    left = list(others)
    for face in faces:
        near = (o for o in left if (o.box, o.side) == (face.box, face.side) and _near(o, face))
        same = next(near, None)
        if same is None:
            return False
        left.remove(same)
    return True


def _near(a: Anchor, b: Anchor) -> bool:
    return abs(float(a.time - b.time)) <= NEAR


def _same_groups(a: Groups | None, b: Groups | None) -> bool:
    """Whether two groups have equal faces, sides and times; a log by castlist 0.1 has no groups."""
    if a is None or b is None:
        return a is b
    columns = ((a.box, b.box), (a.track, b.track), (a.side, b.side))
    if not all(np.array_equal(left, right) for left, right in columns):
        return False
    apart = a.time * float(a.unit) - b.time * float(b.unit)
    return bool(np.abs(apart).max(initial=0) <= NEAR)
