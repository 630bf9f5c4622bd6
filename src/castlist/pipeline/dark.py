"""Lowers the quality of dark pictures, as in fades, so that brighter ones are shown first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from castlist.cast import picture_worth
from castlist.dark_pictures import DIM, brightness
from castlist.errors import CastlistError
from castlist.types import Portraits, Shots

__all__ = ["lower_dark_quality"]


def lower_dark_quality(portraits: Portraits, shots: Shots, image: Callable[[str], bytes]) -> Portraits:
    """The pictures, where dark ones have a lower quality, in proportion to their brightness.

    In each track the best picture is checked first; where it is dark, the picture that is then best, and so
    on.

    Args:
        image: the bytes of a picture by its file name.
    """
    quality, worth = portraits.quality.copy(), picture_worth(portraits, shots)
    shown = np.flatnonzero(np.array([bool(name) for name in portraits.image], np.bool_))
    order = shown[np.lexsort((-worth[shown], portraits.track[shown]))]
    for rows in np.split(order, np.flatnonzero(np.diff(portraits.track[order])) + 1):
        known: set[int] = set()
        while len(rows) and (best := int(rows[worth[rows].argmax()])) not in known:
            known.add(best)
            light = min(1.0, _brightness(portraits.image[best], image) / DIM)
            quality[best], worth[best] = quality[best] * light, worth[best] * light
    return replace(portraits, quality=quality)


def _brightness(name: str, image: Callable[[str], bytes]) -> float:
    try:
        return brightness(image(name))
    except (OSError, LookupError, ValueError, CastlistError):
        return float(DIM)  # a picture that cannot be read is not shown
