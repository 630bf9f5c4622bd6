"""Drops cannot-links between two faces of one person in one frame (mirror, split screen)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.option_values import check_options
from castlist.types import CO_OCCURRENCE, Constraints, Detections, Embeddings, Tracks
from castlist.vectors import unit

__all__ = ["Reflections", "turn"]

SMOOTH = 3  # detections averaged: landmarks shake between detections, while heads turn slowly


@dataclass(frozen=True, slots=True)
class Reflections:
    """Drops the cannot-links between two faces that look alike and turn together.

    A reflection turns at the same time as its person, to the other side; a copy of the picture turns to the
    same side. Two people, even twins, turn at different times. So a link is dropped where the turns of two
    faces correlate over all common frames, with either sign. Faces that hardly turn keep their link, and so
    do faces less alike than those of one person in one scene. Where two faces are as alike as only twins are
    (`copy`), a lower correlation is enough: a small or blurred copy of a picture, whose landmarks shake, does
    not turn exactly as its original. Of 625 co-occurring pairs in films two were so alike: a mirror, whose
    turns correlate at -.97, and drawn twins, at .11.

    The turn is the place of the nose between the eyes, which does not depend on camera, zoom and position.
    """

    correlation: float = 0.95  # least correlation of the two turns, of either sign
    frames: int = 16  # least number of frames with both faces detected
    movement: float = 0.02  # least deviation of each turn, in distances between the eyes
    likeness: float = 0.75  # least cosine of the two tracks' means
    copy: float = 0.9  # cosine of the two tracks' means from which the next two limits hold instead
    copy_correlation: float = 0.75  # least correlation of the two turns
    copy_movement: float = 0.012  # least deviation of each turn

    def __post_init__(self) -> None:
        check_options(self)
        for name in ("correlation", "copy_correlation"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"Reflections.{name} must lie in (0, 1], got {getattr(self, name)}")
        if self.frames < SMOOTH + 2:
            raise InputError(f"Reflections.frames must be at least {SMOOTH + 2}, got {self.frames}")

    def __call__(
        self, constraints: Constraints, tracks: Tracks, detections: Detections, embeddings: Embeddings
    ) -> Constraints:
        """The constraints without co-occurrence links between a person and a reflection of that person."""
        rows = np.flatnonzero(~constraints.same & (constraints.origin == CO_OCCURRENCE))
        alike = _likeness(constraints[rows], embeddings)
        image = [
            row
            for row, likeness in zip(rows.tolist(), alike.tolist(), strict=True)
            if likeness >= self.likeness
            and self._together(tracks, detections, int(constraints.a[row]), int(constraints.b[row]), likeness)
        ]
        kept = np.ones(len(constraints), np.bool_)
        kept[image] = False
        return constraints[kept]

    def _together(self, tracks: Tracks, detections: Detections, a: int, b: int, likeness: float) -> bool:
        """Whether two tracks' faces turn at the same times, by the limits for their likeness."""
        copied = likeness >= self.copy
        least = self.copy_movement if copied else self.movement
        proof = self.copy_correlation if copied else self.correlation
        (frame_a, face_a), (frame_b, face_b) = (_frames_and_rows(tracks, t) for t in (a, b))
        _, left, right = np.intersect1d(frame_a, frame_b, assume_unique=True, return_indices=True)
        if len(left) < self.frames:
            return False
        left_turn, right_turn = (
            _smooth(turn(detections.landmarks[f])) for f in (face_a[left], face_b[right])
        )
        if min(left_turn.std(), right_turn.std()) < least:
            return False
        return bool(abs(np.corrcoef(left_turn, right_turn)[0, 1]) >= proof)


def _likeness(links: Constraints, embeddings: Embeddings) -> NDArray[np.float64]:
    """(c,) cosine of the means of two tracks' unit vectors."""
    count = int(max(links.a.max(initial=-1), links.b.max(initial=-1), embeddings.track.max(initial=-1)))
    total = np.zeros((count + 1, embeddings.vector.shape[1]))
    np.add.at(total, embeddings.track, unit(embeddings.vector))
    mean = unit(total)
    return np.asarray((mean[links.a] * mean[links.b]).sum(1))


def turn(landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) place of each nose on the line of the eyes, from their middle, in distances between the eyes.

    Landmarks (n, 5, 2): the eyes first, then the nose.
    """
    points = landmarks.astype(np.float64)
    across = points[:, 1] - points[:, 0]
    apart = np.maximum((across**2).sum(1), 1e-9)
    nose = points[:, 2] - (points[:, 0] + points[:, 1]) / 2
    return np.asarray((nose * across).sum(1) / apart)


def _frames_and_rows(tracks: Tracks, track: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The frames in which a track's face was detected, not carried over, and the detections."""
    rows = tracks.rows(track)
    frame, found = tracks.frame[rows], tracks.detection[rows]
    return frame[found >= 0], found[found >= 0]


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.convolve(values, np.full(SMOOTH, 1 / SMOOTH), "valid")
