"""Finds one person who is seen twice in a frame (mirror, split screen): no cannot-link there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.option_values import check_options
from castlist.types import CO_OCCURRENCE, Constraints, Detections, Embeddings, Tracks
from castlist.vectors import unit

__all__ = ["Reflections", "turn"]

SMOOTH = 3  # detections averaged: landmarks shake from one to the next, heads turn slowly


@dataclass(frozen=True, slots=True)
class Reflections:
    """Drops the cannot-links between two faces that look alike and turn together.

    A reflection turns when its person turns, to the other side; a copy of the picture turns to the same
    side. Two people, twins too, turn each at their own time. So the link goes where over all common frames
    the turns of two faces correlate, whichever way. Faces that hardly turn keep their link, and so do all
    that are less alike than one person is in one scene: a link is dropped on proof only. Where two faces are
    as alike as two people never are but twins (`copy`), less proof will do: a small or blurred copy of a
    picture, whose landmarks shake, turns less exactly with its original. Of 625 pairs seen together in films
    two were so alike: a mirror, whose turns correlate at -.97, and drawn twins, at .11.

    The turn is where the nose lies between the eyes, so that camera, zoom and place do not count.
    """

    correlation: float = 0.95  # of the two turns, at least; the sign does not matter
    frames: int = 16  # with both faces detected, at least
    movement: float = 0.02  # deviation of each turn, in distances between the eyes, at least
    likeness: float = 0.75  # cosine of the two tracks' means, at least
    copy: float = 0.9  # cosine from which on
    copy_correlation: float = 0.75  # this correlation is proof,
    copy_movement: float = 0.012  # of turns that deviate by so much

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
        """The constraints without co-occurrence links between a person and their own image."""
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
        """Whether two tracks' faces turn at the same times, as surely as their likeness asks for."""
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
    """(n,) how far each nose lies from the middle between the eyes, along them, in distances of the eyes.

    Landmarks (n, 5, 2): the eyes first, then the nose.
    """
    points = landmarks.astype(np.float64)
    across = points[:, 1] - points[:, 0]
    apart = np.maximum((across**2).sum(1), 1e-9)
    nose = points[:, 2] - (points[:, 0] + points[:, 1]) / 2
    return np.asarray((nose * across).sum(1) / apart)


def _frames_and_rows(tracks: Tracks, track: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The frames in which a track's face was detected, not carried over, and those detections."""
    rows = tracks.rows(track)
    frame, found = tracks.frame[rows], tracks.detection[rows]
    return frame[found >= 0], found[found >= 0]


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.convolve(values, np.full(SMOOTH, 1 / SMOOTH), "valid")
