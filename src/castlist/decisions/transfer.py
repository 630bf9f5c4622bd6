"""Transfers decisions from one copy of a film to another; reports decisions that cannot be transferred."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from castlist.decisions.align import Alignment, Copy
from castlist.decisions.apply import apply
from castlist.decisions.base import Base
from castlist.decisions.decision import Anchor, Decision, DecisionKind, active
from castlist.decisions.known import known_before
from castlist.decisions.locate import TOLERANCE, Finder
from castlist.decisions.names import refusal
from castlist.types import NOISE, SET_ASIDE, Portraits, Shots

__all__ = ["Carried", "Left", "carry"]

StandIns = Callable[[Anchor], Iterable[Anchor]]


@dataclass(frozen=True, slots=True)
class Left:
    """A decision that was not transferred, or only in part."""

    decision: Decision  # as in the first copy
    why: str  # one sentence
    wholly: bool = True  # False: the rest of the decision was transferred


@dataclass(frozen=True, slots=True)
class Carried:
    """The transferred decisions for the other copy's log, and decisions to report to the user."""

    decisions: tuple[Decision, ...]
    left: tuple[Left, ...]
    known: int  # decisions that the log has already


def carry(
    old: Sequence[Decision],
    existing: Sequence[Decision],
    alignment: Alignment,
    to: Copy,
    called: Sequence[str] = (),
    stand_ins: StandIns = lambda face: (),
) -> Carried:
    """The decisions of one log, for another copy's log.

    Undone decisions are not transferred. Decisions that contradict the other copy's log or that have faces
    outside that copy are left out and reported; decisions transferred before are not transferred again.

    Args:
        called: (t,) the name of each track's person in the other copy, "" for none.
        stand_ins: other faces of the same person in the first copy, best first; one of them is used where a
            face is outside the other copy or not found, and any face of the person would do.
    """
    find = Finder(to.tracks, to.clock, to.video)
    end = to.clock.time(len(to.clock))
    left: list[Left] = []
    made: dict[int, tuple[Decision, Decision]] = {}  # number -> (as added, as made)
    number = max((d.id for d in existing), default=0)
    held = [(d, _moved(d, alignment, find, end, stand_ins)) for d in active(old)]
    known = known_before(
        [(_in_time(d, alignment), () if isinstance(m, Left) else m.anchors) for d, m in held], existing
    )
    for decision, moved in (pair for k, pair in enumerate(held) if k not in known):
        borne = (
            {called[t] for t in find(moved.anchors).tolist()}
            if called and isinstance(moved, Decision)
            else set()
        )
        if isinstance(moved, Left):
            left.append(moved)
        elif moved.kind == DecisionKind.NAME and borne - {"", moved.value}:
            left.append(Left(decision, f"this person is called {min(borne - {''})!r} here already"))
        elif moved.value and (why := refusal(moved.value)):
            left.append(Left(decision, why))
        else:
            number += 1
            made[number] = (replace(moved, id=number), decision)
    left += _contradictions(existing, made, to)
    for moved, decision in made.values():
        if lost := len(decision.anchors) - len(moved.anchors):
            loss = f"{lost} of its {len(decision.anchors)} faces are not in this film"
            left.append(Left(decision, loss, wholly=False))
    left.sort(key=lambda decision_left: decision_left.decision.id)
    return Carried(tuple(moved for moved, _ in made.values()), tuple(left), len(known))


def _contradictions(
    existing: Sequence[Decision], made: dict[int, tuple[Decision, Decision]], to: Copy
) -> list[Left]:
    """Remove decisions that contradict earlier ones, in the order of the log; returns the removed ones."""
    left: list[Left] = []
    base = _single_tracks(to)
    while True:
        trial = [*existing, *(moved for moved, _ in made.values())]
        view = apply(base, to.video, trial)
        found = (c for c in view.conflicts if c.decision in made)
        against = min(found, key=lambda c: c.decision, default=None)
        if against is None:
            return left
        other = f" (decision {against.against})" if against.against else ""
        why = f"it contradicts what was decided here: {against.why}{other}"
        left.append(Left(made.pop(against.decision)[1], why))


