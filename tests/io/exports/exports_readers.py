"""Readers of exported files: libraries and programs of other projects, else strict ones of our own.

Each takes the text of a file and the rate, and gives (name, first frame, frame after the last) of each
appearance, counted from the film's first frame.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

Rows = list[tuple[str, int, int]]
_UNESCAPED = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def tool(name: str) -> str:
    """The path of a program; a test that misses it is skipped, in CI it fails."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"CI must have {name}")
        pytest.skip(f"{name} is not installed, so what it reads is not tested")
    return found


def asked(*command: str, text: str, suffix: str) -> str:
    """A program's output for a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"film{suffix}"
        path.write_text(text, "utf-8")
        done = subprocess.run([*command, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def number(label: str, rate: Fraction) -> int:
    """The frame of a timecode, counted from 00:00:00:00: by OpenTimelineIO, not by castlist."""
    return round(otio.opentime.from_timecode(label, float(rate)).value)


def frames(seconds: float | Fraction, rate: Fraction) -> int:
    """The frame that begins at a time, which is given to the millisecond or finer."""
    place = float(seconds) * float(rate)
    assert abs(place - round(place)) <= 0.0006 * float(rate) + 1e-6
    return round(place)


def read_otio(text: str, rate: Fraction) -> Rows:
    """opentimelineio; markers of the clip and of the stack must agree."""
    timeline = otio.adapters.read_from_string(text, "otio_json")
    (clip,) = _pictures(timeline)
    start = clip.source_range.start_time
    assert start == timeline.global_start_time
    of_clip = [_marked(m, start.value) for m in clip.markers]
    assert of_clip == [_marked(m, 0) for m in timeline.tracks.markers]
    assert {m.marked_range.duration.rate for m in clip.markers} <= {float(rate)}
    return of_clip


def _pictures(timeline: otio.schema.Timeline) -> list[otio.schema.Clip]:
    """The clips of the picture; beside them a film with sound has clips of its channels."""
    return [clip for track in timeline.video_tracks() for clip in track.find_clips()]


def _marked(marker: otio.schema.Marker, start: float) -> tuple[str, int, int]:
    span = marker.marked_range
    first = span.start_time.value - start
    assert first == round(first)
    return marker.name, round(first), round(first + span.duration.value)


def read_fcp7(text: str, rate: Fraction) -> Rows:
    """otio-fcp-adapter, and the numbers themselves."""
    timeline = otio.adapters.read_from_string(text, "fcp_xml")
    assert abs(timeline.global_start_time.rate - float(rate)) < 1e-2
    (clip,) = _pictures(timeline)
    of_clip = [_marked(m, 0) for m in clip.markers]
    assert of_clip == [_marked(m, 0) for m in timeline.tracks.markers]
    root = ET.fromstring(text)  # noqa: S314
    raw = [(m.findtext("name"), int(m.findtext("in")), int(m.findtext("out"))) for m in root.iter("marker")]
    assert raw == of_clip * 2
    base, ntsc = int(root.findtext(".//sequence/rate/timebase")), root.findtext(".//sequence/rate/ntsc")
    assert base * (Fraction(1000, 1001) if ntsc == "TRUE" else 1) == rate
    return of_clip


def read_fcpxml(text: str, rate: Fraction) -> Rows:
    """xmllint, then rules written from Apple's reference: see `fcpxml_rules`."""
    asked(tool("xmllint"), "--noout", "--nonet", text=text, suffix=".fcpxml")
    root = ET.fromstring(text)  # noqa: S314
    fcpxml_rules(root)
    tick = 1 / rate
    clip = root.find(".//spine/asset-clip")
    start = _rational(clip.get("start"))
    rows = []
    for marker in clip.iter("marker"):
        begin, length = _rational(marker.get("start")), _rational(marker.get("duration"))
        for value in (begin, length):
            assert (value / tick).denominator == 1
        rows.append((marker.get("value"), int((begin - start) / tick), int((begin - start + length) / tick)))
    return rows


