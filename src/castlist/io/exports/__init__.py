"""Exports of a cast in the formats of other programs: `FORMATS["webvtt"].write(cast, "film.vtt")`.

One module for each format, all in one table. A file is written completely or not at all. Text is UTF-8
whatever the terminal or the locale says.
"""

from __future__ import annotations

import os
from pathlib import PurePath

from castlist.errors import InputError
from castlist.io.exports import (
    ale,
    appearances_csv,
    avid_locators,
    cast_json,
    coco,
    cvat,
    faces_csv,
    fcp7,
    fcpxml,
    ffmetadata,
    label_studio,
    matroska,
    mmif,
    mot,
    otio,
    resolve_edl,
    rttm,
    srt,
    web_annotation,
    webvtt,
    webvtt_metadata,
    xmp,
)
from castlist.io.exports.options import Options
from castlist.io.exports.stays import parsed_rate
from castlist.io.exports.writing import Export

__all__ = ["ALIASES", "FORMATS", "Export", "Options", "by_suffix", "chosen_format", "parsed_rate"]

_WHO = frozenset({"person", "background"})
_TIMECODE = _WHO | {"start_timecode", "rate"}
_FACES = frozenset({"people_only"})

FORMATS: dict[str, Export] = {
    e.name: e
    for e in (
        Export("appearances", appearances_csv.lines, (".csv",), "Appearances (CSV)",
               "one row an appearance: person, in, out, timecodes, frames, shot",
               "csv module, OpenTimelineIO's timecode", _TIMECODE),
        Export("faces", faces_csv.lines, (".faces.csv", ".csv"), "Faces (CSV)",
               "one row a face: frame, time, box, track, person, score",
               "csv module", _FACES),
        Export("json", cast_json.lines, (".json",), "castlist JSON",
               "the whole cast with exact times, as docs/cast.schema.json says",
               "jsonschema"),
        Export("otio", otio.lines, (".otio",), "OpenTimelineIO",
               "markers on the film for Resolve, Kdenlive, Hiero and scripts",
               "opentimelineio", _TIMECODE),
        Export("fcp7", fcp7.lines, (".xml",), "Final Cut Pro 7 XML",
               "markers on the film for Premiere Pro and Resolve",
               "otio-fcp-adapter", _TIMECODE),
        Export("fcpxml", fcpxml.lines, (".fcpxml",), "FCPXML 1.9",
               "markers, and a keyword for each person, for Final Cut Pro",
               "xmllint, own rules", _TIMECODE),
        Export("edl", resolve_edl.lines, (".edl",), "Marker EDL",
               "timeline markers for DaVinci Resolve",
               "own strict parser", _TIMECODE),
        Export("avid", avid_locators.lines, (".avid.txt", ".txt"), "Avid markers",
               "a text file of markers for Media Composer",
               "own strict parser", _TIMECODE),
        Export("ale", ale.lines, (".ale",), "Avid Log Exchange",
               "a subclip for each appearance",
               "otio-ale-adapter", _TIMECODE),
        Export("srt", srt.lines, (".srt",), "SubRip",
               "names as subtitles",
               "webvtt-py", _WHO),
        Export("webvtt", webvtt.lines, (".vtt",), "WebVTT",
               "names as captions, to play with the film in a browser",
               "webvtt-py", _WHO),
        Export("webvtt-metadata", webvtt_metadata.lines, (".metadata.vtt", ".vtt"), "WebVTT metadata",
               "a JSON object for each appearance, for scripts of a page",
               "webvtt-py", _WHO),
        Export("ffmetadata", ffmetadata.lines, (".ffmetadata", ".txt"), "Chapters (FFmpeg)",
               "chapters to put into a film by ffmpeg",
               "ffprobe", _WHO),
        Export("matroska", matroska.lines, (".chapters.xml", ".xml"), "Chapters (Matroska)",
               "chapters to put into a film by mkvpropedit or mkvmerge",
               "xmllint, own parser", _WHO),
        Export("mot", mot.lines, (".mot.txt", ".txt"), "MOTChallenge",
               "one row a face, for tools that score tracking",
               "by hand", frozenset({"ids"})),
        Export("coco", coco.lines, (".coco.json", ".json"), "COCO",
               "faces with tracks and people, for training and FiftyOne",
               "pycocotools", _FACES),
        Export("cvat", cvat.lines, (".cvat.xml", ".xml"), "CVAT for video 1.1",
               "face tracks to correct in CVAT",
               "xmllint, own rules", _FACES),
        Export("label-studio", label_studio.lines, (".labelstudio.json", ".json"), "Label Studio",
               "face tracks to correct in Label Studio (constant frame rates)",
               "own rules", _FACES),
        Export("rttm", rttm.lines, (".rttm",), "RTTM",
               "appearances for pyannote and dscore",
               "own parser", _WHO),
        Export("xmp", xmp.lines, (".xmp",), "XMP sidecar",
               "the people in the film (IPTC PersonInImage)",
               "exiftool", _WHO),
        Export("web-annotation", web_annotation.lines, (".jsonld",), "W3C Web Annotation",
               "appearances and best faces as JSON-LD, for players and IIIF",
               "pyld", _WHO),
        Export("mmif", mmif.lines, (".mmif", ".mmif.json", ".json"), "MMIF",
               "appearances and best faces for the CLAMS tools of archives",
               "mmif-python", _WHO),
    )
}  # fmt: skip

