"""The proof: searches the written film like the original; no face of a hidden person may be found.
but who was left open on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.boxes import WITHIN, iou, pairs_in_frame, part_of
from castlist.decode import open_video
from castlist.errors import VideoError
from castlist.redact.dense import DenseSearch, dense, followed
from castlist.redact.plan import BEHIND, SAME_FACE, Plan, lasting
from castlist.render import OPEN, WHOLE
from castlist.types import Clock, Detections, Machine, Shots, Tracks, Video

__all__ = ["Leak", "Proof", "judged", "prove"]

UNDER = 0.7  # share of a found face that lies under a cover and is black, from which it cannot be one
EYE = 0.1  # of a face's width and height, to each side of the middle of an eye
BLACK = 24  # of 255: the brightest that the encoder leaves of a black cover
# Where a cover ends, a detector may take what is beside it for a face that nobody saw in the film. That is no
# leak where the film shows none: nothing that the dense pass took for one, however weak, overlaps it by so
# much in the frames before and after.
BESIDE, COMMON, AROUND = 0.5, 0.25, 2  # face sizes from a cover; IoU with a face of the film; frames
LATE = Fraction(1, 100)  # seconds by which times may differ between containers


@dataclass(frozen=True, slots=True)
class Leak:
    """A face that can still be seen though nobody is to be seen there."""

    start: Fraction  # seconds
    stop: Fraction
    frame: int  # in which it is seen best
    box: tuple[float, float, float, float]  # left, top, right, bottom in pixels of that frame
    score: float  # of the detection, 0 to 1
    frames: int  # in how many it was found


@dataclass(frozen=True, eq=False, slots=True)
class Proof:
    """What the second pass found in the film that was written."""

    leaks: tuple[Leak, ...]
    beside: tuple[Leak, ...]  # faces that only covers make of what is beside them: no leaks
    faces: Tracks  # those of the leaks, to be hidden in a further round
    open_faces: int  # found where they were left open on purpose, counted frame by frame


def prove(
    output: Path,
    clock: Clock,
    shots: Shots,
    plan: Plan,
    film: Tracks,
    *,
    search: DenseSearch,
    machine: Machine = Machine(),
    watch: Callable[[int], None] = lambda frames: None,
) -> Proof:
    """Who can still be seen in a redacted film.

    Args:
        clock, shots: of the film that it was made of.
        plan: what was hidden of it.
        film: all that the dense pass took for a face in it.

    Raises:
        VideoError: the output cannot be read, or its frames are not those of the film.
    """
    video = open_video(output)
    real = _Visible(plan, video)
    times, found = dense(video, search, machine=machine, real=real, watch=watch)
    _check_times(output, clock, times)
    tracks = followed(found, shots, clock)
    leak, made, as_planned = judged(tracks, plan, film)
    leaks, beside = (
        tuple(
            _leak(tracks, rows_of_track, clock) for rows_of_track in _by_track(tracks, np.flatnonzero(rows))
        )
        for rows in (leak, made)
    )
    return Proof(leaks, beside, _only(tracks, leak), int(as_planned.sum()))


class Judged(NamedTuple):
    """What each of m faces is that was found in the output; none of the three where nothing is known."""

    leak: NDArray[np.bool_]
    of_covers: NDArray[np.bool_]  # made by covers
    as_planned: NDArray[np.bool_]  # left open on purpose


def judged(tracks: Tracks, plan: Plan, film: Tracks) -> Judged:
    """What each face (m,) that was found in the output is.

    Args:
        film: all that the dense pass took for a face in the film itself. Those that were left open say
            nothing of others.
    """
    found = tracks.detection >= 0
    left_open = _left_open(tracks, plan)
    left_open |= _within_open(tracks, left_open)
    bad = lasting(tracks, rows=~left_open)[tracks.track] & found & ~left_open
    known = _in_film(tracks, film, ~_left_open(film, plan)) | ~_beside_covers(tracks, plan)
    of_film = np.bincount(tracks.track[bad], known[bad], minlength=len(tracks)) > 0
    real = of_film[tracks.track] if len(tracks) else bad
    return Judged(bad & real, bad & ~real, lasting(tracks)[tracks.track] & found & left_open)


def _in_film(tracks: Tracks, film: Tracks, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(m,) whether the film shows one of some faces (n,) there, or something like one."""
    marks = np.zeros(len(tracks.frame), bool)
    frame, box = film.frame[rows], film.box[rows]
    for apart in range(-AROUND, AROUND + 1):
        left, right = pairs_in_frame(tracks.frame, frame + apart)
        a, b = tracks.box[left], box[right]
        marks[left[(iou(a, b) >= COMMON) | part_of(a, b)]] = True
    return marks


