"""Faces -> tracks: one vector of a cue for each track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.errors import InputError
from castlist.types import Cue
from castlist.vectors import shaped, unit

__all__ = ["by_track"]


@typed_arguments
def by_track(
    cue: Cue, track: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(count, c) unit means of the rows of each track, weighted by quality, and (count,) their mean quality.

    `track` (k,) is the track of each row, 0 to count - 1. A track without a row has zeros, and quality 0.

    Raises:
        InputError: `track` does not have one value for each row, or has one outside 0 to count - 1.
    """
    track = shaped(track, np.int64, (len(cue),), "track")
    if len(track) and not 0 <= track.min() <= track.max() < count:
        raise InputError(f"track names tracks {track.min()} to {track.max()}; they must be 0 to {count - 1}")
    total = np.zeros((count, cue.vector.shape[1]), np.float64)
    np.add.at(total, track, cue.quality[:, None] * cue.vector.astype(np.float64))
    rows = np.bincount(track, minlength=count)
    quality = np.bincount(track, cue.quality, minlength=count) / np.maximum(rows, 1)
    return unit(total).astype(np.float32), quality.astype(np.float32)
