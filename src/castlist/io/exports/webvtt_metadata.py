"""Appearances as a metadata track for scripts: each cue holds a JSON object. [W3C, WebVTT, metadata text]

`{"person": 1, "name": "Anna", "named": true, "fate": "person", "tracks": [3, 7], "faces": [{"time": 12.5,
"box": [0.31, 0.2, 0.08, 0.14]}]}`; a box is left, top, width, height as fractions of the frame. Scripts read
it with `JSON.parse(cue.text)` from a `<track kind="metadata">`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from castlist.cast import Cast
from castlist.io.exports.options import Options
from castlist.io.exports.seconds import millis, stamp
from castlist.io.exports.stays import Stay, stays
from castlist.types import Fate, Json

__all__ = ["lines"]


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, cue by cue."""
    yield "WEBVTT\n"
    for stay in stays(cast, options):
        start, stop = millis(stay.start, stay.stop)
        text = json.dumps(_payload(cast, stay), ensure_ascii=False).replace(">", "\\u003e")
        yield f"\n{stay.key}\n{stamp(start)} --> {stamp(stop)}\n{text}\n"


def _payload(cast: Cast, stay: Stay) -> dict[str, Json]:
    return {
        "person": stay.person.id,
        "name": stay.name,
        "named": stay.person.named,
        "fate": Fate(stay.person.fate).word,
        "tracks": list(stay.tracks),
        "faces": [
            {"time": round(float(f.time), 6), "box": relative(cast, f.box)}
            for f in stay.person.faces
            if f.track in stay.tracks
        ],
    }


def relative(cast: Cast, box: tuple[float, float, float, float]) -> list[float]:
    """A box in pixels as left, top, width, height in fractions of the frame, clipped to it."""
    sides = (cast.video.width, cast.video.height) * 2
    left, top, right, bottom = (min(max(v / side, 0.0), 1.0) for v, side in zip(box, sides, strict=True))
    return [round(v, 6) for v in (left, top, right - left, bottom - top)]
