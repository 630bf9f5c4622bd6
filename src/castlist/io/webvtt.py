"""Appearances as WebVTT, one cue each, to play with the film. [W3C, WebVTT]"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from castlist.cast import Cast
from castlist.types import BACKGROUND

__all__ = ["lines"]

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\u200e": "&lrm;", "\u200f": "&rlm;"})


def lines(cast: Cast) -> Iterator[str]:
    """The file, cue by cue: by start, then by end, then by screen time. Background people have a class."""
    cues = sorted(
        (round(a.start * 1000), max(round(a.stop * 1000), round(a.start * 1000) + 1), p.id)
        for p in cast.everybody
        for a in p.appearances
    )
    everybody = cast.everybody
    yield "WEBVTT\n"
    for start, stop, person in cues:
        text = escape(everybody[person].name)
        if everybody[person].fate == BACKGROUND:
            text = f"<c.background>{text}</c>"
        yield f"\n{stamp(Fraction(start, 1000))} --> {stamp(Fraction(stop, 1000))}\n{text}\n"


def stamp(time: Fraction) -> str:
    """A time as WebVTT has it, hh:mm:ss.ttt; hours may have more than two digits."""
    millis = max(0, round(time * 1000))
    rest, millis = divmod(millis, 1000)
    minutes, seconds = divmod(rest, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}.{millis:03d}"


def escape(name: str) -> str:
    """A name as cue text: one line, no markup."""
    return " ".join(name.split()).translate(_ESCAPES)
