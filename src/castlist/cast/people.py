"""Makes people from labelled tracks: their order, screen time, appearances and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from castlist.cast.person import Appearance, Face, Person
from castlist.types import Clock, Portraits, Shots, Tracks

APPEARANCE_GAP = Fraction(1)  # seconds without the person that do not end an appearance
# Frames at either end of a shot that may be blends with the adjacent shot: in a title sequence with a
# converted frame rate, the first picture of three of twelve people was such a blend.
EDGE = 2
AT_A_CUT = 0.5  # factor for the quality of such a picture, which is shown only if a track has no better one


def listed(
    clock: Clock,
    height: int,
    shots: Shots,
    tracks: Tracks,
    label: NDArray[np.integer],
    fate: NDArray[np.integer],
    *,
    names: Sequence[str],
    numbers: Sequence[int],
    portraits: Portraits,
) -> list[Person]:
    """The people of the labels, in cast order; `height` in pixels, other arguments as in `Cast.of`."""
    durations = {
        k: _screen_time(clock, tracks, np.flatnonzero(label == k))
        for k in np.unique(label[label >= 0]).tolist()
    }
    prominence = tracks.prominence(clock, height)
    worth = picture_worth(portraits, shots)
    people = []
    for row, k in enumerate(_cast_order(durations, tracks, prominence, label, fate)):
        members = np.flatnonzero(label == k)
        name = names[k] if k < len(names) else ""
        number = int(numbers[k]) if k < len(numbers) else row + 1
        people.append(
            Person(
                id=number,
                name=name or f"Person {number}",
                named=bool(name),
                fate=int(fate[members].min()),
                tracks=tuple(members.tolist()),
                face_count=int(tracks.size[members].sum()),
                duration=durations[k],
                appearances=_appearances(clock, tracks, members),
                faces=_faces(clock, portraits, worth, members),
            )
        )
    return people


def _cast_order(
    durations: Mapping[int, Fraction],
    tracks: Tracks,
    prominence: NDArray[np.float64],
    label: NDArray[np.integer],
    fate: NDArray[np.integer],
) -> list[int]:
    """The labels in cast order: by role, prominence, screen time, first frame.

    Args:
        durations: screen time in seconds, by label.
        prominence: (n,) prominence of each face.
        label: (t,) a number for each track, NOISE for tracks without a person.
        fate: (t,) role of each track.
    """
    by_track = np.bincount(tracks.track, prominence, minlength=len(tracks))

    def rank(k: int) -> tuple[int, float, Fraction, int, int]:
        members = label == k
        prominent = round(float(by_track[members].sum()), 3)
        return int(fate[members].min()), -prominent, -durations[k], int(tracks.first[members].min()), k

    return sorted(durations, key=rank)


def frames_of(tracks: Tracks, members: NDArray[np.int64]) -> NDArray[np.int64]:
    """The frames with any of these tracks, each once."""
    if not len(members):
        return np.zeros(0, np.int64)
    return np.unique(np.concatenate([tracks.frame[tracks.rows(t)] for t in members]))


def _screen_time(clock: Clock, tracks: Tracks, members: NDArray[np.int64]) -> Fraction:
    """Seconds with any of these tracks: each frame lasts until the next one."""
    frames = frames_of(tracks, members)
    ends = np.append(clock.pts, clock.pts[-1:] + clock.tick())
    return int((ends[frames + 1] - ends[frames]).sum()) * clock.unit


def _appearances(clock: Clock, tracks: Tracks, members: NDArray[np.int64]) -> tuple[Appearance, ...]:
    """The appearances of these tracks; gaps of APPEARANCE_GAP or less are closed."""
    spans = sorted(
        (clock.time(int(tracks.first[t])), clock.time(int(tracks.last[t]) + 1), int(t)) for t in members
    )
    stays: list[Appearance] = []
    for start, stop, track in spans:
        if stays and start - stays[-1].stop <= APPEARANCE_GAP:
            before = stays.pop()
            start, stop = before.start, max(before.stop, stop)
            stays.append(Appearance(start, stop, (*before.tracks, track)))
        else:
            stays.append(Appearance(start, stop, (track,)))
    return tuple(stays)


def picture_worth(portraits: Portraits, shots: Shots) -> NDArray[np.float64]:
    """(k,) 0 to 1: the worth of each picture, by which pages and exports choose pictures.

    It is the picture's quality, lowered for the first and last frames of a shot, which may be blends of two
    pictures. A picture chosen by a user (quality 1) stays first.
    """
    frame, quality = portraits.frame, portraits.quality.astype(np.float64)
    if not len(shots):
        return quality
    shot = np.minimum(shots.of(frame), len(shots) - 1)
    at_a_cut = (frame - shots.start[shot] < EDGE) | (shots.stop[shot] - frame <= EDGE)
    return np.where(at_a_cut & (quality < 1), quality * AT_A_CUT, quality)


def _faces(
    clock: Clock, portraits: Portraits, worth: NDArray[np.float64], members: NDArray[np.int64]
) -> tuple[Face, ...]:
    """The portraits of these tracks, best first: each track's best, then each track's second best, ..."""
    rows = np.flatnonzero(np.isin(portraits.track, members))
    rows = rows[np.lexsort((portraits.frame[rows], -worth[rows]))]
    counted: dict[int, int] = {}
    rank = {}
    for row in rows.tolist():
        track = int(portraits.track[row])
        rank[row] = counted[track] = counted.get(track, -1) + 1
    ordered = sorted(rows.tolist(), key=lambda r: (rank[r], -worth[r], portraits.frame[r]))
    return tuple(
        Face(
            frame=int(portraits.frame[r]),
            time=clock.time(int(portraits.frame[r])),
            box=tuple(portraits.box[r].tolist()),
            track=int(portraits.track[r]),
            quality=float(portraits.quality[r]),
            image=portraits.image[r],
        )
        for r in ordered
    )
