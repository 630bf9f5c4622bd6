"""Boxes of faces as annotation programs take them: cut at the picture's edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast

__all__ = ["Within"]


@dataclass(frozen=True, eq=False, slots=True)
class Within:
    """What of each face of a cast lies within the picture.

    Detectors, and trackers between two detections, draw a box as large as the face is, also where the
    picture ends before the face does. Programs for annotation refuse such a box, or cut it by themselves.
    """

    box: NDArray[np.float64]  # (m, 4) left, top, right, bottom in pixels, cut at the edges
    seen: NDArray[np.bool_]  # (m,) whether anything of the face is left

    @classmethod
    def of(cls, cast: Cast) -> Self:
        """The faces of a cast, row by row of its tracks."""
        size = np.tile((cast.video.width, cast.video.height), 2)
        box = np.clip(np.asarray(cast.tracks.box, np.float64), 0, size)
        return cls(box, np.asarray((np.round(box[:, 2:] - box[:, :2], 2) > 0).all(axis=1)))

    def rows(self, cast: Cast, track: int) -> NDArray[np.int64]:
        """The rows of a track's faces that are seen."""
        rows = np.arange(cast.tracks.offset[track], cast.tracks.offset[track + 1])
        return np.asarray(rows[self.seen[rows]])
