"""Appearances as captions, one cue each, to play with the film. [W3C, WebVTT]

A cue has an id (person and number of the appearance) and is spoken by the person (`<v Anna>`), so that a
page can style and find people. People of the background have the class `background`.
"""

from __future__ import annotations

from collections.abc import Iterator

from castlist.cast import Cast
from castlist.io.exports.options import Options
from castlist.io.exports.seconds import millis, stamp
from castlist.io.exports.stays import stays
from castlist.types import BACKGROUND

__all__ = ["lines"]

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\u200e": "&lrm;", "\u200f": "&rlm;"})


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, cue by cue: by start, then by end, then by screen time."""
    yield "WEBVTT\n"
    for stay in stays(cast, options):
        start, stop = millis(stay.start, stay.stop)
        name = stay.name.translate(_ESCAPES)
        mark = ".background" if stay.person.fate == BACKGROUND else ""
        yield f"\n{stay.key}\n{stamp(start)} --> {stamp(stop)}\n<v{mark} {name}>{name}</v>\n"
