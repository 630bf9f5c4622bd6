"""Faces as a table, one row a face: `frame,time,x,y,w,h,track,person,score` (RFC 4180).

Frames and tracks count from 0, times are seconds, boxes are pixels (top-left corner, width, height).
`person` is a name, empty if the track was set aside; `--people-only` leaves such rows out. A spreadsheet
would run a name that begins like a formula (OWASP, "CSV injection"), so such a name gets an apostrophe before
it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

import numpy as np

from castlist.cast import Cast
from castlist.io.exports.names import distinct_names
from castlist.io.exports.options import Options
from castlist.io.exports.seconds import decimal
from castlist.types import NOISE

__all__ = ["COLUMNS", "harmless", "lines", "short"]

COLUMNS = ("frame", "time", "x", "y", "w", "h", "track", "person", "score")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_BLOCK = 4096  # rows written at a time


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, some thousand rows at a time; rows by frame, then by track."""
    names = [harmless(name) for name in distinct_names(cast)]
    tracks, clock = cast.tracks, cast.clock
    owner = tracks.track
    order = np.lexsort((owner, tracks.frame))
    if options.people_only:
        order = order[cast.person[owner[order]] != NOISE]
    yield ",".join(COLUMNS) + "\r\n"
    for begin in range(0, len(order), _BLOCK):
        rows = order[begin : begin + _BLOCK]
        box = tracks.box[rows].astype(np.float64)
        box[:, 2:] -= box[:, :2]
        person = cast.person[owner[rows]].tolist()
        block = StringIO(newline="")
        csv.writer(block).writerows(
            (
                frame,
                decimal(clock.time(frame)),
                *map(short, xywh),
                track,
                "" if p == NOISE else names[p],
                score,
            )
            for frame, xywh, track, p, score in zip(
                tracks.frame[rows].tolist(),
                box.tolist(),
                owner[rows].tolist(),
                person,
                (short(s, 4) for s in tracks.score[rows].tolist()),
                strict=True,
            )
        )
        yield block.getvalue()


def short(value: float, digits: int = 2) -> str:
    """A number with few digits; "" for NaN; never "-0.00"."""
    return "" if value != value else f"{round(value, digits) + 0.0:.{digits}f}"


def harmless(name: str) -> str:
    """A name that a spreadsheet does not run as a formula."""
    return f"'{name}" if name.lstrip().startswith(_FORMULA) or name.startswith(_FORMULA) else name