ALIASES = {"csv": "faces"}  # former meaning of --format csv: one row for each face


def by_suffix(name: str | os.PathLike[str]) -> list[Export]:
    """The formats with the longest suffix that fits a file's name, the default one first."""
    end = PurePath(name).name.lower()
    fitting = [(len(s), e) for e in FORMATS.values() for s in e.suffixes if end.endswith(s)]
    longest = max((n for n, _ in fitting), default=0)
    return [e for n, e in fitting if n == longest]


def chosen_format(output: str, form: str | None) -> Export:
    """The format for a file: the given one, else by the suffix; for standard output ("-") a table of faces.

    Raises:
        InputError: the suffix belongs to another format, to several, or to none.
    """
    form = ALIASES.get(form, form) if form else form
    if form is not None and form not in FORMATS:
        raise InputError(f"there is no format {form!r}; choose from {', '.join(FORMATS)}")
    if output == "-":
        return FORMATS[form or "faces"]
    named = by_suffix(output)
    if form is None:
        return _usual(output, named)
    if named and FORMATS[form] not in named:
        better = _stem(output) + FORMATS[form].suffixes[0]
        raise InputError(
            f"{output}: this suffix belongs to {_list(named, 'and')}, not to {form}; "
            f"name the file {better}, or leave --format out"
        )
    return FORMATS[form]


def _usual(output: str, named: list[Export]) -> Export:
    """The format that a suffix stands for: among several, the one that has no other suffix."""
    if not named:
        known = ", ".join(dict.fromkeys(e.suffixes[0] for e in FORMATS.values()))
        raise InputError(
            f"{output}: no format has this suffix; use one of {known}, or choose a format by --format"
        )
    usual = [e for e in named if len(e.suffixes) == 1]
    if len(named) > 1 and not usual:
        better = _stem(output) + named[0].suffixes[0]
        raise InputError(
            f"{output}: this suffix belongs to {_list(named, 'and')}; choose one by --format, as in "
            f"--format {named[0].name}, or by a longer suffix, as in {better}"
        )
    return (usual or named)[0]


def _stem(output: str) -> str:
    """A file's path without the suffix of its format."""
    end = max((s for e in FORMATS.values() for s in e.suffixes if output.lower().endswith(s)), key=len)
    return output[: len(output) - len(end)]


def _list(formats: list[Export], word: str) -> str:
    names = [e.name for e in formats]
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
