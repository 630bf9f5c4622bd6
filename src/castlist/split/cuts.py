"""Hard cuts: a change that stays, and that stands out from the motion around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.split.camera import moved
from castlist.split.exposure import exposed
from castlist.split.signal import THUMB, distance_parts, distances

NEAR, FAR = 3, 10  # frames from a boundary that tell how much moves around it
OUTLIERS = 2  # of those differences the largest may belong to other cuts close by
DOUBTFUL = 0.7  # of `ratio`: a boundary that stands out by so much is looked at more closely
UNEXPLAINED = 0.7  # share of a difference that no movement of the camera explains, between two takes
# Times `floor` that no cell differs by once exposure is taken out: .01 to .04 where a camera sets its
# exposure anew, .19 and more at cuts of labelled films.
SAME = 2.5
# A picture that gets softer or sharper at once keeps its cells; only the colours of its details go. In six
# clips blurred every other 1.3 s this was taken for a cut 82 times: cells changed by .017 on average at most
# (.078 at cuts), the worst one by .1 at most in 79 (.19 and more where somebody else sits in the same chair),
# and by .52 of what the colours added, or less (.65 and more at 278 drawn cuts, 1.03 at 98 others).
SAME_CELLS = 1.25  # times the floor: what cells may change by on average in a picture that is only blurred,
SAME_CELL = 5.0  # and any one of them
SAME_COLOURS = 0.6  # of what the colours add: less change of the cells is a blur
FLASH = 4  # frames: a picture that is back after fewer was interrupted, not cut


def hard_cuts(signals: NDArray[np.uint8], *, ratio: float, floor: NDArray[np.float32]) -> NDArray[np.int64]:
    """(c,) first frames of new shots.

    A boundary counts if the pictures on its two sides differ, 1 to 7 frames apart, by more than `floor`
    (of the two frames the higher one) plus `ratio` times the activity around it; of neighbouring
    boundaries the strongest counts. One to three frames of flash are no cut since the picture comes back; a
    blended frame between two shots is one since it does not. Where much moves, a boundary that stands out by
    less is one if no movement of the camera explains how the pictures on its two sides differ. A camera that
    sets its exposure anew makes no cut, however many pixels change their colour in the histogram, nor does a
    picture that is blurred or gets clear at once.

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
    found = found[np.diff(found, prepend=-FLASH) > 1]  # equal neighbours: the first
    return found[[not _same_take(signals, b, float(least[b - 1])) for b in found.tolist()]]


def _same_take(signals: NDArray[np.uint8], boundary: int, floor: float) -> bool:
    """Whether the pictures before and after are one, but for exposure: next to the boundary, or beyond.

    Or but for blur, next to the boundary.
    """
    last = len(signals) - 1
    pairs = ((max(boundary - 1 - k, 0), min(boundary + k, last)) for k in range(FLASH))
    return _only_blurred(signals, boundary, floor) or any(
        exposed(*(signals[i, :THUMB].astype(np.float32) for i in pair)) <= 255 * SAME * floor
        for pair in pairs
    )


def _only_blurred(signals: NDArray[np.uint8], boundary: int, floor: float) -> bool:
    """Whether colours of details change at a boundary, but the cells of the picture hardly, not even one."""
    before, after = signals[[boundary - 1]], signals[[boundary]]
    (cells,), (colours,) = distance_parts(before, after)
    worst = np.abs(after[:, :THUMB].astype(np.float32) - before[:, :THUMB]).reshape(-1, 3).mean(1).max() / 255
    stays = cells <= SAME_CELLS * floor and worst <= SAME_CELL * floor
    return bool(stays and cells < SAME_COLOURS * colours)


def _differs(signals: NDArray[np.uint8], boundary: int) -> bool:
    """Whether the takes before and after show something else, whatever the camera did.

    Looked at next to the boundary, a blended frame left out, and farther off, beyond a flash.
    """
    return all(
        moved(*(signals[i, :THUMB].astype(np.float32) for i in pair)) >= UNEXPLAINED
        for pair in ((max(boundary - 2, 0), min(boundary + 1, len(signals) - 1)),
                     (max(boundary - 1 - FLASH, 0), min(boundary + FLASH, len(signals) - 1)))
    )  # fmt: skip


def activity(step: NDArray[np.float32]) -> NDArray[np.float32]:
    """(b,) how much changes around each boundary from frame to frame, the boundary itself left out.

    Nearly the largest of the differences 3 to 10 frames away on both sides, so that animation on threes
    or fours, whose other differences are zero, does not seem still.
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