def fcpxml_rules(root: ET.Element) -> None:
    """Final Cut's requirements: order of children, references, whole frames, no overrun."""
    assert root.tag == "fcpxml"
    assert root.get("version") == "1.9"
    assert [c.tag for c in root] == ["resources", "library"]
    ids = {c.get("id"): c for c in root.find("resources")}
    tick = _rational(ids["r1"].get("frameDuration"))
    for asset in root.iter("asset"):
        assert ids[asset.get("format")].tag == "format"
        assert [c.tag for c in asset] == ["media-rep"]
        assert asset[0].get("src").startswith("file:///")
    event = root.find("library/event")
    assert re.fullmatch("(asset-clip )*(project )(keyword-collection )*", "".join(f"{c.tag} " for c in event))
    for clip in root.iter("asset-clip"):
        asset = ids[clip.get("ref")]
        begin, end = _span(clip)
        assert (begin, end) == _span(asset)
        assert {c.tag for c in clip} <= {"marker", "keyword"}
        for item in clip:
            first, last = _span(item)
            assert begin <= first < last <= end
            assert (first / tick).denominator == (last / tick).denominator == 1
    sequence = root.find(".//sequence")
    assert _rational(sequence.get("tcStart")) == _rational(root.find(".//spine/asset-clip").get("offset"))
    keywords = {k.get("value") for k in root.iter("keyword")}
    assert {c.get("name") for c in root.iter("keyword-collection")} == keywords
    assert not any("," in k for k in keywords)


def _span(element: ET.Element) -> tuple[Fraction, Fraction]:
    start = _rational(element.get("start"))
    return start, start + _rational(element.get("duration"))


def _rational(text: str) -> Fraction:
    assert re.fullmatch(r"\d+(/\d+)?s", text), text
    return Fraction(text[:-1])


def read_edl(text: str, rate: Fraction) -> Rows:
    """A strict reader of Resolve's marker EDL."""
    head, *events = re.split(r"\n\n", text.rstrip("\n"))
    mode = re.fullmatch(r"TITLE: [^\n|]+\nFCM: (NON-DROP|DROP) FRAME", head)
    mark = ";" if mode[1] == "DROP" else ":"
    code = rf"(\d\d:\d\d:\d\d{mark}\d\d)"
    event = re.compile(
        rf"(\d{{3,}})  001      V     C        {code} {code} {code} {code}  \n"
        r" \|C:ResolveColor[A-Z][a-z]+ \|M:([^|\n]+) \|D:([1-9]\d*)"
    )
    rows = []
    for count, part in enumerate(events, 1):
        found = event.fullmatch(part)
        assert found, part
        assert int(found[1]) == count
        source, after = number(found[2], rate), number(found[3], rate)
        assert (found[2], found[3]) == (found[4], found[5])
        assert after == source + 1
        rows.append((found[6], source, source + int(found[7])))
    return rows


def read_avid(text: str, rate: Fraction) -> Rows:
    """A strict reader of Avid's marker text."""
    rows = []
    for line in text.splitlines():
        _, label, track, colour, name, length = line.split("\t")
        assert track == "V1"
        assert colour in ("red", "green", "blue", "cyan", "magenta", "yellow", "black", "white")
        first = number(label, rate)
        rows.append((name, first, first + int(length)))
    return rows


def read_ale(text: str, rate: Fraction) -> Rows:
    """otio-ale-adapter, which also checks that Start, End and Duration agree."""
    rows = []
    clips = otio.adapters.read_from_string(text, "ale", fps=float(rate))  # kept: its clips go with it
    for clip in clips:
        span = clip.source_range
        name = clip.metadata["ALE"]["Person"]
        assert clip.name.startswith(name)
        rows.append((name, round(span.start_time.value), round(span.end_time_exclusive().value)))
    return rows


def read_csv(text: str, rate: Fraction) -> Rows:
    """The csv module; timecodes, seconds and frames must agree."""
    rows = []
    for row in csv.DictReader(io.StringIO(text, newline="")):
        first, last = number(row["in_timecode"], rate), number(row["out_timecode"], rate)
        assert last - first == int(row["out_frame"]) - int(row["in_frame"])
        assert frames(float(row["in"]), rate) == int(row["in_frame"])
        rows.append((row["person"], first, last))
    return rows


