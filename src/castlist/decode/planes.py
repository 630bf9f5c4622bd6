"""The planes of a decoded picture as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import av

__all__ = ["Plane", "planes"]

Plane = NDArray[np.generic]


def planes(frame: av.VideoFrame) -> list[Plane]:
    """The planes of a frame in a planar format, (h, w) uint8 or uint16, which can be written to."""
    kind = np.dtype(np.uint8 if frame.format.components[0].bits <= 8 else "<u2")
    views = []
    for plane in frame.planes:
        rows = np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind.itemsize)
        views.append(rows[: plane.height, : plane.width])
    return views
