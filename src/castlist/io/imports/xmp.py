"""Names from the face regions of a picture (`mwg-rs:Regions`), in an XMP sidecar or within a JPEG.

digiKam, Lightroom, Picasa and exiftool write such regions; x and y are a region's centre, as fractions of
the picture. [MWG, Guidelines for Handling Metadata 2.0]
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from fractions import Fraction

from castlist.errors import InputError
from castlist.io.imports.files import cleaned
from castlist.suggest.names import Hint

__all__ = ["hints"]

_PACKET = re.compile(rb"<(?P<p>[A-Za-z]+:)?xmpmeta\b.*?</(?P=p)xmpmeta>|<rdf:RDF\b.*?</rdf:RDF>", re.DOTALL)
_REGIONS = "{http://www.metadataworkinggroup.com/schemas/regions/}"
_AREA = "{http://ns.adobe.com/xmp/sType/Area#}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def hints(data: bytes, at: Fraction, path: str) -> list[Hint]:
    """A hint for each named face region, at the time of the picture.

    Raises:
        InputError: the file contains no XMP, or damaged XMP.
    """
    packet = _PACKET.search(data)
    if packet is None:
        raise InputError(
            f"{path}: contains no XMP; write the face regions into the picture, or give its .xmp file"
        )
    if b"<!" in packet[0]:  # a document type could define entities and refer to other files
        raise InputError(
            f"{path}: its XMP declares XML entities, which castlist does not read; save it without them"
        )
    try:
        root = ET.fromstring(packet[0])  # noqa: S314  # no document type: checked above
    except ET.ParseError as error:
        raise InputError(f"{path}: its XMP is damaged ({error})") from error
    return list(_regions(root, at, path))


def _regions(root: ET.Element, at: Fraction, path: str) -> Iterator[Hint]:
    for item in root.iter(f"{_RDF}li"):
        area = item.find(f".//{_REGIONS}Area")
        name = _value(item, f"{_REGIONS}Name")
        if area is None or not name:
            continue
        try:
            x, y, w, h = (float(_value(area, f"{_AREA}{k}")) for k in "xywh")
        except ValueError:
            raise InputError(f"{path}: the region of {name!r} has no position") from None
        box = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        if w > 0 and h > 0 and all(-1 <= v <= 2 for v in box):
            yield Hint(name, at, at, box, "region")


def _value(element: ET.Element, name: str) -> str:
    """A property of an RDF node, written as an attribute or as an element."""
    for node in (element, *element.findall(f"{_RDF}Description")):
        found = node.get(name) or node.findtext(name)
        if found:
            return cleaned(found)
    return ""
