"""Appearances as a text file of markers for Avid Media Composer ("Markers" window, "Import Markers").

A row is author, timecode, track, colour, name and length in frames, separated by tabs. Timecodes are those of
the film; `--start-timecode` sets where the sequence starts.
"""

from __future__ import annotations

from collections.abc import Iterator

from castlist.cast import Cast
from castlist.io.exports.names import colour
from castlist.io.exports.options import Options
from castlist.io.exports.stays import grid, stays

__all__ = ["lines"]


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, row by row."""
    base = grid(cast, options)
    for stay in stays(cast, options):
        start, stop = base.span(stay.start, stay.stop)
        shade = colour(stay.person.id).avid
        yield f"castlist\t{base.label(start)}\tV1\t{shade}\t{stay.name}\t{stop - start}\n"