def read_webvtt(text: str, rate: Fraction) -> Rows:
    """webvtt-py; every cue has an id of its own and a voice."""
    import webvtt

    cues = webvtt.from_string(text)
    assert len({c.identifier for c in cues}) == len(cues)
    return [(_plain(c.voice), *_clock(c.start, c.end, rate)) for c in cues]


def read_webvtt_metadata(text: str, rate: Fraction) -> Rows:
    """webvtt-py, and JSON."""
    import webvtt

    return [(json.loads(c.raw_text)["name"], *_clock(c.start, c.end, rate)) for c in webvtt.from_string(text)]


def read_srt(text: str, rate: Fraction) -> Rows:
    """webvtt-py reads SubRip too."""
    import webvtt

    return [
        (c.text, *_clock(c.start, c.end, rate)) for c in webvtt.from_buffer(io.StringIO(text), format="srt")
    ]


def _plain(text: str) -> str:
    for entity, character in _UNESCAPED.items():
        text = text.replace(entity, character)
    return text


def _clock(start: str, stop: str, rate: Fraction) -> tuple[int, int]:
    return tuple(frames(_seconds(t), rate) for t in (start, stop))


def _seconds(text: str) -> float:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def read_ffmetadata(text: str, rate: Fraction) -> Rows:
    """ffprobe. Chapters do not overlap, so they are put together again by name."""
    said = json.loads(
        asked(tool("ffprobe"), "-v", "error", "-f", "ffmetadata", "-show_chapters", "-of", "json", text=text,
              suffix=".ffmetadata")
    )  # fmt: skip
    return _joined(
        (c["tags"]["title"], Fraction(c["time_base"]) * c["start"], Fraction(c["time_base"]) * c["end"])
        for c in said["chapters"]
    )(rate)


def read_matroska(text: str, rate: Fraction) -> Rows:
    """xmllint, then as mkvmerge's manual describes it."""
    asked(tool("xmllint"), "--noout", "--nonet", text=text, suffix=".xml")
    root = ET.fromstring(text)  # noqa: S314
    assert [e.tag for e in root] == ["EditionEntry"]
    return _joined(
        (
            atom.findtext("ChapterDisplay/ChapterString"),
            _seconds(atom.findtext("ChapterTimeStart")),
            _seconds(atom.findtext("ChapterTimeEnd")),
        )
        for atom in root.iter("ChapterAtom")
    )(rate)


def _joined(parts) -> Callable[[Fraction], Rows]:
    """Chapters one after another as appearances of each person named in their titles."""
    parts = list(parts)

    def rows(rate: Fraction) -> Rows:
        stays: dict[str, list[list[int]]] = defaultdict(list)
        for title, start, stop in parts:
            for name in title.split(", "):
                span = [frames(start, rate), frames(stop, rate)]
                if stays[name] and stays[name][-1][1] == span[0]:
                    stays[name][-1][1] = span[1]
                else:
                    stays[name].append(span)
        return [(name, *span) for name in stays for span in stays[name]]

    return rows


def read_rttm(text: str, rate: Fraction) -> Rows:
    """Ten fields a row, parted by blanks."""
    rows = []
    for line in text.splitlines():
        kind, _, channel, start, length, a, b, name, c, d = line.split(" ")
        assert (kind, channel, {a, b, c, d}) == ("SPEAKER", "1", {"<NA>"})
        stop = Fraction(start) + Fraction(length)
        rows.append((name, frames(Fraction(start), rate), frames(stop, rate)))
    return rows


def read_mmif(text: str, rate: Fraction) -> Rows:
    """mmif-python, which validates."""
    from mmif import AnnotationTypes, DocumentTypes, Mmif

    file = Mmif(text)
    assert len(file.get_documents_by_type(DocumentTypes.VideoDocument)) == 1
    (view,) = file.views
    rows = [
        (a.get("label"), a.get("start") / 1000, a.get("end") / 1000)
        for a in view.get_annotations(AnnotationTypes.TimeFrame)
    ]
    for box in view.get_annotations(AnnotationTypes.BoundingBox):
        assert file[box.get("timePoint")].at_type == AnnotationTypes.TimePoint
    return [(name, frames(start, rate), frames(stop, rate)) for name, start, stop in rows]


