"""One person seen twice in a frame, in a mirror or a split screen, is no cannot-link."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
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
    that are less alike than one person is in one scene: a link is dropped on proof only.

    The turn is where the nose lies between the eyes, so that camera, zoom and place do not count.
    """

    correlation: float = 0.95  # of the two turns, at least; the sign does not matter
    frames: int = 16  # with both faces detected, at least
    movement: float = 0.02  # deviation of each turn, in distances between the eyes, at least
    likeness: float = 0.75  # cosine of the two tracks' means, at least

    def __post_init__(self) -> None:
        if not 0 < self.correlation <= 1:
            raise InputError(f"Reflections.correlation must lie in (0, 1], got {self.correlation}")
        if self.frames < SMOOTH + 2:
            raise InputError(f"Reflections.frames must be at least {SMOOTH + 2}, got {self.frames}")

    def __call__(
        self, constraints: Constraints, tracks: Tracks, detections: Detections, embeddings: Embeddings
    ) -> Constraints:
        """The constraints without co-occurrence links between a person and their own image."""
        rows = np.flatnonzero(~constraints.same & (constraints.origin == CO_OCCURRENCE))
        rows = rows[self._alike(constraints[rows], embeddings)]
        image = [
            row
            for row in rows.tolist()
            if self._together(tracks, detections, int(constraints.a[row]), int(constraints.b[row]))
        ]
        kept = np.ones(len(constraints), np.bool_)
        kept[image] = False
        return constraints[kept]

    def _alike(self, links: Constraints, embeddings: Embeddings) -> NDArray[np.bool_]:
        """(c,) whether the means of two tracks' unit vectors are as alike as one person in one scene."""
        count = int(max(links.a.max(initial=-1), links.b.max(initial=-1), embeddings.track.max(initial=-1)))
        total = np.zeros((count + 1, embeddings.vector.shape[1]))
        np.add.at(total, embeddings.track, unit(embeddings.vector))
        mean = unit(total)
        return np.asarray((mean[links.a] * mean[links.b]).sum(1) >= self.likeness)

    def _together(self, tracks: Tracks, detections: Detections, a: int, b: int) -> bool:
        """Whether two tracks' faces turn at the same times."""
        (frame_a, face_a), (frame_b, face_b) = (_seen(tracks, t) for t in (a, b))
        _, left, right = np.intersect1d(frame_a, frame_b, assume_unique=True, return_indices=True)
        if len(left) < self.frames:
            return False
        one, two = (_smooth(turn(detections.landmarks[f])) for f in (face_a[left], face_b[right]))
        if min(one.std(), two.std()) < self.movement:
            return False
        return bool(abs(np.corrcoef(one, two)[0, 1]) >= self.correlation)


def turn(landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) how far each nose lies from the middle between the eyes, along them, in distances of the eyes.

    Landmarks (n, 5, 2): the eyes first, then the nose.
    """
    points = landmarks.astype(np.float64)
    across = points[:, 1] - points[:, 0]
    apart = np.maximum((across**2).sum(1), 1e-9)
    nose = points[:, 2] - (points[:, 0] + points[:, 1]) / 2
    return np.asarray((nose * across).sum(1) / apart)


def _seen(tracks: Tracks, track: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The frames in which a track's face was detected, not carried over, and those detections."""
    rows = tracks.rows(track)
    frame, found = tracks.frame[rows], tracks.detection[rows]
    return frame[found >= 0], found[found >= 0]


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.convolve(values, np.full(SMOOTH, 1 / SMOOTH), "valid")
