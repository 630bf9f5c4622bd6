"""Appearances as FCPXML 1.9 for Final Cut Pro 10.5 and later: markers, and a keyword for each person.

The film is a clip of the event, whose keyword ranges fill a keyword collection for each person (smart
collections find them, too), and a project has the clip and a marker for each appearance. Every time is a
whole number of frames, written as a fraction of a second. If the film exists, its sound is part of the clip.
The keyword of a person without a name includes the film, `Person 3 (film.mov)`: a library merges equal
keywords of several films, but Person 3 is another person in each film. Final Cut splits a keyword at commas,
so a comma in a name becomes "‚". [Apple,
developer.apple.com/documentation/professional-video-applications/fcpxml-reference]
"""

from __future__ import annotations

from collections.abc import Iterator

from castlist.cast import Cast
from castlist.decode import Sound
from castlist.io.exports.names import film_name, xml
from castlist.io.exports.options import Options
from castlist.io.exports.sound import film_sound
from castlist.io.exports.stays import Stay, grid, length, stays
from castlist.timecode import Timebase

__all__ = ["lines"]

RATES = {  # samples a second of a sequence: name in the format
    32_000: "32k", 44_100: "44.1k", 48_000: "48k", 88_200: "88.2k", 96_000: "96k", 176_400: "176.4k",
    192_000: "192k",
}  # fmt: skip
_COMMA = "\N{SINGLE LOW-9 QUOTATION MARK}"


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, element by element."""
    base, found = grid(cast, options), stays(cast, options)
    name, sound = xml(film_name(cast)), film_sound(cast)
    clip = _clip(cast, base) + (' audioRole="dialogue"' if sound else "")
    yield from _head(cast, base, sound)
    yield f'  <library>\n    <event name="{name}">\n      <asset-clip {clip}>\n'
    yield from (f"        {_keyword(cast, base, stay)}\n" for stay in found)
    yield f'      </asset-clip>\n      <project name="{name}">\n'
    yield f"        <sequence {_sequence(cast, base, sound)}>\n"
    yield f'          <spine>\n            <asset-clip offset="{_seconds(base, base.start)}" {clip}>\n'
    for stay in found:
        yield f"              {_marker(base, stay)}\n"
    yield from (f"              {_keyword(cast, base, stay)}\n" for stay in found)
    yield "            </asset-clip>\n          </spine>\n        </sequence>\n      </project>\n"
    for keyword in dict.fromkeys(_value(cast, stay) for stay in found):
        yield f'      <keyword-collection name="{keyword}"/>\n'
    yield "    </event>\n  </library>\n</fcpxml>\n"


def _head(cast: Cast, base: Timebase, sound: Sound | None) -> Iterator[str]:
    """Declaration and resources: the picture's format and the film's file."""
    size = f'width="{cast.video.width}" height="{cast.video.height}"'
    start, duration = _seconds(base, base.start), _seconds(base, length(cast, base))
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n<fcpxml version="1.9">\n  <resources>\n'
    yield f'    <format id="r1" frameDuration="{_seconds(base, 1)}" {size}/>\n'
    span = f'start="{start}" duration="{duration}"'
    audio = ""
    if sound:
        audio = f' hasAudio="1" audioSources="1" audioChannels="{sound.channels}" audioRate="{sound.rate}"'
    yield f'    <asset id="r2" name="{xml(film_name(cast))}" {span} hasVideo="1" format="r1"{audio}>\n'
    yield f'      <media-rep kind="original-media" src="{xml(cast.video.path.absolute().as_uri())}"/>\n'
    yield "    </asset>\n  </resources>\n"


def _clip(cast: Cast, base: Timebase) -> str:
    """Attributes of the film's clip."""
    start, duration = _seconds(base, base.start), _seconds(base, length(cast, base))
    name = xml(film_name(cast))
    return (
        f'ref="r2" name="{name}" start="{start}" duration="{duration}" format="r1" tcFormat="{_labels(base)}"'
    )


def _sequence(cast: Cast, base: Timebase, sound: Sound | None) -> str:
    duration = _seconds(base, length(cast, base))
    start = _seconds(base, base.start)
    audio = ""
    if sound:
        layout = {1: "mono", 2: "stereo"}.get(sound.channels, "surround")
        audio = f' audioLayout="{layout}" audioRate="{RATES.get(sound.rate, "48k")}"'
    return f'format="r1" duration="{duration}" tcStart="{start}" tcFormat="{_labels(base)}"{audio}'


def _labels(base: Timebase) -> str:
    return "DF" if base.drop else "NDF"


def _keyword(cast: Cast, base: Timebase, stay: Stay) -> str:
    return f'<keyword {_span(base, stay)} value="{_value(cast, stay)}"/>'


def _marker(base: Timebase, stay: Stay) -> str:
    return f'<marker {_span(base, stay)} value="{xml(stay.name)}"/>'


def _value(cast: Cast, stay: Stay) -> str:
    name = stay.name if stay.person.named else f"{stay.name} ({film_name(cast)})"
    return xml(name.replace(",", _COMMA))


def _span(base: Timebase, stay: Stay) -> str:
    start, stop = base.span(stay.start, stay.stop)
    return f'start="{_seconds(base, base.start + start)}" duration="{_seconds(base, stop - start)}"'


def _seconds(base: Timebase, frames: int) -> str:
    """Frames as seconds: "1001/30000s"; never reduced, so that the number of frames stays visible."""
    if frames == 0:
        return "0s"
    return f"{frames * base.tick.numerator}/{base.tick.denominator}s"
