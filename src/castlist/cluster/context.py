"""Log odds of the people that a track may show, from its place in the film alone, without its face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.types import NOISE, Tracks

__all__ = ["Context"]

# Weight of a track in the same shot (at another time); a track one shot away has 1/2. In six labelled films
# 41 of 45 tracks show a person who is also seen at another time of the same shot; 3 to 10 decide nearly the
# same.
SAME_SHOT = 5.0
LEAST_WEIGHT = 1.0  # least sum of weights around a track: a remote shot does not imply a new person
PSEUDO_TRACKS = 4.0  # tracks added to the count of the film's tracks; 2 to 8 decide nearly the same
PSEUDO_NEW = 0.5  # share of PSEUDO_TRACKS that are the only track of their person
MAX_TRACKS = 500  # tracks sampled to fit the weight of a new person
STEPS = 60  # bisections of the range of a new person's weight, SMALLEST to LARGEST
SMALLEST, LARGEST = 1e-6, 1e9
NEVER = 1e-12  # weight instead of 0, for a person whose tracks all overlap in time with the given ones


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """Log odds that a track shows each known person, against a new person, from its place in the film.

    The odds of a known person are proportional to the number of that person's tracks, each with less weight
    the more shots lie between; the odds of a new person are proportional to a constant: the distance
    dependent Chinese restaurant process [Blei, Frazier, JMLR 12, 2011]. The constant is fitted to the film:
    with it, the expected number of people with one track equals the observed number [Good, "The population
    frequencies of species", Biometrika 40, 1953]. A new person is unlikely in a scene of three people, and
    likely in a montage of strangers.
    """

    tracks: Tracks
    label: NDArray[np.int64]  # (t,) person of each track that is sure, from 0; NOISE for other tracks
    new: float  # weight of a new person

    @classmethod
    def from_tracks(cls, tracks: Tracks, label: NDArray[np.int64]) -> Self:
        """The context of a film's tracks.

        Args:
            label: (t,) person of each track that is sure, 0, 1, ...; NOISE for other tracks.
        """
        sure = np.flatnonzero(label != NOISE)
        alone = int((np.bincount(label[sure]) == 1).sum()) if len(sure) else 0
        share = (alone + PSEUDO_NEW * PSEUDO_TRACKS) / (len(sure) + PSEUDO_TRACKS)
        rows = sure[:: max(1, -(-len(sure) // MAX_TRACKS))]
        around = np.array([_weights(tracks, int(t), sure).sum() for t in rows])
        return cls(tracks, label, _weight_of_new(np.maximum(around, LEAST_WEIGHT), share))

    def log_odds(self, tracks: NDArray[np.int64]) -> NDArray[np.float64]:
        """(p,) log odds that some tracks of one person show each known person, against a new person."""
        sure = np.flatnonzero(self.label != NOISE)
        weight = np.mean([_weights(self.tracks, int(t), sure) for t in tracks], axis=0)
        total = np.bincount(self.label[sure], weight)
        return np.asarray(np.log(np.maximum(total, NEVER) / self.new))


def _weights(tracks: Tracks, track: int, others: NDArray[np.int64]) -> NDArray[np.float64]:
    """(q,) weight of each of the `others` for the person that `track` shows; 0 where they overlap in time."""
    apart = np.abs(tracks.shot[others] - tracks.shot[track]).astype(np.float64)
    weight = np.where(apart == 0, SAME_SHOT, 1 / (1 + apart))
    together = (tracks.first[others] <= tracks.last[track]) & (tracks.last[others] >= tracks.first[track])
    return np.where(together, 0.0, weight)


def _weight_of_new(around: NDArray[np.float64], share: float) -> float:
    """The weight at which the expected share of tracks with a new person is `share`, found by bisection."""
    low, high = SMALLEST, LARGEST
    for _ in range(STEPS if len(around) else 0):
        middle = float(np.sqrt(low * high))
        if (middle / (middle + around)).mean() < share:
            low = middle
        else:
            high = middle
    return float(np.sqrt(low * high)) if len(around) else LEAST_WEIGHT
