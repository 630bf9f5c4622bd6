"""How much of the difference of two pictures a change of exposure explains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = 0.8, 1.25  # times as bright as before in each colour: a camera changes by .03 to .06 at once


def exposed(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """What is left of the difference of two thumbnails (432,) in the cell that differs most, of 255.

    One is made as bright as the other in each colour, for a camera balances its white as well.
    """
    first, second = (x.reshape(-1, 3) for x in (a, b))
    power = np.maximum((first * first).sum(0), 1.0)
    gain = np.clip((first * second).sum(0) / power, LEAST, MOST)
    return float(np.abs(second - gain * first).mean(1).max())
