"""Reads small, untrusted files, and the times in them."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

from castlist.decisions.decision import clean_name
from castlist.errors import InputError
from castlist.plain import read_plain
from castlist.timecode import Timebase, frame_number

__all__ = ["MOST", "cleaned", "moment", "read"]

MOST = 64 << 20  # bytes of a file: one row for each of a million faces
_LONGEST = 10_000  # characters of a name, as in decisions
_CLOCK = re.compile(r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]?\d(?:[.,]\d{1,9})?)", re.ASCII)
_SECONDS = re.compile(r"-?\d{1,9}(?:\.\d{1,12})?", re.ASCII)


def read(path: Path) -> bytes:
    """The bytes of a regular file.

    Raises:
        InputError: it does not exist, is no regular file, or is too large.
    """
    try:
        return read_plain(path, MOST, "a file of names")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error


def cleaned(name: str) -> str:
    """A name on one line, without the apostrophe that protects it from spreadsheets."""
    text = clean_name(name)[:_LONGEST]
    return text[1:] if text[:1] == "'" and text[1:2] in "=+-@＝＋－＠" and text[1:2] else text


def moment(text: str, base: Timebase) -> Fraction:
    """A time as seconds from the start of the film: 83.5, 0:01:23.5, or a timecode of the film.

    Raises:
        InputError: the text has none of these forms.
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return Fraction(text)
    if found := _CLOCK.fullmatch(text):
        hours, minutes, seconds = found.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + Fraction(seconds.replace(",", "."))
    if text.count(";") == 3:  # drop-frame in Premiere
        text = text.replace(";", ":", 2)
    if len(re.split("[:;.]", text)) != 4:
        raise InputError(
            f"{text!r} is no time; give seconds (83.5), minutes and seconds (1:23.5), or a timecode "
            "(01:00:00:00)"
        )
    frame, _ = frame_number(text, base.rate)
    return base.seconds(frame - base.start)
