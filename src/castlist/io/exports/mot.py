"""Faces as MOTChallenge rows: `frame,id,left,top,width,height,conf,-1,-1,-1`.

Frames, ids and pixels count from 1: the corner of the frame is (1, 1), and readers such as motmetrics
subtract 1. An id is a track; with `--ids people` it is a person, for measures of identity. No id occurs twice
in a frame: of two faces of one person (a mirror, a split screen) the one of higher score is written. Faces of
tracks that were set aside are left out. [Leal-Taixé 2015, MOTChallenge; motchallenge.net/instructions]
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.io.exports.options import Options
from castlist.types import NOISE

__all__ = ["lines"]


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, row by row: by frame, then by id."""
    tracks = cast.tracks
    owner = tracks.track
    number = _people(cast)[cast.person[owner]] if options.ids == "people" else owner
    score = np.nan_to_num(tracks.score.astype(np.float64), nan=1.0)
    order = np.lexsort((owner, -score, number, tracks.frame))
    order = order[cast.person[owner[order]] != NOISE]
    last = None
    for row in order.tolist():
        frame, its = int(tracks.frame[row]) + 1, int(number[row]) + 1
        if (frame, its) == last:
            continue
        last = frame, its
        left, top, right, bottom = tracks.box[row].tolist()
        box = ",".join(f"{v:.2f}" for v in (left + 1, top + 1, right - left, bottom - top))
        yield f"{frame},{its},{box},{score[row]:.4f},-1,-1,-1\n"


def _people(cast: Cast) -> NDArray[np.int64]:
    """(p + 1,) an id from 0 for each person, background included; last NOISE, at index NOISE (-1)."""
    return np.array([*(p.id - 1 for p in cast.everybody), NOISE], np.int64)
