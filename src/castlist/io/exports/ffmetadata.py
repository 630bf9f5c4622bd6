"""Chapters as FFmpeg's metadata file: `ffmpeg -i film.mp4 -i film.ffmetadata -map_chapters 1 -codec copy
out.mp4`.

Times are exact: they count in the film's own time unit. Without `--person`, a chapter is a run of shots with
the same people; with it, chapters are the appearances of those people. [ffmpeg.org/ffmpeg-formats.html,
Metadata]
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from castlist.cast import Cast
from castlist.io.exports.chapters import chapters
from castlist.io.exports.options import Options

__all__ = ["lines"]


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, chapter by chapter."""
    unit = cast.clock.unit
    yield ";FFMETADATA1\n"
    for chapter in chapters(cast, options):
        start, stop = round(chapter.start / unit), round(chapter.stop / unit)
        yield f"\n[CHAPTER]\nTIMEBASE={unit.numerator}/{unit.denominator}\nSTART={start}\nEND={stop}\n"
        yield f"title={_escaped(chapter.title)}\n"


def _escaped(text: str) -> str:
    """A value with special characters escaped; titles have one line."""
    return re.sub(r"([=;#\\])", r"\\\1", text)
