"""Random sequences of decisions, undos and runs, in memory: many laws in little time.

    python tests/decisions/programs.py 0 1000      seeds 0 to 999, and the first broken law of each

Beside the state machine of test_decisions_laws.py, which goes through the disk and the page.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.decisions import Base, Decision, View, apply, completed, completed_log, with_numbers
from castlist.errors import InputError
from castlist.pipeline.publish import continued
from castlist.review.actions import decision
from castlist.types import INTERPOLATED, NOISE, SET_ASIDE, Clock, Portraits, Shots, Tracks, Video

FACES = 12  # frames of a place: a shot, in which one face is seen
PLACES = 9
VIDEO = Video(Path("film.mp4"), 640, 360, Fraction(25), Fraction(PLACES * FACES, 25), "d" * 40)
Step = tuple[Any, ...]
FATES = ("not-a-face", "hide", "background", "foreground", "confirm", "reject", "restore", "key")


class BrokenLaw(AssertionError):
    """A law of decisions that does not hold."""


def base_of(who: Sequence[int], cut: int, order: int, shift: int = 250) -> Base:
    """A track for each place, or two halves of one where `cut` says so.

    Args:
        who: the label of each place; below NOISE: no track is found there.
        shift: pixels between the faces of one place and the next, so that one is not found in the other.
    """
    pieces = []
    for place, label in enumerate(who):
        whole = np.arange(place * FACES, (place + 1) * FACES)
        halves = [whole[:5], whole[5:]] if cut >> place & 1 else [whole]
        pieces += [(frames, place, label) for frames in halves if label > -2]
    turn = np.random.default_rng(order).permutation(len(pieces)) if order else np.arange(len(pieces))
    pieces = [pieces[i] for i in turn]
    frame = np.concatenate([p[0] for p in pieces])
    t, size = len(pieces), [len(p[0]) for p in pieces]
    offset = np.cumsum([0, *size])
    side = np.repeat([p[1] % 2 * shift for p in pieces], size)
    box = np.tile(np.float32([100, 50, 200, 170]), (len(frame), 1))
    box[:, [0, 2]] += side[:, None]
    tracks = Tracks(
        frame, box, np.full(len(frame), 0.9), np.full(len(frame), INTERPOLATED), offset,
        np.array([p[1] for p in pieces]),
    )  # fmt: skip
    label = np.array([p[2] for p in pieces])
    label = np.where(label == NOISE, NOISE, np.searchsorted(np.unique(label[label >= 0]), label))
    edges = np.arange(len(who) + 1) * FACES
    shots = Shots(edges[:-1], edges[1:], np.zeros(len(who)))
    portraits = Portraits(tracks.first, box[offset[:-1]], np.arange(t), np.ones(t), ("",) * t)
    vector = np.random.default_rng(1).normal(size=(len(who), 8))[tracks.shot]
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    why = tuple("not a face" if k < 0 else "" for k in label)
    return Base(
        Clock(np.arange(len(who) * FACES), Fraction(1, 25)), shots, tracks, portraits, label,
        np.where(label < 0, SET_ASIDE, 0), why, vector, np.zeros((0, 2)), np.array([0.7, 0.0, 0.12, -1.0]),
    )  # fmt: skip


class Film:
    """A film under review, whose laws are looked at after every step."""

    def __init__(self, who: Sequence[int]) -> None:
        self.log: list[Decision] = []
        self.base = continued(base_of(who, 0, 0), None, VIDEO, ())
        self.view: View = apply(self.base, VIDEO, ())
        self.before: list[tuple[int, dict[str, Any]]] = []
        self.together: dict[frozenset[int], bool] = {}

    # Looking

    def people(self) -> dict[str, Any]:
        """All people by id: name, fate, and the frames with their faces."""
        t = self.base.tracks
        return {
            g.id: (g.name, g.fate, np.sort(np.concatenate([t.frame[t.rows(k)] for k in g.tracks])).tolist())
            for g in self.view.groups
        }

    def places(self, tracks: NDArray[np.int64]) -> frozenset[int]:
        return frozenset(self.base.tracks.shot[tracks].tolist())

    def numbers(self) -> dict[int, frozenset[int]]:
        return {g.number: self.places(g.tracks) for g in self.view.groups}

    def track(self, place: int) -> int:
        return int(np.flatnonzero(self.base.tracks.shot == place)[0])

    def decided(self) -> NDArray[np.bool_]:
        state: Any = self.view.state
        return np.asarray(state.label >= state.count)

    # Deciding

    def decide(self, request: dict[str, Any]) -> bool:
        before = self.people()
        try:
            made = completed(decision(request, self.base, VIDEO, self.view), self.view, self.base, VIDEO)
        except InputError as error:
            if "does not take" in str(error):  # the step decides nothing, ever
                raise BrokenLaw(str(error)) from None
            return False
        self.add(made)
        self.before.append((self.log[-1].id, before))
        self.together = self.pairs()
        return True

    def undo(self, number: int) -> None:
        self.add(Decision("undo", undoes=number))
        self.together = {}

    def add(self, made: Decision) -> None:
        row = replace(made, id=len(self.log) + 1)
        view = apply(self.base, VIDEO, [*self.log, row], self.view)
        self.log = [*self.log, with_numbers(row, view, self.log)]
        self.view = apply(self.base, VIDEO, self.log, self.view)

    def find(self, base: Base) -> None:
        """What `castlist find` does with what the machine found."""
        self.log = completed_log(self.base, VIDEO, self.log)
        self.base = continued(base, self.base, VIDEO, self.log)
        self.view = apply(self.base, VIDEO, self.log)
        self.before = []

    def pairs(self) -> dict[frozenset[int], bool]:
        """Of all pairs of decided places, whether they are one person."""
        owner: dict[int, set[int]] = {}
        for place, k, own in zip(self.base.tracks.shot, self.view.label, self.decided(), strict=True):
            owner.setdefault(int(place), set()).add(int(k) if own else NOISE)
        whole = {p: next(iter(k)) for p, k in owner.items() if len(k) == 1 and NOISE not in k}
        return {frozenset((a, b)): whole[a] == whole[b] for a in whole for b in whole if a < b}

    # Steps

    def take(self, step: Step) -> None:
        """One step of a program, and the laws after it."""
        getattr(self, f"_{step[0]}")(*step[1:])
        self.check()

    def _ids(self) -> list[str]:
        return [g.id for g in self.view.groups]

    def _merge(self, chosen: Sequence[int]) -> None:
        ids = self._ids()
        people = list(dict.fromkeys(ids[i % len(ids)] for i in chosen)) if ids else []
        if len(people) > 1:
            self.decide({"action": "merge", "people": people})

    def _answer(self, a: int, b: int, same: bool) -> None:
        tracks = [self.track(a), self.track(b)]
        if a == b or (not same and (self.view.label[tracks] == NOISE).any()):
            return
        if self.decide({"action": "same" if same else "different", "tracks": tracks}):
            one, other = self.view.label[tracks]
            if (one == other != NOISE) != same:
                raise BrokenLaw("an answer does not hold")

    def _move(self, places: Sequence[int], person: int) -> None:
        tracks, ids = [self.track(p) for p in places], self._ids()
        if ids and person >= 0:
            self.decide({"action": "move", "tracks": tracks, "person": ids[person % len(ids)]})
        else:
            one = len(set(self.view.label[tracks].tolist())) == 1
            if self.decide({"action": "split", "tracks": tracks}) and one:
                self.have_no_name(tracks)

    def _sort(self, lines: Sequence[tuple[int, int, bool]]) -> None:
        live = np.flatnonzero(self.view.label != NOISE).tolist()
        items: dict[int, dict[str, Any]] = {}
        for a, b, whole in lines if len(live) > 1 else ():
            track = live[a % len(live)]
            others = [t for t in live if t != track]
            item: dict[str, Any] = {"track": track, "whole": whole, "to": None, "not": others[:2]}
            if b >= 0:
                item = {"track": track, "whole": whole, "to": others[b % len(others)]}
            items.setdefault(track, item)
        if items:
            self.decide({"action": "sort", "items": list(items.values())})

    def _check(self, person: int, strangers: int) -> None:
        if self.view.groups:
            group = self.view.groups[person % len(self.view.groups)]
            apart = [[t] for i, t in enumerate(group.tracks.tolist()[:4]) if strangers >> i & 1]
            others = [g for g in self.view.groups if g is not group]
            item: dict[str, Any] = {"person": group.id, "strangers": apart}
            if strangers & 16 and others:  # they move to another person, in the same decision
                to = int(others[strangers % len(others)].tracks[0])
                item = {"person": group.id, "moved": [{"tracks": own, "to": to} for own in apart]}
            if self.decide({"action": "check", "items": [item]}) and "strangers" in item:
                self.have_no_name([t for own in apart for t in own])

    def _name(self, person: int, name: str) -> None:
        ids = self._ids()
        if ids:
            self.decide({"action": "name", "person": ids[person % len(ids)], "name": name})

    def _fate(self, action: str, place: int) -> None:
        track = self.track(place)
        if action in ("background", "foreground"):
            label = int(self.view.label[track])
            people = [self.view.groups[label].id] if label >= 0 else []
            self.decide({"action": action, "people": people})
        elif action == "key":
            start = self.base.clock.time(int(self.base.tracks.first[track]))
            self.decide({"action": action, "track": track, "ms": int(1000 * start) + 1})
        else:
            self.decide({"action": action, "tracks": [track]})

    def _undo_last(self) -> None:
        """An undo of the last decision gives the cast before it."""
        if self.before:
            number, before = self.before.pop()
            self.undo(number)
            if self.people() != before:
                raise BrokenLaw("an undo does not give the cast before")

    def _undo_any(self, which: int) -> None:
        undone: set[int] = set()
        for made in reversed(self.log):
            if made.undoes is not None and made.id not in undone:
                undone.add(made.undoes)
        rows = [d.id for d in self.log if d.id not in undone]
        if rows:
            self.undo(rows[which % len(rows)])
            self.before = []

    def _again(self, who: Sequence[int], cut: int, order: int) -> None:
        """No person made by a decision loses a face or the number in another run."""
        own, halves = self.decided(), dict[int, set[int]]()
        for place, k in zip(self.base.tracks.shot.tolist(), self.view.label.tolist(), strict=True):
            halves.setdefault(place, set()).add(k)
        torn = {place for place, k in halves.items() if len(k) > 1}  # one track of the next may hold both
        torn |= {place for place, label in enumerate(who) if label < NOISE}  # not found by the next
        decided = {g.number: self.places(g.tracks[own[g.tracks]]) - torn for g in self.view.groups}
        self.find(base_of(who, cut, order))
        now = self.numbers()
        for number, places in decided.items():
            if places and not places <= now.get(number, frozenset()):
                raise BrokenLaw(f"person {number} of {set(places)} is not among {now}")

    def _same(self) -> None:
        """The same run again changes nothing, and what was decided before can still be undone."""
        before, undoable = self.people(), self.before
        self.find(self.base)
        self.before = undoable
        if self.people() != before:
            raise BrokenLaw("the same run again gives another cast")

    def have_no_name(self, tracks: Sequence[int]) -> None:
        """Tracks that were split off a person have no name."""
        named = [t for t in tracks if self.view.named[t]]
        if named:
            raise BrokenLaw(f"tracks {named} were taken out of a person, and kept the name")

    # What always holds

    def check(self) -> None:
        fresh = apply(self.base, VIDEO, self.log)
        if told(fresh) != told(self.view):
            raise BrokenLaw(f"read again it says {told(fresh)}, not {told(self.view)}")
        numbers = [g.number for g in self.view.groups]
        if len(numbers) != len(set(numbers)):
            raise BrokenLaw(f"two people have one number: {numbers}")
        names = [g.name.casefold() for g in self.view.groups if g.name]
        if len(names) != len(set(names)):
            raise BrokenLaw(f"two people have one name: {names}")
        owner: dict[int, set[int]] = {}
        for place, k in zip(self.base.tracks.shot.tolist(), self.view.label.tolist(), strict=True):
            owner.setdefault(place, set()).add(k)
        for pair, one in self.together.items():
            a, b = (owner.get(p, set()) - {NOISE} for p in pair)
            if len(a) == len(b) == 1 and (a == b) != one:
                raise BrokenLaw(f"places {set(pair)} were decided to be {'one' if one else 'two'}")


def told(view: View) -> tuple[Any, ...]:
    """All that a view says."""
    people = [(g.id, g.name, g.fate, g.by, g.key, g.tracks.tolist()) for g in view.groups]
    return people, view.redirect, view.conflicts, view.no_face.tolist(), view.hidden.tolist()


def program(seed: int, steps: int = 20) -> tuple[list[int], list[Step]]:
    """Labels to begin with, and random steps."""
    rng = random.Random(seed)  # noqa: S311
    n = rng.randrange
    kinds: list[Any] = [
        lambda: ("merge", [n(PLACES) for _ in range(n(2, 4))]),
        lambda: ("answer", n(PLACES), n(PLACES), rng.random() < 0.5),
        lambda: ("move", rng.sample(range(PLACES), n(1, 4)), n(-4, 5)),
        lambda: ("sort", [(n(20), n(-8, 20), rng.random() < 0.5) for _ in range(n(1, 4))]),
        lambda: ("check", n(PLACES), n(32)),
        lambda: ("name", n(PLACES), rng.choice(["Ann", "ann", "Bob", ""])),
        lambda: ("fate", rng.choice(FATES), n(PLACES)),
        lambda: ("undo_last",),
        lambda: ("undo_any", n(30)),
        lambda: ("undo_any", n(30)),
        lambda: ("again", labels(), n(1 << PLACES) if rng.random() < 0.6 else 0, n(4)),
        lambda: ("again", labels(), n(1 << PLACES) if rng.random() < 0.6 else 0, n(4)),
        lambda: ("same",),
    ]

    def labels() -> list[int]:
        return [n(-1, 5) for _ in range(PLACES)]

    return labels(), [rng.choice(kinds)() for _ in range(steps)]


def broken(who: Sequence[int], steps: Sequence[Step]) -> tuple[int, str] | None:
    """The first step after which a law does not hold, and which."""
    film = Film(who)
    for i, step in enumerate(steps):
        try:
            film.take(step)
        except (AssertionError, LookupError, ValueError) as error:
            return i, f"{type(error).__name__}: {error}"
    return None


def shortest(who: Sequence[int], steps: Sequence[Step]) -> list[Step]:
    """Of steps that break a law those that are needed for it."""
    least = [*steps]
    for i in range(len(least) - 1, -1, -1):
        without = least[:i] + least[i + 1 :]
        if broken(who, without):
            least = without
    return least


def main(first: int, count: int, steps: int = 20) -> None:
    bad = 0
    for seed in range(first, first + count):
        who, all_steps = program(seed, steps)
        found = broken(who, all_steps)
        if found:
            bad += 1
            least = shortest(who, all_steps[: found[0] + 1])
            print(f"seed {seed}: {who}", *least, broken(who, least), sep="\n    ", flush=True)
    print(f"{count} programs of {steps} steps, {bad} broke a law")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
