"""Appearances as a table, one row each, for a catalogue or a spreadsheet (RFC 4180).

`in` and `out` are seconds from the start of the film, `in_timecode` and `out_timecode` what the film's own
timecode shows, `in_frame` and `out_frame` count the film's frames from 0. An appearance ends with the first
frame after it (out is exclusive). `shot` counts from 0, `3-5` where it goes on over cuts. `named` is "no"
where nobody gave the person a name: "Person 3" only tells people of this film apart and is no name for a
catalogue. A name that a spreadsheet would run as a formula gets an apostrophe before it. Where a rate has no
timecode, the two columns are empty.
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
    """The film's timecode, None where its rate has none and nothing was asked for."""
    try:
        return grid(cast, options)
    except InputError:
        if options.start_timecode or options.rate:
            raise
        return None
