"""The part of the difference of two pictures that a change of exposure does not explain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = 0.8, 1.25  # factors of brightness in a colour: cameras change it by .03 to .06 at once


def exposed(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The largest difference of a cell (of 255) of two thumbnails (432,), after matching their exposure.

    Each colour is matched on its own, since a camera also balances its white.
    """
    first, second = (x.reshape(-1, 3) for x in (a, b))
    power = np.maximum((first * first).sum(0), 1.0)
    gain = np.clip((first * second).sum(0) / power, LEAST, MOST)
    return float(np.abs(second - gain * first).mean(1).max())
