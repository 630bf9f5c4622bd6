"""Assigns each face to a person, and decides which faces are covered in each frame: default deny.

A face stays open only if it lies on a track of a person who may be seen, or is the certain continuation of
such a track. All other possible faces are covered: those of other people and of the background, those set
aside, and those that only the dense pass found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from castlist.boxes import iou, pairs_in_frame, part_of
from castlist.cast import Cast
from castlist.option_values import check_options
from castlist.render import BLACK, BODY, CORE, HEAD, HOLE, MARGIN, WHOLE, Covers
from castlist.types import CUT, START, Clock, Shots, Tracks, freeze

__all__ = ["Hide", "Plan", "lasting", "planned"]

SAME_FACE = 0.35  # IoU from which two boxes in one frame are one face
# Score from which a single detection is a face, and the number of weaker, consecutive detections that are
# one. HIDDEN is below SEEN, with which the proof searches: encoding changes scores a little, and the proof
# would find faces just below the threshold. SEEN is the score from which castlist find begins a track.
HIDDEN, HIDDEN_LASTING = 0.4, 2
SEEN, SEEN_LASTING = 0.6, 10
CERTAIN = 0.5  # score from which a face is covered even where it overlaps an open face
# Score difference from which a box that contains most of a face's box, or lies mostly in it, is a second box
# of that face (around its eyes or its upper half). The scores of two faces side by side rarely differ so
# much.
SECOND_BOX = 0.15
BEHIND = 0.3  # score difference from which a box that overlaps a face is mostly behind it, or no face
# The box of a face that is half hidden behind another can be too small by this part of its size, so the cover
# is larger by as much. Where the cover overlaps an open face, the open face first loses up to LOSES of its
# area; then the cover gives way by at most GIVES_WAY of its area and GIVES_SIDE of its side: its edge shows
# cheek, ear or hair, and its corners no part of the face.
DEVIATES = 0.05
LOSES, GIVES_WAY, GIVES_SIDE = 0.06, 0.08, 0.15
AMONG = 0.3  # margin around an open face, of its size: its head, which the margins of other heads leave open
EXACT = 0.03  # of a face's size; boxes of one face differ by this between sizes of the picture
GOES_ON = 0.25  # longest time in seconds between two detections of an open face that continues
FOLLOWED = 0.5  # seconds; a face that was followed for a shorter time cannot be lost
COASTS = 0.3  # seconds that a face continues at its speed after its last detection, as in the tracker
MEASURED = 5  # frames over which this speed is measured
NEAR_EDGE = 0.5  # in face sizes; a face nearer to the picture's edge may leave the picture


@dataclass(frozen=True, slots=True)
class Hide:
    """The margins of a cover around a face, in parts of the face's size, and its duration."""

    sides: float = 0.5  # widths to the left and to the right: the box of a profile ends before the ear
    open: float = 0.1  # widths and heights around the box of an open face that stay open among other heads
    above: float = 0.55  # heights: a detector's box ends at the brows or a little above
    # Heights: the chin, and a part of the neck, which resembles a face below a black cover.
    below: float = 0.4
    hold: float = 0.5  # seconds before the first and after the last detection of a face, within its shot
    across: int = 1  # frames beyond a cut: a cut may blend two shots, or be found a frame late
    fail_secure: bool = False  # cover the whole picture after a followed face is lost

    def __post_init__(self) -> None:
        check_options(self)

    def face(self, box: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 4) the parts of open faces that stay open, from the boxes of the faces."""
        return _grown(box, self.open)

    def head(self, box: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, 4) boxes of heads, from boxes of faces."""
        size = np.asarray(box[:, 2:] - box[:, :2], np.float64)
        w, h = size[:, 0], size[:, 1]
        margin = np.stack([-self.sides * w, -self.above * h, self.sides * w, self.below * h], 1)
        return np.asarray(box + margin)


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """The covers of each frame, and the faces that are left open."""

    covers: Covers
    open_frame: NDArray[np.int64]  # (k,) frames of the faces left open on purpose
    open_box: NDArray[np.float32]  # (k, 4)
    hidden: int = 0  # covered faces, counted in each frame
    lost: int = 0  # frames covered completely, because a followed face was lost

    def __post_init__(self) -> None:
        freeze(self, open_frame=(np.int64, (None,)), open_box=(np.float32, (None, 4)))


