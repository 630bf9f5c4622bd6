"""All faces of the people of a decision, by time and box, so that a later run finds them again.

A track is recorded by faces spread over its length, so that its parts are found where another run splits the
track. The track's number and a digest of the track table are recorded as well: on the same track table, no
search is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from math import gcd, lcm

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.types import Clock, Tracks, Video, freeze

__all__ = ["Groups", "spread"]

EVERY = 1.0  # seconds between two recorded faces of a track; a shorter part of a track may be missed
FEWEST, MOST = 3, 24  # recorded faces of a track


@dataclass(frozen=True, eq=False, slots=True)
class Groups:
    """n faces of m tracks, and the side of a decision that each track is on."""

    unit: Fraction  # seconds of a tick
    time: NDArray[np.int64]  # (n,) ticks from the start of the film
    box: NDArray[np.float32]  # (n, 4) left, top, right, bottom as fractions of the frame
    track: NDArray[np.int32]  # (n,) index among the m tracks
    side: NDArray[np.int32]  # (m,) see apply.py for each kind of decision
    number: NDArray[np.int32]  # (m,) track number in the table with `digest`
    person: NDArray[np.int32]  # (s,) person number of each side; 0: not recorded
    digest: str = ""  # of the track table, "" for none

    def __post_init__(self) -> None:
        for name, kind in (("time", np.int64), ("side", np.int32), ("person", np.int32)):
            freeze(self, **{name: (kind, (None,))})
        freeze(self, box=(np.float32, (len(self.time), 4)), track=(np.int32, (len(self.time),)))
        freeze(self, number=(np.int32, (len(self.side),)))
        if not self.unit > 0:
            raise InputError(f"Groups.unit must be positive, got {self.unit}")
        for name, top in (("track", len(self.side)), ("side", len(self.person))):
            column = getattr(self, name)
            if len(column) and not (column.min() >= 0 and column.max() < top):
                raise InputError(f"Groups.{name} must lie in 0 to {top - 1}")
        if not np.isfinite(self.box).all() or self.number.min(initial=0) < 0:
            raise InputError("Groups.box must be finite and Groups.number not negative")

    def __len__(self) -> int:
        return len(self.side)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Groups):
            return NotImplemented
        return all(np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    def __hash__(self) -> int:
        return hash((self.unit, self.digest, self.time.tobytes()))

    @classmethod
    def of(
        cls,
        sides: Mapping[int, NDArray[np.int64]],
        person: Mapping[int, int],
        tracks: Tracks,
        clock: Clock,
        video: Video,
        digest: str = "",
    ) -> Groups:
        """Groups of these tracks by side, with the person number of each side."""
        empty = np.zeros(0, np.int64)
        members = np.concatenate([empty, *sides.values()])
        side = np.repeat(list(sides), [len(s) for s in sides.values()]).astype(np.int32)
        numbers = np.zeros(max([*sides, *person], default=-1) + 1, np.int32)
        for k, number in person.items():
            numbers[k] = number
        rows, place = spread(tracks, clock, members)
        size = np.array([video.width, video.height] * 2, np.float32)
        time = clock.pts[tracks.frame[rows]] if len(rows) else empty
        return cls(
            clock.unit, time, tracks.box[rows] / size, place.astype(np.int32), side, members.astype(np.int32),
            numbers, digest,
        )  # fmt: skip

    def only(self, kept: NDArray[np.int64], side: NDArray[np.int32], person: NDArray[np.int32]) -> Groups:
        """Some of the tracks on other sides, without the digest: later runs find them by time and box."""
        place = np.full(len(self.side), -1)
        place[kept] = np.arange(len(kept))
        rows = np.flatnonzero(place[self.track] >= 0)
        return Groups(
            self.unit, self.time[rows], self.box[rows], place[self.track[rows]], side, self.number[kept],
            person,
        )  # fmt: skip

    def plus(self, other: Groups) -> Groups:
        """These tracks and those of other groups with the same sides, without the digest."""
        unit = Fraction(1, lcm(self.unit.denominator, other.unit.denominator))
        unit = Fraction(gcd(int(self.unit / unit), int(other.unit / unit)), unit.denominator)
        time = [g.time * int(g.unit / unit) for g in (self, other)]
        return Groups(
            unit, np.concatenate(time), np.concatenate([self.box, other.box]),
            np.concatenate([self.track, other.track + len(self)]),
            np.concatenate([self.side, other.side]), np.concatenate([self.number, other.number]),
            self.person,
        )  # fmt: skip

    def moved(self, speed: Fraction, offset: Fraction) -> Groups:
        """The same faces where time t is `speed * t + offset` seconds: in another copy of the film.

        The other copy numbers its people anew, so person numbers are set to 0.
        """
        unit = self.unit * speed
        tick = Fraction(1, lcm(unit.denominator, offset.denominator))
        time = self.time * int(unit / tick) + int(offset / tick)
        return Groups(tick, time, self.box, self.track, self.side, self.number, 0 * self.person)


def spread(
    tracks: Tracks, clock: Clock, members: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the track table spread over each track from first to last face, and the track of each row."""
    if not len(members):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    size, first = tracks.size[members], tracks.offset[:-1][members]
    length = (clock.pts[tracks.last[members]] - clock.pts[tracks.first[members]]) * float(clock.unit)
    count = np.minimum(np.clip(np.ceil(length / EVERY) + 1, FEWEST, MOST).astype(np.int64), size)
    place = np.repeat(np.arange(len(members)), count)
    step = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    rows = first[place] + (step * (size - 1)[place]) // np.maximum(count - 1, 1)[place]
    return rows, place
