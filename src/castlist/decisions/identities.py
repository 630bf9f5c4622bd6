"""Person numbers that stay the same from run to run; a number is never used for another person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.base import Base, page_order
from castlist.decisions.decision import Decision
from castlist.decisions.groups import spread
from castlist.decisions.locate import located
from castlist.types import NOISE, Video

__all__ = ["largest_number", "renumbered"]

# Minimum share of faces, of the old person or of the new person, for the new person to keep the old number.
SHARED = 0.5
PIXELS = Video(Path(), 1, 1, Fraction(1), Fraction(1), "")  # a 1 x 1 frame: no scaling of boxes


def largest_number(decisions: Iterable[Decision]) -> int:
    """The largest person number that any decision records, including undone decisions."""
    rows = [*decisions]
    recorded = [int(d.groups.person.max(initial=0)) for d in rows if d.groups is not None]
    return max([*recorded, *(number for d in rows for _, _, number in d.numbers)], default=0)


def renumbered(base: Base, before: Base | None, decisions: Iterable[Decision] = ()) -> Base:
    """The result of a run, with the person numbers of the run before of the same film.

    A person keeps the number of the person in the run before with most shared faces, by time and box; other
    people get unused numbers.

    Args:
        before: the result of the run before, with its numbers; None for the first run.
        decisions: the whole log; its numbers count as used.
    """
    free = max(largest_number(decisions) + 1, before.next_number if before else 1)
    number = np.zeros(len(base.number), np.int64) if before is None else _continued(base, before)
    fresh = [k for k in page_order(base.label, base.fate).tolist() if not number[k]]
    number[fresh] = free + np.arange(len(fresh))
    return replace(base, number=number, next_number=free + len(fresh))


def _continued(base: Base, before: Base) -> NDArray[np.int64]:
    """(g,) the old number of each of today's labels, 0 for none."""
    old, new, faces = _shared(base, before)
    whole_old = np.bincount(old, faces, minlength=len(before.number))
    live = base.label != NOISE
    whole_new = np.bincount(base.label[live], base.tracks.size[live], minlength=len(base.number))
    number, used = np.zeros(len(base.number), np.int64), set()
    for i in np.lexsort((new, old, -faces)).tolist():
        a, b = int(old[i]), int(new[i])
        if b == NOISE or number[b] or a in used:  # NOISE first: a film may have no people today
            continue
        if faces[i] >= SHARED * min(whole_old[a], whole_new[b]):
            number[b] = before.number[a]
            used.add(a)
    return number


class _SharedFaces(NamedTuple):
    """Pairs (n,) of an old and a new label (NOISE: none), and the number of the old label's faces shared."""

    old: NDArray[np.int64]
    new: NDArray[np.int64]
    faces: NDArray[np.float64]


def _shared(base: Base, before: Base) -> _SharedFaces:
    """The labels that share faces in two runs."""
    members = np.flatnonzero(before.label != NOISE)
    if base.digest == before.digest:
        track, weight = members, before.tracks.size[members].astype(np.float64)
        source = members
    else:
        rows, place = spread(before.tracks, before.clock, members)
        weight = (before.tracks.size[members] / np.maximum(np.bincount(place, minlength=len(members)), 1))[
            place
        ]
        ticks = before.clock.pts[before.tracks.frame[rows]].astype(np.float64)
        seconds = ticks * float(before.clock.unit / base.clock.unit)
        track = located(seconds, before.tracks.box[rows], base.tracks, base.clock, PIXELS)
        source = members[place]
    label = np.where(track == NOISE, NOISE, base.label[np.maximum(track, 0)] if len(base.label) else NOISE)
    width = len(base.number) + 1
    cell, inverse = np.unique(before.label[source].astype(np.int64) * width + label + 1, return_inverse=True)
    faces = np.bincount(inverse, weight, minlength=len(cell)).astype(np.float64)
    return _SharedFaces(cell // width, cell % width - 1, faces)
