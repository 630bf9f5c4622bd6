"""Transfers the people recorded with an earlier run to the tracks of today, and records them again.

state = begin(base, video, find, held)          people as recorded with the run
base = replace(base, stood=recorded_of(state))  people for the next run to take over
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.base import Base
from castlist.decisions.decision import Decision
from castlist.decisions.effects import by_side, note
from castlist.decisions.groups import Groups
from castlist.decisions.locate import Finder
from castlist.decisions.people import Conflict, Missing
from castlist.decisions.recorded import Located, RecordedPeople, latest, owners
from castlist.decisions.sides import DecidedPerson
from castlist.decisions.state import Apart, DecisionState, none
from castlist.types import NOISE, Video

__all__ = ["begin", "recorded_of"]

Numbers = NDArray[np.int64]


def begin(base: Base, video: Video, find: Finder, held: Sequence[Decision]) -> DecisionState:
    """The people before the first of these decisions, or after the decisions taken over with the run."""
    state = DecisionState.over(base, video, find)
    start = latest(base.stood, [d.id for d in held])
    if start is not None:
        _resume(state, start, {d.id: d for d in held})
    return state


def _resume(state: DecisionState, recorded: RecordedPeople, made: Mapping[int, Decision]) -> None:
    found, length = _located(state, recorded), len(state.label)
    _bring_people(state, recorded, owners(recorded, found, length), made)
    state.no_face = found.most(recorded.no_face, length, 0)
    state.hidden = found.most(recorded.hidden.astype(np.int64), length, 0) > 0
    for i, by in enumerate(recorded.apart_by.tolist()):
        rows = recorded.apart[recorded.apart[:, 0] == i]
        tracks, others = (found.tracks(rows[rows[:, 1] == k, 2]) for k in (0, 1))
        state.aparts.append(Apart(by, tracks, others))
    state.redirect = dict(recorded.redirect.tolist())
    pairs = zip(recorded.against.tolist(), recorded.why, strict=True)
    state.conflicts = [Conflict(a, b, (), why) for (a, b), why in pairs]
    state.met = state.meetings()[2]
    state.taken, state.began = tuple(recorded.taken.tolist()), len(recorded.taken)
    for number in state.taken:
        _note(state, made[number])


def _located(state: DecisionState, recorded: RecordedPeople) -> Located:
    """The recorded tracks among today's tracks."""
    today, lost = state.find.located(recorded.groups), state.find.located(recorded.lost)
    return Located(
        np.concatenate([today.old, lost.old + len(recorded.groups)]),
        np.concatenate([today.track, lost.track]),
        np.concatenate([today.faces, lost.faces]),
    )


def _bring_people(
    state: DecisionState, recorded: RecordedPeople, owner: Numbers, made: Mapping[int, Decision]
) -> None:
    """Assign today's tracks to the recorded people by owner."""
    for i, number in enumerate(recorded.number.tolist()):
        named, key = (made.get(int(row[i])) for row in (recorded.named_by, recorded.key_by))
        person = DecidedPerson(number, int(recorded.made_by[i]), fate=int(recorded.fate[i]))
        if named is not None:
            person.name, person.named_by = named.value, named.id
        if key is not None and key.anchors:
            person.key, person.key_by = key.anchors[0], key.id
        state.people[state.count + i] = person
        state.stands_with(number, np.unique(state.label[owner == i]))
    owned = owner != NOISE
    state.label[owned] = owner[owned] + state.count


def _note(state: DecisionState, made: Decision) -> None:
    """Record the selected faces of a decision, and how many of its tracks are missing."""
    note(state, made, by_side(made, state.find))
    lost = state.find.sides(made.groups)[1] if made.groups is not None else 0
    if made.groups is not None and lost:
        state.missing.append(Missing(made.id, lost, len(made.groups)))


def recorded_of(state: DecisionState) -> RecordedPeople:
    """The current people, for the next run to take over; empty without decisions."""
    if not state.taken:
        return RecordedPeople()
    keys = _lasting(state)
    people = [state.people[k] for k in keys]
    groups = _recorded(state, keys)
    start = latest(state.base.stood, state.taken) if state.began else None
    earlier = RecordedPeople() if start is None else start
    lost = none() if start is None else _located(state, earlier).gone(len(earlier))
    return RecordedPeople(
        _whole(state.taken), groups, _lost(state, earlier, lost, groups.person),
        _whole([p.by for p in people]), _whole([p.named_by for p in people]),
        _whole([p.key_by for p in people]), _whole([p.fate for p in people]),
        np.concatenate([state.no_face[groups.number], earlier.no_face[lost]]),
        np.concatenate([state.hidden[groups.number], earlier.hidden[lost]]),
        _whole([a.decision for a in state.aparts]), _aparts(state, groups),
        _whole(list(state.redirect.items())).reshape(-1, 2),
        _whole([(c.decision, c.against) for c in state.conflicts]).reshape(-1, 2),
        tuple(c.why for c in state.conflicts),
    )  # fmt: skip


def _whole(values: Sequence[object]) -> Numbers:
    return np.array(values, np.int64)


def _lasting(state: DecisionState) -> list[int]:
    """The decided people with tracks, and people without tracks whose name no other person has."""
    present = [k for k in state.people if (state.label == k).any()]
    names = {state.people[k].name.casefold() for k in present} - {""}
    return present + [
        k for k, p in state.people.items() if k not in present and p.name.casefold() not in names
    ]


def _recorded(state: DecisionState, keys: Sequence[int]) -> Groups:
    """The tracks of decisions: one side for each of these people, and a last side for other tracks."""
    side = np.full(len(state.label), len(keys))
    for i, key in enumerate(keys):
        side[state.label == key] = i
    about = (side < len(keys)) | (state.no_face > 0) | state.hidden
    for apart in state.aparts:
        about[apart.tracks] = about[apart.other] = True
    tracks = np.flatnonzero(about)
    sides = {i: tracks[side[tracks] == i] for i in range(len(keys) + 1)}
    number = {**{i: state.people[k].number for i, k in enumerate(keys)}, len(keys): 0}
    base = state.base
    return Groups.of(sides, number, base.tracks, base.clock, state.video, base.digest)


def _aparts(state: DecisionState, groups: Groups) -> Numbers:
    """(n, 3) index of the cannot-link, its side, and index of the recorded track."""
    place = np.full(len(state.label), NOISE)
    place[groups.number] = np.arange(len(groups))
    found = [np.zeros((0, 3), np.int64)]
    for i, apart in enumerate(state.aparts):
        for k, tracks in enumerate((apart.tracks, apart.other)):
            found.append(np.stack([np.full(len(tracks), i), np.full(len(tracks), k), place[tracks]], axis=1))
    return np.concatenate(found)


def _lost(state: DecisionState, earlier: RecordedPeople, lost: Numbers, person: NDArray[np.int32]) -> Groups:
    """Tracks of earlier runs that this run did not find, on the sides of today's people."""
    index = {int(n): i for i, n in enumerate(person.tolist()) if n}
    recorded = earlier.groups.plus(earlier.lost)
    side = []
    for place in recorded.side[lost].tolist():
        number = int(earlier.number[place]) if place < len(earlier.number) else 0
        for _ in range(len(state.redirect)):
            number = number if number in index else state.redirect.get(number, 0)
        side.append(index.get(number, len(person) - 1))
    return recorded.only(lost, np.array(side, np.int32), person)
