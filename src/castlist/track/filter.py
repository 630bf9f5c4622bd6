"""Which tracks show a face that can tell who it is: the others are set aside, with a reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.types import Detections, Embeddings, Tracks
from castlist.vectors import unit

__all__ = [
    "NOT_A_FACE",
    "PICTURE",
    "TOO_BLURRED",
    "TOO_FEW",
    "TOO_SMALL",
    "Sift",
    "jitter",
    "likeness",
    "tells_nothing",
]

NOT_A_FACE = "not a face"
PICTURE = "a picture, not a person"
TOO_SMALL = "too small to tell"
TOO_FEW = "seen too briefly"
TOO_BLURRED = "too blurred to tell"


@dataclass(frozen=True, slots=True)
class Sift:
    """Set aside tracks that are no face, no living one, or too poor a one to say whose.

    A lamp or a fold of cloth is detected now and then, with middling scores; a face scores high most of
    the time. A portrait on a wall is a face, but whoever lives moves: eyes, nose and mouth shift against
    one another by a hundredth of the face and more within a second, and no two pictures are alike.
    """

    usual_score: float = 0.7  # median score of a track's detections
    best_score: float = 0.75  # and its best one
    smallest: float = 10.0  # pixels of the shorter side, median of the track
    stillest: float = 0.012  # shift of the landmarks against one another, in face sizes
    likest: float = 0.98  # mean cosine of a track's vectors with one another
    looks: int = 6  # detections and more, from which stillness says something

    def __call__(self, tracks: Tracks, detections: Detections, embeddings: Embeddings) -> tuple[str, ...]:
        """(t,) why each track is set aside, "" where it is not."""
        alike = likeness(embeddings, len(tracks))
        return tuple(self._reason(tracks, detections, t, alike[t]) for t in range(len(tracks)))

    def _reason(self, tracks: Tracks, detections: Detections, track: int, alike: float) -> str:
        rows = tracks.rows(track)
        side = (tracks.box[rows, 2:] - tracks.box[rows, :2]).min(1)
        found = tracks.detection[rows]
        found = found[found >= 0]
        score = detections.score[found]
        if np.median(side) < self.smallest:
            return TOO_SMALL
        if np.median(score) < self.usual_score or score.max() < self.best_score:
            return NOT_A_FACE
        if np.isnan(alike):
            return TOO_FEW
        still = len(found) >= self.looks and jitter(detections[found]) <= self.stillest
        return PICTURE if still and alike >= self.likest else ""


def jitter(faces: Detections) -> float:
    """How much the landmarks of one face shift against one another from picture to picture, in face sizes.

    The root mean square distance of the landmarks from where they lie on average, once their common
    shift and the face's size are taken out, so that neither camera nor zoom counts.
    """
    size = (faces.box[:, 2:] - faces.box[:, :2]).max(1)
    points = faces.landmarks / np.maximum(size, 1e-6)[:, None, None]
    points = points - points.mean(1, keepdims=True)
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(2).mean()))


def likeness(embeddings: Embeddings, count: int) -> NDArray[np.float64]:
    """(count,) mean cosine between the vectors of each track; 1 for a single one, NaN for none."""
    total = np.zeros((count, embeddings.vector.shape[1]))
    np.add.at(total, embeddings.track, unit(embeddings.vector))
    n = np.bincount(embeddings.track, minlength=count).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        pairs = ((total**2).sum(1) - n) / (n * (n - 1))
    return np.asarray(np.where(n > 1, pairs, np.where(n == 1, 1.0, np.nan)))


def tells_nothing(embeddings: Embeddings, count: int) -> NDArray[np.bool_]:
    """(count,) whether most of a track's faces have quality 0, as pictures without detail have.

    A blurred face is much like every other blurred face, and so says nothing of who it is.
    """
    faces = np.bincount(embeddings.track, minlength=count)
    empty = np.bincount(embeddings.track[embeddings.quality <= 0], minlength=count)
    return np.asarray(2 * empty > faces)


def kept(reasons: tuple[str, ...]) -> NDArray[np.bool_]:
    """(t,) whether each track goes on."""
    return np.array([not reason for reason in reasons], np.bool_)
