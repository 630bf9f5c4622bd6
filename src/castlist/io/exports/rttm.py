"""Appearances as RTTM, `SPEAKER film 1 start length <NA> <NA> name <NA> <NA>`, for pyannote and dscore.

Fields are separated by spaces, so spaces within names become underscores; if that makes two names equal, the
second gets a number. [NIST, Rich Transcription 2009, appendix A]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from castlist.cast import Cast
from castlist.io.exports.names import distinct, distinct_names, plain_line
from castlist.io.exports.options import Options
from castlist.io.exports.seconds import decimal
from castlist.io.exports.stays import stays

__all__ = ["lines"]


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, row by row."""
    film = _word(PurePath(cast.video.path).stem)
    names = distinct_names(cast)
    words = dict(zip(names, distinct(map(_word, names), "{}_({})"), strict=True))
    for stay in stays(cast, options):
        times = f"{decimal(stay.start)} {decimal(stay.stop - stay.start)}"
        yield f"SPEAKER {film} 1 {times} <NA> <NA> {words[stay.name]} <NA> <NA>\n"


def _word(text: str) -> str:
    return plain_line(text).replace(" ", "_")
