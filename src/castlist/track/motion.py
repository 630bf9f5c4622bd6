"""Tracks faces from frame to frame by position and motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from castlist.option_values import check_options
from castlist.track.assignment import assign
from castlist.types import INTERPOLATED, Clock, Detections, Shots, Tracks

__all__ = ["MotionTracker"]


@dataclass(frozen=True, slots=True)
class MotionTracker:
    """Joins detections of one shot into tracks, by the position where each track expects its face.

    Faces need not be detected in every frame: between two detections of a track they are interpolated.
    Detections are joined in two passes, strong ones first; weak ones can only continue a track that a strong
    one began [Zhang et al.: ByteTrack. ECCV 2022, section 3]. Where two faces come so close that either face
    could belong to either track, both tracks end: two short tracks of one person are linked later by their
    likeness, but one track of two people is hardly ever split again.
    """

    min_score: float = 0.6  # a track begins with a detection of at least this score
    max_gap: float = 0.5  # longest gap in a track, in seconds; successive frames may be farther apart
    reach: float = 0.8  # most distance of a face from its expected position, in face widths
    clearance: float = 0.35  # least extra cost of swapping the faces of two tracks; else both tracks end
    min_seconds: float = 0.2  # shorter tracks are dropped; one frame is enough if it is shown for longer

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, shots: Shots, detections: Detections, clock: Clock) -> Tracks:
        """Tracks ordered by first frame, none across a cut, each detection in at most one track."""
        return self._tracks(shots, detections, clock, self._holds)

    def pieces(self, shots: Shots, detections: Detections, clock: Clock) -> Tracks:
        """Tracks of a piece of a film: short tracks that may continue before or after the piece are kept."""

        def holds(detections: Detections, clock: Clock, rows: list[int]) -> bool:
            return self._holds(detections, clock, rows) or self._touches(detections, clock, rows)

        return self._tracks(shots, detections, clock, holds)

    def _tracks(
        self,
        shots: Shots,
        detections: Detections,
        clock: Clock,
        holds: Callable[[Detections, Clock, list[int]], bool],
    ) -> Tracks:
        seconds = clock.seconds()
        shot_of = shots.of(detections.frame)
        ended: list[list[int]] = []
        live: list[_Live] = []
        for rows in _runs(detections.frame):
            frame, shot = int(detections.frame[rows[0]]), int(shot_of[rows[0]])
            now = float(seconds[frame])
            gone = [t for t in live if t.shot != shot or self._lost(t, frame, now)]
            ended += [t.rows for t in gone]
            live = [t for t in live if t not in gone]
            live, lost = self._step(live, detections, rows, now, shot)
            ended += [t.rows for t in lost]
        ended += [t.rows for t in live]
        kept = [r for r in ended if holds(detections, clock, r)]
        kept.sort(key=lambda r: (int(detections.frame[r[0]]), r[0]))
        return _interpolated(detections, shot_of, kept)

    def _step(
        self, live: list[_Live], detections: Detections, rows: NDArray[np.int64], now: float, shot: int
    ) -> tuple[list[_Live], list[_Live]]:
        """Tracks alive after the faces of one frame, and those that ended because of them."""
        strong, frame = detections.score[rows] >= self.min_score, int(detections.frame[rows[0]])
        lost: list[_Live] = []
        unseen = live
        left = []
        for of_this_strength in (rows[strong], rows[~strong]):
            pairs, doubtful = self._assign(unseen, detections.box[of_this_strength], now)
            for t, d in pairs:
                if t not in doubtful:
                    row = int(of_this_strength[d])
                    unseen[t].extend(row, detections.box[row], frame, now)
            lost += [unseen[t] for t in doubtful]
            taken = {d for t, d in pairs if t not in doubtful}
            left.append([int(row) for d, row in enumerate(of_this_strength) if d not in taken])
            joined = {t for t, _ in pairs}
            unseen = [track for t, track in enumerate(unseen) if t not in joined and t not in doubtful]
        alive = [t for t in live if t not in lost]
        alive += [_Live([row], detections.box[row], frame, now, shot) for row in left[0]]
        return alive, lost

    def _assign(
        self, live: list[_Live], box: NDArray[np.float32], now: float
    ) -> tuple[list[tuple[int, int]], set[int]]:
        """Assigned pairs of track and face, and the tracks whose assignment is ambiguous."""
        if not live or not len(box):
            return [], set()
        cost = _cost(_expected(live, now), box)
        capped = np.minimum(cost, 2 * self.reach)
        chosen = zip(*(i.tolist() for i in assign(capped)), strict=True)
        pairs = [(t, d) for t, d in chosen if cost[t, d] <= self.reach]
        return pairs, self._doubtful(capped, pairs)

    def _doubtful(self, cost: NDArray[np.float64], pairs: list[tuple[int, int]]) -> set[int]:
        """Tracks whose assignment is ambiguous: another face or another track costs hardly more."""
        face, track = dict(pairs), {d: t for t, d in pairs}
        impossible = 2 * self.reach
        doubtful: set[int] = set()
        table = cost.tolist()  # numbers of Python: there are few, and one of an array takes ten times as long
        for t, d in pairs:
            for other, row in enumerate(table):
                if other == t or row[d] > self.reach:
                    continue
                match = face.get(other)
                now, swapped = (impossible, impossible) if match is None else (row[match], table[t][match])
                if row[d] + swapped - table[t][d] - now < self.clearance:
                    doubtful |= {t, other}
            for free, price in enumerate(table[t]):
                if free not in track and price <= self.reach and price - table[t][d] < self.clearance:
                    doubtful.add(t)
        return doubtful

    def _lost(self, track: _Live, frame: int, now: float) -> bool:
        """Whether a track has been without a face for too long, with frames in between."""
        return frame - track.frame > 1 and now - track.last_seconds > self.max_gap

    def _holds(self, detections: Detections, clock: Clock, rows: list[int]) -> bool:
        """Whether a track is long enough to be kept: in time, for a single face by its frame's duration.

        In a shorter film, a track over the whole film is kept, too.
        """
        first, last = int(detections.frame[rows[0]]), int(detections.frame[rows[-1]])
        seconds = float(clock.time(last + 1) - clock.time(first))
        enough = seconds >= self.min_seconds if first < last else seconds > self.min_seconds
        return enough or (first == 0 and last == len(clock) - 1)

    def _touches(self, detections: Detections, clock: Clock, rows: list[int]) -> bool:
        """Whether a track is so near to the beginning or the end of its piece that it may continue there."""
        first, last = int(detections.frame[rows[0]]), int(detections.frame[rows[-1]])
        before, after = clock.time(first) - clock.time(0), clock.time(len(clock)) - clock.time(last)
        return float(min(before, after)) <= self.max_gap


@dataclass(eq=False, slots=True)
class _Live:
    """A track that may continue."""

    rows: list[int]
    box: NDArray[np.float32]  # (4,) of its last face
    frame: int  # of its last face
    last_seconds: float  # time of its last face
    shot: int
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))  # pixels per second

    def extend(self, row: int, box: NDArray[np.float32], frame: int, now: float) -> None:
        """Add a face; the velocity is half the former and half the new one, which smooths jitter of boxes."""
        moved = (box[:2] + box[2:] - self.box[:2] - self.box[2:]) / 2
        self.velocity = (self.velocity + moved / max(now - self.last_seconds, 1e-3)) / 2
        self.rows.append(row)
        self.box, self.frame, self.last_seconds = box, frame, now


def _expected(live: list[_Live], now: float) -> NDArray[np.float64]:
    """(t, 4) the expected boxes of tracks now; velocities are extrapolated for at most 0.3 s."""
    ahead = np.array([min(now - t.last_seconds, 0.3) for t in live])
    moved = np.array([t.velocity for t in live]) * ahead[:, None]
    return np.asarray(np.array([t.box for t in live]) + np.concatenate([moved, moved], axis=1), np.float64)


def _cost(expected: NDArray[np.float64], box: NDArray[np.float32]) -> NDArray[np.float64]:
    """(t, d) cost of each face for each track: distance in face widths and change of size."""
    centre = [(b[:, :2] + b[:, 2:]) / 2 for b in (expected, box)]
    size = [
        np.sqrt(np.maximum(b[:, 2] - b[:, 0], 1) * np.maximum(b[:, 3] - b[:, 1], 1)) for b in (expected, box)
    ]
    apart = np.linalg.norm(centre[0][:, None] - centre[1][None], axis=2)
    width = np.sqrt(size[0][:, None] * size[1][None])
    growth = np.abs(np.log(size[0][:, None] / size[1][None]))
    return np.asarray(np.hypot(apart / width, growth))


def _runs(frame: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows of each frame, in order."""
    if not len(frame):
        return []
    return np.split(np.arange(len(frame)), np.flatnonzero(np.diff(frame)) + 1)


def _interpolated(detections: Detections, shot_of: NDArray[np.int64], chains: list[list[int]]) -> Tracks:
    """Tracks of chains of detections, with boxes interpolated in all frames in between."""
    if not chains:
        return Tracks.empty()
    parts = []
    for chain in chains:
        known = detections.frame[chain]
        frame = np.arange(known[0], known[-1] + 1)
        box = np.stack([np.interp(frame, known, detections.box[chain, i]) for i in range(4)], 1)
        left = np.searchsorted(known, frame, side="right") - 1
        right = left + (known[left] != frame)
        score = np.minimum(detections.score[chain][left], detections.score[chain][right])
        row = np.where(known[left] == frame, np.asarray(chain)[left], INTERPOLATED)
        parts.append((frame, box, score, row))
    frame, box, score, row = (np.concatenate(column) for column in zip(*parts, strict=True))
    offset = np.cumsum([0, *(len(p[0]) for p in parts)])
    return Tracks(frame, box, score, row, offset, shot_of[[chain[0] for chain in chains]])
