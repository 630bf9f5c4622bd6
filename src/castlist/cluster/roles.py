"""The role of each person: cast, background, or set aside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.option_values import check_options
from castlist.types import BACKGROUND, NOISE, PERSON, SET_ASIDE, Clock, Tracks

__all__ = ["Roles"]


@dataclass(frozen=True, slots=True)
class Roles:
    """The cast: people seen long enough and large enough. Other people are in the background.

    A person's prominence is seconds on screen times the size of the face (`Tracks.prominence`). The cast are
    all people with at least `share` of the film's prominence and at least `seconds` on screen, or `part` of a
    short film. A person without any face of score `clear` in the whole film is set aside: the detector is
    sure of a person in some frame, of a flower in none.
    """

    share: float = 0.005  # least share of the prominence of all people
    seconds: float = 1.0  # least seconds on screen,
    part: float = 0.03  # or this part of the film's length, whichever is less
    clear: float = 0.82  # least value of the best score of a person's faces

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
        """(t,) the role of each track's person: PERSON, BACKGROUND or SET_ASIDE; SET_ASIDE for NOISE.

        Args:
            label: (t,) the person of each track, or NOISE.
            clock: when frames are shown; without it each face counts the same, whatever its time and size.
            height: pixels of a frame.
            sure: (t,) tracks that are faces beyond doubt, whatever their scores.
        """
        known = label != NOISE
        seconds, weight = self._prominence(tracks, clock, height)
        prominence = np.bincount(label[known], weights=weight[known])
        in_cast = prominence >= self.share * prominence.sum()
        if clock is not None and len(clock):
            least = min(self.seconds, self.part * float(clock.time(len(clock)) - clock.time(0)))
            in_cast &= np.bincount(label[known], weights=seconds[known]) >= least
        best = np.zeros(len(in_cast), np.float32)
        np.maximum.at(best, label[known], np.maximum.reduceat(tracks.score, tracks.offset[:-1])[known])
        if sure is not None:
            best[label[known & sure]] = 1.0
        role = np.where(in_cast, PERSON, BACKGROUND)
        role[best < self.clear] = SET_ASIDE
        roles = np.full(len(tracks), SET_ASIDE, np.int8)
        roles[known] = role[label[known]]
        return roles

    def _prominence(
        self, tracks: Tracks, clock: Clock | None, height: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(t,) seconds and (t,) prominence of each track; without a clock, its number of faces for both."""
        if clock is None or not len(tracks):
            return tracks.size.astype(np.float64), tracks.size.astype(np.float64)
        columns = (tracks.seconds(clock), tracks.prominence(clock, height))
        seconds, prominence = (np.add.reduceat(column, tracks.offset[:-1]) for column in columns)
        return seconds, prominence
