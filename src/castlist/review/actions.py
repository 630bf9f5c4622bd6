"""Requests of the page -> Decision: all actions of the page, the command line and Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import is_whole
from castlist.cast import picture_worth
from castlist.decisions import Anchor, Base, Decision, DecisionKind
from castlist.decisions.names import given_name
from castlist.decisions.people import Group, View, person_called
from castlist.errors import InputError
from castlist.types import NOISE, SET_ASIDE, Json, JsonObject, Video

__all__ = ["ACTIONS", "TAKES", "decision", "faces_of", "stand_ins", "witness"]

WITNESSES = 3  # tracks that represent a whole person: those with the best pictures


def decision(request: JsonObject, base: Base, video: Video, view: View, author: str = "") -> Decision:
    """The decision for a request: `action` and its arguments.

    People are given as "p7", "Person 7" or by name, tracks by number.

    Raises:
        InputError: an unknown action, person or track, or something is missing.
    """
    if not isinstance(request, Mapping):
        raise InputError(f"a decision is an action and what it is about, got {type(request).__name__}")
    name = request.get("action")
    if not isinstance(name, str) or name not in ACTIONS:
        raise InputError(f"unknown action {name!r}; choose from {', '.join(ACTIONS)}")
    unknown = [str(key) for key in request if key not in ("action", *TAKES[name])]
    if unknown:
        raise InputError(f"{name} does not take {', '.join(unknown)}; it takes {' and '.join(TAKES[name])}")
    made = ACTIONS[name](_Faces(base, video, view), request)
    return replace(made, author=author)


def witness(base: Base, video: Video, view: View, person: str, excluded: int = NOISE) -> int:
    """The track that best represents a person, other than `excluded`.

    Raises:
        InputError: there is no such person, or the person has no other track.
    """
    faces = _Faces(base, video, view)
    tracks = faces.person(person).tracks
    tracks = faces.witnesses(tracks[tracks != excluded])
    if not len(tracks):
        raise InputError(f"{person!r} has no other track than {excluded}")
    return int(tracks[0])


def faces_of(base: Base, video: Video, view: View, group: Group) -> tuple[Anchor, ...]:
    """The faces that represent a person, best first."""
    faces = _Faces(base, video, view)
    return faces.anchors(faces.witnesses(group.tracks))


def stand_ins(base: Base, video: Video, view: View, face: Anchor) -> Iterator[Anchor]:
    """Faces of other tracks of the same person, joined by the machine, best first."""
    (track,) = view.find([face]).tolist()
    if track == NOISE:
        return
    faces = _Faces(base, video, view)
    alike = (base.label == base.label[track]) & (view.label == view.label[track]) & (base.label != NOISE)
    alike[track] = False
    for other in faces.witnesses(np.flatnonzero(alike), most=None).tolist():
        yield faces.anchor(other, face.side)


class _Faces:
    """Finds people and tracks of a view, and their anchors."""

    def __init__(self, base: Base, video: Video, view: View) -> None:
        self.base, self.video, self.view = base, video, view
        self.quality = np.zeros(len(base.tracks))
        self.worth = picture_worth(base.portraits, base.shots)
        np.maximum.at(self.quality, base.portraits.track, self.worth)

    def person(self, value: object) -> Group:
        if not isinstance(value, str) or not value.strip():
            raise InputError("name a person, as in p7, Person 7 or Anna")
        return person_called(self.view, value)

    def people(self, request: JsonObject, least: int = 1) -> list[Group]:
        given = _listed(request.get("people"))
        if not given:
            raise InputError(f"name at least {_count(least, 'person', 'people')}, as in p7, Person 7 or Anna")
        found = {g.number: g for g in map(self.person, given)}
        if len(found) < least:
            raise InputError(f"name at least {least} different people, as in p7, Person 7 or Anna")
        return list(found.values())

    def tracks(self, request: JsonObject, least: int = 1) -> NDArray[np.int64]:
        given, last = _listed(request.get("tracks")), len(self.base.tracks) - 1
        if given is None or not all(map(is_whole, given)):
            raise InputError(f"tracks are a list of whole numbers, 0 to {last}")
        numbers = sorted({int(str(t)) for t in given})
        wrong = [t for t in numbers if not 0 <= t <= last]
        if wrong:
            raise InputError(f"there is no track {str(wrong[0])[:20]}; this cast has the tracks 0 to {last}")
        if len(numbers) < least:
            raise InputError(f"name at least {_count(least, 'track')} by number, 0 to {last}")
        return np.array(numbers, np.int64)

    def witnesses(self, tracks: NDArray[np.int64], most: int | None = WITNESSES) -> NDArray[np.int64]:
        """The tracks that best represent all of them: good pictures near the mean."""
        vector = self.base.vector[tracks]
        total = vector.sum(axis=0)
        typical = vector @ (total / max(float(np.linalg.norm(total)), 1e-9))
        order = np.lexsort((tracks, -self.base.tracks.size[tracks], -self.quality[tracks] - typical))
        return tracks[order[:most]]

    def against(self, request: JsonObject, tracks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Tracks of other people: those in `against`, else the best other track of each track's person."""
        if "against" not in request:
            return self.rest(tracks)
        return np.setdiff1d(self.tracks({"tracks": request["against"]}), tracks)

    def rest(self, tracks: NDArray[np.int64]) -> NDArray[np.int64]:
        """The best other track of each person with one of these tracks."""
        found = []
        for k in np.unique(self.view.label[tracks]):
            others = np.setdiff1d(self.view.groups[k].tracks, tracks) if k >= 0 else tracks[:0]
            found.append(self.witnesses(others)[:1])  # the track that the page showed
        return np.concatenate(found) if found else tracks[:0]

    def anchors(self, tracks: NDArray[np.int64] | Sequence[int], side: int = 0) -> tuple[Anchor, ...]:
        return tuple(self.anchor(int(t), side) for t in tracks)

    def step(
        self, k: int, moved: Sequence[int], to: Sequence[int], left: Sequence[int]
    ) -> tuple[Anchor, ...]:
        """Step `k` of "sort": tracks that move, a track of each person joined, one of each person left."""
        return self.anchors(moved, 3 * k) + self.anchors(to, 3 * k + 1) + self.anchors(left, 3 * k + 2)

    def anchor(self, track: int, side: int) -> Anchor:
        """The face that represents a track: its best picture, else the middle one."""
        p, t = self.base.portraits, self.base.tracks
        rows = np.flatnonzero(p.track == track)
        if len(rows):
            row = rows[self.worth[rows].argmax()]
            return Anchor.at(self.base.clock, self.video, int(p.frame[row]), p.box[row], side)
        row = (int(t.offset[track]) + int(t.offset[track + 1])) // 2
        return Anchor.at(self.base.clock, self.video, int(t.frame[row]), t.box[row], side)


