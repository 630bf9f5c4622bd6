"""The people after all decisions, as recorded with a run: later decisions start from them.

A decision is about the people at the time it was made. Applied again to the tracks of a later run, it could
meet only parts of these people, and other people could change. So each run takes over the people after the
decisions on the run before, track by track; decisions are applied one by one again only where an earlier one
was undone or redone since.
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

    The sides of `groups` and `lost` are the people; side p holds tracks without a decided person.
    """

    taken: Numbers = field(default_factory=_none)  # (d,) the decisions that held, in their order
    groups: Groups = field(default_factory=_no_groups)  # tracks of the run before
    # Tracks of earlier runs that the run before did not find.
    lost: Groups = field(default_factory=_no_groups)
    made_by: Numbers = field(default_factory=_none)  # (p,) the latest decision that made each person
    named_by: Numbers = field(default_factory=_none)  # (p,) the decision that named the person, 0 for none
    key_by: Numbers = field(default_factory=_none)  # (p,) the decision that chose the picture, 0 for none
    fate: Numbers = field(default_factory=_none)  # (p,) role as decided, NOISE for undecided
    no_face: Numbers = field(default_factory=_none)  # (m,) the decision that a track is no face, 0 for none
    hidden: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))  # (m,)
    apart_by: Numbers = field(default_factory=_none)  # (a,) the decisions with cannot-links
    apart: Numbers = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    # (n, 3) index into apart_by, side of the cannot-link (0 or 1), index among the m tracks
    redirect: Numbers = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    # (r, 2) former number of a person, number of the person they were merged into
    against: Numbers = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    # (c, 2) decision, the earlier decision that it overrules
    why: tuple[str, ...] = ()  # (c,) what the earlier decision was

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
        """Whether `taken` begins with the recorded decisions, and no decision's name belongs to two people.

        Castlist 0.2 could leave the name with both parts of a person that was split.
        """
        names = self.named_by[self.named_by > 0]
        once = len(np.unique(names)) == len(names)
        return once and len(self.taken) > 0 and tuple(self.taken.tolist()) == tuple(taken[: len(self.taken)])

    def __len__(self) -> int:
        return len(self.no_face)

    @property
    def number(self) -> Numbers:
        """(p,) the person numbers."""
        found = np.zeros(len(self.made_by), np.int64)
        person = self.groups.person[: len(found)]
        found[: len(person)] = person
        return found


@dataclass(frozen=True, eq=False, slots=True)
class Located:
    """q pairs of a recorded track and a track of today that share faces."""

    old: Numbers  # (q,) index among the m recorded tracks
    track: Numbers  # (q,) track number of today
    faces: Numbers  # (q,) number of recorded faces shared

    def most(self, value: Numbers, length: int, empty: int) -> Numbers:
        """(length,) the value with most shared faces for each of today's tracks, `empty` for none.

        Args:
            value: (m,) value of each recorded track.
        """
        found = np.full(length, empty, np.int64)
        if not len(self.old):
            return found
        pair, index = np.unique(np.stack([self.track, value[self.old]]), axis=1, return_inverse=True)
        votes = np.bincount(index.ravel(), self.faces, minlength=pair.shape[1])
        order = np.lexsort((-pair[1], votes))  # the last one written counts: most faces, smallest value
        found[pair[0][order]] = pair[1][order]
        return found

    def tracks(self, old: Numbers) -> Numbers:
        """Today's tracks that share faces with any of these recorded tracks."""
        return np.asarray(np.unique(self.track[np.isin(self.old, old)]), np.int64)

    def gone(self, count: int) -> Numbers:
        """The recorded tracks, of `count` in all, that share no face with today's tracks."""
        return np.asarray(np.setdiff1d(np.arange(count), self.old), np.int64)

    def where(self, kept: NDArray[np.bool_]) -> Located:
        return Located(self.old[kept], self.track[kept], self.faces[kept])


def latest(recorded: Sequence[RecordedPeople], taken: Sequence[int]) -> RecordedPeople | None:
    """The recorded people with most decisions applied, all of them the first of `taken`; None for none."""
    return max((s for s in reversed(recorded) if s.holds(taken)), key=lambda s: len(s.taken), default=None)


def owners(recorded: RecordedPeople, found: Located, length: int) -> Numbers:
    """The recorded person of each of today's tracks.

    Returns:
        (length,) index of the recorded person, NOISE for tracks without a decided person.
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
