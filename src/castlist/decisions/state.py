"""The people while decisions are applied one by one; `effects` changes them by each kind of decision.

`apply` is the entry point, and describes the sides of decisions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.base import Base, page_order
from castlist.decisions.decision import Decision
from castlist.decisions.identities import largest_number
from castlist.decisions.locate import Finder
from castlist.decisions.people import Conflict, Missing
from castlist.decisions.sides import (
    Attached,
    DecidedPerson,
    Standing,
    Together,
)
from castlist.types import NOISE, Video

__all__ = ["Apart", "DecisionState", "Undone", "none"]

Tracks = NDArray[np.int64]  # numbers of tracks
LAST = 1 << 60  # after all people on the page
PAST = 16  # earlier states for undo and redo: 2 MB each at 100,000 tracks


@dataclass(frozen=True, slots=True)
class Apart:
    """A cannot-link between two sets of tracks."""

    decision: int
    tracks: Tracks
    other: Tracks


@dataclass(slots=True)
class Undone:
    """A decision that was undone: when it was in force, and the tracks that it had joined."""

    until: list[tuple[int, bool]]  # (decision, whether it was in force from then on)
    code: Tracks  # (t,) side of the undone decision, NOISE for none

    def held_at(self, decision: int) -> bool:
        state = [held for number, held in self.until if number < decision]
        return bool(state) and state[-1]


@dataclass(slots=True)
class DecisionState:
    """The people while decisions are applied one by one."""

    base: Base
    video: Video
    find: Finder
    label: Tracks  # (t,) below `count` the machine's label, else the key of a decided person; NOISE
    count: int
    no_face: Tracks  # (t,) the decision that a track is no face, 0 for none
    hidden: NDArray[np.bool_]
    labelled: NDArray[np.bool_]  # (t,) selected in a decision that says whose face it is
    next_number: int
    began: int = 0  # decisions of an earlier run, taken over as recorded
    known: dict[tuple[int, int], list[int]] = field(default_factory=dict)  # numbers recorded in the log
    fresh: list[tuple[int, int, int]] = field(default_factory=list)  # new numbers, not yet recorded
    people: dict[int, DecidedPerson] = field(default_factory=dict)
    undone: list[Undone] = field(default_factory=list)
    aparts: list[Apart] = field(default_factory=list)
    unsure: list[tuple[int, int]] = field(default_factory=list)
    cannot: list[tuple[int, int]] = field(default_factory=list)
    redirect: dict[int, int] = field(default_factory=dict)
    place: dict[int, tuple[int, ...]] = field(default_factory=dict)  # person number -> position on the page
    conflicts: list[Conflict] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    lost_names: list[tuple[int, int, str]] = field(default_factory=list)  # see View.lost_names
    met: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))  # see `meetings`
    held_apart: tuple[int, Tracks, Tracks] = field(default_factory=lambda: (0, none(), none()))
    # number of `aparts` included, their sides and tracks: see `_held_apart`
    row: int = 0  # the decision being applied
    exact: bool = True  # whether it was recorded on today's track table
    taken: tuple[int, ...] = ()  # the decisions in force so far
    past: tuple[DecisionState, ...] = ()  # the states before the latest decisions, for undo

    @classmethod
    def over(cls, base: Base, video: Video, find: Finder) -> Self:
        t = len(base.tracks)
        state = cls(
            base, video, find, base.label.astype(np.int64), len(base.number), np.zeros(t, np.int64),
            np.zeros(t, np.bool_), np.zeros(t, np.bool_), base.next_number,
        )  # fmt: skip
        order = page_order(base.label, base.fate)
        state.place = {int(base.number[k]): (i,) for i, k in enumerate(order.tolist())}
        return state

    def knows(self, log: Sequence[Decision]) -> None:
        """Use the person numbers recorded in the log; never reuse a number."""
        self.known = {}
        for made, side, number in dict.fromkeys([*(n for d in log for n in d.numbers), *self.fresh]):
            self.known.setdefault((made, side), []).append(number)
        self.next_number = max(self.next_number, largest_number(log) + 1)

    def copy(self) -> DecisionState:
        return replace(
            self, label=self.label.copy(), no_face=self.no_face.copy(), hidden=self.hidden.copy(),
            labelled=self.labelled.copy(), people={k: replace(p) for k, p in self.people.items()},
            known={k: [*v] for k, v in self.known.items()}, fresh=[*self.fresh],
            aparts=[*self.aparts], unsure=[*self.unsure], cannot=[*self.cannot], redirect={**self.redirect},
            place={**self.place}, conflicts=[*self.conflicts], missing=[*self.missing],
            lost_names=[*self.lost_names],
        )  # fmt: skip

    def later(self) -> DecisionState:
        """A copy for the next decision; it keeps a reference to this state."""
        state = self.copy()
        state.past = (*self.past, replace(self, past=()))[-PAST:]
        return state

    # Groups

    def join(self, parts: Iterable[Tracks], wanted: int, side: int, *, whole: bool = False) -> int:
        """Merge tracks into one decided person, with the number `wanted` if it is free; returns the key."""
        tracks = np.unique(np.concatenate([none(), *parts]))
        if not len(tracks):
            return NOISE
        touched = np.unique(self.label[tracks])
        gone = [k for k in touched.tolist() if k >= self.count]
        if not (whole or self.exact):
            gone = [k for k in gone if self.has_most(k, tracks) or self._just_joined(k, tracks)]
        members = np.concatenate([tracks, *(np.flatnonzero(self.label == k) for k in gone)])
        return self._made(np.unique(members), touched, gone, wanted, side)

    def carve(self, tracks: Tracks, wanted: int, side: int, gone: list[int]) -> int:
        """Make a decided person of exactly these tracks; returns the key.

        Args:
            gone: the decided people that it replaces; their remaining tracks lose the name.
        """
        if not len(tracks):
            return NOISE
        key = self._made(tracks, np.unique(self.label[tracks]), gone, wanted, side)
        for k in gone:
            if k in self.people:
                self.people[k].name, self.people[k].named_by = "", 0
        return key

    def decided(self, tracks: Tracks) -> list[int]:
        """The decided people with any of these tracks."""
        return [k for k in np.unique(self.label[tracks]).tolist() if k >= self.count]

    def _made(self, tracks: Tracks, touched: Tracks, gone: list[int], wanted: int, side: int) -> int:
        """A new decided person that replaces the people in `gone`; returns the key."""
        number = self._number(tracks, touched, gone, wanted, side)
        before = sorted(gone, key=lambda k: (self.people[k].number != number, -self.people[k].named_by, k))
        made = DecidedPerson(number, self.row)
        for k in before:
            old = self.people[k]
            if not made.name and old.name:
                made.name, made.named_by = old.name, old.named_by
            made.fate = old.fate if made.fate == NOISE else made.fate
            if made.key is None:
                made.key, made.key_by = old.key, old.key_by
        for k in before:
            old = self.people[k]
            if old.name.casefold() not in ("", made.name.casefold()):
                self.lost_names.append((self.row, old.number, old.name))
        made.since = self._together(tracks)
        self._replaced(tracks, touched, number)
        key = max([self.count - 1, *self.people]) + 1
        self.people[key], self.label[tracks] = made, key
        self.forget_empty(gone)
        return key

    def forget_empty(self, keys: Iterable[int]) -> None:
        """Remove the decided people without tracks."""
        for k in keys:
            if k in self.people and not (self.label == k).any():
                del self.people[k]

    def put(self, tracks: Tracks, key: int) -> None:
        """Assign these tracks to a decided person."""
        if len(tracks):
            self.people[key].since = self._together(np.append(np.flatnonzero(self.label == key), tracks))
            self._replaced(tracks, np.unique(self.label[tracks]), self.people[key].number)
            self.label[tracks], self.people[key].by = key, self.row

    def _together(self, tracks: Tracks) -> Together:
        """These tracks, joined by the current decision, and earlier decisions that joined some of them."""
        among = np.zeros(len(self.label), np.bool_)
        among[tracks] = True
        label, parts = self.label[tracks], []
        for k in dict.fromkeys(label.tolist()):
            if k in self.people:
                part = self._since(k)
                parts.append(part.where(among[part.track]))
            else:
                members = tracks[label == k]
                parts.append(Together(members, np.full(len(members), self.row)))
        by = [np.append(self.row, part.by[1:]) for part in parts]
        return Together(np.concatenate([none(), *(p.track for p in parts)]), np.concatenate([none(), *by]))

    def _since(self, key: int) -> Together:
        """The current tracks of a decided person, with the decisions that joined them."""
        person = self.people[key]
        if person.since is None:
            members = np.flatnonzero(self.label == key)
            return Together(members, np.full(len(members), person.by))
        return person.since.where(self.label[person.since.track] == key)

    def joined_by(self, a: int, b: int) -> int:
        """The decision that made two tracks one person."""
        return self._since(int(self.label[a])).joined(a, b)

    def _replaced(self, tracks: Tracks, touched: Tracks, number: int) -> None:
        """Record which number replaces which, and the position of a new number on the page."""
        self.stands_with(number, touched)
        for k in touched.tolist():
            if k != NOISE and (old := self.number_of(k)) != number:
                self.redirect[old] = number
        self.redirect.pop(number, None)

    def stands_with(self, number: int, touched: Tracks) -> None:
        """Place a new number after the first of the people that its tracks were with."""
        places = [self.place[n] for n in map(self.number_of, touched.tolist()) if n in self.place]
        self.place.setdefault(number, (*min(places), number) if places else (LAST, number))

    def number_of(self, key: int) -> int:
        if key >= self.count:
            return self.people[key].number
        return int(self.base.number[key]) if key >= 0 else 0

    def _number(self, tracks: Tracks, touched: Tracks, gone: list[int], wanted: int, side: int) -> int:
        """The number `wanted`, else that of the person most of these tracks belong to, else an unused one."""
        rest = np.bincount(self.label[self.label >= 0], minlength=max([self.count, *self.people]) + 1)
        labels = self.label[tracks]
        rest[: len(rest)] -= np.bincount(labels[labels >= 0], minlength=len(rest))
        left = set(np.flatnonzero(rest > 0).tolist())
        taken = {p.number for k, p in self.people.items() if k not in gone and k in left}
        if wanted and wanted not in taken:
            return wanted
        faces = [self.base.tracks.size[tracks[self.label[tracks] == k]].sum() for k in touched.tolist()]
        for i in np.argsort(faces, kind="stable")[::-1].tolist():
            number = self.number_of(int(touched[i]))
            if number and number not in taken and (int(touched[i]) in gone or int(touched[i]) not in left):
                return number
        return self._given(self.row, side, taken)

    def _given(self, made: int, side: int, taken: Collection[int]) -> int:
        """The number recorded for a side of a decision, unless a person has it; else an unused number."""
        for number in self.known.get((made, side), ()):
            if number not in taken:
                return number
        number, self.next_number = self.next_number, self.next_number + 1
        self.known.setdefault((made, side), []).append(number)
        self.fresh.append((made, side, number))
        return number

    def faces(self, tracks: Tracks) -> int:
        return int(self.base.tracks.size[tracks].sum())

    def has_most(self, key: int, tracks: Tracks) -> bool:
        """Whether most faces of a decided person are on these tracks."""
        members = np.flatnonzero(self.label == key)
        size = self.base.tracks.size[members]
        return bool(2 * size[np.isin(members, tracks)].sum() > size.sum())

    def _just_joined(self, key: int, tracks: Tracks) -> bool:
        """Whether most faces of these tracks belong to a person that the current decision made before."""
        size = self.base.tracks.size[tracks]
        inside = self.label[tracks] == key
        return self.people[key].by == self.row and bool(2 * size[inside].sum() > size.sum())

    def note_conflict(self, earlier: int, tracks: Tracks, why: str) -> None:
        self.conflicts.append(Conflict(self.row, earlier, tuple(tracks[:20].tolist()), why))

    # Results

    def stand(self) -> Standing:
        """All people at this point, and the tracks that joined them without a decision."""
        label = self.label.copy()
        joined = self._attached(label)
        label[(self.no_face > 0) | self.hidden] = NOISE
        live = label != NOISE
        keys, index = np.unique(label[live], return_inverse=True)
        label[live] = index
        number = np.array([self.number_of(k) for k in keys.tolist()], np.int64)
        decided = keys >= self.count
        taken = [p.number for k, p in self.people.items() if (self.label == k).any()]
        for i in np.flatnonzero(~decided & np.isin(number, taken)).tolist():  # the rest of a person
            number[i] = self._given(0, int(number[i]), {*taken, *number.tolist()})
        people = [
            self.people.get(k, DecidedPerson(int(n), 0)) for k, n in zip(keys.tolist(), number, strict=True)
        ]
        place = {k: i for i, k in enumerate(keys.tolist())}
        attached = tuple(
            Attached(place[k], tracks[label[tracks] == place[k]]) for k, tracks in joined if k in place
        )
        return Standing(
            label, number, tuple(p.name for p in people), tuple(people),
            tuple(j for j in attached if len(j.tracks)), self.base, self.next_number,
        )  # fmt: skip

    def _attached(self, label: Tracks) -> list[tuple[int, Tracks]]:
        """Join undecided tracks to decided people, in place; returns (key of the person, tracks) pairs."""
        machine, size = self.base.label.astype(np.int64), self.base.tracks.size
        decided, free = label >= self.count, (label >= 0) & (label < self.count)
        known = decided & (machine != NOISE)
        rest = np.bincount(label[free], size[free], minlength=self.count)
        width = max([self.count, *self.people]) + 1
        cells, inverse = np.unique(machine[known] * width + label[known], return_inverse=True)
        shared = np.bincount(inverse, size[known], minlength=len(cells))
        whole = np.bincount(label[decided], size[decided], minlength=width)
        good = (rest[cells // width] > 0) & (
            (2 * shared > whole[cells % width]) | (shared >= rest[cells // width])
        )
        joined = []
        for i in np.flatnonzero(good)[np.argsort(-shared[good], kind="stable")].tolist():
            group, key = int(cells[i] // width), int(cells[i] % width)
            tracks = np.flatnonzero(label == group)
            tracks = tracks[~self._forbidden(tracks, label == key)]
            if len(tracks):
                label[tracks] = key
                joined.append((key, tracks))
        return joined

    def _forbidden(self, tracks: Tracks, member: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(n,) whether a decision forbids a track to join these members."""
        bad = np.zeros(len(self.label), np.bool_)
        for apart in self.aparts:
            if member[apart.tracks].any():
                bad[apart.other] = True
            if member[apart.other].any():
                bad[apart.tracks] = True
        return bad[tracks]

    def listed(self) -> tuple[list[Conflict], list[Missing]]:
        """The overruled decisions, and the missing faces."""
        return sorted(set(self.conflicts), key=lambda c: (c.decision, c.against)), self.missing

    def note_meetings(self) -> None:
        """Note a conflict where the current decision joins tracks that an earlier one separates."""
        part, track, met = self.meetings()
        fresh = met.copy()
        fresh[: len(self.met)] &= ~self.met
        self.met = met
        for i in np.unique(part[fresh] // 2).tolist():
            apart, rows = self.aparts[i], fresh & (part // 2 == i)
            if apart.decision != self.row:
                first, side = int(track[rows][0]), int(part[rows][0] % 2)
                others = apart.tracks if side else apart.other
                other = others[self.label[others] == self.label[first]][:1]
                self.note_conflict(
                    apart.decision, np.append(first, other), "they were decided to be two people before"
                )

    def meetings(self) -> tuple[Tracks, Tracks, NDArray[np.bool_]]:
        """The tracks under cannot-links of decisions, and which of them violate a cannot-link.

        Returns:
            for both sides of each of `aparts`, in order: 2 k or 2 k + 1 for the sides of the k-th, the track,
            and whether its decided person also has a track of the other side.
        """
        part, track = self._held_apart()
        label = self.label[track]
        person = np.full(max([self.count, *self.people]) + 2, NOISE)  # the last entry is for NOISE
        person[list(self.people)] = np.arange(len(self.people))
        index = person[label]
        decided = index != NOISE
        present = np.zeros((2 * len(self.aparts), max(len(self.people), 1)), np.bool_)
        present[part[decided], index[decided]] = True
        return part, track, decided & present[part ^ 1, index]

    def _held_apart(self) -> tuple[Tracks, Tracks]:
        """The sides of all `aparts`, concatenated: number of the side, track."""
        known, part, track = self.held_apart
        fresh = [tracks for apart in self.aparts[known:] for tracks in (apart.tracks, apart.other)]
        if fresh:
            number = np.repeat(2 * known + np.arange(len(fresh)), [len(tracks) for tracks in fresh])
            part, track = np.append(part, number), np.concatenate([track, *fresh])
            self.held_apart = len(self.aparts), part, track
        return part, track


def none() -> Tracks:
    """No tracks."""
    return np.zeros(0, np.int64)
