"""The people after all decisions: their tracks, numbers and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from castlist import _former
from castlist.cast import Cast
from castlist.decisions.base import Base
from castlist.decisions.decision import Decision
from castlist.decisions.groups import Groups
from castlist.decisions.locate import Finder
from castlist.decisions.sides import DecidedPerson, Standing, sides_of
from castlist.errors import InputError
from castlist.name_forms import comparable
from castlist.types import BACKGROUND, NOISE, PERSON, SET_ASIDE, Portraits, Video

__all__ = [
    "DECIDED_NO_FACE",
    "HIDDEN",
    "Conflict",
    "Group",
    "Joined",
    "Missing",
    "View",
    "as_shown",
    "cast_of",
    "completed",
    "number_in",
    "person_called",
    "view_of",
]

DECIDED_NO_FACE = "not a face, as was decided"
HIDDEN = "hidden, as was decided"


@dataclass(frozen=True, slots=True)
class Missing:
    """Faces or tracks of a decision that the current tracks do not have."""

    decision: int
    lost: int  # faces, or tracks where the decision recorded whole groups
    of: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """A decision that contradicts and overrules an earlier one."""

    decision: int
    against: int  # the earlier decision; 0 where the tracks themselves speak against it
    tracks: tuple[int, ...]
    why: str  # what the earlier one said


@dataclass(frozen=True, eq=False, slots=True)
class Joined:
    """Tracks that nobody decided about, which joined a person whom a decision made."""

    person: str  # id
    tracks: NDArray[np.int64]
    faces: int


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """A person: tracks with the same identity."""

    number: int  # of "Person 7"; never anybody else's
    tracks: NDArray[np.int64]  # rising
    name: str  # "" where none was given
    fate: int  # PERSON or BACKGROUND
    by: int  # the latest decision about who this is, 0 where it is the machine's alone
    key: tuple[int, int] | None = None  # (track, frame) of the face that was chosen to stand for them
    confirmed: bool = False  # whether every track was decided to be this person's
    named_by: int = 0  # the decision that gave the name, 0 where none did

    @property
    def id(self) -> str:
        """As commands take it: "p7"."""
        return f"p{self.number}"

    @property
    def called(self) -> str:
        """The name, or "Person 7"."""
        return self.name or f"Person {self.number}"


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """All people after the decision `revision`, in the order of the page, and the set-aside tracks."""

    revision: int
    groups: tuple[Group, ...]
    label: NDArray[np.int64]  # (t,) index into groups, NOISE where set aside
    fate: NDArray[np.int8]  # (t,) PERSON, BACKGROUND or SET_ASIDE
    reason: tuple[str, ...]  # (t,) why a track is not of the cast
    labelled: NDArray[np.bool_]  # (t,) pointed at by a decision that says whose face it is
    named: NDArray[np.bool_]  # (t,) of somebody who has a name
    unsure: NDArray[np.int64]  # (q, 2) tracks of which nobody can tell
    cannot: NDArray[np.int64]  # (q, 2) tracks that were decided to be two people
    no_face: NDArray[np.bool_]  # (t,) decided
    hidden: NDArray[np.bool_]  # (t,) decided
    conflicts: tuple[Conflict, ...]
    missing: tuple[Missing, ...]
    joined: tuple[Joined, ...]
    redirect: Mapping[int, int]  # number of somebody who was -> number of whom they are now
    find: Finder  # knows where the decisions' faces are
    standing: Standing
    state: object  # from where the next decision goes on
    lost_names: tuple[tuple[int, int, str], ...] = ()
    # (decision, number, name) of those who had another name than whom they joined; none of an earlier run's

    seen = _former.attribute("seen", "revision")

    def group(self, name: str) -> Group | None:
        """The group of that id, or of whom that id is now."""
        number = number_in(name)
        for _ in range(len(self.redirect) + 1):
            for group in self.groups:
                if group.number == number:
                    return group
            if number not in self.redirect:
                break
            number = self.redirect[number]
        return None


def view_of(
    base: Base,
    find: Finder,
    state: object,
    now: Standing,
    listed: tuple[Sequence[Conflict], Sequence[Missing]],
    last: int,
) -> View:
    """The view of a state, as page and cast need it."""
    labelled, unsure, cannot, redirect, place, no_face, hidden, lost_names = (
        getattr(state, n)
        for n in ("labelled", "unsure", "cannot", "redirect", "place", "no_face", "hidden", "lost_names")
    )
    fate = _fates(base, now)
    members = _members(now.label, len(now.number))
    order = sorted(range(len(members)), key=lambda g: place.get(int(now.number[g]), (1 << 60, g)))
    groups = tuple(
        Group(
            int(now.number[g]), members[g], now.name[g], int(fate[g]), now.people[g].by,
            _key(now.people[g], base, find), bool(labelled[members[g]].all()), now.people[g].named_by,
        )
        for g in order
    )  # fmt: skip
    rank = np.full(len(members) + 1, NOISE, np.int64)  # the last one is for NOISE
    rank[order] = np.arange(len(order))
    label = rank[now.label]
    each = np.append(fate, SET_ASIDE)[now.label].astype(np.int8)
    named = np.append(np.array([bool(n) for n in now.name], np.bool_), False)[now.label]
    joined = [
        Joined(f"p{now.number[j.group]}", j.tracks, int(base.tracks.size[j.tracks].sum())) for j in now.joined
    ]
    return View(
        last, groups, label, each, _reasons(base, each, no_face > 0, hidden), labelled, named,
        np.array(unsure, np.int64).reshape(-1, 2), np.array(cannot, np.int64).reshape(-1, 2),
        no_face > 0, hidden.copy(), tuple(listed[0]), tuple(listed[1]), tuple(joined), dict(redirect),
        find, now, state, tuple(lost_names),
    )  # fmt: skip


def _fates(base: Base, now: Standing) -> NDArray[np.int64]:
    """(g,) PERSON or BACKGROUND: as was decided, else the best that the machine says of their tracks."""
    live = now.label != NOISE
    best = np.full(len(now.number), BACKGROUND, np.int64)
    machine = np.where(base.fate == SET_ASIDE, PERSON, base.fate)
    np.minimum.at(best, now.label[live], machine[live].astype(np.int64))
    decided = np.array([w.fate for w in now.people], np.int64)
    return np.where(decided == NOISE, best, decided) if len(decided) else best


def _reasons(
    base: Base, fate: NDArray[np.int8], no_face: NDArray[np.bool_], hidden: NDArray[np.bool_]
) -> tuple[str, ...]:
    why = list(base.reason)
    stays = (fate == BACKGROUND) & (base.fate == BACKGROUND)  # as too blurred to tell, say
    live = fate != SET_ASIDE
    for mask, reason in ((live & ~stays, ""), (hidden, HIDDEN), (no_face, DECIDED_NO_FACE)):
        for track in np.flatnonzero(mask).tolist():
            why[track] = reason
    return tuple(why)


def _key(person: DecidedPerson, base: Base, find: Finder) -> tuple[int, int] | None:
    """The track and the frame of the face that was chosen, where it is still there."""
    if person.key is None:
        return None
    track = int(find([person.key])[0])
    if track == NOISE:
        return None
    frames = base.tracks.frame[base.tracks.rows(track)]
    seconds = float(person.key.time / base.clock.unit)
    return track, int(frames[np.abs(base.clock.pts[frames] - seconds).argmin()])


def _members(label: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    order = np.argsort(label, kind="stable")
    edges = np.searchsorted(label[order], np.arange(count + 1))
    return [order[a:b] for a, b in pairwise(edges.tolist())]


def completed(made: Decision, view: View, base: Base, video: Video) -> Decision:
    """A decision with all tracks of the people it is about, taken from this view."""
    sides: dict[int, list[int]] = {}
    for anchor, track in zip(made.anchors, view.find(made.anchors).tolist(), strict=True):
        if track != NOISE and track not in sides.setdefault(anchor.side, []):
            sides[anchor.side].append(track)
    whole, person = sides_of(made, sides, view.standing)
    if not whole:
        return made
    groups = Groups.of(whole, person, base.tracks, base.clock, video, base.digest)
    return replace(made, groups=groups)


def as_shown(base: Base, view: View) -> Base:
    """The machine's people under the numbers that they are shown with."""
    number = base.number.copy()
    for group in view.groups:
        if not group.by:
            number[base.label[group.tracks[0]]] = group.number
    return replace(base, number=number, next_number=max(base.next_number, int(number.max(initial=0)) + 1))


