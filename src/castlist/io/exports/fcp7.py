"""Appearances as markers in Final Cut Pro 7's XML (xmeml), which Premiere Pro and Resolve import.

The sequence and the clip start at the film's timecode; markers count frames from its beginning. Each channel
of the film's sound, where the film is there to be asked, is a track, linked with the picture. Written by
OpenTimelineIO's fcp_xml adapter from the same timeline as `otio`, without markers on tracks, which it
loses. [Apple, Final Cut Pro XML Interchange Format, version 4]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

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

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, in one piece."""
    sound = film_sound(cast)
    channels = min(sound.channels, MOST) if sound else 0
    made = timeline(cast, options, clip_start=0, sound_tracks=channels)
    _describe(made, cast, grid(cast, options), sound)
    otio = library()
    if "fcp_xml" not in otio.adapters.available_adapter_names():
        raise MissingExtra("the Final Cut Pro 7 adapter of OpenTimelineIO", "edit")
    text = otio.adapters.write_to_string(made, "fcp_xml")
    yield _HEAD + (_linked(text) if channels else text[text.index("<xmeml") :])


def _linked(text: str) -> str:
    """The same with picture and sound of the film linked, so that they are moved and cut together."""
    from xml.etree import ElementTree

    root = ElementTree.fromstring(text)  # noqa: S314 - written by the adapter just now
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
    ElementTree.indent(root, "    ")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _describe(made: Timeline, cast: Cast, base: Timebase, sound: Sound | None) -> None:
    """Say what OpenTimelineIO has no place for: the picture's size, the sound, and how timecode is shown."""
    rate = {"timebase": str(base.count), "ntsc": str(base.ntsc).upper()}
    size: dict[str, Json] = {"width": str(cast.video.width), "height": str(cast.video.height), "rate": rate}
    code = {"displayformat": "DF" if base.drop else "NDF"}
    made.metadata["fcp_xml"] = {
        "media": {"video": {"format": {"samplecharacteristics": size}}},
        "timecode": code,
    }
    media: dict[str, Json] = {"video": {"samplecharacteristics": size}}
    if sound:
        depth = {"depth": "16", "samplerate": str(sound.rate)}
        media["audio"] = {"samplecharacteristics": depth, "channelcount": str(sound.channels)}
    for number, track in enumerate(made.tracks):
        track[0].media_reference.metadata["fcp_xml"] = {"media": media, "timecode": code}
        if number:
            track[0].metadata["fcp_xml"] = {"sourcetrack": {"mediatype": "audio", "trackindex": str(number)}}
