"""Changes the people by each kind of decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from castlist.decisions.decision import Decision, DecisionKind
from castlist.decisions.locate import Finder, Sides
from castlist.decisions.people import Missing
from castlist.decisions.sides import (
    MOVED,
    REST,
    TARGET,
    WHOLE,
    sides_of,
)
from castlist.decisions.state import Apart, DecisionState, Tracks, none
from castlist.types import BACKGROUND, NOISE, PERSON

__all__ = ["by_side", "note", "take"]

NAMESAKE = 1 << 20  # the side of people who join because they have the same name


def take(state: DecisionState, made: Decision) -> None:
    """Apply the next decision."""
    state.row = made.id
    state.taken = (*state.taken, made.id)
    pointed = by_side(made, state.find)
    sides, person = _sides(state, made, pointed)
    match made.kind:
        case DecisionKind.SAME | DecisionKind.NAME:
            _same(state, made, sides, person)
        case DecisionKind.DIFFERENT:
            _different(state, sides, person, pointed)
        case DecisionKind.MOVE | DecisionKind.SORT:
            for k in sorted({side // 4 for side in (*sides, *person)}):
                _move(state, made, [sides.get(4 * k + role, none()) for role in range(4)], person, k)
        case DecisionKind.BACKGROUND | DecisionKind.FOREGROUND | DecisionKind.CONFIRM | DecisionKind.KEY:
            _person(state, made, sides, person, pointed)
        case DecisionKind.NOT_A_FACE:
            state.no_face[all_tracks(sides)] = made.id
        case DecisionKind.FACE:
            state.no_face[all_tracks(sides)] = 0
        case DecisionKind.HIDE | DecisionKind.SHOW:
            state.hidden[all_tracks(sides)] = made.kind == DecisionKind.HIDE
    state.note_meetings()
    note(state, made, pointed)


def _sides(
    state: DecisionState, made: Decision, pointed: Mapping[int, list[int]]
) -> tuple[Sides, dict[int, int]]:
    """The tracks of each side, and the person number of each side."""
    if made.groups is None:
        state.exact = True
        if lost := len(made.anchors) - sum(map(len, pointed.values())):
            state.missing.append(Missing(made.id, lost, len(made.anchors)))
        sides, person = sides_of(made, pointed, state.stand())
        state.next_number = max([state.next_number, *(n + 1 for n in person.values())])
        return sides, person
    sides, lost = state.find.sides(made.groups)
    state.exact = state.find.exact(made.groups)
    if lost:
        state.missing.append(Missing(made.id, lost, len(made.groups)))
    return sides, {k: n for k, n in enumerate(made.groups.person.tolist()) if n}


def note(state: DecisionState, made: Decision, pointed: Mapping[int, list[int]]) -> None:
    """Record the selected faces of a decision, so that they are not asked about again."""
    pointed_tracks = [t for tracks in pointed.values() for t in tracks]
    if made.kind in (DecisionKind.SAME, DecisionKind.NAME, DecisionKind.CONFIRM):
        state.labelled[pointed_tracks] = True
    elif made.kind == DecisionKind.DIFFERENT:
        sides = list(pointed.values())
        state.cannot += [(a, b) for i, y in enumerate(sides) for x in sides[:i] for a in x for b in y]
    elif made.kind == DecisionKind.UNSURE:
        state.unsure += [(pointed_tracks[0], t) for t in pointed_tracks[1:]]
    elif made.kind in (DecisionKind.MOVE, DecisionKind.SORT):
        meant_sides = {a.side for a in made.anchors}
        for k in sorted({side // 3 for side in pointed}):
            moved, to, left = (pointed.get(3 * k + role, []) for role in range(3))
            if not meant_sides & {3 * k, 3 * k + 1}:
                state.unsure += [(left[0], t) for t in left[1:]]
            state.labelled[[*moved, *to]] = True
            state.cannot += [(a, b) for a in moved or to[:1] for b in left if a != b]


def _same(state: DecisionState, made: Decision, sides: Sides, person: dict[int, int]) -> None:
    parts = [_main(state, sides[k], person.get(k, 0)) for k in sorted(sides)]
    _are_faces(state, parts, made.kind)
    key = state.join(parts, person.get(0, 0), 0)
    if key == NOISE or made.kind == DecisionKind.SAME:
        return
    _name(state, key, made)


def _name(state: DecisionState, key: int, made: Decision) -> None:
    """Name a decided person; a person who already has this name is merged: one name is one person."""
    called = made.value.casefold()
    others = [k for k, p in state.people.items() if called and k != key and p.name.casefold() == called]
    if others:
        members = [np.flatnonzero(state.label == k) for k in (key, *others)]
        key = state.join(members, state.people[key].number, NAMESAKE, whole=True)
    state.people[key].name, state.people[key].named_by = made.value, made.id


def _different(
    state: DecisionState, sides: Sides, person: dict[int, int], pointed: Mapping[int, list[int]]
) -> None:
    parts = {k: _main(state, tracks, person.get(k, 0)) for k, tracks in sorted(sides.items())}
    chosen = [pointed.get(k) or tracks[:1].tolist() for k, tracks in parts.items()]
    against: dict[int, list[int]] = {}
    for a, b in ((a, b) for i, y in enumerate(chosen) for x in chosen[:i] for a in x for b in y):
        if a != b and state.label[a] == state.label[b] >= state.count:
            against.setdefault(state.joined_by(a, b), []).extend((a, b))
    for earlier, pair in against.items():
        state.note_conflict(earlier, np.unique(pair), "they were decided to be one person before")
    heirs = _heirs(state, parts, person)
    for key, heir in heirs.items():  # hidden tracks follow the side that keeps the number
        rest = np.setdiff1d(np.flatnonzero(state.label == key), all_tracks(parts))
        parts[heir] = np.union1d(parts[heir], rest)
    for k, tracks in parts.items():
        state.carve(tracks, person.get(k, 0), k, [key for key, heir in heirs.items() if heir == k])
    state.forget_empty(heirs)
    sides_in_order = list(parts.values())
    state.aparts += [Apart(state.row, a, b) for i, b in enumerate(sides_in_order) for a in sides_in_order[:i]]


def _heirs(state: DecisionState, parts: Sides, person: dict[int, int]) -> dict[int, int]:
    """The side that keeps the name and number of each decided person that is split.

    That is the side with the person's number, or else the side with most of the person's faces. Where the
    side with the number has no track of the person, the remaining tracks of the person keep it.
    """
    by_number = {number: k for k, number in person.items() if number}
    heirs = {}
    for key in state.decided(all_tracks(parts)):
        faces = {k: state.faces(tracks[state.label[tracks] == key]) for k, tracks in parts.items()}
        heir = by_number.get(state.people[key].number, max(faces, key=lambda k: faces[k]))
        if faces.get(heir):
            heirs[key] = heir
    return heirs


def _move(state: DecisionState, made: Decision, side: list[Tracks], person: dict[int, int], k: int) -> None:
    """Move exactly these tracks to another person, or to a new person."""
    wanted = person.get(4 * k + TARGET, 0)
    to, whole = _main(state, side[TARGET], wanted), _main(state, side[WHOLE], 0)
    moved = np.setdiff1d(side[MOVED], to)
    if len(moved) < len(side[MOVED]):
        state.note_conflict(
            0, np.intersect1d(side[MOVED], to), "these faces are on one track with their person"
        )
    if len(to) or len(whole):
        key = state.join([to, whole], wanted, 4 * k + TARGET)
        state.put(moved, key)
    elif len(moved):
        target = next((key for key, p in state.people.items() if wanted and p.number == wanted), NOISE)
        if target == NOISE:
            number = person.get(4 * k + MOVED, 0)
            left = _left(state, made, side, person.get(4 * k + REST, 0), k)
            gone = [p for p in state.decided(moved) if p not in left and state.has_most(p, moved)]
            gone += [p for p in left if number and state.people[p].number == number]
            key = state.carve(moved, number, 4 * k + MOVED, gone)
        else:
            key = target
            state.put(moved, key)
    else:
        return
    state.no_face[moved], state.hidden[moved] = 0, False
    if made.value:
        _name(state, key, made)
    if len(side[REST]):
        state.aparts.append(Apart(state.row, moved if len(side[MOVED]) else to, side[REST]))


def _left(state: DecisionState, made: Decision, side: list[Tracks], number: int, k: int) -> list[int]:
    """The decided people that a step takes tracks from, and that keep their name and number.

    Args:
        number: of the person that the step records as left, 0 for none.
    """
    decided = state.decided(side[MOVED])
    sides = made.groups.side if made.groups is not None else none()
    if not len(side[REST]) and not (sides == 4 * k + REST).any():
        return []  # the step takes all tracks of their person
    stay = {*np.unique(state.label[side[REST]]).tolist()}
    return [p for p in decided if not number or state.people[p].number == number or p in stay]


def _person(
    state: DecisionState,
    made: Decision,
    sides: Sides,
    person: dict[int, int],
    pointed: Mapping[int, list[int]],
) -> None:
    """Confirm whole people, and set their role or picture."""
    for k, tracks in sorted(sides.items()):
        key = state.join([_main(state, tracks, person.get(k, 0))], person.get(k, 0), k)
        if key != NOISE and made.kind in (DecisionKind.BACKGROUND, DecisionKind.FOREGROUND):
            state.people[key].fate = BACKGROUND if made.kind == DecisionKind.BACKGROUND else PERSON
        elif key != NOISE and made.kind == DecisionKind.KEY and any(pointed.values()):
            state.people[key].key, state.people[key].key_by = made.anchors[0], made.id


def _main(state: DecisionState, tracks: Tracks, wanted: int) -> Tracks:
    """The tracks of a person without those that only an undone decision had joined to them.

    Args:
        tracks: all tracks of the person at the time of the decision.
        wanted: number of the person; the part with that number is preferred.
    """
    part = np.zeros(len(tracks), np.int64)
    size = state.base.tracks.size[tracks]
    for undone in state.undone:
        code = undone.code[tracks]
        if undone.held_at(state.row) and len(tracks) and code.max() != NOISE:
            codes = code[code != NOISE]
            most = np.bincount(codes, size[code != NOISE]).argmax()
            part = np.unique([part, np.where(code == NOISE, most, code)], axis=1, return_inverse=True)[1]
    if not part.any():
        return tracks
    numbers = [state.number_of(k) for k in state.label[tracks].tolist()]
    matching = [p for p, n in zip(part.tolist(), numbers, strict=True) if n == wanted]
    return np.asarray(tracks[part == (matching[0] if matching else np.bincount(part, size).argmax())])


def _are_faces(state: DecisionState, parts: Sequence[Tracks], kind: DecisionKind) -> None:
    """Mark joined tracks as visible faces, and note the conflict with decisions that they are not faces."""
    tracks = np.concatenate([none(), *parts])
    for by in np.unique(state.no_face[tracks]).tolist():
        if by:
            state.note_conflict(
                by, tracks[state.no_face[tracks] == by], "it was decided to be no face before"
            )
    state.no_face[tracks], state.hidden[tracks] = 0, False


def all_tracks(sides: Sides) -> Tracks:
    """The tracks of all sides, concatenated."""
    return np.concatenate([none(), *sides.values()])


def by_side(made: Decision, find: Finder) -> dict[int, list[int]]:
    """The tracks of the selected faces, by side, without duplicates."""
    sides: dict[int, list[int]] = {}
    for anchor, track in zip(made.anchors, find(made.anchors).tolist(), strict=True):
        if track != NOISE and track not in sides.setdefault(anchor.side, []):
            sides[anchor.side].append(track)
    return sides
