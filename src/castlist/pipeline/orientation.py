"""Detects a film that is shown on its side, upside down, or as a negative.

A detector finds no faces in such a film, or only faces of low score.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.decode import read_frames
from castlist.embed.nonrigid import face_patch, nonrigid_motion
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
FACES = 3  # least number of different pictures of faces in another orientation, or in the negative,
TIMES = 3  # and least multiple of the number of different pictures in the frames as they are
# Non-rigid motion above which two pictures differ: two pictures of a photograph reach .006 (`rigid` of the
# filter in castlist.track), or .0064 if small, with noise or a pan; most pairs of pictures of a drawn person
# reach .013.
DIFFER = 0.007
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
    ways = [_FacesFound() for _ in range(5)]  # the four turns, and inverted
    for frame in np.unique(np.linspace(0, len(cast.clock) - 1, FRAMES + 2).round().astype(int)):
        image = _picture(cast.video, int(cast.clock.pts[frame]))
        if image is not None:
            shown = [np.ascontiguousarray(np.rot90(image, -k)) for k in range(4)]
            for way, picture in zip(ways, [*shown, _positive(image)], strict=True):
                way.add(picture, recipe, machine)
    best = max(TURNS, key=lambda degrees: ways[TURNS[degrees]].found)
    upright, turned, inverted = ways[0], ways[TURNS[best]], ways[4]
    if inverted.found >= turned.found and _shows_more(inverted, upright):
        return Better(negative=True)
    return Better(best if _shows_more(turned, upright) else 0)


@dataclass
class _FacesFound:
    """The faces found in one orientation of the film, or in its negative."""

    found: int = 0
    frames: list[list[NDArray[np.uint8]]] = field(default_factory=list)  # (48, 48) pictures of the faces

    def add(self, image: NDArray[np.uint8], recipe: Recipe, machine: Machine) -> None:
        """Find the faces of one more frame."""
        detections = recipe.detect(image, scale=1.0, machine=machine)
        boxes = detections.box[detections.score >= SURE]
        self.found += len(boxes)
        self.frames.append([face_patch(image, box) for box in boxes])

    def different(self, enough: int) -> int:
        """The number of different pictures, counted up to `enough`.

        An object that a detector takes for a face is in many frames and always looks the same, like a
        photograph: it counts once. A living face never looks the same twice.
        """
        counted: list[NDArray[np.uint8]] = []
        for patches in self.frames:
            new = [p for p in patches if all(_differ(p, earlier) for earlier in counted)]
            counted += new
            if len(counted) >= enough:
                break
        return len(counted)


def _shows_more(way: _FacesFound, upright: _FacesFound) -> bool:
    """Whether an orientation, or the negative, shows so many more faces that it is the right one."""
    least = max(FACES, TIMES * upright.different(way.found // TIMES + 1))
    return way.different(least) >= least


def _differ(patch: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two pictures show two faces, or one face that moved in between."""
    return bool(nonrigid_motion(np.stack([patch, other]))[0] > DIFFER)


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
