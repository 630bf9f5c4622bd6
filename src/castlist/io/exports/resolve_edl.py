"""Appearances as an EDL of markers, which DaVinci Resolve imports into a timeline ("Import > Timeline
Markers from EDL").

The three fields after an event are Resolve's: `|C:` colour, `|M:` name, `|D:` length in frames. Timecodes are
those of the timeline: the film's own if it has one, else from 01:00:00:00, where Resolve begins a timeline;
`--start-timecode` replaces this. Names have one line; `|`, which would begin another field, becomes `/`.
"""

from __future__ import annotations

from collections.abc import Iterator

from castlist.cast import Cast
from castlist.io.exports.names import colour, film_name
from castlist.io.exports.options import Options
from castlist.io.exports.stays import grid, stays

__all__ = ["START", "lines"]

START = "01:00:00:00"  # of a new timeline in Resolve


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, event by event, numbered from 001."""
    base = grid(cast, options, START)
    yield f"TITLE: {_field(film_name(cast))}\nFCM: {'DROP FRAME' if base.drop else 'NON-DROP FRAME'}\n"
    for number, stay in enumerate(stays(cast, options), 1):
        start, stop = base.span(stay.start, stay.stop)
        span = f"{base.label(start)} {base.label(start + 1)}"
        yield f"\n{number:03d}  001      V     C        {span} {span}  \n"
        yield f" |C:{colour(stay.person.id).resolve} |M:{_field(stay.name)} |D:{stop - start}\n"


def _field(text: str) -> str:
    return text.replace("|", "/")
