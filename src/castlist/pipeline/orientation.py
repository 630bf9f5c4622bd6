"""Detects a film that lacks its rotation flag: lies on its side or upside down, so that no face is found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.decode import read_frames
from castlist.recipe import Recipe
from castlist.types import Machine, Video

__all__ = ["better_turned"]

SEEN = 0.05  # of the film: whose people are on screen for longer than that is the right way up
SIDE = 640  # pixels of the long side: where the detector finds most faces
FRAMES = 8  # looked at in each position, evenly spaced
SURE = 0.8  # score of a face that counts
FACES = 3  # that must be found in a turned position, at least,
TIMES = 3  # and so many times as many as are found in the picture as it is
TURNS = {90: 1, 180: 2, 270: 3}  # degrees clockwise -> quarter turns


def better_turned(cast: Cast, recipe: Recipe = Recipe(), machine: Machine = Machine()) -> int:
    """By how many degrees clockwise a film shows faces when it is turned: 90, 180, 270, or 0 for none.

    Some frames are looked at in all positions, and only where hardly anybody was found.

    Raises:
        VideoError: the film cannot be read any more.
    """
    length = float(cast.clock.time(len(cast.clock)) - cast.clock.time(0)) if len(cast.clock) else 0.0
    if not length or sum(person.screen_time for person in cast) > SEEN * length:
        return 0
    found = np.zeros(4, np.int64)
    for frame in np.unique(np.linspace(0, len(cast.clock) - 1, FRAMES + 2).round().astype(int)):
        image = _picture(cast.video, int(cast.clock.pts[frame]))
        if image is not None:
            found += [_faces(np.ascontiguousarray(np.rot90(image, -k)), recipe, machine) for k in range(4)]
    best = max(TURNS, key=lambda degrees: int(found[TURNS[degrees]]))
    most = int(found[TURNS[best]])
    return best if most >= FACES and most >= TIMES * found[0] else 0


def _picture(video: Video, pts: int) -> NDArray[np.uint8] | None:
    with read_frames(video, start_pts=pts, max_side=SIDE) as reader:
        frame = next(reader, None)
        return None if frame is None else frame.image


def _faces(image: NDArray[np.uint8], recipe: Recipe, machine: Machine) -> int:
    return int((recipe.detect(image, machine=machine).score >= SURE).sum())
