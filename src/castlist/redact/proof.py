"""The proof: searches the written film as the original was searched. It may find only faces that were left
open on purpose."""

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

UNDER = 0.7  # share of a detection that is covered and black, from which it cannot be a face
EYE = 0.1  # of a face's width and height, to each side of the centre of an eye
BLACK = 24  # of 255: largest value that the encoder leaves in a black cover
# At the edge of a cover, a detector may find a face where the film shows none. This is no leak if no possible
# face of the dense pass, however weak, overlaps it by COMMON in the AROUND frames before and after.
BESIDE, COMMON, AROUND = 0.5, 0.25, 2  # face sizes from a cover; IoU with a face of the film; frames
LATE = Fraction(1, 100)  # seconds by which times may differ between containers


@dataclass(frozen=True, slots=True)
class Leak:
    """A face that is still visible, and should not be."""

    start: Fraction  # seconds
    stop: Fraction
    frame: int  # the frame of its highest score
    box: tuple[float, float, float, float]  # left, top, right, bottom in pixels of that frame
    score: float  # of the detection, 0 to 1
    frames: int  # number of frames in which it was found


@dataclass(frozen=True, eq=False, slots=True)
class Proof:
    """The result of the second pass, over the written film."""

    leaks: tuple[Leak, ...]
    beside: tuple[Leak, ...]  # detections that only the covers cause, at their edges: no leaks
    faces: Tracks  # the faces of the leaks, to be covered in a further round
    open_faces: int  # faces found where they were left open on purpose, counted in each frame


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
    """The faces that are still visible in a redacted film.

    Args:
        clock, shots: of the original film.
        plan: its covers.
        film: all possible faces that the dense pass found in it.

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
    """Kinds of the m faces found in the output; a face may be of no kind, if nothing is known of it."""

    leak: NDArray[np.bool_]
    of_covers: NDArray[np.bool_]  # (m,) caused by covers
    as_planned: NDArray[np.bool_]  # left open on purpose


def judged(tracks: Tracks, plan: Plan, film: Tracks) -> Judged:
    """The kind of each face (m,) found in the output.

    Args:
        film: all possible faces that the dense pass found in the film itself. Those left open do not count as
            evidence for other faces.
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
    """(m,) whether the film shows a marked face (n,), or part of one, at the same place and time."""
    marks = np.zeros(len(tracks.frame), bool)
    frame, box = film.frame[rows], film.box[rows]
    for apart in range(-AROUND, AROUND + 1):
        left, right = pairs_in_frame(tracks.frame, frame + apart)
        a, b = tracks.box[left], box[right]
        marks[left[(iou(a, b) >= COMMON) | part_of(a, b)]] = True
    return marks


def _beside_covers(tracks: Tracks, plan: Plan) -> NDArray[np.bool_]:
    """(m,) whether a cover lies over each face, or within half a face size of it."""
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
    """Which detections may be faces in spite of solid covers.

    At a cover, a detector may take its edge for hair and the neck below it for a face. A detection that lies
    mostly under a cover, or with both eyes under it, shows no face. A cover is a place where one was planned
    and where the picture is black.
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
        """(4,) the box of an eye, in proportion to the face."""
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
    """(m,) whether each face lies where a face was left open on purpose."""
    left, right = pairs_in_frame(tracks.frame, plan.open_frame)
    a, b = tracks.box[left], plan.open_box[right]
    marks = np.zeros(len(tracks.frame), bool)
    marks[left[(iou(a, b) >= SAME_FACE) | part_of(a, b)]] = True
    return marks


def _within_open(tracks: Tracks, left_open: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(m,) faces of a much lower score within a face that was left open: its mouth or an eye."""
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
    """The marked rows of each track that has any."""
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
    """The tracks with any of these faces, and only these faces, each one a detection."""
    at = np.flatnonzero(rows)
    owner, size = np.unique(tracks.track[at], return_counts=True)
    offset = np.concatenate([[0], np.cumsum(size)])
    return Tracks(
        tracks.frame[at], tracks.box[at], tracks.score[at], tracks.detection[at], offset, tracks.shot[owner]
    )
