"""Carries the people recorded with an earlier run over to the tracks of today, and records them again.

walk = begin(base, video, find, held)      the people as far as the run took them over
base = replace(base, stood=recorded_of(walk))  whom the next run takes over
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.base import Base
from castlist.decisions.decision import Decision
from castlist.decisions.groups import Groups
from castlist.decisions.locate import Finder
from castlist.decisions.people import Conflict, Missing
from castlist.decisions.recorded import Located, RecordedPeople, latest, owners
from castlist.decisions.sides import DecidedPerson
from castlist.decisions.walk import Apart, Walk, by_side, none
from castlist.types import NOISE, Video

__all__ = ["begin", "recorded_of"]

Numbers = NDArray[np.int64]


def begin(base: Base, video: Video, find: Finder, held: Sequence[Decision]) -> Walk:
    """The people before the first of these decisions, or as far as the run took them over."""
    walk = Walk.over(base, video, find)
    start = latest(base.stood, [d.id for d in held])
    if start is not None:
        _resume(walk, start, {d.id: d for d in held})
    return walk


def _resume(walk: Walk, recorded: RecordedPeople, made: Mapping[int, Decision]) -> None:
    found, length = _located(walk, recorded), len(walk.label)
    _bring_people(walk, recorded, owners(recorded, found, length), made)
    walk.no_face = found.most(recorded.no_face, length, 0)
    walk.hidden = found.most(recorded.hidden.astype(np.int64), length, 0) > 0
    for i, by in enumerate(recorded.apart_by.tolist()):
        rows = recorded.apart[recorded.apart[:, 0] == i]
        tracks, others = (found.tracks(rows[rows[:, 1] == k, 2]) for k in (0, 1))
        walk.aparts.append(Apart(by, tracks, others))
    walk.redirect = dict(recorded.redirect.tolist())
    pairs = zip(recorded.against.tolist(), recorded.why, strict=True)
    walk.conflicts = [Conflict(a, b, (), why) for (a, b), why in pairs]
    walk.met = walk.meetings()[2]
    walk.taken, walk.began = tuple(recorded.taken.tolist()), len(recorded.taken)
    for number in walk.taken:
        _note(walk, made[number])


def _located(walk: Walk, recorded: RecordedPeople) -> Located:
    """The recorded tracks among today's."""
    today, lost = walk.find.located(recorded.groups), walk.find.located(recorded.lost)
    return Located(
        np.concatenate([today.old, lost.old + len(recorded.groups)]),
        np.concatenate([today.track, lost.track]),
        np.concatenate([today.faces, lost.faces]),
    )


def _bring_people(walk: Walk, recorded: RecordedPeople, owner: Numbers, made: Mapping[int, Decision]) -> None:
    """Let today's tracks be of the people who own them."""
    for i, number in enumerate(recorded.number.tolist()):
        named, key = (made.get(int(row[i])) for row in (recorded.named_by, recorded.key_by))
        person = DecidedPerson(number, int(recorded.made_by[i]), fate=int(recorded.fate[i]))
        if named is not None:
            person.name, person.named_by = named.value, named.id
        if key is not None and key.anchors:
            person.key, person.key_by = key.anchors[0], key.id
        walk.people[walk.count + i] = person
        walk.stands_with(number, np.unique(walk.label[owner == i]))
    owned = owner != NOISE
    walk.label[owned] = owner[owned] + walk.count


def _note(walk: Walk, made: Decision) -> None:
    """What a decision says of the very faces that were pointed at, and which of its tracks are gone."""
    walk.note(made, by_side(made, walk.find))
    lost = walk.find.sides(made.groups)[1] if made.groups is not None else 0
    if made.groups is not None and lost:
        walk.missing.append(Missing(made.id, lost, len(made.groups)))


def recorded_of(walk: Walk) -> RecordedPeople:
    """The people as they stand, for the next run to take over; empty where nobody decided anything."""
    if not walk.taken:
        return RecordedPeople()
    keys = _lasting(walk)
    people = [walk.people[k] for k in keys]
    groups = _recorded(walk, keys)
    start = latest(walk.base.stood, walk.taken) if walk.began else None
    earlier = RecordedPeople() if start is None else start
    lost = none() if start is None else _located(walk, earlier).gone(len(earlier))
    return RecordedPeople(
        _whole(walk.taken), groups, _lost(walk, earlier, lost, groups.person),
        _whole([p.by for p in people]), _whole([p.named_by for p in people]),
        _whole([p.key_by for p in people]), _whole([p.fate for p in people]),
        np.concatenate([walk.no_face[groups.number], earlier.no_face[lost]]),
        np.concatenate([walk.hidden[groups.number], earlier.hidden[lost]]),
        _whole([a.decision for a in walk.aparts]), _aparts(walk, groups),
        _whole(list(walk.redirect.items())).reshape(-1, 2),
        _whole([(c.decision, c.against) for c in walk.conflicts]).reshape(-1, 2),
        tuple(c.why for c in walk.conflicts),
    )  # fmt: skip


def _whole(values: Sequence[object]) -> Numbers:
    return np.array(values, np.int64)


def _lasting(walk: Walk) -> list[int]:
    """The people of today, and those of whom no track is seen but who may come back under their own name."""
    present = [k for k in walk.people if (walk.label == k).any()]
    names = {walk.people[k].name.casefold() for k in present} - {""}
    return present + [
        k for k, p in walk.people.items() if k not in present and p.name.casefold() not in names
    ]


def _recorded(walk: Walk, keys: Sequence[int]) -> Groups:
    """The tracks that decisions are about, those of each of these people on a side, others on a last one."""
    side = np.full(len(walk.label), len(keys))
    for i, key in enumerate(keys):
        side[walk.label == key] = i
    about = (side < len(keys)) | (walk.no_face > 0) | walk.hidden
    for apart in walk.aparts:
        about[apart.tracks] = about[apart.other] = True
    tracks = np.flatnonzero(about)
    sides = {i: tracks[side[tracks] == i] for i in range(len(keys) + 1)}
    number = {**{i: walk.people[k].number for i, k in enumerate(keys)}, len(keys): 0}
    base = walk.base
    return Groups.of(sides, number, base.tracks, base.clock, walk.video, base.digest)


def _aparts(walk: Walk, groups: Groups) -> Numbers:
    """(n, 3) which of the decisions, which side, and which recorded track."""
    place = np.full(len(walk.label), NOISE)
    place[groups.number] = np.arange(len(groups))
    found = [np.zeros((0, 3), np.int64)]
    for i, apart in enumerate(walk.aparts):
        for k, tracks in enumerate((apart.tracks, apart.other)):
            found.append(np.stack([np.full(len(tracks), i), np.full(len(tracks), k), place[tracks]], axis=1))
    return np.concatenate(found)


def _lost(walk: Walk, earlier: RecordedPeople, lost: Numbers, person: NDArray[np.int32]) -> Groups:
    """Tracks of earlier runs that this one did not find, with the people whom they belong to today."""
    index = {int(n): i for i, n in enumerate(person.tolist()) if n}
    recorded = earlier.groups.plus(earlier.lost)
    side = []
    for place in recorded.side[lost].tolist():
        number = int(earlier.number[place]) if place < len(earlier.number) else 0
        for _ in range(len(walk.redirect)):
            number = number if number in index else walk.redirect.get(number, 0)
        side.append(index.get(number, len(person) - 1))
    return recorded.only(lost, np.array(side, np.int32), person)