# The terms of http://www.w3.org/ns/anno.jsonld that we use, by the vocabulary: nothing is fetched.
_OA, _AS = "http://www.w3.org/ns/oa#", "http://www.w3.org/ns/activitystreams#"
_TERMS = {
    "oa": _OA, "as": _AS, "dcterms": "http://purl.org/dc/terms/", "dc": "http://purl.org/dc/elements/1.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "id": {"@type": "@id", "@id": "@id"}, "type": {"@type": "@id", "@id": "@type"},
    "Annotation": "oa:Annotation", "TextualBody": "oa:TextualBody", "SpecificResource": "oa:SpecificResource",
    "FragmentSelector": "oa:FragmentSelector", "AnnotationPage": "as:OrderedCollectionPage",
    "identifying": "oa:identifying", "linking": "oa:linking",
    "body": {"@type": "@id", "@id": "oa:hasBody"}, "target": {"@type": "@id", "@id": "oa:hasTarget"},
    "source": {"@type": "@id", "@id": "oa:hasSource"}, "selector": {"@type": "@id", "@id": "oa:hasSelector"},
    "motivation": {"@type": "@vocab", "@id": "oa:motivatedBy"},
    "purpose": {"@type": "@vocab", "@id": "oa:hasPurpose"},
    "value": "rdf:value", "format": "dc:format", "conformsTo": {"@type": "@id", "@id": "dcterms:conformsTo"},
    "items": {"@type": "@id", "@id": "as:items", "@container": "@list"},
}  # fmt: skip


def read_web_annotation(text: str, rate: Fraction) -> Rows:
    """pyld expands it; then by the terms of the vocabulary."""
    from pyld import jsonld

    def terms(url: str, _: object) -> dict:
        assert url == "http://www.w3.org/ns/anno.jsonld"
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url,
                "document": {"@context": _TERMS}}  # fmt: skip

    options = {"documentLoader": terms, "base": "http://example.org/films/"}
    (page,) = jsonld.expand(json.loads(text), options)
    rows = []
    for item in page[f"{_AS}items"][0]["@list"]:
        assert item["@type"] == [f"{_OA}Annotation"]
        (target,) = item[f"{_OA}hasTarget"]
        (source,) = target[f"{_OA}hasSource"]
        assert source["@id"].startswith("http://example.org/films/")
        fragment = target[f"{_OA}hasSelector"][0][f"{_TERMS['rdf']}value"][0]["@value"]
        if "xywh" in fragment:
            assert re.fullmatch(r"t=[\d.]+,[\d.]+&xywh=percent:[\d.]+(,[\d.]+){3}", fragment)
            continue
        start, stop = (Fraction(t) for t in re.fullmatch(r"t=([\d.]+),([\d.]+)", fragment).groups())
        (name,) = (b[f"{_TERMS['rdf']}value"][0]["@value"] for b in item[f"{_OA}hasBody"]
                   if f"{_TERMS['rdf']}value" in b)  # fmt: skip
        rows.append((name, frames(start, rate), frames(stop, rate)))
    return rows


READERS = {  # format: (reader, what reads, options)
    "appearances": (read_csv, "csv module"),
    "otio": (read_otio, "opentimelineio"),
    "fcp7": (read_fcp7, "otio-fcp-adapter"),
    "fcpxml": (read_fcpxml, "xmllint, rules"),
    "edl": (read_edl, "strict parser"),
    "avid": (read_avid, "strict parser"),
    "ale": (read_ale, "otio-ale-adapter"),
    "srt": (read_srt, "webvtt-py"),
    "webvtt": (read_webvtt, "webvtt-py"),
    "webvtt-metadata": (read_webvtt_metadata, "webvtt-py, json"),
    "ffmetadata": (read_ffmetadata, "ffprobe"),
    "matroska": (read_matroska, "xmllint, rules"),
    "rttm": (read_rttm, "strict parser"),
    "web-annotation": (read_web_annotation, "pyld"),
    "mmif": (read_mmif, "mmif-python"),
}
COUNTED_FROM_TIMECODE = {"appearances", "edl", "avid", "ale"}  # these readers give timecodes as frame numbers
