"""Faces as MOTChallenge rows: `frame,id,left,top,width,height,conf,-1,-1,-1`.

Frames and ids count from 1, as that format has it; an id is a track, so no id is twice in a frame. Faces of
tracks that were set aside are left out. [Leal-Taixé 2015, MOTChallenge; motchallenge.net/instructions]
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from castlist.cast import Cast
from castlist.types import NOISE

__all__ = ["lines"]


def lines(cast: Cast) -> Iterator[str]:
    """The file, row by row: by frame, then by id."""
    tracks = cast.tracks
    owner = tracks.track
    order = np.lexsort((owner, tracks.frame))
    for row in order[cast.person[owner[order]] != NOISE].tolist():
        left, top, right, bottom = tracks.box[row].tolist()
        score = float(tracks.score[row])
        score = 1.0 if score != score else score
        box = ",".join(f"{value:.2f}" for value in (left, top, right - left, bottom - top))
        yield f"{tracks.frame[row] + 1},{owner[row] + 1},{box},{score:.4f},-1,-1,-1\n"
