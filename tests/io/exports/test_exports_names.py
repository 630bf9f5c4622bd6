"""Names that would break a format, casts too large for one, and golden files."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from exports_made import RATES, SPANS, made, numbered, with_names
from exports_readers import COUNTED_FROM_TIMECODE, READERS, number
from hypothesis import given, settings
from hypothesis import strategies as st

from castlist.errors import InputError
from castlist.io.exports import FORMATS, Options, by_suffix, chosen_format
from castlist.io.exports.names import distinct_names, plain_line, xml
from castlist.types import Clock, Shots

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = (
    "a|b", "|C:ResolveColorRed |M:x |D:9", "two\nlines", "a\r\n\r\n00:00:01.000 --> 00:00:02.000\nb",
    "x --> y", "-->", "<script>alert(1)</script>", "]]>", "&amp;", "&", "<v Eve>", "</v>", "{\\an8}",
    "=1+1", "@SUM(A1)", "a\tb", "tab\tand | pipe", "a;b=c#d\\e", "[CHAPTER]", "a,b",
    'quote " and \' too', "' onload='x", "\x00", "\x1b[31m", "\ud800", "\U0001f468\u200d\U0001f469",
    "名前 é Ω", "\u202eright to left", "\ufffe", "\u2028", "x" * 3000, " ", "* FROM CLIP NAME: x",
    "TITLE: x", "FCM: DROP FRAME", "Nobody", "Person 2", "1", "NOTE x", "STYLE", "WEBVTT", "%s {0}",
    "../../etc/passwd", "$(reboot)", "null", "<NA>",
)  # fmt: skip
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
XML = ("fcp7", "fcpxml", "matroska", "cvat", "xmp")


def as_read(form, name):
    """A name as its format's reader must give it back."""
    line = plain_line(name)
    changed = {
        "appearances": ("'" + line) if line.startswith(("=", "@", "-")) else line,
        "edl": line.replace("|", "/"),
        "srt": line.replace("-->", "→").translate(str.maketrans("<>{}", "‹›()")),
        "rttm": line.replace(" ", "_"),
    }
    return changed.get(form, line)


def hostile_cast():
    """A cast with a person for each hostile name, ten frames each; number 2 is left for the background."""
    names = (*HOSTILE[:2], "unused", *HOSTILE[2:])
    spans = [(i, 40 * i, 40 * i + 10) for i in range(len(names)) if i != 2]
    return made(*RATES["25"], names=names, spans=spans), [span[1] for span in spans]


@pytest.mark.parametrize("form", sorted({*READERS} - {"ffmetadata", "matroska"}))
def test_hostile_names_come_back_or_as_the_format_has_them(form):
    rate, start = RATES["25"]
    cast, starts = hostile_cast()
    origin = number(start, rate) if form in COUNTED_FROM_TIMECODE else 0
    found = [(n, a - origin, b - origin) for n, a, b in READERS[form][0](FORMATS[form].text(cast), rate)]
    expected = [as_read(form, name) for name in distinct_names(cast)]
    assert found == [(name, at, at + 10) for name, at in zip(expected, starts, strict=True)]


@pytest.mark.parametrize("form", ["ffmetadata", "matroska"])
def test_hostile_names_in_chapters(form):
    cast, starts = hostile_cast()
    everybody = Options(person=tuple(distinct_names(cast)))
    found = READERS[form][0](FORMATS[form].text(cast, everybody), Fraction(25))
    assert sorted({(a, b) for _, a, b in found}) == [(at, at + 10) for at in starts]
    assert {n for n, _, _ in found} == {n for name in distinct_names(cast) for n in name.split(", ")}


def named_in(form, text):
    """Every name that a file holds where a person is named."""
    if form == "cvat":
        return {a.text for a in ET.fromstring(text).iter("attribute") if a.get("name")}  # noqa: S314
    if form == "xmp":
        return {li.text for li in ET.fromstring(text.split("\n", 1)[1]).iter(RDF + "li")}  # noqa: S314
    held = json.loads(text)
    if form == "coco":
        return {a["person"] for a in held["annotations"] if "person" in a}
    if form == "label-studio":
        regions = held[0]["predictions"][0]["result"]
        return {label for r in regions for label in r["value"]["labels"]} - {"face"}
    if form == "web-annotation":
        return {item["body"][0]["value"] for item in held["items"]}
    frames = [a["properties"] for a in held["views"][0]["annotations"] if "TimeFrame" in a["@type"]]
    return {frame["label"] for frame in frames}


