"""Who is of the cast and who is in the background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.option_values import check_options
from castlist.types import BACKGROUND, NOISE, PERSON, SET_ASIDE, Clock, Tracks

__all__ = ["Roles"]


@dataclass(frozen=True, slots=True)
class Roles:
    """The cast is whoever is seen for long enough and large enough; the others are in the background.

    What counts is how prominent somebody is: seconds by the size of the face (`Tracks.prominence`). Nobody is
    left out of the cast for being on screen for less than others if they hold at least `share` of all, and
    are seen for `seconds`, or in a short film for `part` of it. Whoever is never found with a score of
    `clear` in the whole film is set aside: of people the detector is sure at some time, of flowers never.
    """

    share: float = 0.005  # of how much all faces of the film are seen
    seconds: float = 1.0  # on screen, at least,
    part: float = 0.03  # or this part of the film's length, whichever is less
    clear: float = 0.82  # the best score of a person's faces, at least

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(
        self,
        label: NDArray[np.integer],
        tracks: Tracks,
        clock: Clock | None = None,
        height: int = 0,
        sure: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.int8]:
        """(t,) PERSON, BACKGROUND or SET_ASIDE, for the person's number of each track, or NOISE.

        Args:
            clock: when frames are shown; without it each face counts the same, whatever its time and size.
            height: pixels of a frame.
            sure: (t,) tracks that are faces beyond doubt, whatever their scores.
        """
        known = label != NOISE
        seconds, weight = self._prominence(tracks, clock, height)
        prominence = np.bincount(label[known], weights=weight[known])
        billed = prominence >= self.share * prominence.sum()
        if clock is not None and len(clock):
            least = min(self.seconds, self.part * float(clock.time(len(clock)) - clock.time(0)))
            billed &= np.bincount(label[known], weights=seconds[known]) >= least
        best = np.zeros(len(billed), np.float32)
        np.maximum.at(best, label[known], np.maximum.reduceat(tracks.score, tracks.offset[:-1])[known])
        if sure is not None:
            best[label[known & sure]] = 1.0
        fate = np.where(billed, PERSON, BACKGROUND)
        fate[best < self.clear] = SET_ASIDE
        each = np.full(len(tracks), SET_ASIDE, np.int8)
        each[known] = fate[label[known]]
        return each

    def _prominence(
        self, tracks: Tracks, clock: Clock | None, height: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(t,) seconds of each track, and how much it is seen; numbers of faces where there is no clock."""
        if clock is None or not len(tracks):
            return tracks.size.astype(np.float64), tracks.size.astype(np.float64)
        columns = (tracks.seconds(clock), tracks.prominence(clock, height))
        seconds, prominence = (np.add.reduceat(column, tracks.offset[:-1]) for column in columns)
        return seconds, prominence