def planned(
    cast: Cast,
    faces: Tracks,
    open_tracks: NDArray[np.bool_],
    ignored: NDArray[np.bool_],
    hide: Hide = Hide(),
    more: Sequence[Tracks] = (),
) -> Plan:
    """The covers of each frame of a film.

    Args:
        cast: with the tracks of castlist find.
        faces: all possible faces, as tracks; see `dense.followed`.
        open_tracks: (t,) the tracks of the cast that stay open.
        ignored: (t,) the tracks of the cast that a reviewer marked as no face.
        more: faces to cover, whatever the cast says.
    """
    ownership = _Ownership.of(cast.tracks, faces, open_tracks, ignored)
    real = ownership.real()[faces.track] if len(faces) else np.zeros(0, bool)
    is_open = ownership.open_rows(cast.clock)
    shown, hidden = np.flatnonzero(is_open & real), ~is_open & real
    others = ~open_tracks & ~ignored
    certain = hidden & ((faces.score >= CERTAIN) | ownership.met()) & ~ownership.second_boxes(is_open)
    sure = shown[faces.score[shown] >= SEEN]
    kept = (faces.frame[sure], faces.box[sure])
    other = others[cast.tracks.track]
    again = _same(cast.tracks.frame, cast.tracks.box, faces.frame[certain], faces.box[certain])
    parts = _hidden(faces, hidden, certain, hide, cast, kept)
    parts += _hidden(cast.tracks, other, other & ~again, hide, cast, kept)
    parts += _found_again(more, hide, cast)
    parts += _opened(faces, shown, certain, hide)
    known = np.flatnonzero(open_tracks[cast.tracks.track])
    same = known[
        _same(cast.tracks.frame[known], cast.tracks.box[known], faces.frame[shown], faces.box[shown])
    ]
    parts.append(_Part(cast.tracks.frame[same], HOLE, cast.tracks.box[same].astype(np.float64)))
    lost = _lost(faces, hidden, hide, cast) if hide.fail_secure else np.zeros(0, np.int64)
    parts.append(_Part(lost, WHOLE, np.zeros((len(lost), 4))))
    return Plan(
        Covers.of(parts),
        np.concatenate([faces.frame[shown], cast.tracks.frame[known]]),
        np.concatenate([faces.box[shown], cast.tracks.box[known]]),
        hidden=int(hidden.sum()),
        lost=len(lost),
    )


class _Part(NamedTuple):
    """Covers of one kind."""

    frame: NDArray[np.int64]  # (n,)
    kind: int
    box: NDArray[np.float64]  # (n, 4)


def _found_again(more: Sequence[Tracks], hide: Hide, cast: Cast) -> list[_Part]:
    """Covers of faces that a proof found: they overlap open faces, and are black in every style."""
    no_rows = (np.zeros(0, np.int64), np.zeros((0, 4), np.float32))
    parts = []
    for tracks in more:
        every = np.ones(len(tracks.frame), bool)
        parts += _hidden(tracks, every, every, hide, cast, no_rows)
    return [part._replace(kind=BLACK) if part.kind == CORE else part for part in parts]


