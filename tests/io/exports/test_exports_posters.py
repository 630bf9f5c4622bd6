"""Key pictures of people as files."""

from __future__ import annotations

import json
import subprocess

import cv2
import numpy as np
import pytest
from exports_made import with_names
from exports_readers import tool

from castlist.cli import run
from castlist.io.exports.posters import _window, write_posters
from castlist.io.exports.stills import named_file


def test_everybody_is_upright_and_named_where_they_are(found_film, tmp_path) -> None:
    cast = with_names(found_film[0], "Ann", "Bob", "名")
    written = write_posters(cast, tmp_path / "new" / "posters", xmp=True)
    assert [p.name for p in written] == [f"{i:02d} {p.name}.jpg" for i, p in enumerate(cast, 1)]
    for path, person in zip(written, cast, strict=True):
        height, width = cv2.imread(str(path)).shape[:2]
        assert width / height == pytest.approx(2 / 3, abs=0.01)
        for file in (path, path.with_suffix(".xmp")):
            said = subprocess.run(
                [tool("exiftool"), "-json", "-struct", str(file)], check=True, capture_output=True
            )
            found = json.loads(said.stdout)[0]
            assert person.name in found["PersonInImage"]
            area = {r["Name"]: r["Area"] for r in found["RegionInfo"]["RegionList"]}[person.name]
            assert abs(area["X"] - 0.5) < 0.2
            assert abs(area["Y"] - 0.42) < 0.2


def test_without_xmp_a_file_holds_no_name(found_film, tmp_path, capsys) -> None:
    place, name = str(found_film[1]), found_film[0][0].name
    assert run(["sheet", place, name, "--posters", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"Posters: 1 in {tmp_path}\n"
    (file,) = tmp_path.iterdir()
    assert name.encode() not in file.read_bytes()
    assert run(["sheet", place, "--xmp"]) == 2


@pytest.mark.parametrize(
    "box", [(0, 0, 40, 50), (600, 300, 640, 360), (300, 150, 340, 200), (0, 0, 640, 360), (-9, -9, 5, 5)]
)
@pytest.mark.parametrize("size", [(640, 360), (360, 640), (100, 100)])
def test_what_is_cut_out_lies_within_the_frame(size, box) -> None:
    left, top, right, bottom = _window(*size, box)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert (right - left) / (bottom - top) == pytest.approx(2 / 3, abs=0.03)
    assert np.isfinite([left, top]).all()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../Ann|<b>:*", "01 _Ann__b___.jpg"),
        ("\u202egpj.exe\u2066 Anna", "01 gpj.exe Anna.jpg"),
        ("مريم 👩\u200d🎤", "01 مريم 👩\u200d🎤.jpg"),
        (" . ", "01 _.jpg"),
    ],
)
def test_a_name_becomes_one_that_every_file_system_takes_and_that_reads_as_it_is(
    name, file, tmp_path
) -> None:
    assert named_file(tmp_path, 1, 1, name) == tmp_path / file
