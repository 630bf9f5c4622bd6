"""Applies user decisions to the machine's result: the only place that computes the people after decisions.

    view = apply(base, video, log)

Decisions are applied in the order in which they were made, each to the people after the decisions before it;
undone decisions are left out. A decision records all tracks of its people (`Decision.groups`), so that its
meaning is the same on other tracks:

1. **A decision holds until a later decision.** The tracks of its people become a decided group. Only a
   later decision takes tracks out of that group; where two contradict each other, the later one wins, and
   `View.conflicts` lists the conflict.
2. **Undecided tracks stay as the machine grouped them.** A group of the machine's joins a decided person if
   it holds most faces of that person, or if at least half of its own faces are that person's, unless a
   decision forbids it; `View.joined` lists these groups.

A run records the people after the decisions on the run before (`Base.stood`), and later decisions start from
that record; after an earlier decision was undone or redone, all decisions are applied again.

A decision without groups (written by hand, or by an earlier castlist) is about all people with its faces.

The sides of `Decision.groups`:

| kind | sides |
|---|---|
| same, name | one person on each side; all of them become the person of side 0 |
| different | each side becomes its own person |
| move, sort | four a step: moved tracks, the person joined, the person left, people who join whole |
| background, foreground, confirm, key | one person on each side |
| not-a-face, face, hide, show | the tracks, each person's on their own side |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.base import Base
from castlist.decisions.decision import Decision, DecisionKind, active
from castlist.decisions.effects import take
from castlist.decisions.locate import Finder
from castlist.decisions.people import View, completed, view_of
from castlist.decisions.recorded import RecordedPeople, latest
from castlist.decisions.resume import begin, recorded_of
from castlist.decisions.sides import REST
from castlist.decisions.state import PAST, DecisionState, Undone
from castlist.types import NOISE, Video

__all__ = ["apply", "completed_log", "decided_by", "numbered", "recorded_people", "with_numbers"]

Tracks = NDArray[np.int64]  # numbers of tracks
MOST_TRACKS = 200_000  # recorded for the next run in all; a track takes some 5 faces of 28 bytes
JOINING = (DecisionKind.SAME, DecisionKind.NAME, DecisionKind.MOVE, DecisionKind.SORT)


def apply(base: Base, video: Video, log: Sequence[Decision], before: View | None = None) -> View:
    """The people after these decisions.

    Args:
        base: the machine's result.
        log: all decisions in their order, with undone ones and undos.
        before: the view of the same base after the first decisions of the log, to start from. It saves time
            and does not change the result.
    """
    last = max((d.id for d in log), default=0)
    fresh = [d for d in log if before is None or d.id > before.revision]
    if before is not None and isinstance(before.state, DecisionState) and not any(d.undoes for d in fresh):
        state, held = before.state.later(), fresh
    else:
        find = before.find if before else Finder(base.tracks, base.clock, video, digest=base.digest)
        held = active(log)
        state = _nearest(before, held) or begin(base, video, find, held)
        held = held[len(state.taken) :]
        state.undone = _undone(log, {*state.taken, *(d.id for d in held)}, state)
    state.knows(log)
    state.find([anchor for decision in held for anchor in decision.anchors])  # one search for all is faster
    for left, decision in zip(range(len(held), 0, -1), held, strict=True):
        if held is not fresh and left <= PAST:
            state.past = state.copy().later().past
        take(state, decision)
    return view_of(base, state.find, state, state.stand(), state.listed(), last)


def _nearest(before: View | None, held: Sequence[Decision]) -> DecisionState | None:
    """The latest known state with only the first of these decisions applied; None for none.

    Undoing a decision does not change the states before it.
    """
    if before is None or not isinstance(before.state, DecisionState):
        return None
    numbers = tuple(d.id for d in held)
    start = latest(before.state.base.stood, numbers)
    began = 0 if start is None else len(start.taken)
    known = [
        w
        for w in (*before.state.past, before.state)
        if w.began == began and w.taken == numbers[: len(w.taken)]
    ]
    nearest = max(known, key=lambda w: len(w.taken), default=None)
    if nearest is None:
        return None
    state = nearest.copy()
    state.past = before.state.later().past
    return state


def completed_log(base: Base, video: Video, log: Sequence[Decision]) -> list[Decision]:
    """The whole log, with groups added to decisions that have none: the people of this base at that time."""
    done: list[Decision] = []
    view: View | None = None
    for made in log:
        if made.groups is None and made.kind not in (DecisionKind.UNDO, DecisionKind.UNSURE):
            view = apply(base, video, done, view)
            made = completed(made, view, base, video)
        done.append(made)
    return done


def numbered(base: Base, video: Video, log: Sequence[Decision], fresh: Sequence[Decision]) -> list[Decision]:
    """Decisions of another copy of the film, with the numbers of their people in this copy."""
    done, rows = [*log], []
    view = apply(base, video, done)
    for made in fresh:
        row = replace(made, id=max((d.id for d in done), default=0) + 1)
        if row.groups is None:
            row = completed(row, view, base, video)
        else:
            after = apply(base, video, [*done, row], view)
            sides = after.find.sides(row.groups)[0]
            person = row.groups.person.copy()
            for side, tracks in sides.items():
                group = after.label[tracks[after.label[tracks] != NOISE]]
                if len(group) and not (
                    row.kind in (DecisionKind.MOVE, DecisionKind.SORT) and side % 4 == REST
                ):
                    person[side] = after.groups[int(np.bincount(group).argmax())].number
            row = replace(row, groups=replace(row.groups, person=person))
        view = apply(base, video, [*done, row], view)
        row = with_numbers(row, view, done)
        done.append(row)
        rows.append(row)
    return rows


def with_numbers(made: Decision, view: View, log: Sequence[Decision]) -> Decision:
    """A decision or undo with the person numbers that it created and that the log does not record yet.

    Args:
        view: the people after the decision.
        log: all decisions before it.
    """
    if not isinstance(view.state, DecisionState):
        return made
    recorded = {entry for d in log for entry in d.numbers}
    return replace(made, numbers=tuple(n for n in view.state.fresh if n not in recorded))


def recorded_people(view: View) -> tuple[RecordedPeople, ...]:
    """The people after the decisions, and after earlier states of the log, recorded for the next run."""
    state = view.state
    if not isinstance(state, DecisionState):
        return ()
    made = [recorded_of(w) for w in (*state.past, state) if w.taken]
    found = {tuple(s.taken.tolist()): s for s in (*state.base.stood, *made)}
    now = tuple(state.taken)
    several = sorted(found, key=lambda taken: (taken == now, max(taken), len(taken)))[-PAST - 1 :]
    while sum(len(found[taken]) for taken in several) > MOST_TRACKS and len(several) > 1:
        several = several[1:]
    return tuple(found[taken] for taken in several)


def decided_by(view: View, log: Sequence[Decision], a: int, b: int) -> int:
    """The latest decision about both tracks that agrees with the view, 0 for none."""
    same = view.label[a] == view.label[b] != NOISE
    for made in reversed(active(log)):
        if made.groups is None or made.kind not in (*JOINING, DecisionKind.DIFFERENT):
            continue
        sides = view.find.sides(made.groups)[0]
        a_sides, b_sides = ([k for k, tracks in sides.items() if t in tracks] for t in (a, b))
        apart = made.kind == DecisionKind.DIFFERENT or any(
            k % 4 == REST for k in (*a_sides, *b_sides) if made.kind != DecisionKind.SAME
        )
        if a_sides and b_sides and apart != same:
            return made.id
    return 0


def _undone(log: Sequence[Decision], held: set[int], state: DecisionState) -> list[Undone]:
    """The decisions that joined people and are undone."""
    kinds = {d.id: d for d in log}
    events: dict[int, list[tuple[int, bool]]] = {}
    on: dict[int, bool] = {}
    for made in sorted(log, key=lambda d: d.id):
        target, holds = made.id, True
        on[made.id] = True
        while (back := kinds[target].undoes) is not None:
            target, holds = back, not holds
            on[target] = holds
            if target not in kinds:
                break
        events.setdefault(target, []).append((made.id, holds))
    gone = [kinds[i] for i in events if i in kinds and i not in held and kinds[i].kind in JOINING]
    return [Undone(events[d.id], _codes(d, state)) for d in gone]


def _codes(made: Decision, state: DecisionState) -> Tracks:
    """(t,) the side on which a decision joined each track, NOISE for none."""
    code = np.full(len(state.label), NOISE)
    if made.groups is not None:
        for side, tracks in state.find.sides(made.groups)[0].items():
            if made.kind in (DecisionKind.SAME, DecisionKind.NAME) or side % 4 != REST:
                code[tracks] = side
    return code
