"""Base and decisions -> View: the people as they stand now, with identities that outlive every change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.apply import Step, regroup, walk
from castlist.decisions.base import Base
from castlist.decisions.decision import Decision, active
from castlist.decisions.locate import Finder
from castlist.decisions.resolve import DECIDED_NO_FACE, HIDDEN, Resolved, resolve
from castlist.types import BACKGROUND, NOISE, PERSON, SET_ASIDE, Video

__all__ = ["Group", "View", "look"]

REMEMBERED = 500  # people who are no more


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """Somebody: tracks that are one person."""

    id: str  # "p12", the same as long as most of the faces are
    tracks: NDArray[np.int64]  # rising
    name: str  # "" where none was given
    fate: int  # PERSON or BACKGROUND


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """Everybody, in the order of the page, and what is set aside; `seen` is the decision it goes up to."""

    seen: int
    groups: tuple[Group, ...]
    label: NDArray[np.int64]  # (t,) index into groups, NOISE where set aside
    fate: NDArray[np.int8]  # (t,)
    reason: tuple[str, ...]  # (t,)
    said: Resolved
    next_id: int
    find: Finder  # knows where the decisions' faces are
    past: Mapping[bytes, tuple[str, str]]  # tracks of people who were -> their id, and after whom they stood

    def group(self, name: str) -> Group | None:
        """The group of that id."""
        return next((g for g in self.groups if g.id == name), None)


def look(base: Base, video: Video, decisions: Sequence[Decision], before: View | None = None) -> View:
    """The people within these decisions; those of `before` keep their id and their place."""
    find = before.find if before else Finder(base.tracks, base.clock, video)
    said = resolve(decisions, base.tracks, base.clock, video, find=find)
    label, fate, reason = _labels(base, said, _steps(decisions, find))
    names = said.names(label)
    members = _members(label)
    ids, order, next_id = _identities(base, label, fate, members, before)
    groups = tuple(Group(ids[k], members[k], names[k], int(fate[members[k][0]])) for k in order)
    rank = np.full(len(members), NOISE, np.int64)
    rank[order] = np.arange(len(order))
    placed = np.where(label >= 0, rank[label], NOISE) if len(members) else label
    seen = max((d.id for d in decisions), default=0)
    return View(seen, groups, placed, fate, reason, said, next_id, find, _past(before, groups))


def _past(before: View | None, groups: tuple[Group, ...]) -> dict[bytes, tuple[str, str]]:
    """The people who are no more, so that an undo brings them back as who they were."""
    if before is None:
        return {}
    now = {g.id for g in groups}
    gone = {
        g.tracks.tobytes(): (g.id, before.groups[k - 1].id if k else "")
        for k, g in enumerate(before.groups)
        if g.id not in now
    }
    return dict([*before.past.items(), *gone.items()][-REMEMBERED:])


def _steps(decisions: Sequence[Decision], find: Finder) -> list[Step]:
    """The decisions that hold, with the tracks they name."""
    held = [d for d in active(decisions) if d.kind in ("same", "name", "different", "move", "sort")]
    place = iter(find([a for d in held for a in d.anchors]).tolist())
    steps: list[Step] = []
    for made in held:
        sides: dict[int, list[int]] = {}
        for anchor in made.anchors:
            if (track := next(place)) != NOISE:
                sides.setdefault(anchor.side, []).append(track)
        steps.append((made.kind if made.kind != "name" or made.value else "", sides))
    return steps


def _labels(
    base: Base, said: Resolved, steps: list[Step]
) -> tuple[NDArray[np.int64], NDArray[np.int8], tuple[str, ...]]:
    """Labels 0, 1, ... or NOISE, a fate and a reason for each track."""
    out = said.not_a_face | said.hidden
    label = base.label.astype(np.int64)
    alone = np.flatnonzero((label == NOISE) & said.wanted)
    label[alone] = int(label.max(initial=-1)) + 1 + np.arange(len(alone))
    label[out] = NOISE
    label = walk(label, steps, base.vector)
    label = regroup(label, said.must, said.cannot, base.vector)
    live = label != NOISE
    label[live] = (np.cumsum(np.bincount(label[live]) > 0) - 1)[label[live]]  # without gaps
    fate = np.full(len(label), SET_ASIDE, np.int8)
    best = np.full(int(label.max(initial=-1)) + 1, BACKGROUND, np.int64)
    machine = np.where(base.fate == SET_ASIDE, PERSON, base.fate)
    np.minimum.at(best, label[live], machine[live].astype(np.int64))
    for track in np.flatnonzero((said.fate >= 0) & live):
        best[label[track]] = said.fate[track]
    fate[live] = best[label[live]]
    why = list(base.reason)
    stays = (fate == BACKGROUND) & (base.fate == BACKGROUND)  # as too blurred to tell, say
    for mask, reason in ((live & ~stays, ""), (said.hidden, HIDDEN), (said.not_a_face, DECIDED_NO_FACE)):
        for own in np.flatnonzero(mask).tolist() if reason or any(why) else ():
            why[own] = reason
    return label, fate, tuple(why)


def _members(label: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    order = np.argsort(label, kind="stable")
    edges = np.searchsorted(label[order], np.arange(int(label.max(initial=-1)) + 2))
    return [order[a:b] for a, b in pairwise(edges.tolist())]


def _identities(
    base: Base,
    label: NDArray[np.int64],
    fate: NDArray[np.int8],
    members: list[NDArray[np.int64]],
    before: View | None,
) -> tuple[list[str], list[int], int]:
    """An id for each label, the labels in page order (the cast first), and the next number that is free."""
    size = base.tracks.size
    faces = np.bincount(label[label >= 0], size[label >= 0], minlength=len(members))
    if before is None:
        order = sorted(
            range(len(members)),
            key=lambda k: (int(fate[members[k][0]]), -faces[k], int(members[k][0])),
        )
        ids = [""] * len(members)
        for number, k in enumerate(order):
            ids[k] = f"p{number}"
        return ids, order, len(members)
    ids, place = _matched(size, label, before, len(members))
    number = _new(ids, place, members, before)
    order = sorted(range(len(members)), key=lambda k: (place[k], -faces[k], k))
    return ids, order, number


def _matched(
    size: NDArray[np.int64], label: NDArray[np.int64], before: View, count: int
) -> tuple[list[str], list[float]]:
    """Ids and places by overlap: of each old group the new one with most of its faces goes on as it."""
    both = np.flatnonzero((label >= 0) & (before.label >= 0))
    key, inverse = np.unique(
        label[both] * max(1, len(before.groups)) + before.label[both], return_inverse=True
    )
    overlap = np.bincount(inverse, size[both], minlength=len(key))
    ids, place, taken = [""] * count, [float(len(before.groups))] * count, set()
    for i in np.argsort(-overlap, kind="stable").tolist():
        new, old = divmod(int(key[i]), max(1, len(before.groups)))
        if not ids[new] and old not in taken:
            ids[new], place[new] = before.groups[old].id, float(old)
            taken.add(old)
        elif not ids[new] and place[new] == len(before.groups):
            place[new] = old + 0.5  # what was parted stands after what it came from
    return ids, place


def _new(ids: list[str], place: list[float], members: list[NDArray[np.int64]], before: View) -> int:
    """Ids, in place, for those without: what they had before, else a new one; the next free number."""
    number, where = before.next_id, {g.id: k for k, g in enumerate(before.groups)}
    for new in [k for k, name in enumerate(ids) if not name]:
        old, follows = before.past.get(members[new].tobytes(), ("", ""))
        if old and old not in ids:
            ids[new] = old
            place[new] = where[follows] + 0.5 if follows in where else place[new] if follows else -1.0
        else:
            ids[new], number = f"p{number}", number + 1
    return number