@dataclass(frozen=True, eq=False, slots=True)
class _Ownership:
    """For each face of the dense pass, whether it lies on an open, another or an ignored track of the
    cast."""

    faces: Tracks
    kept: NDArray[np.bool_]  # (m,) on an open track
    other: NDArray[np.bool_]  # (m,) on a track of another person, or of no person
    ignored: NDArray[np.bool_]  # (m,) on a track that a reviewer marked as no face

    @classmethod
    def of(
        cls, tracks: Tracks, faces: Tracks, open_tracks: NDArray[np.bool_], ignored: NDArray[np.bool_]
    ) -> Self:
        left, right = pairs_in_frame(faces.frame, tracks.frame)
        near = iou(faces.box[left], tracks.box[right]) >= SAME_FACE
        left, track = left[near], tracks.track[right[near]]
        marks = [np.zeros(len(faces.frame), bool) for _ in range(3)]
        for mark, chosen in zip(marks, (open_tracks, ~open_tracks & ~ignored, ignored), strict=True):
            mark[left[chosen[track]]] = True
        return cls(faces, *marks)

    def real(self) -> NDArray[np.bool_]:
        """(t,) whether a track is a face: by one high score, by several detections, or known to the cast."""
        known = _any(self.faces, self.kept | self.other)
        no_face = _any(self.faces, self.ignored) & ~known
        return (known | lasting(self.faces, HIDDEN, HIDDEN_LASTING)) & ~no_face

    def met(self) -> NDArray[np.bool_]:
        """(m,) the faces of tracks with any face on another person's track; their weak faces count, too."""
        if not len(self.faces):
            return self.other
        return _any(self.faces, self.other)[self.faces.track]

    def second_boxes(self, is_open: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(m,) second boxes of an open face (m,), or faces behind it: those of a much lower score."""
        faces, marks = self.faces, np.zeros(len(self.faces.frame), bool)
        rows, shown = np.flatnonzero(~is_open & ~self.met()), np.flatnonzero(is_open)
        left, right = pairs_in_frame(faces.frame[rows], faces.frame[shown])
        a, b = rows[left], shown[right]
        ahead = faces.score[b] - faces.score[a]
        second = (part_of(faces.box[a], faces.box[b]) & (ahead >= SECOND_BOX)) | (ahead >= BEHIND)
        second &= iou(faces.box[a], faces.box[b]) > 0
        marks[a[second]] = True
        return marks

    def open_rows(self, clock: Clock) -> NDArray[np.bool_]:
        """(m,) the faces that stay open.

        A track without a face of another person is open as far as its detections continue from a known face;
        of a track with such a face, only the known faces are open.
        """
        open_rows = self.kept & ~self.other
        if not len(self.faces):
            return open_rows
        run = _runs(self.faces, clock)
        mixed = self.met()
        known = np.bincount(run, open_rows, minlength=int(run.max()) + 1) > 0
        return open_rows | (known[run] & ~mixed)


def lasting(
    faces: Tracks, sure: float = SEEN, several: int = SEEN_LASTING, rows: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """(t,) whether a track is a face by its detections alone: one of a high score, or several weaker ones.

    Args:
        rows: (m,) the faces to count; all by default.
    """
    if not len(faces):
        return np.zeros(0, bool)
    detected = (faces.detection >= 0) & (True if rows is None else rows)
    best = np.maximum.reduceat(np.where(detected, faces.score, 0), faces.offset[:-1])
    count = np.add.reduceat(detected.astype(np.int64), faces.offset[:-1])
    return np.asarray((best >= sure) | (count >= several))


def _any(tracks: Tracks, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(t,) whether any face of a track is marked."""
    if not len(tracks):
        return np.zeros(0, bool)
    return np.asarray(np.logical_or.reduceat(rows, tracks.offset[:-1]))


def _runs(faces: Tracks, clock: Clock) -> NDArray[np.int64]:
    """(m,) the run of each face: rows of one track whose detections are at most GOES_ON seconds apart."""
    seconds = clock.seconds()
    detected = np.flatnonzero(faces.detection >= 0)
    starts = np.zeros(len(faces.frame), bool)
    starts[faces.offset[:-1]] = True
    gap = np.diff(seconds[faces.frame[detected]]) > GOES_ON
    starts[detected[1:][gap]] = True  # after a gap, a new run begins
    return np.cumsum(starts) - 1


def _hidden(
    tracks: Tracks,
    rows: NDArray[np.bool_],
    certain: NDArray[np.bool_],
    hide: Hide,
    cast: Cast,
    kept: tuple[NDArray[np.int64], NDArray[np.float32]],
) -> list[_Part]:
    """Covers of some faces of tracks, and of their estimated places just before and after.

    Detections that are `certain` (m,) are covered even where an open face is, except for the edge that gives
    way to `kept` (frames and boxes of open faces).
    """
    shots, clock = cast.shots, cast.clock
    at = np.flatnonzero(rows)
    found = at[(tracks.detection[at] >= 0) & certain[at]]
    parts = [
        _Part(tracks.frame[at], MARGIN, hide.head(tracks.box[at])),
        _Part(tracks.frame[at], BODY, hide.face(tracks.box[at])),
        _Part(tracks.frame[found], CORE, _giving_way(tracks.frame[found], tracks.box[found], *kept)),
    ]
    seconds = clock.seconds()
    for first, last in _stretches(tracks, at):
        for end, step in ((first, -1), (last, 1)):
            frames = _held(int(tracks.frame[end]), step, hide, shots, seconds)
            other = min(max(end - step * max(1, _within(tracks, end, -step, first, last)), first), last)
            for kind, grown in ((MARGIN, hide.head), (BODY, hide.face)):
                boxes = _going_on(tracks, end, other, frames, grown(tracks.box[[end]])[0], seconds)
                parts.append(_Part(frames, kind, boxes))
    return parts


def _grown(box: NDArray[np.floating], share: float) -> NDArray[np.float64]:
    """(n, 4) boxes with a margin on each side, in parts of their size."""
    more = share * np.asarray(box[:, 2:] - box[:, :2], np.float64)
    return np.concatenate([box[:, :2] - more, box[:, 2:] + more], axis=1)


def _same(
    frame: NDArray[np.int64], box: NDArray[np.float32], frames: NDArray[np.int64], boxes: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """(n,) whether each face is also among other faces: one in the same frame and place."""
    left, right = pairs_in_frame(frame, frames)
    marks = np.zeros(len(frame), bool)
    marks[left[iou(box[left], boxes[right]) >= SAME_FACE]] = True
    return marks


def _opened(faces: Tracks, shown: NDArray[np.int64], certain: NDArray[np.bool_], hide: Hide) -> list[_Part]:
    """The parts that stay open of the faces `shown` (k,): a box with a margin, except where another face is;
    and of faces without another face near them, the whole head, where no face is covered just before or
    after."""
    frame, box, others = faces.frame[shown], faces.box[shown], np.flatnonzero(certain)
    left, right = pairs_in_frame(frame, faces.frame[others])

    def near(reach: NDArray[np.float64], margin: float) -> NDArray[np.bool_]:
        marks = np.zeros(len(shown), bool)
        marks[left[iou(reach[left], _grown(faces.box[others], margin)[right]) > 0]] = True
        return marks

    faces_, heads = hide.face(box), _grown(box, max(AMONG, hide.open))
    touched = near(faces_, EXACT)
    faces_[touched] = _grown(box[touched], min(EXACT, hide.open))
    alone = ~near(heads, max(AMONG, hide.open))
    return [_Part(frame, HOLE, faces_), _Part(frame[alone], HEAD, heads[alone])]


def _giving_way(
    frame: NDArray[np.int64],
    box: NDArray[np.float32],
    kept_frame: NDArray[np.int64],
    kept_box: NDArray[np.float32],
) -> NDArray[np.float64]:
    """(n, 4) the parts covered in any case: faces, each without the edge that an open face overlaps."""
    core, kept = _grown(box, DEVIATES), np.asarray(kept_box, np.float64)
    left, right = pairs_in_frame(frame, kept_frame)
    a, b = core[left], kept[right]
    into = np.concatenate([b[:, 2:] - a[:, :2], a[:, 2:] - b[:, :2]], axis=1)  # from left, top, right, bottom
    meets = np.flatnonzero((into > 0).all(axis=1))
    size, open_size = np.tile(a[:, 2:] - a[:, :2], 2), np.tile(b[:, 2:] - b[:, :2], 2)
    side = (into / np.maximum(size, 1e-9)).argmin(axis=1)
    common = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    along = np.tile(common[:, ::-1], 2)  # length of the border along which the box gives way
    borne = LOSES * open_size[:, :2].prod(axis=1, keepdims=True) / np.maximum(along, 1e-9)
    area = size[:, :2].prod(axis=1, keepdims=True)
    most = np.clip(into - borne, 0, np.minimum(GIVES_WAY * area / np.maximum(along, 1e-9), GIVES_SIDE * size))
    given = np.zeros((len(box), 4))
    np.maximum.at(given, (left[meets], side[meets]), most[meets, side[meets]])
    return core + given * (1, 1, -1, -1)


def _stretches(tracks: Tracks, rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(first, last) of runs of consecutive rows within a track."""
    if not len(rows):
        return []
    owner = tracks.track[rows]
    new = np.flatnonzero((np.diff(rows) > 1) | (np.diff(owner) > 0)) + 1
    edges = np.concatenate([[0], new, [len(rows)]])
    return [(int(rows[a]), int(rows[b - 1])) for a, b in pairwise(edges.tolist())]


def _held(frame: int, step: int, hide: Hide, shots: Shots, seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The frames before (step -1) or after (+1) a frame in which its face stays covered.

    They end a few frames beyond a cut; they continue through a dissolve or a fade, which shows both shots.
    """
    shot = int(shots.of([frame])[0])
    if step < 0:
        low = int(np.searchsorted(seconds, seconds[frame] - hide.hold - 1e-6))
        if shots.transition[shot] in (CUT, START):
            low = max(low, int(shots.start[shot]) - hide.across)
        return np.arange(max(low, 0), frame)
    high = int(np.searchsorted(seconds, seconds[frame] + hide.hold + 1e-6))
    if shot + 1 < len(shots) and shots.transition[shot + 1] == CUT:
        high = min(high, int(shots.stop[shot]) + hide.across)
    return np.arange(frame + 1, high)


def _within(tracks: Tracks, end: int, step: int, first: int, last: int) -> int:
    """The number of rows from an end of a stretch over which its speed is measured."""
    return min(MEASURED, end - first if step < 0 else last - end)


def _going_on(
    tracks: Tracks,
    end: int,
    other: int,
    frames: NDArray[np.int64],
    head: NDArray[np.float64],
    seconds: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(n, 4) a head or a face (4,) at the end of a stretch, extended in the direction of its motion."""
    apart = float(seconds[tracks.frame[end]] - seconds[tracks.frame[other]])
    centre = [(tracks.box[r][:2] + tracks.box[r][2:]) / 2 for r in (end, other)]
    speed = (centre[0] - centre[1]) / apart if apart else np.zeros(2)
    away = np.clip(seconds[frames] - seconds[tracks.frame[end]], -COASTS, COASTS)
    moved = head + np.tile(np.outer(away, speed), 2)
    return np.concatenate([np.minimum(head[:2], moved[:, :2]), np.maximum(head[2:], moved[:, 2:])], axis=1)


def _lost(faces: Tracks, hidden: NDArray[np.bool_], hide: Hide, cast: Cast) -> NDArray[np.int64]:
    """Frames after a followed face is lost, until a face begins near the same place or the shot ends."""
    shots, seconds = cast.shots, cast.clock.seconds()
    begun = np.array(sorted({int(r) for r in faces.offset[:-1]}), np.int64)
    lost: list[NDArray[np.int64]] = []
    for first, last in _stretches(faces, np.flatnonzero(hidden)):
        frame, box = int(faces.frame[last]), faces.box[last]
        followed = seconds[frame] - seconds[faces.frame[first]] >= FOLLOWED
        if not followed or faces.score[first : last + 1].max() < SEEN or _leaves(box, cast):
            continue
        start = frame + 1 + len(_held(frame, 1, hide, shots, seconds))
        stop = int(shots.stop[shots.of([frame])[0]])
        again = begun[(faces.frame[begun] > frame) & (faces.frame[begun] < stop)]
        near = again[_near(faces.box[again], box)]
        stop = int(faces.frame[near].min(initial=stop))
        if start < stop:
            lost.append(np.arange(start, stop))
    return np.unique(np.concatenate(lost)) if lost else np.zeros(0, np.int64)


def _leaves(box: NDArray[np.float32], cast: Cast) -> bool:
    """Whether a face is so near to the picture's edge that it may have left the picture."""
    near = NEAR_EDGE * float((box[2:] - box[:2]).max())
    size = (cast.video.width, cast.video.height)
    return bool((box[:2] < near).any() or (box[2:] > np.array(size) - near).any())


def _near(boxes: NDArray[np.float32], box: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(n,) whether the centres of boxes are less than two face sizes from that of another box."""
    apart = np.linalg.norm((boxes[:, :2] + boxes[:, 2:] - box[:2] - box[2:]) / 2, axis=1)
    return np.asarray(apart < 2 * float((box[2:] - box[:2]).max()))
