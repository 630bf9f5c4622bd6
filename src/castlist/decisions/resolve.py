"""Decisions -> Resolved: what people decided, said about the tracks of today.

Faces are found again by time and box. Decisions are taken in their order; where one contradicts those
before it, the earlier ones stand and the contradiction is listed. One kind outranks what was before it:
a move takes faces out of whatever joined them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.decision import Decision, active
from castlist.decisions.locate import Finder
from castlist.errors import InputError
from castlist.types import BACKGROUND, NOISE, PERSON, Clock, Tracks, Video, freeze

__all__ = ["DECIDED_NO_FACE", "HIDDEN", "Conflict", "Missing", "Resolved", "resolve", "steps"]

DECIDED_NO_FACE = "not a face, as was decided"
HIDDEN = "hidden, as was decided"


@dataclass(frozen=True, slots=True)
class Missing:
    """A face that a decision names and that is not among the tracks."""

    decision: int
    anchor: int  # its place among the decision's anchors


@dataclass(frozen=True, slots=True)
class Conflict:
    """A decision, or a part of it, that does not go with an earlier one and is not applied."""

    decision: int
    against: int  # the earlier decision; 0 where the tracks themselves speak against it
    tracks: tuple[int, ...]
    why: str  # one sentence


@dataclass(frozen=True, eq=False, slots=True)
class Resolved:
    """What the decisions say about t tracks."""

    must: NDArray[np.int64]  # (q, 2) tracks that are one person
    cannot: NDArray[np.int64]  # (q, 2) tracks that are two
    unsure: NDArray[np.int64]  # (q, 2) pairs not to ask about again
    name: tuple[str, ...]  # (t,) "" where none was given
    named_by: NDArray[np.int64]  # (t,) the decision that named it last, 0 for none
    not_a_face: NDArray[np.bool_]  # (t,)
    hidden: NDArray[np.bool_]  # (t,)
    fate: NDArray[np.int8]  # (t,) PERSON or BACKGROUND, NOISE where nobody said
    moved: NDArray[np.bool_]  # (t,) whose place was decided by a move, or confirmed
    missing: tuple[Missing, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, named_by=(np.int64, (None,)), not_a_face=(np.bool_, (None,)))
        freeze(self, hidden=(np.bool_, (len(self.named_by),)), fate=(np.int8, (len(self.named_by),)))
        freeze(self, moved=(np.bool_, (len(self.named_by),)))
        for pairs in ("must", "cannot", "unsure"):
            freeze(self, **{pairs: (np.int64, (None, 2))})
        if len(self.name) != len(self.named_by):
            raise InputError(f"Resolved.name has {len(self.name)} rows, expected {len(self.named_by)}")

    @property
    def wanted(self) -> NDArray[np.bool_]:
        """(t,) tracks of which something good was said: joined to others, named, or given a fate."""
        wanted = np.asarray((self.named_by > 0) | (self.fate >= 0))
        wanted[self.must.ravel()] = True
        return wanted

    def names(self, label: NDArray[np.integer]) -> list[str]:
        """A name for each of the labels 0, 1, ...: of its tracks' names the one given last, or ""."""
        found: list[tuple[int, str]] = [(0, "")] * (int(label.max(initial=-1)) + 1)
        for track in np.flatnonzero(self.named_by):
            if label[track] >= 0:
                named = (int(self.named_by[track]), self.name[track])
                found[label[track]] = max(found[label[track]], named)
        return [name for _, name in found]


def resolve(
    decisions: Sequence[Decision],
    tracks: Tracks,
    clock: Clock,
    video: Video,
    *,
    offset: Fraction = Fraction(0),
    find: Finder | None = None,
) -> Resolved:
    """What the decisions that hold say about these tracks.

    Args:
        decisions: the whole log; undone decisions are left out here.
        offset: seconds by which this film runs later than the one decided on (a trimmed copy: negative).
        find: where faces were found on these tracks before, to look for each only once.
    """
    held = active(decisions)
    anchors = [a for d in held for a in d.anchors]
    find = find or Finder(tracks, clock, video, offset=offset)
    place = iter(find(anchors).tolist())
    ledger = _Ledger(len(tracks))
    missing = []
    for decision in held:
        found = [next(place) for _ in decision.anchors]
        missing += [Missing(decision.id, i) for i, t in enumerate(found) if t == NOISE]
        sides: dict[int, list[int]] = {}
        for anchor, track in zip(decision.anchors, found, strict=True):
            if track != NOISE:
                sides.setdefault(anchor.side, []).append(track)
        ledger.take(decision, {side: sorted(set(own)) for side, own in sides.items()})
    return ledger.close(tuple(missing))