@pytest.mark.parametrize("form", ["coco", "cvat", "label-studio", "web-annotation", "mmif", "xmp"])
def test_hostile_names_come_back_from_formats_of_annotations(form):
    cast, _ = hostile_cast()
    cast = with_names(cast, *(p.name for p in cast.people))
    # in XMP they are names for a catalogue, where two people of one name are that name
    names = (
        {plain_line(p.name) for p in cast.people} if form == "xmp" else set(distinct_names(cast)) - {"unused"}
    )
    found = named_in(form, FORMATS[form].text(cast).encode("utf-8", "backslashreplace").decode())
    assert {name for name in found if name and name.strip()} == names


def test_names_that_rttm_would_make_alike_stay_two_people():
    cast = made(names=("Anna B", "Anna_B"), spans=[(0, 10, 20), (1, 30, 40)])
    assert [line.split()[7] for line in FORMATS["rttm"].text(cast).splitlines()] == ["Anna_B", "Anna_B_(2)"]


@given(st.text(st.characters(codec=None), max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_name_makes_a_whole_file(name):
    cast = made(
        names=(name, name),
        spans=[(0, 10, 20), (1, 30, 40)],
        path="/films/" + plain_line(name)[:20].replace("/", "_"),
    )
    for form, export in FORMATS.items():
        text = export.text(cast).encode("utf-8", "backslashreplace").decode()
        if form in XML:
            ET.fromstring(text)  # noqa: S314
        elif any(s.endswith(("json", ".jsonld", ".otio")) for s in export.suffixes):
            json.loads(text)
        elif form in ("edl", "avid", "ale", "rttm", "srt"):
            assert len(READERS[form][0](text, Fraction(25))) == 2


def test_text_for_xml():
    assert xml('a<b>&"c"\x00\ufffe\ud800\n ') == "a&lt;b&gt;&amp;&quot;c&quot; \ufffd\ufffd"
    assert plain_line("\n\t") == "?"


def test_a_huge_cast_is_written_as_a_small_one(monkeypatch):
    """1,100 appearances of 300 people: numbers beyond 999."""
    frames, step = 66_000, 60
    people = [i % 300 + (i % 300 > 1) for i in range(1100)]  # no person has number 2
    monkeypatch.setattr("exports_made.CUTS", (0, frames))
    monkeypatch.setattr("exports_made.FRAMES", frames)
    monkeypatch.setattr("exports_made.Shots", lambda *_: Shots([0], [frames], [0]))
    cast = made(
        spans=[(person, step * i, step * i + 20) for i, person in enumerate(people)],
        clock=Clock(np.arange(frames), Fraction(1, 25)),
        names=tuple(f"P{i}" for i in range(301)),
    )
    text = {form: export.text(cast) for form, export in FORMATS.items()}
    for form in ("appearances", "otio", "edl", "avid", "ale", "fcpxml", "rttm"):
        base = number("01:00:00:00", Fraction(25)) if form == "edl" else 0
        found = READERS[form][0](text[form], Fraction(25))
        assert [(a - base, b - base) for _, a, b in found] == [(step * i, step * i + 20) for i in range(1100)]


def golden_cast():
    names = ("Anna | the <Boss> & co", "Bob Ångström, 名", "Carl")
    spans = [s for s in SPANS if s[2] - s[1] < 50]
    return numbered(made(*RATES["29.97 DF"], names=names, spans=spans), 7)


OTHERS = [form for form in FORMATS if form != "json"]  # castlist's own has a schema


@pytest.mark.parametrize("form", OTHERS)
def test_golden_files(form, monkeypatch):
    """The output equals the golden files; CASTLIST_GOLDEN=write writes these again."""
    monkeypatch.setattr("castlist.io.exports.mmif.__version__", "0")
    text = FORMATS[form].text(golden_cast())
    path = GOLDEN / f"{form}{FORMATS[form].suffixes[-1]}"
    if os.environ.get("CASTLIST_GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text


def test_every_golden_file_is_of_a_format():
    assert {p.name for p in GOLDEN.iterdir()} == {f"{form}{FORMATS[form].suffixes[-1]}" for form in OTHERS}


# The suffix


@pytest.mark.parametrize(
    ("name", "form"),
    [("f.csv", "appearances"), ("f.faces.csv", "faces"), ("F.OTIO", "otio"), ("f.xml", "fcp7"),
     ("f.cvat.xml", "cvat"), ("f.chapters.xml", "matroska"), ("f.vtt", "webvtt"),
     ("f.metadata.vtt", "webvtt-metadata"), ("f.json", "json"), ("f.coco.json", "coco"),
     ("f.labelstudio.json", "label-studio"), ("f.mmif", "mmif"), ("f.mot.txt", "mot"),
     ("f.avid.txt", "avid"), ("dir.csv/f.edl", "edl"), ("f.jsonld", "web-annotation"),
     ("f.srt", "srt"), ("f.fcpxml", "fcpxml"), ("f.ale", "ale"), ("f.rttm", "rttm"), ("f.xmp", "xmp"),
     ("f.ffmetadata", "ffmetadata")],
)  # fmt: skip
def test_the_suffix_chooses_the_format(name, form):
    assert chosen_format(name, None).name == form
    assert chosen_format(name, form).name == form


def test_format_csv_is_a_row_a_face_as_it_has_always_been():
    assert chosen_format("faces.csv", "csv") is FORMATS["faces"]
    assert chosen_format("-", "csv") is chosen_format("-", None) is FORMATS["faces"]
    assert chosen_format("film.csv", None) is FORMATS["appearances"]


def test_every_format_has_a_suffix_that_chooses_it():
    for export in FORMATS.values():
        assert chosen_format(f"film{export.suffixes[0]}", None) is export
        assert export in by_suffix(f"film{export.suffixes[-1]}") or len(export.suffixes) > 1


@pytest.mark.parametrize(
    ("name", "form", "message"),
    [
        (
            "f.vtt",
            "appearances",
            r"f.vtt: this suffix belongs to webvtt and webvtt-metadata, not to appearances; "
            "name the file f.csv",
        ),
        ("dir/f.otio", "edl", "this suffix belongs to otio, not to edl; name the file dir/f.edl"),
        (
            "f.txt",
            None,
            "this suffix belongs to avid, ffmetadata and mot; choose one by --format, .* as in f.avid.txt",
        ),
        ("f.aaf", None, "no format has this suffix; use one of .csv"),
        ("f", None, "no format has this suffix"),
        ("f.csv", "aaf", "there is no format 'aaf'; choose from appearances"),
    ],
)
def test_suffixes_that_say_something_else(name, form, message):
    with pytest.raises(InputError, match=message):
        chosen_format(name, form)


def test_any_name_will_do_where_the_format_is_said():
    assert chosen_format("f", "otio").name == chosen_format("f.dat", "otio").name == "otio"
    assert chosen_format("-", None).name == "faces"


@pytest.mark.parametrize("text", ["fast", "25/0", "nan", "1e99", "-5", "0"])
def test_rates_that_are_none(text):
    from castlist.io.exports import parsed_rate

    with pytest.raises(InputError):
        Options(rate=parsed_rate(text))


def test_json_with_a_timecode_is_as_its_schema_says():
    schema = json.loads((Path(__file__).parents[3] / "docs" / "cast.schema.json").read_text())
    for start in ("", "10:00:00;02"):
        cast = made(*RATES["29.97 DF"])
        document = json.loads(FORMATS["json"].text(replace(cast, video=replace(cast.video, timecode=start))))
        jsonschema.validate(document, schema)
        assert document["film"]["timecode"] == (start or None)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_no_export_turns_the_direction_of_writing(form):
    """A workspace from another program may contain any name; lines of tables and EDLs display unchanged."""
    marks = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    cast = made(*RATES["25"], names=(f"{marks}Anna{marks}",), spans=[(0, 0, 10)])
    text = FORMATS[form].text(cast)
    assert not set(marks) & set(text)
