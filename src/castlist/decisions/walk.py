"""The state while decisions are applied one by one, and the effect of each kind of decision on it.

What the sides of a decision are stands in `apply`, which is the way in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.base import Base, page_order
from castlist.decisions.decision import Decision, DecisionKind
from castlist.decisions.identities import largest_number
from castlist.decisions.locate import Finder, Sides
from castlist.decisions.people import Conflict, Missing
from castlist.decisions.sides import (
    MOVED,
    REST,
    TARGET,
    WHOLE,
    Attached,
    DecidedPerson,
    Standing,
    Together,
    sides_of,
)
from castlist.types import BACKGROUND, NOISE, PERSON, Video

__all__ = ["Apart", "Undone", "Walk", "by_side", "none"]

Tracks = NDArray[np.int64]  # numbers of tracks
NAMESAKE = 1 << 20  # the side of those who join because they bear one name
LAST = 1 << 60  # stands after everybody on the page
PAST = 16  # earlier states kept for undo and redo: 2 MB each at 100,000 tracks


@dataclass(frozen=True, slots=True)
class Apart:
    """A cannot-link between two sets of tracks."""

    decision: int
    tracks: Tracks
    other: Tracks


@dataclass(slots=True)
class Undone:
    """A decision that was undone: when it held, and which tracks it had joined."""

    until: list[tuple[int, bool]]  # (decision, whether it held from then on)
    code: Tracks  # (t,) the side of each track, NOISE on none

    def held_at(self, decision: int) -> bool:
        state = [held for number, held in self.until if number < decision]
        return bool(state) and state[-1]


@dataclass(slots=True)
class Walk:
    """The state while decisions are applied one by one."""

    base: Base
    video: Video
    find: Finder
    label: Tracks  # (t,) below `count` a label of the machine's, from there on a decided person; NOISE
    count: int
    no_face: Tracks  # (t,) the decision that said so, 0 for none
    hidden: NDArray[np.bool_]
    labelled: NDArray[np.bool_]  # (t,) pointed at by a decision that says whose face it is
    next_number: int
    began: int = 0  # decisions that it did not take, since the run took over whom they had made
    known: dict[tuple[int, int], list[int]] = field(default_factory=dict)  # numbers that rows record
    fresh: list[tuple[int, int, int]] = field(default_factory=list)  # numbers given that no row records
    people: dict[int, DecidedPerson] = field(default_factory=dict)
    undone: list[Undone] = field(default_factory=list)
    aparts: list[Apart] = field(default_factory=list)
    unsure: list[tuple[int, int]] = field(default_factory=list)
    cannot: list[tuple[int, int]] = field(default_factory=list)
    redirect: dict[int, int] = field(default_factory=dict)
    place: dict[int, tuple[int, ...]] = field(default_factory=dict)  # number -> where it stands on the page
    conflicts: list[Conflict] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    lost_names: list[tuple[int, int, str]] = field(default_factory=list)  # see View.lost_names
    met: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))  # see `meetings`
    held_apart: tuple[int, Tracks, Tracks] = field(default_factory=lambda: (0, none(), none()))
    # of so many of `aparts`, see `_held_apart`
    row: int = 0  # the decision being taken
    exact: bool = True  # whether today's tracks are those it was recorded on
    taken: tuple[int, ...] = ()  # the decisions that hold so far
    past: tuple[Walk, ...] = ()  # the people before the latest decisions, to which an undo returns

    @classmethod
    def over(cls, base: Base, video: Video, find: Finder) -> Self:
        t = len(base.tracks)
        walk = cls(
            base, video, find, base.label.astype(np.int64), len(base.number), np.zeros(t, np.int64),
            np.zeros(t, np.bool_), np.zeros(t, np.bool_), base.next_number,
        )  # fmt: skip
        order = page_order(base.label, base.fate)
        walk.place = {int(base.number[k]): (i,) for i, k in enumerate(order.tolist())}
        return walk

    def knows(self, log: Sequence[Decision]) -> None:
        """Use the person numbers that rows of the log record; never reuse a number."""
        self.known = {}
        for made, side, number in dict.fromkeys([*(n for d in log for n in d.numbers), *self.fresh]):
            self.known.setdefault((made, side), []).append(number)
        self.next_number = max(self.next_number, largest_number(log) + 1)

    def copy(self) -> Walk:
        return replace(
            self, label=self.label.copy(), no_face=self.no_face.copy(), hidden=self.hidden.copy(),
            labelled=self.labelled.copy(), people={k: replace(p) for k, p in self.people.items()},
            known={k: [*v] for k, v in self.known.items()}, fresh=[*self.fresh],
            aparts=[*self.aparts], unsure=[*self.unsure], cannot=[*self.cannot], redirect={**self.redirect},
            place={**self.place}, conflicts=[*self.conflicts], missing=[*self.missing],
            lost_names=[*self.lost_names],
        )  # fmt: skip

    def later(self) -> Walk:
        """A copy to which later decisions are applied; it keeps a reference to this state."""
        walk = self.copy()
        walk.past = (*self.past, replace(self, past=()))[-PAST:]
        return walk

    # Taking a decision

    def take(self, made: Decision) -> None:
        """Apply one more decision."""
        self.row = made.id
        self.taken = (*self.taken, made.id)
        pointed = by_side(made, self.find)
        sides, person = self._sides(made, pointed)
        match made.kind:
            case DecisionKind.SAME | DecisionKind.NAME:
                self._same(made, sides, person)
            case DecisionKind.DIFFERENT:
                self._different(sides, person, pointed)
            case DecisionKind.MOVE | DecisionKind.SORT:
                for k in sorted({side // 4 for side in (*sides, *person)}):
                    self._move(made, [sides.get(4 * k + role, none()) for role in range(4)], person, k)
            case DecisionKind.BACKGROUND | DecisionKind.FOREGROUND | DecisionKind.CONFIRM | DecisionKind.KEY:
                self._person(made, sides, person, pointed)
            case DecisionKind.NOT_A_FACE:
                self.no_face[all_tracks(sides)] = made.id
            case DecisionKind.FACE:
                self.no_face[all_tracks(sides)] = 0
            case DecisionKind.HIDE | DecisionKind.SHOW:
                self.hidden[all_tracks(sides)] = made.kind == DecisionKind.HIDE
        self._list_meetings()
        self.note(made, pointed)

    def _sides(self, made: Decision, pointed: Mapping[int, list[int]]) -> tuple[Sides, dict[int, int]]:
        """The tracks of each side, and the number that its person has or gets."""
        if made.groups is None:
            self.exact = True
            if lost := len(made.anchors) - sum(map(len, pointed.values())):
                self.missing.append(Missing(made.id, lost, len(made.anchors)))
            sides, person = sides_of(made, pointed, self.stand())
            self.next_number = max([self.next_number, *(n + 1 for n in person.values())])
            return sides, person
        sides, lost = self.find.sides(made.groups)
        self.exact = self.find.exact(made.groups)
        if lost:
            self.missing.append(Missing(made.id, lost, len(made.groups)))
        return sides, {k: n for k, n in enumerate(made.groups.person.tolist()) if n}

    def note(self, made: Decision, pointed: Mapping[int, list[int]]) -> None:
        """What a decision says of the very faces that were pointed at: what need not be asked any more."""
        pointed_tracks = [t for tracks in pointed.values() for t in tracks]
        if made.kind in (DecisionKind.SAME, DecisionKind.NAME, DecisionKind.CONFIRM):
            self.labelled[pointed_tracks] = True
        elif made.kind == DecisionKind.DIFFERENT:
            sides = list(pointed.values())
            self.cannot += [(a, b) for i, y in enumerate(sides) for x in sides[:i] for a in x for b in y]
        elif made.kind == DecisionKind.UNSURE:
            self.unsure += [(pointed_tracks[0], t) for t in pointed_tracks[1:]]
        elif made.kind in (DecisionKind.MOVE, DecisionKind.SORT):
            meant_sides = {a.side for a in made.anchors}
            for k in sorted({side // 3 for side in pointed}):
                moved, to, left = (pointed.get(3 * k + role, []) for role in range(3))
                if not meant_sides & {3 * k, 3 * k + 1}:
                    self.unsure += [(left[0], t) for t in left[1:]]
                self.labelled[[*moved, *to]] = True
                self.cannot += [(a, b) for a in moved or to[:1] for b in left if a != b]

    def _same(self, made: Decision, sides: Sides, person: dict[int, int]) -> None:
        parts = [self._main(sides[k], person.get(k, 0)) for k in sorted(sides)]
        self._are_faces(parts, made.kind)
        key = self._join(parts, person.get(0, 0), 0)
        if key == NOISE or made.kind == DecisionKind.SAME:
            return
        self._name(key, made)

    def _name(self, key: int, made: Decision) -> None:
        """Name a decided person; a person who already has this name is merged: one name is one person."""
        called = made.value.casefold()
        others = [k for k, p in self.people.items() if called and k != key and p.name.casefold() == called]
        if others:
            members = [np.flatnonzero(self.label == k) for k in (key, *others)]
            key = self._join(members, self.people[key].number, NAMESAKE, whole=True)
        self.people[key].name, self.people[key].named_by = made.value, made.id

    def _different(self, sides: Sides, person: dict[int, int], pointed: Mapping[int, list[int]]) -> None:
        parts = {k: self._main(tracks, person.get(k, 0)) for k, tracks in sorted(sides.items())}
        chosen = [pointed.get(k) or tracks[:1].tolist() for k, tracks in parts.items()]
        against: dict[int, list[int]] = {}
        for a, b in ((a, b) for i, y in enumerate(chosen) for x in chosen[:i] for a in x for b in y):
            if a != b and self.label[a] == self.label[b] >= self.count:
                against.setdefault(self._joined_by(a, b), []).extend((a, b))
        for earlier, pair in against.items():
            self._against(earlier, np.unique(pair), "they were decided to be one person before")
        heirs = self._heirs(parts, person)
        for key, heir in heirs.items():  # hidden tracks follow the side that goes on under the number
            rest = np.setdiff1d(np.flatnonzero(self.label == key), all_tracks(parts))
            parts[heir] = np.union1d(parts[heir], rest)
        for k, tracks in parts.items():
            self._carve(tracks, person.get(k, 0), k, [key for key, heir in heirs.items() if heir == k])
        self._forget_empty(heirs)
        sides_in_order = list(parts.values())
        self.aparts += [
            Apart(self.row, a, b) for i, b in enumerate(sides_in_order) for a in sides_in_order[:i]
        ]

    def _heirs(self, parts: Sides, person: dict[int, int]) -> dict[int, int]:
        """The side on which each decided person who is parted goes on, with name and number.

        That is the side of the person's number, and where no side has it, the one with most of their faces.
        Whoever's number is that of a side without a track of theirs goes on with what is left of them.
        """
        by_number = {number: k for k, number in person.items() if number}
        heirs = {}
        for key in self._decided(all_tracks(parts)):
            faces = {k: self._faces(tracks[self.label[tracks] == key]) for k, tracks in parts.items()}
            heir = by_number.get(self.people[key].number, max(faces, key=lambda k: faces[k]))
            if faces.get(heir):
                heirs[key] = heir
        return heirs

    def _move(self, made: Decision, side: list[Tracks], person: dict[int, int], k: int) -> None:
        """Move exactly these tracks to another person, or to a new one."""
        wanted = person.get(4 * k + TARGET, 0)
        to, whole = self._main(side[TARGET], wanted), self._main(side[WHOLE], 0)
        moved = np.setdiff1d(side[MOVED], to)
        if len(moved) < len(side[MOVED]):
            self._against(
                0, np.intersect1d(side[MOVED], to), "these faces are on one track with their person"
            )
        if len(to) or len(whole):
            key = self._join([to, whole], wanted, 4 * k + TARGET)
            self._put(moved, key)
        elif len(moved):
            target = next((key for key, p in self.people.items() if wanted and p.number == wanted), NOISE)
            if target == NOISE:
                number = person.get(4 * k + MOVED, 0)
                left = self._left(made, side, person.get(4 * k + REST, 0), k)
                gone = [p for p in self._decided(moved) if p not in left and self._most(p, moved)]
                gone += [p for p in left if number and self.people[p].number == number]
                key = self._carve(moved, number, 4 * k + MOVED, gone)
            else:
                key = target
                self._put(moved, key)
        else:
            return
        self.no_face[moved], self.hidden[moved] = 0, False
        if made.value:
            self._name(key, made)
        if len(side[REST]):
            self.aparts.append(Apart(self.row, moved if len(side[MOVED]) else to, side[REST]))

    def _left(self, made: Decision, side: list[Tracks], number: int, k: int) -> list[int]:
        """The decided people out of whom a step takes tracks: their name and number stay behind.

        Args:
            number: of the person whom the step records as left, 0 where it records none.
        """
        decided = self._decided(side[MOVED])
        sides = made.groups.side if made.groups is not None else none()
        if not len(side[REST]) and not (sides == 4 * k + REST).any():
            return []  # they leave nobody behind
        stay = {*np.unique(self.label[side[REST]]).tolist()}
        return [p for p in decided if not number or self.people[p].number == number or p in stay]

    def _person(
        self, made: Decision, sides: Sides, person: dict[int, int], pointed: Mapping[int, list[int]]
    ) -> None:
        """Whole people who stay as they are, and what is said of them."""
        for k, tracks in sorted(sides.items()):
            key = self._join([self._main(tracks, person.get(k, 0))], person.get(k, 0), k)
            if key != NOISE and made.kind in (DecisionKind.BACKGROUND, DecisionKind.FOREGROUND):
                self.people[key].fate = BACKGROUND if made.kind == DecisionKind.BACKGROUND else PERSON
            elif key != NOISE and made.kind == DecisionKind.KEY and any(pointed.values()):
                self.people[key].key, self.people[key].key_by = made.anchors[0], made.id

    # Groups

    def _join(self, parts: Iterable[Tracks], wanted: int, side: int, *, whole: bool = False) -> int:
        """Merge these tracks to one decided person, with the number wanted if it is free; returns its key."""
        tracks = np.unique(np.concatenate([none(), *parts]))
        if not len(tracks):
            return NOISE
        touched = np.unique(self.label[tracks])
        gone = [k for k in touched.tolist() if k >= self.count]
        if not (whole or self.exact):
            gone = [k for k in gone if self._most(k, tracks) or self._just_joined(k, tracks)]
        members = np.concatenate([tracks, *(np.flatnonzero(self.label == k) for k in gone)])
        return self._made(np.unique(members), touched, gone, wanted, side)

    def _carve(self, tracks: Tracks, wanted: int, side: int, gone: list[int]) -> int:
        """Make a decided person of exactly these tracks; returns its key.

        Args:
            gone: the decided people who go on as this one, and have no name any more where they are left.
        """
        if not len(tracks):
            return NOISE
        key = self._made(tracks, np.unique(self.label[tracks]), gone, wanted, side)
        for k in gone:
            if k in self.people:
                self.people[k].name, self.people[k].named_by = "", 0
        return key

    def _decided(self, tracks: Tracks) -> list[int]:
        """The decided people who have one of these tracks."""
        return [k for k in np.unique(self.label[tracks]).tolist() if k >= self.count]

    def _made(self, tracks: Tracks, touched: Tracks, gone: list[int], wanted: int, side: int) -> int:
        """A new decided person that replaces those of `gone`; returns its key."""
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
        self._forget_empty(gone)
        return key

    def _forget_empty(self, keys: Iterable[int]) -> None:
        """Remove those decided people who have no track any more."""
        for k in keys:
            if k in self.people and not (self.label == k).any():
                del self.people[k]

    def _put(self, tracks: Tracks, key: int) -> None:
        """Assign these tracks to a decided person."""
        if len(tracks):
            self.people[key].since = self._together(np.append(np.flatnonzero(self.label == key), tracks))
            self._replaced(tracks, np.unique(self.label[tracks]), self.people[key].number)
            self.label[tracks], self.people[key].by = key, self.row

    def _together(self, tracks: Tracks) -> Together:
        """These tracks, which the decision being taken puts together, with what did so to some before."""
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
        """The tracks of a decided person as they are now, with what put them together."""
        person = self.people[key]
        if person.since is None:
            members = np.flatnonzero(self.label == key)
            return Together(members, np.full(len(members), person.by))
        return person.since.where(self.label[person.since.track] == key)

    def _joined_by(self, a: int, b: int) -> int:
        """The decision that made two tracks of a decided person that one person."""
        return self._since(int(self.label[a])).joined(a, b)

    def _replaced(self, tracks: Tracks, touched: Tracks, number: int) -> None:
        """Record which number replaces which, and the place of a new number on the page."""
        self.stands_with(number, touched)
        for k in touched.tolist():
            if k != NOISE and (old := self._number_of(k)) != number:
                self.redirect[old] = number
        self.redirect.pop(number, None)

    def stands_with(self, number: int, touched: Tracks) -> None:
        """Let a new number stand after the first of those whom its tracks were with."""
        places = [self.place[n] for n in map(self._number_of, touched.tolist()) if n in self.place]
        self.place.setdefault(number, (*min(places), number) if places else (LAST, number))

    def _number_of(self, key: int) -> int:
        if key >= self.count:
            return self.people[key].number
        return int(self.base.number[key]) if key >= 0 else 0

    def _number(self, tracks: Tracks, touched: Tracks, gone: list[int], wanted: int, side: int) -> int:
        """The number wanted, else that of whoever most of these tracks are now, else one that nobody had."""
        rest = np.bincount(self.label[self.label >= 0], minlength=max([self.count, *self.people]) + 1)
        labels = self.label[tracks]
        rest[: len(rest)] -= np.bincount(labels[labels >= 0], minlength=len(rest))
        left = set(np.flatnonzero(rest > 0).tolist())
        taken = {p.number for k, p in self.people.items() if k not in gone and k in left}
        if wanted and wanted not in taken:
            return wanted
        faces = [self.base.tracks.size[tracks[self.label[tracks] == k]].sum() for k in touched.tolist()]
        for i in np.argsort(faces, kind="stable")[::-1].tolist():
            number = self._number_of(int(touched[i]))
            if number and number not in taken and (int(touched[i]) in gone or int(touched[i]) not in left):
                return number
        return self._given(self.row, side, taken)

    def _given(self, made: int, side: int, taken: Collection[int]) -> int:
        """The number recorded for a side of a decision, unless somebody has it; else one nobody ever had."""
        for number in self.known.get((made, side), ()):
            if number not in taken:
                return number
        number, self.next_number = self.next_number, self.next_number + 1
        self.known.setdefault((made, side), []).append(number)
        self.fresh.append((made, side, number))
        return number

    def _faces(self, tracks: Tracks) -> int:
        return int(self.base.tracks.size[tracks].sum())

    def _most(self, key: int, tracks: Tracks) -> bool:
        """Whether most faces of a decided person are on these tracks."""
        members = np.flatnonzero(self.label == key)
        size = self.base.tracks.size[members]
        return bool(2 * size[np.isin(members, tracks)].sum() > size.sum())

    def _just_joined(self, key: int, tracks: Tracks) -> bool:
        """Whether most faces of these tracks are with somebody whom an earlier step of this decision made."""
        size = self.base.tracks.size[tracks]
        inside = self.label[tracks] == key
        return self.people[key].by == self.row and bool(2 * size[inside].sum() > size.sum())

    def _main(self, tracks: Tracks, wanted: int) -> Tracks:
        """Of a person as they stood at the decision: the part that holds without what was undone since."""
        part = np.zeros(len(tracks), np.int64)
        size = self.base.tracks.size[tracks]
        for undone in self.undone:
            code = undone.code[tracks]
            if undone.held_at(self.row) and len(tracks) and code.max() != NOISE:
                codes = code[code != NOISE]
                most = np.bincount(codes, size[code != NOISE]).argmax()
                part = np.unique([part, np.where(code == NOISE, most, code)], axis=1, return_inverse=True)[1]
        if not part.any():
            return tracks
        numbers = [self._number_of(k) for k in self.label[tracks].tolist()]
        matching = [p for p, n in zip(part.tolist(), numbers, strict=True) if n == wanted]
        return np.asarray(tracks[part == (matching[0] if matching else np.bincount(part, size).argmax())])

    def _are_faces(self, parts: Sequence[Tracks], kind: DecisionKind) -> None:
        """Whoever joins tracks that were no faces or hidden says that they are faces after all."""
        tracks = np.concatenate([none(), *parts])
        for by in np.unique(self.no_face[tracks]).tolist():
            if by:
                self._against(by, tracks[self.no_face[tracks] == by], "it was decided to be no face before")
        self.no_face[tracks], self.hidden[tracks] = 0, False

    def _against(self, earlier: int, tracks: Tracks, why: str) -> None:
        self.conflicts.append(Conflict(self.row, earlier, tuple(tracks[:20].tolist()), why))

    # Looking

    def stand(self) -> Standing:
        """All people at this point, and the decisions that joined them."""
        label = self.label.copy()
        joined = self._attached(label)
        label[(self.no_face > 0) | self.hidden] = NOISE
        live = label != NOISE
        keys, index = np.unique(label[live], return_inverse=True)
        label[live] = index
        number = np.array([self._number_of(k) for k in keys.tolist()], np.int64)
        decided = keys >= self.count
        taken = [p.number for k, p in self.people.items() if (self.label == k).any()]
        for i in np.flatnonzero(~decided & np.isin(number, taken)).tolist():  # whoever is left of somebody
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
        """Attach undecided tracks to decided people, in place; returns which joined whom."""
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
        """(n,) whether a cannot-link of a decision keeps a track from these members."""
        bad = np.zeros(len(self.label), np.bool_)
        for apart in self.aparts:
            if member[apart.tracks].any():
                bad[apart.other] = True
            if member[apart.other].any():
                bad[apart.tracks] = True
        return bad[tracks]

    def listed(self) -> tuple[list[Conflict], list[Missing]]:
        """What was overruled, and what was not found."""
        return sorted(set(self.conflicts), key=lambda c: (c.decision, c.against)), self.missing

    def _list_meetings(self) -> None:
        """Record the tracks that the current decision joins although an earlier one keeps them apart."""
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
                self._against(
                    apart.decision, np.append(first, other), "they were decided to be two people before"
                )

    def meetings(self) -> tuple[Tracks, Tracks, NDArray[np.bool_]]:
        """The tracks that decisions hold apart, and which are with those from whom they are held apart.

        Returns:
            for the tracks of both sides of each of `aparts`, in order: 2 k or 2 k + 1 for the sides of the
            k-th, the track, and whether it is a decided person's of whom the other side has a track.
        """
        part, track = self._held_apart()
        label = self.label[track]
        person = np.full(max([self.count, *self.people]) + 2, NOISE)  # the last one is for NOISE
        person[list(self.people)] = np.arange(len(self.people))
        index = person[label]
        decided = index != NOISE
        present = np.zeros((2 * len(self.aparts), max(len(self.people), 1)), np.bool_)
        present[part[decided], index[decided]] = True
        return part, track, decided & present[part ^ 1, index]

    def _held_apart(self) -> tuple[Tracks, Tracks]:
        """The sides of `aparts` one after another, as their numbers and tracks."""
        known, part, track = self.held_apart
        fresh = [tracks for apart in self.aparts[known:] for tracks in (apart.tracks, apart.other)]
        if fresh:
            number = np.repeat(2 * known + np.arange(len(fresh)), [len(tracks) for tracks in fresh])
            part, track = np.append(part, number), np.concatenate([track, *fresh])
            self.held_apart = len(self.aparts), part, track
        return part, track


def all_tracks(sides: Sides) -> Tracks:
    return np.concatenate([none(), *sides.values()])


def none() -> Tracks:
    return np.zeros(0, np.int64)


def by_side(made: Decision, find: Finder) -> dict[int, list[int]]:
    """The tracks of the faces that were pointed at, by their side, each once."""
    sides: dict[int, list[int]] = {}
    for anchor, track in zip(made.anchors, find(made.anchors).tolist(), strict=True):
        if track != NOISE and track not in sides.setdefault(anchor.side, []):
            sides[anchor.side].append(track)
    return sides
