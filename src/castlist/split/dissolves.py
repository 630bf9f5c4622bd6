"""Dissolves: passages of pictures that are mixtures of two pictures, on the straight line between both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.split.camera import moved
from castlist.split.signal import THUMB, blocks, correlation
from castlist.split.spans import SPANS, free_spans, kept_apart

OFF_MIDDLE = 0.25  # most distance of the middle frame from the mean of the ends (a cut or a pan: 0.5),
OFF_LINE = 0.5  # and of any frame from the line, as shares of the length of the line
PLATEAU = 0.2  # most progress along the line of frames outside the ends
FALL = 0.1  # most step back of a frame on the line
BESIDE = 4  # least number of frames outside the ends,
AT_END = 1  # or this where the film begins or ends: found 72 of 72 drawn dissolves, none false in 960 pieces
ALIKE = 0.7  # correlation of the ends from which the picture only got brighter or moved
MOVED = 0.55  # least share of the ends' difference that no movement of the camera explains
FLAT = 0.25  # contrast of one end, as a share of the other's, below which this is a fade


def dissolves(
    signals: NDArray[np.uint8], taken: NDArray[np.int64], *, floor: NDArray[np.float32]
) -> NDArray[np.int64]:
    """(d,) the middle frame of each dissolve; spans that hold a boundary in `taken` are left out.

    `floor` (n,) is, for each frame, the least difference of the two ends (mean absolute, 0 to 1); the higher
    value of both ends counts.
    """
    found: list[tuple[float, int, int]] = []
    for span in SPANS:
        for start in free_spans(_candidates(signals, span, floor), span, taken, len(signals)):
            fit = _on_a_line(signals, start, start + span)
            found += [] if fit is None else [(*fit, span)]
    return kept_apart(found)


def _candidates(signals: NDArray[np.uint8], span: int, floor: NDArray[np.float32]) -> NDArray[np.int64]:
    """First frames of spans whose ends differ and whose middle frame is nearly the mean of the ends."""
    n = len(signals) - span
    out = []
    for rows in blocks(max(n, 0)):
        first, last = np.arange(rows.start, rows.stop), np.arange(rows.start, rows.stop) + span
        a = signals[first, :THUMB].astype(np.int16)
        b = signals[last, :THUMB].astype(np.int16)
        middle = 2 * signals[first + span // 2, :THUMB].astype(np.int16)
        apart = np.abs(b - a).mean(1, dtype=np.float32)
        off = np.abs(middle - a - b).mean(1, dtype=np.float32) / 2
        out.append(first[(apart > 255 * np.maximum(floor[first], floor[last])) & (off < OFF_MIDDLE * apart)])
    return np.concatenate(out) if out else np.zeros(0, np.int64)


def _on_a_line(signals: NDArray[np.uint8], start: int, stop: int) -> tuple[float, int] | None:
    """Mean distance of frames from the line between two frames, and the middle frame; None: no dissolve."""
    margin = max(BESIDE, (stop - start) // 3)
    low, high = max(0, start - margin), min(len(signals), stop + margin + 1)
    before, after = (AT_END if at_end else BESIDE for at_end in (low == 0, high == len(signals)))
    if start - low < before or high - stop - 1 < after:
        return None
    cells = signals[low:high, :THUMB].astype(np.float32)
    a, b = cells[start - low], cells[stop - low]
    contrast = sorted((float(a.std()), float(b.std())))
    if contrast[0] <= FLAT * contrast[1] or correlation(a, b) > ALIKE:
        return None
    line = b - a
    along = (cells - a) @ line / (line @ line)  # 0 in the first picture, 1 in the second
    inside = slice(start - low, stop - low + 1)
    off = np.linalg.norm(cells - a - along[:, None] * line, axis=1) / np.linalg.norm(line)
    outside = np.concatenate([along[: start - low], 1 - along[stop - low + 1 :]])
    falls = np.diff(along[inside]).min()
    if off.max() > OFF_LINE or np.abs(outside).max(initial=0) > PLATEAU or falls < -FALL:
        return None
    if moved(a, b) < MOVED:
        return None
    return float(off[inside].mean()), start + int(np.argmax(along[inside] >= 0.5))
