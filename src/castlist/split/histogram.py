"""The simple baseline: a cut where the colours of two successive frames differ by a fixed amount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.option_values import check_options
from castlist.split.content import shots
from castlist.split.signal import BINS, SEES, THUMB, blocks, checked, describe
from castlist.types import CUT, Shots


@dataclass(frozen=True, slots=True)
class HistogramSplitter:
    """Finds a cut where the Hellinger distance of successive colour histograms exceeds a constant."""

    threshold: float = 0.3  # 0: the same colours, 1: no common colours

    def __post_init__(self) -> None:
        check_options(self)

    sees = SEES

    def signal(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(496,) the signal of a BGR frame (h, w, 3), for `__call__`."""
        return describe(image)

    def __call__(self, signals: NDArray[np.uint8]) -> Shots:
        """Shots of a film from its frames' signals (n, 496).

        Raises:
            InputError: the signals are not those of this splitter.
        """
        signals = checked(signals)
        step = np.zeros(len(signals))
        for rows in blocks(max(len(signals) - 1, 0)):
            colours = signals[rows.start : rows.stop + 1, THUMB : THUMB + BINS].astype(np.float32) / 255
            step[rows.start + 1 : rows.stop + 1] = np.linalg.norm(np.diff(colours, axis=0), axis=1) / 2**0.5
        return shots(len(signals), {CUT: np.flatnonzero(step > self.threshold)})
