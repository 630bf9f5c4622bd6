"""Appearances as a table, one row each, for a catalogue or a spreadsheet (RFC 4180).

`in` and `out` are seconds from the start of the film, `in_timecode` and `out_timecode` the film's own
timecode, `in_frame` and `out_frame` frame numbers from 0. An appearance ends with the first frame after it
(out is exclusive). `shot` counts from 0; `3-5` is an appearance over several shots. `named` is "no" if the
person has no name: "Person 3" only distinguishes people of this film and is no name for a catalogue. A name
that a spreadsheet would run as a formula gets an apostrophe before it. If the frame rate has no timecode, the
two timecode columns are empty. The text is UTF-8 without a byte order mark: for letters such as Å in Excel,
import the file ("Data", "From Text/CSV", file origin "65001: Unicode (UTF-8)").
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from castlist.cast import Cast
from castlist.errors import InputError
from castlist.io.exports.faces_csv import harmless
from castlist.io.exports.options import Options
from castlist.io.exports.seconds import decimal
from castlist.io.exports.stays import Stay, grid, stays
from castlist.timecode import Timebase
from castlist.types import BACKGROUND

__all__ = ["COLUMNS", "lines"]

COLUMNS = (
    "person", "in", "out", "length", "in_timecode", "out_timecode", "in_frame", "out_frame", "shot",
    "background", "person_id", "named",
)  # fmt: skip


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, row by row: by start, then by end."""
    base = _grid(cast, options)
    yield ",".join(COLUMNS) + "\r\n"
    for stay in stays(cast, options):
        row = StringIO(newline="")
        csv.writer(row).writerow(_row(cast, stay, base))
        yield row.getvalue()


def _row(cast: Cast, stay: Stay, base: Timebase | None) -> tuple[object, ...]:
    labels = ("", "") if base is None else map(base.label, base.span(stay.start, stay.stop))
    first, last = cast.shots.of([stay.first, stay.end - 1]).tolist()
    return (
        harmless(stay.name),
        decimal(stay.start),
        decimal(stay.stop),
        decimal(stay.stop - stay.start),
        *labels,
        stay.first,
        stay.end,
        first if first == last else f"{first}-{last}",
        "yes" if stay.person.fate == BACKGROUND else "no",
        stay.person.id,
        "yes" if stay.person.named else "no",
    )


def _grid(cast: Cast, options: Options) -> Timebase | None:
    """The film's timecode; None if its rate has none and the options ask for none."""
    try:
        return grid(cast, options)
    except InputError:
        if options.start_timecode or options.rate:
            raise
        return None
