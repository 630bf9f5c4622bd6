"""Tables of labelled faces, as spreadsheets and pandas write these."""

from __future__ import annotations

import pytest

from castlist.cli import run
from castlist.errors import InputError
from castlist.research.from_film import read_truth


def test_frames_may_be_written_as_decimals(tmp_path):
    (tmp_path / "t.csv").write_text("frame,x,y,w,h,label\n58.0,1,2,3,4,anna\n")
    assert list(read_truth(tmp_path / "t.csv")) == [58]
    for wrong in ("58.5", "nan", "inf", "x", ""):
        (tmp_path / "t.csv").write_text(f"frame,x,y,w,h,label\n{wrong},1,2,3,4,anna\n")
        with pytest.raises(InputError, match="line 2"):
            read_truth(tmp_path / "t.csv")


def test_a_table_without_labels_is_called_so(two_people, tmp_path, capfd):
    (tmp_path / "t.csv").write_text("frame,x,y,w,h,label\n5,1,2,30,40,\n6,1,2,30,40,UNK\n")
    words = ["features", str(two_people / "film.castlist"), "-o", str(tmp_path / "f.npz")]
    assert run([*words, "--truth", str(tmp_path / "t.csv")]) == 2
    assert "no face has a label that names a person" in capfd.readouterr().err