def _listed(value: object) -> list[object] | None:
    """The members of a list, tuple or array; None for anything else."""
    return list(value) if isinstance(value, list | tuple | np.ndarray) else None


def _count(n: int, singular: str, plural: str = "") -> str:
    return f"{n} different {plural or singular + 's'}" if n > 1 else f"{n} {singular}"


def _merge(f: _Faces, request: JsonObject) -> Decision:
    """Merge people; if several have names, the first name stays."""
    people = f.people(request, 2)
    witnesses = [f.witnesses(g.tracks)[:1] for g in people]
    return Decision(DecisionKind.SAME, tuple(a for k, w in enumerate(witnesses) for a in f.anchors(w, k)))


def _same(f: _Faces, request: JsonObject) -> Decision:
    return Decision(DecisionKind.SAME, f.anchors(f.tracks(request, 2)))


def _different(f: _Faces, request: JsonObject) -> Decision:
    return Decision.different(*f.anchors(f.tracks(request, 2)))


def _unsure(f: _Faces, request: JsonObject) -> Decision:
    return Decision(DecisionKind.UNSURE, f.anchors(f.tracks(request, 2)))


def _split(f: _Faces, request: JsonObject) -> Decision:
    tracks = f.tracks(request)
    rest = f.against(request, tracks)
    if not len(rest):
        raise InputError("a person would have no track left: choose some of the person's tracks, not all")
    return Decision(DecisionKind.MOVE, f.anchors(tracks) + f.anchors(rest, 2))


def _move(f: _Faces, request: JsonObject) -> Decision:
    tracks, target = f.tracks(request), f.person(request.get("person"))
    tracks = np.setdiff1d(tracks, target.tracks)
    if not len(tracks):
        raise InputError("these tracks belong to that person already")
    to = f.tracks({"tracks": request["to"]}) if "to" in request else f.witnesses(target.tracks)[:1]
    rest = f.against(request, tracks)
    return Decision(DecisionKind.MOVE, f.anchors(tracks) + f.anchors(to, 1) + f.anchors(rest, 2))