def cast_of(base: Base, video: Video, view: View) -> Cast:
    """The cast after the decisions of a view."""
    return Cast.of(
        video, base.clock, base.shots, base.tracks, view.label, fate=view.fate, reason=view.reason,
        names=[g.name for g in view.groups], numbers=[g.number for g in view.groups],
        portraits=_keyed(base.portraits, view), damaged=base.damaged, turned=base.turned,
        negative=base.negative, joined=view.redirect,
    )  # fmt: skip


def _keyed(portraits: Portraits, view: View) -> Portraits:
    """The pictures, those first that were chosen: of quality 1."""
    chosen = [g.key for g in view.groups if g.key is not None]
    if not chosen:
        return portraits
    quality = portraits.quality.copy()
    for track, frame in chosen:
        rows = np.flatnonzero(portraits.track == track)
        if len(rows):
            quality[rows[np.abs(portraits.frame[rows] - frame).argmin()]] = 1.0
    return replace(portraits, quality=quality)


LONGEST_NUMBER = 16  # digits of a number of a track


def number_in(text: str) -> int:
    """The number in "p7", "P7", "Person 7" or "person 7"; 0 where the text is nothing of that kind."""
    word = text.strip().casefold()
    digits = word.removeprefix("person").strip() if word.startswith("person") else word.removeprefix("p")
    good = digits != word and digits.isascii() and digits.isdigit() and len(digits) < 10
    return int(digits) if good else 0


