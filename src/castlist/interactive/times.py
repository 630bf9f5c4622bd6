"""Converts times in text to seconds of a film."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from castlist.cast import Cast

__all__ = ["moment"]


def moment(cast: Cast, text: str) -> Fraction:
    """Seconds from the start of a cast's film for "83.5", "1:23.5", or a timecode of the film.

    Raises:
        InputError: the text is not a time.
    """
    from castlist.io.imports.files import moment as read
    from castlist.timecode import timebase

    video = cast.video
    return read(text, timebase(cast.clock, video.frame_rate, timecode=video.timecode))
