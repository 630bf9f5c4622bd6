"""Log odds of a single track for a new person, against all known people.

The log odds that the track shows a known person are those of the likeliest known person against an unknown
one: face evidence is compared with its neutral value, half-way between the scores of tracks with their own
person and with the likeliest other person; the prior is the share of tracks that are not the first of their
person; answers about other tracks that were alone shift all log odds.
[Platt 1999, logistic calibration, here of the intercept alone]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["intercept", "neutral"]

Table = NDArray[np.float64]
FEWEST = 6  # smallest number of tracks for a median
NEUTRAL = np.array([0.15, 0.3])  # of the face and of the most similar track, for fewer tracks
SPREAD = 1.5  # standard deviation of the intercept before any answer
STEPS = 12  # of Newton's method


def neutral(current: Table, other: Table) -> Table:
    """(2,) the scores that are evidence neither for a known person nor against.

    Args:
        current: (n, 2) leave-one-out scores of tracks with their own person.
        other: (n, 2) scores of the same tracks with the likeliest other person.
    """
    if len(current) < FEWEST:
        return NEUTRAL
    return np.asarray((np.median(current, axis=0) + np.median(other, axis=0)) / 2)


def intercept(odds: Table, known: NDArray[np.bool_]) -> float:
    """The correction of the log odds after the answers so far: the maximum a posteriori estimate.

    Args:
        odds: (n,) log odds that each of n tracks with an answer shows a known person.
        known: (n,) the answers.
    """
    value = 0.0
    for _ in range(STEPS if len(odds) else 0):
        chance = 1 / (1 + np.exp(-np.clip(odds + value, -50, 50)))
        slope = float((known - chance).sum()) - value / SPREAD**2
        curve = float((chance * (1 - chance)).sum()) + 1 / SPREAD**2
        value += float(np.clip(slope / curve, -1.0, 1.0))
    return value
