"""Appearances as SubRip subtitles, one each.

Players read `<b>` and `{\\an8}` in a subtitle as markup, and the format cannot escape these characters, so
angle and curly brackets in a name become similar characters; `-->` becomes an arrow.
"""

from __future__ import annotations

from collections.abc import Iterator

from castlist.cast import Cast
from castlist.io.exports.options import Options
from castlist.io.exports.seconds import millis, stamp
from castlist.io.exports.stays import stays

__all__ = ["lines"]

_MARKUP = str.maketrans("<>{}", "‹›()")


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, subtitle by subtitle, numbered from 1."""
    for number, stay in enumerate(stays(cast, options), 1):
        start, stop = millis(stay.start, stay.stop)
        name = stay.name.replace("-->", "→").translate(_MARKUP)
        yield f"{number}\n{stamp(start, ',')} --> {stamp(stop, ',')}\n{name}\n\n"
