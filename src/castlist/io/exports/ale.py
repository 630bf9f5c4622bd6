"""Appearances as an Avid Log Exchange: each row is a subclip of the film, with the person's name.

Start and End are the film's timecode, End exclusive as Avid counts it. [Avid, Log Exchange file format]
"""

from __future__ import annotations

from collections.abc import Iterator

from castlist.cast import Cast
from castlist.io.exports.names import film_name
from castlist.io.exports.options import Options
from castlist.io.exports.stays import grid, stays
from castlist.timecode import Timebase, shown

__all__ = ["COLUMNS", "lines"]

COLUMNS = ("Name", "Tracks", "Start", "End", "Duration", "FPS", "Tape", "Source File", "Person", "Comments")
_FORMATS = {1080: "1080", 720: "720", 576: "PAL", 486: "NTSC"}  # picture height: name of the format in Avid


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file: heading, columns, rows."""
    base = grid(cast, options)
    rate, film = shown(base.rate), film_name(cast)
    kind = _FORMATS.get(cast.video.height, "CUSTOM")
    yield f"Heading\nFIELD_DELIM\tTABS\nVIDEO_FORMAT\t{kind}\nAUDIO_FORMAT\t48khz\nFPS\t{rate}\n\n"
    yield "Column\n" + "\t".join(COLUMNS) + "\n\nData\n"
    length = Timebase(base.rate)
    for stay in stays(cast, options):
        start, stop = base.span(stay.start, stay.stop)
        times = (base.label(start), base.label(stop), length.label(stop - start))
        name = f"{stay.name} {stay.number}"
        yield "\t".join((name, "V", *times, rate, film, film, stay.name, stay.key)) + "\n"
