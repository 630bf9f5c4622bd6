"""Which tracks show a face that can tell who it is: the others are set aside, with a reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.types import Embeddings, Tracks

__all__ = ["NOT_A_FACE", "TOO_FEW", "TOO_SMALL", "Sift"]

NOT_A_FACE = "not a face"
TOO_SMALL = "too small to tell"
TOO_FEW = "seen too briefly"


@dataclass(frozen=True, slots=True)
class Sift:
    """Set aside tracks that are no face, or too poor a one to say whose.

    A lamp or a fold of cloth is detected now and then, with middling scores; a face scores high most of
    the time, or at least once very high.
    """

    usual_score: float = 0.62  # median score of a track's detections
    best_score: float = 0.75  # and its best one
    smallest: float = 9.0  # pixels of the shorter side, median of the track

    def __call__(self, tracks: Tracks, embeddings: Embeddings) -> tuple[str, ...]:
        """(t,) why each track is set aside, "" where it is not."""
        seen = np.bincount(embeddings.track, minlength=len(tracks))
        return tuple(self._reason(tracks, t, int(seen[t])) for t in range(len(tracks)))

    def _reason(self, tracks: Tracks, track: int, embedded: int) -> str:
        rows = tracks.rows(track)
        side = (tracks.box[rows, 2:] - tracks.box[rows, :2]).min(1)
        score = tracks.score[rows][tracks.detection[rows] >= 0]
        if np.median(side) < self.smallest:
            return TOO_SMALL
        if np.median(score) < self.usual_score or score.max() < self.best_score:
            return NOT_A_FACE
        return "" if embedded else TOO_FEW


def kept(reasons: tuple[str, ...]) -> NDArray[np.bool_]:
    """(t,) whether each track goes on."""
    return np.array([not reason for reason in reasons], np.bool_)
