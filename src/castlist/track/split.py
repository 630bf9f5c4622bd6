"""Splits tracks that show two people: a missed dissolve, one face passing before another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.option_values import check_options
from castlist.types import Embeddings, Tracks
from castlist.vectors import unit

__all__ = ["LikenessSplit"]


@dataclass(frozen=True, slots=True)
class LikenessSplit:
    """Divides a track in two where the faces of each part are alike, but not the faces of different parts.

    A head that turns changes gradually, so that neither part is alike throughout; another person is a sudden
    change. The cut is halfway between the embedded faces on either side.
    """

    alike: float = 0.6  # least mean cosine within each part
    unlike: float = 0.6  # most mean cosine between the parts, as a share of the lesser one within a part
    faces: int = 2  # least number of embedded faces on each side

    def __post_init__(self) -> None:
        check_options(self)
        if self.faces < 2:
            raise InputError(
                f"LikenessSplit.faces must be at least 2, got {self.faces}: one face alone has no mean cosine"
            )

    def __call__(self, tracks: Tracks, embeddings: Embeddings) -> Tracks:
        """The tracks, some of them divided; `embeddings` are those of their faces, by track."""
        cuts = [c for t in range(len(tracks)) if (c := self._cut(tracks, embeddings, t))]
        if not cuts:
            return tracks
        offset = np.union1d(tracks.offset, np.array(cuts, np.int64))
        shot = tracks.shot[tracks.track[offset[:-1]]]
        order = np.lexsort((offset[:-1], tracks.frame[offset[:-1]]))
        rows = np.concatenate([np.arange(offset[t], offset[t + 1]) for t in order])
        size = np.diff(offset)[order]
        return Tracks(
            tracks.frame[rows],
            tracks.box[rows],
            tracks.score[rows],
            tracks.detection[rows],
            np.concatenate([[0], np.cumsum(size)]),
            shot[order],
        )

    def _cut(self, tracks: Tracks, embeddings: Embeddings, track: int) -> int:
        """The row at which another person begins within a track, 0 for none."""
        embedded = np.flatnonzero(embeddings.track == track)
        if len(embedded) < 2 * self.faces:
            return 0
        rows = tracks.rows(track)
        row_of = {int(d): r for r, d in enumerate(tracks.detection[rows].tolist(), rows.start) if d >= 0}
        at = np.array([row_of[int(d)] for d in embeddings.detection[embedded]])
        order = np.argsort(at)
        vector = unit(embeddings.vector[embedded[order]].astype(np.float64))
        place = self._turn(vector @ vector.T)
        return int(at[order][place - 1] + at[order][place] + 1) // 2 if place else 0

    def _turn(self, cosine: NDArray[np.float64]) -> int:
        """The place among a track's faces at which another person begins, 0 for none."""
        best, place = self.unlike, 0
        for i in range(self.faces, len(cosine) - self.faces + 1):
            within = min(_alike(cosine[:i, :i]), _alike(cosine[i:, i:]))
            across = float(cosine[:i, i:].mean())
            if within >= self.alike and across <= best * within:
                best, place = across / within, i
        return place


def _alike(cosine: NDArray[np.float64]) -> float:
    """The mean cosine of different faces."""
    n = len(cosine)
    return float((cosine.sum() - n) / (n * (n - 1)))