def _beside_covers(tracks: Tracks, plan: Plan) -> NDArray[np.bool_]:
    """(m,) whether a cover lies within half a face of each face, or over it."""
    covers = plan.covers
    left, right = pairs_in_frame(tracks.frame, covers.frame)
    size = tracks.box[:, 2:] - tracks.box[:, :2]
    wide = np.concatenate([tracks.box[:, :2] - BESIDE * size, tracks.box[:, 2:] + BESIDE * size], axis=1)
    hides = ~np.isin(covers.kind[right], OPEN) & (iou(wide[left], covers.box[right]) > 0)
    marks = np.zeros(len(tracks.frame), bool)
    marks[left[hides | (covers.kind[right] == WHOLE)]] = True
    return marks


@dataclass(frozen=True, eq=False, slots=True)
class _Visible:
    """Which of the faces found may be faces although there are solid covers.

    Where a cover lies, a detector may take its edge for hair and the neck below for a face. What lies under
    a cover for the most part, or with both eyes, shows nobody; a cover is where one was planned and all is
    black.
    """

    plan: Plan
    video: Video

    def __call__(self, frame: int, image: NDArray[np.uint8], faces: Detections) -> NDArray[np.bool_]:
        zoom = self.video.width / image.shape[1]
        hidden = [
            self._filled(frame, image, box, zoom)
            or all(self._filled(frame, image, self._eye(point, box), zoom) for point in points[:2])
            for box, points in zip(faces.box, faces.landmarks, strict=True)
        ]
        return ~np.array(hidden, bool)

    def _eye(self, point: NDArray[np.float32], box: NDArray[np.float32]) -> NDArray[np.float32]:
        """(4,) an eye, as large as it is in a face of that size."""
        reach = np.maximum(EYE * (box[2:] - box[:2]), 1)
        return np.concatenate([point - reach, point + reach])

    def _filled(self, frame: int, image: NDArray[np.uint8], box: NDArray[np.float32], zoom: float) -> bool:
        if self.plan.covers.share(frame, (box * zoom).tolist()) < UNDER:
            return False
        left, top, right, bottom = np.clip(np.round(box), 0, None).astype(int).tolist()
        window = image[top:bottom, left:right]
        return not window.size or float((window.max(axis=2) <= BLACK).mean()) >= UNDER


def _check_times(output: Path, clock: Clock, times: Clock) -> None:
    if len(clock) != len(times):
        raise VideoError(f"{output.name} is not of this film: it has {len(times)} frames, not {len(clock)}")
    for frame in range(len(clock)):
        if abs(clock.time(frame) - times.time(frame)) > LATE:
            raise VideoError(f"{output.name} is not of this film: its frame {frame} is shown at another time")


def _left_open(tracks: Tracks, plan: Plan) -> NDArray[np.bool_]:
    """(m,) whether each face lies where one was left open on purpose."""
    left, right = pairs_in_frame(tracks.frame, plan.open_frame)
    a, b = tracks.box[left], plan.open_box[right]
    marks = np.zeros(len(tracks.frame), bool)
    marks[left[(iou(a, b) >= SAME_FACE) | part_of(a, b)]] = True
    return marks


def _within_open(tracks: Tracks, left_open: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(m,) faces that lie within one that was left open, and are far less sure: a mouth or an eye of it."""
    rows, shown = np.flatnonzero(~left_open), np.flatnonzero(left_open)
    left, right = pairs_in_frame(tracks.frame[rows], tracks.frame[shown])
    a, b = tracks.box[rows[left]], tracks.box[shown[right]]
    common = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(1)
    ahead = tracks.score[shown[right]] - tracks.score[rows[left]]
    part = (common >= WITHIN * (a[:, 2:] - a[:, :2]).prod(1)) & (ahead >= BEHIND)
    marks = np.zeros(len(tracks.frame), bool)
    marks[rows[left[part]]] = True
    return marks


def _by_track(tracks: Tracks, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows of each track that has any."""
    if not len(rows):
        return []
    return np.split(rows, np.flatnonzero(np.diff(tracks.track[rows])) + 1)


def _leak(tracks: Tracks, rows: NDArray[np.int64], clock: Clock) -> Leak:
    best = int(rows[np.argmax(tracks.score[rows])])
    left, top, right, bottom = tracks.box[best].tolist()
    return Leak(
        clock.time(int(tracks.frame[rows[0]])),
        clock.time(int(tracks.frame[rows[-1]]) + 1),
        int(tracks.frame[best]),
        (left, top, right, bottom),
        float(tracks.score[best]),
        len(rows),
    )


def _only(tracks: Tracks, rows: NDArray[np.bool_]) -> Tracks:
    """The tracks that hold any of these faces, with those faces only, each face a detection."""
    at = np.flatnonzero(rows)
    owner, size = np.unique(tracks.track[at], return_counts=True)
    offset = np.concatenate([[0], np.cumsum(size)])
    return Tracks(
        tracks.frame[at], tracks.box[at], tracks.score[at], tracks.detection[at], offset, tracks.shot[owner]
    )