def steps(decision: Decision) -> list[tuple[int, int, int]]:
    """The moves of a "sort": the sides of those moved, of whom they join, and of whom they are not."""
    return [(3 * k, 3 * k + 1, 3 * k + 2) for k in sorted({a.side // 3 for a in decision.anchors})]


@dataclass(slots=True)
class _Claim:
    """That tracks are one person, or that each of one list is another person than each of the other."""

    decision: int
    parts: list[list[int]]  # those of one person; more than one part where a move took some out later
    other: list[int] | None = None  # None: all of a part are one person


@dataclass(slots=True)
class _Ledger:
    """Takes decisions in order, then settles what they say about who is who."""

    count: int
    claims: list[_Claim] = field(default_factory=list)
    joined: dict[int, list[_Claim]] = field(default_factory=dict)  # track -> claims that join it
    unsure: list[tuple[int, int]] = field(default_factory=list)
    name: dict[int, tuple[str, int]] = field(default_factory=dict)  # track -> name, decision
    no_face: dict[int, int] = field(default_factory=dict)  # track -> decision
    hidden: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    fate: dict[int, int] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)

    def take(self, decision: Decision, sides: dict[int, list[int]]) -> None:
        own = sorted({t for tracks in sides.values() for t in tracks})
        match decision.kind:
            case "same":
                self._same(decision, own)
            case "name":
                self.name.update((t, (decision.value, decision.id)) for t in own)
                if decision.value:
                    self._same(decision, own)
            case "different":
                self._different(decision, list(sides.values()))
            case "unsure":
                self.unsure += [(own[0], t) for t in own[1:]]
            case "move":
                self._move(decision, sides.get(0, []), sides.get(1, []), sides.get(2, []))
            case "sort":
                for moved, to, left in steps(decision):
                    self._sort(decision, sides.get(moved, []), sides.get(to, []), sides.get(left, []))
            case "not-a-face":
                self.no_face.update((t, decision.id) for t in own)
            case "face":
                for t in own:
                    self.no_face.pop(t, None)
            case "hide":
                self.hidden.update(own)
            case "show":
                self.hidden.difference_update(own)
            case "background" | "foreground":
                self.fate.update((t, BACKGROUND if decision.kind == "background" else PERSON) for t in own)

    def _same(self, decision: Decision, tracks: list[int]) -> None:
        if len(tracks) > 1:
            self._claim(_Claim(decision.id, [tracks]))

    def _claim(self, claim: _Claim) -> None:
        self.claims.append(claim)
        if claim.other is None:
            for track in claim.parts[0]:
                self.joined.setdefault(track, []).append(claim)

    def _different(self, decision: Decision, sides: list[list[int]]) -> None:
        for i, other in enumerate(sides):
            for one in sides[:i]:
                if shared := sorted(set(one) & set(other)):
                    self._against(decision.id, 0, shared, "faces said to be two people are on one track")
                else:
                    self.claims.append(_Claim(decision.id, [one], other))

    def _sort(self, decision: Decision, moved: list[int], to: list[int], left: list[int]) -> None:
        """One move of many; whoever is on one track with those it joins is there already."""
        if moved:
            self._move(decision, [t for t in moved if t not in to], to, left)
            return
        self._same(decision, to)
        if to and left:
            self._different(decision, [to, left])

    def _move(self, decision: Decision, moved: list[int], to: list[int], left: list[int]) -> None:
        """Take tracks out of what joined them before, then say where they belong and where not."""
        if shared := sorted(set(moved) & {*to, *left}):
            self._against(
                decision.id, 0, shared, "a face to be moved is on one track with those it leaves or joins"
            )
            return
        if not moved:
            return
        for claim in {id(c): c for t in moved for c in self.joined.pop(t, ())}.values():
            claim.parts = [part for whole in claim.parts for part in _apart(whole, moved)]
            for track in {t for part in claim.parts for t in part if t in moved}:
                self.joined.setdefault(track, []).append(claim)
        for track in moved:
            self.name.pop(track, None)
        self.moved.update(moved)
        if decision.value:
            self.name.update((t, (decision.value, decision.id)) for t in (*moved, *to))
        self._same(decision, sorted({*moved, *to}))
        if left:
            self.claims.append(_Claim(decision.id, [moved], left))

    def _against(self, decision: int, earlier: int, tracks: Sequence[int], why: str) -> None:
        self.conflicts.append(Conflict(decision, earlier, tuple(tracks), why))

    def close(self, missing: tuple[Missing, ...]) -> Resolved:
        self._join_namesakes()
        people = _People()
        for claim in self.claims:
            other = self._faces(claim, claim.other or [])
            found = [self._faces(claim, part) for part in claim.parts]
            for a, b in [
                p for part in found for p in _pairs(part, other if claim.other is not None else None)
            ]:
                earlier = people.claim(a, b, claim.other is None, claim.decision)
                if earlier and claim.other is None:
                    self._against(claim.decision, earlier, (a, b), "they were said to be two people")
                elif earlier:
                    self._against(claim.decision, earlier, (a, b), "they were said to be one person")
        named = {t: n for t, n in self.name.items() if t not in self.no_face}
        names, by = [""] * self.count, np.zeros(self.count, np.int64)
        for track, (name, decision) in named.items():
            names[track], by[track] = name, decision
        fate = np.full(self.count, NOISE, np.int8)
        fate[list(self.fate)] = list(self.fate.values())
        return Resolved(
            must=np.array(people.must, np.int64).reshape(-1, 2),
            cannot=np.array(people.cannot, np.int64).reshape(-1, 2),
            unsure=np.array(self.unsure, np.int64).reshape(-1, 2),
            name=tuple(names),
            named_by=by,
            not_a_face=np.isin(np.arange(self.count), list(self.no_face)),
            hidden=np.isin(np.arange(self.count), list(self.hidden)),
            fate=fate,
            moved=np.isin(np.arange(self.count), list(self.moved)),
            missing=missing,
            conflicts=tuple(self.conflicts),
        )

    def _join_namesakes(self) -> None:
        """One name is one person, whoever else bore it meanwhile."""
        bearers: dict[str, dict[int, int]] = {}
        for track, (name, decision) in sorted(self.name.items()):
            if name and track not in self.no_face:
                bearers.setdefault(name, {}).setdefault(decision, track)
        for tracks in bearers.values():
            if len(tracks) > 1:
                self._claim(_Claim(max(tracks), [[t for _, t in sorted(tracks.items())]]))

    def _faces(self, claim: _Claim, tracks: list[int]) -> list[int]:
        """Tracks without those that are no faces; who joined such a one later on is told so."""
        for t in tracks:
            if self.no_face.get(t, claim.decision) < claim.decision:
                self._against(claim.decision, self.no_face[t], (t,), "it was said to be no face")
        return [t for t in tracks if t not in self.no_face]


def _apart(tracks: list[int], moved: list[int]) -> list[list[int]]:
    """Those that stay together and those that move together, where either are two or more."""
    parts = [[t for t in tracks if t not in moved], [t for t in tracks if t in moved]]
    return [part for part in parts if len(part) > 1]


def _pairs(one: list[int], other: list[int] | None) -> list[tuple[int, int]]:
    if other is None:
        return [(one[0], t) for t in one[1:]]  # none for an empty list
    return [(a, b) for a in one for b in other]


class _People:
    """Groups of tracks that are one person, and which groups are two: a disjoint-set forest with enemies."""

    def __init__(self) -> None:
        self.must: list[tuple[int, int]] = []
        self.cannot: list[tuple[int, int]] = []
        self._parent: dict[int, int] = {}
        self._enemy: dict[int, dict[int, int]] = {}  # root -> root -> the decision that says so
        self._joined: dict[int, list[tuple[int, int]]] = {}  # track -> (track, decision)

    def claim(self, a: int, b: int, same: bool, decision: int) -> int:
        """Note a pair; where earlier decisions say the opposite, note nothing and name the latest of them."""
        x, y = self._root(a), self._root(b)
        if same:
            if earlier := self._enemy.get(x, {}).get(y, 0):
                return earlier
            self._join(a, b, x, y, decision)
        elif x == y:
            return self._why(a, b)
        else:
            self._enemy.setdefault(x, {}).setdefault(y, decision)
            self._enemy.setdefault(y, {}).setdefault(x, decision)
        pairs = self.must if same else self.cannot
        pairs.append((min(a, b), max(a, b)))
        return 0

    def _root(self, track: int) -> int:
        while (up := self._parent.get(track, track)) != track:
            self._parent[track] = self._parent.get(up, up)
            track = up
        return track

    def _join(self, a: int, b: int, x: int, y: int, decision: int) -> None:
        self._joined.setdefault(a, []).append((b, decision))
        self._joined.setdefault(b, []).append((a, decision))
        if x == y:
            return
        self._parent[y] = x
        for enemy, why in self._enemy.pop(y, {}).items():
            self._enemy.setdefault(x, {}).setdefault(enemy, why)
            self._enemy[enemy].pop(y)
            self._enemy[enemy].setdefault(x, why)

    def _why(self, a: int, b: int) -> int:
        """The latest decision on a shortest chain that joins two tracks."""
        came: dict[int, tuple[int, int]] = {a: (a, 0)}
        queue = deque([a])
        while b not in came:
            track = queue.popleft()
            for near, decision in self._joined[track]:
                if near not in came:
                    came[near] = (track, max(decision, came[track][1]))
                    queue.append(near)
        return came[b][1]
