"""Boxes of faces for annotation programs: clipped to the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast

__all__ = ["Within"]


@dataclass(frozen=True, eq=False, slots=True)
class Within:
    """The part of each face of a cast that lies within the picture.

    A box from a detector, or from a tracker between two detections, is as large as the face, even if a part
    of the face is outside the picture. Annotation programs refuse such a box, or clip it themselves.
    """

    box: NDArray[np.float64]  # (m, 4) left, top, right, bottom in pixels, clipped
    seen: NDArray[np.bool_]  # (m,) whether a part of the face is within the picture

    @classmethod
    def of(cls, cast: Cast) -> Self:
        """The faces of a cast, in the order of the rows of its tracks."""
        size = np.tile((cast.video.width, cast.video.height), 2)
        box = np.clip(np.asarray(cast.tracks.box, np.float64), 0, size)
        return cls(box, np.asarray((np.round(box[:, 2:] - box[:, :2], 2) > 0).all(axis=1)))

    def rows(self, cast: Cast, track: int) -> NDArray[np.int64]:
        """The rows of a track's faces that are partly within the picture."""
        rows = np.arange(cast.tracks.offset[track], cast.tracks.offset[track + 1])
        return np.asarray(rows[self.seen[rows]])
