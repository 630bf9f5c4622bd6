"""Finds the most likely person for each name in files of other programs: proposals for the user to confirm.

A hint says that a named person is in the film from one time to another, and where in the frame if a box is
known. Faces are located as for decisions. A name without boxes is compared by time: the seconds that its
spans share with a person's, divided by the seconds of either (intersection over union).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.decision import Anchor
from castlist.decisions.names import refusal
from castlist.decisions.people import Group, View
from castlist.types import NOISE, Clock, Tracks

__all__ = ["Hint", "Match", "Proposal", "propose_names"]

LEAST = 0.5  # agreement below which a name is more likely wrong than right
AHEAD = 0.2  # lead of the best agreement by time over the next; people who share scenes agree almost equally


class Match(StrEnum):
    """How a proposed name fits the people of a film."""

    CLEAR = "clear"
    UNCLEAR = "unclear"
    KNOWN = "has this name already"
    OTHERWISE = "has another name"
    NOBODY = "nobody"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Hint:
    """A span of time in which a named person is in the film."""

    name: str
    start: Fraction  # seconds from the start of the film
    stop: Fraction  # excluded; equal to `start` for a single frame
    box: tuple[float, float, float, float] | None = None  # left, top, right, bottom, fractions of the frame
    where: str = ""  # the hint's place in its file, as "row 3"


@dataclass(frozen=True, slots=True)
class Proposal:
    """The most likely person for a name."""

    name: str
    state: Match
    group: int  # index among the view's groups, NOISE for none
    agree: float  # 0 to 1
    second: int  # index of the next best group, or NOISE
    second_agree: float
    faces: bool  # True: faces were compared; False: only times
    why: str  # why it is not clear, "" where it is


def propose_names(hints: Sequence[Hint], view: View, tracks: Tracks, clock: Clock) -> list[Proposal]:
    """A proposal for each name, in the order of the hints; two names are never both clear for one person."""
    names = list(dict.fromkeys(h.name for h in hints))
    if not names:
        return []
    by_name = [[h for h in hints if h.name == name] for name in names]
    boxed = np.array([any(h.box for h in group) for group in by_name])
    agree = np.array([
        _by_faces(group, view) if faces else _by_time(group, view, tracks, clock)
        for group, faces in zip(by_name, boxed, strict=True)
    ]).reshape(len(names), len(view.groups))  # fmt: skip
    return [_proposal(i, names, bool(boxed[i]), agree, view.groups) for i in range(len(names))]


def _by_faces(hints: Sequence[Hint], view: View) -> NDArray[np.float64]:
    """(g,) share of the name's faces in each group."""
    anchors = [Anchor((h.start + h.stop) / 2, h.box) for h in hints if h.box is not None]
    found = view.find(anchors)
    label = view.label[found[found != NOISE]]
    return np.bincount(label[label >= 0], minlength=len(view.groups)) / len(anchors)


def _by_time(hints: Sequence[Hint], view: View, tracks: Tracks, clock: Clock) -> NDArray[np.float64]:
    """(g,) intersection over union of the seconds of a name and of each group."""
    lasts = np.diff(np.append(clock.pts, clock.pts[-1:] + clock.tick()))
    named = np.zeros(len(clock), bool)
    for hint in hints:
        named[_frames(hint, clock)] = True
    shares = np.zeros(len(view.groups))
    for k, group in enumerate(view.groups):
        present = np.zeros(len(clock), bool)
        for t in group.tracks.tolist():
            present[tracks.frame[tracks.rows(t)]] = True
        shares[k] = lasts[named & present].sum() / max(1, lasts[named | present].sum())
    return shares


def _frames(hint: Hint, clock: Clock) -> slice:
    """The frames within a hint's span, or the frame shown at its start if the span is empty."""
    start, stop = (float(t / clock.unit) for t in (hint.start, hint.stop))
    if hint.start >= clock.time(len(clock)) or max(hint.start, hint.stop) < clock.time(0):
        return slice(0, 0)
    if hint.stop <= hint.start:
        at = max(0, int(np.searchsorted(clock.pts, start + 0.5, "right")) - 1)
        return slice(at, at + 1)
    half = clock.tick() / 2  # a rounded time means the nearest frame
    first, last = np.searchsorted(clock.pts, [start - half, stop - half])
    return slice(int(first), max(int(first) + 1, int(last)))


def _proposal(
    i: int, names: list[str], faces: bool, agree: NDArray[np.float64], groups: Sequence[Group]
) -> Proposal:
    order = np.argsort(-agree[i], kind="stable")
    best, second = (int(order[k]) if k < len(order) and agree[i, order[k]] > 0 else NOISE for k in (0, 1))
    agreement = float(agree[i, best]) if best != NOISE else 0.0
    next_agreement = float(agree[i, second]) if second != NOISE else 0.0
    state, why = _match(i, best, agree, names, groups, faces=faces, lead=agreement - next_agreement)
    return Proposal(names[i], state, best, agreement, second, next_agreement, faces, why)


def _match(
    i: int,
    best: int,
    agree: NDArray[np.float64],
    names: list[str],
    groups: Sequence[Group],
    *,
    faces: bool,
    lead: float,
) -> tuple[Match, str]:
    """The state of name i, whose best match is group `best` with a `lead`, and why it is not clear."""
    if why := refusal(names[i]):
        return Match.REFUSED, why
    if best == NOISE:
        return Match.NOBODY, "no person is seen there"
    current = groups[best].name
    if current == names[i]:
        return Match.KNOWN, ""
    if current:
        return Match.OTHERWISE, f"this person is called {current}"
    if any(g.name == names[i] for g in groups):
        return Match.UNCLEAR, "another person has this name already, and one name is one person"
    if agree[i, best] < LEAST:
        return Match.UNCLEAR, "less than half agrees"
    if not faces and lead < AHEAD:
        return Match.UNCLEAR, "another person agrees nearly as well"
    rival = int(np.argmax(np.where(np.arange(len(names)) == i, -1, agree[:, best])))
    if rival != i and agree[rival, best] >= agree[i, best]:
        return Match.UNCLEAR, f"{names[rival]} agrees with this person as well"
    return Match.CLEAR, ""
