"""Video -> Shots: finds where one shot ends and the next begins."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from castlist.split.content import ContentSplitter
from castlist.split.histogram import HistogramSplitter
from castlist.split.signal import cells
from castlist.types import Shots

__all__ = ["SPLITTERS", "ContentSplitter", "HistogramSplitter", "Splitter", "cells"]


class Splitter(Protocol):
    """Makes a signal of each frame, and finds the shots from all signals.

    A splitter with an attribute `sees`, a width and a height in pixels, gets frames of that size, each pixel
    the mean of its area, which costs far less. Other splitters get frames of full size.
    """

    def signal(self, image: NDArray[np.uint8], /) -> NDArray[np.uint8]:
        """(f,) a small description of one BGR frame (h, w, 3)."""
        ...

    def __call__(self, signals: NDArray[np.uint8], /) -> Shots:
        """The shots of the frames whose signals (n, f) are given."""
        ...


SPLITTERS = {"content": ContentSplitter, "histogram": HistogramSplitter}
