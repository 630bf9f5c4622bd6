"""The film's sound, for timelines: an editor who opens a timeline expects to hear the film."""

from __future__ import annotations

from contextlib import suppress

from castlist.cast import Cast
from castlist.decode import Sound, sound_of
from castlist.errors import VideoError

__all__ = ["MOST", "film_sound"]

MOST = 8  # channels laid out in a timeline at most: 7.1


def film_sound(cast: Cast) -> Sound | None:
    """The film's first sound track; None if it has none or the film does not exist."""
    with suppress(VideoError):
        return sound_of(cast.video)
    return None
