"""Appearances as W3C Web Annotations (JSON-LD): who, and when in the film, for players and IIIF viewers.

Each appearance is an annotation that identifies a part of the film (`#t=start,stop`); its best face, if it
has a picture, is another (`#t=...&xywh=percent:...`). The film is named by its file name, relative to the
document. The name of a named person is the identifying body; "Person 3", for a person without a name, is only
a tag, since the same number in another film is another person. [W3C, Web Annotation Data Model; Media
Fragments URI 1.0]
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

from castlist.cast import Cast
from castlist.io.exports.options import Options
from castlist.io.exports.seconds import decimal
from castlist.io.exports.stays import Stay, stays
from castlist.io.exports.webvtt_metadata import relative
from castlist.types import Json

__all__ = ["lines"]

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
FRAGMENTS = "http://www.w3.org/TR/media-frags/"


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The file, annotation by annotation."""
    items = [item for stay in stays(cast, options) for item in _annotations(cast, stay)]
    page = {"@context": CONTEXT, "id": _urn(cast, "appearances"), "type": "AnnotationPage", "items": items}
    yield from json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(page)
    yield "\n"


def _urn(cast: Cast, name: str) -> str:
    return f"urn:castlist:{quote(cast.video.digest)}:{name}"


def _annotations(cast: Cast, stay: Stay) -> Iterator[dict[str, Json]]:
    yield _annotation(cast, stay, stay.key, f"t={decimal(stay.start)},{decimal(stay.stop)}")
    face = next((f for f in stay.person.faces if f.track in stay.tracks), None)
    if face is not None:
        span = f"t={decimal(face.time)},{decimal(cast.clock.time(face.frame + 1))}"
        box = ",".join(f"{100 * v:.4f}" for v in relative(cast, face.box))
        yield _annotation(cast, stay, f"{stay.key}-face", f"{span}&xywh=percent:{box}")


def _annotation(cast: Cast, stay: Stay, key: str, fragment: str) -> dict[str, Json]:
    name = cast.video.path.name.encode("utf-8", "surrogateescape")
    purpose = "identifying" if stay.person.named else "tagging"
    return {
        "id": _urn(cast, key),
        "type": "Annotation",
        "motivation": "identifying",
        "body": [
            {"type": "TextualBody", "purpose": purpose, "format": "text/plain", "value": stay.name},
            {
                "type": "SpecificResource",
                "purpose": "linking",
                "source": _urn(cast, f"person:{stay.person.id}"),
            },
        ],
        "target": {
            "type": "SpecificResource",
            "source": quote(name),
            "selector": {"type": "FragmentSelector", "conformsTo": FRAGMENTS, "value": fragment},
        },
    }
