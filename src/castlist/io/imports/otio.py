"""Names from the markers of an OpenTimelineIO file: a marker's name is a person, its range the time on
screen.

Markers of clips count in the film's timecode, as the clip's media does; markers of the timeline count from
its start. The film must be the timeline's only clip, or the clips must be in the film's own timecode.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from types import ModuleType
from typing import TYPE_CHECKING

from castlist.errors import InputError
from castlist.extras import needed
from castlist.io.imports.files import cleaned
from castlist.suggest.names import Hint
from castlist.timecode import Timebase
from castlist.types import Video

if TYPE_CHECKING:
    from types import ModuleType

    from opentimelineio.opentime import RationalTime
    from opentimelineio.schema import Marker, Timeline

__all__ = ["hints"]


def hints(data: bytes, video: Video, base: Timebase, path: str) -> list[Hint]:
    """A hint for each marker; repeated markers give one hint.

    Raises:
        InputError: the file is no timeline.
        MissingExtra: opentimelineio is not installed.
    """
    with needed("OpenTimelineIO", "edit"):
        import opentimelineio as otio
    try:
        timeline = otio.adapters.read_from_string(data.decode("utf-8"), "otio_json")
    except (UnicodeDecodeError, ValueError, otio.exceptions.OTIOError) as error:
        raise InputError(f"{path}: is not an OpenTimelineIO file; export it again as .otio") from error
    if not isinstance(timeline, otio.schema.Timeline):
        raise InputError(f"{path}: contains no timeline; export a timeline as .otio")
    found = (h for h in _markers(timeline, otio) if h.name)
    return list({(h.name, h.start, h.stop): h for h in found}.values())


def _markers(timeline: Timeline, otio: ModuleType) -> Iterator[Hint]:
    for marker in timeline.tracks.markers:
        yield _hint(marker, Fraction(0))
    for item in timeline.find_children(descended_from_type=otio.schema.Clip):
        media = item.media_reference
        known = getattr(media, "available_range", None) or item.source_range
        begin = _seconds(known.start_time) if known else Fraction(0)
        for marker in item.markers:
            yield _hint(marker, begin)


def _hint(marker: Marker, begin: Fraction) -> Hint:
    start = _seconds(marker.marked_range.start_time) - begin
    stop = start + _seconds(marker.marked_range.duration)
    return Hint(cleaned(marker.name or ""), start, stop, None, "marker")


def _seconds(time: RationalTime) -> Fraction:
    """An OpenTimelineIO time, exact: its rate is a float that stands for a fraction such as 30000/1001."""
    from castlist.timecode import snapped

    rate = snapped(Fraction(time.rate).limit_denominator(1_000_000))
    return Fraction(time.value).limit_denominator(1_000_000) / rate if rate > 0 else Fraction(0)
