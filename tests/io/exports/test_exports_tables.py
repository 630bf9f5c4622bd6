"""A cast in the formats of other programs."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from exports_made import numbered

from castlist.cast import Cast
from castlist.errors import CastlistError
from castlist.io.exports import FORMATS, Options, cast_json
from castlist.io.exports.names import distinct_names
from castlist.io.exports.seconds import millis, stamp
from castlist.types import BACKGROUND, NOISE, PERSON, SET_ASIDE, Clock, Portraits, Shots, Tracks, Video

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "cast.schema.json").read_text())
VIDEO = Video(Path("film.mp4"), 640, 360, Fraction(25), Fraction(4), "d1", "h264", "yuv420p")


def make_cast(names=("Ann", "Extra"), unit=Fraction(1, 25), score=0.5, video=VIDEO):
    """Ann on tracks 0 and 1 (two seconds apart), an extra on track 2, track 3 set aside."""
    tracks = Tracks(
        frame=[0, 1, 60, 61, 1, 5],
        box=[[1, 2, 4, 6], [1.004, 2, 4, 6], [0, 0, 1, 1], [0, 0, 1, 1], [9, 9, 19, 29], [0, 0, 2, 2]],
        score=[0.9, 0.8, 0.7, 0.6, score, 0.4],
        detection=[0, NOISE, 1, 2, 3, 4],
        offset=[0, 2, 4, 5, 6],
        shot=[0, 1, 0, 0],
    )
    return Cast.of(
        video,
        Clock(np.arange(100), unit),
        Shots([0, 50], [50, 100], [0, 1]),
        tracks,
        np.array([0, 0, 1, NOISE]),
        fate=np.array([PERSON, PERSON, BACKGROUND, SET_ASIDE]),
        reason=("", "", "seen once", "not a face"),
        names=names,
        portraits=Portraits([0], [[1, 2, 4, 6]], [0], [0.75], ("ab",)),
        damaged=1,
    )


EMPTY = Cast.of(VIDEO, Clock([], Fraction(1, 25)), Shots([], [], []), Tracks.empty(), np.zeros(0, np.int64))


def rows(cast):
    return list(csv.DictReader(io.StringIO(FORMATS["faces"].text(cast), newline="")))


def test_faces_by_hand():
    assert FORMATS["faces"].text(make_cast()) == (
        "frame,time,x,y,w,h,track,person,score\r\n"
        "0,0.000000,1.00,2.00,3.00,4.00,0,Ann,0.9000\r\n"
        "1,0.040000,1.00,2.00,3.00,4.00,0,Ann,0.8000\r\n"
        "1,0.040000,9.00,9.00,10.00,20.00,2,Extra,0.5000\r\n"
        "5,0.200000,0.00,0.00,2.00,2.00,3,,0.4000\r\n"
        "60,2.400000,0.00,0.00,1.00,1.00,1,Ann,0.7000\r\n"
        "61,2.440000,0.00,0.00,1.00,1.00,1,Ann,0.6000\r\n"
    )


def test_mot_by_hand():
    assert FORMATS["mot"].text(make_cast()).splitlines() == [
        "1,1,2.00,3.00,3.00,4.00,0.9000,-1,-1,-1",
        "2,1,2.00,3.00,3.00,4.00,0.8000,-1,-1,-1",
        "2,3,10.00,10.00,10.00,20.00,0.5000,-1,-1,-1",
        "61,2,1.00,1.00,1.00,1.00,0.7000,-1,-1,-1",
        "62,2,1.00,1.00,1.00,1.00,0.6000,-1,-1,-1",
    ]
    ids = [row.split(",")[1] for row in FORMATS["mot"].text(make_cast(), Options(ids="people")).splitlines()]
    assert ids == ["1", "1", "2", "1", "1"]


def test_mot_has_a_person_once_a_frame():
    """Of two faces in a frame the surer one is written."""
    cast = make_cast()
    both = Cast.of(cast.video, cast.clock, cast.shots, cast.tracks, np.array([0, 0, 0, NOISE]))
    rows = [row.split(",") for row in FORMATS["mot"].text(both, Options(ids="people")).splitlines()]
    assert [(r[0], r[1], r[6]) for r in rows] == [
        ("1", "1", "0.9000"), ("2", "1", "0.8000"), ("61", "1", "0.7000"), ("62", "1", "0.6000"),
    ]  # fmt: skip


def test_appearances_by_hand():
    assert FORMATS["appearances"].text(numbered(make_cast()), Options(background=True)) == (
        "person,in,out,length,in_timecode,out_timecode,in_frame,out_frame,shot,background,person_id,named\r\n"
        "Ann,0.000000,0.080000,0.080000,00:00:00:00,00:00:00:02,0,2,0,no,1,yes\r\n"
        "Extra,0.040000,0.080000,0.040000,00:00:00:01,00:00:00:02,1,2,0,yes,2,yes\r\n"
        "Ann,2.400000,2.480000,0.080000,00:00:02:10,00:00:02:12,60,62,1,no,1,yes\r\n"
    )


def test_faces_of_people_only():
    text = FORMATS["faces"].text(make_cast(), Options(people_only=True))
    assert [row["person"] for row in csv.DictReader(io.StringIO(text, newline=""))] == [
        "Ann", "Ann", "Extra", "Ann", "Ann",
    ]  # fmt: skip


def test_webvtt_by_hand():
    assert FORMATS["webvtt"].text(numbered(make_cast()), Options(background=True)) == (
        "WEBVTT\n"
        "\np1-1\n00:00:00.000 --> 00:00:00.080\n<v Ann>Ann</v>\n"
        "\np2-1\n00:00:00.040 --> 00:00:00.080\n<v.background Extra>Extra</v>\n"
        "\np1-2\n00:00:02.400 --> 00:00:02.480\n<v Ann>Ann</v>\n"
    )
    assert FORMATS["webvtt"].text(make_cast()).count("-->") == 2


def test_nobody():
    assert FORMATS["faces"].text(EMPTY) == "frame,time,x,y,w,h,track,person,score\r\n"
    assert FORMATS["mot"].text(EMPTY) == ""
    assert FORMATS["webvtt"].text(EMPTY) == "WEBVTT\n"
    document = cast_json.document(EMPTY)
    jsonschema.validate(document, SCHEMA)
    assert document["people"] == []


@pytest.mark.parametrize("name", ["=1+1", "+A", "-A", "@A", "＝A", '="a",b', "-- >"])
def test_names_that_a_spreadsheet_would_run(name):
    written = rows(make_cast((name, "")))[0]["person"]
    assert written == "'" + name


@pytest.mark.parametrize(
    "name", ['Ann "the" Boss', "a,b", "a;b c", "Ångström é 名", "x" * 10_000, "A\u200fB"]
)
def test_names_come_back_from_csv(name):
    assert rows(make_cast((name, "")))[0]["person"] == name


def test_people_who_share_a_name_are_told_apart():
    assert distinct_names(make_cast(("Ann", "Ann"))) == ["Ann", "Ann (2)"]
    assert distinct_names(make_cast(("Person 2", ""))) == ["Person 2", "Person 2 (2)"]


def test_a_score_that_is_none():
    cast = make_cast(score=np.nan)
    assert rows(cast)[2]["score"] == ""
    assert FORMATS["mot"].text(cast).splitlines()[2].endswith(",1.0000,-1,-1,-1")
    jsonschema.validate(json.loads(FORMATS["json"].text(cast)), SCHEMA)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (Fraction(0), "00:00:00.000"),
        (Fraction(1001, 30000), "00:00:00.033"),
        (Fraction(59_999_6, 10_000), "00:01:00.000"),
        (Fraction(100 * 3600 + 61), "100:01:01.000"),
    ],
)
def test_webvtt_times(time, text):
    assert stamp(millis(time, time)[0]) == text


def test_webvtt_of_a_long_film_and_of_frames_under_a_millisecond():
    long = FORMATS["webvtt"].text(make_cast(unit=Fraction(4000)))
    assert "66:40:00.000 --> 68:53:20.000" in long
    cues = re.findall(r"(\S+) --> (\S+)", FORMATS["webvtt"].text(make_cast(unit=Fraction(1, 90_000))))
    assert cues
    assert all(start < stop for start, stop in cues)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a --> b", "&amp;", "<c.x>"])
def test_webvtt_names_are_text(name):
    text = FORMATS["webvtt"].text(make_cast((name, "")))
    line = text.split("\n")[4]
    voice, line = re.fullmatch("<v ([^<>]+)>([^<>]+)</v>", line).groups()
    assert voice == line
    assert line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == name


def test_json_is_as_its_schema_says():
    document = json.loads(FORMATS["json"].text(make_cast()))
    jsonschema.validate(document, SCHEMA)
    (ann,) = document["people"]
    assert ann["screen_time"] == {"seconds": 0.16, "exact": "4/25"}
    assert [a["start"]["exact"] for a in ann["appearances"]] == ["0/1", "12/5"]
    assert ann["faces"][0]["box"] == [1, 2, 3, 4]
    assert [t["person"] for t in document["tracks"]] == [1, 1, 2, None]
    assert document["tracks"][3]["reason"] == "not a face"
    others = cast_json.document(numbered(make_cast(), 7))  # a number is not a place
    assert [t["person"] for t in others["tracks"]] == [7, 7, 8, None]
    assert [p["id"] for p in (*others["people"], *others["background"])] == [7, 8]
    assert document["film"]["damaged_frames"] == 1


@pytest.mark.parametrize("harm", ["people", "film", "version", "format"])
def test_the_schema_refuses_what_is_not_a_cast(harm):
    document = cast_json.document(make_cast())
    document[harm] = None
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_the_schema_knows_every_field():
    """No object of the document may have a field that the schema does not describe."""
    assert json.dumps(SCHEMA).count('"additionalProperties": false') >= 8
    document = cast_json.document(make_cast())
    document["people"][0]["mood"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


@pytest.mark.parametrize("form", FORMATS)
def test_files_and_streams_hold_the_same_bytes(tmp_path, form):
    cast = make_cast(("Ånn\udcff", ""), video=replace(VIDEO, path=Path("\udcff.mp4")))
    stream = io.BytesIO()
    FORMATS[form].write(cast, stream)
    (tmp_path / "out").write_bytes(b"old")
    FORMATS[form].write(cast, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == stream.getvalue()
    stream.getvalue().decode("utf-8")
    assert os.listdir(tmp_path) == ["out"]


def test_a_file_that_cannot_be_written_keeps_what_was_there(tmp_path, monkeypatch):
    (tmp_path / "out").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(CastlistError, match="No space left"):
        FORMATS["faces"].write(make_cast(), tmp_path / "out")
    assert {f: (tmp_path / f).read_bytes() for f in os.listdir(tmp_path)} == {"out": b"old"}


@pytest.mark.parametrize("bad", ["nowhere/out", "."])
def test_places_that_are_no_files(tmp_path, bad):
    with pytest.raises(CastlistError, match=r"cannot be written|is a folder"):
        FORMATS["faces"].write(make_cast(), tmp_path / bad)
    assert os.listdir(tmp_path) == []


def test_links_and_devices_stay_what_they_are(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    FORMATS["mot"].write(make_cast(), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == FORMATS["mot"].text(make_cast())
    FORMATS["mot"].write(make_cast(), "/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
