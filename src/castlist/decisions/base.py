"""The machine's result before any user decision: the input of `apply`."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.recorded import RecordedPeople
from castlist.errors import InputError
from castlist.types import NOISE, SET_ASIDE, Clock, CuePairs, Fate, Portraits, Shots, Tracks, freeze
from castlist.types.film import TURNS
from castlist.types.tracks import LARGEST

__all__ = ["Base", "page_order"]

_LAST = 2**31 - 1  # number of a person: `Groups.person` has 32 bits


def _no_tracks() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False, slots=True)
class Base:
    """Tracks, their people according to the machine alone, and the similarity of the tracks."""

    clock: Clock
    shots: Shots
    tracks: Tracks
    portraits: Portraits
    label: NDArray[np.int32]  # (t,) 0 to g - 1 in the order of the cast, NOISE where set aside
    fate: NDArray[np.int8]  # (t,) PERSON, BACKGROUND or SET_ASIDE
    reason: tuple[str, ...]  # (t,) why a track is not in the cast
    vector: NDArray[np.float32]  # (t, d) unit vectors; zero rows for tracks without an embedding
    cannot: NDArray[np.int64]  # (q, 2) tracks with co-occurrence
    scale: NDArray[np.float64]  # (4,) mean cosine of one person and of two, its deviation, prior log odds
    damaged: int = 0
    mean: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    # (t, d) mean of each track's face embeddings, before refinement, unit length; default: `vector`
    number: NDArray[np.int64] = field(default_factory=_no_tracks)  # (g,) number of the person with each label
    next_number: int = 0  # the first unused number of a person; 0: number the people from 1
    digest: str = ""  # of tracks and clock
    turned: int = 0  # degrees: see Cast.turned
    negative: bool = False  # see Cast.negative
    stood: tuple[RecordedPeople, ...] = ()  # people after decisions on earlier runs, the latest run last
    cue: CuePairs = field(default_factory=CuePairs)  # similarity of clothes of pairs, where measured
    sureness: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    # (t,) probability that a track with too little of a face for linkage shows its assigned person; NaN for
    # other tracks; no rows where it was not measured, as by castlist 0.2

    def __post_init__(self) -> None:
        if not len(self.mean):
            object.__setattr__(self, "mean", self.vector)
        freeze(self, label=(np.int32, (None,)), fate=(np.int8, (None,)))
        d = np.shape(self.vector)[1] if np.ndim(self.vector) == 2 else 0
        freeze(self, vector=(np.float32, (len(self.label), d)), cannot=(np.int64, (None, 2)))
        width = np.shape(self.mean)[1] if np.ndim(self.mean) == 2 else 0
        freeze(self, sureness=(np.float32, (None,)))
        freeze(self, scale=(np.float64, (4,)), mean=(np.float32, (len(self.label), width)))
        if not len(self.tracks) == len(self.label) == len(self.fate) == len(self.reason):
            raise InputError("Base.label, fate and reason must have one row a track")
        self._check()
        count = int(self.label.max(initial=NOISE)) + 1
        if not self.next_number:
            number = np.zeros(count, np.int64)
            number[page_order(self.label, self.fate)] = np.arange(1, count + 1)
            object.__setattr__(self, "number", number)
            object.__setattr__(self, "next_number", count + 1)
        freeze(self, number=(np.int64, (count,)))
        if len(np.unique(self.number)) < count or self.number.min(initial=1) < 1:
            raise InputError("Base.number must be a number from 1 for each label, none of them twice")
        if not self.number.max(initial=0) < self.next_number <= _LAST:
            raise InputError(
                f"Base.next_number must be larger than every number in Base.number, and {_LAST} at most"
            )
        if not self.digest:
            object.__setattr__(self, "digest", _digest(self.tracks, self.clock))

    def _check(self) -> None:
        """Raise InputError where indices point to missing rows: a workspace file may hold anything."""
        frames, count, people = len(self.clock), len(self.tracks), len(self.label)
        within = (
            (self.tracks.frame, 0, frames), (self.tracks.shot, 0, len(self.shots)), (self.cannot, 0, count),
            (self.portraits.track, 0, count), (self.portraits.frame, 0, frames), (self.label, NOISE, people),
            (self.fate, 0, len(Fate)),
        )  # fmt: skip
        if any(np.any((rows < low) | (rows >= high)) for rows, low, high in within):
            raise InputError("Base names rows that are not there")
        if not all(isinstance(text, str) for text in (*self.reason, *self.portraits.image)):
            raise InputError("Base.reason and the names of pictures must be text")
        for column in (self.tracks.box, self.portraits.box, self.vector, self.mean, self.scale):
            if not np.isfinite(column).all():
                raise InputError("Base holds numbers that are not finite")
        if max(np.abs(rows).max(initial=0) for rows in (self.vector, self.mean)) > LARGEST:
            raise InputError("Base.vector and Base.mean must have rows of length 1")
        if not (self.sureness[~np.isnan(self.sureness)] <= 1).all() or np.any(self.sureness < 0):
            raise InputError("Base.sureness must lie in 0 to 1")
        if self.turned not in TURNS or self.damaged < 0:
            raise InputError("Base.turned must be 0, 90, 180 or 270, and Base.damaged not negative")
        if len(self.cue) not in (0, count):
            raise InputError("Base.cue must have one row a track, or none")
        if len(self.sureness) not in (0, count):
            raise InputError("Base.sureness must have one row a track, or none")


def page_order(label: NDArray[np.int32], fate: NDArray[np.int8]) -> NDArray[np.int64]:
    """(g,) labels in the order in which people are shown first: the cast before the background."""
    live = np.flatnonzero(label != NOISE)
    best = np.full(int(label.max(initial=NOISE)) + 1, SET_ASIDE, np.int64)
    np.minimum.at(best, label[live], fate[live].astype(np.int64))
    return np.argsort(best, kind="stable")


def _digest(tracks: Tracks, clock: Clock) -> str:
    hashed = sha256(str(clock.unit).encode())
    for column in (clock.pts, tracks.frame, tracks.offset, tracks.box):
        hashed.update(np.ascontiguousarray(column).data)
    return hashed.hexdigest()[:32]
