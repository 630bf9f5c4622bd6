"""The people of a film or a picture, as an XMP sidecar.

For the film: `Iptc4xmpExt:PersonInImage`, the name of each named person of the cast. For a picture: that, and
a region of the Metadata Working Group for each face (`mwg-rs:Regions`), which digiKam, Lightroom and exiftool
read; a region's x and y are its centre; all values are fractions of the picture. Catalogues take the text
there for names of people, so "Person 3" is not written: the face of a person without a name is a region
without a name, and photo programs ask for a name. [MWG, Guidelines for Handling Metadata 2.0; IPTC Photo
Metadata 2023]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from castlist.cast import Cast
from castlist.io.exports.names import film_name, given_name, xml
from castlist.io.exports.options import Options
from castlist.io.exports.stays import chosen_stays

__all__ = ["Region", "lines", "picture"]

Region = tuple[str, tuple[float, float, float, float]]  # a name or ""; left, top, right, bottom in pixels

_HEAD = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    '  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    '    <rdf:Description rdf:about=""\n'
    '        xmlns:dc="http://purl.org/dc/elements/1.1/"\n'
    '        xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"\n'
    '        xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"\n'
    '        xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"\n'
    '        xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#">\n'
)
_TAIL = '    </rdf:Description>\n  </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>\n'


def lines(cast: Cast, options: Options) -> Iterator[str]:
    """The film's sidecar."""
    names = [given_name(named.person) for named in chosen_stays(cast, options)]
    yield _HEAD + _source(film_name(cast)) + _people(names) + _TAIL


def picture(width: int, height: int, regions: Sequence[Region], source: str = "") -> str:
    """The sidecar of a picture.

    Args:
        width, height: of the picture, in pixels.
        regions: a name ("" for none) and a box in pixels for each face.
        source: the file that the picture was taken from.
    """
    areas = "".join(_region(width, height, *region) for region in regions)
    return (
        f"{_HEAD}{_source(source)}{_people([name for name, _ in regions])}"
        '      <mwg-rs:Regions rdf:parseType="Resource">\n'
        f'        <mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}" stDim:unit="pixel"/>\n'
        f"        <mwg-rs:RegionList>\n          <rdf:Bag>\n{areas}          </rdf:Bag>\n"
        f"        </mwg-rs:RegionList>\n      </mwg-rs:Regions>\n{_TAIL}"
    )


def _source(name: str) -> str:
    return f"      <dc:source>{xml(name)}</dc:source>\n" if name else ""


def _people(names: Sequence[str]) -> str:
    """Each name once; "" if there is no name."""
    known = dict.fromkeys(name for name in names if name)
    items = "".join(f"          <rdf:li>{xml(name)}</rdf:li>\n" for name in known)
    return items and (
        f"      <Iptc4xmpExt:PersonInImage>\n        <rdf:Bag>\n{items}        </rdf:Bag>\n"
        "      </Iptc4xmpExt:PersonInImage>\n"
    )


def _region(width: int, height: int, name: str, box: tuple[float, float, float, float]) -> str:
    left, right = (min(max(v / width, 0.0), 1.0) for v in (box[0], box[2]))
    top, bottom = (min(max(v / height, 0.0), 1.0) for v in (box[1], box[3]))
    centre = f'stArea:x="{(left + right) / 2:.6f}" stArea:y="{(top + bottom) / 2:.6f}"'
    size = f'stArea:w="{right - left:.6f}" stArea:h="{bottom - top:.6f}" stArea:unit="normalized"'
    called = f"              <mwg-rs:Name>{xml(name)}</mwg-rs:Name>\n" if name else ""
    return (
        '            <rdf:li rdf:parseType="Resource">\n'
        f"              <mwg-rs:Area {centre} {size}/>\n"
        f"{called}"
        "              <mwg-rs:Type>Face</mwg-rs:Type>\n"
        "            </rdf:li>\n"
    )
