"""Stills of people, with face regions in sidecars and in the files themselves."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest
from exports_made import with_names
from exports_readers import tool

from castlist.cli import run
from castlist.errors import CastlistError, InputError, VideoError
from castlist.io.exports import Options
from castlist.io.exports.stills import write
from castlist.outputs import file_name


def read(path):
    said = subprocess.run([tool("exiftool"), "-json", "-struct", str(path)], check=True, capture_output=True)
    return json.loads(said.stdout)[0]


def test_a_still_of_everybody_by_exiftool(found_film, tmp_path):
    cast = with_names(found_film[0], "Ann", "Bo & <Cy>", "名")
    assert len(cast) <= 3
    written = write(cast, tmp_path / "new" / "stills")
    assert [p.name for p in written] == [f"{i:02d} {file_name(p.name)}.jpg" for i, p in enumerate(cast, 1)]
    for path, person in zip(written, cast, strict=True):
        face = person.faces[0]
        for file in (path, path.with_suffix(".xmp")):
            found = read(file)
            assert person.name in found["PersonInImage"]
            regions = {r["Name"]: r["Area"] for r in found["RegionInfo"]["RegionList"]}
            area = regions[person.name]
            left, top, right, bottom = face.box
            centre = np.array([(left + right) / 2 / cast.video.width, (top + bottom) / 2 / cast.video.height])
            assert np.abs(centre - [area["X"], area["Y"]]).max() < 0.02
        assert (found["RegionInfo"]["AppliedToDimensions"]["W"], read(path)["ImageWidth"]) == (
            cast.video.width,
            cast.video.width,
        )


def test_who_has_no_name_is_a_region_without_a_name(found_film, tmp_path):
    """A catalogue would take "Person 1" for a name; the faces of the nameless are still marked."""
    nobody, one = found_film[0], with_names(found_film[0], "Ann")
    for folder, cast, known in (("a", nobody, set()), ("b", one, {"Ann"})):
        for path in write(cast, tmp_path / folder):
            for file in (path, path.with_suffix(".xmp")):
                found = read(file)
                regions = found["RegionInfo"]["RegionList"]
                assert all(r["Type"] == "Face" for r in regions)
                names = [r["Name"] for r in regions if "Name" in r]
                assert set(names) <= known
                assert set(found.get("PersonInImage", [])) == set(names)
                assert b"Person 1" not in path.with_suffix(".xmp").read_bytes()
        assert any(b"<mwg-rs:Name>Ann<" in f.read_bytes() for f in (tmp_path / folder).iterdir()) == bool(
            known
        )


def test_the_picture_is_the_frame(found_film, tmp_path):
    import cv2

    from castlist.decode import open_video, read_frames

    cast = found_film[0]
    (path,) = write(cast, tmp_path, Options(person=(cast[0].name,)))
    frame = cast[0].faces[0].frame
    with read_frames(open_video(cast.video.path)) as reader:
        true = next(f.image for i, f in enumerate(reader) if i == frame)
    assert np.abs(cv2.imread(str(path)).astype(int) - true).mean() < 3


def test_by_the_command_line(found_film, small_film, tmp_path, capsys):
    place = found_film[0].video.path
    assert run(["export", str(found_film[1]), "--format", "stills", "-o", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").glob("*.xmp"))) == len(found_film[0])
    assert run(["export", str(found_film[1]), "--format", "stills"]) == 2
    assert "name a folder for them, as in -o" in capsys.readouterr().err
    assert place.exists()


def test_what_cannot_be_done(found_film, tmp_path):
    from dataclasses import replace

    cast = found_film[0]
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CastlistError, match="is a file; name a folder"):
        write(cast, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
    with pytest.raises(VideoError):
        write(replace(cast, video=replace(cast.video, path=tmp_path / "gone.mp4")), tmp_path / "a")
    with pytest.raises(InputError, match="another film"):
        write(replace(cast, video=replace(cast.video, digest="0" * 40)), tmp_path / "a")
    assert not (tmp_path / "a").exists()
