"""Reliability of probabilities: predictions compared with outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.argument_types import typed_arguments
from castlist.errors import InputError
from castlist.vectors import converted

__all__ = ["Reliability", "reliability"]


@dataclass(frozen=True, eq=False, slots=True)
class Reliability:
    """A reliability diagram, a row per bin of probability; empty bins have NaN means."""

    predicted: NDArray[np.float64]  # (b,) mean probability
    true: NDArray[np.float64]  # (b,) share of true outcomes
    count: NDArray[np.int64]  # (b,)

    @property
    def expected_calibration_error(self) -> float:
        """Mean absolute difference of predicted and true, weighted by count; 0 without any prediction.

        [Naeini, Cooper, Hauskrecht, AAAI 2015]
        """
        full = self.count > 0
        if not full.any():
            return 0.0
        return float(np.average(np.abs(self.predicted - self.true)[full], weights=self.count[full]))


@typed_arguments
def reliability(probability: ArrayLike, right: ArrayLike, *, bins: int = 10) -> Reliability:
    """Predictions (probabilities) compared with outcomes (booleans), in `bins` equal bins of [0, 1].

    >>> reliability([0.9, 0.9, 0.1], [True, False, False], bins=2).true.tolist()
    [0.0, 0.5]

    Raises:
        InputError: lengths differ, a probability is outside [0, 1], or `bins` is less than 1.
    """
    p, y = converted(probability, np.float64, "probability"), converted(right, np.bool_, "right")
    if p.shape != y.shape or p.ndim != 1:
        raise InputError(f"probability and right must be of one length, got {p.shape} and {y.shape}")
    if bins < 1:
        raise InputError(f"bins must be at least 1, got {bins}")
    if not np.all((p >= 0) & (p <= 1)):
        raise InputError("probabilities must lie in [0, 1]")
    place = np.minimum((p * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        predicted, true = (np.bincount(place, v, minlength=bins) / count for v in (p, y))
    return Reliability(predicted, true, count.astype(np.int64))
