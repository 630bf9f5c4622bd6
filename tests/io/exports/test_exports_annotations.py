"""Formats of annotation tools and of metadata, as their own readers take them."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from exports_made import FRAMES, NAMES, made
from exports_readers import asked, tool

from castlist.errors import InputError
from castlist.io.exports import FORMATS, Options
from castlist.io.exports.xmp import picture
from castlist.types import NOISE, Tracks

CAST = made()
ONLY = Options(people_only=True)


def faces(cast, *, people_only=False):
    """{(track, frame): (left, top, width, height)} of a cast."""
    owner = cast.tracks.track
    rows = zip(owner.tolist(), cast.tracks.frame.tolist(), cast.tracks.box.tolist(), strict=True)
    return {
        (t, f): (a, b, c - a, d - b)
        for t, f, (a, b, c, d) in rows
        if not people_only or cast.person[t] != NOISE
    }


@pytest.mark.parametrize("options", [Options(), ONLY])
def test_coco_by_pycocotools(tmp_path, options):
    from pycocotools.coco import COCO

    (tmp_path / "film.json").write_text(FORMATS["coco"].text(CAST, options))
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(tmp_path / "film.json"))
    frame = {i: image["frame_id"] for i, image in coco.imgs.items()}
    found = {(a["track_id"] - 1, frame[a["image_id"]]): tuple(a["bbox"]) for a in coco.anns.values()}
    assert found == faces(CAST, people_only=options.people_only)
    names = {a["track_id"] - 1: a.get("person") for a in coco.anns.values()}
    expected = {t: None if p == NOISE else NAMES[p] for t, p in enumerate(CAST.person.tolist()) if t in names}
    assert names == expected
    assert coco.dataset["videos"][0]["length"] == FRAMES
    assert set(coco.getImgIds(catIds=[1])) == set(frame)


def cvat_tracks(text):
    """Boxes of each track that are inside, and its name; the rules of the format are checked."""
    asked(tool("xmllint"), "--noout", "--nonet", text=text, suffix=".xml")
    root = ET.fromstring(text)  # noqa: S314
    assert [c.tag for c in root][:2] == ["version", "meta"]
    size = int(root.findtext("meta/task/size"))
    values = root.findtext("meta/task/labels/label/attributes/attribute/values").split("\n")
    tracks = {}
    for number, track in enumerate(root.iter("track")):
        assert (int(track.get("id")), track.get("label")) == (number, "face")
        boxes = list(track.iter("box"))
        frames = [int(b.get("frame")) for b in boxes]
        assert frames == sorted(set(frames))
        assert frames[-1] < size
        assert {b.get("keyframe") for b in boxes} == {"1"}
        assert frames[-1] == size - 1 or boxes[-1].get("outside") == "1"
        (name,) = {b.findtext("attribute") for b in boxes}
        assert name in values
        tracks[number] = (name, {int(b.get("frame")) for b in boxes if b.get("outside") == "0"})
    return tracks


def test_cvat_by_its_rules():
    text = FORMATS["cvat"].text(CAST)
    tracks = cvat_tracks(text)
    own = defaultdict(set)
    for t, f in faces(CAST):
        own[t].add(f)
    assert {t: seen for t, (_, seen) in tracks.items()} == own
    assert [name for name, _ in tracks.values()] == [
        "" if p == NOISE else NAMES[p] for p in CAST.person.tolist()
    ]
    assert len(cvat_tracks(FORMATS["cvat"].text(CAST, ONLY))) == len(tracks) - 1


def test_cvat_says_where_a_track_has_a_gap():
    tracks = Tracks(
        [3, 4, 8, 1999], np.tile([1, 2, 3, 4], (4, 1)), np.ones(4), [0, 1, 2, 3], [0, 3, 4], [0, 0]
    )
    cast = replace(CAST, tracks=tracks, person=np.array([0, 1]), fate=np.array([0, 0]))
    assert cvat_tracks(FORMATS["cvat"].text(cast))[0][1] == {3, 4, 8}
    assert 'frame="5" keyframe="1" outside="1"' in FORMATS["cvat"].text(cast)
    assert 'frame="2000"' not in FORMATS["cvat"].text(cast)


def test_label_studio_by_its_rules():
    (task,) = json.loads(FORMATS["label-studio"].text(CAST))
    assert task["data"] == {"video": "film.mov"}
    (prediction,) = task["predictions"]
    width, height = CAST.video.width / 100, CAST.video.height / 100
    found = {}
    for region in prediction["result"]:
        assert (region["type"], region["from_name"], region["to_name"]) == ("videorectangle", "box", "video")
        value = region["value"]
        assert value["framesCount"] == FRAMES
        for key in value["sequence"]:
            assert abs(key["time"] * float(CAST.video.frame_rate) - (key["frame"] - 1)) < 0.01
            box = (key["x"] * width, key["y"] * height, key["width"] * width, key["height"] * height)
            found[(int(region["id"].removeprefix("track")), key["frame"] - 1)] = box
        assert [k["enabled"] for k in value["sequence"]] == [True] * (len(value["sequence"]) - 1) + [False]
    expected = faces(CAST)
    assert found.keys() == expected.keys()
    assert all(np.allclose(found[k], expected[k], atol=0.01) for k in found)
    labels = [r["value"]["labels"] for r in prediction["result"]]
    assert labels == [["face"] if p == NOISE else [NAMES[p]] for p in CAST.person.tolist()]


EDGES = np.array([[-9, 40, 20, 80], [620, 340, 660, 380], [-30, 10, 0.001, 50], [650, 10, 690, 50]])


@pytest.mark.parametrize("form", ["coco", "cvat", "label-studio"])
def test_boxes_end_where_the_picture_ends(form):
    """Two faces that the edges cut, and a track of two that lie beyond them."""
    tracks = Tracks([0, 1, 3, 4], EDGES, np.ones(4), [0, 1, 2, 3], [0, 2, 4], [0, 0])
    cast = replace(CAST, tracks=tracks, person=np.array([0, 1]), fate=np.array([0, 0]))
    text = FORMATS[form].text(cast)
    if form == "coco":
        found = [(a["track_id"], *a["bbox"]) for a in json.loads(text)["annotations"]]
    elif form == "cvat":
        boxes = [b for b in ET.fromstring(text).iter("box") if b.get("outside") == "0"]  # noqa: S314
        sides = [[float(b.get(k)) for k in ("xtl", "ytl", "xbr", "ybr")] for b in boxes]
        found = [(1, a, b, c - a, d - b) for a, b, c, d in sides]
    else:
        regions = json.loads(text)[0]["predictions"][0]["result"]
        keys = [k for r in regions for k in r["value"]["sequence"]]
        found = [(1, k["x"] * 6.4, k["y"] * 3.6, k["width"] * 6.4, k["height"] * 3.6) for k in keys]
    assert np.allclose(found, [(1, 0, 40, 20, 40), (1, 620, 340, 20, 20)], atol=0.01)


def exif(text):
    said = asked(tool("exiftool"), "-json", "-struct", "-charset", "utf8", text=text, suffix=".xmp")
    return json.loads(said)[0]


@pytest.mark.parametrize(
    ("options", "people"),
    [
        (Options(), list(NAMES[:2])),
        (Options(background=True), list(NAMES)),
        (Options(person=("名",)), ["名"]),
    ],
)
def test_the_people_of_a_film_by_exiftool(options, people):
    found = exif(FORMATS["xmp"].text(CAST, options))
    assert found["PersonInImage"] == people
    assert found["Source"] == "film.mov"


@pytest.mark.parametrize(
    ("names", "people"), [(("", "Bob"), ["Bob"]), (("", ""), None), (("Al", "Al"), ["Al"])]
)
def test_placeholders_are_nobodys_names_in_xmp(names, people):
    """A name shared by two people is written once, without the number that other formats add."""
    assert exif(FORMATS["xmp"].text(made(names=names))).get("PersonInImage") == people


def test_placeholders_are_no_names_elsewhere():
    cast = made(names=("", "Bob, B."))
    rows = list(csv.DictReader(io.StringIO(FORMATS["appearances"].text(cast), newline="")))
    assert {(r["person"], r["named"]) for r in rows} == {("Person 1", "no"), ("Bob, B.", "yes")}
    items = json.loads(FORMATS["web-annotation"].text(cast))["items"]
    said = {(i["body"][0]["value"], i["body"][0]["purpose"]) for i in items}
    assert said == {("Person 1", "tagging"), ("Bob, B.", "identifying")}
    root = ET.fromstring(FORMATS["fcpxml"].text(cast).replace("<!DOCTYPE fcpxml>", ""))  # noqa: S314
    for tag, key in (("keyword", "value"), ("keyword-collection", "name")):
        assert {e.get(key) for e in root.iter(tag)} == {"Person 1 (film.mov)", "Bob‚ B."}
    assert {e.get("value") for e in root.iter("marker")} == {"Person 1", "Bob, B."}


def test_regions_of_a_picture_by_exiftool():
    text = picture(640, 360, [("Anna & <Bob>", (160, 90, 320, 180)), ("名", (-10, 0, 64, 400))], "film.mov")
    found = exif(text)
    assert found["PersonInImage"] == ["Anna & <Bob>", "名"]
    first, second = found["RegionInfo"]["RegionList"]
    assert (first["Name"], first["Type"]) == ("Anna & <Bob>", "Face")
    assert [first["Area"][k] for k in "XYWH"] == [0.375, 0.375, 0.25, 0.25]  # x and y are the centre
    assert [second["Area"][k] for k in "XYWH"] == [0.05, 0.5, 0.1, 1]  # cut at the picture's edges
    assert found["RegionInfo"]["AppliedToDimensions"] == {"H": 360, "Unit": "pixel", "W": 640}


def test_a_chapter_is_as_many_shots_as_show_the_same_people():
    text = FORMATS["ffmetadata"].text(CAST)
    chapters = [line.removeprefix("title=") for line in text.splitlines() if line.startswith("title=")]
    assert chapters == ["Anna, Bob Ångström", "Anna", "Anna, Bob Ångström"]
    starts = [int(x.split("=")[1]) for x in text.splitlines() if x.startswith("START=")]
    ends = [int(x.split("=")[1]) for x in text.splitlines() if x.startswith("END=")]
    assert starts == [0, *ends[:-1]]
    assert ends[-1] == FRAMES


def test_chapters_are_put_into_a_film_by_ffmpeg(tmp_path):
    (tmp_path / "film.ffmetadata").write_text(FORMATS["ffmetadata"].text(made(names=("A=1;#\\ b", "B"))))
    quiet = [tool("ffmpeg"), "-v", "error", "-y"]
    subprocess.run([*quiet, "-f", "lavfi", "-i", "testsrc2=size=32x32:rate=25:d=80", "-i",
                    str(tmp_path / "film.ffmetadata"), "-map_chapters", "1", "-c:v", "mpeg4",
                    str(tmp_path / "film.mkv")], check=True)  # fmt: skip
    probe = [tool("ffprobe"), "-v", "error", "-show_chapters", "-of", "json", str(tmp_path / "film.mkv")]
    said = subprocess.run(probe, check=True, capture_output=True, text=True).stdout
    assert {c["tags"]["title"] for c in json.loads(said)["chapters"]} == {"A=1;#\\ b, B", "A=1;#\\ b"}


def test_an_extra_that_is_missing_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    for form in ("otio", "fcp7"):
        with pytest.raises(ImportError, match="pip install '"):
            FORMATS[form].text(CAST)


def test_what_a_format_has_no_use_for():
    with pytest.raises(InputError, match="edl has no use for people-only"):
        FORMATS["edl"].text(CAST, ONLY)
    with pytest.raises(InputError, match="coco has no use for start-timecode"):
        FORMATS["coco"].text(CAST, Options(start_timecode="01:00:00:00"))
    with pytest.raises(InputError, match="nobody is called 'Zoe' here; the cast has Anna, Bob"):
        FORMATS["srt"].text(CAST, Options(person=("Zoe",)))
