"""Faces as CSV, one row a face: `frame,time,x,y,w,h,track,person,score` (RFC 4180).

Frames and tracks count from 0, times are seconds, boxes are pixels (top-left corner, width, height).
`person` is a name, empty where the track was set aside. A spreadsheet would run a name that begins like a
formula (OWASP, "CSV injection"): such a name gets an apostrophe before it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from fractions import Fraction
from io import StringIO

import numpy as np

from castlist.cast import Cast
from castlist.types import NOISE

__all__ = ["COLUMNS", "distinct_names", "lines"]

COLUMNS = ("frame", "time", "x", "y", "w", "h", "track", "person", "score")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_BLOCK = 4096  # rows


def lines(cast: Cast) -> Iterator[str]:
    """The file, some thousand rows at a time; rows by frame, then by track."""
    names = [_harmless(name) for name in distinct_names(cast)]
    tracks, clock = cast.tracks, cast.clock
    owner = tracks.track
    order = np.lexsort((owner, tracks.frame))
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
                seconds(clock.time(frame)),
                *map(_short, xywh),
                track,
                "" if p == NOISE else names[p],
                score,
            )
            for frame, xywh, track, p, score in zip(
                tracks.frame[rows].tolist(),
                box.tolist(),
                owner[rows].tolist(),
                person,
                (_short(s, 4) for s in tracks.score[rows].tolist()),
                strict=True,
            )
        )
        yield block.getvalue()


def distinct_names(cast: Cast) -> list[str]:
    """A name for each of `cast.everybody`, no two alike: who shares a name gets a number after it."""
    taken: set[str] = set()
    names = []
    for person in cast.everybody:
        name, n = person.name, 1
        while name in taken:
            n += 1
            name = f"{person.name} ({n})"
        taken.add(name)
        names.append(name)
    return names


def seconds(time: Fraction) -> str:
    """A time as decimal seconds, rounded to the microsecond."""
    micro = round(time * 1_000_000)
    sign = "-" if micro < 0 else ""
    return f"{sign}{abs(micro) // 1_000_000}.{abs(micro) % 1_000_000:06d}"


def _short(value: float, digits: int = 2) -> str:
    """A number with few digits, empty where it is not a number; never "-0.00"."""
    return "" if value != value else f"{round(value, digits) + 0.0:.{digits}f}"


def _harmless(name: str) -> str:
    return f"'{name}" if name.lstrip().startswith(_FORMULA) or name.startswith(_FORMULA) else name