def _sort(f: _Faces, request: JsonObject) -> Decision:
    """Answers to a batch: each item's track joins the person of `to`, or none of `not`, or has no answer.

    `open` lists the tracks that an item without an answer was compared with: they are not asked about again,
    and nothing else changes.
    """
    items = request.get("items")
    if not isinstance(items, list) or not items or not all(isinstance(i, Mapping) for i in items):
        raise InputError("name at least one item, each with a track and the track it goes with, or null")
    anchors: list[Anchor] = []
    taken: set[int] = set()
    for k, item in enumerate(items):
        (track,) = f.tracks({"tracks": [item.get("track")]}).tolist()
        if track in taken:
            raise InputError(f"track {track} is listed twice")
        taken.add(track)
        if "open" in item:
            shown = [t for t in item["open"] if t != track] if isinstance(item["open"], list) else None
            anchors += f.anchors([track, *f.tracks({"tracks": shown}).tolist()], 3 * k + 2)
            continue
        to = f.tracks({"tracks": [item["to"]]}).tolist() if item.get("to") is not None else []
        left = f.tracks({"tracks": item["not"]}, 0).tolist() if "not" in item and not to else []
        if track in (*to, *left):
            raise InputError(f"track {track} cannot be compared with itself")
        label = f.view.label
        # confirmed, not moved: the name stays, too
        stays = bool(to) and label[track] == label[to[0]] != NOISE
        whole = item.get("whole") is True or stays
        anchors += [] if whole else f.anchors([track], 3 * k)
        anchors += f.anchors([track, *to] if whole else to, 3 * k + 1)
        anchors += f.anchors(left, 3 * k + 2)
    return Decision(DecisionKind.SORT, tuple(anchors))


def _check(f: _Faces, request: JsonObject) -> Decision:
    """Checked people: wrong tracks leave, all others are confirmed.

    Each item has a `person` and `strangers`, a list of lists of wrong tracks; each list becomes a person.
    `moved` is a list of {"tracks": [3, 5], "to": 12}: wrong tracks that join the person of the track `to`.
    `back` are set-aside tracks to restore: each becomes a person, or joins one if given as {"track": 8, "to":
    12}. `stay` are set-aside tracks that were reviewed and stay set aside: they are not asked about again.
    Without `items`, only set-aside tracks were reviewed.
    """
    items = request.get("items")
    aside = bool(request.get("back") or request.get("stay"))
    if not isinstance(items, list) or not (items or aside) or not all(isinstance(i, Mapping) for i in items):
        raise InputError("name at least one item, each with a person and the strangers among their tracks")
    done: set[int] = set()
    found: list[_Step] = []
    for item in items:
        group = f.person(item.get("person"))
        if group.number in done:
            raise InputError(f"{group.called} is listed twice")
        done.add(group.number)
        found += _looked_through(f, group, item)
    steps = [*_taken_back(f, request.get("back", [])), *found]
    leaving = np.array([t for moved, _, _ in steps for t in moved], np.int64)
    steps += _left_aside(f, request.get("stay", []), leaving)
    sides = ((moved, _who_stays(f, to, leaving), left) for moved, to, left in steps)
    return Decision(DecisionKind.SORT, tuple(a for k, step in enumerate(sides) for a in f.step(k, *step)))


# tracks that move, tracks of the person joined and of the person left
_Step = tuple[Sequence[int], Sequence[int], Sequence[int]]


def _who_stays(f: _Faces, to: Sequence[int], leaving: NDArray[np.int64]) -> Sequence[int]:
    """The tracks that represent a person; if the only one leaves, another track of the same person."""
    if len(to) != 1 or to[0] not in leaving:
        return to
    stays = np.setdiff1d(f.view.groups[int(f.view.label[to[0]])].tracks, leaving)
    return tuple(int(t) for t in f.witnesses(stays)[:1])


