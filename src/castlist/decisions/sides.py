"""Finds the sides of a decision: selected faces -> all tracks of the people with these faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.base import Base
from castlist.decisions.decision import Anchor, Decision, DecisionKind
from castlist.decisions.locate import Sides
from castlist.decisions.part import parted
from castlist.types import NOISE

__all__ = ["MOVED", "REST", "TARGET", "WHOLE", "Attached", "DecidedPerson", "Standing", "sides_of"]

MOVED, TARGET, REST, WHOLE = range(4)
Tracks = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Together:
    """m tracks of one person, and the decisions that joined them."""

    track: Tracks  # (m,)
    by: Tracks  # (m,) the decision that joined a track to the tracks before it

    def where(self, kept: NDArray[np.bool_]) -> Together:
        """Some of the tracks; a decision between two of them is kept."""
        first = np.flatnonzero(kept)
        if not len(first):
            return Together(first, first)
        by = np.maximum.reduceat(self.by[: first[-1] + 1], np.append(0, first[:-1] + 1))
        return Together(self.track[kept], by)

    def joined(self, a: int, b: int) -> int:
        """The latest decision between two tracks, which made them one person."""
        first, last = np.flatnonzero(np.isin(self.track, [a, b])).tolist()
        return int(self.by[first + 1 : last + 1].max())


@dataclass(slots=True)
class DecidedPerson:
    """A person made or confirmed by a decision."""

    number: int
    by: int  # the latest decision about the person's tracks
    name: str = ""
    named_by: int = 0
    fate: int = NOISE
    key: Anchor | None = None  # the face chosen as the picture
    key_by: int = 0  # the decision that chose the picture
    since: Together | None = None  # tracks and decisions that joined them; None: decision `by`


@dataclass(frozen=True, eq=False, slots=True)
class Attached:
    """Tracks without a decision that joined a decided person."""

    group: int  # index into the groups
    tracks: Tracks


@dataclass(frozen=True, eq=False, slots=True)
class Standing:
    """All people between two decisions: g groups of t tracks."""

    label: Tracks  # (t,) 0 to g - 1, NOISE where set aside
    number: Tracks  # (g,) person numbers
    name: tuple[str, ...]  # (g,)
    people: tuple[DecidedPerson, ...]  # (g,)
    joined: tuple[Attached, ...]  # tracks that joined without a decision
    base: Base
    next_number: int  # the first unused person number

    def tracks(self, group: int) -> Tracks:
        return np.flatnonzero(self.label == group)


def sides_of(
    made: Decision, pointed: Mapping[int, Sequence[int]], now: Standing
) -> tuple[Sides, dict[int, int]]:
    """The tracks on each side of a decision, and the person number of each side.

    Args:
        pointed: the tracks of the selected faces, by side.
        now: the people before the decision.
    """
    reader = _Reader(now)
    all_tracks = [t for tracks in pointed.values() for t in tracks]
    if made.kind == DecisionKind.SAME:
        return reader.joined(all_tracks, "", {t: side for side, tracks in pointed.items() for t in tracks})
    if made.kind == DecisionKind.NAME:
        return reader.joined(all_tracks, made.value)
    if made.kind == DecisionKind.DIFFERENT:
        return reader.parted([list(tracks) for tracks in pointed.values()])
    if made.kind in (DecisionKind.MOVE, DecisionKind.SORT):
        steps = sorted({side // 3 for side in pointed if side % 3 < 2})  # side 2 alone moves no track
        return reader.moved([_Step(*(list(pointed.get(3 * k + r, [])) for r in range(3))) for k in steps])
    if made.kind in (DecisionKind.NOT_A_FACE, DecisionKind.FACE, DecisionKind.HIDE, DecisionKind.SHOW):
        return reader.tracks_alone(all_tracks)
    if made.kind == DecisionKind.UNSURE:
        return {}, {}
    return reader.each(all_tracks)


@dataclass(frozen=True, slots=True)
class _Step:
    """Tracks of one step of a move: moved tracks, and faces of the person joined and of the person left."""

    moved: list[int]
    to: list[int]
    left: list[int]

    @classmethod
    def together(cls, steps: Sequence[_Step]) -> _Step:
        """Merge several steps into one."""
        return cls(
            [t for step in steps for t in step.moved],
            [t for step in steps for t in step.to],
            [t for step in steps for t in step.left],
        )


class _Reader:
    """Interprets decisions relative to the current people."""

    def __init__(self, now: Standing) -> None:
        self.now, self.label = now, now.label
        self._next = now.next_number

    def fresh(self) -> int:
        self._next += 1
        return self._next - 1

    def whole(self, tracks: Sequence[int]) -> list[tuple[Tracks, int]]:
        """(tracks, group or NOISE) of each person with one of these tracks; each set-aside track is alone."""
        found: dict[int, tuple[Tracks, int]] = {}
        for t in tracks:
            group = int(self.label[t])
            if group == NOISE:
                found[-2 - t] = (np.array([t], np.int64), NOISE)
            elif group not in found:
                found[group] = (self.now.tracks(group), group)
        return list(found.values())

    def number(self, group: int) -> int:
        return int(self.now.number[group]) if group != NOISE else self.fresh()

    def ranked(
        self, people: list[tuple[Tracks, int]], name: str = "", order: Mapping[int, int] = {}
    ) -> list[tuple[Tracks, int]]:
        """The people ordered by claim to the number: with this name, with any name, most faces.

        Args:
            order: side by track; of several people with names, that of the first side comes first.
        """
        called = name.casefold()

        def rank(person: tuple[Tracks, int]) -> tuple[bool, bool, int, int, int]:
            tracks, group = person
            bears = self.now.name[group].casefold() if group != NOISE else ""
            first = min((order[t] for t in tracks.tolist() if t in order), default=0) if bears else 0
            return not (called and bears == called), not bears, first, -self._faces(tracks), int(tracks[0])

        return sorted(people, key=rank)

    def _faces(self, tracks: Tracks) -> int:
        return int(self.now.base.tracks.size[tracks].sum())

    def joined(
        self, tracks: Sequence[int], name: str, order: Mapping[int, int] = {}
    ) -> tuple[Sides, dict[int, int]]:
        groups = {int(self.label[t]) for t in tracks}
        bearers = [
            (self.now.tracks(g), g)
            for g, bearer in enumerate(self.now.name)
            if name and g not in groups and bearer.casefold() == name.casefold()
        ]
        people = self.ranked([*self.whole(tracks), *bearers], name, order)
        return (
            {k: members for k, (members, _) in enumerate(people)},
            {k: self.number(group) for k, (_, group) in enumerate(people)},
        )

    def each(self, tracks: Sequence[int]) -> tuple[Sides, dict[int, int]]:
        people = self.whole(tracks)
        return (
            {k: members for k, (members, _) in enumerate(people)},
            {k: self.number(group) for k, (_, group) in enumerate(people)},
        )

    def tracks_alone(self, tracks: Sequence[int]) -> tuple[Sides, dict[int, int]]:
        """These tracks alone, with each person's tracks on their own side."""
        members = np.unique(np.array(tracks, np.int64))
        groups = np.unique(self.label[members]).tolist()
        return (
            {k: members[self.label[members] == group] for k, group in enumerate(groups)},
            {k: int(self.now.number[group]) for k, group in enumerate(groups) if group != NOISE},
        )

    def parted(self, sides: list[list[int]]) -> tuple[Sides, dict[int, int]]:
        """Make a person of each side; a group with tracks of two sides is split."""
        taken: set[int] = set()
        for side in sides:
            side[:] = [t for t in side if t not in taken]
            taken.update(side)
        found: Sides = {}
        person: dict[int, int] = {}
        groups = dict.fromkeys(int(self.label[t]) for side in sides for t in side)
        for group in groups:
            inside = [k for k, side in enumerate(sides) if any(self.label[t] == group for t in side)]
            marked = [np.array([t for t in sides[k] if self.label[t] == group], np.int64) for k in inside]
            parts = marked if group == NOISE else parted(self.now.tracks(group), marked, self.now.base.vector)
            first = max(range(len(parts)), key=lambda i: (self._faces(parts[i]), -i))
            for i, k in enumerate(inside):
                found[k] = np.union1d(found.get(k, parts[i][:0]), parts[i])
                number = self.number(group if i == first else NOISE)
                person[k] = person.get(k, number)
        return found, person

    def moved(self, steps: list[_Step]) -> tuple[Sides, dict[int, int]]:
        """Joins of whole people, then moves; joins that share a person and moves to one person are merged."""
        by_target: dict[tuple[int, ...], list[_Step]] = {}
        leaving = {t for step in steps for t in step.moved}
        for i, step in enumerate(steps):
            if step.moved:
                groups = tuple(sorted({int(self.label[t]) for t in step.to if self.label[t] != NOISE}))
                by_target.setdefault(groups or (-2, i), []).append(step)
        sides: Sides = {}
        person: dict[int, int] = {}
        joins = self._joins([step for step in steps if not step.moved])
        for k, step in enumerate([*joins, *map(_Step.together, by_target.values())]):
            self._step(k, step, leaving, sides, person)
        return {k: tracks for k, tracks in sides.items() if len(tracks)}, person

    def _joins(self, steps: list[_Step]) -> list[_Step]:
        """Steps without moved tracks; steps that share a person are merged."""
        done: list[tuple[set[int], _Step]] = []
        for step in steps:
            people = {int(self.label[t]) if self.label[t] != NOISE else -2 - t for t in step.to}
            shared = [(others, earlier) for others, earlier in done if others & people]
            done = [(others, earlier) for others, earlier in done if not others & people]
            all_people = people.union(*(others for others, _ in shared))
            done.append((all_people, _Step.together([*(earlier for _, earlier in shared), step])))
        return [step for _, step in done]

    def _step(self, k: int, step: _Step, leaving: set[int], sides: Sides, person: dict[int, int]) -> None:
        """Write the sides of step k, and their person numbers, into `sides` and `person`."""
        moved = np.unique(np.array(step.moved, np.int64))
        out = np.array(sorted(leaving), np.int64)
        target = [(np.setdiff1d(tracks, out), g) for tracks, g in self.ranked(self.whole(step.to))]
        target = [(tracks, g) for tracks, g in target if len(tracks)]  # without people who move away whole
        empty = moved[:0]
        sides[4 * k + MOVED] = moved
        if target:
            sides[4 * k + TARGET] = target[0][0]
            sides[4 * k + WHOLE] = np.concatenate([empty, *(tracks for tracks, _ in target[1:])])
            person[4 * k + TARGET] = self.number(target[0][1])
        others = self.whole(step.left or step.moved)
        away = np.union1d(out, np.concatenate([empty, *(tracks for tracks, _ in target)]))
        sides[4 * k + REST] = np.setdiff1d(np.concatenate([empty, *(tracks for tracks, _ in others)]), away)
        if others and others[0][1] != NOISE:
            person[4 * k + REST] = self.number(others[0][1])
        if not target:
            alone = len(others) == 1 and not len(np.setdiff1d(others[0][0], moved)) and others[0][1] != NOISE
            person[4 * k + MOVED] = self.number(others[0][1] if alone else NOISE)
