"""Appearances as MMIF 1.2, the interchange format of the CLAMS tools of audiovisual archives (AAPB).

One view: a `TimeFrame` for each appearance, labelled with the person, in milliseconds; and the best face of
each as a `BoundingBox` at a `TimePoint`, in pixels. [mmif.clams.ai/1.2.0; clams.ai/vocabulary]
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator

from castlist import __version__
from castlist.cast import Cast, Face
from castlist.io.exports.options import Options
from castlist.io.exports.seconds import millis
from castlist.io.exports.stays import Stay, stays
from castlist.types import Json

__all__ = ["lines"]

SPECIFICATION = "http://mmif.clams.ai/1.2.0"
_TYPES = "http://clams.ai/vocabulary/type"
VIDEO, FRAME = f"{_TYPES}/VideoDocument/v2", f"{_TYPES}/TimeFrame/v6"
POINT, BOX = f"{_TYPES}/TimePoint/v5", f"{_TYPES}/BoundingBox/v5"


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, in pieces."""
    yield from json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(_document(cast, options))
    yield "\n"


def _document(cast: Cast, options: Options) -> dict[str, Json]:
    found = stays(cast, options)
    path = cast.video.path.absolute()
    kind = mimetypes.guess_type(path.name)[0] or "video"
    video = {"id": "d1", "mime": kind, "location": path.as_uri()}
    return {
        "metadata": {"mmif": SPECIFICATION},
        "documents": [{"@type": VIDEO, "properties": video}],
        "views": [
            {
                "id": "v1",
                "metadata": {"app": f"urn:castlist:{__version__}", "contains": _contains(found)},
                "annotations": [a for i, stay in enumerate(found, 1) for a in _annotations(stay, i)],
            }
        ],
    }


def _contains(found: list[Stay]) -> dict[str, Json]:
    labels = list(dict.fromkeys(stay.name for stay in found))
    time = {"document": "d1", "timeUnit": "milliseconds"}
    return {FRAME: {**time, "labelset": labels}, POINT: time, BOX: {"document": "d1", "labelset": labels}}


def _annotations(stay: Stay, number: int) -> Iterator[dict[str, Json]]:
    start, stop = millis(stay.start, stay.stop)
    face = next((f for f in stay.person.faces if f.track in stay.tracks), None)
    span: dict[str, Json] = {"id": f"v1:tf{number}", "start": start, "end": stop, "label": stay.name}
    if face is None:
        yield {"@type": FRAME, "properties": span}
        return
    point: dict[str, Json] = {"id": f"v1:tp{number}", "timePoint": max(0, round(face.time * 1000))}
    yield {"@type": FRAME, "properties": {**span, "representatives": [point["id"]]}}
    yield {"@type": POINT, "properties": point}
    yield {"@type": BOX, "properties": _box(stay, face, number)}


def _box(stay: Stay, face: Face, number: int) -> dict[str, Json]:
    left, top, right, bottom = (round(v) for v in face.box)
    corners = [[left, top], [right, top], [left, bottom], [right, bottom]]
    point = f"v1:tp{number}"
    return {"id": f"v1:bb{number}", "coordinates": corners, "timePoint": point, "label": stay.name}
