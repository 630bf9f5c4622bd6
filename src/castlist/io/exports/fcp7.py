"""Appearances as markers in Final Cut Pro 7's XML (xmeml), which Premiere Pro and Resolve import.

The sequence and the clip start at the film's timecode; markers count frames from its beginning. Written by
OpenTimelineIO's fcp_xml adapter from the same timeline as `otio`, without markers on tracks, which it
loses. [Apple, Final Cut Pro XML Interchange Format, version 4]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from castlist.cast import Cast
from castlist.errors import MissingExtra
from castlist.io.exports.options import Options
from castlist.io.exports.otio import library, timeline
from castlist.io.exports.stays import grid
from castlist.timecode import Timebase

__all__ = ["lines"]

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, in one piece."""
    made = timeline(cast, options, clip_start=0)
    _describe(made, cast, grid(cast, options))
    otio = library()
    if "fcp_xml" not in otio.adapters.available_adapter_names():
        raise MissingExtra("the Final Cut Pro 7 adapter of OpenTimelineIO", "edit")
    text = otio.adapters.write_to_string(made, "fcp_xml")
    yield _HEAD + text[text.index("<xmeml") :]


def _describe(made: Any, cast: Cast, base: Timebase) -> None:
    """Say what OpenTimelineIO has no place for: the picture's size, and how timecode is shown."""
    rate = {"timebase": str(base.count), "ntsc": str(base.ntsc).upper()}
    size = {"width": str(cast.video.width), "height": str(cast.video.height), "rate": rate}
    code = {"displayformat": "DF" if base.drop else "NDF"}
    made.metadata["fcp_xml"] = {
        "media": {"video": {"format": {"samplecharacteristics": size}}},
        "timecode": code,
    }
    made.tracks[0][0].media_reference.metadata["fcp_xml"] = {
        "media": {"video": {"samplecharacteristics": size}},
        "timecode": code,
    }