def track_number(text: str) -> int | None:
    """The number in "12" or "t12", None where the text is none of these."""
    word = text.strip()
    digits = word[1:] if word[:1] in ("t", "T") else word
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < LONGEST_NUMBER else None


def track_called(view: View, text: str) -> int | None:
    """The track meant by "12" or "t12"; None where that is no track, or somebody is called "t12".

    Raises:
        InputError: somebody is called "12", so that it may be either.
    """
    word, number = text.strip(), track_number(text)
    called = [g for g in view.groups if g.name and comparable(g.name) == comparable(word)]
    if number is not None and called and word.isdigit():
        raise InputError(
            f"{word} is the number of a track and the name of Person {called[0].number}: write "
            f"{called[0].id} for the person, or t{word} for the track"
        )
    return None if called else number


def person_called(view: View, text: str) -> Group:
    """The person meant by "p7", "Person 7" or a name, small or capital letters alike.

    Raises:
        InputError: nobody is called so, or several are.
    """
    exact = [g for g in view.groups if g.name and g.name == text]
    called = exact or [g for g in view.groups if g.name and comparable(g.name) == comparable(text)]
    if len(called) > 1:
        raise InputError(f"{text!r} may be {' or '.join(g.id for g in called)}; name one of these")
    group = called[0] if called else view.group(text)
    if group is None:
        examples = ", ".join(repr(g.name) if g.name else g.called for g in view.groups[:6])
        more = f" and {len(view.groups) - 6} more" if len(view.groups) > 6 else ""
        raise InputError(
            f"there is no person {text!r} in this cast; it has {examples}{more}"
            if examples
            else f"there is no person {text!r}: this cast has no people"
        )
    return group
