"""Chapters as Matroska's XML, for `mkvpropedit film.mkv --chapters film.chapters.xml` or `mkvmerge
--chapters`.

Times are rounded to the nanosecond, Matroska's unit. Chapters are those of `ffmetadata`.
[mkvtoolnix.download/doc/mkvmerge.html, XML chapter files]
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from castlist.cast import Cast
from castlist.io.exports.chapters import Chapter, chapters
from castlist.io.exports.names import xml
from castlist.io.exports.options import Options

__all__ = ["lines"]


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, chapter by chapter."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<Chapters>\n  <EditionEntry>\n'
    for chapter in chapters(cast, options):
        yield _atom(chapter)
    yield "  </EditionEntry>\n</Chapters>\n"


def _atom(chapter: Chapter) -> str:
    return (
        "    <ChapterAtom>\n"
        f"      <ChapterTimeStart>{_stamp(chapter.start)}</ChapterTimeStart>\n"
        f"      <ChapterTimeEnd>{_stamp(chapter.stop)}</ChapterTimeEnd>\n"
        "      <ChapterDisplay>\n"
        f"        <ChapterString>{xml(chapter.title)}</ChapterString>\n"
        "        <ChapterLanguage>und</ChapterLanguage>\n"
        "      </ChapterDisplay>\n"
        "    </ChapterAtom>\n"
    )


def _stamp(time: Fraction) -> str:
    """hh:mm:ss.nnnnnnnnn"""
    rest, nanos = divmod(max(0, round(time * 10**9)), 10**9)
    minutes, seconds = divmod(rest, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}.{nanos:09d}"
