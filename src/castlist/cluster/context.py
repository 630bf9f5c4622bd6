"""Who a track shows before its face is looked at: somebody of the shots around it, or somebody new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.types import NOISE, Tracks

__all__ = ["Context"]

# Weight of a track of the same shot (not of the same time), one shot further off having 1/2. In six labelled
# films 41 of 45 tracks show somebody who is seen at another time of their shot too; 3 to 10 decide nearly the
# same.
SAME_SHOT = 5.0
LEAST_WEIGHT = 1.0  # of all tracks around one: who is seen in a shot far from all others is not new for it
PSEUDO_TRACKS = 4.0  # tracks that are counted besides those of the film; 2 to 8 decide nearly the same
PSEUDO_NEW = 0.5  # share of these that show somebody who is seen in no other track
MAX_TRACKS = 500  # looked at to learn how often somebody is seen in one track only
STEPS = 60  # halvings of the range of somebody new's weight, from SMALLEST to LARGEST
SMALLEST, LARGEST = 1e-6, 1e9
NEVER = 1e-12  # weight of a person who cannot be meant


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """How likely a track shows each person, or nobody who is known, from where it lies in the film.

    A track is a person's with odds in proportion to the tracks that this person has, each counted less the
    more shots lie between, and somebody new's with odds in proportion to a constant: the distance dependent
    Chinese restaurant process [Blei, Frazier, JMLR 12, 2011]. The constant is the film's own: with it, as
    many of the given tracks are expected to be the only one of their person as there are [Good, "The
    population frequencies of species", Biometrika 40, 1953]. In a scene of three people nobody else is
    expected; in a montage of strangers everybody is new.
    """

    tracks: Tracks
    label: NDArray[np.int64]  # (t,) people of the tracks that are sure, numbered from 0; NOISE for others
    new: float  # weight of somebody new

    @classmethod
    def from_tracks(cls, tracks: Tracks, label: NDArray[np.int64]) -> Self:
        """From the tracks of a film.

        Args:
            label: (t,) the people of the tracks that are sure, 0, 1, ...; NOISE for others.
        """
        sure = np.flatnonzero(label != NOISE)
        alone = int((np.bincount(label[sure]) == 1).sum()) if len(sure) else 0
        share = (alone + PSEUDO_NEW * PSEUDO_TRACKS) / (len(sure) + PSEUDO_TRACKS)
        rows = sure[:: max(1, -(-len(sure) // MAX_TRACKS))]
        around = np.array([_weights(tracks, int(t), sure).sum() for t in rows])
        return cls(tracks, label, _weight_of_new(np.maximum(around, LEAST_WEIGHT), share))

    def log_odds(self, tracks: NDArray[np.int64]) -> NDArray[np.float64]:
        """(p,) log odds that some tracks of one person show each known person, rather than somebody new."""
        sure = np.flatnonzero(self.label != NOISE)
        weight = np.mean([_weights(self.tracks, int(t), sure) for t in tracks], axis=0)
        total = np.bincount(self.label[sure], weight)
        return np.asarray(np.log(np.maximum(total, NEVER) / self.new))


def _weights(tracks: Tracks, track: int, others: NDArray[np.int64]) -> NDArray[np.float64]:
    """(q,) how much each other track says of whom a track shows; 0 for those of the same time."""
    apart = np.abs(tracks.shot[others] - tracks.shot[track]).astype(np.float64)
    weight = np.where(apart == 0, SAME_SHOT, 1 / (1 + apart))
    together = (tracks.first[others] <= tracks.last[track]) & (tracks.last[others] >= tracks.first[track])
    return np.where(together, 0.0, weight)


def _weight_of_new(around: NDArray[np.float64], share: float) -> float:
    """The weight with which that share of tracks is expected to show somebody new, by halving its range."""
    low, high = SMALLEST, LARGEST
    for _ in range(STEPS if len(around) else 0):
        middle = float(np.sqrt(low * high))
        if (middle / (middle + around)).mean() < share:
            low = middle
        else:
            high = middle
    return float(np.sqrt(low * high)) if len(around) else LEAST_WEIGHT
