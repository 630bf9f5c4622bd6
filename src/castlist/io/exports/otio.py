"""Appearances as markers of an OpenTimelineIO timeline, for Resolve, Kdenlive, Hiero, ... and for scripts.

The timeline holds the film as one clip, and its sound, if any, as another on a track of its own. Each
appearance is a marker on the clip, in the film's timecode, and a marker on the timeline's stack, counted from
its beginning, because some programs show only one of the two. A marker has its person's colour, and
`metadata["castlist"]` has the person and the exact times.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from castlist.cast import Cast
from castlist.extras import needed
from castlist.io.exports.names import colour, film_name
from castlist.io.exports.options import Options
from castlist.io.exports.sound import film_sound
from castlist.io.exports.stays import Stay, grid, length, stays
from castlist.timecode import Timebase

if TYPE_CHECKING:
    from types import ModuleType

    from opentimelineio.opentime import RationalTime, TimeRange
    from opentimelineio.schema import Clip, Marker, Timeline

__all__ = ["clip_of", "library", "lines", "timeline"]


def library() -> ModuleType:
    """The module opentimelineio.

    Raises:
        MissingExtra: it is not installed.
    """
    with needed("OpenTimelineIO", "edit"):
        import opentimelineio
    module: ModuleType = opentimelineio
    return module


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, in one piece."""
    yield timeline(cast, options).to_json_string(indent=1) + "\n"


def timeline(
    cast: Cast, options: Options, *, clip_start: int | None = None, sound_tracks: int | None = None
) -> Timeline:
    """The film as a timeline with markers.

    Args:
        clip_start: number of the film's first frame in markers of the clip; by default its timecode.
        sound_tracks: the number of sound tracks; by default one if the film has sound.
    """
    schema = library().schema
    base = grid(cast, options)
    made = schema.Timeline(film_name(cast), global_start_time=_time(base, base.start))
    clip = clip_of(cast, base)
    track = schema.Track("V1", kind=schema.TrackKind.Video)
    track.append(clip)
    made.tracks.append(track)
    if sound_tracks is None:
        sound_tracks = int(film_sound(cast) is not None)
    for number in range(1, sound_tracks + 1):
        sound = schema.Track(f"A{number}", kind=schema.TrackKind.Audio)
        sound.append(clip_of(cast, base))
        made.tracks.append(sound)
    origin = base.start if clip_start is None else clip_start
    for stay in stays(cast, options):
        clip.markers.append(_marker(base, stay, origin))
        made.tracks.markers.append(_marker(base, stay, 0))
    return made


def clip_of(cast: Cast, base: Timebase, part: TimeRange | None = None) -> Clip:
    """The film as a clip, or a part of it, in the film's timecode."""
    schema = library().schema
    whole = _range(base, base.start, length(cast, base))
    media = schema.ExternalReference(cast.video.path.absolute().as_uri(), whole)
    media.name = film_name(cast)
    media.metadata["castlist"] = {"digest": cast.video.digest}
    return schema.Clip(film_name(cast), media_reference=media, source_range=part or whole)


def _marker(base: Timebase, stay: Stay, origin: int) -> Marker:
    start, stop = base.span(stay.start, stay.stop)
    shade = getattr(library().schema.MarkerColor, colour(stay.person.id).otio)
    about = {
        "appearance": stay.key,
        "person": stay.person.id,
        "start": f"{stay.start.numerator}/{stay.start.denominator}",
        "stop": f"{stay.stop.numerator}/{stay.stop.denominator}",
        "start_frame": stay.first,
        "stop_frame": stay.end,
        "tracks": list(stay.tracks),
    }
    span = _range(base, origin + start, stop - start)
    return library().schema.Marker(stay.name, span, shade, {"castlist": about})


def _range(base: Timebase, start: int, frames: int) -> TimeRange:
    return library().opentime.TimeRange(_time(base, start), _time(base, frames))


def _time(base: Timebase, frames: int) -> RationalTime:
    return library().opentime.RationalTime(frames, float(base.rate))