def _taken_back(f: _Faces, back: Json) -> list[_Step]:
    """The steps that restore set-aside tracks."""
    if not isinstance(back, list):
        raise InputError("back is a list of tracks that were set aside")
    given: list[JsonObject] = [i if isinstance(i, Mapping) else {"track": i} for i in back]
    asked = [i.get("track") for i in given]
    tracks = f.tracks({"tracks": asked}, 0)
    if (f.view.label[tracks] != NOISE).any():
        raise InputError("only tracks that were set aside can be restored")
    if len(tracks) < len(given):
        raise InputError("a restored track is listed twice")
    homes = [_target(f, i, ()) if "to" in i else () for i in given]
    return [([int(str(track))], home, ()) for track, home in zip(asked, homes, strict=True)]


def _left_aside(f: _Faces, stay: Json, leaving: NDArray[np.int64]) -> list[_Step]:
    """The steps for tracks that stay set aside: each was compared with a person, without an answer."""
    if not isinstance(stay, list):
        raise InputError("stay is a list of tracks that were set aside")
    tracks = f.tracks({"tracks": stay}, 0)
    if (f.view.label[tracks] != NOISE).any() or np.isin(tracks, leaving).any():
        raise InputError("only tracks that are set aside, and are not taken back, can stay so")
    if not f.view.groups:
        raise InputError("this cast has no person to compare these tracks with")
    compared = f.witnesses(f.view.groups[0].tracks)[:1].tolist()
    return [((), (), [t, *compared]) for t in tracks.tolist()]


def _target(f: _Faces, item: JsonObject, excluded: Sequence[int]) -> Sequence[int]:
    """The track of the person that wrong tracks move to."""
    (to,) = f.tracks({"tracks": [item.get("to")]}).tolist()
    if f.view.label[to] == NOISE or to in excluded:
        raise InputError(f"track {to} is set aside or has the same person; give a track of another person")
    return (to,)


def _looked_through(f: _Faces, group: Group, item: JsonObject) -> list[_Step]:
    """The steps for a checked person."""
    apart, moved = item.get("strangers", []), item.get("moved", [])
    if not isinstance(apart, list):
        raise InputError("strangers are lists of tracks, as in [[3, 5], [8]]")
    if not isinstance(moved, list) or not all(isinstance(m, Mapping) for m in moved):
        raise InputError('moved is a list of tracks and where they go, as in [{"tracks": [3, 5], "to": 12}]')
    parts: list[tuple[NDArray[np.int64], Sequence[int]]] = [
        (f.tracks({"tracks": strangers}), ()) for strangers in apart
    ]
    parts += [(f.tracks({"tracks": m.get("tracks")}), _target(f, m, group.tracks.tolist())) for m in moved]
    rest = group.tracks
    for strangers, _ in parts:
        if not np.isin(strangers, rest).all():
            raise InputError(f"strangers must be tracks of {group.called}, each in one list")
        rest = np.setdiff1d(rest, strangers)
    if not len(rest):
        raise InputError(f"{group.called} would have no track left: mark some of the tracks, not all")
    left = f.witnesses(rest)[:1].tolist()
    return [*((strangers.tolist(), to, left) for strangers, to in parts), ((), rest.tolist(), ())]


def _name(f: _Faces, request: JsonObject) -> Decision:
    value = request.get("name")
    if not isinstance(value, str):
        raise InputError("a name is a text")
    group = f.person(request.get("person"))
    if value.strip():
        return Decision(DecisionKind.NAME, f.anchors(f.witnesses(group.tracks)[:1]), given_name(value))
    if not group.name:
        raise InputError(
            f"{group.called} has no name that could be removed; write the new name after the person"
        )
    return Decision(DecisionKind.NAME, f.anchors(f.witnesses(group.tracks)[:1]))


def _about(kind: DecisionKind, whole: bool) -> Callable[[_Faces, JsonObject], Decision]:
    """A decision about tracks, or about all tracks (or the best tracks) of a person."""

    def make(f: _Faces, request: JsonObject) -> Decision:
        return Decision(kind, f.anchors(_named(f, request, whole)))

    return make


def _named(f: _Faces, request: JsonObject, whole: bool) -> NDArray[np.int64]:
    """The tracks in a request, and all tracks (or the best tracks) of the people in it."""
    tracks = [f.tracks(request)] if "tracks" in request else []
    if "people" in request or not tracks:
        tracks += [g.tracks if whole else f.witnesses(g.tracks) for g in f.people(request)]
    return np.unique(np.concatenate(tracks))


