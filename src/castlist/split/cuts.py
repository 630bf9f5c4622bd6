"""Hard cuts: lasting changes that exceed the motion around them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.split.camera import moved
from castlist.split.exposure import exposed
from castlist.split.signal import THUMB, distance_parts, distances

NEAR, FAR = 3, 10  # distance from a boundary, in frames, of the differences that measure motion around it
OUTLIERS = 2  # number of the largest of these differences to ignore: they may be other cuts close by
DOUBTFUL = 0.7  # share of `ratio` from which a boundary is examined for movement of the camera
UNEXPLAINED = 0.7  # least share of a difference between two takes that no movement of the camera explains
# Most difference of any cell within one take, without exposure, in multiples of `floor`: .01 to .04 where a
# camera adjusts its exposure, .19 and more at cuts of labelled films.
SAME = 2.5
# A picture that gets softer or sharper at once keeps its cells and loses only the colours of its details. In
# six clips, blurred every other 1.3 s, 82 such changes were taken for cuts: cells changed by at most .017 on
# average (.078 at cuts), the worst cell by at most .1 in 79 of them (.19 and more where another person sits
# in the same chair), and all cells by at most .52 of the change of colours (.65 and more at 278 drawn cuts,
# 1.03 at 98 others).
SAME_CELLS = 1.25  # most mean change of cells in a picture that is only blurred, in multiples of the floor
SAME_CELL = 5.0  # most change of any of its cells, in the same unit
SAME_COLOURS = 0.6  # most mean change of its cells, as a share of the change of colours
FLASH = 4  # frames: a picture that is back after fewer frames was interrupted, not cut


def hard_cuts(signals: NDArray[np.uint8], *, ratio: float, floor: NDArray[np.float32]) -> NDArray[np.int64]:
    """(c,) first frames of new shots.

    A boundary counts if the pictures on its two sides differ, 1 to 7 frames apart, by more than `floor` (the
    higher one of the two frames) plus `ratio` times the activity around it; of neighbouring boundaries only
    the strongest counts. A flash of one to three frames is no cut, since the picture comes back; a blended
    frame between two shots is a cut, since it does not. Where much moves, a boundary with a lesser difference
    is a cut if no movement of the camera explains it. No cut are a change of the camera's exposure, however
    many pixels change their colour in the histogram, and a picture that is blurred or gets sharp at once.

    Args:
        floor: (n,) for each frame.
    """
    n = len(signals)
    if n < 2:
        return np.zeros(0, np.int64)
    boundary = np.arange(1, n)
    step = distances(signals, boundary - 1, boundary)
    lasting = step
    for k in range(1, FLASH):
        before, after = np.maximum(boundary - 1 - k, 0), np.minimum(boundary + k, n - 1)
        lasting = np.minimum(lasting, distances(signals, before, after))
    least = np.maximum(floor[:-1], floor[1:])
    around, strongest = activity(step), step >= _local_maximum(step, 2)
    clear = lasting > least + ratio * around
    doubtful = boundary[strongest & ~clear & (lasting > least + DOUBTFUL * ratio * around)]
    other = np.array([b for b in doubtful.tolist() if _differs(signals, b)], np.int64)
    found = np.union1d(boundary[clear & strongest], other)
    found = found[np.diff(found, prepend=-FLASH) > 1]  # the first of equal neighbours
    return found[[not _same_take(signals, b, float(least[b - 1])) for b in found.tolist()]]


def _same_take(signals: NDArray[np.uint8], boundary: int, floor: float) -> bool:
    """Whether the pictures before and after a boundary differ only by exposure, or only by blur.

    Exposure is compared up to FLASH frames from the boundary, blur next to it.
    """
    last = len(signals) - 1
    pairs = ((max(boundary - 1 - k, 0), min(boundary + k, last)) for k in range(FLASH))
    return _only_blurred(signals, boundary, floor) or any(
        exposed(*(signals[i, :THUMB].astype(np.float32) for i in pair)) <= 255 * SAME * floor
        for pair in pairs
    )


def _only_blurred(signals: NDArray[np.uint8], boundary: int, floor: float) -> bool:
    """Whether colours of details change at a boundary, while all cells of the picture hardly change."""
    before, after = signals[[boundary - 1]], signals[[boundary]]
    (cells,), (colours,) = distance_parts(before, after)
    worst = np.abs(after[:, :THUMB].astype(np.float32) - before[:, :THUMB]).reshape(-1, 3).mean(1).max() / 255
    stays = cells <= SAME_CELLS * floor and worst <= SAME_CELL * floor
    return bool(stays and cells < SAME_COLOURS * colours)


def _differs(signals: NDArray[np.uint8], boundary: int) -> bool:
    """Whether the pictures before and after differ by more than a movement of the camera explains.

    They are compared next to the boundary, without a blended frame, and farther off, beyond a flash.
    """
    return all(
        moved(*(signals[i, :THUMB].astype(np.float32) for i in pair)) >= UNEXPLAINED
        for pair in ((max(boundary - 2, 0), min(boundary + 1, len(signals) - 1)),
                     (max(boundary - 1 - FLASH, 0), min(boundary + FLASH, len(signals) - 1)))
    )  # fmt: skip


def activity(step: NDArray[np.float32]) -> NDArray[np.float32]:
    """(b,) change from frame to frame around each boundary, without the boundary itself.

    It is nearly the largest difference 3 to 10 frames away on both sides, so that animation on threes or
    fours, where most differences are zero, does not count as still.
    """
    b = len(step)
    padded = np.pad(step, FAR, constant_values=-1.0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * FAR + 1)
    around = np.abs(np.arange(-FAR, FAR + 1)) >= NEAR
    out = np.zeros(b, np.float32)
    for start in range(0, b, 1 << 15):
        part = np.sort(windows[start : start + (1 << 15), around], axis=1)
        out[start : start + len(part)] = np.maximum(part[:, -1 - OUTLIERS], 0)
    return out


def _local_maximum(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    padded = np.pad(values, reach, constant_values=-1.0)
    peak: NDArray[np.float32] = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(1)
    return peak
