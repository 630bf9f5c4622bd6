"""The people after all decisions, as recorded with a run: later decisions start from them.

A decision means the people whom it was made on. Read again on the tracks of a later run it would meet them in
pieces, and people whom it does not name would change. So each run takes over whom the decisions had made of
the run before, track by track; decisions are read one by one again only where an earlier one was undone, or
taken back, since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.groups import Groups
from castlist.errors import InputError
from castlist.types import NOISE, freeze

__all__ = ["Located", "RecordedPeople", "latest", "owners"]

Numbers = NDArray[np.int64]


def _none() -> Numbers:
    return np.zeros(0, np.int64)


def _no_groups() -> Groups:
    return Groups(
        Fraction(1), _none(), np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.int32),
        np.zeros(0, np.int32), np.zeros(0, np.int32),
    )  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class RecordedPeople:
    """p decided people and the m tracks that decisions are about.

    The sides of `groups` and `lost` are the people; side p holds tracks of nobody who was decided.
    """

    taken: Numbers = field(default_factory=_none)  # (d,) the decisions that held, in their order
    groups: Groups = field(default_factory=_no_groups)  # tracks of the run before
    # Tracks of earlier runs that the run before did not find.
    lost: Groups = field(default_factory=_no_groups)
    made_by: Numbers = field(default_factory=_none)  # (p,) the latest decision that made each of the people
    named_by: Numbers = field(default_factory=_none)  # (p,) the decision that names them, 0 for none
    key_by: Numbers = field(default_factory=_none)  # (p,) the decision that chose their picture, 0 for none
    fate: Numbers = field(default_factory=_none)  # (p,) as was decided, NOISE where nothing was
    no_face: Numbers = field(default_factory=_none)  # (m,) the decision that said so, 0 for none
    hidden: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))  # (m,)
    apart_by: Numbers = field(default_factory=_none)  # (a,) the decisions that hold tracks apart
    apart: Numbers = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    # (n, 3) index into apart_by, 0 or 1 for the one side or the other, track among the m
    redirect: Numbers = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    # (r, 2) number of somebody who was, number of whom they are now
    against: Numbers = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    # (c, 2) decision, the earlier one that it outranks
    why: tuple[str, ...] = ()  # (c,) what the earlier one said

    def __post_init__(self) -> None:
        for column in ("taken", "made_by", "named_by", "key_by", "fate", "no_face", "apart_by"):
            freeze(self, **{column: (np.int64, (None,))})
        freeze(self, hidden=(np.bool_, (len(self.no_face),)), apart=(np.int64, (None, 3)))
        freeze(self, redirect=(np.int64, (None, 2)))
        freeze(self, against=(np.int64, (None, 2)))
        people, tracks = len(self.made_by), len(self.no_face)
        sizes = (len(self.named_by), len(self.key_by), len(self.fate))
        if sizes != (people,) * 3 or len(self.why) != len(self.against):
            raise InputError(
                "RecordedPeople.named_by, key_by and fate have one row a person, why one a conflict"
            )
        if len(self.groups) + len(self.lost) != tracks:
            raise InputError("RecordedPeople.no_face has one row a track")
        top = np.array([len(self.apart_by), 2, tracks])
        if ((self.apart < 0) | (self.apart >= top)).any():
            raise InputError("RecordedPeople.apart names rows that are not there")
        if max(self.groups.side.max(initial=0), self.lost.side.max(initial=0)) > people:
            raise InputError("RecordedPeople.groups names people who are not there")
        if (self.number < 1).any():
            raise InputError("RecordedPeople.groups gives people no number")

    def holds(self, taken: Sequence[int]) -> bool:
        """Whether the decisions that held then are the first of these, and no name was given to two people.

        Castlist 0.2 could leave the name with both parts of a person who was parted.
        """
        names = self.named_by[self.named_by > 0]
        once = len(np.unique(names)) == len(names)
        return once and len(self.taken) > 0 and tuple(self.taken.tolist()) == tuple(taken[: len(self.taken)])

    def __len__(self) -> int:
        return len(self.no_face)

    @property
    def number(self) -> Numbers:
        """(p,) the number of each of the people."""
        found = np.zeros(len(self.made_by), np.int64)
        person = self.groups.person[: len(found)]
        found[: len(person)] = person
        return found


@dataclass(frozen=True, eq=False, slots=True)
class Located:
    """Recorded tracks among today's: q pairs that share faces."""

    old: Numbers  # (q,) among the m recorded ones
    track: Numbers  # (q,) among today's
    faces: Numbers  # (q,) recorded faces that they share

    def most(self, value: Numbers, length: int, empty: int) -> Numbers:
        """(length,) for each of today's tracks the value with most faces, `empty` where there is none.

        Args:
            value: (m,) of each recorded track.
        """
        found = np.full(length, empty, np.int64)
        if not len(self.old):
            return found
        pair, index = np.unique(np.stack([self.track, value[self.old]]), axis=1, return_inverse=True)
        votes = np.bincount(index.ravel(), self.faces, minlength=pair.shape[1])
        order = np.lexsort((-pair[1], votes))  # the last one written counts: most faces, then the first
        found[pair[0][order]] = pair[1][order]
        return found

    def tracks(self, old: Numbers) -> Numbers:
        """Today's tracks that share faces with any of these recorded ones."""
        return np.asarray(np.unique(self.track[np.isin(self.old, old)]), np.int64)

    def gone(self, count: int) -> Numbers:
        """Those of `count` recorded tracks that share no face with any of today's."""
        return np.asarray(np.setdiff1d(np.arange(count), self.old), np.int64)

    def where(self, kept: NDArray[np.bool_]) -> Located:
        return Located(self.old[kept], self.track[kept], self.faces[kept])


def latest(recorded: Sequence[RecordedPeople], taken: Sequence[int]) -> RecordedPeople | None:
    """The people as most of the first of these decisions had made them, where a run took them over."""
    return max((s for s in reversed(recorded) if s.holds(taken)), key=lambda s: len(s.taken), default=None)


def owners(recorded: RecordedPeople, found: Located, length: int) -> Numbers:
    """The people go on among today's tracks.

    Returns:
        (length,) which of the people each of today's tracks is, NOISE for nobody who was decided.
    """
    people = len(recorded.made_by)
    side = np.concatenate([recorded.groups.side, recorded.lost.side]).astype(np.int64)
    decided = side[found.old] < people
    recent = found.old < len(recorded.groups)
    owner = found.where(decided & recent).most(side, length, NOISE)
    earlier = found.where(decided & ~recent).most(side, length, NOISE)
    taken = np.zeros(length, np.bool_)
    taken[found.track[recent]] = True
    return np.where((owner == NOISE) & ~taken, earlier, owner)