def _restore(f: _Faces, request: JsonObject) -> Decision:
    """Restore tracks that a decision or the machine set aside; to `person` if given."""
    tracks = f.tracks(request)
    tracks = tracks[f.view.fate[tracks] == SET_ASIDE]
    if not len(tracks):
        raise InputError("these tracks are not set aside")
    if "person" in request:
        to = f.witnesses(f.person(request["person"]).tracks)[:1]
        return Decision(DecisionKind.MOVE, f.anchors(tracks) + f.anchors(to, 1))
    for kind, mask in ((DecisionKind.FACE, f.view.no_face), (DecisionKind.SHOW, f.view.hidden)):
        if mask[tracks].any():
            return Decision(kind, f.anchors(tracks[mask[tracks]]))
    return Decision(DecisionKind.FOREGROUND, f.anchors(tracks))


def _reject(f: _Faces, request: JsonObject) -> Decision:
    """Tracks that do not belong to their person: each becomes a person."""
    tracks = f.tracks(request)
    away = [t for t in tracks.tolist() if f.view.label[t] != NOISE]
    anchors: list[Anchor] = []
    for k, track in enumerate(away):
        others = np.setdiff1d(f.view.groups[int(f.view.label[track])].tracks, tracks)
        left = f.witnesses(others)[:1]
        anchors += [*f.anchors([track], 3 * k), *f.anchors(left, 3 * k + 2)]
        if not len(left):
            raise InputError("a person would have no track left: choose some of the person's tracks, not all")
    if not away:
        raise InputError("these tracks were set aside; restore them first")
    return Decision(DecisionKind.SORT, tuple(anchors))


def _confirm(f: _Faces, request: JsonObject) -> Decision:
    """Tracks, or all tracks of people, that have the right person."""
    tracks = _named(f, request, whole=True)
    if (f.view.label[tracks] == NOISE).any():
        raise InputError("this track was set aside; restore it first")
    return Decision(DecisionKind.CONFIRM, f.anchors(tracks))


def _key(f: _Faces, request: JsonObject) -> Decision:
    """The picture of a person: the best of a track, or the one nearest to `ms`, milliseconds."""
    (track,) = f.tracks({"tracks": [request.get("track")]}).tolist()
    if f.view.label[track] == NOISE:
        raise InputError("this track was set aside; restore it first")
    ms = request.get("ms")
    if ms is not None and (isinstance(ms, bool) or not isinstance(ms, int | float) or not isfinite(ms)):
        raise InputError(f"ms is a time of the film in milliseconds, got {ms!r}")
    p = f.base.portraits
    rows = np.flatnonzero(p.track == track)
    if ms is None or not len(rows):
        return Decision(DecisionKind.KEY, f.anchors([track]))
    ms_of = f.base.clock.seconds(p.frame[rows]) * 1000
    row = rows[np.abs(ms_of - ms).argmin()]
    return Decision(DecisionKind.KEY, (Anchor.at(f.base.clock, f.video, int(p.frame[row]), p.box[row]),))


ACTIONS: dict[str, Callable[[_Faces, JsonObject], Decision]] = {
    "merge": _merge,
    "split": _split,
    "move": _move,
    "sort": _sort,
    "check": _check,
    "name": _name,
    "same": _same,
    "different": _different,
    "unsure": _unsure,
    "not-a-face": _about(DecisionKind.NOT_A_FACE, True),
    "hide": _about(DecisionKind.HIDE, True),
    "background": _about(DecisionKind.BACKGROUND, False),
    "foreground": _about(DecisionKind.FOREGROUND, False),
    "restore": _restore,
    "confirm": _confirm,
    "reject": _reject,
    "key": _key,
}

# What each action takes besides its name.
TAKES: dict[str, tuple[str, ...]] = {
    "merge": ("people",),
    "split": ("tracks", "against"),
    "move": ("tracks", "person", "to", "against"),
    "sort": ("items",),
    "check": ("items", "back", "stay"),
    "name": ("person", "name"),
    "same": ("tracks",),
    "different": ("tracks",),
    "unsure": ("tracks",),
    "not-a-face": ("people", "tracks"),
    "hide": ("people", "tracks"),
    "background": ("people", "tracks"),
    "foreground": ("people", "tracks"),
    "restore": ("tracks", "person"),
    "confirm": ("people", "tracks"),
    "reject": ("tracks",),
    "key": ("track", "ms"),
}
