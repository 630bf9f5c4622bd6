"""Detects a film that is shown on its side, upside down, or as a negative.

A detector finds no faces in such a film, or only faces of low score.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.decode import read_frames
from castlist.recipe import Recipe
from castlist.types import Machine, Scan, Video

__all__ = ["Better", "better_shown", "is_doubtful"]

SEEN = 0.05  # share of the film that people must be on screen for, at least, in a film shown right
SURE = 0.8  # score from which a face counts
# Least share of faces with score SURE in a film shown right: .56 to .98 in films, dark, grainy and worn ones
# included; .34 upside down, .18 at most in negatives.
CLEAR = 0.5
SIDE = 640  # pixels of the long side at which the detector finds most faces
FRAMES = 8  # frames searched in each orientation, evenly spaced
FACES = 3  # least number of faces found in another orientation, or in the negative,
TIMES = 3  # and least multiple of the number of faces found in the frames as they are
TURNS = {90: 1, 180: 2, 270: 3}  # degrees clockwise -> quarter turns
# Percentiles of a colour's values that become black and white: values beyond are not of the scene.
ENDS = (0.5, 99.5)


class Better(NamedTuple):
    """The orientation and tones in which a film shows most faces."""

    turned: int = 0  # degrees clockwise to turn it: 90, 180, 270; 0 where it is upright
    negative: bool = False  # whether to invert its tones


def is_doubtful(cast: Cast, scan: Scan) -> bool:
    """Whether a film may be shown wrong: people are on screen for a short time, or few faces score high."""
    length = float(cast.clock.time(len(cast.clock)) - cast.clock.time(0)) if len(cast.clock) else 0.0
    if not length:
        return False
    score = scan.detections.score
    hardly = sum(person.screen_time for person in cast) <= SEEN * length
    return hardly or float((score >= SURE).mean()) < CLEAR


def better_shown(cast: Cast, recipe: Recipe = Recipe(), machine: Machine = Machine()) -> Better:
    """The orientation and tones in which a film shows most faces, by searching some frames in all of them.

    Raises:
        VideoError: the film cannot be read any more.
    """
    found, inverted = np.zeros(4, np.int64), 0
    for frame in np.unique(np.linspace(0, len(cast.clock) - 1, FRAMES + 2).round().astype(int)):
        image = _picture(cast.video, int(cast.clock.pts[frame]))
        if image is not None:
            found += [_faces(np.ascontiguousarray(np.rot90(image, -k)), recipe, machine) for k in range(4)]
            inverted += _faces(_positive(image), recipe, machine)
    best = max(TURNS, key=lambda degrees: int(found[TURNS[degrees]]))
    most, least = int(found[TURNS[best]]), max(FACES, TIMES * int(found[0]))
    if inverted >= least and inverted >= most:
        return Better(negative=True)
    return Better(best if most >= least else 0)


def _picture(video: Video, pts: int) -> NDArray[np.uint8] | None:
    with read_frames(video, start_pts=pts, max_side=SIDE) as reader:
        frame = next(reader, None)
        return None if frame is None else frame.image


def _positive(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A negative inverted, with colours scaled to equal range: the base of colour negatives is orange."""
    inverted = 255.0 - image
    black, white = np.percentile(inverted, ENDS, axis=(0, 1))
    scaled = (inverted - black) * (255 / np.maximum(white - black, 1))
    return np.asarray(np.clip(scaled, 0, 255), np.uint8)


def _faces(image: NDArray[np.uint8], recipe: Recipe, machine: Machine) -> int:
    return int((recipe.detect(image, scale=1.0, machine=machine).score >= SURE).sum())