def _single_tracks(to: Copy) -> Base:
    """The tracks of a copy, each on its own: only decisions join them."""
    t = len(to.tracks)
    return Base(
        to.clock, _one_each(to), to.tracks, Portraits.empty(), np.full(t, NOISE, np.int32),
        np.full(t, SET_ASIDE, np.int8), ("",) * t, np.zeros((t, 1), np.float32), np.zeros((0, 2), np.int64),
        np.zeros(4),
    )  # fmt: skip


def _one_each(to: Copy) -> Shots:
    """Shots with the numbers in the track table; their positions are not used."""
    start = np.arange(int(to.tracks.shot.max(initial=-1)) + 1)
    return Shots(start, start + 1, np.zeros(len(start), np.int8))


def _in_time(decision: Decision, alignment: Alignment) -> Decision:
    """The decision with all its faces, in the other copy's time."""
    groups = decision.groups
    return replace(
        decision,
        anchors=tuple(replace(face, time=alignment.time(face.time)) for face in decision.anchors),
        groups=None if groups is None else groups.moved(alignment.speed, alignment.offset),
    )


def _moved(
    decision: Decision, alignment: Alignment, find: Finder, end: Fraction, stand_ins: StandIns
) -> Decision | Left:
    """The decision in the other copy's time, without faces outside that copy."""

    def placed(face: Anchor) -> Anchor | None:
        time = alignment.time(face.time)
        if not -TOLERANCE <= time <= end + TOLERANCE:
            return None
        target = Anchor(min(max(time, Fraction(0)), end), face.box, face.side)
        return target if find([target])[0] != NOISE else None

    found = []
    for face in decision.anchors:
        target = placed(face)
        if target is None and _anyone(decision.kind, face.side):
            others = (placed(replace(other, side=face.side)) for other in stand_ins(face))
            target = next((other for other in others if other is not None), None)
        found += [] if target is None else [target]
    kept = _meaning(decision.kind, tuple(found))
    if not kept:
        outside = any(not 0 <= alignment.time(a.time) <= end for a in decision.anchors)
        why = (
            "its faces are in a part that this film does not have"
            if outside
            else "its faces were not found in this film"
        )
        return Left(decision, why)
    return replace(_in_time(decision, alignment), anchors=kept, numbers=())


def _anyone(kind: DecisionKind, side: int) -> bool:
    """Whether a side is about a person, so that any face of the person would do, and not about one track."""
    if kind in (DecisionKind.MOVE, DecisionKind.SORT):
        return side % 3 > 0
    return kind in (
        DecisionKind.SAME,
        DecisionKind.DIFFERENT,
        DecisionKind.UNSURE,
        DecisionKind.NAME,
        DecisionKind.BACKGROUND,
        DecisionKind.FOREGROUND,
    )


def _meaning(kind: DecisionKind, anchors: tuple[Anchor, ...]) -> tuple[Anchor, ...]:
    """The anchors that still make a decision of this kind; () for none."""
    sides = {a.side for a in anchors}
    if kind in (DecisionKind.SAME, DecisionKind.UNSURE):
        return anchors if len(anchors) > 1 else ()
    if kind == DecisionKind.DIFFERENT:
        return anchors if len(sides) > 1 else ()
    if kind == DecisionKind.MOVE:
        return anchors if 0 in sides and len(sides) > 1 else ()
    if kind == DecisionKind.SORT and anchors:
        whole = [k for k in _steps(anchors) if len(sides & set(k)) > 1 or _joined(anchors, k.joined)]
        return tuple(a for a in anchors if any(a.side in k for k in whole))
    return anchors


class _MoveSides(NamedTuple):
    """The sides of one move of a "sort"."""

    moved: int
    joined: int  # of the person joined
    left: int  # of the person left


def _steps(anchors: tuple[Anchor, ...]) -> list[_MoveSides]:
    """The moves in a "sort"."""
    return [_MoveSides(3 * k, 3 * k + 1, 3 * k + 2) for k in sorted({a.side // 3 for a in anchors})]


def _joined(anchors: tuple[Anchor, ...], side: int) -> bool:
    return sum(a.side == side for a in anchors) > 1
