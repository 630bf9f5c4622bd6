"""Finds cuts, dissolves and fades from small frame signals, relative to the motion around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.option_values import check_options
from castlist.split.cuts import hard_cuts
from castlist.split.dissolves import dissolves
from castlist.split.fades import fades
from castlist.split.moving import moving_dissolves
from castlist.split.over_motion import dissolves_over_motion
from castlist.split.signal import SEES, checked, describe, light
from castlist.types import CUT, DISSOLVE, FADE, START, Shots


@dataclass(frozen=True, slots=True)
class ContentSplitter:
    """Finds shots: boundaries where the picture changes for good, by more than the motion around.

    A false cut only splits a track, while a missed cut can join two people. So the default values find rather
    too many cuts than too few.
    """

    ratio: float = 3.0  # a cut is a change of more than this multiple of the activity around it,
    # Both floors are lower in dark frames, as all differences are.
    floor: float = 0.02  # plus this: flicker and compression in a still picture stay below it
    dissolve_floor: float = 0.05  # least difference of two pictures (mean absolute, 0 to 1) for a dissolve

    def __post_init__(self) -> None:
        check_options(self)

    sees = SEES

    def signal(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(496,) the signal of a BGR frame (h, w, 3), for `__call__`."""
        return describe(image)

    def __call__(self, signals: NDArray[np.uint8]) -> Shots:
        """Shots of a film from its frames' signals (n, 496), a dissolve or fade bounded at its middle.

        Raises:
            InputError: the signals are not those of this splitter.
        """
        signals = checked(signals)
        lit = light(signals)
        hard = hard_cuts(signals, ratio=self.ratio, floor=self.floor * lit)
        faded = fades(signals, hard)
        taken, floor = np.concatenate([hard, faded]), self.dissolve_floor * lit
        mixed = dissolves(signals, taken, floor=floor)
        for more in (dissolves_over_motion, moving_dissolves):
            mixed = np.union1d(mixed, more(signals, taken, mixed, floor=floor))
        return shots(len(signals), {CUT: hard, FADE: faded, DISSOLVE: mixed})


def shots(n: int, boundaries: dict[int, NDArray[np.int64]]) -> Shots:
    """The shots of n frames.

    Args:
        boundaries: by the kind of transition (CUT, FADE, DISSOLVE), the frames (b,) with which shots begin.
    """
    if n == 0:
        none = np.zeros(0, np.int64)
        return Shots(none, none, np.zeros(0, np.int8))
    start = np.concatenate([[0], *boundaries.values()]).astype(np.int64)
    kind = np.repeat([START, *boundaries], [1, *map(len, boundaries.values())])
    start, first = np.unique(start, return_index=True)
    return Shots(start, np.append(start[1:], n), kind[first].astype(np.int8))
