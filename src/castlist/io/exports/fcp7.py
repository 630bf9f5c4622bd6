"""Appearances as markers in Final Cut Pro 7's XML (xmeml), which Premiere Pro and Resolve import.

The sequence and the clip start at the film's timecode; markers count frames from its beginning. If the film
exists, each channel of its sound is a track, linked with the picture. OpenTimelineIO's fcp_xml adapter writes
the file from the timeline of `otio`, without the markers on tracks, which the adapter loses. [Apple, Final
Cut Pro XML Interchange Format, version 4]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from castlist.cast import Cast
from castlist.decode import Sound
from castlist.errors import MissingExtra
from castlist.io.exports.options import Options
from castlist.io.exports.otio import library, timeline
from castlist.io.exports.sound import MOST, film_sound
from castlist.io.exports.stays import grid
from castlist.timecode import Timebase
from castlist.types import Json

if TYPE_CHECKING:
    from opentimelineio.schema import Timeline

__all__ = ["lines"]

KNOWN = 25  # highest rate, in frames a second, for which the adapter has a timecode
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, in one piece."""
    sound = film_sound(cast)
    channels = min(sound.channels, MOST) if sound else 0
    made = _recounted(timeline(cast, options, clip_start=0, sound_tracks=channels))
    base = grid(cast, options)
    otio = library()
    _describe(made, cast, base, sound)
    if "fcp_xml" not in otio.adapters.available_adapter_names():
        raise MissingExtra("the Final Cut Pro 7 adapter of OpenTimelineIO", "edit")
    root = ElementTree.fromstring(otio.adapters.write_to_string(made, "fcp_xml"))  # noqa: S314 - just written
    _count(root, base)
    if channels:
        _link(root)
    ElementTree.indent(root, "    ")
    yield _HEAD + ElementTree.tostring(root, encoding="unicode") + "\n"


def _recounted(made: Timeline) -> Timeline:
    """The same frames at a rate that the adapter knows: it has no timecode for 15, 16, 18 or 120 a second."""
    text = re.sub(r'"rate": [0-9.]+', f'"rate": {KNOWN}.0', made.to_json_string())
    again: Timeline = library().adapters.read_from_string(text, "otio_json")
    return again


def _count(root: ElementTree.Element, base: Timebase) -> None:
    """Write the film's own rate and timecode."""
    _set_texts(root.iter("rate"), {"timebase": str(base.count), "ntsc": str(base.ntsc).upper()})
    mode = "DF" if base.drop else "NDF"
    values = {"string": base.label(0), "frame": str(base.start), "displayformat": mode}
    _set_texts(root.iter("timecode"), values)


def _set_texts(elements: Iterable[ElementTree.Element], values: Mapping[str, str]) -> None:
    for element in elements:
        for tag, text in values.items():
            if (child := element.find(tag)) is not None:
                child.text = text


def _link(root: ElementTree.Element) -> None:
    """Link picture and sound of the film, so that an editor moves and cuts them together."""
    kinds = [
        (kind, item) for kind in ("video", "audio") for item in root.iterfind(f".//{kind}/track/clipitem")
    ]
    counts = {"video": 0, "audio": 0}
    links = []
    for kind, item in kinds:
        counts[kind] += 1
        links.append((("linkclipref", item.get("id", "")), ("mediatype", kind),
                      ("trackindex", str(counts[kind])), ("clipindex", "1")))  # fmt: skip
    for _, item in kinds:
        for fields in links:
            link = ElementTree.SubElement(item, "link")
            for name, value in fields:
                ElementTree.SubElement(link, name).text = value


def _describe(made: Timeline, cast: Cast, base: Timebase, sound: Sound | None) -> None:
    """Write what OpenTimelineIO has no field for: the picture's size and the sound."""
    rate = {"timebase": str(base.count), "ntsc": str(base.ntsc).upper()}
    size: dict[str, Json] = {"width": str(cast.video.width), "height": str(cast.video.height), "rate": rate}
    made.metadata["fcp_xml"] = {"media": {"video": {"format": {"samplecharacteristics": size}}}}
    media: dict[str, Json] = {"video": {"samplecharacteristics": size}}
    if sound:
        depth = {"depth": "16", "samplerate": str(sound.rate)}
        media["audio"] = {"samplecharacteristics": depth, "channelcount": str(sound.channels)}
    for number, track in enumerate(made.tracks):
        track[0].media_reference.metadata["fcp_xml"] = {"media": media}
        if number:
            track[0].metadata["fcp_xml"] = {"sourcetrack": {"mediatype": "audio", "trackindex": str(number)}}
