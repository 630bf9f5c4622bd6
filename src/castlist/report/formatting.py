"""Formats numbers, times and names for readers."""

from __future__ import annotations

import unicodedata
from fractions import Fraction
from typing import TYPE_CHECKING

from castlist.clock_times import clock_time, how_long
from castlist.direction_marks import without_direction_marks

if TYPE_CHECKING:
    from castlist.cast import Cast

__all__ = [
    "clock",
    "clock_time",
    "count",
    "length",
    "lost",
    "make_positive",
    "percent",
    "sheet",
    "short_line",
    "spell",
    "turn_it",
]

NAME_LENGTH = 80  # characters of a name that the page shows
SMALL = (
    "No",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
)


def short_line(text: object, limit: int = NAME_LENGTH) -> str:
    """A value as text for pages: on one line, without control and direction characters, cut to `limit`."""
    raw = str(text)[: 4 * limit].encode("utf-8", "replace").decode("utf-8")
    raw = without_direction_marks(raw)  # <bdi> replaces them
    raw = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in raw)
    raw = " ".join(raw.split())
    return raw if len(raw) <= limit and len(str(text)) <= 4 * limit else raw[: limit - 1].rstrip() + "…"


def clock(seconds: Fraction | float) -> str:
    """A time in the film: 0:07, 12:34 or 1:02:03."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def turn_it(degrees: int) -> str:
    """Advice for a film that is shown sideways or upside down."""
    filters = {90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}
    return (
        f"castlist finds more faces if the film is turned clockwise by {degrees} degrees. If it is shown on "
        f"its side or upside down, turn it first: ffmpeg -i FILM -vf {filters[degrees]} turned.mp4"
    )


def make_positive() -> str:
    """Advice for a film that is a negative."""
    return (
        "castlist finds far more faces if dark and light are exchanged, so this film seems to be a negative. "
        "Make a positive of it first: ffmpeg -i FILM -vf negate,normalize=smoothing=50 positive.mp4"
    )


def length(seconds: Fraction | float) -> str:
    """A duration: 0.4 s, 38 s, 12 min 05 s, 1 h 12 min."""
    value = float(seconds)
    if value < 9.95:
        return f"{value:.1f} s"
    if round(value) < 60:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes >= 60:
        minutes = round(value / 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min"


_GROWS = "; if it was still being copied or recorded, run castlist find again when it is complete"


def lost(cast: Cast) -> list[str]:
    """Sentences about the parts of the film that could not be read; none if all could be read."""
    found = []
    if cast.damaged:
        found.append(f"{cast.damaged} damaged frame{'s were' if cast.damaged > 1 else ' was'} skipped")
    if cast.unread:
        found.append(
            f"The film is {how_long(cast.length)} long; for {how_long(cast.unread)} of it the file has "
            f"no pictures that can be read{_GROWS if _is_cut(cast) else ''}"
        )
    return found + left_out(cast)


def _is_cut(cast: Cast) -> bool:
    """Whether the film's pictures end a second or more before the film does by its header."""
    return bool(len(cast.clock)) and cast.video.duration - cast.clock.time(len(cast.clock)) >= 1


def left_out(cast: Cast) -> list[str]:
    """A sentence if the file's edit list leaves out a second or more of its frames; how to include them."""
    video = cast.video
    if not video.hidden or video.hidden < video.frame_rate:
        return []
    return [
        f"The file's edit list leaves out {video.hidden} of its frames, so players do not show them and "
        "castlist did not search them; to search all frames, make a film without edit list: "
        "ffmpeg -ignore_editlist 1 -i FILM -c copy whole.mov"
    ]


def count(number: int, singular: str = "", plural: str = "") -> str:
    """A number with thin spaces between thousands, and the right form of its noun."""
    digits = f"{number:,}".replace(",", "\u202f")
    noun = singular if number == 1 else (plural or singular + "s")
    return f"{digits}\u00a0{noun}" if singular else digits


def percent(share: float) -> str:
    """A share: 43 %, or <1 % for a smaller share above 0."""
    if 0 < share < 0.005:
        return "<1\u202f%"
    return f"{100 * share:.0f}\u202f%"


def sheet(text: str, limit: int = 50_000) -> str:
    """Text of several lines without control characters or direction overrides, cut to a length."""
    lines = text[:limit].splitlines()
    return "\n".join(" " * (len(x) - len(x.lstrip(" "))) + short_line(x, 400) for x in lines)


def spell(number: int, singular: str, plural: str) -> str:
    """A small number in words, for the beginning of a sentence: Six people appear."""
    first = SMALL[number] if number < len(SMALL) else count(number)
    return f"{first} {singular if number == 1 else plural}"
