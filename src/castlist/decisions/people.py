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
    """Faces or tracks of a decision that were not found among the current tracks."""

    decision: int
    lost: int  # faces, or tracks where the decision recorded whole groups
    of: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """A decision that contradicts and overrules an earlier one."""

    decision: int
    against: int  # the earlier decision; 0 where tracks contradict the decision, not another decision
    tracks: tuple[int, ...]
    why: str  # what the earlier decision was


@dataclass(frozen=True, eq=False, slots=True)
class Joined:
    """Tracks without a decision that joined a decided person."""

    person: str  # id
    tracks: NDArray[np.int64]
    faces: int


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """A person: tracks with the same identity."""

    number: int  # of "Person 7"; never another person's
    tracks: NDArray[np.int64]  # rising
    name: str  # "" for none
    fate: int  # PERSON or BACKGROUND
    by: int  # the latest decision about this person's tracks, 0 where the group is the machine's alone
    key: tuple[int, int] | None = None  # (track, frame) of the face chosen as the person's picture
    confirmed: bool = False  # whether decisions assigned every track to this person
    named_by: int = 0  # the decision that gave the name, 0 for none

    @property
    def id(self) -> str:
        """The id in commands: "p7"."""
        return f"p{self.number}"

    @property
    def called(self) -> str:
        """The name, or "Person 7"."""
        return self.name or f"Person {self.number}"


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """All people after the decision `revision`, in page order, and the set-aside tracks."""

    revision: int
    groups: tuple[Group, ...]
    label: NDArray[np.int64]  # (t,) index into groups, NOISE where set aside
    fate: NDArray[np.int8]  # (t,) PERSON, BACKGROUND or SET_ASIDE
    reason: tuple[str, ...]  # (t,) why a track is not in the cast
    labelled: NDArray[np.bool_]  # (t,) selected in a decision that says whose face it is
    named: NDArray[np.bool_]  # (t,) of a person with a name
    unsure: NDArray[np.int64]  # (q, 2) pairs of tracks that a reviewer could not decide about
    cannot: NDArray[np.int64]  # (q, 2) tracks that were decided to be two people
    no_face: NDArray[np.bool_]  # (t,) decided not to be a face
    hidden: NDArray[np.bool_]  # (t,) decided to be hidden
    conflicts: tuple[Conflict, ...]
    missing: tuple[Missing, ...]
    joined: tuple[Joined, ...]
    redirect: Mapping[int, int]  # former number of a person -> number of the person they were merged into
    find: Finder  # finds the tracks with the decisions' faces
    standing: Standing
    state: object  # where the next decision starts
    lost_names: tuple[tuple[int, int, str], ...] = ()
    # (decision, number, name) of people with another name than the person they joined; since the last run

    seen = _former.attribute("seen", "revision")

    def group(self, name: str) -> Group | None:
        """The group with this id, or the group that it was merged into."""
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
    """The view of a state, for page and cast."""
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
    rank = np.full(len(members) + 1, NOISE, np.int64)  # the last entry is for NOISE
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
    """(g,) PERSON or BACKGROUND: as decided, else the best role that the machine gave any of the tracks."""
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
    stays = (fate == BACKGROUND) & (base.fate == BACKGROUND)  # e.g. too blurred to tell
    live = fate != SET_ASIDE
    for mask, reason in ((live & ~stays, ""), (hidden, HIDDEN), (no_face, DECIDED_NO_FACE)):
        for track in np.flatnonzero(mask).tolist():
            why[track] = reason
    return tuple(why)


def _key(person: DecidedPerson, base: Base, find: Finder) -> tuple[int, int] | None:
    """The track and frame of the chosen picture, where its face is among the tracks."""
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
    """The machine's people with the numbers shown in the view."""
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
    """The pictures, with quality 1 for the chosen ones."""
    chosen = [g.key for g in view.groups if g.key is not None]
    if not chosen:
        return portraits
    quality = portraits.quality.copy()
    for track, frame in chosen:
        rows = np.flatnonzero(portraits.track == track)
        if len(rows):
            quality[rows[np.abs(portraits.frame[rows] - frame).argmin()]] = 1.0
    return replace(portraits, quality=quality)


LONGEST_NUMBER = 16  # digits of a track number


def number_in(text: str) -> int:
    """The number in "p7", "P7", "Person 7" or "person 7"; 0 for any other text."""
    word = text.strip().casefold()
    digits = word.removeprefix("person").strip() if word.startswith("person") else word.removeprefix("p")
    good = digits != word and digits.isascii() and digits.isdigit() and len(digits) < 10
    return int(digits) if good else 0


def track_number(text: str) -> int | None:
    """The number in "12" or "t12"; None for any other text."""
    word = text.strip()
    digits = word[1:] if word[:1] in ("t", "T") else word
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < LONGEST_NUMBER else None


def track_called(view: View, text: str) -> int | None:
    """The number of the track in "12" or "t12"; None for other text, or where a person has the name "t12".

    Raises:
        InputError: a person has the name "12", so it may mean the person or the track.
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
    """The person for "p7", "Person 7" or a name, ignoring upper and lower case.

    Raises:
        InputError: no person or several people have this name.
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
