"""Shared by the scripts that users write: every k-th frame of a film, and a table of labelled faces."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def every(film: str, k: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Number and picture (h, w, 3) RGB of every k-th frame; at last, the frame count with no picture."""
    import av

    number = -1
    with av.open(film) as container:
        container.streams.video[0].thread_type = "AUTO"
        for number, frame in enumerate(container.decode(video=0)):
            if number % k == 0:
                yield number, np.ascontiguousarray(frame.to_ndarray(format="rgb24"))
    yield number + 1, np.zeros((0, 0, 3), np.uint8)


def write(
    path: Path,
    frames: list[int],
    boxes: list[tuple[float, ...]],
    label: NDArray[np.int64],
    held: int | Sequence[int],
    total: int,
) -> None:
    """One row for each face and frame; a face keeps its place for `held` frames (one number, or one each).

    Boxes are x, y, w, h in pixels; a label below 0 is no person. Each detection is a track of its own.
    """
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["frame", "x", "y", "w", "h", "track", "person"])
        stays = [held] * len(frames) if isinstance(held, int) else held
        faces = zip(frames, boxes, label.tolist(), stays, strict=True)
        for track, (frame, box, person, stay) in enumerate(faces):
            for shown in range(frame, min(frame + stay, total)):
                rows.writerow([shown, *(f"{v:.1f}" for v in box), track, "" if person < 0 else person])
