"""Which decisions of another copy of a film a log already has.

A decision keeps its author, kind and time when it is imported, but several decisions may have all three in
common: castlist 0.2 gave those that were made together one time, and a log may be written by hand. What tells
them apart are the faces that they are about.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from castlist.decisions.decision import Anchor, Decision
from castlist.decisions.groups import Groups
from castlist.decisions.locate import TOLERANCE

__all__ = ["known_before"]

NEAR = 2 * float(TOLERANCE)  # seconds: a face was placed within the tolerance once, and now again


def known_before(
    given: Sequence[tuple[Decision, Sequence[Anchor]]], existing: Sequence[Decision]
) -> set[int]:
    """Indices of the decisions that a log has already; each row of the log stands for one of them.

    Args:
        given: decisions of another copy in this one's time, each with those of its faces, or others that
            stand in for them, which are found in this one.
        existing: the log; what was undone in it counts, too.
    """
    rows: dict[tuple[object, ...], list[Decision]] = {}
    for row in existing:
        rows.setdefault(_mark(row), []).append(row)
    known: set[int] = set()
    for alike in (_equal, _with_fewer_faces):  # the surest first, where several rows would do
        for k, (decision, found) in enumerate(given):
            candidates = rows.get(_mark(decision), [])
            same = next((row for row in candidates if k not in known and alike(decision, found, row)), None)
            if same is not None:
                known.add(k)
                candidates[:] = [row for row in candidates if row is not same]
    return known


def _mark(decision: Decision) -> tuple[object, ...]:
    """What a decision keeps in any copy; not its name, which is blank in one where the person was erased."""
    return decision.kind, decision.author, decision.time


def _equal(decision: Decision, found: Sequence[Anchor], row: Decision) -> bool:
    return (
        decision.value == row.value
        and len(decision.anchors) == len(row.anchors)
        and _all_in(decision.anchors, row.anchors)
        and _same_groups(decision.groups, row.groups)
    )


def _with_fewer_faces(decision: Decision, found: Sequence[Anchor], row: Decision) -> bool:
    """Whether the one can be the other without the faces that one of the copies does not have."""
    if decision.value != row.value and decision.value and row.value:
        return False
    if decision.groups is not None and _same_groups(decision.groups, row.groups):
        return True
    made, here = decision.anchors, row.anchors
    return _all_in(here, made) or _all_in(made, here) or _all_in(here, found)


def _all_in(faces: Sequence[Anchor], others: Sequence[Anchor]) -> bool:
    """Whether each of these faces is another one of those; boxes stay the same fractions of the frame."""
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
    """Whether these are the same faces of the same people; a log by castlist 0.1 records none."""
    if a is None or b is None:
        return a is b
    columns = ((a.box, b.box), (a.track, b.track), (a.side, b.side))
    if not all(np.array_equal(left, right) for left, right in columns):
        return False
    apart = a.time * float(a.unit) - b.time * float(b.unit)
    return bool(np.abs(apart).max(initial=0) <= NEAR)
